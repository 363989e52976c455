/** A numeric enum maps names to numbers and numbers back to names. */
const numeric = (...names) => Object.freeze(Object.assign(Object.fromEntries(names.map((name, i) => [i, name])), Object.fromEntries(names.map((name, i) => [name, i]))));

export const VERSION = HANDSET_VERSION;

export const OtpFinishResultType = numeric("OnSuccess", "OnResendOtp", "OnMobileNumberChange");
export const InstantLinkResultType = numeric("OnResend", "OnMobileNumberChange");
export const LogLevel = numeric("disabled", "error", "warn", "info", "debug", "trace");
export const DeviceRole = Object.freeze({ Primary: "primary", Secondary: "secondary" });
export const MobileAuthImplementation = Object.freeze({ Pixel: "pixel", Fetch: "fetch" });
export const AuthResponseStatus = Object.freeze({
  Accept: "accept",
  Reject: "reject",
  Cancel: "cancel",
  Unexpected: "unexpected",
  Timeout: "timeout",
  Unknown: "unknown",
});
