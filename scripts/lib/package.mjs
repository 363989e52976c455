// Turns the crate and js/ into pkg/, the package that pages install. Needs node_modules: import it after the bootstrap.
import { readFileSync } from "node:fs";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build as esbuild, transform } from "esbuild";
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
 */
const smallStd = {
  flags: ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"],
  env: { RUSTC_BOOTSTRAP: "1", RUSTFLAGS: "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none" },
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
      ...["--strip-debug", "--strip-producers", "--strip-target-features"],
      "--minify-imports-and-exports-and-modules",
      ...[join(glueFolder, "handset_bg.wasm"), "-o", to],
    ],
    { output: "quiet" },
  );
  const { imports, exports } = JSON.parse(said);
  return Object.fromEntries([...imports.map(([, from, short]) => [from, short]), ...exports]);
}

/** Replaces what must stand in the glue exactly once. */
function replaceOnce(glue, from, to) {
  const parts = glue.split(from);
  if (parts.length === 2) return parts.join(to);
  throw new StepError(`wasm-bindgen's glue holds ${JSON.stringify(from)} ${parts.length - 1} times, not once: adapt adaptGlue in scripts/lib/package.mjs.`);
}

/**
 * wasm-opt merges all imports into one module named "a". A function that needs no conversion wasm-bindgen hands over as the
 * member of a namespace of its own: it joins the others, by its name.
 */
function mergeImports(glue) {
  const direct = [];
  const merged = glue.replace(/^import \* as (import\d+) from "([^"]+)";?$/gm, (_, namespace, from) => {
    const names = [...readFileSync(join(root, "js", basename(from)), "utf8").matchAll(/^export const (\w+)/gm)].map(([, name]) => name);
    direct.push({ namespace, from, names });
    return `import { ${names.join(", ")} } from "${from}";`;
  });
  const withoutNamespaces = direct.reduce((text, { namespace, from }) => replaceOnce(text, `"${from}": ${namespace},`, ""), merged);
  const names = direct.flatMap((module) => module.names);
  return replaceOnce(withoutNamespaces, '"./handset_bg.js": import0,', `a: { ...import0, ${names.join(", ")} },`);
}

/** Gives the glue the names that `optimise` gave the wasm, and wraps the exports so that js/trap.js sees a trap. */
async function adaptGlue({ glueFolder }, names) {
  const file = join(glueFolder, "handset.js");
  let glue = await readFile(file, "utf8");
  glue = mergeImports(glue);
  glue = `import { guard } from "handset-trap";\n${replaceOnce(glue, "wasm = instance.exports;", "wasm = guard(instance.exports);")}`;
  for (const name of Object.keys(names)) {
    // A property of the same name on another object would be renamed too, and break at run time.
    const uses = glue.match(new RegExp(`\\b(\\w+)\\.${name}\\b`, "g")) ?? [];
    const other = uses.find((use) => use !== `wasm.${name}`);
    if (other) throw new StepError(`The export "${name}" shares its name with ${other} in the glue. Give the Rust export another name.`);
  }
  const { code } = await transform(glue, {
    mangleProps: new RegExp(`^(?:${Object.keys(names).join("|")})$`),
    mangleCache: names,
  });
  await writeFile(file, code);
}

/** Stands for the wasm until the bundle is minified: a minifier would escape what is cheaper as it is. */
const WASM_PLACEHOLDER = "__HANDSET_WASM__";

/** The module "handset-wasm": its default export gives the bytes. Decoded natively where the browser can. */
const wasmModule = `
  export default () => {
    const text = "${WASM_PLACEHOLDER}";
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(btoa(text));
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  };`;

/**
 * Puts the wasm into the bundle as text, one code unit per byte. The file must be read as UTF-8, as every module is.
 *
 * Compressed this is 2 % larger than wasm and JS in files of their own; base64 would be 30 % larger, escapes in quotes 8 %.
 * Only what a template literal cannot hold is escaped: a carriage return would arrive as a line feed.
 */
function inline(code, wasm) {
  const escapes = { "\\": "\\\\", "`": "\\`", "${": "\\${", "\r": "\\r" };
  const literal = wasm.toString("latin1").replace(/\$\{|[\\`\r]/g, (unit) => escapes[unit]);
  const parts = code.split(`"${WASM_PLACEHOLDER}"`);
  if (parts.length !== 2) throw new StepError('The bundle must hold the wasm once: js/index.js imports "handset-wasm", and only there.');
  return parts.join(`\`${literal}\``);
}

/** Resolves what js/index.js imports by a bare name, and gives the glue the same js/ modules that js/index.js has. */
function handsetPlugin({ glueFolder }) {
  return {
    name: "handset",
    setup(build) {
      build.onResolve({ filter: /^handset-glue$/ }, () => ({ path: join(glueFolder, "handset.js") }));
      build.onResolve({ filter: /^handset-trap$/ }, () => ({ path: join(root, "js", "trap.js") }));
      build.onResolve({ filter: /^handset-wasm$/ }, () => ({ path: "handset-wasm", namespace: "handset-wasm" }));
      build.onLoad({ filter: /.*/, namespace: "handset-wasm" }, () => ({ contents: wasmModule, loader: "js" }));
      // wasm-bindgen copies the modules that Rust imports. With the copy there would be two classes of each error.
      build.onResolve({ filter: /\/snippets\/[^/]+\/js\/[^/]+\.js$/ }, ({ path }) => ({ path: join(root, "js", basename(path)) }));
    },
  };
}

/** @returns {Promise<string>} the entry with all it imports but the wasm, as one minified file */
async function bundle(variant, format, defines) {
  const { outputFiles } = await esbuild({
    stdin: { contents: variant.entry, resolveDir: root },
    bundle: true,
    write: false,
    minify: true,
    format,
    globalName: format === "iife" ? "proveAuth" : undefined,
    target: "es2022",
    legalComments: "none",
    define: Object.fromEntries(Object.entries(defines).map(([name, value]) => [name, JSON.stringify(value)])),
    plugins: [handsetPlugin(variant)],
    logLevel: "warning",
  });
  return outputFiles[0].text;
}

/** A page with a strict Content-Security-Policy, and a bundler without configuration, must be able to use the module. */
function refuseForbidden(code) {
  const forbidden = [/\bimport\.meta\b/, /\bimport\(/, /\beval\(/, /(?<![`\w])Function\(/];
  for (const pattern of forbidden) {
    const at = code.search(pattern);
    if (at >= 0) throw new StepError(`The bundle must not contain ${pattern.source}: …${code.slice(Math.max(0, at - 60), at + 60)}…`);
  }
}

function manifest(version) {
  return {
    name: "handset",
    version,
    description: "Verify in a web page, in seconds, that the person in front of it holds the phone they say they hold.",
    license: "MIT OR Apache-2.0",
    repository: { type: "git", url: "git+https://github.com/handset-dev/handset.git" },
    type: "module",
    sideEffects: false,
    types: "./index.d.ts",
    exports: {
      ".": { types: "./index.d.ts", default: "./index.js" },
      "./wasm": "./handset_bg.wasm",
      "./package.json": "./package.json",
    },
  };
}

/** Compiles, optimises, renames: what the bundles of a variant are made of. */
async function buildModule(tools, variant, wasmFile) {
  const { targetFolder, version } = await cargoMetadata();
  await compile(tools, { ...variant, targetFolder: join(targetFolder, variant.targetFolder) });
  const names = await optimise(variant, wasmFile);
  await adaptGlue(variant, names);
  const defines = {
    HANDSET_VERSION: version,
    // What the page's calls come down to: js/trap.js tells them from what the browser calls. Cleaning up throws nothing.
    HANDSET_API_EXPORTS: Object.keys(names).filter((name) => name.startsWith("core_") && name !== "core_dispose").map((name) => names[name]),
  };
  return { version, defines, wasm: await readFile(wasmFile) };
}

/** Builds pkg/ from nothing. `build/module.js` is the same module without the wasm, for `npm run size`. */
export async function buildPackage(tools) {
  await rm(packageFolder, { recursive: true, force: true });
  await mkdir(packageFolder);
  const { version, defines, wasm } = await buildModule(tools, release, join(packageFolder, "handset_bg.wasm"));

  const module = await bundle(release, "esm", defines);
  refuseForbidden(module);
  await writeFile(join(root, "build", "module.js"), inline(module, Buffer.alloc(0)));
  await writeFile(join(packageFolder, "index.js"), inline(module, wasm));
  // A classic script is read in the page's encoding; the byte order mark says UTF-8 whatever the page says.
  await writeFile(join(packageFolder, "handset.global.js"), `\uFEFF${inline(await bundle(release, "iife", defines), wasm)}`);

  await writeFile(join(packageFolder, "package.json"), `${JSON.stringify(manifest(version), null, 2)}\n`);
  await cp(join(root, "js", "index.d.ts"), join(packageFolder, "index.d.ts"));
  // Pictures stay in the repository: they would weigh more than the module.
  const withoutPictures = async (path) => (await readFile(join(root, path), "utf8")).replace(/<picture>.*?<\/picture>\n+/gs, "");
  await cp(join(root, "docs"), join(packageFolder, "docs"), { recursive: true, filter: (path) => basename(path) !== "screenshots" });
  await writeFile(join(packageFolder, "docs", "demo.md"), await withoutPictures(join("docs", "demo.md")));
  for (const file of ["LICENSE-MIT", "LICENSE-APACHE"]) await cp(join(root, file), join(packageFolder, file));
  await writeFile(join(packageFolder, "README.md"), await withoutPictures("README.md"));
}

/** Builds `build/test-exports/index.js`: the package's module, built the same way, and what only tests may call. */
export async function buildTestModule(tools) {
  const folder = join(root, "build", "test-exports");
  await mkdir(folder, { recursive: true });
  const { defines, wasm } = await buildModule(tools, withTestExports, join(folder, "handset_bg.wasm"));
  await writeFile(join(folder, "index.js"), inline(await bundle(withTestExports, "esm", defines), wasm));
}
