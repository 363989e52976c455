// After every end of a flow nothing is left behind: no timer, no socket, no request, no listener.
/* global Rig, rig, never, settled, deferred, proveAuth, ledger, run, right, wrong, withClaims -- stand in the page: see rig.js, ledger.js and tools() */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { desktop, phone } from "./harness.mjs";
import { openModule } from "./module.mjs";
import { faults, SOCKET } from "./proxy.mjs";
import { root } from "./sandbox.mjs";
import { LINK_START, OTP_ERROR, OTP_FINISH, OTP_START, STATUS, suiteThroughProxy } from "./waiting.mjs";

const script = { path: fileURLToPath(new URL("ledger.js", import.meta.url)) };

/** A test user with a fixed code, so that the pages of this test answer by themselves. */
const NUMBER = "2001004009";

/** Chromium's messages for network failures and refusals. */
const anyTrouble = /net::ERR_|status of|WebSocket connection to .* failed|CORS/;

/** The table of endings that the native tests use: the row of each id. */
const table = new Map(
  (await readFile(join(root, "tests", "flow", "contract", "endings.txt"), "utf8"))
    .split("\n")
    .filter((line) => /^\w/.test(line))
    .map((line) => {
      const [id, , finish, promise, state, kind] = line.split("|").map((cell) => cell.trim());
      return [id, { finish, promise, state, kind }];
    }),
);

/** In the page: globals for the flows below. */
function tools() {
  const code = (otp) => () => ({ resultType: 0, input: { otp } });
  /** The same token with other claims. The page's side checks no signature. */
  const withClaims = (token, change) => {
    const [header, payload, signature] = token.split(".");
    const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    change(claims);
    return [header, btoa(JSON.stringify(claims)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""), signature].join(".");
  };
  const run = (token, steps = {}, configure = () => {}) => {
    globalThis.rig = new Rig(steps);
    configure(rig.builder);
    return rig.build().start(token);
  };
  Object.assign(globalThis, { code, withClaims, run, right: code("1234"), wrong: code("0000") });
}

/**
 * The setup of each row. `network`: sets the proxy's faults; `page`: runs in the page and resolves with the promise's
 * outcome; `flow`, `device`, `clock`: options of the page; `retry`: whether a second try of a code is allowed.
 */
const endings = {
  done: { page: (token) => run(token, { otpFinish: right }).outcome },
  ended: { flow: "desktop", device: phone, page: (token) => run(token).outcome },
  page_step_fails: { page: (token) => run(token, { otpFinish: () => Promise.reject(new Error("closed")) }).outcome },
  otp_deadline: { page: (token) => run(token, {}, (builder) => builder.withTimeouts({ otp: 50 })).outcome },
  link_deadline: { flow: "desktop", page: (token) => run(token, { linkRetry: never }, (builder) => builder.withTimeouts({ instantLink: 50 })).outcome },
  error_with_done: { retry: false, page: (token) => run(token, { otpFinish: wrong }).outcome },
  error_alone: { network: (proxy) => proxy.fault(OTP_FINISH, faults.answer(500)), page: (token) => run(token, { otpFinish: right }).outcome },
  unauthorized: { network: (proxy) => proxy.fault(OTP_FINISH, faults.answer(401)), page: (token) => run(token, { otpFinish: right }).outcome },
  network: {
    clock: true,
    network: (proxy) => [OTP_FINISH, STATUS, OTP_ERROR].forEach((path) => proxy.fault(path, faults.cut())),
    page: (token) => run(token, { otpFinish: right }).outcome,
  },
  network_reported: {
    network: (proxy) => [proxy.fault(OTP_FINISH, faults.cut()), proxy.fault(STATUS, faults.answer(404))],
    page: (token) => run(token, { otpFinish: right }).outcome,
  },
  socket_lost: {
    flow: "desktop",
    network: (proxy) => [proxy.fault(SOCKET, faults.cut()), proxy.fault(STATUS, faults.answer(404))],
    page: (token) => run(token, {}, (builder) => builder.withTimeouts({ instantLink: 50 })).outcome,
  },
  token_invalid: { page: () => run("no token").outcome },
  token_expired: { page: (token) => run(withClaims(token, (claims) => (claims.exp = 1))).outcome },
  origin_refused: { page: (token) => run(token, {}, (builder) => builder.withAllowedOrigins([])).outcome },
  step_missing: {
    page: (token) => {
      globalThis.rig = { finishes: [], states: [] };
      const builder = new proveAuth.AuthenticatorBuilder().withAuthFinishStep(({ failure }) => void rig.finishes.push({ failure }));
      const authenticator = builder.build();
      authenticator.addEventListener("statechange", ({ detail }) => rig.states.push(detail.state));
      return settled(authenticator.authenticate(token));
    },
  },
  step_missing_no_area: { page: (token) => run(withClaims(token, ({ auth }) => (auth.next = "scan/message"))).outcome },
  no_auth_finish: { page: (token) => run(token, {}, (builder) => builder.withAuthFinishStep(undefined)).outcome },
  auth_finish_rejects: { page: (token) => run(token, { otpFinish: right, authFinish: () => Promise.reject("our server is down") }).outcome },
  too_many_steps: {
    network: (proxy) => [proxy.fault(OTP_START, faults.answer(200, { body: "{}" })), proxy.fault(OTP_FINISH, faults.answer(200, { body: '{"next":"mobile/otp"}' }))],
    page: (token) => run(token, { otpFinish: right }).outcome,
  },
  token_lifetime: { page: (token) => run(withClaims(token, (claims) => (claims.exp = claims.iat + 1)), { otpStart: never }).outcome },
  dispose: {
    page: async (token) => {
      await run(token).reached("awaiting_otp");
      rig.authenticator.dispose();
      return rig.outcome;
    },
  },
  disposed: {
    page: (token) => {
      globalThis.rig = new Rig().build();
      rig.authenticator.dispose();
      return rig.start(token).outcome;
    },
  },
  already_running: {
    page: async (token) => {
      await run(token).reached("awaiting_otp");
      const second = await settled(rig.authenticator.authenticate(token));
      rig.running.cancel();
      await rig.outcome;
      return second;
    },
  },
};

/** The waiting states of a flow, with the setup of each. Each is stopped by cancel and by abort. */
const awaits = {
  "the page's start step": { page: (token) => run(token, { otpStart: never }).reached("awaiting_phone") },
  "the answer to a start": { network: (proxy) => proxy.fault(OTP_START, faults.hang()), page: (token) => run(token).reached("sending") },
  "the page's code": { page: (token) => run(token).reached("awaiting_otp") },
  "the answer to a code": { network: (proxy) => proxy.fault(OTP_FINISH, faults.hang()), page: (token) => run(token, { otpFinish: right }).reached("checking_otp") },
  "the answer to a link's start": { flow: "desktop", network: (proxy) => proxy.fault(LINK_START, faults.hang()), page: (token) => run(token).reached("sending") },
  "a link, with its socket open": { flow: "desktop", page: (token) => run(token).told(({ socket }) => socket === "open") },
  "a link, with its socket in the handshake": { flow: "desktop", network: (proxy) => proxy.fault(SOCKET, faults.hang()), page: (token) => run(token).reached("awaiting_link") },
  "a link, between two sockets": {
    flow: "desktop",
    network: (proxy) => proxy.fault(SOCKET, faults.cut()),
    page: (token) => run(token).told(({ socket }) => socket === "reconnecting"),
  },
  "a link, while the backend is asked": {
    flow: "desktop",
    network: (proxy) => [proxy.fault(SOCKET, faults.cut()), proxy.fault(STATUS, faults.hang())],
    page: (token) => run(token).told(({ socket }) => socket === "reconnecting"),
  },
  "the page's wish while a link is out": { flow: "desktop", page: (token) => run(token, { linkRetry: never }).reached("awaiting_retry") },
  "the answer to a report": {
    network: (proxy) => proxy.fault(OTP_ERROR, faults.hang()),
    page: async (token) => {
      const asked = deferred();
      run(token, { otpFinish: () => (asked.resolve(), Promise.reject(new Error("closed"))) });
      await asked.promise;
    },
  },
  "AuthFinishStep": { page: (token) => run(token, { otpFinish: right, authFinish: never }).reached("finishing") },
};

await suiteThroughProxy("what a flow leaves behind", {}, (scenario) => {
  /** A page with a ledger, and the counts before the flow. */
  async function withLedger({ open, sandbox }, { device = desktop, clock = false, flow = "mobile", retry = true }) {
    const page = await open(device);
    if (clock) await page.clock.install();
    await page.context().addInitScript(script);
    await openModule(page, sandbox);
    await page.evaluate(tools);
    const { authToken } = await sandbox.start({ flowType: flow, phoneNumber: NUMBER, allowOTPRetry: retry });
    return { page, authToken, before: await page.evaluate(() => ledger.open()) };
  }

  const isBackTo = async (page, before) => {
    const patience = AbortSignal.timeout(10_000);
    let now;
    do now = await page.evaluate(() => ledger.open());
    while (!isDeepStrictEqual(now, before) && !patience.aborted);
    assert.deepEqual(now, before, JSON.stringify(await page.evaluate(() => ledger.listeners())));
  };

  scenario("the ledger sees what a flow has open", async (given) => {
    const { page, authToken, before } = await withLedger(given, { flow: "desktop" });
    await page.evaluate(async (token) => {
      await run(token).reached("awaiting_link");
      await rig.told(({ socket }) => socket === "open");
    }, authToken);
    const now = await page.evaluate(() => ({ ...ledger.open(), on: ledger.listeners() }));
    assert.deepEqual([now.sockets - before.sockets, now.timeouts > before.timeouts, now.requests], [1, true, before.requests]);
    for (const on of ["Window online", "Window pageshow", "HTMLDocument visibilitychange", "WebSocket message"]) {
      assert.ok(now.on.some((open) => open.endsWith(on)), `${on} is not among ${now.on}`);
    }
    given.proxy.fault(STATUS, faults.hang());
    given.proxy.dropSockets();
    await given.proxy.seen(STATUS);
    assert.equal(await page.evaluate(() => ledger.open().requests), before.requests + 1);
  });

  for (const [id, ending] of Object.entries(endings)) {
    scenario(`nothing after: ${id}`, async (given) => {
      given.allowTrouble(anyTrouble);
      const { page, authToken, before } = await withLedger(given, ending);
      ending.network?.(given.proxy);
      const running = page.evaluate(ending.page, authToken);
      let outcome;
      void running.then((value) => (outcome = value));
      while (ending.clock && outcome === undefined) await page.clock.runFor(500);
      outcome = await running;
      const row = table.get(id);
      const end = await page.evaluate(() => ({ last: rig.states.at(-1), failures: rig.finishes.map(({ failure }) => failure?.kind ?? null) }));
      assert.equal("rejected" in outcome ? (typeof outcome.rejected === "string" ? "reason" : "rejects") : "resolves", row.promise);
      if (row.state !== "-") assert.equal(end.last, row.state);
      assert.equal({ 0: "no", 1: end.failures[0] ? "failure" : "runs" }[end.failures.length], row.finish);
      const kind = outcome.rejected?.kind ?? end.failures[0] ?? (await page.evaluate(() => rig.details?.at(-1)?.failure?.kind)) ?? "-";
      assert.ok(row.kind.split("/").includes(kind), `${kind} is not ${row.kind}`);
      await isBackTo(page, before);
    });
  }

  for (const [where, flow] of Object.entries(awaits)) {
    for (const id of ["cancel", "abort"]) {
      scenario(`nothing after: ${id} while it awaits ${where}`, async (given) => {
        given.allowTrouble(anyTrouble);
        const { page, authToken, before } = await withLedger(given, flow);
        flow.network?.(given.proxy);
        await page.evaluate(() => {
          globalThis.stopper = new AbortController();
          const { run } = globalThis;
          globalThis.run = (token, steps) => run(token, steps, (builder) => builder.withAbortSignal(globalThis.stopper.signal));
        });
        await page.evaluate(flow.page, authToken);
        const end = await page.evaluate(async (id) => {
          if (id === "cancel") rig.running.cancel();
          else globalThis.stopper.abort("left");
          return { ...(await rig.outcome), last: rig.states.at(-1), finishes: rig.finishes.length };
        }, id);
        const finishes = where === "AuthFinishStep" ? 1 : 0;
        assert.deepEqual(end, { ...(id === "cancel" ? { resolved: null } : { rejected: "left" }), last: "cancelled", finishes });
        await isBackTo(page, before);
      });
    }
  }

  scenario("every row of the table of endings is looked at", async () => {
    // A crash leaves resources that only the module could close: see trap.test.mjs.
    const elsewhere = ["trap"];
    const looked = [...Object.keys(endings), "cancel", "abort", ...elsewhere];
    assert.deepEqual(looked.toSorted(), [...table.keys()].toSorted());
  });
});
