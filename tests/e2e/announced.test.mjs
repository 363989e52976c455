// The page with a screen reader: every state is announced, and the focus moves along.
import assert from "node:assert/strict";
import { desktop, freshNumber, phone, suite } from "./harness.mjs";
import { VerifyPage, wrongCode } from "./page.mjs";

/** In the page, before its own code: records the texts of the live regions, and each element that gets the focus. */
function listen() {
  globalThis.heard = [];
  const say = (what) => {
    const text = what?.replace(/\s+/g, " ").trim();
    if (text && globalThis.heard.at(-1) !== text) globalThis.heard.push(text);
  };
  addEventListener("focusin", ({ target }) => say(`focus: ${target.getAttribute("aria-label") ?? target.labels?.[0]?.textContent ?? target.textContent}`), true);
  addEventListener("DOMContentLoaded", () => {
    for (const region of document.querySelectorAll("[role=status], [role=alert], [role=log]")) {
      const log = region.getAttribute("role") === "log";
      new MutationObserver((changes) => {
        if (log) for (const { addedNodes } of changes) for (const node of addedNodes) say(`log: ${node.textContent}`);
        else say(`${region.getAttribute("role")}: ${region.textContent}`);
      }).observe(region, { childList: true, characterData: true, subtree: true });
    }
  });
}

/** Fails unless `heard` contains the expected patterns in this order; other texts may come in between. */
function inOrder(heard, expected) {
  let from = 0;
  for (const pattern of expected) {
    const at = heard.findIndex((text, index) => index >= from && pattern.test(text));
    assert.notEqual(at, -1, `${pattern} after “${heard[from - 1]}” in\n${heard.join("\n")}`);
    from = at + 1;
  }
}

/** The accessible description of an element. */
const description = (locator) =>
  locator.evaluate((element) =>
    element
      .getAttribute("aria-describedby")
      .split(" ")
      .map((id) => document.getElementById(id).textContent)
      .join(" "),
  );

suite("announced", {}, (scenario) => {
  const told = (name, device, body) =>
    scenario(name, async ({ open, sandbox, ...given }) => {
      const page = await open(device);
      await page.addInitScript(listen);
      const view = await VerifyPage.open(page, sandbox);
      const expected = await body(view, sandbox, given);
      const heard = await page.evaluate(() => globalThis.heard);
      for (const patterns of expected) inOrder(heard, patterns);
    });

  told("each state of a code", phone, async (view, sandbox) => {
    const number = freshNumber();
    await view.start({});
    await view.giveNumber("12345");
    await view.says("This number was refused");
    await view.giveNumber(number);
    const { code } = await sandbox.sms(number);
    await view.giveCode(wrongCode(code));
    await view.says("2 tries are left.");
    await view.giveCode(code);
    await view.ends("verified");
    return [
      [
        /^status: Starting…/,
        /^status: Waiting for the phone number/,
        /^status: Sending the SMS/,
        /^alert: This number was refused/,
        /^status: Sending the SMS/,
        /^status: An SMS with a code is on its way/,
        /^status: Checking the code/,
        /^alert: This code is wrong\. 2 tries are left\./,
        /^status: Checking the code/,
        /^status: Asking the server/,
        /^focus: Welcome aboard/,
      ],
      [/^focus: Phone number/, /^focus: Phone number/, /^focus: Code from the SMS/, /^focus: Code from the SMS/, /^focus: Welcome aboard/],
    ];
  });

  told("each state of a link, its SMS, and each switch of the page", desktop, async (view) => {
    const number = freshNumber();
    await view.start({ number });
    await view.message(number).waitFor();
    await view.linkTitle.waitFor();
    const sleep = view.page.getByRole("switch", { name: "Put the page to sleep" });
    await sleep.check();
    await sleep.uncheck();
    await view.message(number).getByRole("button").click();
    await view.ends("verified");
    return [
      [/^status: Sending the SMS/, /^status: An SMS with a link is on its way/, /^status: The page is asleep/, /^status: The page is awake/, /^focus: Welcome aboard/],
      [/^focus: Open the link on the phone/, /^focus: Back to the SMS/, /^focus: Welcome aboard/],
    ];
  });

  told("a lost connection, polling instead, and the connection again", desktop, async (view, sandbox, { expectTrouble }) => {
    const number = freshNumber();
    await view.start({ number });
    await view.linkTitle.waitFor();
    expectTrouble(/console: WebSocket connection to /);
    const socket = view.page.getByRole("switch", { name: "Drop the socket" });
    await socket.check();
    await view.says("No live connection: asking the server every few seconds.");
    await socket.uncheck();
    await view.says("An SMS with a link is on its way.");
    await view.message(number).getByRole("button").click();
    await view.ends("verified");
    return [
      [
        /^status: An SMS with a link is on its way/,
        /^status: The connection was lost\. Connecting again/,
        /^status: No live connection: asking the server/,
        /^status: Sockets work again/,
        /^status: An SMS with a link is on its way/,
        /^focus: Welcome aboard/,
      ],
      [/^status: Sockets are dropped/, /^status: Sockets work again/],
    ];
  });

  told("a failure with its reason, a cancellation, and a change of the page's clock", phone, async (view, sandbox) => {
    const number = freshNumber();
    await view.start({ number, retry: false });
    const { code } = await sandbox.sms(number);
    await view.page.getByLabel("10 min slow").check();
    await view.giveCode(wrongCode(code));
    await view.ends("failed", "otp_invalid");
    assert.match(await description(view.resultTitle), /The code was wrong or had expired, and no try is left\. Try again/);
    await view.button("Try again").click();
    await view.button("Continue").click();
    await view.codeField.waitFor();
    await view.button("Cancel").click();
    await view.ends("cancelled", "cancelled");
    return [[/^status: The page's clock is 10 minutes slow/, /^focus: We could not confirm your phone/, /^focus: Continue/, /^focus: Code from the SMS/, /^focus: Cancelled/]];
  });

  told("a sign-up that continues elsewhere, and the server's result", phone, async (view, sandbox) => {
    const number = freshNumber();
    await view.start({ flow: "desktop", number });
    await view.ends("ended");
    await view.button("Ask the server").click();
    await view.says("The link has not been opened yet.");
    await sandbox.open((await sandbox.sms(number)).url);
    await view.button("Ask the server").click();
    await view.ends("verified");
    await view.page.getByLabel("First name").fill("Nobody");
    await view.button("Put the name on it").click();
    await view.page.getByLabel("Last name").fill("Else");
    await view.button("Put the name on it").click();
    await view.says("Complete says success: false.");
    return [
      [
        /^focus: Open the link in the SMS/,
        /^status: The link has not been opened yet/,
        /^focus: Welcome aboard/,
        /^focus: Last name/,
        /^status: Type both names first/,
        /^status: Asking…/,
        /^status: This phone number belongs to a person with another name/,
      ],
    ];
  });

  scenario("live regions exist before their first text", async ({ open, sandbox }) => {
    const page = await open(phone);
    const view = await VerifyPage.open(page, sandbox);
    // Screen readers may ignore a region that appears together with its text.
    const known = async (role, ids) => assert.deepEqual(await page.getByRole(role).evaluateAll((found) => found.map(({ id }) => id)), ids);
    await known("alert", ["problem"]);
    await known("status", ["status", "phone-state", "trouble-says"]);
    assert.equal(await page.getByRole("log", { name: "SMS on the phone" }).count(), 1);
    const number = freshNumber();
    await view.start({ number });
    await view.giveCode((await sandbox.sms(number)).code);
    await view.ends("verified");
    await known("status", ["complete-answer", "status", "phone-state", "trouble-says"]);
  });

  told("an SMS, with its number and text", desktop, async (view) => {
    const number = freshNumber();
    await view.start({ number });
    await view.message(number).waitFor();
    return [[new RegExp(`^log: Messages To ${number} .*Skerry Line: is this your phone\\?`)]];
  });
});

suite("WebOTP", {}, (scenario) => {
  /** A stand-in for the browser's WebOTP, since no SMS arrives here: the test passes it the code. */
  function standIn() {
    globalThis.OTPCredential = class {};
    globalThis.asked = [];
    const get = ({ otp, signal }) =>
      new Promise((resolve, reject) => {
        globalThis.asked.push({ otp, read: (code) => resolve({ code }), decline: () => reject(new DOMException("no", "AbortError")), signal });
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    Object.defineProperty(navigator, "credentials", { value: { get } });
  }

  const otp = (name, body) =>
    scenario(name, async ({ open, sandbox }) => {
      const page = await open(phone);
      await page.addInitScript(standIn);
      const view = await VerifyPage.open(page, sandbox);
      const number = freshNumber();
      await view.start({ number });
      await body(view, await sandbox.sms(number));
    });
  const asked = (view, count) => view.page.waitForFunction((count) => globalThis.asked.length === count, count);

  otp("a code that the browser reads from the SMS is filled in and checked", async (view, { code }) => {
    await asked(view, 1);
    assert.deepEqual(await view.page.evaluate(() => globalThis.asked[0].otp), { transport: ["sms"] });
    await view.page.evaluate((code) => globalThis.asked[0].read(code), code);
    await view.ends("verified");
  });

  otp("a person who declines types the code", async (view, { code }) => {
    await asked(view, 1);
    await view.page.evaluate(() => globalThis.asked[0].decline());
    await view.giveCode(code);
    await view.ends("verified");
  });

  otp("the page asks the browser while it asks the person, and again after a wrong code", async (view, { code }) => {
    await asked(view, 1);
    await view.giveCode(wrongCode(code));
    await asked(view, 2);
    assert.deepEqual(await view.page.evaluate(() => globalThis.asked.map(({ signal }) => signal.aborted)), [true, false]);
    await view.button("Cancel").click();
    await view.ends("cancelled", "cancelled");
    assert.deepEqual(await view.page.evaluate(() => globalThis.asked.map(({ signal }) => signal.aborted)), [true, true]);
  });
});
