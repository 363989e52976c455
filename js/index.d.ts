/**
 * Handset: a web page learns that the person in front of it holds the phone they say they hold.
 *
 * Importing does no work. The WebAssembly module inside is loaded by the first `new AuthenticatorBuilder()`, synchronously,
 * or before it by {@link preload}.
 */

declare global {
  // As TypeScript's own lib.esnext.disposable has it, for projects that do not load that.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
}

/** The version of this package. */
export const VERSION: string;

/**
 * Loads the module ahead of the first constructor, asynchronously, and runs the code of a first constructor, so that the
 * real one takes less than a millisecond. Chrome before 115 needs the call: it compiles no more than 4 KB synchronously.
 * Safe to call at any time, and again: all callers share the page's one instance, and after a failure the next call tries again.
 * Rejects with an {@link AuthError} of kind `unsupported`. `import "handset/preload"` calls it.
 */
export function preload(): Promise<void>;

// ---------------------------------------------------------------------------------------------------------- errors

/** Why a flow failed. Stable: switch on it, never on a message. Each kind has an entry in docs/errors.md. */
export type ErrorKind =
  | "otp_invalid"
  | "otp_timeout"
  | "link_timeout"
  | "phone_invalid"
  | "cancelled"
  | "aborted"
  | "step_failed"
  | "step_missing"
  | "network"
  | "server"
  | "socket_lost"
  | "token_invalid"
  | "token_expired"
  | "origin_refused"
  | "already_running"
  | "device"
  | "unsupported"
  | "misuse"
  | "internal";

/** Every error that leaves the module, except the reasons of an abort signal and of an AuthFinishStep, which pass unchanged. */
export interface AuthError extends Error {
  readonly kind: ErrorKind;
  /** The backend's code, or a client error code (10000 to 10006). */
  readonly code?: number;
  /** Whether a new flow, with a new authToken, may well succeed. */
  readonly retryable: boolean;
  /** The error or value behind this error, for example the reason of a page step. */
  readonly cause?: unknown;
}

/** A one-time code was refused. */
export class OtpError extends Error implements AuthError {
  private constructor();
  readonly kind: ErrorKind;
  readonly code?: number;
  readonly retryable: boolean;
  readonly cause?: unknown;
}

/** A phone number was refused. */
export class PhoneValidationError extends Error implements AuthError {
  private constructor();
  readonly kind: ErrorKind;
  readonly code?: number;
  readonly retryable: boolean;
  readonly cause?: unknown;
}

// ----------------------------------------------------------------------------------------------------------- steps

export interface AuthFinishStepInput {
  /** The authId of the authToken. */
  authId: string;
  /** Set when the flow ended as done after a failure: the backend's Validate will then say `success: false`. */
  failure?: AuthError;
}
/** Runs once, when the possession check is over: tell your server to call Validate. */
export type AuthFinishStepFn = (input: AuthFinishStepInput) => Promise<void> | void;
export interface AuthFinishStep {
  execute: AuthFinishStepFn;
}

export interface PhoneNumberInput {
  /**
   * The number as the person typed it, with `+` and country code outside the US and Canada. Blanks, brackets, dashes and
   * digits of other scripts are accepted (docs/recipes.md). No country is guessed.
   */
  phoneNumber: string;
}

export type OtpStartInput = PhoneNumberInput;
/**
 * Asks for the number when `phoneNumberNeeded`, and for consent. Resolve with `null`, or nothing, when the server has the number.
 * Called again with an error when the backend refused a number. Reject to end the step.
 */
export type OtpStartStepFn = (
  phoneNumberNeeded: boolean,
  phoneValidationError?: PhoneValidationError,
) => Promise<OtpStartInput | null | undefined> | OtpStartInput | null | undefined;
export interface OtpStartStep {
  execute: OtpStartStepFn;
}

export interface OtpFinishInput {
  /** The code as the person typed it; blanks, dashes and digits of other scripts are accepted. A number would lose leading zeros. */
  otp: string;
}
export type OtpFinishResult =
  | { resultType: OtpFinishResultType.OnSuccess; input: OtpFinishInput }
  | { resultType: OtpFinishResultType.OnResendOtp | OtpFinishResultType.OnMobileNumberChange; input?: OtpFinishInput };
/**
 * Asks for the code. Called again with an error after an empty code, which is not sent, and after a wrong one while attempts
 * are left. Reject to end the step. A step that answers more than ten times in a row, each within 250 ms, fails as `step_failed`.
 */
export type OtpFinishStepFn = (
  otpError?: OtpError,
) => Promise<OtpFinishResult | { resultType: number; input?: OtpFinishInput }> | OtpFinishResult;
export interface OtpFinishStep {
  execute: OtpFinishStepFn;
}

export type InstantLinkStartInput = PhoneNumberInput;
/** As {@link OtpStartStepFn}, for the link. */
export type InstantLinkStartStepFn = (
  phoneNumberNeeded: boolean,
  phoneValidationError?: PhoneValidationError,
) => Promise<InstantLinkStartInput | null | undefined> | InstantLinkStartInput | null | undefined;
export interface InstantLinkStartStep {
  execute: InstantLinkStartStepFn;
}

/** Runs while the flow waits for the link: resolve to send it again, or to ask for another number. The flow may end before. */
export type InstantLinkRetryStepFn = () => Promise<InstantLinkResultType> | InstantLinkResultType;
export interface InstantLinkRetryStep {
  execute: InstantLinkRetryStepFn;
}

// ---------------------------------------------------------------------------------------------------------- values

export enum OtpFinishResultType {
  /** `input.otp` holds the code. */
  OnSuccess = 0,
  /** Send another SMS. */
  OnResendOtp = 1,
  /** Ask for another number. */
  OnMobileNumberChange = 2,
}

export enum InstantLinkResultType {
  /** Send another SMS. */
  OnResend = 0,
  /** Ask for another number. */
  OnMobileNumberChange = 1,
}

export enum DeviceRole {
  /** The device that proves its phone number. The default. */
  Primary = "primary",
  /** The desktop that waits for a phone. */
  Secondary = "secondary",
}

export enum MobileAuthImplementation {
  Pixel = "pixel",
  Fetch = "fetch",
}

export enum AuthResponseStatus {
  Accept = "accept",
  Reject = "reject",
  Cancel = "cancel",
  Unexpected = "unexpected",
  Timeout = "timeout",
  Unknown = "unknown",
}

// ------------------------------------------------------------------------------------------------------------ logs

export enum LogLevel {
  disabled = 0,
  error = 1,
  warn = 2,
  info = 3,
  debug = 4,
  trace = 5,
}

export interface LogWriter {
  write(level: LogLevel, ...args: unknown[]): void;
}

export interface Logger {
  error(...args: unknown[]): void;
  warn(...args: unknown[]): void;
  info(...args: unknown[]): void;
  debug(...args: unknown[]): void;
  trace(...args: unknown[]): void;
}

/** Logs go to the console, from level info up, unless set otherwise. They never hold a token, a number or a code. */
export const LoggerFactory: {
  setLogLevel(level: LogLevel): void;
  setLogWriter(logWriter: LogWriter): void;
  getLogger(name: string): Logger;
};

// ---------------------------------------------------------------------------------------------------------- events

export type FlowState =
  | "idle"
  | "starting"
  | "awaiting_phone"
  | "sending"
  | "awaiting_otp"
  | "checking_otp"
  | "awaiting_link"
  | "awaiting_retry"
  | "mobile_auth"
  | "device"
  | "finishing"
  | "done"
  | "ended"
  | "failed"
  | "cancelled";

/** Times are epoch ms of the page's clock, so a countdown drawn from them survives a sleeping tab. Nothing here is secret. */
export interface StateChange {
  readonly state: FlowState;
  /** The step's name, for example `mobile/otp`; empty before the first and after the last. */
  readonly step: string;
  /** When the code or the link expires, in epoch ms. */
  readonly expiresAt?: number;
  /** When another SMS may be requested, in epoch ms. */
  readonly resendAt?: number;
  /** How many attempts are left for the code, where the backend says so. */
  readonly attemptsLeft?: number;
  /** At the end: why the flow failed. */
  readonly failure?: AuthError;
  /** In the second `starting` event of a flow with a stored text: whether the flow goes on (docs/resume.md). */
  readonly resumed?: boolean;
  /** While a link is awaited: the connection to the backend. */
  readonly socket?: "open" | "reconnecting" | "polling";
}

/** A `CustomEvent<StateChange>`, where the project has the DOM's types. */
export type StateChangeEvent = typeof globalThis extends { CustomEvent: { prototype: infer DomEvent } }
  ? Omit<DomEvent, "detail"> & { readonly detail: StateChange }
  : { readonly type: string; readonly detail: StateChange };
export type StateChangeHandler = (event: StateChangeEvent) => void;
/** As in the DOM. */
export interface ListenerOptions {
  once?: boolean;
  passive?: boolean;
  capture?: boolean;
  /** Aborting it removes the listener. The browser accepts only an AbortSignal of its own. */
  signal?: AbortSignalLike;
}

// ------------------------------------------------------------------------------------- what the platform brings

// Structural, so that code without the DOM's types (a server, a worker) can import this file.

/** An `AbortSignal`, of this realm or another. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** A `Storage`, such as localStorage. */
export interface StorageLike {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

// --------------------------------------------------------------------------------------------------- authenticator

/** A promise with `cancel()`, which ends sockets, timers and requests and resolves the promise. No further step runs. */
export class CancelablePromise<T> extends Promise<T> {
  constructor(
    executor: (resolve: (value: T | PromiseLike<T>) => void, reject: (reason?: unknown) => void) => void,
    cancel?: () => void,
  );
  cancel(): void;
}

export interface Authenticator {
  /**
   * Runs the flow of an authToken from Start. The promise settles always and once; docs/errors.md lists the endings.
   * Rejects with an {@link AuthError}, with the abort signal's reason, or with the reason of AuthFinishStep.
   */
  authenticate(authToken: string): CancelablePromise<void>;
  /** As {@link Authenticator.authenticate}, and goes on with a flow of the same authToken. With a text that is no good the flow begins anew. */
  resume(authToken: string, text: string | null): CancelablePromise<void>;
  /** A small text without secrets with which the running flow goes on after a reload; `null` when no flow runs. */
  serialize(): string | null;
  /** Whether the user agent names a mobile browser. By this rule an iPad with the user agent of a Mac is a desktop. */
  isMobileWeb(): boolean;
  /** The `flowType` for `POST /v3/start`: as {@link Authenticator.isMobileWeb}, but client hints and such iPads count too. */
  getFlowType(): "mobile" | "desktop";
  /**
   * For the page at `finalTargetUrl`: runs AuthFinishStep with the `authId` of its URL when `asc` is `true`, else rejects.
   * @param redirectUrl the whole URL of that page: `location.href`, `location` or a URL
   */
  finishInstantLink(redirectUrl: string | { readonly href: string }): Promise<void>;
  /**
   * Ends running calls as `cancel()` does, and releases the steps and the signal. Later calls of `authenticate` and
   * `finishInstantLink` reject with `misuse`. Safe to call at any time, and twice.
   */
  dispose(): void;
  /** As {@link Authenticator.dispose}, for `using`, where the browser has `Symbol.dispose`. */
  [Symbol.dispose](): void;
  /** Adds a handler for every state of the flow. The options are the DOM's. Returns a function that removes it. @throws {AuthError} `misuse` */
  addEventListener(
    type: "statechange",
    handler: StateChangeHandler | { handleEvent: StateChangeHandler },
    options?: boolean | ListenerOptions,
  ): () => void;
  removeEventListener(
    type: "statechange",
    handler: StateChangeHandler | { handleEvent: StateChangeHandler },
    options?: boolean | { capture?: boolean },
  ): void;
}

/** Every `with…` returns the same builder: chain them or not. */
export class AuthenticatorBuilder {
  /**
   * Loads the module, unless {@link preload} has. @throws {AuthError} `unsupported`, with the reason, where the module cannot run:
   * a Content-Security-Policy, a browser that compiles asynchronously only, an environment without `fetch`. Another try is safe.
   */
  constructor();
  /** Required by `authenticate`. */
  withAuthFinishStep(step: AuthFinishStep | AuthFinishStepFn): this;
  withOtpFallback(start: OtpStartStep | OtpStartStepFn, finish: OtpFinishStep | OtpFinishStepFn): this;
  withInstantLinkFallback(
    start: InstantLinkStartStep | InstantLinkStartStepFn,
    retry?: InstantLinkRetryStep | InstantLinkRetryStepFn,
  ): this;
  /** How Mobile Auth visits the carrier: `fetch`, the default, or `pixel`, an image. See docs/mobile-auth.md. */
  withMobileAuthImplementation(implementation: MobileAuthImplementation | `${MobileAuthImplementation}`): this;
  withRole(role: DeviceRole | `${DeviceRole}`): this;
  /** The device's IP address, as the page knows it; sent with an Instant Link. */
  withDeviceIpAddress(ip?: string | (() => string | null | undefined) | null): this;
  /** Where a device registration is kept; the default is localStorage. */
  withStorage(storage?: StorageLike | null): this;
  /** Keeps the text of {@link Authenticator.serialize} while a flow runs; `authenticate()` with the same authToken goes on with it (docs/resume.md). */
  withResume(storage?: StorageLike | null): this;
  /** Aborting rejects running calls of `authenticate()` and `finishInstantLink()` with the signal's reason, unchanged. */
  withAbortSignal(signal: AbortSignalLike): this;
  /** The time limits of a code and a link, in ms from its SMS; they replace the backend's (120000 and 180000). */
  withTimeouts(timeouts: { otp?: number; instantLink?: number }): this;
  /** The origins that an authToken may name as its backend; they replace the rule "any https or loopback origin". */
  withAllowedOrigins(origins: string[]): this;
  /** @throws {AuthError} `misuse`, naming the method and the expected shape. */
  build(): Authenticator;
}
