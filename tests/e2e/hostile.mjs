// Bad globals and options, as pages, polyfills, mocks and monitoring leave them, each with the allowed ends of a flow.

/**
 * `touches` names what the row breaks, so that it can be restored: a global, or `owner.member`. `breaks` runs in the page or
 * in Node. `kinds` lists the allowed ends of the flow, with "done" if the flow works without it.
 */
const row = (name, touches, breaks, ...kinds) => ({ name, touches, breaks: String(breaks), kinds, flow: "mobile" });
const link = (name, touches, breaks, ...kinds) => ({ ...row(name, touches, breaks, ...kinds), flow: "desktop" });

const fetches = [
  // "unsupported" from the first constructor; "network" later.
  row("is missing", ["fetch"], () => (globalThis.fetch = undefined), "unsupported", "network"),
  row("throws at once", ["fetch"], () => (globalThis.fetch = () => { throw new TypeError("Illegal invocation"); }), "network"),
  row("throws what is no Error", ["fetch"], () => (globalThis.fetch = () => { throw "blocked"; }), "network"),
  row("adds a header to what it takes for an init", ["fetch"], () => {
    const native = fetch;
    globalThis.fetch = (url, init) => {
      const headers = new Headers(init?.headers);
      headers.set("x-trace", "1");
      return native(url, { ...init, headers });
    };
  }, "done"),
  row("takes a URL for a text", ["fetch"], () => {
    const native = fetch;
    globalThis.fetch = (url, init) => (url.startsWith("/api") ? undefined : native(`${url}`, init));
  }, "done"),
  row("makes a Request of its own", ["fetch"], () => {
    const native = fetch;
    globalThis.fetch = (url, init) => native(new Request(url, { method: "GET", ...init }));
  }, "done"),
  row("gives undefined", ["fetch"], () => (globalThis.fetch = () => undefined), "network"),
  row("gives a number", ["fetch"], () => (globalThis.fetch = () => 200), "network"),
  row("gives a thenable that throws", ["fetch"], () => (globalThis.fetch = () => ({ then() { throw 1; } })), "network"),
  row("rejects with an object", ["fetch"], () => (globalThis.fetch = () => Promise.reject({ status: 0 })), "network"),
  row("rejects with a string", ["fetch"], () => (globalThis.fetch = () => Promise.reject("offline")), "network"),
  row("rejects with nothing", ["fetch"], () => (globalThis.fetch = () => Promise.reject()), "network"),
  row("rejects with a revoked Proxy", ["fetch"], () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    globalThis.fetch = () => ({ then: (_, reject) => reject(proxy) });
  }, "network"),
  row("answers with an empty object", ["fetch"], () => (globalThis.fetch = async () => ({})), "network"),
  row("answers with null", ["fetch"], () => (globalThis.fetch = async () => null), "network"),
  row("answers with a Response of another making", ["fetch"], () => {
    const native = fetch;
    globalThis.fetch = async (...given) => {
      const response = await native(...given);
      return { status: response.status, text: () => response.text(), headers: new Map() };
    };
  }, "done"),
  row("answers with a Response without headers, its text no promise", ["fetch"], () => {
    const native = fetch;
    globalThis.fetch = async (...given) => {
      const response = await native(...given);
      const text = await response.text();
      return { status: String(response.status), text: () => text };
    };
  }, "done"),
  row("answers with a text() that throws", ["fetch"], () => (globalThis.fetch = async () => ({ status: 200, text() { throw 1; } })), "network"),
  row("answers with a text() that rejects", ["fetch"], () => (globalThis.fetch = async () => ({ status: 200, text: () => Promise.reject(1) })), "network"),
  row("answers with a text() that gives a number", ["fetch"], () => (globalThis.fetch = async () => ({ status: 200, text: async () => 7 })), "server", "network"),
  row("answers with a status that throws", ["fetch"], () => (globalThis.fetch = async () => ({ get status() { throw 1; }, text: async () => "{}" })), "network"),
  row("answers with a status that is a Symbol", ["fetch"], () => (globalThis.fetch = async () => ({ status: Symbol("ok"), text: async () => "{}" })), "network"),
  row("answers with a status that is no number", ["fetch"], () => (globalThis.fetch = async () => ({ status: "fine", text: async () => "{}" })), "server"),
  row("answers with headers that throw", ["fetch"], () => (globalThis.fetch = async () => ({ status: 429, headers: { get() { throw 1; } }, text: async () => "" })), "server"),
];
/** Node's Request creates an AbortController and fails without it. */
const ABORT = ["done", "network"];

const requests = [
  row("Request is missing", ["Request"], () => (globalThis.Request = undefined), "done"),
  row("Request throws", ["Request"], () => (globalThis.Request = class { constructor() { throw "no"; } }), "done"),
  row("Request is a mock's", ["Request"], () => (globalThis.Request = class {}), "done"),
  row("Response is missing", ["Response"], () => (globalThis.Response = undefined), "done"),
  row("Response lies of its instances", ["Response"], () => (globalThis.Response = { [Symbol.hasInstance]() { throw 1; } }), "done"),
  row("Headers is missing", ["Headers"], () => (globalThis.Headers = undefined), "done"),
  row("Headers throws", ["Headers"], () => (globalThis.Headers = class { constructor() { throw 1; } }), "done"),
  row("Error is another class", ["Error", "fetch"], () => {
    globalThis.Error = class extends Error {};
    globalThis.fetch = () => Promise.reject(new TypeError("offline"));
  }, "network"),
  row("AbortController is missing", ["AbortController"], () => (globalThis.AbortController = undefined), ...ABORT),
  row("AbortController throws", ["AbortController"], () => (globalThis.AbortController = class { constructor() { throw 1; } }), ...ABORT),
  row("AbortController is a polyfill's", ["AbortController"], () => {
    globalThis.AbortController = class {
      signal = { aborted: false };
      abort() { throw new Error("not here"); }
    };
  }, ...ABORT),
  row("AbortController's signal throws", ["AbortController"], () => (globalThis.AbortController = class { get signal() { throw 1; } }), ...ABORT),
];
const clocks = [
  row("performance is missing", ["performance"], () => Object.defineProperty(globalThis, "performance", { value: undefined, configurable: true }), "done"),
  row("performance throws", ["performance"], () => Object.defineProperty(globalThis, "performance", { get() { throw 1; }, configurable: true }), "done"),
  row("performance.now throws", ["performance.now"], () => (performance.now = () => { throw 1; }), "done"),
  row("performance.now says NaN", ["performance.now"], () => (performance.now = () => NaN), "done"),
  row("performance.now says a BigInt", ["performance.now"], () => (performance.now = () => 5n), "done"),
  row("performance.now says a Symbol", ["performance.now"], () => (performance.now = () => Symbol("now")), "done"),
  row("performance.now stands still", ["performance.now"], () => (performance.now = () => 7), "done"),
  row("Date.now throws", ["Date.now"], () => (Date.now = () => { throw 1; }), "done"),
  row("Date.now says a text", ["Date.now"], () => (Date.now = () => "soon"), "done"),
  row("Date.now says Infinity", ["Date.now"], () => (Date.now = () => Infinity), "done"),
  row("no clock at all", ["performance.now", "Date.now"], () => {
    Date.now = () => { throw 1; };
    performance.now = () => undefined;
  }, "unsupported"),
  row("Math.random throws", ["Math.random"], () => (Math.random = () => { throw 1; }), "done"),
  row("Math.random says 1", ["Math.random"], () => (Math.random = () => 1), "done"),
  row("Math.random says NaN, where repeats need it", ["Math.random", "fetch"], () => {
    Math.random = () => NaN;
    globalThis.fetch = () => Promise.reject(0);
  }, "network"),
  row("setTimeout is missing", ["setTimeout"], () => (globalThis.setTimeout = undefined), "unsupported"),
  row("setTimeout throws", ["setTimeout"], () => (globalThis.setTimeout = () => { throw 1; }), "unsupported"),
  row("setTimeout gives nothing to clear", ["setTimeout"], () => {
    const native = setTimeout;
    globalThis.setTimeout = (...given) => void native(...given);
  }, "done"),
  row("setTimeout calls back at once", ["setTimeout"], () => (globalThis.setTimeout = (callback) => callback()), "unsupported"),
  row("setTimeout calls back in the same turn", ["setTimeout"], () => (globalThis.setTimeout = (callback) => void Promise.resolve().then(callback)), "unsupported", "done"),
  row("setTimeout calls back twice", ["setTimeout"], () => {
    const native = setTimeout;
    globalThis.setTimeout = (callback, ms) => {
      native(callback, ms / 50);
      return native(callback, ms / 50);
    };
  }, "done", "unsupported"),
  row("timers cannot be cleared, and fire when nobody waits any more", ["setTimeout", "clearTimeout"], () => {
    const native = setTimeout;
    globalThis.setTimeout = (callback, ms) => native(callback, Math.min(ms, 50));
    globalThis.clearTimeout = () => {};
  }, "done", "unsupported"),
  row("clearTimeout is missing", ["clearTimeout"], () => (globalThis.clearTimeout = undefined), "done"),
  row("clearTimeout throws", ["clearTimeout"], () => (globalThis.clearTimeout = () => { throw 1; }), "done"),
  row("queueMicrotask is missing", ["queueMicrotask"], () => (globalThis.queueMicrotask = undefined), "done"),
  row("queueMicrotask throws", ["queueMicrotask"], () => (globalThis.queueMicrotask = () => { throw 1; }), "done"),
  row("queueMicrotask cannot be read", ["queueMicrotask"], () => Object.defineProperty(globalThis, "queueMicrotask", { get() { throw 1; }, configurable: true }), "done"),
];
/** Objects that call back after their release. */
const late = [
  link("a WebSocket that cannot be left closes late, twice", ["WebSocket"], () => {
    const Native = WebSocket;
    globalThis.WebSocket = class extends Native {
      addEventListener(type, listener, ...rest) {
        super.addEventListener(type, listener, ...rest);
        setTimeout(() => listener(new Event(type)), 5_000);
      }
      removeEventListener() {}
    };
  }, "done"),
  row("listeners of the page cannot be removed", ["removeEventListener", "document.removeEventListener"], () => {
    globalThis.removeEventListener = () => {};
    if (globalThis.document) document.removeEventListener = () => {};
    setTimeout(() => globalThis.dispatchEvent?.(new Event("online")), 100);
  }, "done"),
  {
    ...row("a signal that cannot be left aborts late", [], () => {}, "done"),
    builds: `(builder) => {
      const signal = { aborted: false, addEventListener(type, listener) { setTimeout(listener, 15_000); } };
      return [builder().withAbortSignal(signal)];
    }`,
  },
];
const page = [
  row("all objects inherit what descriptors and requests are made of", ["Object.prototype.get", "Object.prototype.cache"], () => {
    Object.prototype.get = function () {};
    Object.prototype.cache = "no-such-mode";
  }, "done"),
  row("buffers have a detached of the page's making", ["ArrayBuffer.prototype.detached"], () => {
    Object.defineProperty(ArrayBuffer.prototype, "detached", { get: () => false, configurable: true });
  }, "done"),
  row("CustomEvent is missing", ["CustomEvent"], () => (globalThis.CustomEvent = undefined), "done"),
  row("CustomEvent throws", ["CustomEvent"], () => (globalThis.CustomEvent = class { constructor() { throw 1; } }), "done"),
  row("CustomEvent is no event", ["CustomEvent"], () => (globalThis.CustomEvent = class {}), "done"),
  row("CustomEvent and Event are missing", ["CustomEvent", "Event"], () => (globalThis.CustomEvent = globalThis.Event = undefined), "done"),
  row("EventTarget throws", ["EventTarget"], () => (globalThis.EventTarget = class { constructor() { throw 1; } }), "unsupported"),
  row("the console throws", ["console"], () => (globalThis.console = new Proxy({}, { get() { throw 1; } })), "done"),
  row("the navigator cannot be read", ["navigator"], () => Object.defineProperty(globalThis, "navigator", { get() { throw 1; }, configurable: true }), "done"),
  row("localStorage and indexedDB cannot be read", ["localStorage", "indexedDB"], () => {
    for (const name of ["localStorage", "indexedDB"]) Object.defineProperty(globalThis, name, { get() { throw 1; }, configurable: true });
  }, "done"),
];
const sockets = [
  link("is missing", ["WebSocket"], () => (globalThis.WebSocket = undefined), "done"),
  link("throws", ["WebSocket"], () => (globalThis.WebSocket = class { constructor() { throw 1; } }), "done"),
  link("is an empty object", ["WebSocket"], () => (globalThis.WebSocket = class {}), "done"),
  link("takes no listener", ["WebSocket"], () => (globalThis.WebSocket = class { addEventListener() { throw 1; } }), "done"),
  link("throws at whatever is asked of it", ["WebSocket"], () => {
    globalThis.WebSocket = class {
      constructor() {
        return new Proxy(this, { get() { throw 1; } });
      }
    };
  }, "done"),
  link("tells rubbish", ["WebSocket"], () => {
    globalThis.WebSocket = class {
      readyState = Symbol("open");
      addEventListener(type, listener) {
        if (type !== "close" && type !== "error") Promise.resolve().then(() => listener(type === "open" ? undefined : { get data() { throw 1; } }));
      }
      send() { throw 1; }
      close() { throw 1; }
    };
  }, "done"),
];

/** A throwing getter, and Proxies that throw on every operation. */
const HOSTILE = `
  const throwing = new Proxy(() => {}, Object.fromEntries(Reflect.ownKeys(Reflect).map((trap) => [trap, () => { throw 1; }])));
  const revoked = (() => { const { proxy, revoke } = Proxy.revocable(() => {}, {}); revoke(); return proxy; })();
  const revokedList = (() => { const { proxy, revoke } = Proxy.revocable([], {}); revoke(); return proxy; })();
  const list = new Proxy(["https://e.com"], { get() { throw 1; } });
  const getter = { get execute() { throw 1; }, get otp() { throw 1; }, get aborted() { throw 1; } };
  const values = { throwing, revoked, revokedList, list, getter, symbol: Symbol("s"), big: 5n };
`;
const OPTIONS = ["withAuthFinishStep", "withOtpFallback", "withInstantLinkFallback", "withMobileAuthImplementation", "withRole", "withDeviceIpAddress", "withStorage", "withAbortSignal", "withTimeouts", "withAllowedOrigins"];

/** Hostile values for the builder. Each failure must have a kind, and never that of a crash. */
const options = OPTIONS.map((method) => ({
  name: `${method}() is given getters and Proxies that throw`,
  touches: [],
  breaks: "() => {}",
  builds: `(builder) => { ${HOSTILE} return Object.values(values).map((value) => builder().${method}(value, value)); }`,
  // A rejection of AuthFinishStep is passed on unchanged.
  kinds: ["misuse", "done", "step_failed", ...(method === "withAuthFinishStep" ? ["no coded error"] : [])],
  flow: "mobile",
}));

/** Hostile answers of steps. */
const steps = ["phoneNumber", "otp"].map((name) => ({
  name: `a step answers with what throws for ${name}`,
  touches: [],
  breaks: "() => {}",
  builds: `(builder, code) => { ${HOSTILE} return Object.values(values).map((value) => ${
    name === "otp"
      ? "builder().withOtpFallback(() => null, () => ({ resultType: 0, input: { otp: value } }))"
      : "builder().withOtpFallback(() => ({ phoneNumber: value }), () => ({ resultType: 0, input: { otp: code } }))"
  }); }`,
  kinds: ["done"],
  flow: "mobile",
}));

const named = (prefix, rows) => rows.map((row) => ({ ...row, name: `${prefix} ${row.name}` }));

/** The rows, grouped by what they break. */
export const groups = {
  fetch: named("fetch", fetches),
  "what requests are made of": requests,
  "clocks, chance and timers": clocks,
  "what is gone and goes on talking": late,
  "the page's own": page,
  WebSocket: named("WebSocket", sockets),
  options,
  "answers of steps": steps,
};

/**
 * Breaks, runs a flow, restores, runs a flow again. Runs in the page and in Node, so it must not use this file's scope.
 *
 * @returns {Promise<{ broken: string[], sound: string }>} the ends of the flows: "done", or a kind
 */
export async function tryOut({ touches, breaks, builds, tokens, soundToken, code, openLink }) {
  const { proveAuth } = globalThis;
  const evaluate = (source) => (0, globalThis.eval)(`(${source})`);
  const builder = () =>
    new proveAuth.AuthenticatorBuilder()
      .withAuthFinishStep(() => {})
      .withOtpFallback(() => null, () => ({ resultType: 0, input: { otp: code } }))
      .withInstantLinkFallback(() => null);
  const run = async (make, token) => {
    try {
      const authenticator = make();
      if (openLink) authenticator.addEventListener("statechange", ({ detail }) => detail.state === "awaiting_link" && openLink(token));
      const states = [];
      authenticator.addEventListener("statechange", ({ detail }) => states.push(detail.state));
      await authenticator.authenticate(token);
      return "done";
    } catch (error) {
      return error?.kind ?? "no coded error";
    }
  };
  const keep = (path) => {
    const names = path.split(".");
    const name = names.pop();
    const owner = names.reduce((object, member) => object?.[member], globalThis) ?? {};
    return [owner, name, Object.getOwnPropertyDescriptor(owner, name)];
  };
  const kept = touches.map(keep);
  const pause = globalThis.setTimeout.bind(globalThis);
  // Fifty times as fast, since repeats come after seconds.
  const paths = ["performance.now", "Date.now", "setTimeout"];
  if (!touches.some((path) => /performance|Date|Timeout/.test(path))) {
    kept.push(...paths.map(keep));
    const [read, wait, start, date] = [performance.now.bind(performance), setTimeout, performance.now(), Date.now()];
    const elapsed = () => (read() - start) * 50;
    performance.now = () => start + elapsed();
    Date.now = () => date + elapsed();
    globalThis.setTimeout = (callback, ms = 0, ...rest) => wait(callback, ms / 50, ...rest);
  }
  const broken = [];
  try {
    evaluate(breaks)(globalThis);
    const makers = builds ? evaluate(builds)(builder, code).map((built) => () => built.build()) : [() => builder().build()];
    for (const [i, make] of makers.entries()) broken.push(await run(make, tokens[i]));
    // Time for late callbacks of released objects: they must be ignored and crash nothing.
    await new Promise((resolve) => pause(resolve, 150));
  } finally {
    for (const [owner, name, descriptor] of kept) {
      if (descriptor) Object.defineProperty(owner, name, descriptor);
      else delete owner[name];
    }
  }
  return { broken, sound: await run(() => builder().build(), soundToken) };
}

/** Number of values in a row of options. */
export const VALUES = 7;
