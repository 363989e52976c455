import { createError } from "./errors.js";

/** What ends each promise that waits for the module. */
export const pending = new Set();

let death;

/**
 * Wraps what the module exports. Whatever is thrown out of it is a trap (errors that are meant come as values), and
 * after one its memory cannot be trusted: what runs is rejected, and so is what comes later.
 */
export const guard = (exports) =>
  Object.fromEntries(
    Object.entries(exports).map(([name, value]) => [name, typeof value === "function" ? guarded(name, value) : value]),
  );

const guarded = (name, call) => {
  // The page calls these; all else is called by the browser, by timers and by promises, where nobody could catch.
  const isApi = HANDSET_API_EXPORTS.includes(name);
  return (...args) => {
    if (!death) {
      try {
        return call(...args);
      } catch (cause) {
        death = createError("internal", false, "the module has crashed; reload the page", undefined, cause);
        // Once each: on hearing of it, a page may well start over.
        const dying = [...pending];
        pending.clear();
        for (const die of dying) die(death);
      }
    }
    if (isApi) throw death;
    // The glue takes a result apart before it looks at it: an empty one stands for "no error".
    return [];
  };
};
