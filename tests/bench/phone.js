// Runs in a fresh page of the slow phone: one load and one flow per page. The page has its authToken already. Each measurement
// resolves with the duration of each phase, in ms of performance.now().

import { builder, twoRequests } from "./flow.js";

/** The moments of the module's load. */
const moments = {};
const noted = (name, Original) =>
  function Watched(...args) {
    moments[`${name} begins`] = performance.now();
    const made = new Original(...args);
    moments[`${name} ends`] = performance.now();
    return made;
  };
WebAssembly.Module = noted("compile", WebAssembly.Module);
WebAssembly.Instance = noted("instantiate", WebAssembly.Instance);

const resource = (part) => performance.getEntriesByType("resource").findLast(({ name }) => name.includes(part));

function requestPhases(ready, end) {
  const [first, second] = [resource("/otp/start"), resource("/otp/finish")];
  return {
    toFirst: first.startTime - ready,
    first: first.responseEnd - first.startTime,
    between: second.startTime - first.responseEnd,
    second: second.responseEnd - second.startTime,
    end: end - second.responseEnd,
  };
}

function loadPhases(file, begin, imported, ready) {
  const { responseEnd } = resource(file);
  return {
    download: responseEnd - begin,
    evaluate: imported - responseEnd,
    decode: moments["compile begins"] - imported,
    compile: moments["compile ends"] - moments["compile begins"],
    instantiate: moments["instantiate ends"] - moments["compile ends"],
    build: ready - moments["instantiate ends"],
  };
}

const measurements = {
  async ours(authToken) {
    const begin = performance.now();
    const proveAuth = await import("./handset.js");
    const imported = performance.now();
    const authenticator = builder(proveAuth).build();
    authenticator.isMobileWeb();
    const ready = performance.now();
    await authenticator.authenticate(authToken);
    const end = performance.now();
    return { ...loadPhases("handset.js", begin, imported, ready), ...requestPhases(ready, end), all: end - begin };
  },

  async empty(authToken) {
    const begin = performance.now();
    const { load } = await import("./empty.js");
    const imported = performance.now();
    load();
    const ready = performance.now();
    await twoRequests(authToken);
    const end = performance.now();
    return { ...loadPhases("empty.js", begin, imported, ready), ...requestPhases(ready, end), all: end - begin };
  },

  async bare(authToken) {
    const begin = performance.now();
    await twoRequests(authToken);
    const end = performance.now();
    return { ...requestPhases(begin, end), all: end - begin };
  },

  async preloaded() {
    const proveAuth = await import("./handset.js");
    await proveAuth.preload();
    const begin = performance.now();
    builder(proveAuth).build().isMobileWeb();
    return { build: performance.now() - begin };
  },
};

globalThis.measure = (name, authToken) => measurements[name](authToken);
