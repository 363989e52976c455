// Builds pkg/, the npm package, from the crate and js/. Needs node_modules: import this module after the bootstrap.
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build as esbuild } from "esbuild";
import { wasmModule } from "./ascii.mjs";
import { namedByOrder } from "./function-order.mjs";
import { adaptGlue } from "./glue.mjs";
import { packedDocs } from "./packed-docs.mjs";
import { root, run, StepError } from "./run.mjs";

const packageFolder = join(root, "pkg");

/** The variant of the package for release, with the folders of its intermediate files. */
const release = {
  glueFolder: join(root, "build", "glue"),
  entry: 'export * from "./js/index.js";',
  features: [],
  /** Relative to cargo's target folder. Two builds of one library in the same folder would overwrite each other. */
  targetFolder: "",
};
const withTestExports = {
  glueFolder: join(root, "build", "test-exports", "glue"),
  entry: `${release.entry} export { trapForTest } from "handset-glue";`,
  features: ["--features", "test-exports"],
  targetFolder: "test-exports",
};

/** Cargo's target folder, and the version of the crate. */
async function cargoMetadata() {
  const metadata = JSON.parse(await run("cargo", ["metadata", "--no-deps", "--format-version", "1"], { output: "quiet" }));
  const { version } = metadata.packages.find(({ name }) => name === "handset");
  return { targetFolder: metadata.target_directory, version };
}

/**
 * Builds the standard library with the crate, without panic texts: a tenth of the module (the page sees a coded error in any
 * case, see js/trap.js). The flags are unstable, hence the pinned toolchain and RUSTC_BOOTSTRAP for this one call.
 * References to JS values as numbers in a table of the glue: saves 0.5 kB, and browsers of before 2021 can start the module.
 * MIR inlining, off by default for size: saves 1.1 kB, since functions that are inlined early are simplified early.
 */
const smallStd = {
  flags: ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"],
  env: { RUSTC_BOOTSTRAP: "1", RUSTFLAGS: "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none -Zinline-mir=yes -Ctarget-feature=-reference-types" },
};

/** Compiles Rust to wasm and runs wasm-bindgen, which writes the glue. */
async function compile(tools, { glueFolder, features, targetFolder }) {
  await run(
    "cargo",
    [
      ...["build", "--release", "--target", "wasm32-unknown-unknown", "-p", "handset", "--lib"],
      ...["--target-dir", targetFolder, ...features, ...smallStd.flags],
    ],
    { env: smallStd.env },
  );
  await rm(glueFolder, { recursive: true, force: true });
  await run(tools.wasmBindgen, [
    ...["--target", "web", "--out-dir", glueFolder, "--out-name", "handset"],
    "--no-typescript", // js/index.d.ts is written by hand: it documents the page's side, not the glue's
    "--omit-default-module-path", // the default is an import.meta.url, which bundlers would try to resolve
    ...["--encode-into", "always"], // every browser with the wasm features of the module has encodeInto
    join(targetFolder, "wasm32-unknown-unknown", "release", "handset.wasm"),
  ]);
}

/**
 * Optimises the wasm for size and shortens the names of its imports and exports to one letter each.
 *
 * wasm-opt reads the wasm features from the target-features section and drops the section. Cargo must therefore not strip.
 *
 * @returns {Promise<Record<string, string>>} new names by old
 */
async function optimise({ glueFolder }, to) {
  const wasmOpt = (args) => run(join(root, "node_modules", ".bin", "wasm-opt"), args, { output: "quiet" });
  const said = await wasmOpt(
    [
      // The defaults, inlining of every function with one caller and rustc's order of blocks, make the raw wasm smaller but
      // the compressed wasm larger, together by 1.7 kB of 37.6 kB (brotli).
      ...["--flatten", "--rereloop", "-Oz", "-Oz", "--one-caller-inline-max-function-size", "20"],
      // Engines ignore the alignment of loads and stores; without alignments, the instructions compress better.
      "--dealign",
      ...["--strip-debug", "--strip-producers", "--strip-target-features"],
      "--minify-imports-and-exports-and-modules",
      ...[join(glueFolder, "handset_bg.wasm"), "-o", to],
    ],
  );
  await writeFile(to, namedByOrder(await readFile(to)));
  // The section that names the features of the module is gone by now.
  await wasmOpt([...FEATURES, "--reorder-functions-by-name", "--strip-debug", to, "-o", to]);
  const { imports, exports } = JSON.parse(said);
  return Object.fromEntries([...imports.map(([, from, short]) => [from, short]), ...exports]);
}

/** The wasm features of rustc's default target but for reference types, as wasm-opt calls them. */
const FEATURES = ["mutable-globals", "sign-ext", "nontrapping-float-to-int", "bulk-memory", "multivalue"].map((name) => `--enable-${name}`);

/** Resolves the bare imports of js/index.js, and gives the glue the same js/ modules as js/index.js. */
function handsetPlugin({ glueFolder }, wasm) {
  return {
    name: "handset",
    setup(build) {
      build.onResolve({ filter: /^handset-glue$/ }, () => ({ path: join(glueFolder, "handset.js") }));
      build.onResolve({ filter: /^handset-(?:trap|host)$/ }, ({ path }) => ({ path: join(root, "js", `${path.slice("handset-".length)}.js`) }));
      build.onResolve({ filter: /^handset-wasm$/ }, () => ({ path: "handset-wasm", namespace: "handset-wasm" }));
      build.onLoad({ filter: /.*/, namespace: "handset-wasm" }, () => ({ contents: wasm, loader: "js" }));
      // wasm-bindgen copies the modules that Rust imports. A copy would define each error class a second time.
      build.onResolve({ filter: /\/snippets\/[^/]+\/js\/[^/]+\.js$/ }, ({ path }) => ({ path: join(root, "js", basename(path)) }));
    },
  };
}

/** @returns {Promise<string>} the entry with all its imports, as one minified file */
async function bundle(variant, format, { defines, wasm }) {
  const { outputFiles } = await esbuild({
    stdin: { contents: variant.entry, resolveDir: root },
    bundle: true,
    write: false,
    minify: true,
    format,
    // "node" annotates the exported names of a CommonJS file, so that Node and bundlers can read them without running the file.
    platform: format === "cjs" ? "node" : "neutral",
    globalName: format === "iife" ? "proveAuth" : undefined,
    // Syntax that webpack 4 and tools of its time can parse. ASCII only: no charset of a page or header can garble it.
    target: "es2019",
    charset: "ascii",
    legalComments: "none",
    define: Object.fromEntries(Object.entries(defines).map(([name, value]) => [name, JSON.stringify(value)])),
    plugins: [handsetPlugin(variant, wasm)],
    logLevel: "warning",
  });
  const code = outputFiles[0].text;
  refuseForbidden(code);
  return code;
}

/**
 * Fails if the bundle contains code that a strict Content-Security-Policy, a bundler without configuration, or an inline
 * script in HTML would break on.
 */
function refuseForbidden(code) {
  const forbidden = [/\bimport\.meta\b/, /\bimport\(/, /\beval\(/, /(?<![`\w])Function\(/, /<\/script|<!--/i, /[^\n\x20-\x7e]/, / $/m];
  for (const pattern of forbidden) {
    const at = code.search(pattern);
    if (at >= 0) throw new StepError(`The bundle must not contain ${pattern.source}: …${code.slice(Math.max(0, at - 60), at + 60)}…`);
  }
}

/** Compiles, optimises and renames: makes the inputs of a variant's bundles. */
async function buildModule(tools, variant, wasmFile) {
  const { targetFolder, version } = await cargoMetadata();
  await compile(tools, { ...variant, targetFolder: join(targetFolder, variant.targetFolder) });
  const names = await optimise(variant, wasmFile);
  await adaptGlue(join(variant.glueFolder, "handset.js"), names);
  const defines = {
    HANDSET_VERSION: version,
    // The exports behind the page's calls: js/trap.js distinguishes them from the browser's callbacks. Disposing never throws.
    HANDSET_API_EXPORTS: Object.keys(names).filter((name) => name.startsWith("engine_") && name !== "engine_dispose").map((name) => names[name]),
  };
  return { version, defines, wasm: wasmModule(await readFile(wasmFile)) };
}

/** A wasm module without a function: its header, and a code section of length 1 with 0 functions. */
const EMPTY_MODULE = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 10, 1, 0);

/** Tracked files of pkg/; all others are built. */
const TRACKED = ["package.json", "README.md"];

/** The entry `handset/preload`, imported for its effect on the page's instance. The first constructor reports a failure. */
const PRELOAD = {
  "preload.js": 'import { preload } from "./index.js";\npreload().catch(() => {});\n',
  "preload.cjs": '"use strict";\nrequire("./index.cjs").preload().catch(() => {});\n',
  "preload.d.ts": "export {};\n",
  "preload.d.cts": "export {};\n",
};

/** Builds pkg/ from scratch. `build/module.js` is the same module without the wasm, for `npm run size`. */
export async function buildPackage(tools) {
  await mkdir(join(root, "build"), { recursive: true });
  for (const name of await readdir(packageFolder)) if (!TRACKED.includes(name)) await rm(join(packageFolder, name), { recursive: true });
  const parts = await buildModule(tools, release, join(root, "build", "handset_bg.wasm"));
  const { version } = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8"));
  if (version !== parts.version) throw new StepError(`pkg/package.json says version ${version}, Cargo.toml ${parts.version}. Make them the same.`);

  const put = (name, text) => writeFile(join(packageFolder, name), text);
  await put("index.js", await bundle(release, "esm", parts));
  await put("index.cjs", await bundle(release, "cjs", parts));
  await put("handset.global.js", await bundle(release, "iife", parts));
  await writeFile(join(root, "build", "module.js"), await bundle(release, "esm", { ...parts, wasm: wasmModule(EMPTY_MODULE) }));
  for (const [name, text] of Object.entries(PRELOAD)) await put(name, text);

  const types = await readFile(join(root, "js", "index.d.ts"), "utf8");
  await put("index.d.ts", types);
  await put("index.d.cts", types);
  for (const file of ["LICENSE-MIT", "LICENSE-APACHE"]) await cp(join(root, file), join(packageFolder, file));
  await mkdir(join(packageFolder, "docs"));
  for (const [name, text] of await packedDocs()) await put(name, text);
}

/** Builds `build/test-exports/index.js`: the package's module, built the same way, with extra exports for tests. */
export async function buildTestModule(tools) {
  const folder = join(root, "build", "test-exports");
  await mkdir(folder, { recursive: true });
  const parts = await buildModule(tools, withTestExports, join(folder, "handset_bg.wasm"));
  await writeFile(join(folder, "index.js"), await bundle(withTestExports, "esm", parts));
}
