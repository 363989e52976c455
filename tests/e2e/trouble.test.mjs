// The switches of the page: a visitor disturbs a sign-up, and it succeeds anyway.
import assert from "node:assert/strict";
import { desktop, freshNumber, phone, suite } from "./harness.mjs";
import { VerifyPage } from "./page.mjs";

const SWITCH = { network: "Lose the network", sleep: "Put the page to sleep", socket: "Drop the socket" };

/** Turns a switch on or off, as a visitor does. */
const turn = (view, name, on) => view.page.getByRole("switch", { name: SWITCH[name] }).setChecked(on);

const says = (view, text) => view.page.locator("#trouble-says").getByText(text, { exact: true }).waitFor();

/** Waits until the diagram shows the text. */
const drawn = (view, text) => view.page.locator("#arrows .label").getByText(text, { exact: true }).first().waitFor();

/** Waits until the sandbox has no fault listed. */
async function gone(sandbox) {
  const deadline = Date.now() + 10_000;
  while ((await sandbox.call("/sandbox/faults")).faults.length > 0) assert.ok(Date.now() < deadline, "faults are still listed");
}

/** The browser's messages for a broken connection. */
const BROKEN = [/console: (Failed to load resource: net::ERR_|WebSocket connection to )/, /request: net::ERR_(EMPTY_RESPONSE|CONNECTION_RESET|CONNECTION_CLOSED|SOCKET_NOT_CONNECTED) .*\/v1\/client\//];

suite("trouble", {}, (scenario) => {
  scenario("a network that is lost and found again: the link that was opened meanwhile counts", async ({ open, sandbox, expectTrouble }) => {
    const number = freshNumber();
    const page = await open(desktop);
    const view = await VerifyPage.open(page, sandbox);
    await view.start({ number });
    await view.linkTitle.waitFor();
    expectTrouble(...BROKEN);
    await turn(view, "network", true);
    await says(view, "The network is gone");
    await view.says("The connection was lost. Connecting again…");
    assert.equal(await page.evaluate(() => navigator.onLine), false);
    await page.locator("#arrows > .lost").first().waitFor();
    await view.message(number).getByRole("button", { name: "Open the link" }).click();
    await view.phonePage().getByRole("heading", { name: "Thank you, this is your phone" }).waitFor();
    assert.equal(await view.linkTitle.isVisible(), true, "the page cannot know yet");
    await turn(view, "network", false);
    await says(view, "The network is back");
    await view.ends("verified");
    assert.equal(await page.evaluate(() => navigator.onLine), true);
  });

  scenario("without a socket the backend is asked instead", async ({ open, sandbox, expectTrouble }) => {
    const number = freshNumber();
    const view = await VerifyPage.open(await open(desktop), sandbox);
    await view.start({ number });
    await view.linkTitle.waitFor();
    expectTrouble(BROKEN[0]);
    await turn(view, "socket", true);
    await says(view, "Sockets are dropped");
    await view.says("The connection was lost. Connecting again…");
    await view.says("No live connection: asking the server every few seconds.");
    await drawn(view, "polling");
    await drawn(view, "how does it stand?");
    await view.message(number).getByRole("button", { name: "Open the link" }).click();
    await view.ends("verified");
  });

  scenario("a socket that was dropped is replaced", async ({ open, sandbox, expectTrouble }) => {
    const number = freshNumber();
    const view = await VerifyPage.open(await open(desktop), sandbox);
    await view.start({ number });
    await view.linkTitle.waitFor();
    expectTrouble(BROKEN[0]);
    await turn(view, "socket", true);
    await drawn(view, "reconnecting");
    await drawn(view, "refused");
    await turn(view, "socket", false);
    await says(view, "Sockets work again");
    await drawn(view, "connected again");
    await view.says("An SMS with a link is on its way.");
    await view.message(number).getByRole("button", { name: "Open the link" }).click();
    await view.ends("verified");
  });

  scenario("a code without a network ends in a failure in words, and the next sign-up works", async ({ open, sandbox, expectTrouble }) => {
    const number = freshNumber();
    const view = await VerifyPage.open(await open(phone), sandbox);
    await view.start({ number });
    const first = await sandbox.sms(number);
    await view.codeField.waitFor();
    expectTrouble(...BROKEN);
    await turn(view, "network", true);
    await view.giveCode(first.code);
    await view.ends("failed", "network");
    await turn(view, "network", false);
    await says(view, "The network is back");
    await view.button("Try again").click();
    await view.start({ number });
    await view.giveCode((await sandbox.sms(number, first)).code);
    await view.ends("verified");
  });

  scenario("trouble ends with the page that made it", async ({ open, sandbox, allowTrouble }) => {
    // The last request of a page outlives the page, so the browser reports it as aborted.
    allowTrouble(/^request: net::ERR_ABORTED .*\/sandbox\/faults$/);
    const page = await open(desktop);
    const view = await VerifyPage.open(page, sandbox);
    await turn(view, "network", true);
    await says(view, "The network is gone");
    assert.notDeepEqual((await sandbox.call("/sandbox/faults")).faults, []);
    await page.reload();
    assert.equal(await page.getByRole("switch", { name: SWITCH.network }).isChecked(), false);
    await gone(sandbox);
    const number = freshNumber();
    await view.start({ number });
    await view.message(number).getByRole("button", { name: "Open the link" }).click();
    await view.ends("verified");
  });

  scenario("a switch that the sandbox refuses turns back, with a message", async ({ open, sandbox, expectTrouble }) => {
    const page = await open(desktop);
    const view = await VerifyPage.open(page, sandbox);
    await page.route("**/sandbox/faults", (route) => route.abort());
    expectTrouble(/ERR_FAILED/);
    await page.getByRole("switch", { name: SWITCH.network }).click();
    await says(view, "The sandbox did not accept the request.");
    assert.equal(await page.getByRole("switch", { name: SWITCH.network }).isChecked(), false);
    assert.equal(await page.evaluate(() => navigator.onLine), true);
    // The next request does not contain the failed fault.
    await page.unroute("**/sandbox/faults");
    await turn(view, "socket", true);
    await says(view, "Sockets are dropped");
    const { faults } = await sandbox.call("/sandbox/faults");
    assert.deepEqual([...new Set(faults.map(({ path }) => path))], ["/v1/client/status"]);
    await turn(view, "socket", false);
    await says(view, "Sockets work again");
  });

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
    // The backend has sent the result; the page has not received it.
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
        assert.equal(Math.round(shift / 60_000), minutes, "the page's clock is wrong");
        // The countdown continues: another time, close to the last.
        const before = await countdown.textContent();
        await countdown.and(page.locator(`:not(:text-is("${before}"))`)).getByText(/^2:[45]\d$/).waitFor();
        await view.message(number).getByRole("button", { name: "Open the link" }).click();
        await view.ends("verified");
      });
    }
  }
});
