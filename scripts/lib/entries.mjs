// The entries of the package. The build, the exports of pkg/package.json, the sizes and the tests of the files follow this table.

/**
 * @typedef {object} Entry
 * @property {string} name what a page imports
 * @property {string} carries the steps that it carries
 * @property {string} source its exports, relative to the repository's root
 * @property {string} types its declarations
 * @property {string} app a page that uses it, for its size behind bundlers
 * @property {string[]} features the features of the crate in its wasm: an entry that adds none shares no file with another one
 * @property {string} file the names of its files in pkg/, without their endings
 * @property {{ file: string, global: string }} [script] its classic script
 * @property {string} [preload] the entry that loads it, imported for its effect alone
 * @property {string} folder the folder of its intermediate files
 */

/** @type {Entry[]} */
export const entries = [
  {
    name: "handset",
    carries: "code, link, Mobile Auth",
    source: "js/index.js",
    types: "js/index.d.ts",
    app: "tests/bench/app.js",
    features: [],
    file: "index",
    script: { file: "handset.global.js", global: "proveAuth" },
    preload: "preload",
    folder: "build",
  },
];

/** The same exports and those that only tests call. Not in the package. @type {Pick<Entry, "name" | "source" | "features" | "folder"> & { more: string }} */
export const testEntry = {
  name: "handset, for tests",
  source: "js/index.js",
  more: 'export { trapForTest } from "handset-glue";',
  features: ["test-exports"],
  folder: "build/test-exports",
};

const both = (file) => ({
  import: { types: `./${file}.d.ts`, default: `./${file}.js` },
  // Bundlers that know this condition take the ES module for `require` too: one instance in a page, not two.
  module: `./${file}.js`,
  require: { types: `./${file}.d.cts`, default: `./${file}.cjs` },
});

const subpath = (name) => `.${name.slice("handset".length)}`;

/** The members of pkg/package.json that follow from the table. */
export const manifestOf = (rows) => ({
  sideEffects: rows.flatMap(({ preload, script }) => [
    ...(preload ? [`./${preload}.js`, `./${preload}.cjs`] : []),
    ...(script ? [`./${script.file}`] : []),
  ]),
  exports: {
    ...Object.fromEntries(rows.flatMap(({ name, file, preload }) => [
      [subpath(name), both(file)],
      ...(preload ? [[`${subpath(name)}/preload`, both(preload)]] : []),
    ])),
    ...Object.fromEntries(rows.flatMap(({ script }) => (script ? [[`./${script.file}`, `./${script.file}`]] : []))),
    "./package.json": "./package.json",
  },
});

/** The JavaScript files of an entry that hold the whole of it: each works alone. */
export const singleFiles = ({ file, script }) => [`${file}.js`, `${file}.cjs`, ...(script ? [script.file] : [])];
