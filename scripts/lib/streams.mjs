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

/** The functions' locals, their opcodes, then the operands by letter; `m` has what follows the first byte of an offset of `h`. */
const STREAMS = ["locals", "opcodes", ..."bcdefghijklm"];
/** The number of a stream in the decoder, where 0 is what comes before the functions. */
const numberOf = (letter) => STREAMS.indexOf(letter) + 1;

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
 * @param {Uint8Array} wasm without alignments
 * @returns {{ bytes: Uint8Array, lengths: number[], functions: number, size: number }} the sorted bytes, the lengths of their parts, and the size that the decoder's module has
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
  const parts = [[...wasm.subarray(0, head), ...padded(size), ...count], ...STREAMS.map((name) => streams[name]), [...wasm.subarray(end)]];
  return {
    bytes: Uint8Array.from(parts.flat()),
    lengths: parts.map((part) => part.length),
    functions,
    size: parts[0].length + size - count.length + parts.at(-1).length,
  };
}

/**
 * The source of the decoder's second half: puts the bytes of `separate` back in order. Its input is `bytes`, its result `wasm`.
 */
export const joinSource = ({ lengths, functions, size }) => `
    const wasm = new Uint8Array(${size});
    const streamOf = new Uint8Array(256);
    for (let opcode = 0; opcode < ${OPERANDS.length}; opcode++) streamOf[opcode] = ${JSON.stringify(OPERANDS)}.charCodeAt(opcode) - 95;
    let to = 0;
    const next = ${JSON.stringify(lengths)}.map((length) => (to += length) - length);
    let opcodes = next[2];
    wasm.set(bytes.subarray(0, (to = ${lengths[0]})));
    const body = () => {
      const from = (to += 3);
      let stream = 1;
      let numbers = bytes[next[1]] * 2 + 1;
      let depth = 1;
      for (;;) {
        if (stream) {
          let from = next[stream];
          // LEB128: the last byte of a number is below 128.
          while (numbers) if ((wasm[to++] = bytes[from++]) < 128) numbers--;
          next[stream] = from;
        }
        if (!depth) break;
        const opcode = (wasm[to++] = bytes[opcodes++]);
        stream = streamOf[opcode];
        numbers = 1;
        if (opcode === ${END}) depth--;
        else if (stream === ${numberOf("b")}) depth++;
        else if (stream === ${numberOf("h")}) {
          to++; // the alignment: 0
          stream = (wasm[to++] = bytes[next[stream]++]) > 127 ? ${numberOf("m")} : 0;
        } else if (opcode === ${LONG_I32_CONST}) wasm[to - 1] = ${I32_CONST};
        else if (opcode === 63 || opcode === 64) to++; // a memory: 0
        else if (opcode === ${BR_TABLE}) numbers = bytes[next[stream]] + 2;
        else if (opcode === ${CALL_INDIRECT}) numbers = 2;
        else if (opcode === ${F64_CONST}) {
          wasm.set(bytes.subarray(next[stream], (next[stream] += 8)), to);
          to += 8;
          stream = 0;
        } else if (opcode === ${PREFIX}) {
          const kind = (wasm[to++] = bytes[opcodes++]);
          if (kind > 7) to += ${MEMORY_FILL + 1} - kind;
        }
      }
      const size = to - from;
      wasm[from - 3] = size | 128;
      wasm[from - 2] = (size >> 7) | 128;
      wasm[from - 1] = size >> 14;
    };
    for (let left = ${functions}; left--; ) body();
    wasm.set(bytes.subarray(next[${lengths.length - 1}]), to);`;
