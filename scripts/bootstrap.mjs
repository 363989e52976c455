// Installs the dependencies and tools of a fresh clone. Imports only Node's built-ins: it runs before node_modules exists.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root, run, StepError } from "./lib/run.mjs";
import { ensureBrowser, ensureCargoDeny, ensureClients, ensureRust, ensureSchemathesis, ensureWasmBindgen } from "./lib/tools.mjs";

const OLDEST_NODE = [20, 19];

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  throw new StepError(`Node ${process.versions.node} is too old: Node ${OLDEST_NODE.join(".")} or newer is needed.`);
}

/** Runs `npm ci`, unless it ran for the current package-lock.json already. */
async function ensureNodeModules() {
  const stamp = join(root, "node_modules", ".handset-lock");
  const wanted = createHash("sha256").update(await readFile(join(root, "package-lock.json"))).digest("hex");
  const installed = await readFile(stamp, "utf8").catch(() => "");
  if (installed === wanted) return;
  // No dependency needs its install script, and none should run code at install.
  await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    advice: "Check the network. If package.json was edited by hand, run `npm install` once to bring package-lock.json along.",
  });
  await writeFile(stamp, wanted);
}

/**
 * Installs missing dependencies and tools, and returns the paths of the tools.
 *
 * @param {object} [needs]
 * @param {boolean} [needs.browser] Chromium and chromedriver
 * @param {boolean} [needs.deny] cargo-deny
 * @param {boolean} [needs.clients] Python and Java, for the clients of other languages
 * @param {boolean} [needs.schemathesis] schemathesis, in its own Python environment
 */
export async function bootstrap({ browser = false, clients = false, deny = false, schemathesis = false } = {}) {
  checkNode();
  await ensureNodeModules();
  await ensureRust();
  return {
    ...(await ensureWasmBindgen()),
    ...(deny ? await ensureCargoDeny() : {}),
    ...(clients ? await ensureClients() : {}),
    ...(browser ? await ensureBrowser() : {}),
    ...(schemathesis ? await ensureSchemathesis() : {}),
  };
}
