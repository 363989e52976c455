// Sorts the bytes of a wasm module by what they mean. Brotli saves a tenth more of them that way, see docs/performance.md: it
// predicts a byte from its neighbours, and an opcode says more about the next opcode than about the local between them.

/**
 * The stream of each instruction's operands, by opcode: a letter, or "_" for no operand. `separate` and the decoder share it.
 * Above 0x44 only 0xfc has operands. 0x06, which no module has, stands for i32.const with three bytes or more: mostly an address.
 */
const OPERANDS =
  "__bbb_l_____ccc_de______________" + // block, loop, if; the long i32.const; br, br_if, br_table; call, call_indirect
  "fffgg___hhhhhhhhhhhhhhhhhhhhhhh" + // locals, globals; loads and stores, without their alignment: it is 0 (--dealign)
  "__ij_k"; // i32.const, i64.const, f64.const

/**
 * The streams by their numbers: what comes after the functions, the functions' locals, their opcodes, then the operands by letter.
 * `m` has what follows the first byte of an offset of `h`.
 */
const STREAMS = ["tail", "locals", "opcodes", ..."bcdefghijklm"];
export const streamNumber = (letter) => STREAMS.indexOf(letter);

/** The order in which they compress best, by a search; only the tail must be the last. */
const SORTED = [..."fhkeidg", "opcodes", "locals", ..."cbmjl", "tail"];

/** By opcode: the number of the stream of its operands, or 0. */
export const OPERAND_STREAMS = Uint8Array.from(OPERANDS, (letter) => Math.max(0, streamNumber(letter)));

const I32_CONST = 0x41;
const LONG_I32_CONST = 0x06;

const CALL_INDIRECT = 0x11;
const BR_TABLE = 0x0e;
const F64_CONST = 0x44;
const END = 0x0b;
const PREFIX = 0xfc;
const MEMORY_COPY = 10;
const MEMORY_FILL = 11;
const CODE_SECTION = 10;

/** A size in three bytes of LEB128: the decoder writes it when the bytes that it counts are in place. */
const padded = (size) => [(size & 127) | 128, ((size >> 7) & 127) | 128, size >> 14];

class Reader {
  at = 0;

  constructor(bytes) {
    this.bytes = bytes;
  }

  byte() {
    return this.bytes[this.at++];
  }

  /** Copies a LEB128 number to `to`, and returns its value if that is unsigned and small. */
  number(to = []) {
    const from = this.at;
    while (this.byte() & 128);
    const bytes = this.bytes.subarray(from, this.at);
    to.push(...bytes);
    return bytes.reduceRight((value, byte) => value * 128 + (byte & 127), 0);
  }

  /** The bytes of a LEB128 number. */
  copied() {
    const bytes = [];
    this.number(bytes);
    return bytes;
  }

  zero(what) {
    if (this.byte() !== 0) throw new Error(`scripts/lib/streams.mjs: ${what} must be 0.`);
  }
}

/** Reads a function's body into the streams, up to its last `end`. */
function readBody(reader, streams) {
  const groups = reader.number(streams.locals);
  if (groups > 127) throw new Error("scripts/lib/streams.mjs: a function has more than 127 groups of locals.");
  for (let group = 0; group < groups; group++) {
    reader.number(streams.locals);
    streams.locals.push(reader.byte());
  }
  for (let depth = 1; depth > 0; ) {
    const opcode = reader.byte();
    if (opcode === LONG_I32_CONST) throw new Error("scripts/lib/streams.mjs: instruction 6 is unknown.");
    if (opcode === I32_CONST) {
      const operand = reader.copied();
      const written = operand.length > 2 ? LONG_I32_CONST : I32_CONST;
      streams.opcodes.push(written);
      streams[OPERANDS[written]].push(...operand);
      continue;
    }
    streams.opcodes.push(opcode);
    const letter = OPERANDS[opcode] ?? "_";
    if (letter === "b") depth++;
    if (opcode === END) depth--;
    if (letter === "h") {
      reader.zero("an alignment");
      const [first, ...more] = reader.copied();
      streams.h.push(first);
      streams.m.push(...more);
    } else if (opcode === F64_CONST) for (let byte = 0; byte < 8; byte++) streams[letter].push(reader.byte());
    else if (letter !== "_") {
      let more = reader.number(streams[letter]);
      if (opcode === BR_TABLE) {
        if (more > 127) throw new Error("scripts/lib/streams.mjs: a br_table has more than 127 labels.");
        for (; more >= 0; more--) reader.number(streams[letter]);
      }
      if (opcode === CALL_INDIRECT) reader.number(streams[letter]);
    }
    if (opcode === 0x3f || opcode === 0x40) reader.zero("a memory");
    if (opcode === PREFIX) {
      const kind = reader.number(streams.opcodes);
      if (kind === MEMORY_COPY) reader.zero("a memory");
      if (kind === MEMORY_COPY || kind === MEMORY_FILL) reader.zero("a memory");
      if (kind > MEMORY_FILL || (kind > 7 && kind < MEMORY_COPY)) throw new Error(`scripts/lib/streams.mjs: instruction 0xfc ${kind} is unknown.`);
    }
  }
}

/**
 * Sorts a module. The first of the sorted bytes are the offsets of the streams, 4 bytes each; the last stream is the head, what
 * comes before the functions, so that the decoder writes on where it ends.
 *
 * @param {Uint8Array} wasm without alignments
 * @returns {{ bytes: Uint8Array, functions: number, head: number, size: number }} the sorted bytes, the offset of the head, and the size of the decoded module
 */
export function separate(wasm) {
  const reader = new Reader(wasm);
  reader.at = 8;
  while (reader.byte() !== CODE_SECTION) {
    const length = reader.number();
    reader.at += length;
  }
  const head = reader.at;
  const length = reader.number();
  const end = reader.at + length;
  const streams = Object.fromEntries(STREAMS.map((name) => [name, []]));
  const count = [];
  const functions = reader.number(count);
  let size = count.length;
  for (let index = 0; index < functions; index++) {
    const length = reader.number();
    const from = reader.at;
    readBody(reader, streams);
    if (reader.at !== from + length) throw new Error("scripts/lib/streams.mjs: a function is not as long as it says.");
    size += 3 + length;
  }
  if (reader.at !== end) throw new Error("scripts/lib/streams.mjs: the code section is not as long as it says.");
  streams.tail.push(...wasm.subarray(end));
  const first = [...wasm.subarray(0, head), ...padded(size), ...count];
  const offsets = new Uint32Array(STREAMS.length);
  let offset = offsets.byteLength;
  for (const name of SORTED) {
    offsets[streamNumber(name)] = offset;
    offset += streams[name].length;
  }
  return {
    bytes: Uint8Array.from([...new Uint8Array(offsets.buffer), ...SORTED.flatMap((name) => streams[name]), ...first]),
    functions,
    head: offset,
    size: first.length - count.length + size + streams.tail.length,
  };
}
