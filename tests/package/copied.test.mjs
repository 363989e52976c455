// Files that a page copies: each holds a whole entry, so that Subresource Integrity over that one file covers all of it.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { entries } from "../../scripts/lib/entries.mjs";
import { exercise, expected, reportOfFolder } from "./page.mjs";
import { root } from "./project.mjs";

const packaged = (name) => readFile(join(root, "pkg", name));
const { version } = JSON.parse(await packaged("package.json"));

/** Reports a script that the browser refuses. */
const WATCHED = '<script>addEventListener("error", ({ target }) => target.tagName && report("refused"), true)</script>';

const page = {
  /** The hash of a module that another one imports is in the import map. */
  module: (file, integrity) => `
    <script type="importmap">${JSON.stringify({ imports: { handset: `./${file}` }, integrity: { [`./${file}`]: integrity } })}</script>
    <script type="module">import * as proveAuth from "handset";${exercise}</script>`,
  classic: (file, integrity) => `
    <script src="${file}" integrity="${integrity}" crossorigin="anonymous"></script>
    <script>if (globalThis.proveAuth) {${exercise}}</script>`,
};

const files = entries.flatMap(({ file, script }) => [[`${file}.js`, page.module], ...(script ? [[script.file, page.classic]] : [])]);

for (const [file, html] of files) {
  test(`${file} begins with the hint to compile its functions during the download`, async () => {
    assert.match(await readFile(join(root, "pkg", file), "utf8"), /^\/\/# allFunctionsCalledOnLoad\n/);
  });

  test(`${file} alone, under Subresource Integrity, loads no other file; an altered copy does not run`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "handset-copied-"));
    t.after(() => rm(folder, { recursive: true }));
    const bytes = await packaged(file);
    const integrity = `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
    await writeFile(join(folder, "index.html"), `<!doctype html><link rel="icon" href="data:,">${WATCHED}${html(file, integrity)}`);
    await writeFile(join(folder, file), bytes);
    const requested = [];
    assert.deepEqual(await reportOfFolder(folder, { requested }), expected(version));
    assert.deepEqual(requested, ["/", `/${file}`]);

    await writeFile(join(folder, file), `${bytes}\n`);
    assert.equal(await reportOfFolder(folder, { expectedErrors: [/integrity/, /ERR_/] }), "refused");
  });
}
