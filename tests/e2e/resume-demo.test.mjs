// The demo after a reload in mid-flow: its server gives the same authToken again, and the flow goes on.
import assert from "node:assert/strict";
import { desktop, freshNumber, phone, suite } from "./harness.mjs";
import { VerifyPage } from "./page.mjs";

/** The pictures that a person looks at: HANDSET_RESUME_PICTURES names their folder. */
const pictures = process.env.HANDSET_RESUME_PICTURES;
const picture = (page, name) => pictures && page.screenshot({ path: `${pictures}/${name}.png` });

suite("the demo after a reload", {}, (scenario) => {
  for (const width of [390, 1280]) {
    scenario(`goes on at the code, and sends no second SMS: ${width} px`, async ({ open, sandbox }) => {
      const page = await open(phone, { viewport: { width, height: 844 } });
      const view = await VerifyPage.open(page, sandbox);
      const number = freshNumber();
      await view.start({ number });
      const { code } = await sandbox.sms(number);
      await view.codeField.waitFor();
      await page.reload();
      await view.codeField.waitFor();
      await view.says("An SMS with a code is on its way.");
      await picture(page, `code-${width}`);
      await view.giveCode(code);
      await view.ends("verified");
      assert.equal((await sandbox.messages(number)).length, 1);
      await page.reload();
      await view.button("Continue").waitFor();
      assert.deepEqual(await page.evaluate(() => ({ ...sessionStorage })), {}, "nothing is left of a flow that is over");
    });
  }

  scenario("goes on at the link", async ({ open, sandbox }) => {
    const page = await open(desktop);
    const view = await VerifyPage.open(page, sandbox);
    const number = freshNumber();
    await view.start({ number });
    const { url } = await sandbox.sms(number);
    await view.linkTitle.waitFor();
    await page.reload();
    await view.linkTitle.waitFor();
    await sandbox.open(url);
    await view.ends("verified");
    assert.equal((await sandbox.messages(number)).length, 1);
  });

  scenario("gives a flow to its own visitor alone, and says so where the server has none", async ({ open, sandbox, expectTrouble }) => {
    const page = await open(phone);
    const view = await VerifyPage.open(page, sandbox);
    await view.start({ number: freshNumber() });
    await view.codeField.waitFor();
    const { correlationId } = await page.evaluate(() => ({ correlationId: sessionStorage.getItem("signup.flow") }));
    await assert.rejects(sandbox.call("/demo/again", { correlationId }), /HTTP 404/);
    await page.context().clearCookies();
    expectTrouble(/status of 404/);
    await page.reload();
    await view.ends("failed", "backend");
    await page.getByRole("button", { name: "Try again" }).click();
    await view.button("Continue").waitFor();
  });
});
