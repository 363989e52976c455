// The diagram against the sandbox's timeline and against Handset's events.
import assert from "node:assert/strict";
import { desktop, freshNumber, phone, suite } from "./harness.mjs";
import { VerifyPage, wrongCode } from "./page.mjs";

const lifelines = { server: "Page", client: "Handset", backend: "Backend", phone: "Phone" };
const who = ({ from, to }) => (from === to ? `${lifelines[from]}:` : `${lifelines[from]} to ${lifelines[to]}:`);

/** Opens the page and records the correlationId of each sign-up. */
async function opened(page, sandbox) {
  const view = await VerifyPage.open(page, sandbox);
  const session = async (started) => {
    const [response] = await Promise.all([page.waitForResponse(/\/demo\/start$/), started()]);
    return (await response.json()).correlationId;
  };
  return { view, session };
}

/** The arrows to and from the sandbox are the whole timeline, in its order. */
async function holdsTheTimeline(view, sandbox, correlationId) {
  const { timeline } = await sandbox.call(`/sandbox/sessions/${correlationId}`);
  await view.page.locator(`#arrows > [data-event="${timeline.at(-1).id}"]`).waitFor();
  const arrows = await view.arrows();
  const seen = arrows.filter(({ event }) => event > 0);
  assert.deepEqual(
    seen.map(({ event, who }) => [event, who]),
    timeline.map((event) => [event.id, who(event)]),
  );
  for (const [index, { outcome, to, fault }] of timeline.entries()) {
    if (outcome && to !== "backend" && !fault) assert.match(seen[index].kind, /reply/, JSON.stringify(seen[index]));
    assert.ok(seen[index].what, JSON.stringify(timeline[index]));
  }
  return arrows.map(({ who, what }) => `${who} ${what}`);
}

/** In the page, before its own code: lets a test hold back the sandbox's event stream of a session. */
function holdStream() {
  let held;
  globalThis.stream = {
    hold: () => (held = []),
    release: () => {
      for (const tell of held.splice(0)) tell();
      held = undefined;
    },
  };
  globalThis.EventSource = class extends EventSource {
    addEventListener(type, listener) {
      const isHeard = type === "message" && this.url.includes("/sessions/");
      super.addEventListener(type, isHeard ? (event) => (held ? held.push(() => listener(event)) : listener(event)) : listener);
    }
  };
}

/** Fails unless `lines` contains the expected lines in this order; others may come in between. */
function inOrder(lines, expected) {
  let from = 0;
  for (const line of expected) {
    const at = lines.indexOf(line, from);
    assert.notEqual(at, -1, `“${line}” after “${lines[from - 1]}” in\n${lines.join("\n")}`);
    from = at + 1;
  }
}

suite("the diagram", {}, (scenario) => {
  scenario("of a code holds the timeline, and Handset's questions to the page in between", async ({ open, sandbox }) => {
    const number = freshNumber();
    const { view, session } = await opened(await open(phone), sandbox);
    const correlationId = await session(() => view.start({}));
    await view.giveNumber("12345");
    await view.says("This number was refused");
    await view.giveNumber(number);
    const { code } = await sandbox.sms(number);
    await view.giveCode(wrongCode(code));
    await view.says("2 tries are left.");
    await view.giveCode(code);
    await view.ends("verified");
    const lines = await holdsTheTimeline(view, sandbox, correlationId);
    inOrder(lines, [
      "Page to Backend: start",
      "Backend to Page: authToken",
      "Page to Handset: authenticate()",
      "Handset to Page: which number?",
      "Page to Handset: this number",
      "Handset to Backend: send a code",
      "Backend to Handset: not this number",
      "Handset to Page: which number?",
      "Page to Handset: this number",
      "Handset to Backend: send a code",
      "Backend to Phone: SMS with a code",
      "Backend to Handset: accepted",
      "Handset to Page: which code?",
      "Page to Handset: this code",
      "Handset to Backend: check this code",
      "Backend to Handset: wrong code",
      "Handset to Page: wrong: which code?",
      "Page to Handset: this code",
      "Handset to Backend: check this code",
      "Backend to Handset: passed",
      "Handset to Page: over: ask your server",
      "Page to Backend: validate",
      "Backend to Page: success: true",
      "Handset to Page: done",
    ]);
  });

  scenario("of a link holds the timeline, of one sign-up and then of the next", async ({ open, sandbox }) => {
    const [first, second] = [freshNumber(), freshNumber()];
    const { view, session } = await opened(await open(desktop), sandbox);
    const cancelled = await session(() => view.start({ number: first }));
    await view.linkTitle.waitFor();
    await view.button("Send a new link").click();
    await view.messages(first).nth(1).waitFor();
    await view.linkTitle.waitFor();
    await view.button("Cancel").click();
    await view.ends("cancelled", "cancelled");
    const lines = await holdsTheTimeline(view, sandbox, cancelled);
    inOrder(lines, ["Handset to Page: anything else meanwhile?", "Page to Handset: once more", "Backend to Phone: SMS with a link", "Page to Handset: cancel()"]);

    await view.button("Try again").click();
    const correlationId = await session(() => view.start({ number: second }));
    await view.message(second).getByRole("button", { name: "Open the link" }).click();
    await view.ends("verified");
    await view.page.getByLabel("First name").fill("Nobody");
    await view.page.getByLabel("Last name").fill("Else");
    await view.button("Put the name on it").click();
    await view.says("Complete says success: false.");
    inOrder(await holdsTheTimeline(view, sandbox, correlationId), [
      "Page to Backend: start",
      "Handset to Backend: send a link",
      "Backend to Phone: SMS with a link",
      "Phone to Backend: the link is opened",
      "Backend to Handset: done: passed",
      "Handset to Page: over: ask your server",
      "Page to Backend: validate",
      "Handset to Page: done",
      "Page to Backend: complete",
      "Backend to Page: success: false",
    ]);
  });

  scenario("of a link without a network holds the timeline, and a lost message ends half-way", async ({ open, sandbox, allowTrouble }) => {
    const number = freshNumber();
    const { view, session } = await opened(await open(desktop), sandbox);
    const correlationId = await session(() => view.start({ number }));
    await view.linkTitle.waitFor();
    // The fault may hit any of the page's requests.
    allowTrouble(/net::ERR_|WebSocket connection to /);
    const network = view.page.getByRole("switch", { name: "Lose the network" });
    await network.check();
    await view.page.locator("#arrows > .lost").nth(2).waitFor();
    await network.uncheck();
    await view.message(number).getByRole("button", { name: "Open the link" }).click();
    await view.ends("verified");
    await holdsTheTimeline(view, sandbox, correlationId);
    const { timeline } = await sandbox.call(`/sandbox/sessions/${correlationId}`);
    const lost = (await view.arrows()).filter(({ kind }) => kind === "lost").map(({ event }) => event);
    assert.deepEqual(lost, timeline.filter(({ fault }) => fault).map(({ id }) => id));
  });

  scenario("keeps its order when the sandbox's clock is moved, however late the diagram hears of it", async ({ open, sandbox }) => {
    const number = freshNumber();
    const page = await open(phone);
    await page.addInitScript(holdStream);
    const { view, session } = await opened(page, sandbox);
    const correlationId = await session(() => view.start({ number }));
    const { code } = await sandbox.sms(number);
    await page.locator("#arrows .label").getByText("which code?").waitFor();
    await page.locator("#arrows .label").getByText("accepted").waitFor();
    await page.evaluate(() => globalThis.stream.hold());
    await sandbox.advance(60);
    // Delays the request beyond the messages that follow it.
    await page.route("**/v1/client/mobile/otp/finish", async (route) => {
      const since = Date.now();
      await page.waitForFunction((since) => Date.now() - since > 80, since);
      await route.continue();
    });
    await view.giveCode(code);
    await view.ends("verified");
    await page.evaluate(() => globalThis.stream.release());
    inOrder(await holdsTheTimeline(view, sandbox, correlationId), [
      "Handset to Page: which code?",
      "Page to Handset: this code",
      "Handset to Backend: check this code",
      "Backend to Handset: passed",
      "Handset to Page: over: ask your server",
      "Page to Backend: validate",
      "Backend to Page: success: true",
      "Handset to Page: done",
    ]);
  });
});
