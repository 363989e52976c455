// Adapts the glue that wasm-bindgen writes: short names, the globals of js/host.js, nothing at import.
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { transform } from "esbuild";
import { root, StepError } from "./run.mjs";

/** What gloo-net, gloo-timers and wasm-bindgen's futures call by name: js/host.js has one of each that throws nothing. */
const GUARDED = ["Error", "Response", "clearTimeout", "fetch", "queueMicrotask", "setTimeout"];

/** Replaces what must stand in the glue exactly once. */
function replaceOnce(glue, from, to) {
  const parts = glue.split(from);
  if (parts.length === 2) return parts.join(to);
  throw new StepError(`wasm-bindgen's glue holds ${JSON.stringify(from)} ${parts.length - 1} times, not once: adapt scripts/lib/glue.mjs.`);
}

/**
 * wasm-opt merges all imports into one module named "a". A function that needs no conversion wasm-bindgen hands over as the
 * member of a namespace of its own: it joins the others, by its name.
 */
function mergeImports(glue, imported) {
  const files = new Map();
  const merged = glue.replace(/^import \* as \w+ from "([^"]+)";?$/gm, (_, from) => (files.set(basename(from), from), ""));
  const withoutNamespaces = merged.replace(/^ *"\.\/snippets\/[^"]+": import\d+,\n/gm, "");
  const joined = [...files].map(([file, from]) => {
    const names = [...readFileSync(join(root, "js", file), "utf8").matchAll(/^export (?:const|class) (\w+)/gm)].map(([, name]) => name);
    return { from, names: names.filter((name) => imported.includes(name)) };
  });
  const lines = joined.map(({ from, names }) => `import { ${names.map((name) => `${name} as host_${name}`).join(", ")} } from "${from}";`);
  const members = joined.flatMap(({ names }) => names.map((name) => `${name}: host_${name},`));
  return `${lines.join("\n")}\n${replaceOnce(withoutNamespaces, '"./handset_bg.js": import0,', `a: { ...import0, ${members.join(" ")} },`)}`;
}

/** What the glue makes when it is imported it makes when the module starts: importing touches nothing. */
function makeLazy(glue) {
  const made = [];
  const later = (pattern) => {
    const [statement, name, value] = glue.match(pattern) ?? [];
    if (!statement) throw new StepError(`wasm-bindgen's glue holds nothing like ${pattern}: adapt scripts/lib/glue.mjs.`);
    made.push(`${name} = ${value};`);
    glue = replaceOnce(glue, statement, `let ${name};`);
  };
  later(/^const (CLOSURE_DTORS) = ([^;]+);$/m);
  later(/^let (cachedTextDecoder) = ([^;]+);\ncachedTextDecoder.decode\(\);$/m);
  later(/^const (cachedTextEncoder) = ([^;]+);$/m);
  return replaceOnce(glue, "wasmInstance = instance;", made.join(" "));
}

/**
 * Gives the glue the names that wasm-opt gave the wasm, and wraps the exports so that js/trap.js sees a trap.
 *
 * @param {string} file the glue
 * @param {Record<string, string>} names new names by old
 */
export async function adaptGlue(file, names) {
  let glue = makeLazy(mergeImports(await readFile(file, "utf8"), Object.keys(names)));
  glue = replaceOnce(glue, "wasm = instance.exports;", "wasm = guard(instance.exports);");
  // A memory that grew has another buffer. A page may have put a `detached` of its own on old browsers' buffers.
  glue = replaceOnce(glue, "cachedDataViewMemory0 === null || cachedDataViewMemory0.buffer.detached === true || (cachedDataViewMemory0.buffer.detached === undefined && cachedDataViewMemory0.buffer !== wasm.memory.buffer)", "cachedDataViewMemory0 === null || cachedDataViewMemory0.buffer !== wasm.memory.buffer");
  // A late or repeated call of what is gone already (a timer that cannot be cleared, a socket that goes on talking) is none.
  glue = replaceOnce(glue, "state.cnt++;", "if (!state.a) return;\n        state.cnt++;");
  glue = replaceOnce(glue, "getObject(arg0).queueMicrotask;", "queueMicrotask;");
  glue = replaceOnce(glue, "export { initSync, __wbg_init as default };", "export { __wbg_get_imports as imports, __wbg_finalize_init as finish };");
  glue = `import { guard } from "handset-trap";\nimport { ${GUARDED.join(", ")} } from "handset-host";\n${glue}`;
  for (const name of Object.keys(names)) {
    // A property of the same name on another object would be renamed too, and break at run time.
    const uses = glue.match(new RegExp(`\\b(\\w+)\\.${name}\\b`, "g")) ?? [];
    const other = uses.find((use) => use !== `wasm.${name}`);
    if (other) throw new StepError(`The export "${name}" shares its name with ${other} in the glue. Give the Rust export another name.`);
  }
  const { code } = await transform(glue, {
    mangleProps: new RegExp(`^(?:${Object.keys(names).join("|")})$`),
    mangleCache: names,
  });
  await writeFile(file, code);
}
