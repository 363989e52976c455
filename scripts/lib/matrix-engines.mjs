// Firefox and WebKitGTK with their drivers, for npm run matrix -- --engines.
import { join } from "node:path";
import { StepError } from "./run.mjs";
import { cargoTool, installOnDebian, onPath, program } from "./tools.mjs";

/** Pinned here, since no lock file has it. */
const GECKODRIVER_VERSION = "0.37.1";
const MINIBROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";
const PACKAGES = ["firefox-esr", "webkit2gtk-driver", "libwebkit2gtk-4.1-0", "xvfb", "xauth", "dbus"];

const hasEngines = async () =>
  (await Promise.all([...["firefox-esr", "WebKitWebDriver", "xvfb-run"].map((name) => onPath(name)), program(MINIBROWSER)])).every(Boolean);

/** @returns {Promise<Record<string, string>>} environment variables with the paths, for the rows */
export async function ensureEngines() {
  if (!(await hasEngines())) await installOnDebian(...PACKAGES);
  if (!(await hasEngines())) throw new StepError(`Firefox, WebKitGTK and a screen for it are needed.\n  Debian 12, Ubuntu: sudo apt-get install ${PACKAGES.join(" ")}`);
  const folder = await cargoTool("geckodriver", GECKODRIVER_VERSION, ["geckodriver"], ["--locked"]);
  return { GECKODRIVER: join(folder, "geckodriver"), MINIBROWSER };
}
