// A hidden and frozen page, a page that the person leaves and returns to, a change of networks, a stopped backend: all done by
// the real browser and operating system, without simulation.
/* global signs -- stands in the page */
import assert from "node:assert/strict";
import { moduleFolder } from "./module.mjs";
import { faults, SOCKET } from "./proxy.mjs";
import { startSandbox } from "./sandbox.mjs";
import { awaitingInBackground, DONE, OTP_FINISH, STATUS, suiteThroughProxy, trouble } from "./waiting.mjs";

// Playwright turns the back-forward cache off, and a page that is left would be gone.
const launch = { ignoreDefaultArgs: ["--disable-back-forward-cache"] };

await suiteThroughProxy("sleep and other interruptions", { launch }, (scenario) => {
  /** A page in the background that records Chromium's lifecycle events. */
  const background = (name, body, { through = "sandbox" } = {}) =>
    scenario(name, async (given) => {
      given.proxy.noStore = through === "sandbox";
      const flow = await awaitingInBackground(given, "desktop", given[through].origin);
      await flow.page.evaluate(() => {
        globalThis.signs = [];
        const note = (sign) => globalThis.signs.push(sign);
        for (const sign of ["freeze", "resume"]) document.addEventListener(sign, () => note(sign));
        document.addEventListener("visibilitychange", () => note(document.visibilityState));
        addEventListener("pageshow", ({ persisted }) => note(`pageshow, persisted: ${persisted}`));
      });
      await body({ ...given, flow });
      await flow.page.close();
    });
  const signsOf = (flow) => flow.page.evaluate(() => signs);

  /** A separate backend for the test, behind the proxy. */
  const withBackend = (name, body) =>
    scenario(name, async (given) => {
      const backend = await startSandbox({ www: await moduleFolder(), flags: ["--origin", given.proxy.origin] });
      try {
        given.proxy.target = backend.origin;
        await body({ ...given, backend });
      } finally {
        backend.resume();
        await backend.stop();
      }
    });

  background("a frozen page whose link was opened meanwhile is done as it thaws", async ({ flow }) => {
    await flow.page.freeze();
    const events = await flow.events();
    await flow.openLink();
    assert.equal(await flow.events(), events, "nothing runs in a frozen page");
    await flow.page.thaw();
    assert.deepEqual(await flow.end(), DONE);
    assert.deepEqual(await signsOf(flow), ["hidden", "freeze", "resume"], "the page is still hidden");
  });

  background("a page that thaws before its network is back is done when it is looked at", async ({ flow, proxy }) => {
    await flow.page.freeze();
    // Otherwise Chromium may hold the message back and deliver it before the page's `resume` event.
    proxy.halfOpenSockets();
    await flow.openLink();
    proxy.fault(STATUS, faults.hang());
    proxy.fault(SOCKET, faults.hang());
    await flow.page.thaw();
    await proxy.seen(STATUS);
    proxy.heal();
    await flow.page.show();
    assert.deepEqual(await flow.end(), DONE);
    assert.deepEqual(await signsOf(flow), ["hidden", "freeze", "resume", "visible"]);
    assert.equal(proxy.count(SOCKET), 2, "a new socket has replaced the hanging request");
  });

  background("a hidden page that comes back online looks at once: a socket that went silent is replaced", async ({ flow, proxy }) => {
    await flow.page.freeze();
    await flow.page.thaw();
    await proxy.seen(SOCKET, 2);
    await flow.socketIs("open", await flow.events() - 1);
    assert.equal(await flow.page.evaluate(() => document.visibilityState), "hidden");
    proxy.halfOpenSockets();
    await flow.openLink();
    const before = performance.now();
    await flow.wake();
    assert.deepEqual(await flow.end(), DONE);
    // Three seconds, not the half minute to the next ping.
    assert.ok(performance.now() - before < 20_000);
  });

  background(
    "a page that was left and is come back to hears what it missed",
    async ({ flow, sandbox }) => {
      await flow.page.goto(`${sandbox.origin}/icon.svg`);
      await flow.openLink();
      await flow.page.back();
      // The command is answered before the page is restored.
      await flow.page.becomes(() => globalThis.signs !== undefined);
      assert.deepEqual(await flow.end(), DONE);
      assert.deepEqual(await signsOf(flow), ["hidden", "freeze", "resume", "visible", "pageshow, persisted: true"]);
    },
    { through: "proxy" },
  );

  scenario("a change of networks: the old socket is dead, and the first sign of the new network has it replaced", async ({ proxy, awaiting }) => {
    const flow = await awaiting();
    const context = flow.page.context();
    await context.setOffline(true);
    proxy.halfOpenSockets();
    await flow.openLink();
    await context.setOffline(false);
    assert.deepEqual(await flow.end(), DONE);
    assert.ok(proxy.count(STATUS) + proxy.count(SOCKET) > 1);
  });

  scenario("offline for half a minute, then online: heard at once", async ({ proxy, awaiting, expectTrouble }) => {
    expectTrouble(trouble.request, trouble.socket);
    const flow = await awaiting("desktop", { clock: true });
    const context = flow.page.context();
    const since = await flow.events();
    await context.setOffline(true);
    proxy.dropSockets();
    await flow.socketIs("reconnecting", since);
    // Long enough for the pauses to grow to those of polling.
    for (let i = 0; i < 30; i++) await flow.page.clock.runFor(1_000);
    await flow.socketIs("polling", since);
    await flow.openLink();
    await context.setOffline(false);
    assert.deepEqual(await flow.end(), DONE);
  });

  withBackend("a backend that stands still for twenty seconds and goes on", async ({ backend, awaiting }) => {
    const flow = await awaiting("desktop", { clock: true, backend });
    const since = await flow.events();
    backend.pause();
    await flow.wake();
    await flow.page.clock.runFor(3_000);
    await flow.socketIs("reconnecting", since);
    await flow.page.clock.runFor(17_000);
    backend.resume();
    await flow.openLink();
    assert.deepEqual(await flow.end(), DONE);
  });

  withBackend("a code that is sent while the backend stands still is judged when it goes on, and was sent once", async ({ backend, proxy, awaiting }) => {
    const flow = await awaiting("mobile", { clock: true, backend });
    const { code } = await backend.sms(flow.number);
    backend.pause();
    await flow.answer({ resultType: 0, input: { otp: code } });
    await flow.reached("checking_otp");
    await flow.page.clock.runFor(19_000);
    backend.resume();
    assert.deepEqual(await flow.end(), DONE);
    assert.equal(proxy.count(OTP_FINISH), 1);
  });

  for (const flowType of ["desktop", "mobile"]) {
    withBackend(`a backend that was started anew and knows nothing of the flow ends it at once (${flowType})`, async ({ backend, sandbox, proxy, awaiting, expectTrouble, allowTrouble }) => {
      const flow = await awaiting(flowType, { backend });
      expectTrouble(trouble.status(401));
      if (flowType === "desktop") {
        // Failed requests to the stopped backend do not end the flow.
        expectTrouble(trouble.request);
        allowTrouble(trouble.socket);
        const failed = flow.page.waitForEvent("requestfailed");
        await backend.stop();
        await failed;
      } else await backend.stop();
      proxy.target = sandbox.origin;
      if (flowType === "mobile") await flow.answer({ resultType: 0, input: { otp: "1234" } });
      const end = await flow.end();
      assert.deepEqual([end.rejected.kind, end.finishes, end.last], ["token_expired", [], "failed"]);
    });
  }
});
