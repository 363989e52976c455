import { Core } from "handset-glue";
import { CancelablePromise } from "./cancelable.js";
import { LoggerFactory } from "./logger.js";
import { load } from "./module.js";
import { pending } from "./trap.js";

const logger = LoggerFactory.getLogger("handset");

/** A promise's executor that a trap of the module rejects too; then `fail` is told. */
const settling = (start, fail) => (resolve, reject) => {
  const die = (error) => {
    reject(error);
    fail?.(error);
  };
  const settle = (how) => (value) => {
    pending.delete(die);
    how(value);
  };
  pending.add(die);
  try {
    start(settle(resolve), settle(reject));
  } catch (error) {
    // After a crash. The page was told of that; told again, one that starts over on hearing it would never end.
    pending.delete(die);
    reject(error);
  }
};

const emit = (events, detail) => {
  const { state, failure } = detail;
  if (failure && state !== "cancelled") logger.warn(state, failure.kind, failure.code ?? "");
  else logger.debug(state, detail.step, detail.socket ?? "");
  events.dispatchEvent(new CustomEvent("statechange", { detail }));
};

export class Authenticator {
  #core;
  #options;
  #events = new EventTarget();

  constructor(options) {
    this.#options = { ...options, emit: (detail) => emit(this.#events, detail) };
    this.#core = new Core(this.#options);
  }

  authenticate(authToken) {
    let flow = 0;
    return new CancelablePromise(
      settling(
        (resolve, reject) => {
          flow = this.#core.authenticate(this.#options, authToken, resolve, reject);
        },
        (failure) => emit(this.#events, { state: "failed", step: "", failure }),
      ),
      () => this.#core.cancel(flow),
    );
  }

  finishInstantLink(redirectUrl) {
    return new Promise(settling((resolve, reject) => this.#core.finishInstantLink(this.#options, redirectUrl, resolve, reject)));
  }

  dispose() {
    this.#core.dispose();
    this.#options = undefined;
  }

  isMobileWeb() {
    return this.#core.isMobileWeb();
  }

  getFlowType() {
    return this.#core.getFlowType();
  }

  addEventListener(type, handler) {
    this.#events.addEventListener(type, handler);
    return () => this.removeEventListener(type, handler);
  }

  removeEventListener(type, handler) {
    this.#events.removeEventListener(type, handler);
  }
}

// A browser that knows `using` has this symbol.
if (Symbol.dispose) Authenticator.prototype[Symbol.dispose] = Authenticator.prototype.dispose;

export class AuthenticatorBuilder {
  #options = {};

  constructor() {
    load();
  }

  #with(options) {
    Object.assign(this.#options, options);
    return this;
  }

  withAuthFinishStep(authFinish) {
    return this.#with({ authFinish });
  }

  withOtpFallback(otpStart, otpFinish) {
    return this.#with({ otpStart, otpFinish });
  }

  withInstantLinkFallback(linkStart, linkRetry) {
    return this.#with({ linkStart, linkRetry });
  }

  withMobileAuthImplementation(mobileAuth) {
    return this.#with({ mobileAuth });
  }

  withRole(role) {
    return this.#with({ role });
  }

  withDeviceIpAddress(deviceIp) {
    return this.#with({ deviceIp });
  }

  withStorage(storage) {
    return this.#with({ storage });
  }

  withAbortSignal(signal) {
    return this.#with({ signal });
  }

  withTimeouts(timeouts) {
    return this.#with({ timeouts });
  }

  withAllowedOrigins(allowedOrigins) {
    return this.#with({ allowedOrigins });
  }

  build() {
    return new Authenticator(this.#options);
  }
}
