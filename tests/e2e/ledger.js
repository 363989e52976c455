// Runs in the page before all other code: counts the open timers, sockets, requests and listeners.
/* global window, document, EventTarget, AbortSignal -- a page has them */
{
  const timers = new Map();
  const sockets = new Set();
  const requests = new Set();
  /** Listeners on the window, the document, signals and sockets. */
  const listeners = [];

  /** The number of open resources. */
  const open = () => ({
    timeouts: [...timers.values()].filter((kind) => kind === "timeout").length,
    intervals: [...timers.values()].filter((kind) => kind === "interval").length,
    sockets: sockets.size,
    requests: requests.size,
    listeners: listeners.length,
  });

  globalThis.ledger = {
    open,
    /** The open listeners. */
    listeners: () => listeners.map(({ target, type }) => `${target[Symbol.toStringTag]} ${type}`),
  };

  const { setTimeout, clearTimeout, setInterval, clearInterval, WebSocket, fetch } = globalThis;

  globalThis.setTimeout = (handler, delay, ...given) => {
    const id = setTimeout(() => {
      timers.delete(id);
      handler(...given);
    }, delay);
    timers.set(id, "timeout");
    return id;
  };
  globalThis.setInterval = (handler, delay, ...given) => {
    const id = setInterval(handler, delay, ...given);
    timers.set(id, "interval");
    return id;
  };
  globalThis.clearTimeout = (id) => {
    timers.delete(id);
    clearTimeout(id);
  };
  globalThis.clearInterval = (id) => {
    timers.delete(id);
    clearInterval(id);
  };

  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const isWatched = (target) =>
    target === window || target === document || target instanceof AbortSignal || target instanceof WebSocket;
  const capturing = (options) => Boolean(typeof options === "object" ? options?.capture : options);

  globalThis.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      sockets.add(this);
      Reflect.apply(addEventListener, this, ["close", () => sockets.delete(this)]);
    }
  };

  globalThis.fetch = (...given) => {
    const request = Reflect.apply(fetch, globalThis, given);
    requests.add(request);
    const over = () => requests.delete(request);
    request.then(over, over);
    return request;
  };

  const find = (target, type, listener, options) =>
    listeners.findIndex((entry) => entry.target === target && entry.type === type && entry.listener === listener && entry.capture === capturing(options));
  const drop = (target, type, listener, options) => {
    const index = find(target, type, listener, options);
    if (index >= 0) listeners.splice(index, 1);
  };

  EventTarget.prototype.addEventListener = function (type, listener, options) {
    const target = this ?? window;
    if (isWatched(target) && listener && find(target, type, listener, options) < 0) {
      listeners.push({ target, type, listener, capture: capturing(options) });
      if (options?.once) Reflect.apply(addEventListener, target, [type, () => drop(target, type, listener, options), { once: true }]);
      options?.signal?.addEventListener("abort", () => drop(target, type, listener, options), { once: true });
    }
    return Reflect.apply(addEventListener, target, [type, listener, options]);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    const target = this ?? window;
    drop(target, type, listener, options);
    return Reflect.apply(removeEventListener, target, [type, listener, options]);
  };
}
