// The desktop flow: a link by SMS, opened on a phone.
import assert from "node:assert/strict";
import { freshNumber, phone, suite } from "./harness.mjs";
import { VerifyPage } from "./page.mjs";

suite("a link by SMS", {}, (scenario) => {
  const flow = (name, body) =>
    scenario(name, async (given) => body({ ...given, view: await VerifyPage.open(await given.open(), given.sandbox) }));

  flow("a desktop browser gets a link by default, and opening it on the phone verifies at once", async ({ view, sandbox, open }) => {
    const number = freshNumber();
    assert.equal(await view.proofBy("desktop").isChecked(), true);
    await view.start({ number });
    await view.linkTitle.waitFor();
    const onPhone = await open(phone);
    await onPhone.goto((await sandbox.sms(number)).url);
    await onPhone.getByRole("heading", { name: "Thank you, this is your phone" }).waitFor();
    await view.ends("verified");
    await view.says(`The number ${number} is yours.`);
    await view.says("Validate says success: true.");
  });

  for (const [how, javaScriptEnabled] of [
    ["by keyboard", true],
    ["without JavaScript", false],
  ]) {
    flow(`whoever might be a machine that looks at links gets a button, which confirms ${how}`, async ({ view, sandbox, open }) => {
      const number = freshNumber();
      await view.start({ number });
      await view.linkTitle.waitFor();
      const { url } = await sandbox.sms(number);
      const inApp = await open(phone, { javaScriptEnabled, userAgent: "Mozilla/5.0 (Linux; Android 14) SomeApp LinkPreview/1.0" });
      await inApp.goto(url);
      const button = inApp.getByRole("button");
      // Loading the page, also twice, does not use the link up.
      await inApp.reload();
      // The page after the confirmation needs JavaScript; the confirmation needs none.
      if (javaScriptEnabled) {
        await inApp.keyboard.press("Tab");
        assert.equal(await button.evaluate((it) => it === document.activeElement), true);
        await inApp.keyboard.press("Enter");
        await inApp.getByRole("heading", { name: "Thank you, this is your phone" }).waitFor();
      } else await button.click();
      await view.ends("verified");
      // Without JavaScript the page cannot show its state.
      await inApp.close();
    });
  }

  flow("the page asks for the number when the server has none, and again when it is refused", async ({ view, sandbox }) => {
    const number = freshNumber();
    await view.start({});
    await view.giveNumber("12345");
    await view.says("This number was refused (code 10001). Check it, or use another.");
    await view.giveNumber(number);
    await sandbox.open((await sandbox.sms(number)).url);
    await view.ends("verified");
  });

  flow("a link opens in the drawn phone's browser", async ({ view }) => {
    const number = freshNumber();
    await view.start({ number });
    await view.message(number).getByRole("button", { name: "Open the link" }).click();
    await view.phonePage().getByRole("heading", { name: "Thank you, this is your phone" }).waitFor();
    await view.ends("verified");
    await view.page.getByRole("button", { name: "Back to the SMS" }).click();
    await view.message(number).waitFor();
  });

  flow("a link that was used says so, in the phone as in a tab", async ({ view, sandbox, expectTrouble }) => {
    const number = freshNumber();
    await view.start({ number });
    await sandbox.open((await sandbox.sms(number)).url);
    await view.ends("verified");
    expectTrouble(/status of 410/);
    await view.message(number).getByRole("button", { name: "Open the link" }).click();
    await view.phonePage().getByRole("heading", { name: "This link was already used" }).waitFor();
    const [tab] = await Promise.all([
      view.page.context().waitForEvent("page"),
      view.page.getByRole("link", { name: "Open in a tab" }).click(),
    ]);
    await tab.getByRole("heading", { name: "This link was already used" }).waitFor();
  });

  scenario("the page works by any name of its machine", async ({ open, sandbox }) => {
    const number = freshNumber();
    const page = await open();
    const view = await VerifyPage.open(page, { origin: sandbox.origin.replace("127.0.0.1", "localhost") });
    await view.start({ number });
    await view.message(number).getByRole("button", { name: "Open the link" }).click();
    await view.phonePage().getByRole("heading", { name: "Thank you, this is your phone" }).waitFor();
    await view.ends("verified");
  });

  flow("a link that is opened twice says so", async ({ view, sandbox, open, expectTrouble }) => {
    const number = freshNumber();
    await view.start({ number });
    const { url } = await sandbox.sms(number);
    await sandbox.open(url);
    await view.ends("verified");
    expectTrouble(/status of 410/);
    const onPhone = await open(phone);
    assert.equal((await onPhone.goto(url)).status(), 410);
    await onPhone.getByRole("heading", { name: "This link was already used" }).waitFor();
  });

  flow("looking at a link with HEAD does not spend it", async ({ view, sandbox }) => {
    const number = freshNumber();
    await view.start({ number });
    const { url } = await sandbox.sms(number);
    assert.equal((await sandbox.open(url, "HEAD")).status, 200);
    await view.linkTitle.waitFor();
    assert.equal((await sandbox.open(url)).status, 303);
    await view.ends("verified");
  });

  flow("a new link replaces the old one", async ({ view, sandbox }) => {
    const number = freshNumber();
    await view.start({ number });
    const first = await sandbox.sms(number);
    await view.button("Send a new link").click();
    const second = await sandbox.sms(number, first);
    assert.equal((await sandbox.open(first.url)).status, 410);
    await sandbox.open(second.url);
    await view.ends("verified");
  });

  flow("another number gets a link of its own, and the first number's is dead", async ({ view, sandbox }) => {
    const [wrong, right] = [freshNumber(), freshNumber()];
    await view.start({ number: wrong });
    const first = await sandbox.sms(wrong);
    await view.button("Use another number").click();
    await view.giveNumber(right);
    const second = await sandbox.sms(right);
    assert.equal((await sandbox.open(first.url)).status, 410);
    await sandbox.open(second.url);
    await view.ends("verified");
    await view.says(`The number ${right} is yours.`);
  });

  flow("a link that is opened while the page asks for another number still verifies", async ({ view, sandbox }) => {
    const number = freshNumber();
    await view.start({ number });
    const { url } = await sandbox.sms(number);
    await view.button("Use another number").click();
    await view.numberField().waitFor();
    await sandbox.open(url);
    await view.ends("verified");
  });

  flow("the backend's clock ends a link that nobody opened", async ({ view, sandbox, open, expectTrouble }) => {
    const number = freshNumber();
    await view.start({ number });
    const { url } = await sandbox.sms(number);
    await view.linkTitle.waitFor();
    await sandbox.advance(180);
    expectTrouble(/status of 410/);
    const onPhone = await open(phone);
    await onPhone.goto(url);
    await onPhone.getByRole("heading", { name: "This link has expired" }).waitFor();
    await sandbox.advance(11);
    await view.ends("failed", "server");
    await view.says("Validate says success: false.");
  });

  scenario("the page's clock ends a link that nobody opened", async ({ open, sandbox }) => {
    const page = await open();
    await page.clock.install();
    const view = await VerifyPage.open(page, sandbox);
    await view.start({ number: freshNumber() });
    await view.linkTitle.waitFor();
    await page.locator("#link [data-countdown]").getByText(/^2:5\d$|^3:00$/).waitFor();
    await page.clock.fastForward(180_000);
    await view.ends("failed", "link_timeout");
    await view.says("The link was not opened in time.");
  });

  flow("cancel ends the wait, and the link does nothing more here", async ({ view, sandbox }) => {
    const number = freshNumber();
    await view.start({ number });
    const { url } = await sandbox.sms(number);
    await view.linkTitle.waitFor();
    await view.button("Cancel").click();
    await view.ends("cancelled", "cancelled");
    await sandbox.open(url);
    await view.ends("cancelled", "cancelled");
  });

  flow("a test user whose possession passes without the browser is verified at once", async ({ view }) => {
    await view.start({ number: "2001001695" });
    await view.ends("verified");
  });

  scenario("a dropped connection is announced and replaced, and the sign-up succeeds", async ({ open, sandbox }) => {
    const number = freshNumber();
    const page = await open();
    const sockets = [];
    await page.routeWebSocket(/\/v1\/client\/status/, (socket) => {
      sockets.push(socket);
      socket.connectToServer();
    });
    const view = await VerifyPage.open(page, sandbox);
    await view.start({ number });
    await view.linkTitle.waitFor();
    const { url } = await sandbox.sms(number);
    await view.says("An SMS with a link is on its way.");
    await sockets[0].close();
    await view.says("The connection was lost. Connecting again…");
    await view.says("An SMS with a link is on its way.");
    await sandbox.open(url);
    await view.ends("verified");
    assert.equal(sockets.length, 2);
  });

  scenario("a desktop visitor may try the mobile flow", async ({ open, sandbox }) => {
    const number = freshNumber();
    const view = await VerifyPage.open(await open(), sandbox);
    await view.start({ flow: "mobile", number });
    await view.giveCode((await sandbox.sms(number)).code);
    await view.ends("verified");
  });

  scenario("on a mobile browser the page that the link opens goes on, and the server knows", async ({ open, sandbox }) => {
    const number = freshNumber();
    const view = await VerifyPage.open(await open(phone), sandbox);
    await view.start({ flow: "desktop", number });
    await view.ends("ended");
    await view.button("Ask the server").click();
    await view.says("The link has not been opened yet.");
    await sandbox.open((await sandbox.sms(number)).url);
    await view.button("Ask the server").click();
    await view.ends("verified");
  });

  scenario("the page of a link without its parameters says that nothing is proved", async ({ open, sandbox }) => {
    const page = await open(phone);
    for (const query of ["", "?authId=1", "?authId=1&asc=false"]) {
      await page.goto(`${sandbox.origin}/linked.html${query}`);
      await page.getByRole("heading", { name: "We could not confirm your phone" }).waitFor();
    }
  });
});
