/** A promise whose work can be ended: it then resolves, and nothing more of the flow runs. */
export class CancelablePromise extends Promise {
  #cancel;

  constructor(executor, cancel) {
    super(executor);
    this.#cancel = cancel;
  }

  /** What `then`, `catch` and `finally` return is an ordinary promise. */
  static get [Symbol.species]() {
    return Promise;
  }

  cancel() {
    this.#cancel?.();
  }
}
