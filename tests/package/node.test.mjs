// A server that renders pages imports the package too: nothing may happen there.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { badToken } from "./page.mjs";
import { cleanUp, project, root, run } from "./project.mjs";

after(cleanUp);

/** The values that public code may rely on, as the report of the public surface has them. */
const report = await readFile(join(root, "docs", "handset.api.md"), "utf8");
const RUNTIME_NAMES = [...report.matchAll(/^export (?:class|const|enum) (\w+)/gm)].map(([, name]) => name).sort();

/** Counts what a module could do while it is imported. */
const WATCHED_IMPORT = `
  let work = 0;
  const count = (owner, name) => {
    const original = owner[name];
    owner[name] = new Proxy(original, {
      apply: (target, self, args) => (work++, Reflect.apply(target, self, args)),
      construct: (target, args) => (work++, Reflect.construct(target, args)),
    });
  };
  for (const name of ["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "fetch", "btoa", "atob"]) count(globalThis, name);
  for (const name of ["Module", "Instance", "compile", "instantiate"]) count(WebAssembly, name);
  const proveAuth = await import("handset");
  const atImport = work;
  new proveAuth.AuthenticatorBuilder();
  const atFirst = work;
  new proveAuth.AuthenticatorBuilder();
  console.log(JSON.stringify({ names: Object.keys(proveAuth).sort(), atImport, atFirst: atFirst > atImport, atSecond: work > atFirst }));
`;

test("importing exports the public names and does no work; the first constructor loads the module, once", async (t) => {
  const folder = await project(t, { "index.mjs": WATCHED_IMPORT });
  const { stdout } = await run(process.execPath, ["index.mjs"], folder);
  assert.deepEqual(JSON.parse(stdout), { names: RUNTIME_NAMES, atImport: 0, atFirst: true, atSecond: false });
});

test("a bad token is a coded error in Node too", async (t) => {
  const folder = await project(t, {
    "index.mjs": `
      import * as proveAuth from "handset";
      proveAuth.LoggerFactory.setLogLevel(proveAuth.LogLevel.disabled);
      const authenticator = new proveAuth.AuthenticatorBuilder().withAuthFinishStep(() => undefined).build();
      await authenticator.authenticate("${badToken}").catch((error) => console.log(error.kind));`,
  });
  const { stdout } = await run(process.execPath, ["index.mjs"], folder);
  assert.equal(stdout.trim(), "token_invalid");
});

test("the package carries its licences, its types and the bare wasm, and no dependency", async (t) => {
  const folder = join(await project(t, {}), "node_modules", "handset");
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  assert.equal(Object.keys(manifest.exports["."])[0], "types", "TypeScript reads the first condition that fits");
  assert.equal(manifest.dependencies, undefined);
  for (const file of ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "index.d.ts"]) {
    assert.ok((await readFile(join(folder, file), "utf8")).length > 100, file);
  }
  assert.ok(WebAssembly.validate(await readFile(join(folder, manifest.exports["./wasm"]))));
});
