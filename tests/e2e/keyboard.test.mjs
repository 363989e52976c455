// Both flows without a mouse.
import assert from "node:assert/strict";
import { desktop, freshNumber, phone, suite } from "./harness.mjs";
import { VerifyPage } from "./page.mjs";

/** More stops than any state of the page has. */
const STOPS_MAX = 60;

const isFocused = (locator) => locator.evaluate((element) => element === document.activeElement);

/** Presses Tab until `locator` has the focus, as somebody would who looks for it. */
async function tabTo(page, locator) {
  await locator.waitFor();
  for (let stop = 0; stop < STOPS_MAX; stop++) {
    if (await isFocused(locator)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`${locator} cannot be reached with Tab`);
}

suite("by keyboard", {}, (scenario) => {
  scenario("a code, from the choice of the flow to the name", async ({ open, sandbox }) => {
    const page = await open(desktop);
    const view = await VerifyPage.open(page, sandbox);
    await tabTo(page, page.getByRole("radio", { name: /^Desktop/ }));
    await page.keyboard.press("ArrowUp");
    assert.equal(await page.getByRole("radio", { name: /^Mobile/ }).isChecked(), true);
    await tabTo(page, page.getByRole("radio", { name: /^The server has it/ }));
    await page.keyboard.press("ArrowDown");
    await tabTo(page, view.button("Verify the phone"));
    await page.keyboard.press("Enter");

    await view.numberField().waitFor();
    assert.equal(await isFocused(view.numberField()), true, "the focus is where the number is asked for");
    await page.keyboard.type("2001001693");
    await page.keyboard.press("Enter");

    await view.codeField.waitFor();
    assert.equal(await isFocused(view.codeField), true, "the focus is where the code is asked for");
    await page.keyboard.type("9999");
    await page.keyboard.press("Enter");
    await view.says("2 tries are left.");
    assert.equal(await isFocused(view.codeField), true, "the focus is where the code is asked for again");
    const useCode = view.message("2001001693").getByRole("button", { name: "Use this code" });
    await tabTo(page, useCode);
    await page.keyboard.press("Space");
    assert.equal(await view.codeField.inputValue(), "1234");
    assert.equal(await isFocused(view.codeField), true, "the focus is in the field that was filled");
    await page.keyboard.press("Enter");

    await view.ends("verified");
    assert.equal(await isFocused(view.resultTitle), true, "the result is read");
    await page.keyboard.press("Tab");
    await page.keyboard.type("Marcia");
    await page.keyboard.press("Tab");
    await page.keyboard.type("Longo");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await view.says("Complete says success: true.");
    assert.equal(await isFocused(view.button("Try again")), true, "the focus is not lost with the button");
    await page.keyboard.press("Enter");
    assert.equal(await isFocused(view.button("Verify the phone")), true, "the focus is where it goes on");
  });

  scenario("a link, sent twice", async ({ open, sandbox }) => {
    const number = freshNumber();
    const page = await open(desktop);
    const view = await VerifyPage.open(page, sandbox);
    await tabTo(page, view.numberField());
    await page.keyboard.press("Control+A");
    await page.keyboard.type(number);
    await page.keyboard.press("Enter");
    await view.linkTitle.waitFor();
    assert.equal(await isFocused(view.linkTitle), true, "what to do is read");
    const first = await sandbox.sms(number);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await sandbox.sms(number, first);
    const link = view.message(number).getByRole("link", { name: "Open the link" });
    await view.page.getByRole("listitem").filter({ hasText: `To ${number},` }).nth(1).waitFor();
    await tabTo(page, link);
    const [tab] = await Promise.all([page.context().waitForEvent("page"), page.keyboard.press("Enter")]);
    await tab.getByRole("heading", { name: "The phone is proved" }).waitFor();
    await view.ends("verified");
  });

  scenario("an empty field is named, and has the focus", async ({ open, sandbox }) => {
    const page = await open(phone);
    const view = await VerifyPage.open(page, sandbox);
    await view.numberField().fill("");
    await page.keyboard.press("Enter");
    await view.says("Type the phone number first.");
    assert.equal(await isFocused(view.numberField()), true);
    await page.keyboard.type("2001001693");
    await page.keyboard.press("Enter");
    await view.codeField.waitFor();
    await page.keyboard.press("Enter");
    await view.says("Type the code first.");
    assert.equal(await isFocused(view.codeField), true);
  });
});
