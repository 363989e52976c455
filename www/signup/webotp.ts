/** WebOTP: the browser reads the code from the SMS, after a prompt. Chrome on Android supports it. */

interface OtpCredential extends Credential {
  code?: string;
}

/** The code of an SMS for this origin; undefined without browser support, if the person declines, or after `signal` aborts. */
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
