// The sandbox's behaviour numbers: each has the listed outcome with the real client, and a visitor of the demo can pick them.
import assert from "node:assert/strict";
import { desktop, phone, suite } from "./harness.mjs";
import { inspect, STILL } from "./look.mjs";
import { VerifyPage } from "./page.mjs";

/** A little longer than the lifetime of a code or link, in ms of the page's clock. */
const PAST_EXPIRY_MS = 181_000;
/** The code of docs/sandbox-rules.md. */
const CODE = "1234";

const refused = "This number was refused (code 10001). Check it, or use another.";

async function openLink({ view, sandbox, number }) {
  await view.linkTitle.waitFor();
  return sandbox.open((await sandbox.sms(number)).url);
}

/** Opens the link, which does nothing; the page waits until the link expires. */
async function openLinkInVain(given, said) {
  const response = await openLink(given);
  assert.deepEqual([response.status, (await response.text()).includes(said)], [410, true]);
  await given.view.page.clock.fastForward(PAST_EXPIRY_MS);
}

const giveCode = async ({ view }) => view.giveCode(CODE);

/** Gives the same number again and again. */
async function insist({ view, number }) {
  for (let given = 1; given < 4; given++) {
    await view.says(refused);
    // The input clears the message at once.
    await view.giveNumber(number);
  }
}

/** The actions of a persistent person, by the name of the number and the kind of proof. */
const does = {
  "Number refused once": {
    code: async (given) => {
      await given.view.says(refused);
      await given.view.giveNumber(given.number);
      await giveCode(given);
    },
    link: async (given) => {
      await given.view.says(refused);
      await given.view.giveNumber(given.number);
      await openLink(given);
    },
  },
  "Number refused always": { code: insist, link: insist },
  "SMS never arrives": {
    code: async ({ view }) => {
      await view.codeField.waitFor();
      await view.page.clock.fastForward(PAST_EXPIRY_MS);
    },
    link: async ({ view }) => {
      await view.linkTitle.waitFor();
      await view.page.clock.fastForward(PAST_EXPIRY_MS);
    },
  },
  "Code expired": { code: giveCode, link: (given) => openLinkInVain(given, "This link has expired") },
  "Every code wrong": {
    code: async (given) => {
      for (const said of ["2 tries are left.", "One try is left."]) {
        await giveCode(given);
        await given.view.says(said);
      }
      await giveCode(given);
    },
  },
  "Link already used": { link: (given) => openLinkInVain(given, "This link was already used") },
  "Slow backend": { code: giveCode, link: openLink },
  "Socket dropped once": { link: openLink },
  "Socket dropped always": { link: openLink },
  "Too many requests": { code: async () => {}, link: async () => {} },
  "Server error": { code: async () => {}, link: async () => {} },
};

// The jump of the page's clock also exceeds the timeout of a status call.
const jumped = /request: net::ERR_ABORTED .*\/v1\/client\/status$/;

/** The browser messages that may occur, by the name of the number. */
const trouble = {
  // If the socket reports the end first, the module aborts the request.
  "Number refused always": /request: net::ERR_ABORTED .*\/v1\/client\/mobile\/instantlink\/start$/,
  "SMS never arrives": jumped,
  "Code expired": jumped,
  "Link already used": jumped,
  "Socket dropped once": /console: WebSocket connection to /,
  "Socket dropped always": /console: WebSocket connection to /,
  "Too many requests": /console: Failed to load resource: .* 429 /,
  "Server error": /console: Failed to load resource: .* 500 /,
};

suite("behaviour numbers", {}, (scenario) => {
  scenario("the list and this file have the same numbers and the same kinds of proof", async ({ sandbox }) => {
    // Those of Mobile Auth are in mobile-auth.test.mjs.
    const listed = (await sandbox.call("/sandbox/numbers")).filter((number) => !number.mobileAuthOutcome);
    const ways = ({ otpOutcome, linkOutcome }) => [...(otpOutcome ? ["code"] : []), ...(linkOutcome ? ["link"] : [])];
    assert.deepEqual(
      listed.map((number) => [number.name, ways(number)]),
      Object.entries(does).map(([name, done]) => [name, Object.keys(done)]),
    );
  });

  for (const [name, ways] of Object.entries(does)) {
    for (const [way, act] of Object.entries(ways)) {
      scenario(`${name}, by ${way}: it ends as the list says`, async ({ open, sandbox, allowTrouble }) => {
        if (trouble[name]) allowTrouble(trouble[name]);
        // Removes earlier SMS to the number.
        await sandbox.reset();
        const listed = (await sandbox.call("/sandbox/numbers")).find((number) => number.name === name);
        const page = await open(way === "code" ? phone : desktop);
        await page.clock.install();
        const view = await VerifyPage.open(page, sandbox);
        await view.start({ flow: way === "code" ? "mobile" : "desktop", number: listed.phoneNumber });
        await act({ view, sandbox, number: listed.phoneNumber });
        const ending = way === "code" ? listed.otpOutcome : listed.linkOutcome;
        await (ending === "verified" ? view.ends("verified") : view.ends("failed", ending));
      });
    }
  }
});

suite("the numbers of the demo", {}, (scenario) => {
  const opened = async (page, sandbox) => {
    const view = await VerifyPage.open(page, sandbox);
    return { view, opener: view.button("Numbers that go wrong"), panel: page.getByRole("group", { name: "Numbers that go wrong" }) };
  };

  scenario("one is picked by keyboard, described, and typed over", async ({ open, sandbox }) => {
    const page = await open(phone);
    const { view, opener, panel } = await opened(page, sandbox);
    await opener.focus();
    await page.keyboard.press("Enter");
    const picked = panel.getByRole("button", { name: /^Every code wrong 2005550104 No code is right/ });
    await picked.waitFor();
    assert.match(await picked.innerText(), /Ends: otp_invalid/);
    assert.match(await panel.getByRole("button", { name: /^Link already used/ }).innerText(), /Only by link/);
    // Tab moves from the button to the first number of the list.
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    assert.equal(await panel.getByRole("button").nth(1).evaluate((element) => element === document.activeElement), true);
    await picked.focus();
    await page.keyboard.press("Enter");
    await panel.waitFor({ state: "hidden" });
    assert.equal(await view.numberField().inputValue(), "2005550104");
    assert.equal(await view.numberField().evaluate((element) => element === document.activeElement), true);
    await view.status.getByText("Every code wrong. No code is right, not even the one in the SMS.").waitFor();
    await view.numberField().fill("2001001693");
    assert.equal(await view.status.innerText(), "");
    await opener.click();
    await picked.waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await opener.evaluate((element) => element === document.activeElement), true, "the focus goes back");
  });

  scenario("one is picked in the middle of a sign-up by link", async ({ open, sandbox, allowTrouble }) => {
    allowTrouble(/console: WebSocket connection to /);
    const page = await open(desktop);
    const { view, opener, panel } = await opened(page, sandbox);
    await view.start({ flow: "desktop" });
    await view.numberField().waitFor();
    await opener.click();
    const picked = panel.getByRole("button", { name: /^Socket dropped once/ });
    assert.match(await picked.innerText(), /Ends: verified/);
    await picked.click();
    await view.button("Send the SMS").click();
    await view.message("2005550107").getByRole("button", { name: "Open the link" }).click();
    await view.ends("verified");
  });

  scenario("they look and read well at both widths, in both themes", async ({ open, sandbox }) => {
    const page = await open(desktop, STILL);
    const { view, opener, panel } = await opened(page, sandbox);
    await inspect(page, "24-number-field");
    await opener.click();
    await panel.getByRole("button", { name: /^Server error/ }).waitFor();
    await inspect(page, "25-numbers");
    await panel.getByRole("button", { name: /^SMS never arrives/ }).click();
    await view.status.getByText("SMS never arrives.").waitFor();
    await inspect(page, "26-number-picked");
    await view.button("Continue").click();
    await page.locator("#arrows > .lost").getByText("SMS with a link").waitFor();
    await inspect(page, "27-sms-lost");
  });
});
