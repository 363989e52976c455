// Drives Firefox and WebKitGTK with WebDriver: opens a page and runs a function in it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { endGroup, freePort } from "./programs.mjs";

/** Timeout of a driver until it answers, and of a page until it reports, in ms. */
const PATIENCE_MS = 30_000;
/** Pause between two checks whether the driver listens: it prints no ready line. */
const AGAIN_MS = 50;

const ENGINES = {
  Firefox: {
    command: (port) => [process.env.GECKODRIVER, ["--port", port]],
    capabilities: () => ({ "moz:firefoxOptions": { binary: "/usr/bin/firefox-esr", args: ["-headless"] } }),
  },
  WebKitGTK: {
    // WebKitGTK draws, so it needs a screen.
    command: (port) => ["xvfb-run", ["-a", "WebKitWebDriver", `--port=${port}`]],
    capabilities: () => ({ browserName: "MiniBrowser", "webkitgtk:browserOptions": { binary: process.env.MINIBROWSER, args: ["--automation"] } }),
  },
};

export class Driver {
  #child;
  #exited;
  #origin;
  #session;

  static async start(engine) {
    const { command, capabilities } = ENGINES[engine];
    const driver = new Driver();
    const port = await freePort();
    driver.#origin = `http://127.0.0.1:${port}`;
    driver.#child = spawn(...command(port), { stdio: "ignore", detached: true });
    driver.#exited = once(driver.#child, "exit");
    try {
      await driver.#begin(capabilities());
    } catch (error) {
      await driver.stop();
      throw error;
    }
    return driver;
  }

  async #begin(alwaysMatch) {
    const late = performance.now() + PATIENCE_MS;
    const gone = this.#exited.then(([code]) => Promise.reject(new Error(`the driver ended with ${code}`)));
    // Only the start of the driver waits for this promise.
    gone.catch(() => undefined);
    for (;;) {
      const answers = await fetch(`${this.#origin}/status`).then(() => true, () => false);
      if (answers) break;
      if (performance.now() > late) throw new Error(`the driver did not answer within ${PATIENCE_MS / 1000} s`);
      await Promise.race([pause(AGAIN_MS), gone]);
    }
    const { sessionId } = await this.#call("POST", "/session", { capabilities: { alwaysMatch } });
    this.#session = `/session/${sessionId}`;
    await this.#call("POST", `${this.#session}/timeouts`, { script: PATIENCE_MS, pageLoad: PATIENCE_MS });
  }

  async #call(method, path, body) {
    const response = await fetch(this.#origin + path, { method, body: body && JSON.stringify(body), headers: { "Content-Type": "application/json" } });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  }

  open(url) {
    return this.#call("POST", `${this.#session}/url`, { url });
  }

  /** Runs a script in the page. The script calls its last argument with the result. */
  evaluate(script, ...args) {
    return this.#call("POST", `${this.#session}/execute/async`, { script, args });
  }

  /** Ends the browser, its driver and the driver's processes. */
  async stop() {
    if (this.#session) await this.#call("DELETE", this.#session).catch(() => undefined);
    endGroup(this.#child);
    await this.#exited;
  }
}
