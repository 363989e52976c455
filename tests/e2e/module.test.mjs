// The package in an empty page: each row of the table of endings that needs no page of www/.
/* global Rig, rig, settled, proveAuth, giveCode, built -- stand in the page: see rig.js */
import assert from "node:assert/strict";
import { freshNumber, phone, suite } from "./harness.mjs";
import { moduleFolder, openModule } from "./module.mjs";

suite("the module", { www: await moduleFolder() }, (scenario) => {
  const atCode = (name, body) =>
    scenario(name, async (given) => {
      const number = freshNumber();
      const { authToken, correlationId } = await given.sandbox.start({ flowType: "mobile", phoneNumber: number });
      const page = await openModule(await given.open(phone), given.sandbox);
      await body({ ...given, page, authToken, correlationId, number });
    });

  atCode("a second authenticate() is refused while one runs, and the first goes on", async ({ page, sandbox, authToken, number }) => {
    const second = await page.evaluate(async (token) => {
      const code = new Promise((resolve) => (globalThis.giveCode = resolve));
      globalThis.rig = new Rig({ otpFinish: () => code }).build().start(token);
      await rig.reached("awaiting_otp");
      return settled(rig.authenticator.authenticate(token));
    }, authToken);
    assert.equal(second.rejected.kind, "already_running");
    const { code } = await sandbox.sms(number);
    const outcome = await page.evaluate((otp) => {
      giveCode({ resultType: proveAuth.OtpFinishResultType.OnSuccess, input: { otp } });
      return rig.outcome;
    }, code);
    assert.deepEqual(outcome, { resolved: null });
  });

  atCode("cancel() resolves, and no step runs any more", async ({ page, authToken }) => {
    const found = await page.evaluate(async (token) => {
      globalThis.rig = new Rig().build().start(token);
      await rig.reached("awaiting_otp");
      rig.running.cancel();
      return { outcome: await rig.outcome, finishes: rig.finishes, last: rig.states.at(-1) };
    }, authToken);
    assert.deepEqual(found, { outcome: { resolved: null }, finishes: [], last: "cancelled" });
  });

  atCode("an authenticator can be used again when its flow has ended", async ({ page, sandbox, authToken, number }) => {
    await page.evaluate(async (token) => {
      const code = new Promise((resolve) => (globalThis.giveCode = resolve));
      globalThis.rig = new Rig({ otpFinish: () => code }).build().start(token);
      await rig.reached("awaiting_otp");
      rig.running.cancel();
      await rig.outcome;
      rig.start(token);
    }, authToken);
    const sms = await sandbox.sms(number, await sandbox.sms(number));
    const outcome = await page.evaluate((otp) => {
      giveCode({ resultType: 0, input: { otp } });
      return rig.outcome;
    }, sms.code);
    assert.deepEqual(outcome, { resolved: null });
  });

  atCode("cancel() on hearing of a state runs nothing of that state", async ({ page, authToken }) => {
    const found = await page.evaluate(async (token) => {
      globalThis.rig = new Rig().build();
      rig.authenticator.addEventListener("statechange", ({ detail }) => {
        if (detail.state === "sending") rig.running.cancel();
      });
      rig.start(token);
      const sent = [];
      new PerformanceObserver((list) => sent.push(...list.getEntries())).observe({ type: "resource" });
      return { outcome: await rig.outcome, finishes: rig.finishes, last: rig.states.at(-1), sent: sent.length };
    }, authToken);
    assert.deepEqual(found, { outcome: { resolved: null }, finishes: [], last: "cancelled", sent: 0 });
  });

  atCode("a page that mounts, unmounts and mounts again in one go gets its second flow", async ({ page, sandbox, authToken, number }) => {
    await page.evaluate(async (token) => {
      const code = new Promise((resolve) => (globalThis.giveCode = resolve));
      globalThis.rig = new Rig({ otpFinish: () => code }).build().start(token);
      const first = rig.outcome;
      rig.running.cancel();
      rig.start(token);
      await first;
      await rig.reached("awaiting_otp");
    }, authToken);
    const { code } = await sandbox.sms(number);
    const outcome = await page.evaluate((otp) => {
      giveCode({ resultType: proveAuth.OtpFinishResultType.OnSuccess, input: { otp } });
      return rig.outcome;
    }, code);
    assert.deepEqual(outcome, { resolved: null });
  });

  atCode("an authenticator that nobody holds is collected", async ({ page }) => {
    await page.evaluate(() => {
      globalThis.built = Array.from({ length: 100 }, () => new WeakRef(new proveAuth.AuthenticatorBuilder().withAuthFinishStep(() => {}).build()));
    });
    const session = await page.context().newCDPSession(page);
    await session.send("HeapProfiler.collectGarbage");
    const held = await page.evaluate(() => built.filter((reference) => reference.deref()).length);
    assert.ok(held < 10, `${held} of 100 are still held`);
  });

  atCode("cancel() of a call that is over ends no other", async ({ page, sandbox, authToken, number }) => {
    const kind = await page.evaluate(async (token) => {
      const code = new Promise((resolve) => (globalThis.giveCode = resolve));
      globalThis.rig = new Rig({ otpFinish: () => code }).build().start(token);
      const ended = rig.running;
      ended.cancel();
      await rig.outcome;
      rig.start(token);
      const refused = rig.authenticator.authenticate(token);
      const { rejected } = await settled(refused);
      refused.cancel();
      ended.cancel();
      return rejected.kind;
    }, authToken);
    assert.equal(kind, "already_running");
    const { code } = await sandbox.sms(number);
    const outcome = await page.evaluate((otp) => {
      giveCode({ resultType: 0, input: { otp } });
      return rig.outcome;
    }, code);
    assert.deepEqual(outcome, { resolved: null });
  });

  atCode("an abort rejects with the signal's reason", async ({ page, authToken }) => {
    const found = await page.evaluate(async (token) => {
      const controller = new AbortController();
      globalThis.rig = new Rig();
      rig.builder.withAbortSignal(controller.signal);
      rig.build().start(token);
      await rig.reached("awaiting_otp");
      controller.abort("left the page");
      return { outcome: await rig.outcome, finishes: rig.finishes, last: rig.states.at(-1) };
    }, authToken);
    assert.deepEqual(found, { outcome: { rejected: "left the page" }, finishes: [], last: "cancelled" });
  });

  atCode("a signal that is aborted already stops before the first request", async ({ page, sandbox, authToken, number }) => {
    const requests = [];
    page.on("request", (request) => request.url().includes("/v1/") && requests.push(request.url()));
    const outcome = await page.evaluate((token) => {
      globalThis.rig = new Rig();
      rig.builder.withAbortSignal(AbortSignal.abort("too late"));
      return rig.build().start(token).outcome;
    }, authToken);
    assert.deepEqual(outcome, { rejected: "too late" });
    assert.deepEqual(requests, []);
    assert.deepEqual(await sandbox.messages(number), []);
  });

  atCode("a page step that throws ends the flow as done, with its failure", async ({ page, sandbox, authToken, correlationId }) => {
    const found = await page.evaluate(async (token) => {
      const otpFinish = () => {
        throw new Error("closed the dialog");
      };
      globalThis.rig = new Rig({ otpFinish }).build().start(token);
      return { outcome: await rig.outcome, finishes: rig.finishes };
    }, authToken);
    assert.deepEqual(found.outcome, { resolved: null });
    assert.equal(found.finishes.length, 1);
    assert.equal(found.finishes[0].failure.kind, "step_failed");
    assert.equal(found.finishes[0].failure.message, "Failed to obtain OTP for verification: closed the dialog");
    assert.equal((await sandbox.validate(correlationId)).success, false);
  });

  atCode("AuthFinishStep's own reason rejects the flow as it is", async ({ page, sandbox, authToken, number }) => {
    await page.evaluate((token) => {
      const code = new Promise((resolve) => (globalThis.giveCode = resolve));
      const authFinish = () => Promise.reject("our server is down");
      globalThis.rig = new Rig({ authFinish, otpFinish: () => code }).build().start(token);
    }, authToken);
    const { code } = await sandbox.sms(number);
    const outcome = await page.evaluate((otp) => {
      giveCode({ resultType: 0, input: { otp } });
      return rig.outcome;
    }, code);
    assert.deepEqual(outcome, { rejected: "our server is down" });
  });

  atCode("a shorter limit of the page ends the flow as otp_timeout", async ({ page, authToken }) => {
    const found = await page.evaluate(async (token) => {
      globalThis.rig = new Rig();
      rig.builder.withTimeouts({ otp: 50 });
      rig.build().start(token);
      return { outcome: await rig.outcome, kind: rig.finishes[0]?.failure.kind };
    }, authToken);
    assert.deepEqual(found, { outcome: { resolved: null }, kind: "otp_timeout" });
  });

  atCode("a step that the page did not configure is reported, and the flow ends as the backend says", async ({ page, authToken }) => {
    const found = await page.evaluate(async (token) => {
      const finishes = [];
      const authenticator = new proveAuth.AuthenticatorBuilder().withAuthFinishStep(({ failure }) => void finishes.push(failure.kind)).build();
      return { outcome: await settled(authenticator.authenticate(token)), finishes };
    }, authToken);
    assert.deepEqual(found, { outcome: { resolved: null }, finishes: ["step_missing"] });
  });

  atCode("what cannot run is refused before any request", async ({ page, authToken }) => {
    const requests = [];
    page.on("request", (request) => request.url().includes("/v1/") && requests.push(request.url()));
    const kinds = await page.evaluate(async (token) => {
      const builder = () => new proveAuth.AuthenticatorBuilder().withAuthFinishStep(() => {});
      const tried = [
        new proveAuth.AuthenticatorBuilder().build().authenticate(token),
        builder().build().authenticate("no token"),
        builder().withAllowedOrigins(["https://shop.test"]).build().authenticate(token),
      ];
      const outcomes = await Promise.all(tried.map(settled));
      return outcomes.map(({ rejected }) => rejected?.kind);
    }, authToken);
    assert.deepEqual(kinds, ["misuse", "token_invalid", "origin_refused"]);
    assert.deepEqual(requests, []);
  });

  scenario("a token whose session is gone is reported as expired", async ({ open, sandbox, expectTrouble }) => {
    const { authToken } = await sandbox.start({ flowType: "mobile", phoneNumber: freshNumber() });
    await sandbox.advance(15 * 60 + 1);
    const page = await openModule(await open(phone), sandbox);
    expectTrouble(/status of 401/);
    const outcome = await page.evaluate((token) => new Rig().build().start(token).outcome, authToken);
    assert.equal(outcome.rejected.kind, "token_expired");
  });
});
