// An abort signal in each waiting state of a flow: in a real browser, with real requests and sockets.
/* global Rig, rig, controller, deferred, asked -- stand in the page: see rig.js */
import assert from "node:assert/strict";
import { test } from "node:test";
import { statesBefore } from "./events.mjs";
import { freshNumber } from "./harness.mjs";
import { openModule } from "./module.mjs";
import { faults, SOCKET } from "./proxy.mjs";
import { INSTANT_START, LINK_START, OTP_ERROR, OTP_FINISH, OTP_START, STATUS, suiteThroughProxy, trouble } from "./waiting.mjs";

/** Longer than every timer of a flow, so that a leftover timer would fire. */
const LONG = "20:00";

/**
 * The moments in which a flow waits. `from`: its state; `pending`: the page's step that does not answer; `rejecting`: the
 * step that rejects; `during`: the open request; `before` and `comes`: functions that bring the flow there, before the
 * start and after it; `first`: the first step, where it is another than the backend's.
 */
const MOMENTS = {
  mobile: [
    { name: "the start of Mobile Auth", from: "mobile_auth", first: "mobile/instant", during: INSTANT_START },
    { name: "the start step", from: "awaiting_phone", pending: "otpStart", comes: (flow) => flow.reached("awaiting_phone") },
    { name: "the request for the SMS", from: "sending", during: OTP_START },
    { name: "the finish step", from: "awaiting_otp", pending: "otpFinish", comes: (flow) => flow.reached("awaiting_otp") },
    { name: "the judgement of a code", from: "checking_otp", during: OTP_FINISH },
    { name: "the question what became of a code", from: "checking_otp", during: STATUS, before: (proxy) => proxy.fault(OTP_FINISH, faults.loseReply()) },
    { name: "the report of a failure", from: "awaiting_otp", rejecting: "otpFinish", during: OTP_ERROR },
    {
      name: "the pause before a report is repeated",
      from: "awaiting_otp",
      rejecting: "otpFinish",
      async before(proxy, page) {
        proxy.fault(OTP_ERROR, faults.answer(503));
        await page.clock.pauseAt(Date.now() + 1_000);
      },
      comes: (flow) => flow.answered(OTP_ERROR),
    },
    {
      name: "the last question before a timeout",
      from: "awaiting_otp",
      pending: "otpFinish",
      during: STATUS,
      async comes(flow) {
        await flow.reached("awaiting_otp");
        await flow.page.clock.fastForward(121_000);
      },
    },
    { name: "AuthFinishStep", from: "finishing", pending: "authFinish", finishes: 1, comes: (flow) => flow.reached("finishing") },
  ],
  desktop: [
    { name: "the socket's handshake, beside the start step", from: "awaiting_phone", pending: "linkStart", during: SOCKET },
    { name: "the start step, beside an open socket", from: "awaiting_phone", pending: "linkStart", comes: (flow) => flow.told("socket", "open") },
    { name: "the request for the SMS", from: "sending", during: LINK_START },
    { name: "the link", from: "awaiting_link", comes: (flow) => flow.reached("awaiting_link") },
    { name: "the link, and the retry step", from: "awaiting_retry", pending: "linkRetry", comes: (flow) => flow.reached("awaiting_retry") },
    {
      name: "a resend",
      from: "sending",
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
    { name: "the next try of a socket", from: "awaiting_link", before: (proxy) => proxy.fault(SOCKET, faults.answer(503)), comes: (flow) => flow.told("socket", "reconnecting", "awaiting_link") },
    { name: "the next question, in the place of a socket", from: "awaiting_link", before: (proxy) => proxy.fault(SOCKET, faults.answer(503)), comes: (flow) => flow.told("socket", "polling", "awaiting_link") },
    { name: "the phone", from: "device", first: "device/passive", during: SOCKET, comes: (flow) => flow.reached("device") },
  ],
};

/** States that a flow leaves at once, where no page waits. */
const MOMENTARY = ["idle", "starting"];

/** The token with another first step: the client checks no signature. */
function withFirstStep(token, next) {
  const [header, payload, signature] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url"));
  claims.auth.next = next;
  return [header, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".");
}

/** In the page: starts a flow whose steps answer at once, except the named steps. */
function begin([token, pending, rejecting, role]) {
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
  rig.builder.withAbortSignal(controller.signal).withRole(role);
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

  /** Resolves when an event has this member, in this state where one is given. */
  told(member, value, state) {
    const matches = ([member, value, state]) => rig.told((detail) => detail[member] === value && detail.state === (state ?? detail.state));
    return this.page.evaluate(matches, [member, value, state]);
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
      const [{ state: from }, { state, failure }] = rig.details.slice(-2);
      return { isTheReason: reason === controller.signal.reason, from, state, kind: failure?.kind, finishes: rig.finishes.length };
    });
  }
}

test("every edge to `cancelled` in the table of docs/events.md has a moment", () => {
  const tested = Object.values(MOMENTS).flat().map(({ from }) => from);
  assert.deepEqual(new Set([...MOMENTARY, ...tested]), new Set(statesBefore("cancelled")));
});

await suiteThroughProxy("an abort", {}, (scenario) => {
  for (const [flowType, moments] of Object.entries(MOMENTS)) {
    for (const { name, from, first, pending, rejecting, during, times = 1, before, comes, finishes = 0 } of moments) {
      scenario(`${flowType}, while it waits for ${name}: the reason is passed on, and nothing is left`, async ({ open, sandbox, proxy, allowTrouble }) => {
        allowTrouble(trouble.request, trouble.socket, trouble.status(503));
        const started = await sandbox.start({ flowType, phoneNumber: flowType === "mobile" ? "2001001693" : freshNumber() });
        const token = first ? withFirstStep(started.authToken, first) : started.authToken;
        const page = await open();
        await page.clock.install();
        await openModule(page, sandbox);
        const flow = new Flow(page);
        await before?.(proxy, page);
        if (during) proxy.fault(during, faults.hang());
        await page.evaluate(begin, [token, pending, rejecting, first ? "secondary" : "primary"]);
        await comes?.(flow, proxy);
        if (during) await proxy.seen(during, times);
        const givenUp = during && during !== SOCKET && page.waitForEvent("requestfailed", (request) => request.url().endsWith(during));

        const ended = await flow.abort();
        assert.deepEqual(ended, { isTheReason: true, from, state: "cancelled", kind: "aborted", finishes });

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

  for (const from of MOMENTARY) {
    scenario(`a flow in ${from}: the reason is passed on, and no request is sent`, async ({ open, sandbox, proxy }) => {
      const { authToken } = await sandbox.start({ flowType: "mobile", phoneNumber: freshNumber() });
      const page = await openModule(await open(), sandbox);
      const ended = await page.evaluate(async ([token, from]) => {
        const controller = new AbortController();
        const abort = () => controller.abort({ left: "the page" });
        globalThis.rig = new Rig();
        rig.builder.withAbortSignal(controller.signal);
        rig.build().authenticator.addEventListener("statechange", ({ detail }) => detail.state === from && abort());
        if (from === "idle") abort();
        const reason = await rig.start(token).running.then(() => "resolved", (reason) => reason);
        return { isTheReason: reason === controller.signal.reason, states: ["idle", ...rig.states].slice(-2), asked: rig.asked };
      }, [authToken, from]);
      assert.deepEqual(ended, { isTheReason: true, states: [from, "cancelled"], asked: [] });
      assert.deepEqual(proxy.arrived.filter(({ path }) => path.startsWith("/v1/client/")), []);
    });
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
