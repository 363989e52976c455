// The published types, in a strict project that checks libraries too.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { cleanUp, project, run, tool } from "./project.mjs";

after(cleanUp);

const snippets = await readFile(join(dirname(fileURLToPath(import.meta.url)), "snippets.ts"), "utf8");

for (const [module, moduleResolution] of [["esnext", "bundler"], ["nodenext", "nodenext"]]) {
  test(`a strict project compiles the snippets with moduleResolution ${moduleResolution}`, async (t) => {
    const compilerOptions = {
      target: "es2022",
      lib: ["es2022", "dom"],
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      noEmit: true,
      module,
      moduleResolution,
    };
    const folder = await project(t, { "snippets.ts": snippets, "tsconfig.json": JSON.stringify({ compilerOptions, files: ["snippets.ts"] }) });
    await assert.doesNotReject(run(tool("tsc"), ["-p", "tsconfig.json"], folder));
  });
}

/** Code that uses only types and values, without the browser's types. */
const SERVER = `
import { LoggerFactory, LogLevel, VERSION, type Authenticator, type ErrorKind } from "handset";
const kinds: ErrorKind[] = ["network"];
LoggerFactory.setLogLevel(LogLevel.disabled);
export const hear = (authenticator: Authenticator): (() => void) =>
  authenticator.addEventListener("statechange", ({ detail }) => { kinds.push(detail.failure?.kind ?? "internal"); }, { once: true });
export const version: string = VERSION;
`;

for (const [name, module, moduleResolution, lib] of [
  ["server.ts", "nodenext", "nodenext", ["es2022"]],
  ["server.cts", "node16", "node16", ["es2022"]],
  ["server.ts", "esnext", "bundler", ["es2022", "webworker"]],
]) {
  test(`${name} compiles with module ${module} and lib ${lib.join(", ")}, without the DOM`, async (t) => {
    const compilerOptions = { target: "es2022", lib, types: [], strict: true, skipLibCheck: false, noEmit: true, module, moduleResolution };
    const folder = await project(t, { [name]: SERVER, "tsconfig.json": JSON.stringify({ compilerOptions, files: [name] }) });
    await assert.doesNotReject(run(tool("tsc"), ["-p", "tsconfig.json"], folder));
  });
}
