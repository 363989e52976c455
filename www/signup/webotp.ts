/** WebOTP: the browser reads the code out of the SMS, after asking. Chrome on Android has it. */

interface OtpCredential extends Credential {
  code?: string;
}

/** The code of an SMS for this origin; nothing where the browser cannot, the person does not want to, or `signal` ends it. */
export async function codeInSms(signal: AbortSignal): Promise<string | undefined> {
  if (!("OTPCredential" in globalThis)) return undefined;
  const options: CredentialRequestOptions & { otp: { transport: string[] } } = { otp: { transport: ["sms"] }, signal };
  try {
    const credential: OtpCredential | null = await navigator.credentials.get(options);
    return signal.aborted ? undefined : credential?.code;
  } catch {
    return undefined;
  }
}
