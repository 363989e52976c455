// Small sites of one page.
import { cp, mkdir, writeFile } from "node:fs/promises";
import { build } from "esbuild";
import { html } from "../given.mjs";

/** Writes a page into its own folder. */
export async function site(given, name, files) {
  await mkdir(given.path(name), { recursive: true });
  await cp(given.path("flow.js"), given.path(name, "flow.js"));
  for (const [file, content] of Object.entries(files)) await writeFile(given.path(name, file), content);
}

/** Bundles the flow and the package into one script. */
export async function bundle(given, options) {
  const { outputFiles } = await build({ absWorkingDir: given.folder, entryPoints: ["main.js"], bundle: true, write: false, logLevel: "silent", ...options });
  return outputFiles[0].text;
}

/** Opens a classic script in pages that do not declare UTF-8. @returns its file, for its size */
export async function openOnLatinPages(given, name, script) {
  for (const charset of ["", "windows-1252"]) {
    await site(given, name, { "index.html": html('<script defer src="out.js"></script>', { charset }), "out.js": script });
    await given.open(name);
  }
  return [given.path(name, "out.js")];
}
