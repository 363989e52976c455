// Adapts the glue of wasm-bindgen: short names, the globals of js/host.js, no work at import.
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { transform } from "esbuild";
import { root, StepError } from "./run.mjs";

/** Globals that gloo-net and gloo-timers use. js/host.js has a variant of each that never throws. */
const GUARDED = ["Error", "Response", "clearTimeout", "fetch", "setTimeout"];

/** Replaces a text that the glue must contain exactly once. */
function replaceOnce(glue, from, to) {
  const parts = glue.split(from);
  if (parts.length === 2) return parts.join(to);
  throw new StepError(`wasm-bindgen's glue holds ${JSON.stringify(from)} ${parts.length - 1} times, not once: adapt scripts/lib/glue.mjs.`);
}

/**
 * wasm-opt merges all imports into one module named "a". wasm-bindgen passes a function without conversions as a member of a
 * separate namespace: this adds the function to "a", by its name.
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

/** Moves the glue's work at import to the start of the module, so that an import has no side effect. */
function makeLazy(glue) {
  const made = [];
  const later = (pattern) => {
    const [statement, name, value] = glue.match(pattern) ?? [];
    if (!statement) throw new StepError(`wasm-bindgen's glue has no match for ${pattern}: adapt scripts/lib/glue.mjs.`);
    made.push(`${name} = ${value};`);
    glue = replaceOnce(glue, statement, `let ${name};`);
  };
  later(/^let (cachedTextDecoder) = ([^;]+);$/m);
  later(/^const (cachedTextEncoder) = ([^;]+);$/m);
  return replaceOnce(glue, "wasmInstance = instance;", made.join(" "));
}

/** Replaces what a pattern matches. Fails where it matches nothing: the glue of another wasm-bindgen. */
function replaceAll(glue, pattern, to) {
  const replaced = glue.replaceAll(pattern, to);
  if (replaced === glue) throw new StepError(`wasm-bindgen's glue has no match for ${pattern}: adapt scripts/lib/glue.mjs.`);
  return replaced;
}

/** Leaves out what this module does not need, and writes the rest shorter. */
function shorten(glue) {
  const all = [
    // Rust drops each of its closures itself, so nothing is left for a garbage collection.
    [/^const CLOSURE_DTORS = [^;]+;$/gm, ""],
    [/^ *CLOSURE_DTORS\.(?:un)?register\(.*\);$/gm, ""],
    // A way around the limit of one decoder in Safari, which is two gigabytes.
    [/^const MAX_SAFARI_DECODE_BYTES[^]+?^\}$/gm, ""],
    ["cachedTextDecoder.decode();", ""],
    ["decodeText(", "cachedTextDecoder.decode("],
    // Texts for the module are short: one way of encoding them suffices.
    [/^ *if \(realloc === undefined\) \{([^}]+)\}\n[^]+?^\}$/gm, "$1}"],
    [/^function passStringToWasm0\(arg, malloc, realloc\)/gm, "function passStringToWasm0(arg)"],
    [" malloc(", " wasm.__wbindgen_malloc("],
    [", wasm.__wbindgen_malloc, wasm.__wbindgen_realloc)", ")"],
    [/^ *wasmModule = module;$/gm, ""],
    [/function\(\) \{ return handleError\(function \(([^)]*)\) \{([^]+?)\}, arguments\); \}/g, "handled(($1) => {$2})"],
    [/^function handleError\(f, args\) \{\n([^]+?)^\}$/gm, "const handled = (f) => (...args) => {\n$1}"],
    ["f.apply(this, args)", "f(...args)"],
    [/: function\(([^)]*)\) \{/g, ": ($1) => {"],
    [/const ret = (.+);\n +return (ret|addHeapObject\(ret\));/g, (_, value, result) => `return ${result.replace("ret", () => value)};`],
  ];
  return all.reduce((shorter, [from, to]) => replaceAll(shorter, from, to), glue);
}

/**
 * Applies wasm-opt's new names to the glue, and wraps the exports so that js/trap.js sees a trap.
 *
 * @param {string} file the glue
 * @param {Record<string, string>} names new names by old
 */
export async function adaptGlue(file, names) {
  let glue = makeLazy(shorten(mergeImports(await readFile(file, "utf8"), Object.keys(names))));
  glue = replaceOnce(glue, "wasm = instance.exports;", "wasm = guard(instance.exports);");
  // A grown memory has a new buffer. In old browsers, `detached` on a buffer may be a property of the page's own.
  glue = replaceOnce(glue, "cachedDataViewMemory0 === null || cachedDataViewMemory0.buffer.detached === true || (cachedDataViewMemory0.buffer.detached === undefined && cachedDataViewMemory0.buffer !== wasm.memory.buffer)", "cachedDataViewMemory0 === null || cachedDataViewMemory0.buffer !== wasm.memory.buffer");
  // A late or repeated call of a dropped closure (a timer that cannot be cleared, a socket that still sends) has no effect.
  glue = replaceOnce(glue, "state.cnt++;", "if (!state.a) return;\n        state.cnt++;");
  glue = replaceOnce(glue, "export { initSync, __wbg_init as default };", "export { __wbg_get_imports as imports, __wbg_finalize_init as finish };");
  glue = `import { guard } from "handset-trap";\nimport { ${GUARDED.join(", ")} } from "handset-host";\n${glue}`;
  for (const name of Object.keys(names)) {
    // The renaming would also hit a property of this name on another object, and break it at run time.
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
