// Runs in the page, beside the module under test: builds authenticators and keeps what they say.
/* global console -- a page has one */
import * as proveAuth from "./handset.js";

/** All that the module logs goes through a writer to the console, where the harness writes it down. */
proveAuth.LoggerFactory.setLogLevel(proveAuth.LogLevel.trace);
proveAuth.LoggerFactory.setLogWriter({ write: (level, ...args) => console[proveAuth.LogLevel[level]](...args) });

/** An error in full, with what caused it. */
const inFull = (reason) => (reason instanceof Error ? `${reason.stack}\ncaused by ${inFull(reason.cause)}` : String(reason));

/** An error as a test can compare it. */
const plain = (reason) =>
  reason instanceof Error
    ? { name: reason.name, kind: reason.kind, code: reason.code, retryable: reason.retryable, message: reason.message }
    : reason;

/** A builder with steps that ask nobody; what runs is kept. */
class Rig {
  states = [];
  /** Every event's detail. */
  details = [];
  finishes = [];
  asked = [];
  #waiting = [];

  constructor(steps = {}) {
    const asked = (name, step) => (...input) => {
      this.asked.push([name, ...input.map(plain)]);
      return step(...input);
    };
    this.builder = new proveAuth.AuthenticatorBuilder()
      .withAuthFinishStep((input) => {
        this.finishes.push({ ...input, failure: plain(input.failure) });
        return steps.authFinish?.(input);
      })
      .withOtpFallback(asked("otpStart", steps.otpStart ?? (() => null)), asked("otpFinish", steps.otpFinish ?? never));
    const linkRetry = steps.linkRetry && asked("linkRetry", steps.linkRetry);
    this.builder.withInstantLinkFallback(asked("linkStart", steps.linkStart ?? (() => null)), linkRetry);
  }

  build() {
    this.authenticator = this.builder.build();
    this.authenticator.addEventListener("statechange", ({ detail }) => {
      this.states.push(detail.state);
      this.details.push({ ...detail, failure: plain(detail.failure) });
      for (const { matches, resolve } of this.#waiting) if (matches(detail)) resolve();
    });
    return this;
  }

  /** Starts a flow; `outcome` tells how it settled. */
  start(authToken) {
    this.running = this.authenticator.authenticate(authToken);
    this.outcome = settled(this.running);
    return this;
  }

  /** Resolves when the flow is, or was, in a state. */
  reached(state) {
    return this.told((detail) => detail.state === state);
  }

  /** Resolves when an event says, or said, what `matches` looks for. `since`: only from this one on. */
  told(matches, since = 0) {
    if (this.details.slice(since).some(matches)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ matches, resolve }));
  }
}

const never = () => new Promise(() => {});

const deferred = () => {
  const made = {};
  made.promise = new Promise((resolve) => (made.resolve = resolve));
  return made;
};

const settled = (promise) =>
  promise.then(
    (value) => ({ resolved: value === undefined ? null : value }),
    (reason) => {
      console.debug("rejected", inFull(reason));
      return { rejected: plain(reason) };
    },
  );

Object.assign(globalThis, { proveAuth, Rig, deferred, never, settled });
