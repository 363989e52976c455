// Every way to load the package in a page, each in a browser.
import assert from "node:assert/strict";
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { build, createServer } from "vite";
import { exercise, expected, reportOf, reportOfFolder } from "./page.mjs";
import { cleanUp, project, root, run, tool } from "./project.mjs";

after(cleanUp);

const { version } = JSON.parse(await readFile(join(root, "pkg", "package.json"), "utf8"));
const MODULE = `import * as proveAuth from "handset";\n${exercise}`;
const html = (script) => `<!doctype html><meta charset="utf-8"><title>Throw-away</title>${script}`;
const FROM_FOLDER = {
  "index.html": html('<script type="module" src="main.js"></script>'),
  "main.js": `import * as proveAuth from "./node_modules/handset/index.js";\n${exercise}`,
};

test("a module script served from a folder", async (t) => {
  assert.deepEqual(await reportOfFolder(await project(t, FROM_FOLDER)), expected(version));
});

test("a page whose Content-Security-Policy allows wasm and no eval", async (t) => {
  const headers = { "Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" };
  assert.deepEqual(await reportOfFolder(await project(t, FROM_FOLDER), { headers }), expected(version));
});

test("a page whose Content-Security-Policy forbids wasm gets a coded error from the constructor, each time", async (t) => {
  const folder = await project(t, {
    ...FROM_FOLDER,
    "main.js": `
      import * as proveAuth from "./node_modules/handset/index.js";
      const kind = () => { try { new proveAuth.AuthenticatorBuilder(); } catch (error) { return error.kind; } };
      report([kind(), kind()]);`,
  });
  const headers = { "Content-Security-Policy": "default-src 'self'" };
  const expectedErrors = [/Content Security Policy/];
  assert.deepEqual(await reportOfFolder(folder, { headers, expectedErrors }), ["unsupported", "unsupported"]);
});

test("a classic script makes the global proveAuth, also in a page that does not say UTF-8", async (t) => {
  const folder = await project(t, {
    "index.html": `<!doctype html><meta charset="windows-1252"><title>Classic</title>
      <script src="handset.global.js"></script><script>${exercise}</script>`,
  });
  await cp(join(folder, "node_modules", "handset", "handset.global.js"), join(folder, "handset.global.js"));
  assert.deepEqual(await reportOfFolder(folder), expected(version));
});

test("bundled by esbuild with its defaults", async (t) => {
  const folder = await project(t, { "index.html": html('<script type="module" src="out.js"></script>'), "main.js": MODULE });
  await run(tool("esbuild"), ["main.js", "--bundle", "--format=esm", "--outfile=out.js"], folder);
  assert.deepEqual(await reportOfFolder(folder), expected(version));
});

const FOR_VITE = { "index.html": html('<script type="module" src="/main.js"></script>'), "main.js": MODULE };

test("built by Vite without configuration", async (t) => {
  const folder = await project(t, FOR_VITE);
  await build({ root: folder, logLevel: "error" });
  assert.deepEqual(await reportOfFolder(join(folder, "dist")), expected(version));
});

test("served by Vite's development server without configuration", async (t) => {
  const server = await createServer({ root: await project(t, FOR_VITE), logLevel: "error", server: { host: "127.0.0.1", port: 0 } });
  t.after(() => server.close());
  await server.listen();
  assert.deepEqual(await reportOf(`http://127.0.0.1:${server.httpServer.address().port}/`), expected(version));
});
