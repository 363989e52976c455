// Mobile Auth in a real browser against the sandbox's carrier: each behaviour number by both implementations, the settings, and
// a stop in mid-visit.
/* global rig, Rig -- stand in the page: see rig.js */
import assert from "node:assert/strict";
import { test } from "node:test";
import { freshNumber, phone, suite } from "./harness.mjs";
import { moduleFolder, openModule } from "./module.mjs";
import { VerifyPage } from "./page.mjs";
import { logs } from "./recorder.mjs";
import { startSandbox } from "./sandbox.mjs";

/** The code of docs/sandbox-rules.md. */
const CODE = "1234";
/** The longest visit, in ms. */
const VISIT_MS = 30_000;
/** The number of the slow carrier. */
const SLOW = "2005550129";

const IMPLEMENTATIONS = { fetch: "mobileAuthOutcome", pixel: "mobileAuthPixelOutcome" };

/** A failed visit, as Chromium reports it: a status, a reply without CORS, a connection that was cut. */
const failedVisit = /(?:status of 4|status of 500|blocked by CORS policy|net::ERR_\w+).*\/(?:mobile-auth|flowcontrol)\/|from origin .* has been blocked by CORS policy/;
/** A visit that the page has ended. */
const endedVisit = /net::ERR_(?:ABORTED|FAILED) .*\/mobile-auth\//;

/** Starts a flow with a number that the server knows, in a page of its own. */
async function begin({ open, sandbox }, number, { implementation = "fetch", visits = false, clock = visits } = {}) {
  const { authToken, correlationId } = await sandbox.start({ flowType: "mobile", phoneNumber: number });
  const page = await open(phone);
  if (clock) await page.clock.install();
  await openModule(page, sandbox);
  page.on("request", declareValue);
  // Only a slow visit is waited for: others may have ended, or may not begin.
  const visited = visits && page.waitForRequest((request) => new URL(request.url()).pathname.startsWith("/mobile-auth/"));
  await page.evaluate(
    ([token, implementation, code]) => {
      globalThis.rig = new Rig({ otpFinish: () => ({ resultType: 0, input: { otp: code } }) });
      rig.builder.withMobileAuthImplementation(implementation);
      rig.build().start(token);
    },
    [authToken, implementation, CODE],
  );
  return new MobileFlow(page, sandbox, { correlationId, visited });
}

/** Declares the value that a page returns, for the search for secrets in the logs. */
function declareValue(request) {
  if (!request.url().endsWith("/mobile/instant/finish")) return;
  const { vfp } = request.postDataJSON() ?? {};
  if (vfp) logs.secret("vfp", vfp);
}

class MobileFlow {
  /** `visited` resolves when the page visits the carrier. */
  constructor(page, sandbox, { correlationId, visited }) {
    Object.assign(this, { page, sandbox, correlationId, visited });
  }

  /** The kinds of the session's messages, each with its outcome. */
  async timeline() {
    const { timeline } = await this.sandbox.call(`/sandbox/sessions/${this.correlationId}`);
    return timeline.map(({ kind, outcome }) => (outcome ? `${kind} ${outcome}` : kind));
  }

  end() {
    return this.page.evaluate(async () => {
      const outcome = await rig.outcome;
      return { outcome, states: rig.states, asked: rig.asked.map(([name]) => name), failures: rig.finishes.map(({ failure }) => failure ?? null) };
    });
  }

  /** The flow has verified the phone: by Mobile Auth alone, or by a code after it. */
  async verifies(outcome) {
    const ended = await this.end();
    assert.deepEqual(ended.outcome, { resolved: null }, JSON.stringify(ended));
    assert.ok(ended.states.includes("mobile_auth"), String(ended.states));
    assert.deepEqual(ended.failures, [null]);
    assert.deepEqual(ended.asked.includes("otpFinish"), outcome === "fell_back_to_otp", String(ended.asked));
    const timeline = await this.timeline();
    const finish = timeline.filter((line) => line.startsWith("instant_finish ") || line.startsWith("error_reported "));
    assert.equal(finish.at(-1).split(" ")[1], outcome, timeline.join("\n"));
    assert.equal(timeline.includes("sms_code"), outcome === "fell_back_to_otp", "an SMS only for a code");
    assert.equal((await this.sandbox.validate(this.correlationId)).success, true);
  }
}

const www = await moduleFolder();
const sandbox = await startSandbox({ www });
const listed = (await sandbox.call("/sandbox/numbers")).filter((number) => number.mobileAuthOutcome);
await sandbox.stop();

test("the sandbox has numbers of Mobile Auth", () => assert.ok(listed.length > 10));

suite("Mobile Auth", { www }, (scenario) => {
  for (const { phoneNumber, name, ...outcomes } of listed) {
    for (const [implementation, member] of Object.entries(IMPLEMENTATIONS)) {
      scenario(`${name}, by ${implementation}: ${outcomes[member]}`, async (given) => {
        if (outcomes[member] !== "passed") given.allowTrouble(failedVisit);
        const visits = phoneNumber === SLOW;
        const flow = await begin(given, phoneNumber, { implementation, visits });
        if (visits) {
          given.allowTrouble(endedVisit);
          await flow.visited;
          await flow.page.clock.fastForward(VISIT_MS + 1);
        }
        await flow.verifies(outcomes[member]);
      });
    }
  }

  for (const user of ["5550000000", "5555555555"]) {
    for (const implementation of Object.keys(IMPLEMENTATIONS)) {
      scenario(`the test user ${user} passes by ${implementation} without a visit`, async (given) => {
        const flow = await begin(given, user, { implementation });
        await flow.verifies("passed");
        assert.ok(!(await flow.timeline()).includes("carrier_visited"));
      });
    }
  }

  for (const [name, stop, state] of [
    ["cancel()", () => void rig.running.cancel(), { resolved: null }],
    ["dispose()", () => rig.authenticator.dispose(), undefined],
  ]) {
    scenario(`${name} ends a visit at once, and reports nothing`, async (given) => {
      given.allowTrouble(endedVisit);
      const flow = await begin(given, SLOW, { visits: true, clock: false });
      await flow.visited;
      await flow.page.evaluate(stop);
      const ended = await flow.end();
      if (state) assert.deepEqual(ended.outcome, state);
      assert.equal(ended.states.at(-1), "cancelled");
      const timeline = await flow.timeline();
      assert.ok(!timeline.some((line) => /error_reported|instant_finish|otp_start/.test(line)), timeline.join("\n"));
    });
  }

  scenario("the carrier's slow answer ends with the visit, by the sandbox's clock", async (given) => {
    given.allowTrouble(failedVisit);
    const own = { ...given, sandbox: given.sandbox.inProject("slow") };
    const flow = await begin(own, SLOW, { visits: true, clock: false });
    await flow.visited;
    await own.sandbox.advance(60);
    await flow.verifies("fell_back_to_otp");
  });
});

suite("the settings of Mobile Auth", { www }, (scenario) => {
  /** A flow of an ordinary number in a project with these settings. */
  async function inProject(given, settings, number = freshNumber()) {
    const sandbox = given.sandbox.inProject(Object.values(settings).join("-"));
    assert.deepEqual(await sandbox.settings(settings), { mobileAuth: "numbers", carrier: "ok", ...settings });
    return begin({ ...given, sandbox }, number, { visits: settings.carrier === "slow" });
  }

  scenario("always: a flow of any number that the server has needs no SMS", async (given) => {
    const flow = await inProject(given, { mobileAuth: "always" });
    await flow.verifies("passed");
  });

  for (const carrier of ["wifi", "slow", "gone"]) {
    scenario(`${carrier}: a test user goes on with a code`, async (given) => {
      given.allowTrouble(failedVisit, endedVisit);
      const flow = await inProject(given, { carrier }, "5550000000");
      if (carrier === "slow") {
        await flow.visited;
        await flow.page.clock.fastForward(VISIT_MS + 1);
      }
      await flow.verifies("fell_back_to_otp");
    });
  }

  scenario("off: no flow begins with Mobile Auth", async (given) => {
    const flow = await inProject(given, { mobileAuth: "off" }, "5550000000");
    const ended = await flow.end();
    assert.deepEqual([ended.outcome, ended.states.includes("mobile_auth")], [{ resolved: null }, false]);
    assert.ok(!(await flow.timeline()).some((line) => /instant|carrier/.test(line)));
  });
});

suite("Mobile Auth in the demo", {}, (scenario) => {
  const carrierOf = async (view) => (await view.arrows()).filter(({ what }) => what.includes("carrier")).map(({ what }) => what);

  scenario("the phone is verified without a question, and the diagram shows the visit", async ({ open, sandbox }) => {
    const page = await open(phone);
    const view = await VerifyPage.open(page, sandbox);
    await view.start({ flow: "mobile", number: "2005550121" });
    await view.ends("verified");
    await page.locator("#arrows").getByText("the carrier answers").waitFor();
    const redirect = ["visits the carrier", "the carrier redirects"];
    assert.deepEqual(await carrierOf(view), ["the carrier's URL", ...redirect, ...redirect, "visits the carrier", "the carrier answers"]);
  });

  scenario("a number of it is picked from the list, and its code takes over", async ({ open, sandbox, allowTrouble }) => {
    allowTrouble(failedVisit);
    const page = await open(phone);
    const view = await VerifyPage.open(page, sandbox);
    await view.button("Numbers that go wrong").click();
    const panel = page.getByRole("group", { name: "Numbers that go wrong" });
    assert.match(await panel.getByRole("button", { name: /^Mobile Auth by redirects/ }).innerText(), /Ends: verified, without an SMS/);
    const picked = panel.getByRole("button", { name: /^On Wi-Fi/ });
    assert.match(await picked.innerText(), /Ends: verified, by a code in the end/);
    await picked.click();
    await view.button("Continue").click();
    await view.giveCode(CODE);
    await view.ends("verified");
    assert.deepEqual(await carrierOf(view), ["the carrier's URL", "visits the carrier", "the carrier refuses"]);
  });

  scenario("the list has none of them while the page asks for the number", async ({ open, sandbox }) => {
    const page = await open(phone);
    const view = await VerifyPage.open(page, sandbox);
    await view.start({ flow: "mobile" });
    await view.numberField().waitFor();
    await view.button("Numbers that go wrong").click();
    const panel = page.getByRole("group", { name: "Numbers that go wrong" });
    await panel.getByRole("button", { name: /^Server error/ }).waitFor();
    assert.equal(await panel.getByRole("button", { name: /Mobile Auth/ }).count(), 0);
  });
});
