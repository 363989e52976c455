// The decoder of the text in which the package holds its wasm (scripts/lib/ascii.mjs, scripts/lib/streams.mjs): a small wasm module
// itself, since JavaScript that runs once is interpreted, and takes ten times as long. docs/performance.md has the figures.
import binaryen from "binaryen";
import { OPERAND_STREAMS, streamNumber } from "./streams.mjs";

const PAGE = 65536;

/** Where the decoder's memory holds what: the byte of each code, the stream of each opcode, the text, and behind it the bytes. */
const CODES = 0;
const OPCODES = 8192;
export const TEXT = OPCODES + 256;

const quoted = (bytes) => `"${Array.from(bytes, (byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("")}"`;

/** Offsets in $to and in the streams' addresses count from the first of the bytes. */
const source = ({ bytes, pages, textLength, byteCount, sums, functions, head }) => `(module
  (memory (export "m") ${pages})
  (data (i32.const ${OPCODES}) ${quoted(OPERAND_STREAMS)})
  (global $to (mut i32) (i32.const -256))

  ;; Copies the next byte of a stream to the output, and returns it.
  (func $byte (param $stream i32) (result i32) (local $from i32) (local $byte i32)
    (local.set $stream (i32.shl (local.get $stream) (i32.const 2)))
    (local.set $from (i32.load offset=${bytes} (local.get $stream)))
    (i32.store offset=${bytes} (local.get $stream) (i32.add (local.get $from) (i32.const 1)))
    (i32.store8 offset=${bytes} (global.get $to) (local.tee $byte (i32.load8_u offset=${bytes} (local.get $from))))
    (global.set $to (i32.add (global.get $to) (i32.const 1)))
    (local.get $byte))

  ;; The next byte of a stream.
  (func $peek (param $stream i32) (result i32)
    (i32.load8_u offset=${bytes} (i32.load offset=${bytes} (i32.shl (local.get $stream) (i32.const 2)))))

  ;; Copies numbers of a stream. LEB128: the last byte of a number is below 128.
  (func $numbers (param $stream i32) (param $count i32)
    (loop $more
      (local.set $count (i32.sub (local.get $count) (i32.lt_u (call $byte (local.get $stream)) (i32.const 128))))
      (br_if $more (local.get $count))))

  ;; The text to bytes. It begins with the codes of the bytes 0 to 255, for which $to is negative.
  (func $read (result i32) (local $from i32) (local $code i32) (local $sum i32) (local $sums i32)
    (loop $codes
      (local.set $code (i32.load8_u offset=${TEXT} (local.get $from)))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      ;; "." or "=", and another character
      (if (i32.or (i32.eq (local.get $code) (i32.const 46)) (i32.eq (local.get $code) (i32.const 61)))
        (then
          (local.set $code (i32.or (i32.shl (local.get $code) (i32.const 7)) (i32.load8_u offset=${TEXT} (local.get $from))))
          (local.set $from (i32.add (local.get $from) (i32.const 1)))))
      (if (i32.lt_s (global.get $to) (i32.const 0))
        (then (i32.store8 offset=${CODES} (local.get $code) (global.get $to)))
        (else
          (i32.store8 offset=${bytes} (global.get $to) (local.tee $code (i32.load8_u offset=${CODES} (local.get $code))))
          (local.set $sum (i32.add (local.get $sum) (local.get $code)))
          (local.set $sums (i32.add (local.get $sums) (local.get $sum)))))
      (global.set $to (i32.add (global.get $to) (i32.const 1)))
      (br_if $codes (i32.lt_u (local.get $from) (i32.const ${textLength}))))
    (i32.and (i32.eq (local.get $sums) (i32.const ${sums})) (i32.eq (global.get $to) (i32.const ${byteCount}))))

  ;; A function, with its size in three bytes of LEB128.
  (func $function (local $start i32) (local $depth i32) (local $opcode i32) (local $stream i32) (local $count i32)
    (global.set $to (local.tee $start (i32.add (global.get $to) (i32.const 3))))
    ;; The groups of locals: their count, then two numbers each.
    (call $numbers (i32.const ${streamNumber("locals")}) (i32.add (i32.shl (call $peek (i32.const ${streamNumber("locals")})) (i32.const 1)) (i32.const 1)))
    (local.set $depth (i32.const 1))
    (loop $instructions
      (local.set $opcode (call $byte (i32.const ${streamNumber("opcodes")})))
      (local.set $stream (i32.load8_u offset=${OPCODES} (local.get $opcode)))
      (local.set $count (i32.const 1))
      ;; block, loop and if begin what an end ends.
      (local.set $depth (i32.add (local.get $depth)
        (i32.sub (i32.eq (local.get $stream) (i32.const ${streamNumber("b")})) (i32.eq (local.get $opcode) (i32.const 0x0b)))))
      ;; memory.size, memory.grow: the memory is 0.
      (global.set $to (i32.add (global.get $to) (i32.lt_u (i32.sub (local.get $opcode) (i32.const 0x3f)) (i32.const 2))))
      ;; br_table: the count of its labels, and one label more.
      (if (i32.eq (local.get $opcode) (i32.const 0x0e))
        (then (local.set $count (i32.add (call $peek (local.get $stream)) (i32.const 2)))))
      ;; call_indirect
      (if (i32.eq (local.get $opcode) (i32.const 0x11)) (then (local.set $count (i32.const 2))))
      ;; The long i32.const, see scripts/lib/streams.mjs.
      (if (i32.eq (local.get $opcode) (i32.const 0x06))
        (then (i32.store8 offset=${bytes - 1} (global.get $to) (i32.const 0x41))))
      ;; Loads and stores: the alignment is 0.
      (if (i32.eq (local.get $stream) (i32.const ${streamNumber("h")}))
        (then
          (global.set $to (i32.add (global.get $to) (i32.const 1)))
          (local.set $stream (select (i32.const ${streamNumber("m")}) (i32.const 0)
            (i32.gt_u (call $byte (i32.const ${streamNumber("h")})) (i32.const 127))))))
      ;; f64.const
      (if (i32.eq (local.get $stream) (i32.const ${streamNumber("k")}))
        (then
          (local.set $stream (i32.const 0))
          (loop $bytes
            (drop (call $byte (i32.const ${streamNumber("k")})))
            (br_if $bytes (i32.lt_u (local.tee $count (i32.add (local.get $count) (i32.const 1))) (i32.const 9))))))
      ;; 0xfc: memory.copy has two zeros, memory.fill one, the others nothing.
      (if (i32.eq (local.get $opcode) (i32.const 0xfc))
        (then
          (if (i32.gt_u (local.tee $opcode (call $byte (i32.const ${streamNumber("opcodes")}))) (i32.const 7))
            (then (global.set $to (i32.add (global.get $to) (i32.sub (i32.const 12) (local.get $opcode))))))))
      (if (local.get $stream) (then (call $numbers (local.get $stream) (local.get $count))))
      (br_if $instructions (local.get $depth)))
    (local.set $count (i32.sub (global.get $to) (local.get $start)))
    (i32.store8 offset=${bytes - 3} (local.get $start) (i32.or (local.get $count) (i32.const 128)))
    (i32.store8 offset=${bytes - 2} (local.get $start) (i32.or (i32.shr_u (local.get $count) (i32.const 7)) (i32.const 128)))
    (i32.store8 offset=${bytes - 1} (local.get $start) (i32.shr_u (local.get $count) (i32.const 14))))

  ;; Returns 0 if the text was altered.
  (func (export "d") (result i32) (local $left i32)
    (if (i32.eqz (call $read)) (then (return (i32.const 0))))
    (local.set $left (i32.const ${functions}))
    (loop $functions
      (call $function)
      (br_if $functions (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (loop $tail
      (drop (call $byte (i32.const ${streamNumber("tail")})))
      (br_if $tail (i32.lt_u (i32.load offset=${bytes + 4 * streamNumber("tail")} (i32.const 0)) (i32.const ${head}))))
    (i32.const 1)))`;

/**
 * @param {object} sorted
 * @param {number} sorted.textLength the length of the text
 * @param {number} sorted.byteCount how many sorted bytes there are
 * @param {number} sorted.sums their checksum
 * @param {number} sorted.functions how many functions the module has
 * @param {number} sorted.head the offset of what comes before them, the last of the sorted bytes
 * @param {number} sorted.size the size of the decoded module
 * @returns {{ decoder: Uint8Array, at: number }} a module with a memory `m`, into which the text goes at `TEXT`, and a function `d`, which returns 0 if the text was altered; and where the memory has the decoded module afterwards
 */
export function decoderOf(sorted) {
  const bytes = TEXT + sorted.textLength;
  const pages = Math.ceil((bytes + sorted.head + sorted.size) / PAGE);
  const module = binaryen.parseText(source({ ...sorted, bytes, pages }));
  try {
    module.setFeatures(binaryen.Features.MVP);
    binaryen.setShrinkLevel(2);
    binaryen.setOptimizeLevel(2);
    module.optimize();
    return { decoder: module.emitBinary(), at: bytes + sorted.head };
  } finally {
    module.dispose();
  }
}
