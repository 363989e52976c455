// Code of pages. tests/package/types.test.mjs compiles it and does not run it.
import * as proveAuth from "handset";
import type {
  AuthError,
  AuthFinishStepFn,
  Authenticator,
  InstantLinkRetryStepFn,
  InstantLinkStartStepFn,
  OtpFinishResult,
  OtpFinishStep,
  OtpFinishStepFn,
  OtpStartInput,
  OtpStartStep,
  OtpStartStepFn,
} from "handset";

declare function askForNumber(problem?: string): Promise<string>;
declare function askForCode(problem?: string): Promise<string | null>;
declare function verify(authId: string): Promise<void>;

// The server has the number: the step only agrees to the SMS.
const agree: OtpStartStepFn = () => Promise.resolve(null);
const agreeWithPromise: OtpStartStepFn = (phoneNumberNeeded, phoneValidationError) =>
  new Promise<OtpStartInput | null>((resolve, reject) => {
    if (phoneNumberNeeded || phoneValidationError) reject(new Error("no number to be had here"));
    else resolve(null);
  });

// The page asks for the number.
const start: OtpStartStepFn = async (phoneNumberNeeded, phoneValidationError) =>
  phoneNumberNeeded ? { phoneNumber: await askForNumber(phoneValidationError?.message) } : null;

const finish: OtpFinishStepFn = async (otpError) => {
  const otp = await askForCode(otpError?.message);
  if (otp === "resend") return { resultType: proveAuth.OtpFinishResultType.OnResendOtp };
  if (otp === null) throw new Error("cancelled by the person");
  return { input: { otp }, resultType: proveAuth.OtpFinishResultType.OnSuccess };
};
// A plain number is valid, for code without the enum.
const finishWithNumber: OtpFinishStepFn = () => Promise.resolve({ input: { otp: "1234" }, resultType: 0 });

// A step may be an object.
const startObject: OtpStartStep = { execute: start };
const finishObject: OtpFinishStep = { execute: (): Promise<OtpFinishResult> => Promise.resolve({ resultType: proveAuth.OtpFinishResultType.OnMobileNumberChange }) };

const link: InstantLinkStartStepFn = async (phoneNumberNeeded) => (phoneNumberNeeded ? { phoneNumber: await askForNumber() } : null);
const retry: InstantLinkRetryStepFn = () => Promise.resolve(proveAuth.InstantLinkResultType.OnResend);
const done: AuthFinishStepFn = ({ authId, failure }) => {
  const why: AuthError | undefined = failure;
  if (why) console.warn(why.kind, why.retryable, why.code, why.cause);
  return verify(authId);
};

export async function authenticate(isMobileWeb: boolean, authToken: string): Promise<void> {
  let builder = new proveAuth.AuthenticatorBuilder();
  if (isMobileWeb) {
    builder = builder.withAuthFinishStep((input) => verify(input.authId)).withMobileAuthImplementation("fetch").withOtpFallback(start, finish);
  } else {
    builder = builder.withAuthFinishStep((input) => verify(input.authId)).withInstantLinkFallback(link).withRole("secondary");
  }
  const authenticator = builder.build();
  return authenticator.authenticate(authToken);
}

const signal = new AbortController().signal;
export const authenticator: Authenticator = new proveAuth.AuthenticatorBuilder()
  .withAuthFinishStep({ execute: done })
  .withOtpFallback(startObject, finishObject)
  .withOtpFallback(agree, finishWithNumber)
  .withOtpFallback(agreeWithPromise, finish)
  .withInstantLinkFallback({ execute: link }, { execute: retry })
  .withRole(proveAuth.DeviceRole.Primary)
  .withMobileAuthImplementation(proveAuth.MobileAuthImplementation.Pixel)
  .withDeviceIpAddress(() => null)
  .withStorage(sessionStorage)
  .withAbortSignal(signal)
  .withTimeouts({ otp: 60_000, instantLink: 90_000 })
  .withAllowedOrigins(["https://backend.example"])
  .build();

const stop: () => void = authenticator.addEventListener("statechange", ({ detail }) => {
  if (detail.state === "awaiting_otp" && detail.expiresAt !== undefined) console.info(new Date(detail.expiresAt), detail.attemptsLeft);
});
// A handler with the DOM's event type, and the DOM's options.
authenticator.addEventListener("statechange", (event: CustomEvent<proveAuth.StateChange>) => console.log(event.detail.step), { once: true, signal });
authenticator.addEventListener("statechange", { handleEvent: (event) => console.log(event.type, event.detail.state) });
const preloaded: Promise<void> = proveAuth.preload();
void preloaded;
void authenticator.finishInstantLink(new URL(location.href));
void authenticator.finishInstantLink(location);
const running: proveAuth.CancelablePromise<void> = authenticator.authenticate("token");
running.cancel();
stop();
authenticator.dispose();
authenticator[Symbol.dispose]();

const flowType: "mobile" | "desktop" = authenticator.getFlowType();
const level: proveAuth.LogLevel = proveAuth.LogLevel.debug;
proveAuth.LoggerFactory.setLogLevel(level);
proveAuth.LoggerFactory.setLogWriter({ write: (at, ...args) => console.log(flowType, at, ...args) });

export function explain(error: unknown): string {
  if (error instanceof proveAuth.OtpError) return `code: ${error.kind}`;
  if (error instanceof proveAuth.PhoneValidationError) return `number: ${error.code ?? 0}`;
  return "other";
}

// Code that must not compile.
// @ts-expect-error there is no such role
new proveAuth.AuthenticatorBuilder().withRole("third");
// @ts-expect-error a start step gives a number or null
new proveAuth.AuthenticatorBuilder().withOtpFallback(() => Promise.resolve("555"), finish);
// @ts-expect-error an authToken is a string
authenticator.authenticate(5);
