// The package in Node: a server that renders pages imports it too, and the import must have no effect.
import assert from "node:assert/strict";
import { access, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { badToken } from "./page.mjs";
import { cleanUp, project, root, run } from "./project.mjs";

after(cleanUp);

/** The report of the public API. */
const report = await readFile(join(root, "docs", "handset.api.md"), "utf8");
const RUNTIME_NAMES = [...report.matchAll(/^export (?:class|const|enum|function) (\w+)/gm)].map(([, name]) => name).sort();

const { version } = JSON.parse(await readFile(join(root, "pkg", "package.json"), "utf8"));

/** Counts the side effects of an import. */
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

test("preload() loads the page's one instance: before the first constructor, while it runs, and again after a failure", async (t) => {
  const folder = await project(t, {
    "index.mjs": `
      import { AuthenticatorBuilder, preload } from "handset";
      let instances = 0;
      // The decoder of the module has no imports.
      const count = ([, imports]) => { if (imports) instances++; };
      for (const name of ["Instance", "instantiate"]) {
        const original = WebAssembly[name];
        WebAssembly[name] = new Proxy(original, { apply: (target, self, args) => (count(args), Reflect.apply(target, self, args)), construct: (target, args) => (count(args), Reflect.construct(target, args)) });
      }
      const { instantiate } = WebAssembly;
      WebAssembly.instantiate = () => Promise.reject(new Error("no"));
      const failed = await preload().catch((error) => error.kind);
      WebAssembly.instantiate = instantiate;
      const calls = [preload(), preload()];
      const whileItRuns = new AuthenticatorBuilder().build().isMobileWeb();
      await Promise.all(calls);
      await preload();
      const after = new AuthenticatorBuilder().build().isMobileWeb();
      const finished = [];
      await new AuthenticatorBuilder().withAuthFinishStep(({ authId }) => { finished.push(authId); }).build().finishInstantLink("https://e.com/?asc=true&authId=1");
      console.log(JSON.stringify({ failed, isOnePromise: calls[0] === calls[1], whileItRuns, after, finished, instances }));`,
  });
  const { stdout } = await run(process.execPath, ["index.mjs"], folder);
  // One by the constructor, one by preload(), which finds that it came too late.
  assert.deepEqual(JSON.parse(stdout), { failed: "unsupported", isOnePromise: true, whileItRuns: false, after: false, finished: ["1"], instances: 2 });
});

test("handset/preload loads the instance that handset hands out, by import and by require", async (t) => {
  // Browsers with this limit compile up to 4 kB at once: the decoder of the module, but not the module.
  const WATCH = `const { Module } = WebAssembly;
    WebAssembly.Module = function (bytes) {
      if (bytes.byteLength > 4096) throw new RangeError("WebAssembly.Compile is disallowed on the main thread");
      return new Module(bytes);
    };`;
  const folder = await project(t, {
    "with.mjs": `${WATCH} await import("handset/preload"); const { AuthenticatorBuilder, preload } = await import("handset"); await preload(); new AuthenticatorBuilder(); console.log("built");`,
    "with.cjs": `${WATCH} require("handset/preload"); const { AuthenticatorBuilder, preload } = require("handset"); preload().then(() => { new AuthenticatorBuilder(); console.log("built"); });`,
    "without.mjs": `${WATCH} const { AuthenticatorBuilder } = await import("handset"); try { new AuthenticatorBuilder(); } catch ({ kind, message }) { console.log(kind + ": " + message); }`,
  });
  const said = async (file) => (await run(process.execPath, [file], folder)).stdout.trim();
  assert.equal(await said("with.mjs"), "built");
  assert.equal(await said("with.cjs"), "built");
  assert.equal(await said("without.mjs"), "unsupported: this browser compiles WebAssembly asynchronously only: await preload() before the first constructor");
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

test("the package carries its licences and its types, and no dependency", async (t) => {
  const folder = join(await project(t, {}), "node_modules", "handset");
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  for (const condition of ["import", "require"]) {
    assert.equal(Object.keys(manifest.exports["."][condition])[0], "types", "TypeScript reads the first condition that fits");
  }
  assert.equal(manifest.dependencies, undefined);
  assert.equal(manifest.version, version);
  for (const file of ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "index.d.ts", "index.d.cts"]) {
    assert.ok((await readFile(join(folder, file), "utf8")).length > 100, file);
  }
});

test("each file that is exported can be found, by import and by require", async (t) => {
  const folder = await project(t, {
    "index.cjs": `
      const names = ["handset", "handset/preload", "handset/handset.global.js", "handset/package.json"];
      console.log(JSON.stringify(names.map((name) => require.resolve(name).split("/").at(-1))));`,
    "index.mjs": `
      const names = ["handset", "handset/preload", "handset/handset.global.js", "handset/package.json"];
      console.log(JSON.stringify(names.map((name) => import.meta.resolve(name).split("/").at(-1))));`,
  });
  const found = async (file) => JSON.parse((await run(process.execPath, [file], folder)).stdout);
  assert.deepEqual(await found("index.cjs"), ["index.cjs", "preload.cjs", "handset.global.js", "package.json"]);
  assert.deepEqual(await found("index.mjs"), ["index.js", "preload.js", "handset.global.js", "package.json"]);
});

test("require gives the same names as import, without Node's own way of requiring ES modules", async (t) => {
  const folder = await project(t, { "index.cjs": 'console.log(JSON.stringify(Object.keys(require("handset")).sort()));' });
  const flags = process.allowedNodeEnvironmentFlags.has("--no-experimental-require-module") ? ["--no-experimental-require-module"] : [];
  const { stdout } = await run(process.execPath, [...flags, "index.cjs"], folder);
  assert.deepEqual(JSON.parse(stdout), RUNTIME_NAMES);
});

/** Evaluates the CommonJS file in a context with only the language's globals. */
const BARE = `
  const { readFileSync } = require("node:fs");
  const vm = require("node:vm");
  const bare = vm.createContext({ module: { exports: {} } });
  vm.runInContext(readFileSync(require.resolve("handset"), "utf8"), bare);
  const first = () => vm.runInContext("try { new module.exports.AuthenticatorBuilder() } catch ({ kind, message }) { kind + ': ' + message }", bare);
  const without = first();
  Object.assign(bare, { TextDecoder, TextEncoder, EventTarget, setTimeout });
  const withMost = first();
  bare.fetch = fetch;
  console.log(JSON.stringify({ without, withMost, isBuilt: typeof first() }));
`;

test("importing touches no global; the first constructor names what is missing, and may be tried again", async (t) => {
  const { stdout } = await run(process.execPath, ["index.cjs"], await project(t, { "index.cjs": BARE }));
  assert.deepEqual(JSON.parse(stdout), {
    without: "unsupported: this environment lacks TextDecoder, TextEncoder, EventTarget, fetch, setTimeout",
    withMost: "unsupported: this environment lacks fetch",
    isBuilt: "object",
  });
});

test("shipped files are printable ASCII without the sequences that HTML, templates or String.replace interpret", async (t) => {
  const folder = join(await project(t, {}), "node_modules", "handset");
  for (const file of ["index.js", "index.cjs", "handset.global.js", "preload.js", "preload.cjs"]) {
    const code = await readFile(join(folder, file), "latin1");
    assert.doesNotMatch(code, /[^\n\x20-\x7e]/, file);
    assert.doesNotMatch(code, /<\/script|<!--|[ \t]$/im, file);
    // String.replace interprets these in a replacement text.
    assert.doesNotMatch(code, /\$[$&`'<\d]/, file);
  }
});

test("in an altered file, each constructor reports the alteration", async (t) => {
  const folder = await project(t, {
    "index.mjs": String.raw`
      import { readFileSync, writeFileSync } from "node:fs";
      const code = readFileSync(new URL("node_modules/handset/index.js", import.meta.url), "utf8");
      const [literal] = code.match(/"[^"]{50000,}"/);
      const at = literal.length >> 1;
      const altered = {
        cut: literal.slice(0, at) + literal.slice(at + 1),
        longer: literal.slice(0, at) + literal.slice(at - 1),
        changed: literal.slice(0, at) + (literal[at] === "a" ? "b" : "a") + literal.slice(at + 1),
        swapped: literal.replace(/(\w)(?!\1)(\w)/, "$2$1"),
        misread: literal.slice(0, at) + "\ufffd" + literal.slice(at + 1),
      };
      const said = {};
      for (const [name, text] of Object.entries(altered)) {
        writeFileSync(name + ".mjs", code.replace(literal, () => text));
        const { AuthenticatorBuilder } = await import("./" + name + ".mjs");
        const first = () => { try { new AuthenticatorBuilder(); } catch ({ kind, message }) { return kind + ": " + message; } };
        said[name] = [first(), first()];
      }
      console.log(JSON.stringify(said));`,
  });
  const { stdout } = await run(process.execPath, ["index.mjs"], folder);
  const refusal = "unsupported: the file was altered or read in another encoding";
  for (const [name, said] of Object.entries(JSON.parse(stdout))) assert.deepEqual(said, [refusal, refusal], name);
});

test("every link in the packed pages leads to a packed page, or to the web", async (t) => {
  const folder = join(await project(t, {}), "node_modules", "handset");
  const pages = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".md"));
  assert.ok(pages.length > 10);
  for (const page of pages) {
    const text = await readFile(join(folder, page), "utf8");
    for (const [, link] of text.matchAll(/\]\(([^)#\s]+)/g)) {
      if (/^https?:/.test(link)) continue;
      await assert.doesNotReject(access(join(folder, dirname(page), link)), `${page}: ${link}`);
    }
  }
});
