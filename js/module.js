import decode from "handset-wasm";
import { finish, imports } from "handset-glue";
import { createError } from "./errors.js";
import { attempt } from "./host.js";

/** The globals that the module needs. Test environments lack some of them. */
const NEEDED = ["WebAssembly", "TextDecoder", "TextEncoder", "EventTarget", "fetch", "setTimeout"];

let loaded = false;
let loading;

const unsupported = (message, cause) => createError("unsupported", false, message, undefined, cause);

/** The bytes of the module. Throws a coded error where they are damaged, or the environment cannot run them. */
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

/** Starts the page's one instance: only the first call has an effect. */
const begin = (instance) => {
  if (!loaded) finish(instance);
  loaded = true;
};

/** Loads the module once, for the first constructor. After a failure the next call tries again. */
export const load = () => {
  if (loaded) return;
  try {
    begin(new WebAssembly.Instance(new WebAssembly.Module(bytes()), imports()));
  } catch (cause) {
    throw explained(cause);
  }
};

/** As `load`, but asynchronously. Calls `warm` afterwards. */
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
