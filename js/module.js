import wasmBytes from "handset-wasm";
import { initSync } from "handset-glue";
import { createError } from "./errors.js";

let loaded = false;

/** Loads the module, once, when the first constructor needs it. A failure may be tried again. */
export const load = () => {
  if (loaded) return;
  try {
    initSync({ module: new WebAssembly.Module(wasmBytes()) });
  } catch (cause) {
    throw createError("unsupported", false, "WebAssembly could not be started: the browser must have it, and a Content-Security-Policy must allow 'wasm-unsafe-eval'", undefined, cause);
  }
  loaded = true;
};

