export { AuthenticatorBuilder } from "./authenticator.js";
export { CancelablePromise } from "./cancelable.js";
export { OtpError, PhoneValidationError } from "./errors.js";
export { LoggerFactory } from "./logger.js";
export { preload } from "./preload.js";
export {
  AuthResponseStatus,
  DeviceRole,
  InstantLinkResultType,
  LogLevel,
  MobileAuthImplementation,
  OtpFinishResultType,
  VERSION,
} from "./values.js";
