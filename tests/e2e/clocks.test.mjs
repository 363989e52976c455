// Wrong clocks of the page: clocks that are off, jump, or stop during a sleep of the machine; and a moved clock of the backend.
/* global rig, clocks -- stand in the page */
import assert from "node:assert/strict";
import { DONE, doneWith, OTP_FINISH, STATUS, suiteThroughProxy } from "./waiting.mjs";

const MINUTE = 60_000;
const RESEND_PAUSE = 30;
const config = `[otp]\nresend_pause_seconds = ${RESEND_PAUSE}`;

/** Tolerance of a countdown, in ms: the time for loading, requests and replies. */
const SLACK = 5_000;

/** In the page, before its own code: adds an adjustable offset to both clocks. */
function settable(ahead) {
  globalThis.clocks = { wall: ahead, mono: 0 };
  const [wall, mono] = [Date.now.bind(Date), performance.now.bind(performance)];
  Date.now = () => wall() + globalThis.clocks.wall;
  performance.now = () => mono() + globalThis.clocks.mono;
}

await suiteThroughProxy("clocks", { config }, (scenario) => {
  /** A flow in a page with adjustable clocks; its wall clock is `ahead` by so many ms from the start. */
  const onClocks = (name, flowType, body, { ahead = 0, ...options } = {}) =>
    scenario(name, async (given) => {
      const prepare = (page) => page.addInitScript(settable, ahead);
      await body({ ...given, flow: new Clocked(await given.awaiting(flowType, { prepare, ...options })) });
    });

  for (const ahead of [-10 * MINUTE, 10 * MINUTE]) {
    const how = ahead < 0 ? "ten minutes slow" : "ten minutes fast";
    onClocks(
      `a clock that is ${how} shows the right countdown, and the code is taken`,
      "mobile",
      async ({ flow }) => {
        await flow.countsDown(120_000, 1000 * RESEND_PAUSE);
        await flow.typeCode();
        assert.deepEqual(await flow.end(), DONE);
      },
      { ahead },
    );

    onClocks(
      `a clock that is ${how} shows the right countdown, and the link is taken`,
      "desktop",
      async ({ flow }) => {
        await flow.countsDown(180_000, 1000 * RESEND_PAUSE);
        await flow.openLink();
        assert.deepEqual(await flow.end(), DONE);
      },
      { ahead },
    );

    const jumped = ahead < 0 ? "set back ten minutes" : "set ten minutes ahead";
    onClocks(`a clock that is ${jumped} while a code is awaited: the countdown is told anew, and the code is taken`, "mobile", async ({ flow, proxy }) => {
      const since = await flow.events();
      await flow.set({ wall: ahead });
      await flow.wake();
      await flow.tellsAnew(since);
      await flow.countsDown(120_000, 1000 * RESEND_PAUSE);
      await flow.typeCode();
      assert.deepEqual(await flow.end(), DONE);
      assert.equal(proxy.count(STATUS), 1);
    });

    onClocks(
      `a clock that is ${jumped} neither ends nor prolongs the wait for a code`,
      "mobile",
      async ({ flow }) => {
        const since = await flow.events();
        await flow.set({ wall: ahead });
        // No event announces the jump. The module reads the clocks every few seconds.
        await flow.page.clock.runFor(5_000);
        await flow.tellsAnew(since);
        await flow.countsDown(115_000, 1000 * RESEND_PAUSE - 5_000);
        await flow.page.clock.runFor(110_000);
        assert.equal(await flow.state(), "awaiting_otp");
        await flow.page.clock.runFor(10_000);
        assert.deepEqual(await flow.end(), doneWith("otp_timeout"));
      },
      { clock: true },
    );

    onClocks(`a clock that is ${jumped} while a link is awaited: the countdown is told anew, and the link is taken`, "desktop", async ({ flow }) => {
      const since = await flow.events();
      await flow.set({ wall: ahead });
      await flow.wake();
      await flow.tellsAnew(since);
      await flow.countsDown(180_000, 1000 * RESEND_PAUSE);
      await flow.openLink();
      assert.deepEqual(await flow.end(), DONE);
    });

    onClocks(
      `a clock that is ${jumped} neither ends nor prolongs the wait for a link`,
      "desktop",
      async ({ flow }) => {
        const since = await flow.events();
        await flow.set({ wall: ahead });
        await flow.page.clock.runFor(5_000);
        await flow.tellsAnew(since);
        await flow.countsDown(175_000, 1000 * RESEND_PAUSE - 5_000);
        await flow.page.clock.fastForward(165_000);
        assert.equal(await flow.state(), "awaiting_retry");
        await flow.page.clock.fastForward(10_000);
        assert.deepEqual(await flow.end(), doneWith("link_timeout"));
      },
      { clock: true },
    );
  }

  for (const [flowType, ms] of [
    ["mobile", 120_000],
    ["desktop", 180_000],
  ]) {
    const what = flowType === "mobile" ? "code" : "link";
    onClocks(`a clock that jumps ahead and back and back again while a ${what} is awaited: the countdown stays right, and the ${what} is taken`, flowType, async ({ flow }) => {
      for (const jump of [10 * MINUTE, -20 * MINUTE, 10 * MINUTE]) {
        const since = await flow.events();
        await flow.set({ wall: jump });
        await flow.wake();
        await flow.tellsAnew(since);
        await flow.countsDown(ms, 1000 * RESEND_PAUSE);
      }
      if (flowType === "mobile") await flow.typeCode();
      else await flow.openLink();
      assert.deepEqual(await flow.end(), DONE);
    });
  }

  // During a sleep, the monotonic clock stops on most systems and continues on some.
  for (const [system, mono] of [
    ["stood still", 0],
    ["went on", 1],
  ]) {
    const asleep = async ({ flow, sandbox }, ms) => {
      const since = await flow.events();
      await sandbox.advance(ms / 1000);
      await flow.set({ wall: ms, mono: mono * ms });
      await flow.wake();
      return since;
    };

    onClocks(`a laptop that slept for a minute, while its monotonic clock ${system}: the countdown is a minute on, and the code is taken`, "mobile", async (given) => {
      // Awake again, the page makes a status call, which the code may overtake: it is aborted then.
      given.allowTrouble(/ERR_ABORTED .*client\/status$/);
      const since = await asleep(given, MINUTE);
      if (mono === 0) await given.flow.tellsAnew(since);
      await given.flow.countsDown(60_000, 1000 * RESEND_PAUSE - MINUTE);
      await given.flow.typeCode();
      assert.deepEqual(await given.flow.end(), DONE);
    });

    onClocks(`a laptop that slept past the code's end, while its monotonic clock ${system}: it ends at once`, "mobile", async (given) => {
      await asleep(given, 3 * MINUTE);
      assert.deepEqual(await given.flow.end(), doneWith("otp_timeout"));
    });

    onClocks(`a laptop that slept while its link was opened, and its monotonic clock ${system}: it is done at once`, "desktop", async (given) => {
      given.proxy.halfOpenSockets();
      await given.flow.openLink();
      await asleep(given, 10 * MINUTE);
      assert.deepEqual(await given.flow.end(), DONE);
    });

    onClocks(`a laptop that slept past the link's end, while its monotonic clock ${system}: it ends at once`, "desktop", async (given) => {
      given.proxy.halfOpenSockets();
      await asleep(given, 10 * MINUTE);
      // The backend has expired the link by itself and reports it.
      assert.deepEqual(await given.flow.end(), doneWith("server"));
    });

    onClocks(`a laptop that slept past the token's end, while its monotonic clock ${system}: it ends at once`, "mobile", async (given) => {
      given.expectTrouble(/status of 401/);
      await asleep(given, 20 * MINUTE);
      const end = await given.flow.end();
      assert.deepEqual([end.rejected.kind, end.finishes, end.last], ["token_expired", [], "failed"]);
    });
  }

  onClocks("the backend's clock moved on: the next SMS counts down by the backend's word", "mobile", async ({ flow, sandbox }) => {
    const since = await flow.events();
    await sandbox.advance(100);
    await flow.answer({ resultType: 1 });
    await flow.reached("awaiting_otp", since);
    await flow.countsDown(120_000, 1000 * RESEND_PAUSE);
    await flow.typeCode();
    assert.deepEqual(await flow.end(), DONE);
  });

  onClocks("the backend's clock nears the end of a code: the code is taken", "mobile", async ({ flow, sandbox }) => {
    await sandbox.advance(100);
    await flow.typeCode();
    assert.deepEqual(await flow.end(), DONE);
  });

  onClocks("the backend's clock passes the end of a code: the code is refused, and the flow ends", "mobile", async ({ flow, proxy, sandbox }) => {
    await sandbox.advance(121);
    await flow.typeCode();
    assert.deepEqual(await flow.end(), doneWith("otp_invalid"));
    assert.equal(proxy.count(OTP_FINISH), 1);
  });

  onClocks("the backend's clock nears the end of a link: the link is taken", "desktop", async ({ flow, sandbox }) => {
    await sandbox.advance(160);
    await flow.openLink();
    assert.deepEqual(await flow.end(), DONE);
  });

  onClocks("the backend's clock passes the end of a link: the flow ends at once", "desktop", async ({ flow, sandbox }) => {
    await sandbox.advance(191);
    assert.deepEqual(await flow.end(), doneWith("server"));
  });
});

/** A waiting page with adjustable clocks. */
class Clocked {
  constructor(waiting) {
    this.flow = waiting;
    this.page = waiting.page;
    for (const name of ["events", "end", "wake", "openLink", "typeCode", "answer", "reached"]) this[name] = (...given) => waiting[name](...given);
  }

  /** Moves the page's clocks ahead, or back, by so many ms. */
  set({ wall = 0, mono = 0 }) {
    const add = ([wall, mono]) => {
      clocks.wall += wall;
      clocks.mono += mono;
    };
    return this.page.evaluate(add, [wall, mono]);
  }

  state() {
    return this.page.evaluate(() => rig.states.at(-1));
  }

  /** Resolves when an event after `since` has a time. */
  tellsAnew(since) {
    return this.page.evaluate((since) => rig.told((detail) => detail.expiresAt !== undefined, since), since);
  }

  /** Fails unless the page's countdowns show so many ms to the end and to the next SMS. */
  async countsDown(left, toResend) {
    const shown = await this.page.evaluate(() => {
      const { expiresAt, resendAt } = rig.details.findLast(({ expiresAt }) => expiresAt !== undefined);
      return { left: expiresAt - Date.now(), toResend: resendAt === undefined ? undefined : resendAt - Date.now() };
    });
    const isRight = (ms, right) => ms <= right + 50 && ms > right - SLACK;
    assert.ok(isRight(shown.left, left), `${shown.left} ms to the end, not ${left}`);
    assert.ok(isRight(shown.toResend, toResend), `${shown.toResend} ms to the next SMS, not ${toResend}`);
  }
}
