// Going on after a reload, a crash and a discarded tab, the back-forward cache, and two tabs with one token: all by the real
// browser against the real sandbox.
/* global Rig, rig, settled, proveAuth, giveCode, signs -- stand in the page: see rig.js */
import assert from "node:assert/strict";
import { openBackgroundPage } from "./background.mjs";
import { desktop, freshNumber, phone, suite } from "./harness.mjs";
import { moduleFolder, openModule } from "./module.mjs";
import { logs } from "./recorder.mjs";
import { awaitingInBackground, suiteThroughProxy } from "./waiting.mjs";

/** In the page: begins a flow whose code or link is awaited. `stored`: a text to go on with, instead of the session's storage. */
function begin({ token, stored, isStoredByItself }) {
  const code = new Promise((resolve) => (globalThis.giveCode = (otp) => resolve({ resultType: proveAuth.OtpFinishResultType.OnSuccess, input: { otp } })));
  globalThis.rig = new Rig({ otpFinish: () => code });
  if (isStoredByItself) rig.builder.withResume(sessionStorage);
  rig.build();
  if (stored === undefined) return void rig.start(token);
  rig.running = rig.authenticator.resume(token, stored);
  rig.outcome = settled(rig.running);
}

/** In the page: what happened so far. */
const seen = () => ({
  states: rig.states,
  resumed: rig.details.flatMap(({ resumed }) => (resumed === undefined ? [] : [resumed])),
  expires: rig.details.find(({ expiresAt }) => expiresAt)?.expiresAt,
  asked: rig.asked.map(([name]) => name),
  finishes: rig.finishes.length,
  text: rig.authenticator.serialize(),
  stored: sessionStorage.getItem("handset.flow"),
});

const reached = (page, state) => page.evaluate((state) => rig.reached(state), state);

/** Checks that a text holds nothing that is secret, and writes it to the searched logs. */
function checkText(text, ...secrets) {
  logs.write("page", `stored ${text}\n`);
  assert.match(text, /^1\.[a-p]{96}\.mobile\/[a-z]+$/);
  for (const secret of secrets) assert.equal(text.includes(secret), false);
}

const flows = {
  code: { flowType: "mobile", device: phone, waits: "awaiting_otp", proves: async (page, sandbox, sms) => page.evaluate((otp) => giveCode(otp), sms.code) },
  link: { flowType: "desktop", device: desktop, waits: "awaiting_link", proves: async (page, sandbox, sms) => sandbox.open(sms.url) },
};

suite("a flow goes on", { www: await moduleFolder() }, (scenario) => {
  for (const [name, { flowType, device, waits, proves }] of Object.entries(flows)) {
    /** A flow that waits, and its SMS. */
    const waiting = async ({ open, sandbox }, options = {}) => {
      const number = freshNumber();
      const { authToken, correlationId } = await sandbox.start({ flowType, phoneNumber: number });
      const page = await openModule(await open(device), sandbox);
      await page.evaluate(begin, { token: authToken, ...options });
      await reached(page, waits);
      return { page, number, authToken, correlationId, sms: await sandbox.sms(number) };
    };
    /** The page goes on, the person proves the phone, and the flow is done: without another SMS. */
    const isDone = async ({ page, sms, number, correlationId, before }, sandbox) => {
      await reached(page, waits);
      const after = await page.evaluate(seen);
      assert.deepEqual(after.resumed, [true]);
      assert.deepEqual(after.states.slice(0, 3), ["starting", "starting", waits]);
      assert.ok(Math.abs(after.expires - before.expires) < 1_500, `the countdown goes on: ${before.expires} and ${after.expires}`);
      await proves(page, sandbox, sms);
      assert.deepEqual(await page.evaluate(() => rig.outcome), { resolved: null });
      const { finishes, text, stored, asked } = await page.evaluate(seen);
      assert.deepEqual([finishes, text, stored], [1, null, null]);
      assert.equal(asked.filter((step) => step.endsWith("Start")).length, 0, `no start step is called: ${asked}`);
      assert.equal((await sandbox.messages(number)).length, 1, "one SMS");
      assert.equal((await sandbox.validate(correlationId)).success, true);
    };

    scenario(`a reload, and a page that keeps the text by itself: ${name}`, async (given) => {
      const flow = await waiting(given);
      const before = await flow.page.evaluate(seen);
      checkText(before.text, flow.authToken, flow.number, flow.sms.code ?? "no code");
      assert.equal(before.stored, null);
      await flow.page.reload();
      await flow.page.evaluate(begin, { token: flow.authToken, stored: before.text });
      await isDone({ ...flow, before }, given.sandbox);
    });

    scenario(`a reload with withResume(sessionStorage), twice: ${name}`, async (given) => {
      const flow = await waiting(given, { isStoredByItself: true });
      const before = await flow.page.evaluate(seen);
      checkText(before.stored, flow.authToken, flow.number);
      for (let times = 0; times < 2; times += 1) {
        await flow.page.reload();
        await flow.page.evaluate(begin, { token: flow.authToken, isStoredByItself: true });
        if (times === 0) await reached(flow.page, waits);
      }
      await isDone({ ...flow, before }, given.sandbox);
    });

    scenario(`a renderer that was killed: ${name}`, async ({ browser, sandbox }) => {
      const number = freshNumber();
      const { authToken: token, correlationId } = await sandbox.start({ flowType, phoneNumber: number });
      // Playwright gives a crashed page up. In the browser the person reloads it, with the tab's storage.
      const page = await openBackgroundPage(browser, sandbox.origin);
      await page.evaluate(begin, { token, isStoredByItself: true });
      await reached(page, waits);
      const before = await page.evaluate(seen);
      await page.crash();
      await page.goto(sandbox.origin);
      await page.evaluate(begin, { token, isStoredByItself: true });
      await isDone({ page, sms: await sandbox.sms(number), number, correlationId, before }, sandbox);
      await page.close();
    });

    scenario(`two tabs with one token, and the first one proves: ${name}`, async (given) => {
      const flow = await waiting(given);
      const other = await flow.page.context().newPage();
      await openModule(other, given.sandbox);
      await other.evaluate(begin, { token: flow.authToken });
      await reached(other, waits);
      const sms = await given.sandbox.sms(flow.number, flow.sms);
      await proves(flow.page, given.sandbox, sms);
      assert.deepEqual(await flow.page.evaluate(() => rig.outcome), { resolved: null });
      if (name === "code") {
        // Nothing listens beside a code: the other page learns it when its person comes back to it.
        await other.evaluate(() => dispatchEvent(new Event("online")));
      }
      assert.deepEqual(await other.evaluate(() => rig.outcome), { resolved: null });
      for (const page of [flow.page, other]) {
        const { finishes, states } = await page.evaluate(seen);
        assert.deepEqual([finishes, states.at(-1)], [1, "done"]);
      }
    });

    scenario(`another tab that starts after the flow was settled is done: ${name}`, async (given) => {
      const flow = await waiting(given);
      await proves(flow.page, given.sandbox, flow.sms);
      assert.deepEqual(await flow.page.evaluate(() => rig.outcome), { resolved: null });
      const other = await openModule(await given.open(device), given.sandbox);
      // The socket of a link may bring the end while the request for the link is under way.
      given.allowTrouble(/ERR_ABORTED .*instantlink.start/);
      await other.evaluate(begin, { token: flow.authToken });
      assert.deepEqual(await other.evaluate(() => rig.outcome), { resolved: null });
      const { finishes, states } = await other.evaluate(seen);
      assert.deepEqual([finishes, states.at(-1)], [1, "done"]);
      assert.equal((await given.sandbox.messages(flow.number)).length, 1);
    });

    scenario(`a flow that was settled while no page ran is over at once: ${name}`, async (given) => {
      const flow = await waiting(given, { isStoredByItself: true });
      const other = await openModule(await given.open(device), given.sandbox);
      const text = await flow.page.evaluate(() => rig.authenticator.serialize());
      await flow.page.goto("about:blank");
      await other.evaluate(begin, { token: flow.authToken, stored: text });
      await reached(other, waits);
      await proves(other, given.sandbox, flow.sms);
      assert.deepEqual(await other.evaluate(() => rig.outcome), { resolved: null });
      await openModule(flow.page, given.sandbox);
      await flow.page.evaluate(begin, { token: flow.authToken, isStoredByItself: true });
      assert.deepEqual(await flow.page.evaluate(() => rig.outcome), { resolved: null });
      const { states, resumed, stored } = await flow.page.evaluate(seen);
      assert.deepEqual([states, resumed, stored], [["starting", "starting", "finishing", "done"], [true], null]);
    });
  }

  const withCode = async ({ open, sandbox }) => {
    const number = freshNumber();
    const { authToken } = await sandbox.start({ flowType: "mobile", phoneNumber: number });
    return { page: await openModule(await open(phone), sandbox), authToken, number };
  };

  scenario("a text that is no good begins the flow anew, and an event says so", async (given) => {
    for (const text of ["", "null", "1.abc.mobile/otp", "{}", "🙂"]) {
      const { page, authToken, number } = await withCode(given);
      await page.evaluate(begin, { token: authToken, stored: text });
      await reached(page, "awaiting_otp");
      assert.deepEqual((await page.evaluate(seen)).resumed, [false], text);
      assert.equal((await given.sandbox.messages(number)).length, 1);
    }
  });

  scenario("the text of another token, and of an expired code, begins anew", async (given) => {
    const { page, authToken } = await withCode(given);
    await page.evaluate(begin, { token: authToken, isStoredByItself: true });
    await reached(page, "awaiting_otp");
    await page.reload();
    const other = await given.sandbox.start({ flowType: "mobile", phoneNumber: freshNumber() });
    await page.evaluate(begin, { token: other.authToken, isStoredByItself: true });
    await reached(page, "awaiting_otp");
    assert.deepEqual((await page.evaluate(seen)).resumed, [false]);
    await page.reload();
    await given.sandbox.advance(121);
    await page.evaluate(begin, { token: other.authToken, isStoredByItself: true });
    await reached(page, "awaiting_otp");
    const again = await page.evaluate(seen);
    assert.deepEqual([again.resumed, again.asked[0]], [[false], "otpStart"]);
    await given.sandbox.reset();
  });

  scenario("a storage that throws, or holds nothing usable, harms no flow", async (given) => {
    for (const storage of ["throws", "numbers", "promises"]) {
      const { page, authToken } = await withCode(given);
      const found = await page.evaluate(
        async ({ token, storage }) => {
          const thrower = () => {
            throw new Error("blocked");
          };
          const answers = { throws: thrower, numbers: () => 7, promises: async () => "1.x" };
          globalThis.rig = new Rig();
          rig.builder.withResume({ getItem: answers[storage], setItem: thrower, removeItem: thrower });
          rig.build().start(token);
          await rig.reached("awaiting_otp");
          const text = rig.authenticator.serialize();
          rig.running.cancel();
          await rig.outcome;
          return { resumed: rig.details.some((detail) => "resumed" in detail), text, after: rig.authenticator.serialize() };
        },
        { token: authToken, storage },
      );
      assert.equal(found.resumed, false, storage);
      assert.match(found.text, /^1\./);
      assert.equal(found.after, null);
    }
  });

  scenario("cancel, an abort and dispose remove the text, and another flow's text stays", async (given) => {
    for (const how of ["cancel", "abort", "dispose"]) {
      const { page, authToken } = await withCode(given);
      const found = await page.evaluate(
        async ({ token, how }) => {
          const aborter = new AbortController();
          globalThis.rig = new Rig();
          rig.builder.withResume(sessionStorage).withAbortSignal(aborter.signal);
          rig.build().start(token);
          await rig.reached("awaiting_otp");
          const before = sessionStorage.getItem("handset.flow");
          if (how === "cancel") rig.running.cancel();
          else if (how === "abort") aborter.abort();
          else rig.authenticator.dispose();
          await rig.outcome;
          const after = sessionStorage.getItem("handset.flow");
          // The text of a flow that begins right after a cancel is its own.
          const next = new Rig();
          next.builder.withResume(sessionStorage);
          next.build().start(token).running.cancel();
          next.start(token);
          await next.told(({ state }) => state === "awaiting_otp");
          return { before, after, next: sessionStorage.getItem("handset.flow") };
        },
        { token: authToken, how },
      );
      assert.match(found.before, /^1\./, how);
      assert.equal(found.after, null, how);
      assert.match(found.next, /^1\./, how);
    }
  });

  scenario("withResume refuses what is no storage, and says which method it was", async (given) => {
    const page = await openModule(await given.open(), given.sandbox);
    for (const storage of ["text", 1, {}, { getItem: 1 }]) {
      const found = await page.evaluate((storage) => {
        try {
          return void new proveAuth.AuthenticatorBuilder().withResume(storage).build();
        } catch ({ kind, message }) {
          return { kind, message };
        }
      }, storage);
      assert.deepEqual(found, { kind: "misuse", message: "withResume: storage must be a Storage, such as sessionStorage" });
    }
    assert.equal(await page.evaluate(() => new proveAuth.AuthenticatorBuilder().withResume(null).build().serialize()), null);
  });
});

// Playwright turns the back-forward cache off, and a page that is left would be gone. The proxy takes `no-store` away, which
// keeps a page out of that cache.
const launch = { ignoreDefaultArgs: ["--disable-back-forward-cache"] };
await suiteThroughProxy("a flow in the back-forward cache", { launch }, (scenario) => {
  scenario("a page that comes back from the cache learns at once that another tab has finished", async (given) => {
    const { proxy, sandbox, open } = given;
    proxy.noStore = false;
    const flow = await awaitingInBackground(given, "mobile", proxy.origin);
    await flow.page.evaluate(() => {
      globalThis.signs = [];
      addEventListener("pageshow", ({ persisted }) => signs.push(persisted));
    });
    const text = await flow.page.evaluate(() => rig.authenticator.serialize());
    await flow.page.goto(`${proxy.origin}/icon.svg`);
    const other = await openModule(await open(phone), sandbox);
    await other.evaluate(begin, { token: flow.authToken, stored: text });
    await reached(other, "awaiting_otp");
    await other.evaluate((otp) => giveCode(otp), (await sandbox.sms(flow.number)).code);
    assert.deepEqual(await other.evaluate(() => rig.outcome), { resolved: null });
    await flow.page.back();
    await flow.page.becomes(() => globalThis.signs?.length > 0);
    assert.deepEqual(await flow.page.evaluate(() => signs), [true], "the page itself came back, from the cache");
    assert.deepEqual(await flow.page.evaluate(() => rig.outcome), { resolved: null });
    assert.equal(await flow.page.evaluate(() => rig.finishes.length), 1);
    await flow.page.close();
  });
});
