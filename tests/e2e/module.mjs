// The built package in an empty page, without the page of www/ around it.
import { cp, mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./sandbox.mjs";

const PAGE = `<!doctype html><html lang="en"><link rel="icon" href="icon.svg"><title>Module</title><script type="module" src="rig.js"></script></html>`;

/**
 * Makes a folder for a sandbox to serve: the module under test, and rig.js beside it.
 *
 * @param {string} [file] the module under test
 */
export async function moduleFolder(file = "pkg/index.js") {
  const folder = join(root, "tests", "output", `module-${basename(dirname(file))}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "index.html"), PAGE);
  await cp(join(root, file), join(folder, "handset.js"));
  await cp(fileURLToPath(new URL("rig.js", import.meta.url)), join(folder, "rig.js"));
  await cp(join(root, "www", "icon.svg"), join(folder, "icon.svg"));
  return folder;
}

/** Opens the page of such a folder, with the globals of rig.js. */
export async function openModule(page, sandbox) {
  await page.goto(sandbox.origin);
  return page;
}
