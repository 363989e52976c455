// A tab that Chrome has discarded, as it does on a phone with little memory: an extension asks for it, in the new headless mode.
/* global Rig, rig, proveAuth, giveCode, discard, goBackTo -- stand in the page, see rig.js, and in the extension */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { Told } from "./events.mjs";
import { FLAGS, freshNumber } from "./harness.mjs";
import { moduleFolder, openModule } from "./module.mjs";
import { record, recordStorage } from "./recorder.mjs";
import { startSandbox } from "./sandbox.mjs";

const extension = fileURLToPath(new URL("discard", import.meta.url));

/** A browser with the extension. Extensions need a profile of their own, and the new headless mode. */
async function launch(profile) {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROME_PATH || "/usr/bin/chromium",
    headless: false,
    ignoreDefaultArgs: ["--disable-extensions"],
    args: [...FLAGS, "--headless=new", `--load-extension=${extension}`, `--disable-extensions-except=${extension}`],
  });
  await record(context);
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent("serviceworker"));
  return { context, worker };
}

/** In the page: begins a flow that goes on after a reload. */
function begin(token) {
  const code = new Promise((resolve) => (globalThis.giveCode = (otp) => resolve({ resultType: proveAuth.OtpFinishResultType.OnSuccess, input: { otp } })));
  globalThis.rig = new Rig({ otpFinish: () => code });
  rig.builder.withResume(sessionStorage);
  rig.build().start(token);
}

for (const [flowType, waits] of [
  ["mobile", "awaiting_otp"],
  ["desktop", "awaiting_link"],
]) {
  test(`a flow goes on in a tab that was discarded while its owner was elsewhere: ${flowType}`, async (t) => {
    const sandbox = await startSandbox({ www: await moduleFolder() });
    t.after(() => sandbox.stop());
    const profile = await mkdtemp(join(tmpdir(), "handset-e2e-"));
    t.after(() => rm(profile, { recursive: true, force: true }));
    const { context, worker } = await launch(profile);
    const told = new Told();
    told.over(context);
    t.after(() => context.close());

    const number = freshNumber();
    const { authToken, correlationId } = await sandbox.start({ flowType, phoneNumber: number });
    const page = await openModule(await context.newPage(), sandbox);
    await page.evaluate(begin, authToken);
    await page.evaluate((state) => rig.reached(state), waits);
    const expires = await page.evaluate(() => rig.details.at(-1).expiresAt);
    const sms = await sandbox.sms(number);

    // Chrome discards no tab that is looked at.
    await (await context.newPage()).bringToFront();
    const gone = page.waitForEvent("close");
    assert.equal(await worker.evaluate((url) => discard(url), sandbox.origin), true);
    await gone;
    const back = context.waitForEvent("page");
    await worker.evaluate((url) => goBackTo(url), sandbox.origin);
    const again = await back;
    await again.waitForLoadState("load");
    assert.equal(await again.evaluate(() => document.wasDiscarded), true);

    await again.evaluate(begin, authToken);
    await again.evaluate((state) => rig.reached(state), waits);
    const details = await again.evaluate(() => rig.details);
    assert.deepEqual(details.slice(0, 3).map(({ state, resumed }) => [state, resumed]), [["starting", undefined], ["starting", true], [waits, undefined]]);
    assert.ok(Math.abs(details[2].expiresAt - expires) < 1_500, "the countdown goes on");
    if (flowType === "mobile") await again.evaluate((otp) => giveCode(otp), sms.code);
    else await sandbox.open(sms.url);
    assert.deepEqual(await again.evaluate(() => rig.outcome), { resolved: null });
    told.check();
    assert.equal((await sandbox.messages(number)).length, 1, "one SMS");
    assert.equal((await sandbox.validate(correlationId)).success, true);
    await recordStorage(again);
  });
}
