// Every build tool, framework and runtime that the packed package is tested in. A row has
// - `family`: its folder of families/, installed once for all rows of the family,
// - `name`,
// - `quick`: whether `npm test` runs it,
// - `engine`: whether it needs a browser of --engines,
// - `notHere`: why it cannot run on this machine, if so,
// - `run(given)`: runs the row, see given.mjs, and resolves with the files of a page, if their size is of interest.
import { bundlers, moreBundlers, vite } from "./rows/bundlers.mjs";
import { browsers, engines } from "./rows/browsers.mjs";
import { frameworks } from "./rows/frameworks.mjs";
import { next } from "./rows/next.mjs";
import { pages } from "./rows/pages.mjs";
import { runtimes } from "./rows/runtimes.mjs";
import { suites } from "./rows/suites.mjs";
import { types } from "./rows/types.mjs";

export const rows = [...next, ...bundlers, ...pages, ...suites, ...types, ...moreBundlers, ...vite, ...frameworks, ...runtimes, ...browsers, ...engines];
