// npm run bench: measures the time and memory that the module costs a page, in Chromium against the local binary. Each figure
// has a baseline from the same run; the two alternate. `-- --only page` or `-- --only phone` measures one of
// the two, `-- --write` writes the tables into docs/performance.md.
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bootstrap } from "./bootstrap.mjs";
import { entries } from "./lib/entries.mjs";
import { main, root, run, StepError } from "./lib/run.mjs";
import { cell, median } from "./lib/spread.mjs";

/** Number of fresh pages for each figure. Odd, so that the median is a measured value. */
const ROUNDS = Number(process.env.ROUNDS ?? 31);

const rows = [
  { name: "import", what: "import to the first `isMobileWeb()`", baseline: "import of an empty module" },
  { name: "first", what: "the first constructor to `isMobileWeb()`, after `preload()`", baseline: "the same without `preload()`" },
  { name: "code", what: "`authenticate()`, a code", baseline: "the two requests by `fetch`" },
  { name: "code again", what: "the same, the second in its page", baseline: "the same two requests, the second time" },
  { name: "link", what: "`authenticate()`, a link that is opened at once", baseline: "the request and a bare WebSocket" },
];

async function benchFolder() {
  const folder = join(root, "build", "bench");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "index.html"), '<!doctype html><link rel="icon" href="data:,"><script type="module" src="page.js"></script>');
  await writeFile(join(folder, "empty.js"), "export const isMobileWeb = () => false;\n");
  await cp(join(root, "tests", "bench", "page.js"), join(folder, "page.js"));
  await cp(join(root, "pkg", "index.js"), join(folder, "handset.js"));
  return folder;
}

/** Heap size of the page after a garbage collection, in bytes, with the wasm memory. */
async function memory(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize, backingStorageSize = 0 } = await session.send("Runtime.getHeapUsage");
  return usedSize + backingStorageSize;
}

/** One measurement in a new page and browser context, without any cache. */
async function sample(browser, origin, name, phoneNumber) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(origin);
    await page.waitForFunction(() => globalThis.measure);
    const ms = await page.evaluate(([what, number]) => globalThis.measure(what, number), [name, phoneNumber]);
    return { ms, bytes: await memory(page) };
  } finally {
    await context.close();
  }
}

async function measureAll(browser, sandbox) {
  const samples = new Map(rows.flatMap(({ name }) => [`${name}, ours`, `${name}, baseline`]).map((name) => [name, []]));
  let number = 0;
  // The first round only warms the server and the disk's cache.
  for (let round = 0; round <= ROUNDS; round++) {
    // The order alternates, so that a drift of the machine affects ours and the baseline alike.
    const names = [...samples.keys()];
    for (const name of round % 2 ? names : names.reverse()) {
      const one = await sample(browser, sandbox.origin, name, `303556${String(++number).padStart(4, "0")}`);
      if (round > 0) samples.get(name).push(one);
    }
  }
  return samples;
}

const ms = (value) => value.toFixed(2);
const kB = (value) => Math.round(value / 1000).toLocaleString("en");

/** @returns {string} the table in Markdown */
function report(samples) {
  const of = (name, member) => samples.get(name).map((one) => one[member]);
  const lines = [`A fresh page each, times in ms: median of ${ROUNDS} (10 % to 90 %).`, "", "| | Handset | baseline | difference | baseline is |", "|---|---|---|---|---|"];
  for (const { name, what, baseline } of rows) {
    const ours = of(`${name}, ours`, "ms");
    const bare = of(`${name}, baseline`, "ms");
    lines.push(`| ${what} | ${cell(ours)} | ${cell(bare)} | ${ms(median(ours) - median(bare))} | ${baseline} |`);
  }
  for (const { name, what, baseline } of rows) {
    if (name === "code again" || name === "first") continue;
    const ours = median(of(`${name}, ours`, "bytes"));
    const bare = median(of(`${name}, baseline`, "bytes"));
    lines.push(`| memory of the page after ${what}, kB | ${kB(ours)} | ${kB(bare)} | ${kB(ours - bare)} | ${baseline} |`);
  }
  return lines.join("\n");
}

/** Where and when, with the machine's load: figures of a busy machine are too high. */
const circumstances = () => `${new Date().toISOString().slice(0, 10)}, Chromium, ${cpus().length} cores of ${cpus()[0].model}, load before the run ${loadavg()[0].toFixed(1)}.`;

/** Writes a table into docs/performance.md, between its markers. */
async function writeTable(part, text) {
  const page = join(root, "docs", "performance.md");
  const begin = `<!-- ${part}: written by \`npm run bench -- --write\`. -->`;
  const end = `<!-- ${part}: until here. -->`;
  const [before, rest] = (await readFile(page, "utf8")).split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new StepError(`docs/performance.md lacks ${begin} and ${end}.`);
  await writeFile(page, `${before}${begin}\n\n${text}\n\n${end}${after}`);
}

const parts = {
  async page(browser) {
    const { startSandbox } = await import("../tests/e2e/sandbox.mjs");
    const sandbox = await startSandbox({ www: await benchFolder() });
    try {
      return report(await measureAll(browser, sandbox));
    } finally {
      await sandbox.stop();
    }
  },
  async phone(browser) {
    const { startSandbox } = await import("../tests/e2e/sandbox.mjs");
    const { measurePhone, phoneFolder, phoneReport, serveCompressed } = await import("./lib/bench-phone.mjs");
    const { folder, weights } = await phoneFolder(entries[0]);
    const backend = {};
    const server = await serveCompressed(folder, backend);
    const sandbox = await startSandbox({ flags: ["--origin", server.origin] });
    backend.origin = sandbox.origin;
    try {
      return phoneReport(await measurePhone(browser, server.origin, ROUNDS), weights, ROUNDS);
    } finally {
      server.close();
      await sandbox.stop();
    }
  },
};

await main(async () => {
  if (!Number.isInteger(ROUNDS) || ROUNDS < 1) throw new StepError("ROUNDS must be a whole number from 1.");
  const { only, write } = parseArgs({ options: { only: { type: "string" }, write: { type: "boolean", default: false } } }).values;
  if (only !== undefined && !parts[only]) throw new StepError(`--only takes ${Object.keys(parts).join(" or ")}.`);
  const tools = await bootstrap({ browser: true });
  const { buildPackage } = await import("./lib/package.mjs");
  await buildPackage(tools);
  await run("cargo", ["build", "--profile", "server", "-p", "handset-sandbox"]);
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath: tools.chromium, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    for (const [name, part] of Object.entries(parts)) {
      if (only && only !== name) continue;
      const text = `${circumstances()} ${await part(browser)}`;
      console.log(`\n${text}`);
      if (write) await writeTable(name, text);
    }
  } finally {
    await browser.close();
  }
});
