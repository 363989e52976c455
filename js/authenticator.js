import { engine_cancel, engine_check, engine_dispose, engine_flow_type, engine_is_mobile_web, engine_start } from "handset-glue";
import { CancelablePromise } from "./cancelable.js";
import { createError } from "./errors.js";
import { hidden, hide } from "./hidden.js";
import { attempt } from "./host.js";
import { LoggerFactory } from "./logger.js";
import { load } from "./module.js";
import { pending } from "./trap.js";

const logger = LoggerFactory.getLogger("handset");

let owners = 0;

/** The executor of a call's promise. A trap of the module rejects the promise too, and calls `fail`. */
const settling = (start, fail) => (resolve, reject) => {
  const die = (error) => {
    reject(error);
    if (fail) fail(error);
  };
  const settle = (how) => (value) => {
    pending.delete(die);
    how(value);
  };
  pending.add(die);
  try {
    start(settle(resolve), settle(reject));
  } catch (error) {
    // After a crash of the module. `fail` is not called: the page had the event of the crash, and a page that starts over on
    // that event would never stop.
    pending.delete(die);
    reject(error);
  }
};

const emit = (events, detail) => {
  const { state, failure } = detail;
  if (failure && state !== "cancelled") logger.warn(state, failure.kind, failure.code || "");
  else logger.debug(state, detail.step, detail.socket || "");
  const dispatch = (event) => events.dispatchEvent(event) || true;
  // Node 18 has no CustomEvent, and a page may have replaced it with a class whose objects are no events.
  if (!attempt(() => dispatch(new CustomEvent("statechange", { detail })))) {
    attempt(() => dispatch(Object.defineProperty(new Event("statechange"), "detail", { __proto__: null, value: detail })));
  }
};

/** The text of a URL, a `Location`, a router's location or a `String` object. Any other value passes unchanged: the module refuses it. */
const text = (value) => (value && typeof value === "object" ? attempt(() => (typeof value.href === "string" ? value.href : String(value))) : value);

/** The key of a flow's text in the page's storage. */
const KEY = "handset.flow";

/** Runs a flow. `stored` is the text of an earlier one, if there is one. */
const begin = ({ owner, events, options }, authToken, stored) => {
  let flow = 0;
  return new CancelablePromise(
    settling(
      (resolve, reject) => {
        flow = engine_start(owner, true, options, text(authToken), stored, resolve, reject);
      },
      (failure) => emit(events, { state: "failed", step: "", failure }),
    ),
    () => engine_cancel(flow),
  );
};

export class Authenticator {
  constructor(options) {
    const events = attempt(() => new EventTarget());
    if (!events) throw createError("unsupported", false, "EventTarget cannot be used here");
    const { resume } = options;
    const own = { owner: ++owners, events, resume, stored: "" };
    // A storage that is blocked or full keeps nothing: a flow does not depend on it.
    const save = (stored) => {
      own.stored = stored;
      attempt(() => (stored ? resume.setItem(KEY, stored) : resume.removeItem(KEY)));
    };
    own.options = { ...options, emit: (detail) => emit(events, detail), save };
    engine_check(own.options);
    hide(this, own);
  }

  authenticate(authToken) {
    const own = hidden(this);
    return begin(own, authToken, attempt(() => own.resume.getItem(KEY)));
  }

  resume(authToken, stored) {
    return begin(hidden(this), authToken, attempt(() => String(stored), ""));
  }

  serialize() {
    return hidden(this).stored || null;
  }

  finishInstantLink(redirectUrl) {
    const { owner, options } = hidden(this);
    return new Promise(settling((resolve, reject) => engine_start(owner, false, options, text(redirectUrl), undefined, resolve, reject)));
  }

  dispose() {
    const own = hidden(this);
    engine_dispose(own.owner);
    own.options = undefined;
  }

  isMobileWeb() {
    return engine_is_mobile_web();
  }

  getFlowType() {
    return engine_flow_type();
  }

  addEventListener(type, handler, options) {
    const { events } = hidden(this);
    try {
      // The browser ignores a missing handler without an error.
      if (!handler) throw new TypeError("no handler");
      events.addEventListener(type, handler, options);
    } catch (cause) {
      throw createError(
        "misuse",
        false,
        "addEventListener: handler must be a function or an object with a function `handleEvent`, options those of the DOM",
        undefined,
        cause,
      );
    }
    return () => events.removeEventListener(type, handler, options);
  }

  removeEventListener(type, handler, options) {
    hidden(this).events.removeEventListener(type, handler, options);
  }
}

// A browser that knows `using` has this symbol.
if (Symbol.dispose) Authenticator.prototype[Symbol.dispose] = Authenticator.prototype.dispose;

const add = (builder, options) => {
  Object.assign(hidden(builder), options);
  return builder;
};

export class AuthenticatorBuilder {
  constructor() {
    load();
    hide(this, {});
  }

  withAuthFinishStep(authFinish) {
    return add(this, { authFinish });
  }

  withOtpFallback(otpStart, otpFinish) {
    return add(this, { otpStart, otpFinish });
  }

  withInstantLinkFallback(linkStart, linkRetry) {
    return add(this, { linkStart, linkRetry });
  }

  withMobileAuthImplementation(mobileAuth) {
    return add(this, { mobileAuth });
  }

  withRole(role) {
    return add(this, { role });
  }

  withDeviceIpAddress(deviceIp) {
    return add(this, { deviceIp });
  }

  withStorage(storage) {
    return add(this, { storage });
  }

  withResume(resume) {
    return add(this, { resume });
  }

  withAbortSignal(signal) {
    return add(this, { signal });
  }

  withTimeouts(timeouts) {
    return add(this, { timeouts });
  }

  withAllowedOrigins(allowedOrigins) {
    return add(this, { allowedOrigins });
  }

  build() {
    return new Authenticator(hidden(this));
  }
}
