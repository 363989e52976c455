// A page that waits for a link or a code, with a network in between that fails on demand.
/* global Rig, rig, deferred, asked -- stand in the page: see rig.js */
import { after } from "node:test";
import { openBackgroundPage } from "./background.mjs";
import { desktop, freshNumber, suite } from "./harness.mjs";
import { moduleFolder, openModule } from "./module.mjs";
import { startProxy } from "./proxy.mjs";

export const STATUS = "/v1/client/status";
export const OTP_START = "/v1/client/mobile/otp/start";
export const OTP_FINISH = "/v1/client/mobile/otp/finish";
export const OTP_ERROR = "/v1/client/mobile/otp/error";
export const LINK_START = "/v1/client/mobile/instantlink/start";
export const LINK_ERROR = "/v1/client/mobile/instantlink/error";

/** What Chromium says of a network that fails; announced as trouble by tests that make it fail. */
export const trouble = {
  socket: /console: WebSocket connection to .* failed/,
  /** A request that failed in the network. */
  request: /net::ERR_(?:FAILED|EMPTY_RESPONSE|CONNECTION_RESET|CONNECTION_REFUSED|INTERNET_DISCONNECTED|NETWORK_CHANGED|SOCKET_NOT_CONNECTED|CONNECTION_CLOSED|ABORTED)/,
  status: (code) => new RegExp(`status of ${code}`),
};

/**
 * As suite(), with a proxy between the browser and the backend. Bodies are given besides
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
 * Opens a page and brings a flow to where it waits for the person.
 *
 * @param {object} given of a scenario
 * @param {"desktop" | "mobile"} [flow] a link or a code
 * @param {object} [options]
 * @param {boolean} [options.clock] put playwright's clock in the place of the page's
 * @param {(page) => Promise<void>} [options.prepare] runs before the page is opened
 * @param {object} [options.backend] another sandbox than the suite's
 */
export async function awaiting({ open, sandbox }, flow = "desktop", { clock = false, prepare, backend = sandbox } = {}) {
  const page = await open(desktop);
  if (clock) await page.clock.install();
  await prepare?.(page);
  await openModule(page, backend);
  return startFlow(page, backend, flow);
}

/** The same in a page that may be hidden and frozen, served by `origin`. */
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

  /** The person opens the link, on a phone whose network is well. */
  async openLink() {
    const { url } = await this.sandbox.sms(this.number);
    const { pathname, search } = new URL(url);
    return this.sandbox.open(this.sandbox.origin + pathname + search);
  }

  /** Resolves when an event says that the backend is listened to in this way, from the event `since` on. */
  socketIs(state, since = 0) {
    return this.page.evaluate(([state, since]) => rig.told((detail) => detail.socket === state, since), [state, since]);
  }

  reached(state, since = 0) {
    return this.page.evaluate(([state, since]) => rig.told((detail) => detail.state === state, since), [state, since]);
  }

  /** How many events there were. */
  events() {
    return this.page.evaluate(() => rig.details.length);
  }

  /** What the last event says of the tries that are left. */
  attemptsLeft() {
    return this.page.evaluate(() => rig.details.at(-1).attemptsLeft);
  }

  /** How the flow ends, and what AuthFinishStep was told. */
  end() {
    return this.page.evaluate(async () => {
      const outcome = await rig.outcome;
      return { ...outcome, finishes: rig.finishes.map(({ failure }) => failure?.kind ?? null), last: rig.states.at(-1) };
    });
  }

  /** The person answers what the page asks. */
  answer(result) {
    return this.page.evaluate((result) => asked.resolve(result), result);
  }

  /** The person types the code of the newest SMS. */
  async typeCode() {
    const { code } = (await this.sandbox.messages(this.number)).at(-1);
    await this.answer({ resultType: 0, input: { otp: code } });
  }

  /** A sign that the page is back. */
  wake() {
    return this.page.evaluate(() => void dispatchEvent(new Event("online")));
  }
}

/** What end() says of a flow that ended well. */
export const DONE = { resolved: null, finishes: [null], last: "done" };
/** What end() says of a flow that ended with a failure that the backend was told of. */
export const doneWith = (kind) => ({ resolved: null, finishes: [kind], last: "done" });
