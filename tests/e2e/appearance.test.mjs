// Every state of the page at two widths and in both themes, see look.mjs.
import { desktop, freshNumber, phone, suite } from "./harness.mjs";
import { inspect, STILL } from "./look.mjs";
import { VerifyPage, wrongCode } from "./page.mjs";

/** Holds the page's calls of `path` back until the caller calls the returned function. */
async function hold(page, path) {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route(`**${path}`, async (route) => {
    await held;
    await route.continue();
  });
  return async () => {
    release();
    await page.unroute(`**${path}`, { behavior: "wait" });
  };
}

suite("appearance", {}, (scenario) => {
  scenario("a code, and what is around it", async ({ open, sandbox }) => {
    await sandbox.reset();
    const number = freshNumber();
    const page = await open(desktop, STILL);
    const view = await VerifyPage.open(page, sandbox);
    await view.button("Continue").and(page.locator(":enabled")).waitFor();
    await inspect(page, "01-setup");
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
    await inspect(page, "08-code", { shown: "code", shownAt: [360] });
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
    const sleep = page.getByRole("switch", { name: "Put the page to sleep" });
    await sleep.check();
    await inspect(page, "11-asleep", { asleep: true });
    await sleep.uncheck();
    await view.button("Cancel").click();
    await view.ends("cancelled", "cancelled");
    await inspect(page, "12-cancelled");
    await view.button("Try again").click();
    await view.button("Continue").click();
    await view.messages("2001001693").nth(1).waitFor();
    const link = view.message("2001001693").getByRole("button", { name: "Open the link" });
    await link.click();
    await view.phonePage().getByRole("heading", { name: "Thank you, this is your phone" }).waitFor();
    await view.ends("verified");
    await inspect(page, "13-link-opened", { shown: "link" });
    await page.getByRole("button", { name: "Back to the SMS" }).click();
    expectTrouble(/status of 410/);
    await link.click();
    await view.phonePage().getByRole("heading", { name: "This link was already used" }).waitFor();
    await inspect(page, "14-link-used");
  });

  scenario("every waiting state", async ({ open, sandbox }) => {
    await sandbox.reset();
    const number = freshNumber();
    const page = await open(phone, STILL);
    const view = await VerifyPage.open(page, sandbox);
    const waits = async (path, act, said, state) => {
      const release = await hold(page, path);
      await act();
      await view.says(said);
      await inspect(page, state);
      await release();
    };
    await waits("/demo/start", () => view.start({ number }), "Starting…", "17-starting");
    await view.codeField.waitFor();
    const first = await sandbox.sms(number);
    await waits("/v1/client/mobile/otp/start", () => view.button("Send a new code").click(), "Sending the SMS…", "18-sending");
    const { code } = await sandbox.sms(number, first);
    // The SMS may arrive before the reply to its request; until the reply the page accepts no input.
    await view.says("An SMS with a code is on its way.");
    await waits("/v1/client/mobile/otp/finish", () => view.giveCode(wrongCode(code)), "Checking the code…", "19-checking");
    await view.says("2 tries are left.");
    await waits("/demo/verify", () => view.giveCode(code), "Asking the server for the result…", "20-finishing");
    await view.ends("verified");
  });

  scenario("a sign-up in trouble", async ({ open, sandbox, expectTrouble }) => {
    await sandbox.reset();
    const page = await open(desktop, STILL);
    const view = await VerifyPage.open(page, sandbox);
    await view.start({ flow: "desktop", number: "2001001693" });
    await view.linkTitle.waitFor();
    await view.message("2001001693").waitFor();
    await page.getByLabel("10 min fast").check();
    expectTrouble(/console: (Failed to load resource: net::ERR_|WebSocket connection to )/);
    await page.getByRole("switch", { name: "Drop the socket" }).check();
    await view.says("No live connection: asking the server every few seconds.");
    await inspect(page, "21-polling");
    expectTrouble(/request: net::ERR_CONNECTION_RESET .*\/v1\/client\//);
    await page.getByRole("switch", { name: "Lose the network" }).check();
    await page.locator("#trouble-says").getByText("The network is gone").waitFor();
    await page.locator("#arrows > .lost").nth(2).waitFor();
    await inspect(page, "22-offline", { shown: "offline", shownAt: [1280] });
    for (const name of ["Lose the network", "Drop the socket"]) await page.getByRole("switch", { name }).uncheck();
    await view.message("2001001693").getByRole("button", { name: "Open the link" }).click();
    await view.ends("verified");
  });

  scenario("a browser that cannot run it", async ({ open, sandbox }) => {
    const page = await open(phone, STILL);
    await page.addInitScript(() => delete globalThis.WebAssembly);
    const view = await VerifyPage.open(page, sandbox);
    await view.says("This browser or page cannot run WebAssembly.");
    await inspect(page, "23-unsupported");
  });

  scenario("a link on a mobile browser, and the page it opens there", async ({ open, sandbox }) => {
    const number = freshNumber();
    const page = await open(phone, STILL);
    const view = await VerifyPage.open(page, sandbox);
    await view.start({ flow: "desktop", number });
    await view.ends("ended");
    // The phone is out of sight here, so the page shows the link to it.
    await page.getByRole("main").getByRole("link", { name: "New SMS on the phone" }).waitFor();
    await inspect(page, "15-ended");
    await page.goto((await sandbox.sms(number)).url);
    await page.getByRole("heading", { name: "Thank you, this is your phone" }).waitFor();
    await inspect(page, "16-linked");
  });
});
