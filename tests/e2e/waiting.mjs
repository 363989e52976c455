// A page that waits for a link or a code, behind a proxy that injects network failures.
/* global Rig, rig, deferred, asked -- stand in the page: see rig.js */
import { after } from "node:test";
import { openBackgroundPage } from "./background.mjs";
import { desktop, freshNumber, suite } from "./harness.mjs";
import { moduleFolder, openModule } from "./module.mjs";
import { startProxy } from "./proxy.mjs";

export const STATUS = "/v1/client/status";
export const INSTANT_START = "/v1/client/mobile/instant/start";
export const OTP_START = "/v1/client/mobile/otp/start";
export const OTP_FINISH = "/v1/client/mobile/otp/finish";
export const OTP_ERROR = "/v1/client/mobile/otp/error";
export const LINK_START = "/v1/client/mobile/instantlink/start";
export const LINK_ERROR = "/v1/client/mobile/instantlink/error";

/** Chromium's messages for network failures, for expectTrouble and allowTrouble. */
export const trouble = {
  socket: /console: WebSocket connection to .* failed/,
  /** A request that failed in the network. */
  request: /net::ERR_(?:FAILED|EMPTY_RESPONSE|CONNECTION_RESET|CONNECTION_REFUSED|INTERNET_DISCONNECTED|NETWORK_CHANGED|SOCKET_NOT_CONNECTED|CONNECTION_CLOSED|ABORTED)/,
  status: (code) => new RegExp(`status of ${code}`),
};

/**
 * Like suite(), with a proxy between the browser and the backend. Bodies also receive
 * - `proxy`,
 * - `awaiting(flow?, options?)`: a page whose flow waits for a link (or `"mobile"`: a code).
 */
export async function suiteThroughProxy(name, { flags = [], ...options }, define) {
  const proxy = await startProxy();
  const www = await moduleFolder();
  suite(name, { www, flags: ["--origin", proxy.origin, ...flags], ...options }, (scenario) => {
    after(() => proxy.stop());
    define((title, body) =>
      scenario(title, (given) => {
        proxy.reset();
        proxy.target = given.sandbox.origin;
        return body({ ...given, proxy, awaiting: (...wanted) => awaiting(given, ...wanted) });
      }),
    );
  });
}

/**
 * Opens a page and runs a flow until it waits for the person.
 *
 * @param {object} given the argument of a scenario's body
 * @param {"desktop" | "mobile"} [flow] a link or a code
 * @param {object} [options]
 * @param {boolean} [options.clock] replace the page's clock with playwright's
 * @param {(page) => Promise<void>} [options.prepare] runs before the page opens
 * @param {object} [options.backend] a sandbox to use instead of the suite's
 */
export async function awaiting({ open, sandbox }, flow = "desktop", { clock = false, prepare, backend = sandbox } = {}) {
  const page = await open(desktop);
  if (clock) await page.clock.install();
  await prepare?.(page);
  await openModule(page, backend);
  return startFlow(page, backend, flow);
}

/** The same in a page that can be hidden and frozen, from `origin`. */
export async function awaitingInBackground({ browser, sandbox }, flow = "desktop", origin = sandbox.origin) {
  const page = await openBackgroundPage(browser, origin);
  return startFlow(page, sandbox, flow);
}

async function startFlow(page, sandbox, flow) {
  const number = freshNumber();
  const { authToken, correlationId } = await sandbox.start({ flowType: flow, phoneNumber: number, allowOTPRetry: true });
  await page.evaluate(
    async ([token, flow]) => {
      const ask = () => (globalThis.asked = deferred()).promise;
      globalThis.rig = new Rig({ linkRetry: ask, otpFinish: ask }).build().start(token);
      await rig.reached(flow === "mobile" ? "awaiting_otp" : "awaiting_retry");
      if (flow !== "mobile") await rig.told((detail) => detail.socket === "open");
    },
    [authToken, flow],
  );
  return new Waiting(page, sandbox, { number, authToken, correlationId });
}

class Waiting {
  constructor(page, sandbox, flow) {
    Object.assign(this, { page, sandbox, ...flow });
  }

  /** The person opens the link, on a phone with a working network. */
  async openLink() {
    const { url } = await this.sandbox.sms(this.number);
    const { pathname, search } = new URL(url);
    return this.sandbox.open(this.sandbox.origin + pathname + search);
  }

  /** Resolves when an event from index `since` on has this `socket` state. */
  socketIs(state, since = 0) {
    return this.page.evaluate(([state, since]) => rig.told((detail) => detail.socket === state, since), [state, since]);
  }

  reached(state, since = 0) {
    return this.page.evaluate(([state, since]) => rig.told((detail) => detail.state === state, since), [state, since]);
  }

  /** The number of events so far. */
  events() {
    return this.page.evaluate(() => rig.details.length);
  }

  /** The `attemptsLeft` of the last event. */
  attemptsLeft() {
    return this.page.evaluate(() => rig.details.at(-1).attemptsLeft);
  }

  /** The end of the flow, and the arguments of AuthFinishStep. */
  end() {
    return this.page.evaluate(async () => {
      const outcome = await rig.outcome;
      return { ...outcome, finishes: rig.finishes.map(({ failure }) => failure?.kind ?? null), last: rig.states.at(-1) };
    });
  }

  /** Answers the page's open question. */
  answer(result) {
    return this.page.evaluate((result) => asked.resolve(result), result);
  }

  /** The person types the code of the newest SMS. */
  async typeCode() {
    const { code } = (await this.sandbox.messages(this.number)).at(-1);
    await this.answer({ resultType: 0, input: { otp: code } });
  }

  /** Dispatches an event that wakes the page's flow. */
  wake() {
    return this.page.evaluate(() => void dispatchEvent(new Event("online")));
  }
}

/** The result of end() for a successful flow. */
export const DONE = { resolved: null, finishes: [null], last: "done" };
/** The result of end() for a flow with a failure that was reported to the backend. */
export const doneWith = (kind) => ({ resolved: null, finishes: [kind], last: "done" });
