import decode from "handset-wasm";
import { finish, imports } from "handset-glue";
import { createError } from "./errors.js";
import { attempt } from "./host.js";

/** What there must be where the module runs. Test environments lack some of it. */
const NEEDED = ["WebAssembly", "TextDecoder", "TextEncoder", "EventTarget", "fetch", "setTimeout"];

let loaded = false;
let loading;

const unsupported = (message, cause) => createError("unsupported", false, message, undefined, cause);

/** The bytes of the module; throws a coded error where they cannot be had, or could not be used. */
const bytes = () => {
  const missing = NEEDED.filter((name) => !attempt(() => globalThis[name]));
  if (missing.length) throw unsupported(`this environment lacks ${missing.join(", ")}`);
  const wasm = decode();
  if (!wasm) throw unsupported("the file was altered or read in another encoding");
  return wasm;
};

const explained = (cause) => {
  if (cause && cause.kind) return cause;
  if (/on the main thread/.test(cause)) return unsupported("this browser compiles WebAssembly asynchronously only: await preload() before the first constructor", cause);
  if (/CSP|policy|unsafe-eval/i.test(cause)) return unsupported("WebAssembly could not be started: a Content-Security-Policy must allow 'wasm-unsafe-eval'", cause);
  return unsupported("WebAssembly could not be started", cause);
};

/** The page has one instance, whoever was first. */
const begin = (instance) => {
  if (!loaded) finish(instance);
  loaded = true;
};

/** Loads the module, once, when the first constructor needs it. A failure may be tried again. */
export const load = () => {
  if (loaded) return;
  try {
    begin(new WebAssembly.Instance(new WebAssembly.Module(bytes()), imports()));
  } catch (cause) {
    throw explained(cause);
  }
};

/** As `load`, asynchronously; `warm` then runs what a first constructor does. */
export const loadAsync = (warm) => {
  loading =
    loading ||
    new Promise((resolve) => resolve(loaded || WebAssembly.instantiate(bytes(), imports()).then((made) => begin(made.instance))))
      .then(warm)
      .catch((cause) => {
        loading = undefined;
        throw explained(cause);
      });
  return loading;
};
