// The page over https and wss. Chromium ignores certificate errors here: the tests of the CA cover the trust.
import assert from "node:assert/strict";
import { desktop, freshNumber, phone, suite } from "./harness.mjs";
import { VerifyPage } from "./page.mjs";

const UNASKED = { ignoreHTTPSErrors: true };

suite("https", { tls: true }, (scenario) => {
  scenario("a link proves the number over https and wss alone", async ({ open, sandbox }) => {
    const number = freshNumber();
    const page = await open(desktop, UNASKED);
    const sockets = [];
    const requests = [];
    page.on("websocket", (socket) => sockets.push(new URL(socket.url()).protocol));
    page.on("request", (request) => requests.push(new URL(request.url()).protocol));
    const view = await VerifyPage.open(page, sandbox);
    assert.equal(await page.evaluate(() => globalThis.isSecureContext), true);
    await view.start({ number });
    await view.linkTitle.waitFor();
    const { url } = await sandbox.sms(number);
    assert.ok(url.startsWith(`${sandbox.origin}/l/`) && sandbox.origin.startsWith("https://"), url);
    const onPhone = await open(phone, UNASKED);
    await onPhone.goto(url);
    await onPhone.getByRole("heading", { name: "Thank you, this is your phone" }).waitFor();
    await view.ends("verified");
    assert.deepEqual([...new Set(sockets)], ["wss:"]);
    assert.deepEqual([...new Set(requests)].filter((protocol) => protocol !== "data:"), ["https:"]);
  });

  scenario("a code proves the number over https", async ({ open, sandbox }) => {
    const number = freshNumber();
    const view = await VerifyPage.open(await open(phone, UNASKED), sandbox);
    await view.start({ flow: "mobile", number });
    await view.giveCode((await sandbox.sms(number)).code);
    await view.ends("verified");
  });
});
