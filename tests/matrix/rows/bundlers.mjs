// Bundlers, each with minimal configuration.
import { readFile } from "node:fs/promises";
import { html } from "../given.mjs";
import { freePort } from "../programs.mjs";
import { bundle, openOnLatinPages } from "./site.mjs";

const CLASSIC = '<script defer src="main.js"></script>';
const MODULE = '<script type="module" src="main.js"></script>';

/** The configuration for webpack and Rspack. */
const configuration = (given, folder, { output = {}, ...more } = {}) => ({
  mode: "production",
  entry: "./main.js",
  output: { path: given.path(folder), filename: "main.js", ...output },
  ...more,
});

/** Bundles with webpack or Rspack and opens the page with each of `charsets`; "" stands for no charset. */
async function packed(given, bundler, folder, { charsets = ["utf-8"], script = CLASSIC, ...more } = {}, options) {
  await given.pack(bundler, configuration(given, folder, more), options);
  for (const charset of charsets) {
    await given.write(`${folder}/index.html`, html(script, { charset }));
    await given.open(folder);
  }
  return [given.path(folder, "main.js")];
}

const OUTPUT_MODULE = { script: MODULE, output: { module: true, library: { type: "module" } }, experiments: { outputModule: true } };
const rows = (family, quick, list) => Object.entries(list).map(([name, run]) => ({ family, name, quick, run }));

/** Runs Parcel without its cache. */
const parcel = (given, args) => given.tool("parcel/lib/bin.js", [...args, "--no-cache", "--log-level", "error"]);

async function parcelBuild(given, folder, args = []) {
  await given.write("index.html", html(MODULE));
  await parcel(given, ["build", "index.html", "--no-source-maps", "--dist-dir", folder, ...args]);
  await given.open(folder);
  return given.scriptsIn(folder);
}

export const bundlers = [
  ...rows("bundlers", true, {
    "webpack 5 production, on a latin-1 page": (given) => packed(given, "webpack", "webpack", { charsets: ["", "windows-1252"] }),
    "Rspack 1.7 production": (given) => packed(given, "@rspack/core", "rspack"),
    "Parcel 2 build": (given) => parcelBuild(given, "parcel"),
  }),
  ...rows("bundlers", false, {
    "webpack 5 production, on pages in shift_jis, euc-kr, gbk": (given) => packed(given, "webpack", "webpack-asia", { charsets: ["shift_jis", "euc-kr", "gbk"] }),
    "webpack 5, output.module": (given) => packed(given, "webpack", "webpack-module", OUTPUT_MODULE),
    "Rspack 1.7, output.module": (given) => packed(given, "@rspack/core", "rspack-module", OUTPUT_MODULE),
    "Parcel 2 build --no-optimize": (given) => parcelBuild(given, "parcel-plain", ["--no-optimize"]),
    "webpack 5 development": (given) => packed(given, "webpack", "webpack-development", { mode: "development" }),
    "Parcel 2 serve": async (given) => {
      await given.write("index.html", html(MODULE));
      await given.serving("parcel/lib/bin.js", ["serve", "index.html", "--port", await freePort(), "--no-cache", "--no-hmr"], (origin) => given.openAddress(`${origin}/`));
    },
  }),
];

const rollupConfiguration = `
  import { readFileSync } from "node:fs";
  // Stands in for a plugin that resolves node_modules.
  const resolve = { name: "resolve", resolveId: (id) => (id === "handset" ? new URL("node_modules/handset/index.js", import.meta.url).pathname : null) };
  export default { input: "main.js", plugins: [resolve], output: { file: "rollup/main.js", format: "iife" } };`;

/** Bundles into rollup/main.js, once. */
const rollup = (given) =>
  given.once("rollup", async () => {
    await given.write("rollup.config.mjs", rollupConfiguration);
    await given.tool("rollup/dist/bin/rollup", ["--config", "rollup.config.mjs", "--silent"]);
  });

async function rolldown(given, folder, args = []) {
  await given.tool("rolldown/bin/cli.mjs", ["main.js", "--format", "iife", ...args, "--file", `${folder}/main.js`]);
  return openOnLatinPages(given, `${folder}-page`, await readFile(given.path(folder, "main.js"), "utf8"));
}

export const moreBundlers = rows("more-bundlers", false, {
  "Rspack 1.0 production": (given) => packed(given, "rspack-1.0", "rspack-1.0"),
  "Rspack 1.0, output.module": (given) => packed(given, "rspack-1.0", "rspack-1.0-module", OUTPUT_MODULE),
  "Rspack 2 production": (given) => packed(given, "@rspack/core", "rspack-2"),
  "webpack 4 production": (given) => packed(given, "webpack-4", "webpack-4", {}, { env: { NODE_OPTIONS: "--openssl-legacy-provider" } }),
  "Rollup iife, not minified, on a latin-1 page": async (given) => {
    await rollup(given);
    return openOnLatinPages(given, "rollup-plain", await readFile(given.path("rollup", "main.js"), "utf8"));
  },
  "Rollup iife + terser, on a latin-1 page": async (given) => {
    await rollup(given);
    await given.tool("terser/bin/terser", ["rollup/main.js", "--compress", "--mangle", "--output", "rollup/min.js"]);
    return openOnLatinPages(given, "rollup-page", await readFile(given.path("rollup", "min.js"), "utf8"));
  },
  "Rolldown iife, not minified, on a latin-1 page": (given) => rolldown(given, "rolldown-plain"),
  "Rolldown iife, minified, on a latin-1 page": (given) => rolldown(given, "rolldown", ["--minify"]),
  "swc to ES5, minified": async (given) => {
    await given.write("bundled.js", await bundle(given, { format: "iife" }));
    await given.write("swc.mjs", `
      import { readFileSync, writeFileSync } from "node:fs";
      import { transformSync } from "@swc/core";
      const { code } = transformSync(readFileSync("bundled.js", "utf8"), { jsc: { target: "es5", parser: { syntax: "ecmascript" }, minify: { compress: true, mangle: true } }, minify: true, isModule: false });
      writeFileSync("swc-es5.js", code);`);
    await given.node(["swc.mjs"]);
    return openOnLatinPages(given, "swc", await readFile(given.path("swc-es5.js"), "utf8"));
  },
}).concat(
  rows("closure", false, {
    "google-closure-compiler SIMPLE": async (given) => {
      await given.write("bundled.js", await bundle(given, { format: "iife" }));
      await given.exec(given.path("node_modules", "google-closure-compiler-linux", "compiler"), ["--compilation_level=SIMPLE", "--language_out=ECMASCRIPT_2019", "--js=bundled.js", "--js_output_file=closure.js", "--warning_level=QUIET"]);
      return openOnLatinPages(given, "closure", await readFile(given.path("closure.js"), "utf8"));
    },
  }),
);

/** Vite in another version, installed under an alias. */
async function viteBuild(given, name, { args = [], charset } = {}) {
  await given.write("index.html", html('<script type="module" src="/main.js"></script>', { charset }));
  const folder = `dist-${name}${args.length}`;
  await given.tool(`${name}/bin/vite.js`, ["build", "--outDir", folder, "--logLevel", "error", ...args]);
  await given.open(folder);
  return folder;
}

export const vite = rows("vite", false, {
  "Vite 8 build": async (given) => given.scriptsIn(await viteBuild(given, "vite")),
  "Vite 5 build": async (given) => given.scriptsIn(await viteBuild(given, "vite-5")),
  "Vite 8, vite-plugin-singlefile": async (given) => {
    await given.write("single.config.mjs", 'import { viteSingleFile } from "vite-plugin-singlefile";\nexport default { plugins: [viteSingleFile()] };\n');
    const folder = await viteBuild(given, "vite", { args: ["--config", "single.config.mjs"] });
    return [given.path(folder, "index.html")];
  },
});
