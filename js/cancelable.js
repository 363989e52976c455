import { hidden, hide } from "./hidden.js";
import { attempt } from "./host.js";

/** The page's, which frameworks watch; a library's that cannot be extended (Bluebird) gives way to the language's own. */
const extensible = () => {
  new (class extends Promise {})(() => {});
  return Promise;
};
// eslint-disable-next-line no-restricted-syntax -- the one way to the language's own, whatever stands in its place
const Base = attempt(extensible) || (async () => {})().constructor;

/** A promise whose work can be ended: it then resolves, and nothing more of the flow runs. */
export class CancelablePromise extends Base {
  constructor(executor, cancel) {
    let isPending = true;
    const settling = (settle) => (value) => {
      isPending = false;
      settle(value);
    };
    super((resolve, reject) => executor(settling(resolve), settling(reject)));
    // What a settled promise stood for is over; by now its authenticator may run another flow.
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
