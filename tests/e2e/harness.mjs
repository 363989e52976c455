// The harness of the end-to-end tests: a sandbox, Chromium, and a watch that fails a test on each unannounced error.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { chromium, devices } from "playwright-core";
import { Told } from "./events.mjs";
import { logs, record, recordStorage } from "./recorder.mjs";
import { startSandbox } from "./sandbox.mjs";

export const phone = devices["Pixel 7"];
export const desktop = devices["Desktop Chrome"];

/** Flags that keep the browser's own traffic on this machine. */
export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Timeout of every wait, in ms. */
const PATIENCE_MS = 20_000;

/** Count of the numbers that this run has used; each number is used once. */
let numbersGiven = 0;
export function freshNumber() {
  const number = `303555${String(++numbersGiven).padStart(4, "0")}`;
  logs.secret("number", number);
  return number;
}

/**
 * Declares tests that share a sandbox and a browser. `define` is given `scenario(name, body)`, which runs `body` with
 * - `sandbox`,
 * - `open(device?, options?)`: opens a page in a new browser context,
 * - `browser`, for other pages,
 * - `expectTrouble(...patterns)`: announces errors that the browser must show,
 * - `allowTrouble(...patterns)`: announces errors that the browser may show.
 *
 * @param {string} name
 * @param {object} options for the sandbox, see startSandbox; `launch`: more options for the browser
 * @param {(scenario: (name: string, body: (given: object) => Promise<void>) => void) => void} define
 */
export function suite(name, { launch, ...options }, define) {
  describe(name, () => {
    let sandbox;
    let browser;
    before(async () => {
      sandbox = await startSandbox(options);
      browser = await chromium.launch({ executablePath: process.env.CHROME_PATH || "/usr/bin/chromium", args: FLAGS, ...launch });
    });
    after(async () => {
      await browser?.close();
      await sandbox?.stop();
    });
    define((title, body) => test(title, () => inContexts(browser, (given) => body({ sandbox, ...given }))));
  });
}

async function inContexts(browser, body) {
  const watch = new Watch();
  const told = new Told();
  const contexts = [];
  const open = async (device = desktop, options = {}) => {
    const context = await browser.newContext({ ...device, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    contexts.push(context);
    watch.over(context);
    told.over(context);
    await record(context);
    return context.newPage();
  };
  try {
    const expectTrouble = (...patterns) => watch.expect(...patterns);
    const allowTrouble = (...patterns) => watch.allow(...patterns);
    await body({ open, browser, expectTrouble, allowTrouble });
    const pages = contexts.flatMap((context) => context.pages());
    for (const page of pages) await drained(page);
    await Promise.all(pages.map(recordStorage));
    watch.check();
    told.check();
  } finally {
    watch.end();
    for (const context of contexts) await context.close();
  }
}

/** Resolves when the page's pending tasks are done and its messages have arrived. */
const drained = (page) => page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));

/** Collects errors of all pages of a test: console errors, uncaught errors, failed requests. */
class Watch {
  #found = [];
  #expected = [];
  #allowed = [];
  #isOver = false;

  over(context) {
    // The browser itself requests the icon, which a busy machine sometimes refuses.
    const isIcon = (text) => /ERR_CONNECTION_REFUSED.*\/icon\.svg/.test(text);
    const note = (text) => this.#isOver || isIcon(text) || this.#found.push(text);
    context.on("console", (message) => {
      if (message.type() === "error") note(`console: ${message.text()} (${message.location().url})`);
    });
    // Uncaught errors and unhandled rejections.
    context.on("weberror", (error) => note(`uncaught: ${error.error().stack ?? error.error()}`));
    context.on("requestfailed", (request) => {
      const text = `request: ${request.failure()?.errorText} ${request.url()}`;
      // The browser fetches the icon after the page, when the test may have left the page already. A stream of the sandbox
      // is endless: it ends by an abort.
      if (!/ERR_ABORTED .*(\/icon\.svg|\/sandbox\/(messages|sessions\/[^/]+)\/stream)(\?.*)?$/.test(text)) note(text);
    });
  }

  /** Announces trouble; each pattern must match at least once. */
  expect(...patterns) {
    this.#expected.push(...patterns);
  }

  allow(...patterns) {
    this.#allowed.push(...patterns);
  }

  end() {
    this.#isOver = true;
  }

  check() {
    const announced = [...this.#expected, ...this.#allowed];
    const surprises = this.#found.filter((text) => !announced.some((pattern) => pattern.test(text)));
    assert.deepEqual(surprises, [], "unannounced trouble");
    const missing = this.#expected.filter((pattern) => !this.#found.some((text) => pattern.test(text)));
    assert.deepEqual(missing, [], `announced trouble that did not happen; found: ${JSON.stringify(this.#found)}`);
  }
}
