// npm run matrix: runs a whole flow of the packed package against the sandbox in each build tool, framework and runtime.
import { join, resolve } from "node:path";
import { bootstrap } from "./bootstrap.mjs";
import { main, root, run, StepError } from "./lib/run.mjs";

const USAGE = `Usage: npm run matrix [-- <options>]
  --only <text>  only rows with this text in their name
  --quick        only the rows of npm test
  --engines      only the rows of Firefox and WebKit
  --package <f>  test the package in this folder instead of pkg/
  --built        use pkg/ and the sandbox's binary without a build
  --write        write the table into docs/support.md`;

function options(args) {
  const given = { only: "" };
  for (let index = 0; index < args.length; index++) {
    const flag = args[index];
    if (["--quick", "--engines", "--built", "--write"].includes(flag)) given[flag.slice(2)] = true;
    else if (["--only", "--package"].includes(flag) && args[index + 1]) given[flag.slice(2)] = args[++index];
    else throw new StepError(USAGE);
  }
  return given;
}

await main(async () => {
  const { only, package: folder = join(root, "pkg"), quick = false, engines = false, built = false, write = false } = options(process.argv.slice(2));
  const tools = await bootstrap({ browser: true });
  process.env.CHROME_PATH ||= tools.chromium;
  if (engines) Object.assign(process.env, await (await import("./lib/matrix-engines.mjs")).ensureEngines());
  if (!built) {
    await (await import("./lib/package.mjs")).buildPackage(tools);
    await run("cargo", ["build", "--profile", "server", "-p", "handset-sandbox"]);
  }
  const { rows } = await import("../tests/matrix/rows.mjs");
  const chosen = rows.filter((row) => row.name.toLowerCase().includes(only.toLowerCase()) && (!quick || row.quick) && Boolean(row.engine) === engines);
  if (chosen.length === 0) throw new StepError(`No row has "${only}" in its name.`);
  const { runMatrix } = await import("./lib/matrix.mjs");
  const { markdown, writeTable } = await import("./lib/matrix-report.mjs");
  const results = await runMatrix(chosen, resolve(folder));
  const failed = results.filter(({ failure }) => failure !== undefined);
  for (const { name, detail } of failed) console.log(`\n== ${name}\n${String(detail).slice(0, 4000)}`);
  console.log(`\n${markdown(results)}\n`);
  if (write) await writeTable(results);
  const ran = results.filter(({ notHere }) => !notHere).length;
  console.log(`${ran - failed.length} of ${ran} rows passed${ran < results.length ? `, ${results.length - ran} not run` : ""}.`);
  if (failed.length > 0) throw new StepError(`Failed: ${failed.map(({ name }) => name).join("; ")}`);
});
