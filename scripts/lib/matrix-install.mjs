// Installs the packed package into the folders of the matrix. Needs pkg/.
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root, run, StepError } from "./run.mjs";

const source = join(root, "tests", "matrix");
const cache = join(root, "build", "matrix");

/** Holds the hash of the lock file that npm has installed; the folder outlives a run. */
const STAMP = join("node_modules", ".matrix-lock");

/** `npm pack`. @returns {Promise<string>} the tarball */
export async function pack(packageFolder) {
  const folder = join(cache, "tarball");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const said = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder, packageFolder], { output: "quiet", advice: "Build pkg/: npm run build" });
  const packed = JSON.parse(said.slice(said.indexOf("[")));
  return join(folder, packed[0].filename);
}

/** Runs `npm ci`, unless it ran for the current lock file already. The lock file omits the package under test. */
async function installLocked(folder) {
  const lock = await readFile(join(folder, "package-lock.json")).catch(() => undefined);
  if (!lock) return mkdir(join(folder, "node_modules"), { recursive: true });
  const wanted = createHash("sha256").update(lock).digest("hex");
  if ((await readFile(join(folder, STAMP), "utf8").catch(() => "")) === wanted) return undefined;
  await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder, output: "quiet", advice: "Check the network and try again." });
  return writeFile(join(folder, STAMP), wanted);
}

/** Writes the flow in each module format. */
async function writeApp(folder) {
  await cp(join(source, "app"), folder, { recursive: true });
  const flow = await readFile(join(source, "app", "flow.js"), "utf8");
  await writeFile(join(folder, "flow.mjs"), flow);
  await writeFile(join(folder, "flow.cjs"), `${flow.replaceAll("export function", "function")}\nmodule.exports = { runFlow, outcomeOf };\n`);
}

/**
 * Makes the folder of a family: its project from tests/matrix/families, its packages, and the content of the tarball as the
 * package `handset`.
 *
 * @returns {Promise<string>} the folder
 */
export async function installFamily(name, tarball) {
  const folder = join(cache, name);
  await mkdir(folder, { recursive: true });
  for (const entry of await readdir(folder)) if (entry !== "node_modules") await rm(join(folder, entry), { recursive: true, force: true });
  await cp(join(source, "families", name), folder, { recursive: true }).catch((error) => {
    throw new StepError(`There is no family "${name}" in tests/matrix/families: ${error.message}`);
  });
  await writeApp(folder);
  await installLocked(folder);
  const target = join(folder, "node_modules", "handset");
  await rm(target, { recursive: true, force: true });
  await mkdir(target);
  await run("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"], { output: "quiet" });
  return folder;
}
