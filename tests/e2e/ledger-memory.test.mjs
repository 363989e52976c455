// Memory after a thousand flows of every kind.
/* global Rig, never, proveAuth, wasmMemory, runFlows -- stand in the page: see rig.js and below */
import assert from "node:assert/strict";
import { openBackgroundPage } from "./background.mjs";
import { suite } from "./harness.mjs";
import { moduleFolder } from "./module.mjs";

/** Number of flows until all one-time allocations are done. */
const WARM_UP = 250;
const FLOWS = 1_000;
/** Allowed growth of the JS heap, in bytes per flow: the browser itself keeps data of requests and sockets. */
const JS_BYTES = 100;
/** Allowed growth of the module's memory, in bytes: one page of WebAssembly. */
const WASM_BYTES = 65_536;

/** In the page, before its own code: keeps a reference to the module's memory. */
function keepMemory() {
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function (...given) {
    const instance = new Instance(...given);
    globalThis.wasmMemory = Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory);
    return instance;
  };
}

/** In the page: `runFlows(number)` runs so many flows one after another, cycling through the kinds. */
function flows() {
  const NUMBER = "2001004009";
  proveAuth.LoggerFactory.setLogLevel(proveAuth.LogLevel.disabled);
  const signal = new AbortController().signal;
  const post = async (path, body) => (await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })).json();
  const start = async (flowType) => (await post("/demo/start", { flowType, phoneNumber: NUMBER, allowOTPRetry: true })).authToken;
  const expect = (what, ...wanted) => {
    if (!wanted.includes(what)) throw new Error(`${what} is none of ${wanted}`);
  };
  let lastMessage = 0;

  const kinds = [
    async function rightCode() {
      const rig = new Rig({ otpFinish: () => ({ resultType: 0, input: { otp: "1234" } }) }).build().start(await start("mobile"));
      await rig.outcome;
      expect(rig.states.at(-1), "done");
    },
    async function stepFails() {
      const rig = new Rig({ otpFinish: () => Promise.reject(new Error("closed")) }).build().start(await start("mobile"));
      await rig.outcome;
      expect(rig.states.at(-1), "done");
    },
    async function cancelledWhileAStepNeverSettles() {
      const rig = new Rig({ otpFinish: never }).build().start(await start("mobile"));
      await rig.reached("awaiting_otp");
      rig.running.cancel();
      await rig.outcome;
      expect(rig.states.at(-1), "cancelled");
    },
    async function timedOutWhileAStepNeverSettles() {
      const rig = new Rig({ otpFinish: never });
      rig.builder.withTimeouts({ otp: 1 });
      await rig.build().start(await start("mobile")).outcome;
      expect(rig.finishes[0]?.failure?.kind, "otp_timeout");
    },
    async function linkOpened() {
      const rig = new Rig({ linkRetry: never });
      rig.builder.withAbortSignal(signal);
      rig.build().start(await start("desktop"));
      await rig.told(({ socket }) => socket === "open");
      await rig.reached("awaiting_retry");
      const messages = await (await fetch(`/sandbox/messages?to=${NUMBER}&since=${lastMessage}`)).json();
      lastMessage = messages.at(-1).id;
      await fetch(new URL(messages.at(-1).url).pathname);
      await rig.outcome;
      expect(rig.states.at(-1), "done");
    },
    async function linkDisposed() {
      const rig = new Rig().build().start(await start("desktop"));
      await rig.told(({ socket }) => socket === "open");
      rig.authenticator.dispose();
      await rig.outcome;
      expect(rig.states.at(-1), "cancelled");
    },
  ];
  globalThis.runFlows = async (number) => {
    for (let flow = 0; flow < number; flow++) await kinds[flow % kinds.length]();
  };
}

suite("memory", { www: await moduleFolder() }, (scenario) => {
  scenario(`after ${FLOWS} flows neither the module's memory nor the page's has grown`, async ({ browser, sandbox }) => {
    const page = await openBackgroundPage(browser, "about:blank");
    await page.send("Page.addScriptToEvaluateOnNewDocument", { source: `(${keepMemory})()` });
    await page.goto(sandbox.origin);
    await page.evaluate(flows);
    const measure = async () => {
      for (let i = 0; i < 2; i++) await page.send("HeapProfiler.collectGarbage");
      const { usedSize } = await page.send("Runtime.getHeapUsage");
      return { js: usedSize, wasm: await page.evaluate(() => wasmMemory.buffer.byteLength) };
    };
    const run = (number) => page.evaluate((number) => runFlows(number), number);
    await run(WARM_UP);
    const before = await measure();
    await run(FLOWS);
    const after = await measure();
    const grown = { js: after.js - before.js, wasm: after.wasm - before.wasm };
    assert.ok(grown.wasm <= WASM_BYTES, `the module's memory has grown by ${grown.wasm} bytes`);
    assert.ok(grown.js <= JS_BYTES * FLOWS, `the page's memory has grown by ${grown.js} bytes`);
    await page.close();
  });
});
