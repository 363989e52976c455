// Older Chromiums from npm, and the engines besides Chromium.
import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { html } from "../given.mjs";
import { launch } from "../pages.mjs";
import { Driver } from "../webdriver.mjs";
import { bundle, site } from "./site.mjs";

const execute = promisify(execFile);
const decompress = promisify(brotliDecompress);

/** Unpacks a Chromium, once per installation of its package. @returns the path of the program */
async function unpacked(given, version) {
  const packed = given.path("node_modules", `chromium-${version}`, "bin");
  const folder = given.path("node_modules", ".browsers", version);
  const program = `${folder}/chromium`;
  if ((await readFile(`${folder}/.unpacked`).catch(() => undefined)) !== undefined) return program;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const tar = `${folder}/swiftshader.tar`;
  await writeFile(tar, await decompress(await readFile(`${packed}/swiftshader.tar.br`)));
  await execute("tar", ["-xf", tar, "-C", folder]);
  await rm(tar);
  await writeFile(program, await decompress(await readFile(`${packed}/chromium.br`)), { mode: 0o755 });
  // Written last, so that an interrupted unpacking is repeated.
  await writeFile(`${folder}/.unpacked`, "");
  return program;
}

/** Flags for these builds, which expect a machine without a desktop and a single process. */
const FOR_LAMBDA = ["--headless", "--no-zygote", "--single-process"];

const PAGES = {
  plain: 'import * as proveAuth from "handset";\nstart(proveAuth);',
  "await preload()": 'import * as proveAuth from "handset";\nproveAuth.preload().then(() => start(proveAuth), (error) => report({ error: `${error.message} (cause: ${error.cause})`, kind: error.kind }));',
  // This import does not wait. In a real page, the first constructor runs after a person's action; here, as soon as it succeeds.
  'import "handset/preload"': `import "handset/preload";\nimport * as proveAuth from "handset";
    const attempt = () => { try { new proveAuth.AuthenticatorBuilder(); } catch { return requestAnimationFrame(attempt); } start(proveAuth); };
    requestAnimationFrame(attempt);`,
};

/** A page with syntax for any old browser. @returns its folder */
async function pageOf(given, way) {
  const folder = `page-${Object.keys(PAGES).indexOf(way)}`;
  await given.write(`${folder}.js`, `import { outcomeOf } from "./flow.js";\nconst start = (proveAuth) => outcomeOf(proveAuth, self.authToken).then(self.report);\n${PAGES[way]}`);
  const script = await bundle(given, { entryPoints: [`${folder}.js`], format: "iife" });
  await site(given, folder, { "index.html": html('<script defer src="out.js"></script>'), "out.js": script });
  return folder;
}

async function inChromium(given, version, use) {
  const browser = await launch(await unpacked(given, version), FOR_LAMBDA);
  try {
    return await use(browser);
  } finally {
    await browser.close();
  }
}

const row = (name, run) => ({ family: "chromium", quick: false, name, run });

const passes = (version, way) =>
  row(`Chromium ${version}, ${way}`, (given) => inChromium(given, version, async (browser) => given.open(await pageOf(given, way), { browser })));

/** Without preload: the constructor's error must name `preload()`. */
const says = (version) =>
  row(`Chromium ${version}, plain: says to await preload()`, (given) =>
    inChromium(given, version, async (browser) => {
      const { kind, error } = await given.failureAt(await pageOf(given, "plain"), { browser });
      if (kind !== "unsupported" || !/await preload\(\)/.test(error)) throw new Error(error ?? "the constructor loaded the module");
    }),
  );

/** For a browser without the module's wasm features: the error must be `unsupported`. */
const refuses = (version) =>
  row(`Chromium ${version}: says that it is unsupported`, (given) =>
    inChromium(given, version, async (browser) => {
      const { kind, error } = await given.failureAt(await pageOf(given, "await preload()"), { browser });
      if (kind !== "unsupported") throw new Error(error ?? "the flow passed: this version is supported");
    }),
  );

/** Chromium 115 was the first to compile modules of this size on the main thread. */
const SYNCHRONOUS = ["116"];
const ASYNCHRONOUS = ["114", "112", "102", "92", "86"];
const TOO_OLD = ["84"];

export const browsers = [
  ...SYNCHRONOUS.map((version) => passes(version, "plain")),
  ...ASYNCHRONOUS.flatMap((version) => [says(version), passes(version, "await preload()"), passes(version, 'import "handset/preload"')]),
  ...TOO_OLD.map(refuses),
];

// ------------------------------------------------------------------------------------------------- Firefox, WebKit

/** In the page, before all else: collects errors. */
const WATCH = `<script>
  self.problems = [];
  addEventListener("error", (event) => problems.push("uncaught: " + (event.message || event.target.src)), true);
  addEventListener("unhandledrejection", (event) => problems.push("unhandled: " + event.reason));
  console.error = (...args) => problems.push("console: " + args.join(" "));
</script>`;

const ENGINE_PAGE = 'import * as proveAuth from "handset";\nimport { outcomeOf } from "./flow.js";\nself.run = (authToken) => outcomeOf(proveAuth, authToken);';

async function inEngine(given, engine, flowType) {
  await given.write("engine.js", ENGINE_PAGE);
  const script = await bundle(given, { entryPoints: ["engine.js"], format: "esm" });
  await site(given, "engine", { "index.html": html(`${WATCH}<script type="module" src="out.js"></script>`), "out.js": script });
  const driver = await Driver.start(engine);
  try {
    await given.flowBy(driver, "engine", flowType);
  } finally {
    await driver.stop();
  }
}

export const engines = ["Firefox", "WebKitGTK"].flatMap((engine) =>
  Object.entries({ "a code": "mobile", "a link": "desktop" }).map(([flow, flowType]) => ({
    family: "pages",
    engine: true,
    quick: false,
    name: `${engine}: ${flow}`,
    run: (given) => inEngine(given, engine, flowType),
  })),
);
