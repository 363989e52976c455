// The package in the output of bundlers, as an app ships it: `npm run size` prints these sizes beside the package's own files.
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build as esbuild } from "esbuild";
import { build as vite } from "vite";
import webpack from "webpack";
import { root, StepError } from "./run.mjs";

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

/**
 * @param {import("./entries.mjs").Entry} entry
 * @returns {Promise<[string, Buffer][]>} the output of each bundler for the entry's app, with production defaults
 */
export async function bundled({ app, file: entryFile }) {
  const folder = join(root, "build", "bundled", entryFile);
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, "node_modules"), { recursive: true });
  await symlink(join(root, "pkg"), join(folder, "node_modules", "handset"), "junction");
  await writeFile(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  await cp(join(root, app), join(folder, "main.js"));
  const found = [];
  for (const [name, build] of Object.entries({ webpack: behindWebpack, Vite: behindVite, esbuild: behindEsbuild })) {
    const file = await build(folder);
    // A chunk of its own would be missing from the size.
    const chunks = (await readdir(dirname(join(folder, file)), { recursive: true })).filter((name) => name.endsWith(".js"));
    if (chunks.length !== 1) throw new StepError(`${name} wrote ${chunks.join(", ")}, not one file.`);
    found.push([`an app that verifies a phone, by ${name}`, await readFile(join(folder, file))]);
  }
  return found;
}
