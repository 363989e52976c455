// The page around a flow.
import assert from "node:assert/strict";
import { freshNumber, phone, suite } from "./harness.mjs";
import { VerifyPage, wrongCode } from "./page.mjs";
import { startSandbox } from "./sandbox.mjs";

suite("the page", {}, (scenario) => {
  const verified = async (view, sandbox, number) => {
    await view.start({ number });
    await view.giveCode((await sandbox.sms(number)).code);
    await view.ends("verified");
  };

  // A reload in the middle of a flow goes on with it: resume-demo.test.mjs.
  scenario("a reload after a cancelled flow leaves nothing behind", async ({ open, sandbox }) => {
    const number = freshNumber();
    const view = await VerifyPage.open(await open(), sandbox);
    await view.start({ number });
    await view.linkTitle.waitFor();
    await view.message(number).waitFor();
    await view.button("Cancel").click();
    await view.ends("cancelled", "cancelled");
    await view.page.reload();
    await view.button("Continue").waitFor();
    assert.equal(await view.linkTitle.isVisible(), false);
    assert.equal(await view.numberField().inputValue(), "2001001693");
    const before = await sandbox.sms(number);
    await view.start({ number });
    await sandbox.open((await sandbox.sms(number, before)).url);
    await view.ends("verified");
  });

  for (const [first, last, said, greeting] of [
    ["Marcia", "Longo", "The name belongs to this phone number.", "Welcome aboard, Marcia"],
    ["Milo", "Pinson", "This phone number belongs to a person with another name.", "Welcome aboard"],
  ]) {
    scenario(`Complete compares ${first} ${last} with the person behind the number`, async ({ open, sandbox }) => {
      const view = await VerifyPage.open(await open(phone), sandbox);
      await view.start({ number: "2001001693" });
      await view.giveCode("1234");
      await view.ends("verified");
      await view.page.getByLabel("First name").fill(first);
      await view.button("Put the name on it").click();
      await view.says("Type both names first.");
      await view.page.getByLabel("Last name").fill(last);
      await view.button("Put the name on it").click();
      await view.says(said);
      await view.page.getByRole("heading", { name: greeting, exact: true }).waitFor();
    });
  }

  scenario("a refusal of the server is shown in words", async ({ open, sandbox, expectTrouble }) => {
    const view = await VerifyPage.open(await open(phone), sandbox);
    expectTrouble(/status of 400 .*\/demo\/start/);
    await view.start({ number: "12345" });
    await view.ends("failed", "backend");
    await view.says("The server refused the request: field 'phoneNumber'");
    await view.button("Try again").click();
    await verified(view, sandbox, freshNumber());
  });

  scenario("a code is not accepted while the page does not ask for one", async ({ open, sandbox }) => {
    const number = freshNumber();
    const view = await VerifyPage.open(await open(phone), sandbox);
    await verified(view, sandbox, number);
    await view.message(number).getByRole("button", { name: "Fill in the code" }).click();
    await view.page.getByText("The page is not asking for a code now.").waitFor();
  });

  scenario("no address, title, storage or console has a secret", async ({ open, sandbox }) => {
    const number = freshNumber();
    const page = await open(phone);
    const said = [];
    page.on("console", (message) => said.push(message.text()));
    page.on("request", (request) => said.push(request.url()));
    let authToken;
    page.on("response", async (response) => {
      if (response.url().endsWith("/demo/start")) ({ authToken } = await response.json());
    });
    const view = await VerifyPage.open(page, sandbox);
    await view.start({ number });
    const { code } = await sandbox.sms(number);
    await view.giveCode(wrongCode(code));
    await view.says("2 tries are left.");
    await view.giveCode(code);
    await view.ends("verified");
    said.push(
      await page.evaluate(async () =>
        JSON.stringify([location.href, document.title, document.cookie, { ...localStorage }, { ...sessionStorage }, await indexedDB.databases()]),
      ),
    );
    assert.ok(authToken);
    for (const secret of [authToken, number, code]) {
      assert.deepEqual(said.filter((text) => new RegExp(`(?<![0-9a-zA-Z])${secret}(?![0-9a-zA-Z])`).test(text)), []);
    }
  });

  scenario("a strict Content-Security-Policy protects the page", async ({ open, sandbox }) => {
    const page = await open();
    const policy = (await page.goto(sandbox.origin)).headers()["content-security-policy"];
    assert.match(policy, /default-src 'self'|default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'/);
    assert.match(policy, /frame-src 'self';.*frame-ancestors 'self'/);
    await page.getByRole("button", { name: "Continue" }).waitFor();
  });

  scenario("in a browser without WebAssembly the page says so, and no sign-up can start", async ({ open, sandbox }) => {
    const page = await open();
    await page.addInitScript(() => delete globalThis.WebAssembly);
    const view = await VerifyPage.open(page, sandbox);
    await view.says("This browser or page cannot run WebAssembly. Use a current browser.");
    assert.equal(await view.button("Continue").isDisabled(), true);
  });

  scenario("an unreachable server is shown as a failure in words", async ({ open, expectTrouble }) => {
    const own = await startSandbox();
    const number = freshNumber();
    const view = await VerifyPage.open(await open(phone), own);
    await view.start({ number });
    const { code } = await own.sms(number);
    await view.codeField.waitFor();
    expectTrouble(/net::ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET/);
    await own.stop();
    await view.page.getByText("The phone has no connection to the sandbox.").waitFor();
    await view.giveCode(code);
    await view.ends("failed", "network");
  });
});
