// Builds pkg/, the npm package, from the crate and js/. Needs node_modules: import this module after the bootstrap.
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build as esbuild } from "esbuild";
import { wasmModule } from "./ascii.mjs";
import { entries, manifestOf, testEntry } from "./entries.mjs";
import { namedByOrder } from "./function-order.mjs";
import { adaptGlue } from "./glue.mjs";
import { packedDocs } from "./packed-docs.mjs";
import { root, run, StepError } from "./run.mjs";

const packageFolder = join(root, "pkg");

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

const wasmFile = ({ folder }) => join(root, folder, "handset_bg.wasm");
const glueFolder = ({ folder }) => join(root, folder, "glue");

/** Compiles Rust to wasm and runs wasm-bindgen, which writes the glue. */
async function compile(tools, entry, target) {
  // Two builds of one library in the same folder would overwrite each other.
  const targetFolder = join(target, entry.features.join("-"));
  await run(
    "cargo",
    [
      ...["build", "--release", "--target", "wasm32-unknown-unknown", "-p", "handset", "--lib"],
      ...["--target-dir", targetFolder, ...entry.features.flatMap((feature) => ["--features", feature]), ...smallStd.flags],
    ],
    { env: smallStd.env },
  );
  await rm(glueFolder(entry), { recursive: true, force: true });
  await run(tools.wasmBindgen, [
    ...["--target", "web", "--out-dir", glueFolder(entry), "--out-name", "handset"],
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
async function optimise(entry) {
  const wasmOpt = (args) => run(join(root, "node_modules", ".bin", "wasm-opt"), args, { output: "quiet" });
  const to = wasmFile(entry);
  const said = await wasmOpt(
    [
      // The defaults, inlining of every function with one caller and rustc's order of blocks, make the raw wasm smaller but
      // the compressed wasm larger, together by 1.7 kB of 37.6 kB (brotli).
      ...["--flatten", "--rereloop", "-Oz", "-Oz", "--one-caller-inline-max-function-size", "20"],
      // Engines ignore the alignment of loads and stores; without alignments, the instructions compress better.
      "--dealign",
      ...["--strip-debug", "--strip-producers", "--strip-target-features"],
      "--minify-imports-and-exports-and-modules",
      ...[join(glueFolder(entry), "handset_bg.wasm"), "-o", to],
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

/** Resolves the bare imports of js/, and gives the glue the same js/ modules as the entry. */
function handsetPlugin(entry, wasm) {
  return {
    name: "handset",
    setup(build) {
      build.onResolve({ filter: /^handset-glue$/ }, () => ({ path: join(glueFolder(entry), "handset.js") }));
      build.onResolve({ filter: /^handset-(?:trap|host)$/ }, ({ path }) => ({ path: join(root, "js", `${path.slice("handset-".length)}.js`) }));
      build.onResolve({ filter: /^handset-wasm$/ }, () => ({ path: "handset-wasm", namespace: "handset-wasm" }));
      build.onLoad({ filter: /.*/, namespace: "handset-wasm" }, () => ({ contents: wasm, loader: "js" }));
      // wasm-bindgen copies the modules that Rust imports. A copy would define each error class a second time.
      build.onResolve({ filter: /\/snippets\/[^/]+\/js\/[^/]+\.js$/ }, ({ path }) => ({ path: join(root, "js", basename(path)) }));
    },
  };
}

/** @returns {Promise<string>} the entry with all its imports, as one minified file */
async function bundle(entry, format, { defines, wasm }) {
  const { outputFiles } = await esbuild({
    stdin: { contents: `export * from "./${entry.source}"; ${entry.more ?? ""}`, resolveDir: root },
    bundle: true,
    write: false,
    minify: true,
    format,
    // "node" annotates the exported names of a CommonJS file, so that Node and bundlers can read them without running the file.
    platform: format === "cjs" ? "node" : "neutral",
    globalName: format === "iife" ? entry.script.global : undefined,
    // Syntax that webpack 4 and tools of its time can parse. ASCII only: no charset of a page or header can garble it.
    target: "es2019",
    charset: "ascii",
    legalComments: "none",
    // Chromium compiles all functions while it downloads the file, not one by one in the first flow.
    banner: format === "cjs" ? {} : { js: "//# allFunctionsCalledOnLoad" },
    define: Object.fromEntries(Object.entries(defines).map(([name, value]) => [name, JSON.stringify(value)])),
    plugins: [handsetPlugin(entry, wasm)],
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

/** Compiles, optimises and renames: makes the inputs of an entry's bundles. */
async function buildModule(tools, entry) {
  const { targetFolder, version } = await cargoMetadata();
  await mkdir(join(root, entry.folder), { recursive: true });
  await compile(tools, entry, targetFolder);
  const names = await optimise(entry);
  await adaptGlue(join(glueFolder(entry), "handset.js"), names);
  const defines = {
    HANDSET_VERSION: version,
    // The exports behind the page's calls: js/trap.js distinguishes them from the browser's callbacks. Disposing never throws.
    HANDSET_API_EXPORTS: Object.keys(names).filter((name) => name.startsWith("engine_") && name !== "engine_dispose").map((name) => names[name]),
  };
  return { version, defines, wasm: wasmModule(await readFile(wasmFile(entry))) };
}

/** A wasm module without a function: its header, and a code section of length 1 with 0 functions. */
const EMPTY_MODULE = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 10, 1, 0);

/** Tracked files of pkg/; all others are built. */
const TRACKED = ["package.json", "README.md"];

const put = (name, text) => writeFile(join(packageFolder, name), text);

/** The entry that is imported for its effect on the page's instance. The first constructor reports a failure. */
async function putPreload({ file, preload }) {
  await put(`${preload}.js`, `import { preload } from "./${file}.js";\npreload().catch(() => {});\n`);
  await put(`${preload}.cjs`, `"use strict";\nrequire("./${file}.cjs").preload().catch(() => {});\n`);
  for (const ending of ["d.ts", "d.cts"]) await put(`${preload}.${ending}`, "export {};\n");
}

/** Builds the files of an entry. `module.js` in its folder is the same module without the wasm, for `npm run size`. */
async function putEntry(entry, parts) {
  await put(`${entry.file}.js`, await bundle(entry, "esm", parts));
  await put(`${entry.file}.cjs`, await bundle(entry, "cjs", parts));
  if (entry.script) await put(entry.script.file, await bundle(entry, "iife", parts));
  if (entry.preload) await putPreload(entry);
  await writeFile(join(root, entry.folder, "module.js"), await bundle(entry, "esm", { ...parts, wasm: wasmModule(EMPTY_MODULE) }));
  const types = await readFile(join(root, entry.types), "utf8");
  for (const ending of ["d.ts", "d.cts"]) await put(`${entry.file}.${ending}`, types);
}

/** Fails if pkg/package.json differs from the crate's version or from the table of entries. */
function checkManifest(manifest, version) {
  if (manifest.version !== version) throw new StepError(`pkg/package.json says version ${manifest.version}, Cargo.toml ${version}. Make them the same.`);
  for (const [member, wanted] of Object.entries(manifestOf(entries))) {
    // As text: the order of conditions has a meaning.
    if (JSON.stringify(manifest[member]) !== JSON.stringify(wanted)) {
      throw new StepError(`pkg/package.json and scripts/lib/entries.mjs differ. By the table, "${member}" is\n${JSON.stringify(wanted, undefined, 2)}`);
    }
  }
}

/** Builds pkg/ from scratch, each entry of scripts/lib/entries.mjs. */
export async function buildPackage(tools) {
  for (const name of await readdir(packageFolder)) if (!TRACKED.includes(name)) await rm(join(packageFolder, name), { recursive: true });
  const manifest = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8"));
  for (const entry of entries) {
    const parts = await buildModule(tools, entry);
    checkManifest(manifest, parts.version);
    await putEntry(entry, parts);
  }
  for (const file of ["LICENSE-MIT", "LICENSE-APACHE"]) await cp(join(root, file), join(packageFolder, file));
  await mkdir(join(packageFolder, "docs"));
  for (const [name, text] of await packedDocs()) await put(name, text);
}

/** Builds `build/test-exports/index.js`: the package's module, built the same way, with extra exports for tests. */
export async function buildTestModule(tools) {
  const parts = await buildModule(tools, testEntry);
  await writeFile(join(root, testEntry.folder, "index.js"), await bundle(testEntry, "esm", parts));
}
