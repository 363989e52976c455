// docs/events.md in a browser: the check of every page's events works, and the example of the page counts down.
/* global Rig, rig -- stand in the page: see rig.js */
import assert from "node:assert/strict";
import { test } from "node:test";
import { example, strays } from "./events.mjs";
import { freshNumber, phone, suite } from "./harness.mjs";
import { moduleFolder, openModule } from "./module.mjs";

const step = "mobile/otp";
const starting = { state: "starting", step: "" };
const done = { state: "done", step: "" };

test("the check of every page's events finds each violation of the tables", () => {
  const asked = [starting, { state: "awaiting_phone", step }];
  assert.deepEqual(strays([...asked, { state: "cancelled", step: "" }, ...asked]), []);
  assert.deepEqual(strays([starting, done]), ["no edge leads from starting to done"]);
  assert.deepEqual(strays([...asked, starting]), ["no edge leads from awaiting_phone to starting"]);
  assert.deepEqual(strays([{ ...starting, expiresAt: 1 }]), ["expiresAt does not belong to starting"]);
  assert.deepEqual(strays([{ ...starting, otp: "" }]), ["otp does not belong to starting"]);
});

const config = "[otp]\nresend_pause_seconds = 30";

suite("the countdown of docs/events.md", { www: await moduleFolder(), config }, (scenario) => {
  scenario("is right again after a sleep of the page, enables the resend in time, and ends with the flow", async ({ open, sandbox }) => {
    const { authToken } = await sandbox.start({ flowType: "mobile", phoneNumber: freshNumber() });
    const page = await open(phone);
    await page.clock.install();
    await openModule(page, sandbox);
    const output = page.locator("output");
    const resend = page.locator("#resend");
    await page.evaluate(() => {
      document.body.innerHTML = `<output hidden></output><button id="resend" disabled>Send again</button>`;
      globalThis.rig = new Rig().build();
    });
    // The unchanged example; from outside, since the page's Content-Security-Policy forbids eval.
    await page.evaluate(`(() => { const { authenticator } = rig; ${example} })()`);
    await page.evaluate((token) => rig.start(token).reached("awaiting_otp"), authToken);

    const reads = async (pattern) => {
      await output.waitFor();
      assert.match(await output.textContent(), pattern);
    };
    await reads(/^(2:00|1:[3-5]\d)$/);
    assert.equal(await resend.isDisabled(), true);
    await page.clock.fastForward(60_000);
    await reads(/^(1:00|0:[3-5]\d)$/);
    assert.equal(await resend.isDisabled(), false);
    await page.clock.fastForward(70_000);
    const ended = await page.evaluate(async () => ({ outcome: await rig.outcome, kind: rig.finishes[0].failure.kind }));
    assert.deepEqual(ended, { outcome: { resolved: null }, kind: "otp_timeout" });
    await output.waitFor({ state: "hidden" });
  });
});
