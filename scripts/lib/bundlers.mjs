// The package in the output of bundlers, as an app ships it: `npm run size` prints these sizes beside the package's own file.
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build as esbuild } from "esbuild";
import { build as vite } from "vite";
import webpack from "webpack";
import { root, StepError } from "./run.mjs";

/** A minimal app with the usual calls of a page. */
const APP = `import * as proveAuth from "handset";
globalThis.build = () => new proveAuth.AuthenticatorBuilder().build();
`;

const behindWebpack = (folder) =>
  new Promise((resolve, reject) => {
    const options = { mode: "production", context: folder, entry: "./main.js", output: { path: join(folder, "webpack"), filename: "app.js" }, performance: false };
    webpack(options, (error, stats) => {
      if (error || stats.hasErrors()) reject(error ?? new StepError(stats.toString("errors-only")));
      else resolve("webpack/app.js");
    });
  });

async function behindVite(folder) {
  const options = { outDir: "vite", rolldownOptions: { input: join(folder, "main.js"), output: { entryFileNames: "app.js" } } };
  await vite({ root: folder, configFile: false, logLevel: "error", build: options });
  return "vite/app.js";
}

async function behindEsbuild(folder) {
  await esbuild({ absWorkingDir: folder, entryPoints: ["main.js"], bundle: true, minify: true, format: "esm", outfile: "esbuild/app.js", logLevel: "error" });
  return "esbuild/app.js";
}

/** @returns {Promise<[string, Buffer][]>} the output of each bundler for the app, with production defaults */
export async function bundled() {
  const folder = join(root, "build", "bundled");
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, "node_modules"), { recursive: true });
  await symlink(join(root, "pkg"), join(folder, "node_modules", "handset"), "junction");
  await writeFile(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  await writeFile(join(folder, "main.js"), APP);
  const found = [];
  for (const [name, build] of Object.entries({ webpack: behindWebpack, Vite: behindVite, esbuild: behindEsbuild })) {
    found.push([`an app, by ${name}`, await readFile(join(folder, await build(folder)))]);
  }
  return found;
}
