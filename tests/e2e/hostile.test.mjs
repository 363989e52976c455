// Broken globals and options: each flow ends with an allowed kind, and the next flow works.
import assert from "node:assert/strict";
import { Worker } from "node:worker_threads";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { freshNumber, suite } from "./harness.mjs";
import { groups, tryOut, VALUES } from "./hostile.mjs";
import { moduleFolder, openModule } from "./module.mjs";
import { logs } from "./recorder.mjs";
import { root } from "./sandbox.mjs";

/** A test user: the same code each time. */
const CODE = "1234";
const TEST_USER = "2001001693";

/** Rows that crash Node: its fetch uses timers and clocks in the background, where nothing catches an exception. */
const DEADLY_TO_NODE = new Set([
  // Node 20 has no WebSocket.
  "a WebSocket that cannot be left closes late, twice",
  "Date.now throws",
  "no clock at all",
  "setTimeout gives nothing to clear",
  "setTimeout calls back at once",
  "setTimeout calls back in the same turn",
  "setTimeout calls back twice",
  "timers cannot be cleared, and fire when nobody waits any more",
  "clearTimeout is missing",
  "clearTimeout throws",
  "queueMicrotask throws",
  "queueMicrotask cannot be read",
  "all objects inherit what descriptors and requests are made of",
]);

/** The groups with globals that Node's fetch uses itself. */
const MADE_OF = new Set(["what requests are made of", "clocks, chance and timers"]);

/** The program of a worker thread, which has its own globals. */
const THREAD = `
  const { parentPort, workerData } = require("node:worker_threads");
  const tryOut = ${tryOut};
  (async () => {
    globalThis.proveAuth = await import(workerData.module);
    proveAuth.LoggerFactory.setLogLevel(0);
    parentPort.on("message", async ({ given }) => {
      given.openLink &&= (token) => parentPort.postMessage({ open: token });
      parentPort.postMessage({ found: await tryOut(given) });
    });
    parentPort.postMessage({ isReady: true });
  })();
`;

class Thread {
  #worker = new Worker(THREAD, { eval: true, workerData: { module: pathToFileURL(join(root, "pkg", "index.js")).href } });

  #next(fits) {
    return new Promise((resolve, reject) => {
      const hear = (message) => {
        if (!fits(message)) return;
        this.#worker.off("message", hear).off("error", reject);
        resolve(message);
      };
      this.#worker.on("message", hear).on("error", reject);
    });
  }

  async ready() {
    await this.#next(({ isReady }) => isReady);
    return this;
  }

  async tryOut(given, openLink) {
    const open = ({ open: token }) => token && openLink(token);
    this.#worker.on("message", open);
    const found = this.#next((message) => "found" in message);
    this.#worker.postMessage({ given });
    try {
      return (await found).found;
    } finally {
      this.#worker.off("message", open);
    }
  }

  end() {
    return this.#worker.terminate();
  }
}

/** The arguments for a row: tokens for the broken flows and for the sound flow after them. */
async function given(sandbox, row, numbers) {
  const start = async () => {
    const phoneNumber = row.flow === "mobile" ? TEST_USER : freshNumber();
    const { authToken } = await sandbox.start({ flowType: row.flow, phoneNumber });
    numbers.set(authToken, phoneNumber);
    return authToken;
  };
  const tokens = [];
  for (let i = 0; i < (row.builds ? VALUES : 1); i++) tokens.push(await start());
  return { touches: row.touches, breaks: row.breaks, builds: row.builds, tokens, soundToken: await start(), code: CODE, openLink: row.flow === "desktop" };
}

/** Runs a group's rows one after another in one page or thread, so that a crash would fail all later rows. */
async function holds(sandbox, rows, run) {
  const numbers = new Map();
  const openLink = async (token) => {
    const { url } = await sandbox.sms(numbers.get(token));
    await sandbox.open(url);
  };
  const bad = [];
  for (const row of rows) {
    const found = await run(await given(sandbox, row, numbers), openLink);
    logs.write("hostile", `${row.name}: ${JSON.stringify(found)}\n`);
    const strange = found.broken.filter((kind) => !row.kinds.includes(kind));
    if (strange.length > 0 || found.sound !== "done") bad.push({ row: row.name, may: row.kinds, ...found });
  }
  assert.deepEqual(bad, []);
}

suite("hostile globals and options", { www: await moduleFolder() }, (scenario) => {
  for (const [group, rows] of Object.entries(groups)) {
    scenario(`in Chromium: ${group}`, async ({ open, sandbox, allowTrouble }) => {
      // The console shows the errors that the row itself causes.
      allowTrouble(/console: /, /request: /);
      const page = await openModule(await open(), sandbox);
      const links = new Map();
      await page.exposeFunction("openLinkOutside", (token) => links.get("open")(token));
      await page.evaluate(`globalThis.tryOut = ${tryOut}`);
      await page.waitForFunction(() => globalThis.proveAuth);
      await holds(sandbox, rows, (wanted, openLink) => {
        links.set("open", openLink);
        return page.evaluate((all) => tryOut({ ...all, openLink: all.openLink && globalThis.openLinkOutside }), wanted);
      });
    });

    scenario(`in Node: ${group}`, async ({ sandbox }) => {
      const thread = await new Thread().ready();
      // Node's fetch uses some of these globals itself and fails without them.
      const may = MADE_OF.has(group) ? ["network", "unsupported"] : [];
      const survived = rows.filter((row) => !DEADLY_TO_NODE.has(row.name)).map((row) => ({ ...row, kinds: [...row.kinds, ...may] }));
      try {
        await holds(sandbox, survived, (wanted, openLink) => thread.tryOut(wanted, openLink));
      } finally {
        await thread.end();
      }
    });
  }
});
