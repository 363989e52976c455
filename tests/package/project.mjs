// Temporary projects that install the packed package as a user does.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** The repository's root. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Runs a program. A failure has the output in its error. */
export async function run(command, args, cwd) {
  try {
    return await execute(command, args, { cwd });
  } catch (error) {
    throw new Error(`${command} ${args.join(" ")}\n${error.stdout}${error.stderr}`, { cause: error });
  }
}

/** A program of the repository's own development dependencies. */
export const tool = (name) => join(root, "node_modules", ".bin", name);

let tarball;

/** `npm pack` of pkg/, once per test file. */
async function pack(folder) {
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder, join(root, "pkg")], root);
  const packed = JSON.parse(stdout);
  return join(folder, (Array.isArray(packed) ? packed[0] : Object.values(packed)[0]).filename);
}

/**
 * Makes a folder with these files and installs the package from its tarball.
 *
 * @param {import("node:test").TestContext} test deletes the folder at its end
 * @param {Record<string, string>} files contents by path
 */
export async function project(test, files) {
  const folder = await mkdtemp(join(tmpdir(), "handset-package-"));
  test.after(() => rm(folder, { recursive: true, force: true }));
  await write(folder, { "package.json": JSON.stringify({ name: "throw-away", private: true, type: "module" }), ...files });
  tarball ??= mkdtemp(join(tmpdir(), "handset-tarball-")).then(pack);
  await run("npm", ["install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", await tarball], folder);
  return folder;
}

async function write(folder, files) {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

/** Removes the tarball. Each test file calls it after its tests. */
export async function cleanUp() {
  if (tarball) await rm(dirname(await tarball), { recursive: true, force: true });
}
