/** The class of every error of the module. Pages switch on `kind`, never on the text. */
export class AuthError extends Error {
  constructor(kind, retryable, message, code, cause) {
    super(message);
    this.kind = kind;
    this.retryable = retryable;
    if (code !== undefined) this.code = code;
    // The constructor of Error would set it the same way, but older browsers ignore its option `cause`.
    if (cause !== undefined) Object.defineProperty(this, "cause", { __proto__: null, value: cause, writable: true, configurable: true });
  }
  get name() {
    return "AuthError";
  }
}

/** The backend refused a one-time code. */
export class OtpError extends AuthError {
  get name() {
    return "OtpError";
  }
}

/** The backend refused a phone number. */
export class PhoneValidationError extends AuthError {
  get name() {
    return "PhoneValidationError";
  }
}

const classes = { otp_invalid: OtpError, phone_invalid: PhoneValidationError };

export const createError = (kind, ...rest) => new (classes[kind] ?? AuthError)(kind, ...rest);
