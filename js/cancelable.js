import { hidden, hide } from "./hidden.js";
import { attempt } from "./host.js";

/** The page's Promise, which frameworks watch. Where it cannot be extended (Bluebird), the language's own is used. */
const extensible = () => {
  new (class extends Promise {})(() => {});
  return Promise;
};
// eslint-disable-next-line no-restricted-syntax -- the one way to the language's own, whatever stands in its place
const Base = attempt(extensible) || (async () => {})().constructor;

/** A promise with `cancel()`, which ends its work and resolves it. */
export class CancelablePromise extends Base {
  constructor(executor, cancel) {
    let isPending = true;
    const settling = (settle) => (value) => {
      isPending = false;
      settle(value);
    };
    super((resolve, reject) => executor(settling(resolve), settling(reject)));
    // A settled promise has no work left: a cancel now could end another flow of the same authenticator.
    hide(this, () => {
      if (isPending && cancel) cancel();
    });
  }

  /** What `then`, `catch` and `finally` return is an ordinary promise. */
  static get [Symbol.species]() {
    return Promise;
  }

  cancel() {
    hidden(this)();
  }
}
