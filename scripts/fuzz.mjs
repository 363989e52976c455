// npm run fuzz: runs each fuzz target under libFuzzer for a bounded time, and keeps what reached new code in its corpus.
// npm run fuzz -- wire token --seconds 600. With --minimise, each corpus is then reduced to what still reaches the same code.
import { readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bootstrap } from "./bootstrap.mjs";
import { main, root, run, StepError } from "./lib/run.mjs";
import { ensureCargoFuzz } from "./lib/tools.mjs";

const SECONDS = 60;
/** Longer inputs reach no other code, and make the corpora large. */
const BYTES = 4096;
/** The most inputs of a corpus that is committed. */
const INPUTS = 150;

const folder = join(root, "fuzz");
const names = async (path) => (await readdir(join(folder, path)).catch(() => [])).sort();
/** No sanitizer: the code is safe Rust, a target panics on what it finds, and the pinned stable compiler has the rest. */
const FLAGS = ["--sanitizer", "none"];

const env = { CARGO_INCREMENTAL: "0" };

/** Runs one target. @returns {Promise<{ line: string, crash?: string }>} */
async function fuzz(cargoFuzz, target, seconds) {
  const [inputs, crashes] = [await names(`corpus/${target}`), await names(`artifacts/${target}`)];
  const libFuzzer = [`-max_total_time=${seconds}`, `-max_len=${BYTES}`, `-dict=${join(folder, "dictionaries", `${target}.dict`)}`, "-timeout=10", "-print_final_stats=1", "-verbosity=1"];
  let said = "";
  let failure;
  try {
    said = await run(cargoFuzz, ["fuzz", "run", ...FLAGS, target, `fuzz/corpus/${target}`, `fuzz/seeds/${target}`, "--", ...libFuzzer], { output: "tee", env });
  } catch (error) {
    failure = error;
  }
  const found = (await names(`artifacts/${target}`)).filter((name) => !crashes.includes(name));
  if (found.length > 0) {
    const file = join("fuzz", "artifacts", target, found[0]);
    return { line: `${target}: FAILED with ${file}`, crash: `${target}: ${file}\n    again: cargo run -p handset-test-fuzz -- ${target} ${file}\n    smaller: cargo fuzz tmin ${FLAGS.join(" ")} ${target} ${file}` };
  }
  if (failure) throw failure;
  const added = (await names(`corpus/${target}`)).length - inputs.length;
  return { line: `${target}: ${statistics(said)}, ${inputs.length} inputs and ${added} new` };
}

/** libFuzzer reports on stderr, which `run` collects too. */
function statistics(said) {
  const runs = /stat::number_of_executed_units:\s+(\d+)/.exec(said)?.[1] ?? "?";
  const coverage = [...said.matchAll(/cov: (\d+) ft: (\d+)/g)].at(-1);
  return `${Number(runs).toLocaleString("en")} runs, ${coverage?.[1] ?? "?"} edges, ${coverage?.[2] ?? "?"} features`;
}

/** Reduces a corpus to the inputs that reach different code, however often they do, and of these to the largest, which reach the most. The seeds stay. */
async function minimise(cargoFuzz, target) {
  const corpus = `corpus/${target}`;
  const before = (await names(corpus)).length;
  await run(cargoFuzz, ["fuzz", "cmin", ...FLAGS, target, `fuzz/${corpus}`, "--", `-max_len=${BYTES}`, "-use_counters=0"], { output: "quiet", env });
  const inputs = await Promise.all((await names(corpus)).map(async (name) => ({ path: join(folder, corpus, name), size: (await stat(join(folder, corpus, name))).size })));
  inputs.sort((one, other) => other.size - one.size);
  for (const { path } of inputs.slice(INPUTS)) await unlink(path);
  return `${target}: ${before} inputs reduced to ${Math.min(inputs.length, INPUTS)}`;
}

await main(async () => {
  const { values, positionals } = parseArgs({ options: { seconds: { type: "string", default: String(SECONDS) }, minimise: { type: "boolean", default: false } }, allowPositionals: true });
  if (!/^[1-9]\d*$/.test(values.seconds)) throw new StepError("--seconds must be a number.");
  const all = (await names("fuzz_targets")).map((name) => name.replace(/\.rs$/, ""));
  const unknown = positionals.find((name) => !all.includes(name));
  if (unknown) throw new StepError(`There is no target "${unknown}". Targets: ${all.join(", ")}`);
  await bootstrap();
  const { cargoFuzz } = await ensureCargoFuzz();
  const results = [];
  for (const target of positionals.length > 0 ? positionals : all) {
    console.log(`\n== ${target}`);
    results.push(await fuzz(cargoFuzz, target, values.seconds));
    if (values.minimise) results.push({ line: await minimise(cargoFuzz, target) });
  }
  console.log(`\nSummary\n${results.map(({ line }) => `  ${line}`).join("\n")}`);
  const crashes = results.flatMap(({ crash }) => crash ?? []);
  if (crashes.length > 0) throw new StepError(`Inputs that fail:\n  ${crashes.join("\n  ")}`);
});
