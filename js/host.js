/**
 * The page's globals, none of them trusted. Polyfills, mocks and monitoring tools replace a global with a function that
 * throws, lacks a part or returns another shape, and an exception that reaches the wasm ends the module.
 *
 * gloo-net and gloo-timers call `fetch`, `setTimeout` and so on by name. The build gives their glue the functions below
 * (`adaptGlue` in scripts/lib/glue.mjs), which always return the expected shape.
 */
export const attempt = (action, otherwise) => {
  try {
    return action();
  } catch {
    return otherwise;
  }
};

/** The reading of a clock, or of the other clock where it is no finite number; NaN where neither is. */
const finite = (read, otherwise) => {
  const value = attempt(() => Number(read()));
  return Number.isFinite(value) ? value : otherwise ? finite(otherwise) : NaN;
};
const date = () => Date.now();

export const monotonicMs = () => finite(() => performance.now(), date);
export const wallMs = () => finite(date, () => performance.timeOrigin + performance.now());

/** A random number, at least 0 and below 1. */
export const random = () => {
  const value = finite(() => Math.random());
  return value >= 0 && value < 1 ? value : 0;
};

let failed = false;

/** Whether setting the last timer failed. */
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

export const schedule = (run, number) => {
  Promise.resolve().then(() => run(number));
};

export const global = (name) => attempt(() => globalThis[name]);

/** A response whose body is read. The module sees the same class for a Response of another realm, a polyfill or a mock. */
export class Response {}

const reply = (status, url, retryAfter, text) =>
  Object.assign(new Response(), { status, url, headers: { get: () => retryAfter }, text: () => Promise.resolve(text) });

const read = (response) =>
  new Promise((resolve) => resolve(response.text())).then((text) =>
    reply(Number(response.status), attempt(() => String(response.url), ""), attempt(() => String(response.headers.get("Retry-After")), ""), String(text)),
  );

/** gloo-net recognizes an error by its class, and a page may have replaced the global one. */
class HostError extends Error {}
export { HostError as Error };

/** Loads an image; resolves with what {@link read} takes for a response without a body. An abort ends the load. */
const load = (url, signal) =>
  new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve({ status: 200, text: () => "" });
    image.onerror = reject;
    attempt(() => signal.addEventListener("abort", () => attempt(() => (image.src = ""))));
    image.src = url;
  });

/** Resolves with a {@link Response} or rejects with an error of the class above. Without a method, it loads an image. */
export const fetch = ({ url, init }) =>
  new Promise((resolve) => resolve(init.method ? globalThis.fetch(url, init) : load(url, init.signal))).then(read).catch(() => {
    throw new HostError("no readable response");
  });

/** The controller of a request's signal; undefined where the page has no AbortController. */
export const abortController = () => attempt(() => new AbortController());
export const abort = (controller) => attempt(() => controller.abort());

/**
 * The argument of {@link fetch}, in place of a Request: many a page's own `fetch`, and many a monitoring tool's, reads a URL and
 * an init, and takes a Request for the text "[object Request]". The init has no prototype, so that it inherits no member that a
 * page has added to all objects. Where the browser refuses the signal, the init has none: the request cannot be aborted then.
 */
export const newRequest = (method, url, token, version, pairs, body, controller) => {
  const json = "application/json";
  const headers = { __proto__: null };
  if (token) Object.assign(headers, { Authorization: `Bearer ${token}`, Accept: json, "Content-Type": json, "PA-Version": version });
  else for (const { key, value } of JSON.parse(pairs)) headers[key] = value;
  const init = { __proto__: null, method, mode: "cors", credentials: "omit", headers, body: body || undefined };
  attempt(() => {
    const { signal } = controller;
    new Request(url, { signal });
    init.signal = signal;
  });
  return { url, init };
};

/**
 * A parsed text; undefined where it is no JSON. Its objects have no prototype, so that a message has no member that a page has
 * added to all objects. An array becomes a function, which no message takes for one of its values.
 */
export const parseJson = (text) =>
  attempt(() => JSON.parse(text, (name, value) => (Array.isArray(value) ? attempt : value && typeof value === "object" ? { __proto__: null, ...value } : value)));
/** The text of these bytes; undefined where they are not UTF-8. */
export const utf8 = (bytes) => attempt(() => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));

/** The JSON text of a member in the JSON text of an object; undefined where there is none. */
export const memberText = (text, name) => attempt(() => JSON.stringify({ __proto__: null, ...JSON.parse(text) }[name]));

/** A copy of an array; undefined for any other value and a proxy that throws. */
export const items = (array) => attempt(() => (Array.isArray(array) ? Array.from(array) : undefined));
/** The names of an object's own members; undefined for any other value, an array, and a proxy that throws. */
export const memberNames = (object) => attempt(() => (typeof object === "object" && !Array.isArray(object) ? Object.keys(object) : undefined));

/** Blocked storage holds no registration. The names are those of the vendor's client, and of this one. */
export const forgetDevice = (storage) => {
  for (const name of ["DeviceId", "namespace", "fingerPrintTimestamp"]) attempt(() => (storage || localStorage).removeItem("ProveAuth." + name));
  attempt(() => indexedDB.deleteDatabase("ProveAuth"));
};
