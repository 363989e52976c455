// Which requests the module sends again after a loss, and which it never repeats, counted in the proxy.
/* global rig -- stands in the page: see rig.js */
import assert from "node:assert/strict";
import { after } from "node:test";
import { freshNumber, suite } from "./harness.mjs";
import { VerifyPage, wrongCode } from "./page.mjs";
import { faults, startProxy } from "./proxy.mjs";
import { DONE, doneWith, LINK_ERROR, LINK_START, OTP_ERROR, OTP_FINISH, OTP_START, STATUS, suiteThroughProxy, trouble } from "./waiting.mjs";

/** Faults that lose the answer to a request that has arrived. */
const LOST = [
  ["before it begins", faults.loseReply()],
  ["in its middle", faults.loseReply({ inTheMiddle: true })],
];
const inTheNetwork = /net::ERR_|CONTENT_LENGTH_MISMATCH|INCOMPLETE/;

await suiteThroughProxy("repeats", {}, (scenario) => {
  for (const [when, fault] of LOST) {
    scenario(`the answer to a right code is lost ${when}: the code is not sent again, and the flow is done`, async ({ proxy, awaiting, expectTrouble }) => {
      expectTrouble(inTheNetwork);
      const flow = await awaiting("mobile");
      proxy.fault(OTP_FINISH, fault);
      await flow.typeCode();
      assert.deepEqual(await flow.end(), DONE);
      assert.deepEqual([proxy.count(OTP_FINISH), proxy.count(STATUS), proxy.count(OTP_ERROR)], [1, 1, 0]);
      assert.equal((await flow.sandbox.validate(flow.correlationId)).success, true);
    });

    scenario(`the answer to a wrong code is lost ${when}: the code is not sent again, and the flow ends`, async ({ proxy, awaiting, expectTrouble }) => {
      expectTrouble(inTheNetwork);
      const flow = await awaiting("mobile");
      proxy.fault(OTP_FINISH, fault);
      const { code } = await flow.sandbox.sms(flow.number);
      await flow.answer({ resultType: 0, input: { otp: wrongCode(code) } });
      assert.deepEqual(await flow.end(), doneWith("network"));
      assert.deepEqual([proxy.count(OTP_FINISH), proxy.count(STATUS), proxy.count(OTP_ERROR)], [1, 1, 1]);
    });
  }

  scenario("the answer to a code never comes: after twenty seconds the backend is asked what became of it", async ({ proxy, awaiting, allowTrouble }) => {
    allowTrouble(trouble.request);
    const flow = await awaiting("mobile", { clock: true });
    proxy.fault(OTP_FINISH, faults.swallowReply());
    await flow.typeCode();
    await proxy.seen(OTP_FINISH);
    await flow.page.clock.runFor(20_000);
    assert.deepEqual(await flow.end(), DONE);
    assert.deepEqual([proxy.count(OTP_FINISH), proxy.count(STATUS)], [1, 1]);
  });

  scenario("the question after a lost answer is asked up to four times, and the code is sent once", async ({ proxy, awaiting, expectTrouble }) => {
    expectTrouble(inTheNetwork);
    const flow = await awaiting("mobile", { clock: true });
    proxy.fault(OTP_FINISH, faults.loseReply());
    proxy.fault(STATUS, faults.cut(), 3);
    await flow.typeCode();
    for (let seconds = 0; seconds < 60 && proxy.count(STATUS) < 4; seconds++) await flow.page.clock.runFor(1_000);
    assert.deepEqual(await flow.end(), DONE);
    assert.deepEqual([proxy.count(OTP_FINISH), proxy.count(STATUS), proxy.count(OTP_ERROR)], [1, 4, 0]);
  });

  scenario("answers that take nineteen seconds are waited for, and nothing is sent twice", async ({ proxy, awaiting }) => {
    const flow = await awaiting("mobile", { clock: true });
    const slowly = async (path, answer) => {
      const before = proxy.count(path);
      let release;
      proxy.fault(path, faults.hold(new Promise((resolve) => (release = resolve))), 1);
      await answer();
      await proxy.seen(path, before + 1);
      await flow.page.clock.runFor(19_000);
      release();
    };
    const asked = await flow.events();
    await slowly(OTP_START, () => flow.answer({ resultType: 1 }));
    await flow.reached("awaiting_otp", asked);
    await slowly(OTP_FINISH, () => flow.typeCode());
    assert.deepEqual(await flow.end(), DONE);
    assert.deepEqual([proxy.count(OTP_START), proxy.count(OTP_FINISH), proxy.count(STATUS), proxy.count(OTP_ERROR)], [2, 1, 0, 0]);
    assert.equal((await flow.sandbox.messages(flow.number)).length, 2);
  });

  scenario("a lost answer to a code on a backend without the status call is a network failure", async ({ proxy, awaiting, expectTrouble }) => {
    expectTrouble(inTheNetwork, trouble.status(404));
    const flow = await awaiting("mobile");
    proxy.fault(OTP_FINISH, faults.loseReply());
    proxy.fault(STATUS, faults.answer(404));
    await flow.typeCode();
    assert.deepEqual(await flow.end(), doneWith("network"));
    assert.equal(proxy.count(OTP_FINISH), 1);
  });

  scenario("a code that is answered with 503 is not sent again", async ({ proxy, awaiting, expectTrouble }) => {
    expectTrouble(trouble.status(503));
    const flow = await awaiting("mobile");
    proxy.fault(OTP_FINISH, faults.answer(503));
    await flow.typeCode();
    assert.equal((await flow.end()).rejected.kind, "server");
    assert.equal(proxy.count(OTP_FINISH), 1);
  });

  scenario("a code is not sent again by the page where Chromium does so by itself", async ({ proxy, awaiting, allowTrouble }) => {
    // Chromium repeats any request once when a reused connection is cut before the first byte of the answer.
    allowTrouble(inTheNetwork);
    proxy.reuse = true;
    const flow = await awaiting("mobile");
    proxy.fault(OTP_FINISH, faults.loseReply());
    await flow.typeCode();
    assert.deepEqual(await flow.end(), DONE);
    const sent = proxy.arrived.filter(({ path }) => path === OTP_FINISH);
    assert.ok(sent.length <= 2, `${sent.length} times`);
    const byThePage = await flow.page.evaluate(
      (path) => performance.getEntriesByType("resource").filter(({ name }) => name.endsWith(path)).length,
      OTP_FINISH,
    );
    assert.ok(byThePage <= 1, `${byThePage} times by the page`);
  });

  scenario("a request for an SMS whose answer is lost is not sent again", async ({ proxy, awaiting, expectTrouble }) => {
    expectTrouble(inTheNetwork);
    const flow = await awaiting("mobile");
    proxy.fault(OTP_START, faults.loseReply());
    await flow.answer({ resultType: 1 });
    assert.deepEqual(await flow.end(), doneWith("network"));
    assert.deepEqual([proxy.count(OTP_START), proxy.count(OTP_ERROR)], [2, 1]);
    assert.equal((await flow.sandbox.messages(flow.number)).length, 2);
  });

  scenario("a request for a link whose answer is lost is not sent again", async ({ proxy, awaiting, expectTrouble }) => {
    expectTrouble(inTheNetwork);
    const flow = await awaiting();
    proxy.fault(LINK_START, faults.loseReply());
    await flow.answer(0);
    assert.deepEqual(await flow.end(), doneWith("network"));
    assert.deepEqual([proxy.count(LINK_START), proxy.count(LINK_ERROR)], [2, 1]);
    assert.equal((await flow.sandbox.messages(flow.number)).length, 2);
  });

  scenario("a report is repeated three times at most, then the flow rejects", async ({ proxy, awaiting, expectTrouble }) => {
    expectTrouble(trouble.status(503));
    const flow = await awaiting("mobile", { clock: true });
    proxy.fault(OTP_ERROR, faults.answer(503));
    await flow.answer(null);
    for (let seconds = 0; seconds < 60 && proxy.count(OTP_ERROR) < 4; seconds++) await flow.page.clock.runFor(1_000);
    const end = await flow.end();
    assert.deepEqual([end.rejected.kind, end.finishes, end.last], ["step_failed", [], "failed"]);
    assert.equal(proxy.count(OTP_ERROR), 4);
  });

  scenario("a report that is answered with 429 is repeated when the backend says, not before", async ({ proxy, awaiting, expectTrouble }) => {
    expectTrouble(trouble.status(429));
    const flow = await awaiting("mobile", { clock: true });
    const headers = { "Retry-After": "25", "Access-Control-Expose-Headers": "Retry-After" };
    proxy.fault(OTP_ERROR, faults.answer(429, { headers }), 1);
    const refused = flow.page.waitForResponse((response) => response.status() === 429);
    await flow.answer(null);
    await (await refused).finished();
    await flow.page.clock.runFor(20_000);
    assert.equal(proxy.count(OTP_ERROR), 1);
    for (let seconds = 0; seconds < 20 && proxy.count(OTP_ERROR) < 2; seconds++) await flow.page.clock.runFor(1_000);
    assert.deepEqual(await flow.end(), doneWith("step_failed"));
    assert.equal(proxy.count(OTP_ERROR), 2);
  });

  scenario("a report that gets through at its third repeat ends the flow as the backend says", async ({ proxy, awaiting, expectTrouble }) => {
    expectTrouble(inTheNetwork);
    const flow = await awaiting("mobile");
    proxy.fault(OTP_ERROR, faults.cut(), 3);
    await flow.answer(null);
    assert.deepEqual(await flow.end(), doneWith("step_failed"));
    assert.equal(proxy.count(OTP_ERROR), 4);
  });

  scenario("answering a step twice sends one request", async ({ proxy, awaiting }) => {
    const flow = await awaiting("mobile");
    await flow.page.evaluate(() => {
      const first = globalThis.asked;
      for (let click = 0; click < 2; click++) first.resolve({ resultType: 1 });
    });
    await flow.page.evaluate(() => rig.told((detail) => detail.state === "awaiting_otp", rig.states.lastIndexOf("sending")));
    assert.equal(proxy.count(OTP_START), 2);
    assert.equal((await flow.sandbox.messages(flow.number)).length, 2);
  });
});

const proxy = await startProxy();
suite("repeats by an impatient person", { flags: ["--origin", proxy.origin] }, (scenario) => {
  after(() => proxy.stop());

  for (const [flow, path, name] of [
    ["mobile", OTP_START, "Send a new code"],
    ["desktop", LINK_START, "Send a new link"],
  ]) {
    const atResend = (title, body) =>
      scenario(`${title} (${flow})`, async ({ open, sandbox }) => {
        proxy.reset();
        proxy.target = sandbox.origin;
        const view = await VerifyPage.open(await open(), sandbox);
        const number = freshNumber();
        await view.start({ flow, number });
        const button = view.button(name);
        await button.waitFor();
        await body({ view, sandbox, button });
        const newest = (await sandbox.messages(number)).at(-1);
        if (flow === "mobile") await view.giveCode(newest.code);
        else await sandbox.open(sandbox.origin + new URL(newest.url).pathname);
        await view.ends("verified");
        assert.deepEqual([proxy.count(path), (await sandbox.messages(number)).length], [2, 2]);
      });

    atResend("a double click on resend sends one SMS", async ({ button }) => {
      await button.dblclick();
    });

    atResend("a double click whose second click comes when the page asks again sends one SMS", async ({ view, button }) => {
      const sent = view.page.waitForResponse((response) => response.url().endsWith(path));
      const { x, y, width, height } = await button.boundingBox();
      const { mouse } = view.page;
      await mouse.move(x + width / 2, y + height / 2);
      await mouse.down();
      await mouse.up();
      await sent;
      await button.waitFor();
      await mouse.down({ clickCount: 2 });
      await mouse.up({ clickCount: 2 });
    });
  }

  scenario("a double click on the code's button sends the code once", async ({ open, sandbox }) => {
    proxy.reset();
    proxy.target = sandbox.origin;
    const view = await VerifyPage.open(await open(), sandbox);
    const number = freshNumber();
    await view.start({ flow: "mobile", number });
    await view.codeField.fill((await sandbox.sms(number)).code);
    await view.button("Check the code").dblclick();
    await view.ends("verified");
    assert.equal(proxy.count(OTP_FINISH), 1);
  });
});
