// An abort signal in each waiting state of a flow: in a real browser, with real requests and sockets.
/* global Rig, rig, controller, deferred, asked -- stand in the page: see rig.js */
import assert from "node:assert/strict";
import { freshNumber } from "./harness.mjs";
import { openModule } from "./module.mjs";
import { faults, SOCKET } from "./proxy.mjs";
import { LINK_START, OTP_ERROR, OTP_FINISH, OTP_START, STATUS, suiteThroughProxy, trouble } from "./waiting.mjs";

/** Longer than every timer of a flow, so that a leftover timer would fire. */
const LONG = "20:00";

/**
 * The waiting states. `pending`: the page's step that does not answer; `rejecting`: the step that rejects; `during`: the
 * open request; `before` and `comes`: functions that bring the flow there, before the start and after it.
 */
const MOMENTS = {
  mobile: [
    { name: "the start step", pending: "otpStart", comes: (flow) => flow.reached("awaiting_phone") },
    { name: "the request for the SMS", during: OTP_START },
    { name: "the finish step", pending: "otpFinish", comes: (flow) => flow.reached("awaiting_otp") },
    { name: "the judgement of a code", during: OTP_FINISH },
    { name: "the question what became of a code", during: STATUS, before: (proxy) => proxy.fault(OTP_FINISH, faults.loseReply()) },
    { name: "the report of a failure", rejecting: "otpFinish", during: OTP_ERROR },
    {
      name: "the pause before a report is repeated",
      rejecting: "otpFinish",
      async before(proxy, page) {
        proxy.fault(OTP_ERROR, faults.answer(503));
        await page.clock.pauseAt(Date.now() + 1_000);
      },
      comes: (flow) => flow.answered(OTP_ERROR),
    },
    {
      name: "the last question before a timeout",
      pending: "otpFinish",
      during: STATUS,
      async comes(flow) {
        await flow.reached("awaiting_otp");
        await flow.page.clock.fastForward(121_000);
      },
    },
    { name: "AuthFinishStep", pending: "authFinish", finishes: 1, comes: (flow) => flow.reached("finishing") },
  ],
  desktop: [
    { name: "the socket's handshake, beside the start step", pending: "linkStart", during: SOCKET },
    { name: "the start step, beside an open socket", pending: "linkStart", comes: (flow) => flow.told("socket", "open") },
    { name: "the request for the SMS", during: LINK_START },
    { name: "the link", comes: (flow) => flow.reached("awaiting_link") },
    { name: "the link, and the retry step", pending: "linkRetry", comes: (flow) => flow.reached("awaiting_retry") },
    {
      name: "a resend",
      pending: "linkRetry",
      during: LINK_START,
      times: 2,
      async comes(flow, proxy) {
        proxy.heal();
        await flow.reached("awaiting_retry");
        proxy.fault(LINK_START, faults.hang());
        await flow.answer("linkRetry");
      },
    },
    { name: "the next try of a socket", before: (proxy) => proxy.fault(SOCKET, faults.answer(503)), comes: (flow) => flow.told("socket", "reconnecting") },
    { name: "the next question, in the place of a socket", before: (proxy) => proxy.fault(SOCKET, faults.answer(503)), comes: (flow) => flow.told("socket", "polling") },
  ],
};

/** In the page: starts a flow whose steps answer at once, except the named steps. */
function begin([token, pending, rejecting]) {
  const answers = { otpStart: null, otpFinish: { resultType: 0, input: { otp: "1234" } }, linkStart: null, linkRetry: 0 };
  const step = (name) => () => {
    if (name === pending) return (globalThis.asked = deferred()).promise;
    if (name === rejecting) throw new Error("closed the dialog");
    return answers[name];
  };
  const names = Object.keys(answers).filter((name) => name !== "linkRetry" || pending === name);
  globalThis.late = () => asked.resolve(answers[pending]);
  globalThis.controller = new AbortController();
  globalThis.rig = new Rig(Object.fromEntries([...names, "authFinish"].map((name) => [name, step(name)])));
  rig.builder.withAbortSignal(controller.signal);
  rig.build().start(token);
}

class Flow {
  constructor(page) {
    this.page = page;
    this.sockets = [];
    page.on("websocket", (socket) => this.sockets.push(socket));
    const answers = new Set();
    page.on("response", (response) => answers.add(new URL(response.url()).pathname));
    this.hasAnswer = (path) => answers.has(path);
  }

  reached(state) {
    return this.page.evaluate((state) => rig.reached(state), state);
  }

  told(member, value) {
    return this.page.evaluate(([member, value]) => rig.told((detail) => detail[member] === value), [member, value]);
  }

  /** Resolves when the reply to `path` has arrived in the page. */
  async answered(path) {
    if (!this.hasAnswer(path)) await this.page.waitForResponse((response) => response.url().endsWith(path));
    await this.page.evaluate(() => {});
  }

  /** Answers the pending step. */
  answer() {
    return this.page.evaluate(() => globalThis.late());
  }

  /** Aborts with an object of the page as the reason; returns how the flow ended. */
  abort() {
    return this.page.evaluate(async () => {
      controller.abort({ left: "the page" });
      const reason = await rig.running.then(() => "resolved", (reason) => reason);
      const { state, failure } = rig.details.at(-1);
      return { isTheReason: reason === controller.signal.reason, state, kind: failure?.kind, finishes: rig.finishes.length };
    });
  }
}

await suiteThroughProxy("an abort", {}, (scenario) => {
  for (const [flowType, moments] of Object.entries(MOMENTS)) {
    for (const { name, pending, rejecting, during, times = 1, before, comes, finishes = 0 } of moments) {
      scenario(`${flowType}, while it waits for ${name}: the reason is passed on, and nothing is left`, async ({ open, sandbox, proxy, allowTrouble }) => {
        allowTrouble(trouble.request, trouble.socket, trouble.status(503));
        const { authToken } = await sandbox.start({ flowType, phoneNumber: flowType === "mobile" ? "2001001693" : freshNumber() });
        const page = await open();
        await page.clock.install();
        await openModule(page, sandbox);
        const flow = new Flow(page);
        await before?.(proxy, page);
        if (during) proxy.fault(during, faults.hang());
        await page.evaluate(begin, [authToken, pending, rejecting]);
        await comes?.(flow, proxy);
        if (during) await proxy.seen(during, times);
        const givenUp = during && during !== SOCKET && page.waitForEvent("requestfailed", (request) => request.url().endsWith(during));

        const ended = await flow.abort();
        assert.deepEqual(ended, { isTheReason: true, state: "cancelled", kind: "aborted", finishes });

        await givenUp;
        for (const socket of flow.sockets) if (!socket.isClosed()) await socket.waitForEvent("close");
        const [arrived, events] = [proxy.arrived.length, await page.evaluate(() => rig.details.length)];
        if (pending) await flow.answer();
        await page.clock.fastForward(LONG);
        await page.clock.resume();
        await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
        assert.deepEqual(proxy.arrived.slice(arrived).map(({ path }) => path), []);
        assert.deepEqual(await page.evaluate(() => [rig.details.length, rig.finishes.length]), [events, finishes]);
      });
    }
  }

  for (const isLate of [true, false]) {
    const when = isLate ? "while AuthFinishStep runs" : "that came before";
    scenario(`finishInstantLink(), ${when}: the reason is passed on`, async ({ open, sandbox }) => {
      const page = await openModule(await open(), sandbox);
      const ended = await page.evaluate(async (isLate) => {
        const [controller, running] = [new AbortController(), deferred()];
        globalThis.rig = new Rig({ authFinish: () => (running.resolve(), new Promise(() => {})) });
        rig.builder.withAbortSignal(controller.signal);
        if (!isLate) controller.abort({ left: "the page" });
        const finishing = rig.build().authenticator.finishInstantLink("https://shop.example/?authId=a7c1&asc=true");
        if (isLate) {
          await running.promise;
          controller.abort({ left: "the page" });
        }
        const reason = await finishing.then(() => "resolved", (reason) => reason);
        return { isTheReason: reason === controller.signal.reason, finishes: rig.finishes.length };
      }, isLate);
      assert.deepEqual(ended, { isTheReason: true, finishes: isLate ? 1 : 0 });
    });
  }
});
