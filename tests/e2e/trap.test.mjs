// The effects of a crash of the module. A test cannot crash the release, so this is the same module with one extra export.
/* global Rig, rig, never, settled, proveAuth, ledger -- stand in the page: see rig.js and ledger.js */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { freshNumber, phone, suite } from "./harness.mjs";
import { moduleFolder, openModule } from "./module.mjs";

suite("a crash of the module", { www: await moduleFolder("build/test-exports/index.js") }, (scenario) => {
  const start = async ({ open, sandbox }, flowType) => {
    const { authToken } = await sandbox.start({ flowType, phoneNumber: freshNumber() });
    return { page: await openModule(await open(phone), sandbox), authToken };
  };

  for (const [flowType, state] of [
    ["mobile", "awaiting_otp"],
    ["desktop", "awaiting_retry"],
  ]) {
    scenario(`rejects the running flow at ${state}, and whatever is called later`, async (given) => {
      // The link flow would end at once on a phone.
      const { page, authToken } = await start({ ...given, open: () => given.open() }, flowType);
      const found = await page.evaluate(
        async ([token, state]) => {
          globalThis.rig = new Rig({ linkRetry: never }).build().start(token);
          await rig.reached(state);
          const other = new Rig().build();
          proveAuth.trapForTest();
          const thrown = (call) => {
            try {
              return call();
            } catch (error) {
              return error.kind;
            }
          };
          return {
            running: await rig.outcome,
            finishes: rig.finishes,
            lastState: rig.states.at(-1),
            again: await settled(rig.authenticator.authenticate(token)),
            other: await settled(other.authenticator.authenticate(token)),
            finishInstantLink: await settled(other.authenticator.finishInstantLink("https://shop.test/?asc=true&authId=1")),
            getFlowType: thrown(() => other.authenticator.getFlowType()),
            build: thrown(() => new proveAuth.AuthenticatorBuilder().build()),
          };
        },
        [authToken, state],
      );
      const kinds = ["running", "again", "other", "finishInstantLink"].map((name) => found[name].rejected?.kind);
      assert.deepEqual(kinds, ["internal", "internal", "internal", "internal"]);
      assert.deepEqual([found.getFlowType, found.build], ["internal", "internal"]);
      assert.deepEqual(found.finishes, []);
      assert.equal(found.lastState, "failed");
      assert.equal(found.running.rejected.retryable, false);
    });
  }

  scenario("settles the running flow although the page's log throws, and logs once although the page starts again", async (given) => {
    const { page, authToken } = await start(given, "mobile");
    const found = await page.evaluate(async (token) => {
      const logged = [];
      console.error = (error) => logged.push(error.message);
      proveAuth.LoggerFactory.setLogWriter({
        write() {
          throw new Error("disk full");
        },
      });
      globalThis.rig = new Rig().build();
      const again = [];
      rig.authenticator.addEventListener("statechange", ({ detail }) => {
        if (detail.state === "failed") again.push(settled(rig.authenticator.authenticate(token)));
      });
      rig.start(token);
      await rig.reached("awaiting_otp");
      proveAuth.trapForTest();
      const outcome = await rig.outcome;
      rig.running.cancel();
      return { outcome, again: await Promise.all(again), logged: [...new Set(logged)] };
    }, authToken);
    assert.equal(found.outcome.rejected.kind, "internal");
    assert.deepEqual(found.again.map(({ rejected }) => rejected.kind), ["internal"]);
    assert.deepEqual(found.logged, ["disk full"]);
  });

  scenario("in a page step rejects the flow, and what the browser still delivers is quiet", async (given) => {
    const { page, authToken } = await start(given, "mobile");
    const found = await page.evaluate(async (token) => {
      const otpFinish = () => {
        proveAuth.trapForTest();
        return { resultType: 0, input: { otp: "1234" } };
      };
      globalThis.rig = new Rig({ otpFinish }).build().start(token);
      const outcome = await rig.outcome;
      // These events would wake a running flow.
      dispatchEvent(new Event("online"));
      document.dispatchEvent(new Event("visibilitychange"));
      rig.running.cancel();
      return { outcome, finishes: rig.finishes };
    }, authToken);
    assert.equal(found.outcome.rejected.kind, "internal");
    assert.deepEqual(found.finishes, []);
  });

  scenario("leaves a socket, which the backend closes, timers, which run out, and listeners that do nothing", async (given) => {
    const page = await given.open();
    await page.clock.install();
    await page.context().addInitScript({ path: fileURLToPath(new URL("ledger.js", import.meta.url)) });
    await openModule(page, given.sandbox);
    const before = await page.evaluate(() => ledger.open());
    const number = freshNumber();
    const { authToken } = await given.sandbox.start({ flowType: "desktop", phoneNumber: number });
    await page.evaluate(async (token) => {
      globalThis.rig = new Rig().build().start(token);
      await rig.told(({ state, socket }) => state === "awaiting_link" && socket === "open");
    }, authToken);
    // Separately: by now the flow waits for both its deadline and its socket, each with listeners of its own.
    await page.evaluate(async () => {
      proveAuth.trapForTest();
      await rig.outcome;
    });
    await page.clock.runFor(60_000);
    const { pathname } = new URL((await given.sandbox.sms(number)).url);
    await given.sandbox.open(given.sandbox.origin + pathname);
    await page.waitForFunction(() => ledger.open().sockets === 0);
    const { listeners, ...after } = await page.evaluate(() => ledger.open());
    // Playwright adds pointer listeners of its own.
    const ours = (await page.evaluate(() => ledger.listeners())).filter((name) => /^WebSocket |online$|pageshow$|resume$|visibilitychange$/.test(name));
    const onSocket = ["open", "message", "close", "error"].map((type) => `WebSocket ${type}`);
    const onWaking = ["Window online", "Window pageshow", "HTMLDocument resume", "HTMLDocument visibilitychange"];
    assert.deepEqual(ours.sort(), [...onSocket, ...onWaking, ...onWaking].sort());
    assert.deepEqual({ ...after, listeners: before.listeners }, before, `${listeners} listeners`);
  });
});
