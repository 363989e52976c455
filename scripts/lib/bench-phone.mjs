// The slow phone of `npm run bench`: the module's load and first flow over an emulated network and processor, phase by phase,
// beside baselines of the same run.
import { createServer, request } from "node:http";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { build as esbuild } from "esbuild";
import { wasmModule } from "./ascii.mjs";
import { weigh } from "./matrix-report.mjs";
import { root } from "./run.mjs";
import { separate } from "./streams.mjs";
import { cell, median } from "./spread.mjs";

/** The emulation of the browser's developer tools. Its latency is that of each request; connections cost nothing. */
const NETWORK = { offline: false, latency: 150, downloadThroughput: 1_600_000 / 8, uploadThroughput: 1_600_000 / 8 };
const CPU_SLOWDOWN = 4;

/** A test user whose code is 1234. */
const START = { flowType: "mobile", phoneNumber: "2001001693" };

const variants = [
  { name: "ours", what: "Handset" },
  { name: "empty", what: "an empty module of the same weight, two bare requests" },
  { name: "bare", what: "two bare requests" },
];

/** Whole pages, from the navigation to the end of the flow. The scripts are in tests/bench/. */
const pages = [
  { name: "late", what: "the page's script imports Handset, then asks for the authToken, then builds", head: '<script type="module" src="late.js"></script>' },
  {
    name: "early",
    what: "`modulepreload`; the authToken and `preload()` at once",
    head: '<link rel="modulepreload" href="handset.js"><script type="module" src="early.js"></script>',
  },
  { name: "none", what: "the page's script asks for the authToken and makes the two requests", head: '<script type="module" src="none.js"></script>' },
];

/** The phases that tests/bench/phone.js reports, in order. */
const phases = [
  ["download", "download of the file"],
  ["evaluate", "parsing and evaluation of the JavaScript, beyond the download"],
  ["decode", "the first constructor: text to bytes"],
  ["compile", "`WebAssembly.Module`"],
  ["instantiate", "imports, `WebAssembly.Instance`"],
  ["build", "the rest of the constructor, `build()`, `isMobileWeb()`"],
  ["toFirst", "`authenticate()` to its first request"],
  ["first", "the first request"],
  ["between", "to the second request"],
  ["second", "the second request"],
  ["end", "to the end of the flow"],
  ["all", "**all**"],
];

const leb = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >> 7)]);

/** A wasm module with one empty function, as long as `bytes` and as compressible: they are its custom section. */
function emptied(bytes) {
  const start = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const code = [1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 4, 1, 2, 0, 0x0b]; // a type, a function of this type, its body
  const head = (length) => [...start, ...code, 0, ...leb(length), 0];
  const length = bytes.length - head(bytes.length).length;
  return Buffer.concat([Buffer.from(head(length + 1)), bytes.subarray(0, length)]);
}

/** The shape of index.js with such a module: its JavaScript, which only the parser sees, and the encoded bytes. */
async function emptyModule(entry) {
  const wasm = emptied(separate(await readFile(join(root, entry.folder, "handset_bg.wasm"))).bytes);
  const contents = `export * from "./module.js"; import decode from "wasm"; export const load = () => new WebAssembly.Instance(new WebAssembly.Module(decode()));`;
  const plugin = {
    name: "wasm",
    setup(build) {
      build.onResolve({ filter: /^wasm$/ }, () => ({ path: "wasm", namespace: "wasm" }));
      build.onLoad({ filter: /.*/, namespace: "wasm" }, () => ({ contents: wasmModule(wasm), loader: "js" }));
    },
  };
  const resolveDir = join(root, entry.folder);
  const { outputFiles } = await esbuild({ stdin: { contents, resolveDir }, bundle: true, write: false, minify: true, format: "esm", charset: "ascii", plugins: [plugin] });
  return outputFiles[0].text;
}

/** Writes the pages. @returns {Promise<{ folder: string, weights: Record<string, number> }>} */
export async function phoneFolder(entry) {
  const folder = join(root, "build", "bench-phone");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "index.html"), '<!doctype html><link rel="icon" href="data:,"><script type="module" src="phone.js"></script>');
  await cp(join(root, "pkg", `${entry.file}.js`), join(folder, "handset.js"));
  await writeFile(join(folder, "empty.js"), await emptyModule(entry));
  for (const { name, head } of pages) await writeFile(join(folder, `${name}.html`), `<!doctype html><link rel="icon" href="data:,">${head}`);
  // Each page has one script of its own, as behind a bundler, beside the module.
  const entryPoints = ["phone", ...pages.map(({ name }) => name)].map((name) => ({ in: join(root, "tests", "bench", `${name}.js`), out: name }));
  await esbuild({ entryPoints, outdir: folder, bundle: true, minify: true, format: "esm", target: "es2022", external: ["./handset.js", "./empty.js"] });
  const weight = async (name) => weigh(await readFile(join(folder, name))).brotli;
  return { folder, weights: { ours: await weight("handset.js"), empty: await weight("empty.js") } };
}

/** Serves the folder with Brotli, and passes all other requests to the backend: page and backend have one origin, so no preflight. */
export async function serveCompressed(folder, backend) {
  const files = new Map();
  for (const name of await readdir(folder)) {
    const type = name.endsWith(".js") ? "text/javascript" : "text/html";
    files.set(`/${name}`, { type, body: brotliCompressSync(await readFile(join(folder, name))) });
  }
  files.set("/", files.get("/index.html"));
  const server = createServer((incoming, response) => {
    const file = files.get(incoming.url);
    if (file) return response.writeHead(200, { "Content-Type": file.type, "Content-Encoding": "br", "Content-Length": file.body.length }).end(file.body);
    const passed = request(new URL(incoming.url, backend.origin), { method: incoming.method, headers: incoming.headers }, (reply) => {
      response.writeHead(reply.statusCode, reply.headers);
      reply.pipe(response);
    });
    passed.on("error", () => response.destroy());
    return incoming.pipe(passed);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Opens a page in a new browser context, without any cache, and slows it down. */
async function onPhone(browser, origin, body) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`${origin}/`);
    await page.waitForFunction(() => globalThis.measure);
    const session = await context.newCDPSession(page);
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", NETWORK);
    await session.send("Emulation.setCPUThrottlingRate", { rate: CPU_SLOWDOWN });
    return await body(page);
  } finally {
    await context.close();
  }
}

async function sample(browser, origin, name) {
  if (pages.some((page) => page.name === name)) {
    return onPhone(browser, origin, async (page) => {
      await page.goto(`${origin}/${name}.html`);
      await page.waitForFunction(() => globalThis.verifiedAt);
      return { all: await page.evaluate(() => globalThis.verifiedAt) };
    });
  }
  const started = await fetch(`${origin}/demo/start`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(START) });
  const { authToken } = await started.json();
  return onPhone(browser, origin, (page) => page.evaluate(([what, token]) => globalThis.measure(what, token), [name, authToken]));
}

/** @returns {Promise<Map<string, Record<string, number>[]>>} the phases of each sample, by variant */
export async function measurePhone(browser, origin, rounds) {
  const samples = new Map([...variants.map(({ name }) => name), "preloaded", ...pages.map(({ name }) => name)].map((name) => [name, []]));
  // The first round only warms the server.
  for (let round = 0; round <= rounds; round++) {
    const names = [...samples.keys()];
    for (const name of round % 2 ? names : names.reverse()) {
      const one = await sample(browser, origin, name);
      if (round > 0) samples.get(name).push(one);
    }
  }
  return samples;
}

/** @returns {string} the tables in Markdown */
export function phoneReport(samples, weights, rounds) {
  const of = (name, phase) => samples.get(name).map((one) => one[phase]).filter((value) => value !== undefined);
  const figures = (name, phase) => (of(name, phase).length > 0 ? cell(of(name, phase)) : "–");
  const all = (name) => median(of(name, "all"));
  const row = (...cells) => `| ${cells.join(" | ")} |`;
  return [
    `${(NETWORK.downloadThroughput * 8) / 1e6} Mbit/s, ${NETWORK.latency} ms a request, processor ${CPU_SLOWDOWN} times slower, Brotli, cold. Times in ms: median of ${rounds} (10 % to 90 %).`,
    `Handset is ${weights.ours.toLocaleString("en")} B, the empty module ${weights.empty.toLocaleString("en")} B.`,
    "",
    row("the page has its authToken", ...variants.map(({ what }) => what)),
    "|---|---|---|---|",
    ...phases.map(([phase, what]) => row(what, ...variants.map(({ name }) => figures(name, phase)))),
    "",
    `Handset takes ${(all("ours") - all("empty")).toFixed(0)} ms more than the empty module, ${(all("ours") - all("bare")).toFixed(0)} ms more than the two requests.`,
    "",
    row("a whole page, from the navigation to the end of the flow", "ms"),
    "|---|---|",
    ...pages.map(({ name, what }) => row(what, figures(name, "all"))),
    "",
    `The first constructor to \`isMobileWeb()\` after \`preload()\`, on this phone: ${figures("preloaded", "build")} ms.`,
  ].join("\n");
}
