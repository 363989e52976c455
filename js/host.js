/**
 * The globals that the module uses, in the one place where they are not trusted. Polyfills, mocks and monitoring replace
 * them by what throws, lacks a part or answers in a shape of its own; an exception that reaches the wasm ends the module.
 *
 * gloo-net and gloo-timers call `fetch`, `setTimeout` and so on by name: the build gives their glue the ones below
 * (`adaptGlue` in scripts/lib/glue.mjs), so what they are handed is always what they expect.
 */
export const attempt = (action, otherwise) => {
  try {
    return action();
  } catch {
    return otherwise;
  }
};

/** A number that a clock may say, else the other clock's; NaN when neither says any. */
const finite = (read, otherwise) => {
  const value = attempt(() => Number(read()));
  return Number.isFinite(value) ? value : otherwise ? finite(otherwise) : NaN;
};
const date = () => Date.now();

export const monotonicMs = () => finite(() => performance.now(), date);
export const wallMs = () => finite(date, () => performance.timeOrigin + performance.now());

/** At least 0 and below 1. */
export const random = () => {
  const value = finite(() => Math.random());
  return value >= 0 && value < 1 ? value : 0;
};

let failed = false;

/** Whether the last timer could not be set. */
export const timerFailed = () => failed;

export const setTimeout = (callback, ms) => {
  failed = false;
  try {
    return globalThis.setTimeout(callback, ms);
  } catch {
    failed = true;
  }
};

export const clearTimeout = (timer) => attempt(() => globalThis.clearTimeout(timer));

export const queueMicrotask = (callback) => {
  Promise.resolve().then(callback);
};

/** What `fetch` brought, read: a Response of another realm, a polyfill's and a mock's look the same to the module. */
export class Response {}

const reply = (status, retryAfter, text) =>
  Object.assign(new Response(), { status, headers: { get: () => retryAfter }, text: () => Promise.resolve(text) });

const read = (response) =>
  new Promise((resolve) => resolve(response.text())).then((text) =>
    reply(Number(response.status), attempt(() => String(response.headers.get("Retry-After")), ""), String(text)),
  );

/** gloo-net tells an error by its class, which a page may have replaced. */
class HostError extends Error {}
export { HostError as Error };

/** Resolves with a {@link Response} or rejects with an error of the class above. */
export const fetch = ({ url, init }) =>
  new Promise((resolve) => resolve(globalThis.fetch(url, init))).then(read).catch(() => {
    throw new HostError("no readable response");
  });

/** Ends what is fetched with its signal; undefined where there is none. */
export const abortController = () => attempt(() => new AbortController());
export const abort = (controller) => attempt(() => controller.abort());

/**
 * What {@link fetch} is given in the place of a Request: the `fetch` of many a page, and of what watches it, reads a URL and
 * an init, and a Request as the text "[object Request]". Nothing is inherited that a page has added to all objects. A signal
 * of another making than the browser's would be refused: then there is none, and the request cannot be aborted.
 */
export const postRequest = (url, headers, body, controller) => {
  const init = { __proto__: null, method: "POST", mode: "cors", credentials: "omit", headers: Object.fromEntries(headers), body };
  attempt(() => {
    const { signal } = controller;
    new Request(url, { signal });
    init.signal = signal;
  });
  return { url, init };
};

export const items = (array) => attempt(() => (Array.isArray(array) ? Array.from(array) : undefined));
export const memberNames = (object) => attempt(() => (typeof object === "object" && !Array.isArray(object) ? Object.keys(object) : undefined));
