// Runs in the page, beside the module under test: builds authenticators and keeps their events and outcomes.
/* global console -- a page has one */
import * as proveAuth from "./handset.js";

// The module's whole log goes through a writer to the console, where the harness records it.
proveAuth.LoggerFactory.setLogLevel(proveAuth.LogLevel.trace);
proveAuth.LoggerFactory.setLogWriter({ write: (level, ...args) => console[proveAuth.LogLevel[level]](...args) });

/** The text of an error with its stack and causes. */
const inFull = (reason) => (reason instanceof Error ? `${reason.stack}\ncaused by ${inFull(reason.cause)}` : String(reason));

/** An error as a plain object that a test can compare. */
const plain = (reason) =>
  reason instanceof Error
    ? { name: reason.name, kind: reason.kind, code: reason.code, retryable: reason.retryable, message: reason.message }
    : reason;

/** A builder with steps that answer by themselves. Keeps the running flow. */
class Rig {
  states = [];
  /** The detail of every event. */
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

  /** Starts a flow; `outcome` resolves with how the promise settled. */
  start(authToken) {
    this.running = this.authenticator.authenticate(authToken);
    this.outcome = settled(this.running);
    return this;
  }

  /** Resolves when the flow is in a state, or was before. */
  reached(state) {
    return this.told((detail) => detail.state === state);
  }

  /** Resolves when an event matches, or has matched before. `since`: the index of the first event to consider. */
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
