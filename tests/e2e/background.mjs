// A page that can be hidden and frozen. Playwright keeps its pages visible, so this page is driven by the DevTools protocol.
import assert from "node:assert/strict";
import { once } from "node:events";
import { strays } from "./events.mjs";
import { logs } from "./recorder.mjs";

/** Timeout of every wait, in ms. */
const PATIENCE_MS = 20_000;

/** Opens `url` in a page of `browser` outside playwright's control. */
export async function openBackgroundPage(browser, url) {
  const session = await browser.newBrowserCDPSession();
  const { browserContextId } = await session.send("Target.createBrowserContext");
  const { targetId } = await session.send("Target.createTarget", { url: "about:blank", browserContextId });
  const { sessionId } = await session.send("Target.attachToTarget", { targetId, flatten: false });
  const page = new BackgroundPage(session, { browserContextId, targetId, sessionId });
  await page.send("Page.enable");
  await page.send("Runtime.enable");
  await page.goto(url);
  return page;
}

class BackgroundPage {
  #session;
  #ids;
  #sent = 0;
  #waiting = new Map();
  #events = new EventTarget();
  /** Uncaught errors and logged errors. */
  #found = [];

  constructor(session, ids) {
    this.#session = session;
    this.#ids = ids;
    session.on("Target.receivedMessageFromTarget", ({ message }) => this.#receive(JSON.parse(message)));
  }

  #receive({ id, method, params, result, error }) {
    if (id) this.#waiting.get(id)?.(error ? Promise.reject(new Error(error.message)) : result);
    if (method === "Runtime.exceptionThrown") this.#found.push(params.exceptionDetails);
    if (method === "Runtime.consoleAPICalled") {
      logs.write("page", `console ${params.type} ${params.args.map(({ value, description }) => value ?? description).join(" ")}\n`);
      if (params.type === "error") this.#found.push(params.args);
    }
    if (method) this.#events.dispatchEvent(new CustomEvent(method, { detail: params }));
  }

  send(method, params = {}) {
    const id = ++this.#sent;
    const answered = new Promise((resolve) => this.#waiting.set(id, resolve));
    const message = JSON.stringify({ id, method, params });
    return this.#session.send("Target.sendMessageToTarget", { sessionId: this.#ids.sessionId, message }).then(() => answered);
  }

  async goto(url) {
    const loaded = once(this.#events, "Page.loadEventFired");
    await this.send("Page.navigate", { url });
    await loaded;
  }

  /** Like playwright's `page.evaluate`. */
  async evaluate(body, argument) {
    const expression = `(${body})(${JSON.stringify(argument)})`;
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Resolves when `condition` holds in the page, also after a navigation. */
  async becomes(condition) {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    while (!(await this.evaluate(condition).catch(() => false))) deadline.throwIfAborted();
  }

  /** Kills the renderer. The page is usable again after `goto`. */
  async crash() {
    await this.send("Inspector.enable");
    const crashed = once(this.#events, "Inspector.targetCrashed");
    // The command itself is never answered.
    void this.send("Page.crash").catch(() => {});
    await crashed;
  }

  /** Goes back in the history, like the browser's button. */
  async back() {
    const { currentIndex, entries } = await this.send("Page.getNavigationHistory");
    await this.send("Page.navigateToHistoryEntry", { entryId: entries[currentIndex - 1].id });
  }

  /** Hides and freezes the page: no timer, event or promise runs. */
  freeze() {
    return this.send("Page.setWebLifecycleState", { state: "frozen" });
  }

  /** Thaws the page, which stays hidden. */
  thaw() {
    return this.send("Page.setWebLifecycleState", { state: "active" });
  }

  /** Makes the page visible. */
  show() {
    return this.send("Emulation.setFocusEmulationEnabled", { enabled: true });
  }

  async close() {
    // Only of the current document: a document that the page has left took its events along.
    const told = await this.evaluate(() => globalThis.rig?.details ?? []);
    assert.deepEqual(strays(told), [], "events outside the tables of docs/events.md");
    await this.#session.send("Target.disposeBrowserContext", { browserContextId: this.#ids.browserContextId });
    await this.#session.detach();
    assert.deepEqual(this.#found, [], "errors in the page");
  }
}
