// The stages of `npm test`, in order. A stage has a name, a description, the stages that it needs, and a function.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root, run, StepError } from "./run.mjs";
import { beginLogs, searchLogs } from "./secrets.mjs";

const WASM = ["--target", "wasm32-unknown-unknown"];
const tool = (name) => join(root, "node_modules", ".bin", name);

/** Fails if a suite ran no test or skipped one. */
function mustHaveRun(ran, skipped) {
  if (ran === 0) throw new StepError("No test ran.");
  if (skipped > 0) throw new StepError(`${skipped} tests were skipped. Run them, or delete them.`);
  return `${ran} tests`;
}

const sum = (text, pattern) => [...text.matchAll(pattern)].reduce((total, [, figure]) => total + Number(figure), 0);

async function cargoTest(args, env) {
  const said = await run("cargo", ["test", ...args], { output: "tee", env });
  return mustHaveRun(sum(said, /(\d+) passed/g), sum(said, /(\d+) ignored/g));
}

/** Runs all `*.test.mjs` of a folder with Node's test runner. `begun` is the environment from `beginLogs`. */
async function nodeTest(folder, tools, begun, ...flags) {
  const files = (await readdir(join(root, folder))).filter((name) => name.endsWith(".test.mjs")).map((name) => join(folder, name));
  if (files.length === 0) throw new StepError(`${folder} holds no *.test.mjs.`);
  const env = { CHROME_PATH: tools.chromium, CHROMEDRIVER: tools.chromedriver, ...begun };
  const said = await run(process.execPath, ["--test", "--test-reporter=spec", ...flags, ...files.sort()], { output: "tee", env });
  return mustHaveRun(sum(said, /^ℹ tests (\d+)/gm), sum(said, /^ℹ (?:skipped|todo|cancelled) (\d+)/gm));
}

/**
 * Runs seeds of the simulation, on all processors, with the binary of the stage "native": for so few seeds, the build of an
 * optimised binary takes far longer than it saves.
 *
 * @returns {Promise<string | undefined>} the speed
 */
async function simulate(seeds) {
  await run("cargo", ["test", "--workspace", "--test", "simulation", "--no-run"]);
  const binary = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug", "handset-simulation");
  const said = await run(binary, ["--seeds", String(seeds)], { output: "tee", env: await beginLogs("simulation") });
  return said.match(/^\d+ seeds in .*$/m)?.[0];
}

/**
 * Runs the fuzz targets on their corpora and on inputs from a fixed seed, with the binary of the stage "native". `npm run fuzz`
 * searches for new inputs.
 *
 * @returns {Promise<string>} the number of targets
 */
async function fuzz(runs) {
  await run("cargo", ["test", "--workspace", "--test", "fuzz", "--no-run"]);
  const binary = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug", "handset-fuzz");
  const said = await run(binary, ["--runs", String(runs), "--seed", "1"], { output: "tee" });
  return mustHaveRun(sum(said, /^\w+: (\d+) inputs of the corpus/gm), 0).replace("tests", "inputs of the corpora");
}

/** Writes webdriver.json with the path of the bootstrap's browser. */
async function webdriverConfig(tools) {
  const config = JSON.parse(await readFile(join(root, "webdriver.json"), "utf8"));
  config["goog:chromeOptions"].binary = tools.chromium;
  const file = join(root, "build", "webdriver.json");
  await mkdir(join(root, "build"), { recursive: true });
  await writeFile(file, JSON.stringify(config));
  return file;
}

export const stages = [
  { name: "format", what: "rustfmt", run: () => run("cargo", ["fmt", "--all", "--check"], { advice: "Run `cargo fmt`." }) },
  {
    name: "clippy",
    what: "clippy on the native target: no web type in flow/, no panic outside tests",
    run: () => run("cargo", ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
  },
  {
    name: "clippy-wasm",
    what: "clippy on the browser's target",
    run: () => run("cargo", ["clippy", "-p", "handset", ...WASM, "--all-targets", "--features", "test-exports", "--", "-D", "warnings"]),
  },
  {
    name: "deny",
    what: "dependencies: licences, sources, bans",
    run: async (tools) => {
      for (const workspace of [["--workspace"], ["--manifest-path", "fuzz/Cargo.toml", "--config", "deny.toml"]]) {
        await run(tools.cargoDeny, [...workspace, "--all-features", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"]);
      }
    },
  },
  { name: "native", what: "Rust tests", run: async () => cargoTest(["--workspace"], await beginLogs("flow", "process")) },
  {
    name: "simulation",
    what: "2,000 seeds of flows against the sandbox, in virtual time, with faults of every kind",
    run: () => simulate(2_000),
  },
  { name: "fuzz", what: "fuzz targets: their corpora, and 20,000 inputs each from a seed", run: () => fuzz(20_000) },
  {
    name: "build",
    what: "pkg/",
    run: async (tools) => (await import("./package.mjs")).buildPackage(tools),
  },
  { name: "size", what: "the size of the package against its ceiling", needs: ["build"], run: async () => (await import("./sizes.mjs")).reportSizes() },
  {
    name: "types",
    what: "tsc, strict: index.d.ts and the pages",
    run: async () => {
      await run(tool("tsc"), ["-p", "tsconfig.json"]);
      await run(tool("tsc"), ["-p", "www/tsconfig.json"]);
    },
  },
  {
    name: "api",
    what: "the public API against its report",
    run: async (tools) => {
      await nodeTest("tests/api", tools, {});
      return (await import("./api.mjs")).apiReport();
    },
  },
  { name: "lint", what: "eslint", run: () => run(tool("eslint"), ["--max-warnings", "0", "."]) },
  {
    name: "browser",
    what: "wasm-bindgen tests in headless Chromium",
    run: async (tools) =>
      cargoTest([...WASM, "-p", "handset", "--lib", "--features", "test-exports"], {
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: tools.wasmBindgenTestRunner,
        CHROMEDRIVER: tools.chromedriver,
        WASM_BINDGEN_TEST_WEBDRIVER_JSON: await webdriverConfig(tools),
        WASM_BINDGEN_TEST_TIMEOUT: "120",
      }),
  },
  {
    name: "package",
    what: "the packed package in throw-away projects",
    needs: ["build"],
    run: async (tools) => nodeTest("tests/package", tools, await beginLogs("package"), "--test-timeout=180000"),
  },
  { name: "www", what: "www/dist/", needs: ["build"], run: async () => (await import("./www.mjs")).buildWww() },
  { name: "sandbox", what: "the sandbox's binary", run: () => run("cargo", ["build", "--profile", "server", "-p", "handset-sandbox"]) },
  {
    name: "test-module",
    what: "the package's module with extra exports for tests",
    run: async (tools) => (await import("./package.mjs")).buildTestModule(tools),
  },
  {
    name: "e2e",
    what: "pages against the sandbox in Chromium",
    needs: ["www", "sandbox", "test-module"],
    run: async (tools) => nodeTest("tests/e2e", tools, await beginLogs("e2e"), "--test-concurrency=1", "--test-timeout=180000"),
  },
  {
    name: "matrix",
    what: "the packed package in build tools, frameworks and runtimes, each with a whole flow against the sandbox",
    needs: ["build", "sandbox"],
    run: async (tools) => {
      const env = { CHROME_PATH: tools.chromium, HANDSET_SUITE: "matrix", ...(await beginLogs("matrix")) };
      const said = await run(process.execPath, ["scripts/matrix.mjs", "--quick", "--built"], { output: "tee", env });
      return said.match(/^\d+ of \d+ rows passed/m)?.[0];
    },
  },
  {
    name: "openapi",
    what: "the document of the server API against the live sandbox, by schemathesis",
    needs: ["sandbox"],
    run: (tools) => nodeTest("tests/openapi", tools, { SCHEMATHESIS: tools.schemathesis }, "--test-timeout=600000"),
  },
  {
    name: "clients",
    what: "clients of other languages against the live sandbox",
    needs: ["sandbox"],
    run: (tools) => nodeTest("tests/clients", tools, { CLIENTS_PYTHON: tools.clientsPython, JAVA: tools.java }, "--test-timeout=180000"),
  },
  {
    name: "secrets",
    what: "no secret in the trace-level logs of the suites above",
    needs: ["native", "simulation", "package", "e2e", "matrix"],
    run: async (tools) => {
      await nodeTest("tests/secrets", tools, {});
      return searchLogs();
    },
  },
];
