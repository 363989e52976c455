// Every shape of the reply "the link is sent", with and without a retry step.
/* global Rig, rig, deferred, never, proveAuth -- stand in the page: see rig.js */
import assert from "node:assert/strict";
import { freshNumber, suite } from "./harness.mjs";
import { moduleFolder, openModule } from "./module.mjs";

const www = await moduleFolder();

for (const shape of ["auto", "data", "empty"]) {
  suite(`instant_link.start_reply = "${shape}"`, { www, config: `[instant_link]\nstart_reply = "${shape}"\n` }, (scenario) => {
    for (const allowOTPRetry of shape === "auto" ? [true, false] : [true]) {
      const start = (sandbox, phoneNumber) => sandbox.start({ flowType: "desktop", phoneNumber, allowOTPRetry });

      scenario(`without a retry step the link is awaited (allowOTPRetry ${allowOTPRetry})`, async ({ open, sandbox }) => {
        const number = freshNumber();
        const { authToken, correlationId } = await start(sandbox, number);
        const page = await openModule(await open(), sandbox);
        await page.evaluate((token) => {
          globalThis.rig = new Rig().build().start(token);
          return rig.reached("awaiting_link");
        }, authToken);
        await sandbox.open((await sandbox.sms(number)).url);
        assert.deepEqual(await page.evaluate(() => rig.outcome), { resolved: null });
        assert.equal(await page.evaluate(() => rig.finishes.length), 1);
        assert.equal((await sandbox.validate(correlationId)).success, true);
      });

      scenario(`with a retry step it is called after each SMS (allowOTPRetry ${allowOTPRetry})`, async ({ open, sandbox }) => {
        const number = freshNumber();
        const { authToken, correlationId } = await start(sandbox, number);
        const page = await openModule(await open(), sandbox);
        await page.evaluate((token) => {
          const { promise: askedAgain, resolve } = deferred();
          let asked = 0;
          const linkRetry = () => {
            if (++asked === 1) return proveAuth.InstantLinkResultType.OnResend;
            resolve();
            return never();
          };
          globalThis.rig = new Rig({ linkRetry }).build().start(token);
          return askedAgain;
        }, authToken);
        const second = await sandbox.sms(number, await sandbox.sms(number));
        await sandbox.open(second.url);
        assert.deepEqual(await page.evaluate(() => rig.outcome), { resolved: null });
        const asked = await page.evaluate(() => rig.asked);
        assert.deepEqual(asked, [["linkStart", false, undefined], ["linkRetry"], ["linkRetry"]]);
        assert.equal((await sandbox.validate(correlationId)).success, true);
      });
    }
  });
}
