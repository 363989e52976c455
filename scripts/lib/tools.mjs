// Finds the tools that are not npm packages, and installs them where that needs no confirmation.
import { createHash } from "node:crypto";
import { access, constants, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { ask, root, run, StepError } from "./run.mjs";

/** Pinned here, since no lock file has them. */
const CARGO_DENY_VERSION = "0.20.2";
const CARGO_FUZZ_VERSION = "0.13.2";

const RUSTUP_ADVICE = "Install Rust with rustup (https://rustup.rs) and run this again.";

/** @returns {Promise<string | undefined>} the path, if this user may execute the file (or access it in another `mode`) */
export async function program(path, mode = constants.X_OK) {
  try {
    await access(path, mode);
    return path;
  } catch {
    return undefined;
  }
}

/** The path of the first of `names` on PATH. */
export async function onPath(...names) {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  for (const name of names) {
    for (const folder of folders) {
      const found = await program(join(folder, name));
      if (found) return found;
    }
  }
  return undefined;
}

/** Folder of the tools that are built once per user, outside the clone, so that all clones share them. */
function toolsFolder() {
  return process.env.HANDSET_TOOLS || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "handset");
}

/** Installs packages on Debian as root, where that needs no interaction. @returns whether it could */
export async function installOnDebian(...packages) {
  if (process.getuid?.() !== 0 || !(await onPath("apt-get")) || !(await program("/etc/debian_version", constants.R_OK))) return false;
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update"], { env });
  await run("apt-get", ["install", "-y", "--no-install-recommends", ...packages], { env });
  return true;
}

/** Checks the pinned toolchain, and adds the components and targets for linting and for the browser. */
export async function ensureRust() {
  // If the toolchain of rust-toolchain.toml is missing, rustup's proxy installs it here.
  await run("cargo", ["--version"], { output: "quiet", advice: RUSTUP_ADVICE });
  const targets = await ask("rustup", ["target", "list", "--installed"]);
  const components = await ask("rustup", ["component", "list", "--installed"]);
  if (targets === undefined || components === undefined) {
    const sysroot = (await run("rustc", ["--print", "sysroot"], { output: "quiet", advice: RUSTUP_ADVICE })).trim();
    const parts = ["wasm32-unknown-unknown", "src/rust/library"].map((part) => program(join(sysroot, "lib", "rustlib", part)));
    if ((await Promise.all(parts)).every(Boolean)) return;
    throw new StepError(`This Rust lacks the wasm32-unknown-unknown target or the rust-src component, and there is no rustup to add them.\n  ${RUSTUP_ADVICE}`);
  }
  if (!targets.includes("wasm32-unknown-unknown")) await run("rustup", ["target", "add", "wasm32-unknown-unknown"]);
  const missing = ["clippy", "rustfmt", "rust-src"].filter((name) => !components.includes(name));
  if (missing.length > 0) await run("rustup", ["component", "add", ...missing]);
}

/**
 * Finds the programs of a crate in exactly this version, on PATH or in the tools folder; otherwise builds them there.
 *
 * @param {string[]} [flags] of `cargo install`. --locked is no default: a crate's lock file may contain yanked releases
 * @returns {Promise<string>} the folder of the crate's programs
 */
export async function cargoTool(crate, version, programs, flags = []) {
  const exact = async (path) => ((await ask(path, ["--version"])) ?? "").trim().split(/\s+/).includes(version);
  const present = await onPath(programs[0]);
  if (present && (await exact(present))) {
    const folder = join(present, "..");
    if ((await Promise.all(programs.map((name) => program(join(folder, name))))).every(Boolean)) return folder;
  }
  const home = join(toolsFolder(), `${crate}-${version}`);
  const folder = join(home, "bin");
  if (!(await program(join(folder, programs[0])))) {
    console.log(`Building ${crate} ${version} into ${home}: once per user, a few minutes.`);
    await run("cargo", ["install", crate, "--version", version, "--root", home, ...flags], {
      advice: `Check the network and try again, or put ${programs.join(" and ")} ${version} on PATH.`,
    });
  }
  return folder;
}

/** The command line tool must have exactly the version of the wasm-bindgen in Cargo.lock. */
export async function ensureWasmBindgen() {
  const lock = await readFile(join(root, "Cargo.lock"), "utf8");
  const version = /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(lock)?.[1];
  if (!version) throw new StepError("Cargo.lock names no wasm-bindgen. Restore it with git.");
  const folder = await cargoTool("wasm-bindgen-cli", version, ["wasm-bindgen", "wasm-bindgen-test-runner"]);
  return { wasmBindgen: join(folder, "wasm-bindgen"), wasmBindgenTestRunner: join(folder, "wasm-bindgen-test-runner") };
}

export async function ensureCargoDeny() {
  return { cargoDeny: join(await cargoTool("cargo-deny", CARGO_DENY_VERSION, ["cargo-deny"]), "cargo-deny") };
}

/** libFuzzer is C++. */
export async function ensureCargoFuzz() {
  const compiler = process.env.CXX || (await onPath("c++", "g++", "clang++"));
  if (!compiler && !(await installOnDebian("g++"))) throw new StepError("Fuzzing needs a C++ compiler.\n  Debian, Ubuntu: sudo apt-get install g++\n  macOS: xcode-select --install");
  return { cargoFuzz: join(await cargoTool("cargo-fuzz", CARGO_FUZZ_VERSION, ["cargo-fuzz"]), "cargo-fuzz") };
}

async function findBrowser() {
  const chromium =
    process.env.CHROME_PATH ||
    (await onPath("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")) ||
    (await program("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")) ||
    (await program("/Applications/Chromium.app/Contents/MacOS/Chromium"));
  const chromedriver =
    process.env.CHROMEDRIVER || (await onPath("chromedriver")) || (await program("/usr/lib/chromium-browser/chromedriver"));
  return { chromium, chromedriver };
}

/** Chromium and its driver. */
export async function ensureBrowser() {
  let found = await findBrowser();
  if (found.chromium && found.chromedriver) return found;
  if (await installOnDebian("chromium", "chromium-driver")) found = await findBrowser();
  const missing = [!found.chromium && "Chromium (or set CHROME_PATH)", !found.chromedriver && "chromedriver (or set CHROMEDRIVER)"];
  if (missing.some(Boolean)) {
    throw new StepError(
      `The browser tests need ${missing.filter(Boolean).join(" and ")}, in matching versions.\n` +
        "  Debian, Ubuntu: sudo apt-get install chromium chromium-driver\n" +
        "  macOS: brew install --cask google-chrome chromedriver",
    );
  }
  return found;
}

/** Prints the version of a Python; fails without venv or ensurepip. */
const PYTHON_QUESTION = "import ensurepip, sys, venv; print('.'.join(map(str, sys.version_info[:2])))";
/** The oldest Python for schemathesis. */
const OLDEST_PYTHON = [3, 11];

/** @returns {Promise<{ path: string, version: string } | undefined>} a new enough Python with venv */
async function findPython() {
  for (const name of ["python3", "python3.14", "python3.13", "python3.12", "python3.11"]) {
    const path = await onPath(name);
    const version = path && (await ask(path, ["-c", PYTHON_QUESTION]))?.trim();
    const [major, minor] = (version ?? "0.0").split(".").map(Number);
    if (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1]) return { path, version };
  }
  return undefined;
}

/** Python with venv. */
async function ensurePython() {
  let found = await findPython();
  if (!found && (await installOnDebian("python3", "python3-venv"))) found = await findPython();
  if (found) return found;
  throw new StepError(
    `The check of the server API's OpenAPI document needs Python ${OLDEST_PYTHON.join(".")} or newer, with venv.\n` +
      "  Debian, Ubuntu: sudo apt-get install python3 python3-venv\n" +
      "  macOS: brew install python",
  );
}

/**
 * Makes a Python environment with the pinned and hashed releases of a requirements file.
 *
 * @returns {Promise<string>} the environment's bin folder
 */
async function pythonWith(name, requirements, programName) {
  const wanted = createHash("sha256").update(await readFile(requirements)).digest("hex").slice(0, 12);
  const python = await ensurePython();
  const home = join(toolsFolder(), `${name}-${wanted}-python${python.version}`);
  // Written last, so that an interrupted installation is repeated.
  const stamp = join(home, ".installed");
  if (!(await program(stamp, constants.R_OK)) || !(await program(join(home, "bin", programName)))) {
    console.log(`Installing ${name} into ${home}: once per user.`);
    await run(python.path, ["-m", "venv", "--clear", home]);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--require-hashes"];
    await run(join(home, "bin", "python"), [...pip, "--requirement", requirements], { advice: "Check the network and try again." });
    await writeFile(stamp, "");
  }
  return join(home, "bin");
}

export async function ensureSchemathesis() {
  const folder = await pythonWith("schemathesis", join(root, "tests", "openapi", "requirements.txt"), "schemathesis");
  return { schemathesis: join(folder, "schemathesis") };
}

/** Python and a JDK for the clients of other languages. A JRE cannot run a source file. */
export async function ensureClients() {
  const folder = await pythonWith("clients", join(root, "tests", "clients", "python", "requirements.txt"), "python");
  let java = await onPath("java");
  if (!java && (await installOnDebian("default-jdk-headless"))) java = await onPath("java");
  if (!java) throw new StepError("The tests of clients in other languages need a JDK, 11 or newer.\n  Debian, Ubuntu: sudo apt-get install default-jdk-headless\n  macOS: brew install openjdk");
  return { clientsPython: join(folder, "python"), java };
}
