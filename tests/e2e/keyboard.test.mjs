// Both flows without a mouse.
import assert from "node:assert/strict";
import { desktop, freshNumber, phone, suite } from "./harness.mjs";
import { VerifyPage } from "./page.mjs";

/** More than the number of tab stops in any state of the page. */
const STOPS_MAX = 60;

const isFocused = (locator) => locator.evaluate((element) => element === document.activeElement);

/** Presses Tab until `locator` has the focus. */
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
    const settings = page.getByRole("button", { name: "Settings", exact: true });
    await tabTo(page, settings);
    await page.keyboard.press("Enter");
    await tabTo(page, page.getByRole("radio", { name: /^The server has it/ }));
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Escape");
    assert.equal(await isFocused(settings), true, "the focus returns to the button that opened the settings");
    await tabTo(page, view.proofBy("desktop"));
    await page.keyboard.press("ArrowRight");
    assert.equal(await view.proofBy("mobile").isChecked(), true);
    await tabTo(page, view.button("Continue"));
    await page.keyboard.press("Enter");

    await view.numberField().waitFor();
    assert.equal(await isFocused(view.numberField()), true, "the focus is in the number's field");
    await page.keyboard.type("2001001693");
    await page.keyboard.press("Enter");

    await view.codeField.waitFor();
    assert.equal(await isFocused(view.codeField), true, "the focus is in the code's field");
    await page.keyboard.type("9999");
    await page.keyboard.press("Enter");
    await view.says("2 tries are left.");
    assert.equal(await isFocused(view.codeField), true, "the focus is in the code's field again");
    const useCode = view.message("2001001693").getByRole("button", { name: "Fill in the code" });
    await tabTo(page, useCode);
    await page.keyboard.press("Space");
    assert.equal(await view.codeField.inputValue(), "1234");
    assert.equal(await isFocused(view.codeField), true, "the focus is in the filled field");
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
    assert.equal(await isFocused(view.button("Continue")), true, "the focus is on the next action");
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
    assert.equal(await isFocused(view.linkTitle), true, "the instruction is read");
    const first = await sandbox.sms(number);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await sandbox.sms(number, first);
    await view.messages(number).nth(1).waitFor();
    await tabTo(page, view.message(number).getByRole("button", { name: "Open the link" }));
    await page.keyboard.press("Enter");
    await view.phonePage().getByRole("heading", { name: "Thank you, this is your phone" }).waitFor();
    await view.ends("verified");
    assert.equal(await isFocused(view.resultTitle), true, "the result is read");
    const back = page.getByRole("button", { name: "Back to the SMS" });
    await tabTo(page, back);
    await page.keyboard.press("Enter");
    assert.equal(await isFocused(view.message(number).getByRole("button")), true, "the focus is not lost with the phone's browser");
    await tabTo(page, page.getByRole("group", { name: "Every message, in order" }));
  });

  scenario("the switches, in the middle of a link", async ({ open, sandbox, allowTrouble }) => {
    const number = freshNumber();
    const page = await open(desktop);
    const view = await VerifyPage.open(page, sandbox);
    await tabTo(page, view.numberField());
    await page.keyboard.press("Control+A");
    await page.keyboard.type(number);
    await page.keyboard.press("Enter");
    await view.linkTitle.waitFor();
    const says = (text) => page.locator("#trouble-says").getByText(text, { exact: true }).waitFor();
    // The page may send any number of requests before the network is back.
    allowTrouble(/net::ERR_|WebSocket connection to /);
    for (const [name, on, off] of [
      ["Lose the network", "The network is gone", "The network is back"],
      ["Put the page to sleep", "The page is asleep", "The page is awake"],
      ["Drop the socket", "Sockets are dropped", "Sockets work again"],
    ]) {
      const trouble = page.getByRole("switch", { name });
      await tabTo(page, trouble);
      await page.keyboard.press("Space");
      await says(on);
      assert.equal(await isFocused(trouble), true, "the focus stays");
      await page.keyboard.press("Space");
      await says(off);
    }
    await tabTo(page, page.getByRole("radio", { name: "Right" }));
    await page.keyboard.press("ArrowRight");
    await says("The page's clock is 10 minutes fast");
    // After the last tab stop, Tab starts from the first again.
    await tabTo(page, view.message(number).getByRole("button", { name: "Open the link" }));
    await page.keyboard.press("Enter");
    await view.ends("verified");
    assert.equal(await isFocused(view.resultTitle), true, "the result is read");
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
