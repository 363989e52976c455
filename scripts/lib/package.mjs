// Turns the crate and js/ into pkg/, the package that pages install. Needs node_modules: import it after the bootstrap.
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build as esbuild } from "esbuild";
import { wasmModule } from "./ascii.mjs";
import { adaptGlue } from "./glue.mjs";
import { packedDocs } from "./packed-docs.mjs";
import { root, run, StepError } from "./run.mjs";

const packageFolder = join(root, "pkg");

/** What is built, and where what it is made of stands on the way. */
const release = {
  glueFolder: join(root, "build", "glue"),
  entry: 'export * from "./js/index.js";',
  features: [],
  /** Below cargo's target folder: two builds of one library in one folder would overwrite each other. */
  targetFolder: "",
};
const withTestExports = {
  glueFolder: join(root, "build", "test-exports", "glue"),
  entry: `${release.entry} export { trapForTest } from "handset-glue";`,
  features: ["--features", "test-exports"],
  targetFolder: "test-exports",
};

/** What cargo knows of the workspace: where it builds to, and the version that is released. */
async function cargoMetadata() {
  const metadata = JSON.parse(await run("cargo", ["metadata", "--no-deps", "--format-version", "1"], { output: "quiet" }));
  const { version } = metadata.packages.find(({ name }) => name === "handset");
  return { targetFolder: metadata.target_directory, version };
}

/**
 * Builds the standard library along with the crate, without the texts of panics: a tenth of the module (the page sees a
 * coded error in any case, see js/trap.js). Unstable flags, hence a pinned toolchain and RUSTC_BOOTSTRAP for this one call.
 * References to JS values as numbers in a table of the glue's: 0.5 kB less, and browsers of before 2021 can start it.
 * Inlining in MIR, which size optimization leaves out, is 1.1 kB less, since what is inlined early is simplified early.
 */
const smallStd = {
  flags: ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"],
  env: { RUSTC_BOOTSTRAP: "1", RUSTFLAGS: "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none -Zinline-mir=yes -Ctarget-feature=-reference-types" },
};

/** Rust → wasm, and the glue that wasm-bindgen writes for it. */
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
    "--omit-default-module-path", // it is an import.meta.url, which bundlers would try to resolve
    ...["--encode-into", "always"], // every browser that has the wasm features used here has it
    join(targetFolder, "wasm32-unknown-unknown", "release", "handset.wasm"),
  ]);
}

/**
 * Makes the wasm smaller and renames its imports and exports to one letter each.
 *
 * The features of rustc's wasm are named in its target-features section, which is why Cargo does not strip: wasm-opt reads it, then drops it.
 *
 * @returns {Promise<Record<string, string>>} new names by old
 */
async function optimise({ glueFolder }, to) {
  const said = await run(
    join(root, "node_modules", ".bin", "wasm-opt"),
    [
      // Inlining every function that has one caller makes the raw wasm smaller and the compressed one larger; so does rustc's
      // order of blocks. Together 1.7 kB of 37.6 kB brotli.
      ...["--flatten", "--rereloop", "-Oz", "-Oz", "--one-caller-inline-max-function-size", "20"],
      // Engines ignore the alignments of loads and stores; dropped, they all look the same to a compressor.
      "--dealign",
      ...["--strip-debug", "--strip-producers", "--strip-target-features"],
      "--minify-imports-and-exports-and-modules",
      ...[join(glueFolder, "handset_bg.wasm"), "-o", to],
    ],
    { output: "quiet" },
  );
  const { imports, exports } = JSON.parse(said);
  return Object.fromEntries([...imports.map(([, from, short]) => [from, short]), ...exports]);
}

/** Resolves what js/index.js imports by a bare name, and gives the glue the same js/ modules that js/index.js has. */
function handsetPlugin({ glueFolder }, wasm) {
  return {
    name: "handset",
    setup(build) {
      build.onResolve({ filter: /^handset-glue$/ }, () => ({ path: join(glueFolder, "handset.js") }));
      build.onResolve({ filter: /^handset-(?:trap|host)$/ }, ({ path }) => ({ path: join(root, "js", `${path.slice("handset-".length)}.js`) }));
      build.onResolve({ filter: /^handset-wasm$/ }, () => ({ path: "handset-wasm", namespace: "handset-wasm" }));
      build.onLoad({ filter: /.*/, namespace: "handset-wasm" }, () => ({ contents: wasm, loader: "js" }));
      // wasm-bindgen copies the modules that Rust imports. With the copy there would be two classes of each error.
      build.onResolve({ filter: /\/snippets\/[^/]+\/js\/[^/]+\.js$/ }, ({ path }) => ({ path: join(root, "js", basename(path)) }));
    },
  };
}

/** @returns {Promise<string>} the entry with all it imports, as one minified file */
async function bundle(variant, format, { defines, wasm }) {
  const { outputFiles } = await esbuild({
    stdin: { contents: variant.entry, resolveDir: root },
    bundle: true,
    write: false,
    minify: true,
    format,
    // Says the exported names of a CommonJS file in the way that Node and bundlers can read without running it.
    platform: format === "cjs" ? "node" : "neutral",
    globalName: format === "iife" ? "proveAuth" : undefined,
    // What webpack 4 and tools of its time can parse. Everything is ASCII: no page, header or copy can misread it.
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

/** A page with a strict Content-Security-Policy, a bundler without configuration, and a page that holds the code must be able to use it. */
function refuseForbidden(code) {
  const forbidden = [/\bimport\.meta\b/, /\bimport\(/, /\beval\(/, /(?<![`\w])Function\(/, /<\/script|<!--/i, /[^\n\x20-\x7e]/, / $/m];
  for (const pattern of forbidden) {
    const at = code.search(pattern);
    if (at >= 0) throw new StepError(`The bundle must not contain ${pattern.source}: …${code.slice(Math.max(0, at - 60), at + 60)}…`);
  }
}

/** Compiles, optimises, renames: what the bundles of a variant are made of. */
async function buildModule(tools, variant, wasmFile) {
  const { targetFolder, version } = await cargoMetadata();
  await compile(tools, { ...variant, targetFolder: join(targetFolder, variant.targetFolder) });
  const names = await optimise(variant, wasmFile);
  await adaptGlue(join(variant.glueFolder, "handset.js"), names);
  const defines = {
    HANDSET_VERSION: version,
    // What the page's calls come down to: js/trap.js tells them from what the browser calls. Cleaning up throws nothing.
    HANDSET_API_EXPORTS: Object.keys(names).filter((name) => name.startsWith("engine_") && name !== "engine_dispose").map((name) => names[name]),
  };
  return { version, defines, wasm: wasmModule(await readFile(wasmFile)) };
}

/** What is tracked in pkg/; the rest of it is built. */
const TRACKED = ["package.json", "README.md"];

/** The entry `handset/preload`: for its effect, on the instance of the page. A failure is told by the first constructor. */
const PRELOAD = {
  "preload.js": 'import { preload } from "./index.js";\npreload().catch(() => {});\n',
  "preload.cjs": '"use strict";\nrequire("./index.cjs").preload().catch(() => {});\n',
  "preload.d.ts": "export {};\n",
  "preload.d.cts": "export {};\n",
};

/** Builds pkg/ from nothing. `build/module.js` is the same module without the wasm, for `npm run size`. */
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
  await writeFile(join(root, "build", "module.js"), await bundle(release, "esm", { ...parts, wasm: wasmModule(Buffer.alloc(0)) }));
  for (const [name, text] of Object.entries(PRELOAD)) await put(name, text);

  const types = await readFile(join(root, "js", "index.d.ts"), "utf8");
  await put("index.d.ts", types);
  await put("index.d.cts", types);
  for (const file of ["LICENSE-MIT", "LICENSE-APACHE"]) await cp(join(root, file), join(packageFolder, file));
  await mkdir(join(packageFolder, "docs"));
  for (const [name, text] of await packedDocs()) await put(name, text);
}

/** Builds `build/test-exports/index.js`: the package's module, built the same way, and what only tests may call. */
export async function buildTestModule(tools) {
  const folder = join(root, "build", "test-exports");
  await mkdir(folder, { recursive: true });
  const parts = await buildModule(tools, withTestExports, join(folder, "handset_bg.wasm"));
  await writeFile(join(folder, "index.js"), await bundle(withTestExports, "esm", parts));
}
