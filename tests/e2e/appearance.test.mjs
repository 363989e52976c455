// Every state of the page at two widths and in both themes: no axe violation, nothing wider than the screen, a picture.
//
// With HANDSET_SCREENSHOTS=1 the pictures of the documentation are taken anew, into docs/screenshots/.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import axe from "axe-core";
import { desktop, freshNumber, phone, screenshot, suite } from "./harness.mjs";
import { VerifyPage, wrongCode } from "./page.mjs";
import { root } from "./sandbox.mjs";

const WIDTHS = { 360: 780, 1280: 860 };
const THEMES = ["light", "dark"];
/** Things stand still, so that a colour is measured where it arrives and a picture is the same every time. */
const STILL = { reducedMotion: "reduce", timezoneId: "UTC", locale: "en-GB" };

const album = process.env.HANDSET_SCREENSHOTS ? join(root, "docs", "screenshots") : undefined;

/** Looks at one state at both widths and in both themes. `shown` names its pictures for the documentation. */
async function inspect(page, state, shown) {
  for (const frame of page.frames()) if (frame.url() !== "about:blank") await frame.evaluate(axe.source);
  for (const [width, height] of Object.entries(WIDTHS)) {
    await page.setViewportSize({ width: Number(width), height });
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme });
      const name = `${state}-${width}-${colorScheme}`;
      await hasNoViolation(page, name);
      await screenshot(page, name);
      if (shown && album) await picture(page, join(album, `${shown}-${width}-${colorScheme}.webp`));
    }
  }
}

async function hasNoViolation(page, name) {
  // Evaluated in the page, where axe has been put.
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
  assert.deepEqual(found, [], name);
  const { scrollWidth, clientWidth } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return { scrollWidth, clientWidth };
  });
  assert.equal(scrollWidth <= clientWidth, true, `${name}: ${scrollWidth} px on a screen of ${clientWidth} px`);
}

/** WebP, which is a third of PNG's size, is what the browser can and playwright does not ask for. */
async function picture(page, path) {
  await mkdir(album, { recursive: true });
  const browser = await page.context().newCDPSession(page);
  const { cssContentSize } = await browser.send("Page.getLayoutMetrics");
  const { data } = await browser.send("Page.captureScreenshot", {
    format: "webp",
    quality: 85,
    captureBeyondViewport: true,
    clip: { ...cssContentSize, scale: 1 },
  });
  await writeFile(path, Buffer.from(data, "base64"));
  await browser.detach();
}

suite("appearance", {}, (scenario) => {
  scenario("a code, and what is around it", async ({ open, sandbox }) => {
    await sandbox.reset();
    const number = freshNumber();
    const page = await open(desktop, STILL);
    const view = await VerifyPage.open(page, sandbox);
    await view.button("Continue").and(page.locator(":enabled")).waitFor();
    await inspect(page, "01-setup", "start");
    await page.getByRole("button", { name: "Settings", exact: true }).click();
    await inspect(page, "02-settings");
    await page.keyboard.press("Escape");
    await view.start({ flow: "mobile" });
    await view.numberField().waitFor();
    await inspect(page, "03-number");
    await view.giveNumber("12345");
    await view.says("This number was refused");
    await inspect(page, "04-number-refused");
    await view.giveNumber(number);
    const { code } = await sandbox.sms(number);
    await view.giveCode(wrongCode(code));
    await view.says("2 tries are left.");
    await view.message(number).getByRole("button", { name: "Fill in the code" }).click();
    await inspect(page, "05-code-wrong");
    await view.button("Check the code").click();
    await view.ends("verified");
    await inspect(page, "06-verified");
    await page.getByLabel("First name").fill("Nobody");
    await page.getByLabel("Last name").fill("Else");
    await view.button("Put the name on it").click();
    await view.says("Complete says success: false.");
    await inspect(page, "07-completed");
    await view.button("Try again").click();
    await view.start({ flow: "mobile", number, retry: false });
    await view.codeField.waitFor();
    await inspect(page, "08-code", "code");
    await view.giveCode("0");
    await view.ends("failed", "otp_invalid");
    await inspect(page, "09-failed");
  });

  scenario("a link, and the page that it opens", async ({ open, sandbox, expectTrouble }) => {
    await sandbox.reset();
    const page = await open(desktop, STILL);
    const view = await VerifyPage.open(page, sandbox);
    await view.start({ flow: "desktop", number: "2001001693" });
    await view.linkTitle.waitFor();
    await view.message("2001001693").waitFor();
    await inspect(page, "10-link");
    await view.button("Cancel").click();
    await view.ends("cancelled", "cancelled");
    await inspect(page, "11-cancelled");
    await view.button("Try again").click();
    await view.button("Continue").click();
    await view.messages("2001001693").nth(1).waitFor();
    const link = view.message("2001001693").getByRole("button", { name: "Open the link" });
    await link.click();
    await view.phonePage().getByRole("heading", { name: "Thank you, this is your phone" }).waitFor();
    await view.ends("verified");
    await inspect(page, "12-link-opened", "link");
    await page.getByRole("button", { name: "Back to the SMS" }).click();
    expectTrouble(/status of 410/);
    await link.click();
    await view.phonePage().getByRole("heading", { name: "This link was already used" }).waitFor();
    await inspect(page, "13-link-used");
  });

  scenario("a link on a mobile browser, and the page it opens there", async ({ open, sandbox }) => {
    const number = freshNumber();
    const page = await open(phone, STILL);
    const view = await VerifyPage.open(page, sandbox);
    await view.start({ flow: "desktop", number });
    await view.ends("ended");
    await inspect(page, "14-ended");
    await page.goto((await sandbox.sms(number)).url);
    await page.getByRole("heading", { name: "Thank you, this is your phone" }).waitFor();
    await inspect(page, "15-linked");
  });
});
