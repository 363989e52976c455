import { hidden, hide } from "./hidden.js";

/** A promise whose work can be ended: it then resolves, and nothing more of the flow runs. */
export class CancelablePromise extends Promise {
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
