// Runs the rows of the matrix, which tests/matrix/rows.mjs lists. Needs node_modules, pkg/ and the sandbox's binary.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { startSandbox } from "../../tests/e2e/sandbox.mjs";
import { Given } from "../../tests/matrix/given.mjs";
import { launch } from "../../tests/matrix/pages.mjs";
import { RelyingParty } from "../../tests/matrix/relying-party.mjs";
import { installFamily, pack } from "./matrix-install.mjs";
import { printRow, weighFiles } from "./matrix-report.mjs";

/** Number of families at once. A family may use several processors, and may wait for the network. */
const AT_ONCE = Math.max(1, Math.min(3, availableParallelism()));

/** Caches the results of `make` by name. */
function once(make) {
  const made = new Map();
  return (name) => {
    if (!made.has(name)) made.set(name, make(name));
    return made.get(name);
  };
}

/** Runs a row. Its time is without the installation of its family. */
async function runRow(row, given) {
  const result = { name: row.name, notHere: row.notHere, ms: 0 };
  if (row.notHere) return result;
  let start = performance.now();
  try {
    const ready = await given(row.family);
    start = performance.now();
    const files = await row.run(ready);
    result.ms = performance.now() - start;
    if (Array.isArray(files)) result.bytes = await weighFiles(files);
  } catch (error) {
    result.ms = performance.now() - start;
    result.failure = error.message || String(error);
    result.detail = error.cause ?? error.stack;
  }
  return result;
}

/** Installs each family once, and prints how long the installation took. */
const installer = (tarball) =>
  once(async (family) => {
    const start = performance.now();
    const folder = await installFamily(family, tarball);
    console.log(`installed ${family}, ${((performance.now() - start) / 1000).toFixed(1)} s`);
    return folder;
  });

/** Takes families from the queue until it is empty, and runs the rows of each family one by one. */
async function runFamilies(waiting, given, results) {
  for (let family = waiting.shift(); family; family = waiting.shift()) {
    for (const row of family) {
      const result = await runRow(row, given);
      results.set(row, result);
      printRow(result);
    }
  }
}

/**
 * Runs the rows, several families at once, and prints each row when it ends.
 *
 * @param {object[]} rows
 * @param {string} packageFolder the folder of the package under test
 * @returns {Promise<object[]>} the results, in the order of the rows
 */
export async function runMatrix(rows, packageFolder) {
  const tarball = await pack(packageFolder);
  const results = new Map();
  const www = await mkdtemp(join(tmpdir(), "handset-matrix-"));
  let sandbox;
  let browser;
  try {
    await writeFile(join(www, "index.html"), "<!doctype html><title>None</title>");
    sandbox = await startSandbox({ www });
    browser = await launch();
    const install = installer(tarball);
    const made = { tarball, browser, install, relyingParty: new RelyingParty(sandbox) };
    const given = once(async (family) => new Given({ folder: await install(family), ...made }));
    const waiting = byFamily(rows);
    await Promise.all(Array.from({ length: AT_ONCE }, () => runFamilies(waiting, given, results)));
  } finally {
    await browser?.close();
    await sandbox?.stop();
    await rm(www, { recursive: true });
  }
  return rows.map((row) => results.get(row));
}

/** Groups the rows by family, in order. */
function byFamily(rows) {
  const families = new Map();
  for (const row of rows) families.set(row.family, [...(families.get(row.family) ?? []), row]);
  return [...families.values()];
}
