import { createError } from "./errors.js";

/** The functions that reject the promises of running calls. */
export const pending = new Set();

let death;

/**
 * Wraps the exports of the module. Every exception out of it is a trap, since its errors are values, and after a trap its
 * memory cannot be trusted: running calls are rejected, and so is every later one.
 */
export const guard = (exports) =>
  Object.fromEntries(
    Object.entries(exports).map(([name, value]) => [name, typeof value === "function" ? guarded(name, value) : value]),
  );

const guarded = (name, call) => {
  // The page calls these exports. The browser, timers and promises call the others, where nobody can catch an exception.
  const isApi = HANDSET_API_EXPORTS.includes(name);
  return (...args) => {
    if (!death) {
      try {
        return call(...args);
      } catch (cause) {
        death = createError("internal", false, "the module has crashed; reload the page", undefined, cause);
        // Each only once: a page may start over in its handler, which adds to the set again.
        const dying = [...pending];
        pending.clear();
        for (const die of dying) die(death);
      }
    }
    if (isApi) throw death;
    // The glue destructures a result before it checks it: an empty array means "no error".
    return [];
  };
};
