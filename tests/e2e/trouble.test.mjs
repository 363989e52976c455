// The switches of the page: a visitor spoils a sign-up, and it arrives all the same.
import assert from "node:assert/strict";
import { desktop, freshNumber, phone, suite } from "./harness.mjs";
import { VerifyPage } from "./page.mjs";

const SWITCH = { sleep: "Put the page to sleep" };

/** Turns a switch, as a visitor does. */
const turn = (view, name, on) => view.page.getByRole("switch", { name: SWITCH[name] }).setChecked(on);

const says = (view, text) => view.page.locator("#trouble-says").getByText(text, { exact: true }).waitFor();

/** Waits until the diagram shows it. */
const drawn = (view, text) => view.page.locator("#arrows .label").getByText(text, { exact: true }).first().waitFor();

suite("trouble", {}, (scenario) => {
  scenario("a page that sleeps hears nothing; when it wakes, the link that was opened meanwhile counts at once", async ({ open, sandbox }) => {
    const number = freshNumber();
    const view = await VerifyPage.open(await open(desktop), sandbox);
    await view.start({ number });
    await view.linkTitle.waitFor();
    await turn(view, "sleep", true);
    await says(view, "The page is asleep");
    await view.says("This page is asleep.");
    assert.equal(await view.page.evaluate(() => [document.hidden, document.visibilityState].join()), "true,hidden");
    await view.message(number).getByRole("button", { name: "Open the link" }).click();
    await view.phonePage().getByRole("heading", { name: "Thank you, this is your phone" }).waitFor();
    // The backend has told it; the page does not know.
    await drawn(view, "done: passed");
    assert.equal(await view.linkTitle.isVisible(), true);
    assert.equal(await view.page.locator("[data-module=state]").textContent(), "awaiting_retry");
    await turn(view, "sleep", false);
    await view.ends("verified");
    const marks = (await view.arrows()).filter(({ kind }) => kind === "mark").map(({ what }) => what);
    assert.deepEqual(marks, ["The page is asleep", "The page is awake"]);
  });

  scenario("a reply that comes while the page sleeps is there when it wakes", async ({ open, sandbox }) => {
    const number = freshNumber();
    const page = await open(phone);
    const view = await VerifyPage.open(page, sandbox);
    let release;
    const held = new Promise((resolve) => (release = resolve));
    await page.route("**/v1/client/mobile/otp/start", async (route) => {
      await held;
      await route.continue();
    });
    await view.start({ number });
    await view.says("Sending the SMS…");
    await turn(view, "sleep", true);
    release();
    const { code } = await sandbox.sms(number);
    await drawn(view, "accepted");
    await view.says("Sending the SMS…");
    await turn(view, "sleep", false);
    await view.giveCode(code);
    await view.ends("verified");
  });

  for (const [minutes, said] of [[-10, "10 minutes slow"], [10, "10 minutes fast"]]) {
    for (const when of ["before a sign-up", "in the middle of it"]) {
      scenario(`a clock that is ${said} ${when} neither ends a link nor spoils its countdown`, async ({ open, sandbox }) => {
        const number = freshNumber();
        const page = await open(desktop);
        const view = await VerifyPage.open(page, sandbox);
        const set = () => page.locator(`[name=clock][value="${minutes}"]`).check();
        if (when === "before a sign-up") await set();
        await view.start({ number });
        await view.linkTitle.waitFor();
        const countdown = page.locator("#link [data-countdown]");
        await countdown.getByText(/^2:5\d$|^3:00$/).waitFor();
        if (when !== "before a sign-up") {
          await set();
          await drawn(view, `The page's clock is ${said}`);
        }
        const shift = await page.evaluate(() => Date.now() - performance.timeOrigin - performance.now());
        assert.equal(Math.round(shift / 60_000), minutes, "the page's clock is wrong indeed");
        // It goes on from where it was: another time, and near.
        const before = await countdown.textContent();
        await countdown.and(page.locator(`:not(:text-is("${before}"))`)).getByText(/^2:[45]\d$/).waitFor();
        await view.message(number).getByRole("button", { name: "Open the link" }).click();
        await view.ends("verified");
      });
    }
  }
});
