// Firefox and WebKitGTK with their drivers, for npm run matrix -- --engines.
import { access, constants } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { ask, run, StepError } from "./run.mjs";

/** Not in any lock file of ours, so pinned here. */
const GECKODRIVER_VERSION = "0.37.1";
const MINIBROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";
const PACKAGES = ["firefox-esr", "webkit2gtk-driver", "libwebkit2gtk-4.1-0", "xvfb", "xauth", "dbus"];

const isThere = (path) => access(path, constants.X_OK).then(() => true, () => false);
const answers = async (command, ...args) => (await ask(command, args)) !== undefined;

const hasEngines = async () =>
  (await Promise.all([answers("firefox-esr", "--version"), answers("sh", "-c", "command -v WebKitWebDriver"), answers("xvfb-run", "--help"), isThere(MINIBROWSER)])).every(Boolean);

/** Built once per user, as the other tools that cargo brings. */
async function ensureGeckodriver() {
  const home = join(process.env.HANDSET_TOOLS || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "handset"), `geckodriver-${GECKODRIVER_VERSION}`);
  const program = join(home, "bin", "geckodriver");
  if (!(await isThere(program))) {
    console.log(`Building geckodriver ${GECKODRIVER_VERSION} into ${home}: once per user, a minute or two.`);
    await run("cargo", ["install", "geckodriver", "--version", GECKODRIVER_VERSION, "--locked", "--root", home], { advice: "Check the network and try again." });
  }
  return program;
}

/** Installed only where that is one quiet command: on Debian, as root. @returns the environment that the rows find them by */
export async function ensureEngines() {
  if (!(await hasEngines()) && process.getuid?.() === 0 && (await answers("apt-get", "--version"))) {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await run("apt-get", ["update"], { env });
    await run("apt-get", ["install", "-y", "--no-install-recommends", ...PACKAGES], { env });
  }
  if (!(await hasEngines())) throw new StepError(`Firefox, WebKitGTK and a screen for it are needed.\n  Debian 12, Ubuntu: sudo apt-get install ${PACKAGES.join(" ")}`);
  return { GECKODRIVER: await ensureGeckodriver(), MINIBROWSER };
}
