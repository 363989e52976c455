// An order of a wasm module's functions in which each stands near those that it resembles: it compresses better.

/** The length of the byte sequences that are compared. 3 to 6 give the same size within 0.1 %. */
const LENGTH = 4;
/** The function that comes first. Others give a size within 0.3 %. */
const FIRST = 4;

/** Reads LEB128 numbers and the sections of a module. */
const reader = (wasm, at) => ({
  get at() {
    return at;
  },
  number() {
    let value = 0;
    for (let scale = 1, byte = 128; byte & 128; scale *= 128) {
      byte = wasm[at++];
      value += (byte & 127) * scale;
    }
    return value;
  },
  skip: (length) => wasm.subarray(at, (at += length)),
});

/** The contents of the section with this id. */
function section(wasm, wanted) {
  const input = reader(wasm, 8);
  while (input.at < wasm.length) {
    const [id] = input.skip(1);
    const contents = input.skip(input.number());
    if (id === wanted) return contents;
  }
  throw new Error(`scripts/lib/function-order.mjs: the module has no section ${wanted}.`);
}

function sequences(body) {
  const found = new Set();
  for (let at = 0; at + LENGTH <= body.length; at++) found.add(body.subarray(at, at + LENGTH).join());
  return found;
}

/** @returns {number[]} the indices of the module's own functions, without the imports, in their new order: next comes the one that shares most with the last */
function order(wasm) {
  const code = section(wasm, 10);
  const input = reader(code, 0);
  const bodies = Array.from({ length: input.number() }, () => sequences(input.skip(input.number())));
  const left = new Set(bodies.keys());
  const ordered = [FIRST % bodies.length];
  left.delete(ordered[0]);
  while (left.size > 0) {
    const last = bodies[ordered.at(-1)];
    let [next, most] = [0, -1];
    for (const index of left) {
      let shared = 0;
      for (const sequence of bodies[index]) if (last.has(sequence)) shared++;
      if (shared > most) [next, most] = [index, shared];
    }
    ordered.push(next);
    left.delete(next);
  }
  return ordered;
}

/** How many functions the module imports: they come first in its numbering. */
function importedFunctions(wasm) {
  const input = reader(section(wasm, 2), 0);
  let functions = 0;
  for (let left = input.number(); left > 0; left--) {
    for (let name = 0; name < 2; name++) input.skip(input.number());
    const [kind] = input.skip(1);
    if (kind !== 0) throw new Error("scripts/lib/function-order.mjs: the module imports something that is no function.");
    input.number();
    functions++;
  }
  return functions;
}

const leb = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >> 7)]);
const counted = (bytes) => [...leb(bytes.length), ...bytes];
const text = (string) => counted(Buffer.from(string));

/**
 * The module with a name for each of its own functions, whose alphabetical order is the new one: `wasm-opt
 * --reorder-functions-by-name` then moves them and changes every index.
 *
 * @param {Uint8Array} wasm without a name section
 */
export function namedByOrder(wasm) {
  const imported = importedFunctions(wasm);
  const ranks = order(wasm);
  const rankOf = new Map(ranks.map((index, rank) => [index, rank]));
  const names = Array.from(ranks, (_, index) => [...leb(imported + index), ...text(String(rankOf.get(index)).padStart(6, "0"))]);
  const functionNames = [1, ...counted([...leb(names.length), ...names.flat()])];
  return Buffer.concat([wasm, Buffer.from([0, ...counted([...text("name"), ...functionNames])])]);
}
