// npm run bench:sandbox: measures the throughput of the sandbox over loopback and prints tables. `-- --write` puts the tables
// into docs/performance.md; other arguments go to tests/load (see its --help).
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { main, root, run, StepError } from "./lib/run.mjs";

const BEGIN = "<!-- Written by `npm run bench:sandbox -- --write`. -->";
const END = "<!-- Until here. -->";

const folder = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "server");
const binary = (name) => join(folder, process.platform === "win32" ? `${name}.exe` : name);

async function keep(tables) {
  const file = join(root, "docs", "performance.md");
  const text = await readFile(file, "utf8");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new StepError(`docs/performance.md has no lines "${BEGIN}" and "${END}".`);
  await writeFile(file, `${text.slice(0, begin)}${BEGIN}\n\n${tables}\n${text.slice(end)}`);
}

await main(async () => {
  const given = process.argv.slice(2);
  const flags = given.filter((flag) => flag !== "--write");
  // One build each: built together, the two would share the features of their libraries.
  for (const name of ["handset-sandbox", "handset-load"]) await run("cargo", ["build", "--profile", "server", "-p", name]);
  // On the repository's disk: the system's temporary folder may be in memory.
  const scratch = join(root, "build", "load");
  await mkdir(scratch, { recursive: true });
  const tables = join(scratch, "tables.md");
  await run(binary("handset-load"), ["--sandbox", binary("handset-sandbox"), "--scratch", scratch, "--tables", tables, ...flags]);
  if (given.length > flags.length) await keep(await readFile(tables, "utf8"));
});
