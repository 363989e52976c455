// Every place in which the packed package is tried. A row has
// - `family`: the folder of families/ that it runs in, installed once for all of its rows,
// - `name`,
// - `quick`: whether `npm test` runs it,
// - `engine`: whether it needs a browser that is asked for with --engines,
// - `notHere`: why it cannot run on this machine, if it cannot,
// - `run(given)`: does it, see given.mjs, and resolves with the files that a page loads, where their size is of interest.
import { bundlers, moreBundlers, vite } from "./rows/bundlers.mjs";
import { browsers, engines } from "./rows/browsers.mjs";
import { frameworks } from "./rows/frameworks.mjs";
import { next } from "./rows/next.mjs";
import { pages } from "./rows/pages.mjs";
import { runtimes } from "./rows/runtimes.mjs";
import { suites } from "./rows/suites.mjs";
import { types } from "./rows/types.mjs";

export const rows = [...next, ...bundlers, ...pages, ...suites, ...types, ...moreBundlers, ...vite, ...frameworks, ...runtimes, ...browsers, ...engines];
