// Every state of the page at two widths and in both themes: no axe violation, nothing wider than the screen, a picture.
import assert from "node:assert/strict";
import axe from "axe-core";
import { desktop, freshNumber, screenshot, suite } from "./harness.mjs";
import { VerifyPage, wrongCode } from "./page.mjs";

async function inspect(page, name) {
  await page.evaluate(axe.source);
  // Evaluated in the page, where the line above has put axe.
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
  assert.deepEqual(found, [], name);
  const { scrollWidth, clientWidth } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return { scrollWidth, clientWidth };
  });
  assert.equal(scrollWidth <= clientWidth, true, `${name}: ${scrollWidth} px on a screen of ${clientWidth} px`);
  await screenshot(page, name);
}

suite("appearance", {}, (scenario) => {
  for (const width of [360, 1280]) {
    for (const colorScheme of ["light", "dark"]) {
      const look = { viewport: { width, height: 800 }, colorScheme };
      const named = (state) => `${state}-${width}-${colorScheme}`;

      scenario(`a code: ${width} px, ${colorScheme}`, async ({ open, sandbox }) => {
        await sandbox.reset();
        const number = freshNumber();
        const page = await open(desktop, look);
        const view = await VerifyPage.open(page, sandbox);
        await inspect(page, named("1-setup"));
        await view.start({ flow: "mobile" });
        await view.giveNumber("12345");
        await view.says("This number was refused");
        await inspect(page, named("2-number-refused"));
        await view.giveNumber(number);
        const { code } = await sandbox.sms(number);
        await view.giveCode(wrongCode(code));
        await view.says("2 tries are left.");
        await view.message(number).waitFor();
        await inspect(page, named("3-code-wrong"));
        await view.giveCode(code);
        await view.ends("verified");
        await inspect(page, named("4-verified"));
        await page.getByLabel("First name").fill("Nobody");
        await page.getByLabel("Last name").fill("Else");
        await view.button("Compare the name").click();
        await view.says("Complete says success: false.");
        await inspect(page, named("5-completed"));

        await view.button("Try again").click();
        await view.start({ flow: "mobile", number, retry: false });
        await view.giveCode("0");
        await view.ends("failed", "otp_invalid");
        await inspect(page, named("6-failed"));
      });

      scenario(`a link: ${width} px, ${colorScheme}`, async ({ open, sandbox, expectTrouble }) => {
        await sandbox.reset();
        const number = freshNumber();
        const page = await open(desktop, look);
        const view = await VerifyPage.open(page, sandbox);
        await view.start({ flow: "desktop", number });
        await view.linkTitle.waitFor();
        await view.message(number).waitFor();
        await inspect(page, named("7-link"));
        await view.button("Cancel").click();
        await view.ends("cancelled", "cancelled");
        await inspect(page, named("8-cancelled"));

        await view.button("Try again").click();
        await view.button("Verify the phone").click();
        await view.linkTitle.waitFor();
        const { url } = (await sandbox.messages(number)).at(-1);
        const opened = await open(desktop, look);
        await opened.goto(url);
        await opened.getByRole("heading", { name: "The phone is proved" }).waitFor();
        await inspect(opened, named("9-linked"));
        expectTrouble(/status of 410/);
        await opened.goto(url);
        await inspect(opened, named("10-link-used"));
        await view.ends("verified");
      });
    }
  }
});
