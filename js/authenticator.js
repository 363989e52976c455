import { Core } from "handset-glue";
import { CancelablePromise } from "./cancelable.js";
import { LoggerFactory } from "./logger.js";
import { load } from "./module.js";
import { pending } from "./trap.js";

const logger = LoggerFactory.getLogger("handset");

/** A promise's executor that a trap of the module rejects too; the page then hears `fail` first. */
const settling = (start, fail) => (resolve, reject) => {
  const die = (error) => {
    fail?.(error);
    reject(error);
  };
  const settle = (how) => (value) => {
    pending.delete(die);
    how(value);
  };
  pending.add(die);
  start(settle(resolve), settle(reject));
};

export class Authenticator {
  #core;
  #events = new EventTarget();

  constructor(options) {
    this.#core = new Core({ ...options, emit: (detail) => this.#emit(detail) });
  }

  #emit(detail) {
    if (detail.failure) logger.warn(detail.state, detail.failure.kind, detail.failure.code);
    else logger.debug(detail.state, detail.step, detail.socket);
    this.#events.dispatchEvent(new CustomEvent("statechange", { detail }));
  }

  authenticate(authToken) {
    return new CancelablePromise(
      settling(
        (resolve, reject) => this.#core.authenticate(authToken, resolve, reject),
        (failure) => this.#emit({ state: "failed", step: "", failure }),
      ),
      () => this.#core.cancel(),
    );
  }

  finishInstantLink(redirectUrl) {
    return new Promise(settling((resolve, reject) => this.#core.finishInstantLink(redirectUrl, resolve, reject)));
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
