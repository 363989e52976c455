// The mobile flow: a code by SMS, with every branch a person can take.
import assert from "node:assert/strict";
import { freshNumber, phone, suite } from "./harness.mjs";
import { VerifyPage, wrongCode } from "./page.mjs";

suite("a code by SMS", {}, (scenario) => {
  const flow = (name, body) =>
    scenario(name, async (given) => body({ ...given, view: await VerifyPage.open(await given.open(phone), given.sandbox) }));

  flow("a mobile browser gets a code by default, and the right one verifies the phone", async ({ view, sandbox }) => {
    const number = freshNumber();
    assert.equal(await view.proofBy("mobile").isChecked(), true);
    await view.start({ number });
    await view.says("An SMS with a code is on its way.");
    await view.giveCode((await sandbox.sms(number)).code);
    await view.ends("verified");
    await view.says(`The number ${number} is yours.`);
    await view.says("Validate says success: true.");
  });

  flow("the page asks for the number when the server has none", async ({ view, sandbox }) => {
    const number = freshNumber();
    await view.start({});
    await view.says("Waiting for the phone number.");
    await view.giveNumber(number);
    await view.giveCode((await sandbox.sms(number)).code);
    await view.ends("verified");
  });

  flow("a number may be written with brackets, blanks and dashes", async ({ view, sandbox }) => {
    const number = freshNumber();
    await view.start({});
    await view.giveNumber(`(${number.slice(0, 3)}) ${number.slice(3, 6)}-${number.slice(6)}`);
    await view.giveCode((await sandbox.sms(number)).code);
    await view.ends("verified");
  });

  flow("a refused number is asked for again", async ({ view, sandbox }) => {
    const number = freshNumber();
    await view.start({});
    await view.giveNumber("12345");
    await view.says("This number was refused (code 10001). Check it, or use another.");
    assert.equal(await view.numberField().getAttribute("aria-invalid"), "true");
    await view.giveNumber(number);
    await view.giveCode((await sandbox.sms(number)).code);
    await view.ends("verified");
  });

  flow("a wrong code may be tried again, and the page says how often", async ({ view, sandbox }) => {
    const number = freshNumber();
    await view.start({ number });
    const { code } = await sandbox.sms(number);
    await view.giveCode(wrongCode(code));
    await view.says("This code is wrong. 2 tries are left.");
    await view.giveCode(wrongCode(code));
    await view.says("This code is wrong. One try is left.");
    await view.giveCode(code);
    await view.ends("verified");
  });

  flow("the third wrong code ends the flow", async ({ view, sandbox }) => {
    const number = freshNumber();
    await view.start({ number });
    const { code } = await sandbox.sms(number);
    for (const said of ["2 tries are left.", "One try is left."]) {
      await view.giveCode(wrongCode(code));
      await view.says(said);
    }
    await view.giveCode(wrongCode(code));
    await view.ends("failed", "otp_invalid");
    await view.says("Validate says success: false. Reason: otp_invalid, code 10000.");
  });

  flow("without retry the first wrong code ends the flow", async ({ view, sandbox }) => {
    const number = freshNumber();
    await view.start({ number, retry: false });
    await view.giveCode(wrongCode((await sandbox.sms(number)).code));
    await view.ends("failed", "otp_invalid");
  });

  flow("a resend brings a new code and invalidates the old one", async ({ view, sandbox }) => {
    const number = freshNumber();
    await view.start({ number });
    const first = await sandbox.sms(number);
    const second = await resendUntilNew(view, sandbox, first);
    await view.giveCode(first.code);
    await view.says("This code is wrong.");
    await view.giveCode(second.code);
    await view.ends("verified");
  });

  flow("a double click on resend sends one SMS", async ({ view, sandbox }) => {
    const number = freshNumber();
    await view.start({ number });
    const first = await sandbox.sms(number);
    await view.button("Send a new code").dblclick();
    const second = await sandbox.sms(number, first);
    await view.giveCode(second.code);
    await view.ends("verified");
    assert.equal((await sandbox.messages(number)).length, 2);
  });

  flow("another number gets its own code, and the first number's code is invalid", async ({ view, sandbox }) => {
    const [wrong, right] = [freshNumber(), freshNumber()];
    await view.start({ number: wrong });
    const first = await sandbox.sms(wrong);
    await view.codeField.waitFor();
    await view.button("Use another number").click();
    await view.giveNumber(right);
    let second = await sandbox.sms(right);
    if (second.code === first.code) second = await resendUntilNew(view, sandbox, second);
    await view.giveCode(first.code);
    await view.says("This code is wrong.");
    await view.giveCode(second.code);
    await view.ends("verified");
    await view.says(`The number ${right} is yours.`);
  });

  flow("a fourth number ends the flow", async ({ view, sandbox }) => {
    const first = freshNumber();
    await view.start({ number: first });
    await sandbox.sms(first);
    for (let given = 2; given <= 4; given++) {
      await view.codeField.waitFor();
      await view.button("Use another number").click();
      await view.giveNumber(freshNumber());
    }
    await view.ends("failed", "server");
  });

  flow("an expired code ends the flow", async ({ view, sandbox }) => {
    const number = freshNumber();
    await view.start({ number });
    const { code } = await sandbox.sms(number);
    await view.codeField.waitFor();
    await sandbox.advance(121);
    await view.giveCode(code);
    await view.ends("failed", "otp_invalid");
  });

  flow("cancel ends the flow in words, and the next one runs", async ({ view, sandbox }) => {
    const number = freshNumber();
    await view.start({ number });
    const first = await sandbox.sms(number);
    await view.codeField.waitFor();
    await view.button("Cancel").click();
    await view.ends("cancelled", "cancelled");
    await view.button("Try again").click();
    await view.button("Continue").click();
    await view.giveCode((await sandbox.sms(number, first)).code);
    await view.ends("verified");
  });

  flow("a test user whose possession passes without the browser is verified at once", async ({ view, sandbox }) => {
    await view.start({ number: "2001001695" });
    await view.ends("verified");
    assert.deepEqual(await sandbox.messages("2001001695"), []);
  });

  flow("Mobile Auth passes without an SMS", async ({ view, sandbox }) => {
    await view.start({ number: "5550000000" });
    await view.ends("verified");
    assert.deepEqual(await sandbox.messages("5550000000"), []);
  });

  flow("a code is sent once, however often it is submitted", async ({ view, sandbox }) => {
    const number = freshNumber();
    await view.start({ number });
    const { code } = await sandbox.sms(number);
    await view.codeField.fill(wrongCode(code));
    await view.page.locator("form#code").evaluate((form) => {
      form.requestSubmit();
      form.requestSubmit();
    });
    await view.says("This code is wrong. 2 tries are left.");
    await view.giveCode(code);
    await view.ends("verified");
  });

  scenario("the countdown follows the clock, and at its end the flow ends", async ({ open, sandbox }) => {
    const number = freshNumber();
    const page = await open(phone);
    await page.clock.install();
    const view = await VerifyPage.open(page, sandbox);
    await view.start({ number });
    await view.codeField.waitFor();
    await page.clock.fastForward(60_000);
    await page.locator("#code [data-countdown]").getByText(/^0:5\d$|^1:00$/).waitFor();
    await page.clock.fastForward(60_000);
    await view.ends("failed", "otp_timeout");
    await view.says("The code was not entered in time.");
  });

  scenario("a person who never gives a number sees when the session expires", async ({ open, sandbox }) => {
    const page = await open(phone);
    await page.clock.install();
    const view = await VerifyPage.open(page, sandbox);
    await view.start({});
    await view.numberField().waitFor();
    await page.clock.fastForward("15:00");
    await view.ends("failed", "token_expired");
  });

  async function resendUntilNew(view, sandbox, old) {
    let sms = old;
    while (sms.code === old.code) {
      await view.button("Send a new code").click();
      sms = await sandbox.sms(old.to, sms);
    }
    return sms;
  }
});

suite("a pause between two SMS", { config: "[otp]\nresend_pause_seconds = 30\n" }, (scenario) => {
  scenario("the page shows the length of the pause, and sends another SMS after it", async ({ open, sandbox }) => {
    const number = freshNumber();
    const page = await open(phone);
    await page.clock.install();
    const view = await VerifyPage.open(page, sandbox);
    await view.start({ number });
    const first = await sandbox.sms(number);
    const resend = view.button(/^Send a new code/);
    await resend.getByText(/in 0:(2\d|30)/).waitFor();
    assert.equal(await resend.getAttribute("aria-disabled"), "true");
    await resend.click({ force: true });
    await sandbox.advance(30);
    await page.clock.fastForward(30_000);
    await view.button("Send a new code").and(page.locator("[aria-disabled=false]")).click();
    const second = await sandbox.sms(number, first);
    await view.giveCode(second.code);
    await view.ends("verified");
    assert.equal((await sandbox.messages(number)).length, 2);
  });
});

suite("test users only", { flags: ["--strict-test-users"] }, (scenario) => {
  scenario("another number is refused where the page asks for it", async ({ open, sandbox }) => {
    const view = await VerifyPage.open(await open(phone), sandbox);
    await view.start({});
    await view.giveNumber(freshNumber());
    await view.says("This number was refused (code 10001).");
    await view.giveNumber("2001001693");
    await view.giveCode("1234");
    await view.ends("verified");
  });

  scenario("another number is refused where the server gives it", async ({ open, sandbox, expectTrouble }) => {
    const view = await VerifyPage.open(await open(phone), sandbox);
    expectTrouble(/status of 400 .*\/demo\/start/);
    await view.start({ number: freshNumber() });
    await view.ends("failed", "backend");
    await view.says("no test user found matching the phone number");
    await view.says("code 8007");
  });
});
