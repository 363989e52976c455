// The form in which the wasm stands in index.js: sorted bytes as text, see scripts/lib/ascii.mjs and scripts/lib/streams.mjs.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import binaryen from "binaryen";
import { wasmModule } from "../../scripts/lib/ascii.mjs";
import { separate } from "../../scripts/lib/streams.mjs";

/** Every instruction whose operands the decoder handles in a way of its own. */
const EVERY_FORM = `(module
  (type $unary (func (param i32) (result i32)))
  (import "host" "add" (func $add (param i32 i32) (result i32)))
  (global $count (mut i32) (i32.const 7))
  (memory (export "memory") 1)
  (table 1 funcref)
  (elem (i32.const 0) $choose)
  (func $choose (export "choose") (param $which i32) (result i32) (local $sum i64) (local $ratio f64)
    (local.set $ratio (f64.const 0.1))
    (local.set $sum (i64.const -1234567890123))
    (block $two (block $one (block $zero
      (br_table $zero $one $two (local.get $which)))
      (return (i32.const 1048576)))
      (return (call $add (i32.const -1) (global.get $count))))
    (i32.wrap_i64 (i64.add (local.get $sum) (i64.trunc_sat_f64_s (f64.mul (local.get $ratio) (f64.const 1e9))))))
  (func (export "indirect") (param $which i32) (result i32)
    (call_indirect (type $unary) (local.get $which) (i32.const 0)))
  (func (export "memories") (result i32)
    (memory.fill (i32.const 0) (i32.const 1) (i32.const 8))
    (memory.copy (i32.const 65000) (i32.const 0) (i32.const 8))
    (i32.store offset=300 align=1 (i32.const 0) (memory.size))
    (i32.add (i32.load offset=300 align=1 (i32.const 0)) (i32.load offset=65000 align=1 (i32.const 0)))))`;

async function decoded(wasm) {
  const source = `data:text/javascript,${encodeURIComponent(wasmModule(wasm))}`;
  return (await import(source)).default();
}

const features = binaryen.Features.BulkMemory | binaryen.Features.BulkMemoryOpt | binaryen.Features.NontrappingFPToInt | binaryen.Features.MutableGlobals;

function assembled(text) {
  const module = binaryen.parseText(text);
  module.setFeatures(features);
  const wasm = module.emitBinary();
  module.dispose();
  return wasm;
}

async function results(wasm) {
  const { instance } = await WebAssembly.instantiate(wasm, { host: { add: (a, b) => a + b } });
  const { choose, indirect, memories } = instance.exports;
  return [choose(0), choose(1), choose(2), choose(9), indirect(0), memories()];
}

test("the module of the package comes back with every instruction", async () => {
  const wasm = await readFile(new URL("../../build/handset_bg.wasm", import.meta.url));
  const back = await decoded(wasm);
  assert.ok(WebAssembly.validate(back));
  assert.deepEqual(separate(back), separate(wasm));
});

test("a module with every form of operand computes the same afterwards", async () => {
  const wasm = assembled(EVERY_FORM);
  assert.deepEqual(await results(await decoded(wasm)), await results(wasm));
});

test("a module that the decoder could not put together is refused", () => {
  assert.throws(() => separate(assembled(EVERY_FORM.replace("(i32.load offset=300 align=1", "(i32.load offset=300 align=4"))), /an alignment must be 0/);
});
