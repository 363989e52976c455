// Gives a test the built package in an empty page, without the page of www/ around it.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./sandbox.mjs";

const PAGE = `<!doctype html><html lang="en"><title>Module</title><script type="module" src="rig.js"></script></html>`;

/** As strict as the page's own. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ws:";

/**
 * An empty page of the sandbox's origin, in which the globals of rig.js stand.
 *
 * @param {string} [file] the module under test
 */
export async function openModule(page, sandbox, file = "pkg/index.js") {
  const files = {
    "": ["text/html", PAGE],
    "rig.js": ["text/javascript", await readFile(new URL("rig.js", import.meta.url))],
    "handset.js": ["text/javascript", await readFile(join(root, file))],
  };
  await page.route(`${sandbox.origin}/__test__/*`, (route) => {
    const [contentType, body] = files[new URL(route.request().url()).pathname.replace("/__test__/", "")] ?? [];
    if (!body) return route.abort();
    return route.fulfill({ contentType, body, headers: { "Content-Security-Policy": POLICY } });
  });
  await page.goto(`${sandbox.origin}/__test__/`);
  await page.evaluate(() => import("/__test__/rig.js").then(() => {}));
  return page;
}
