// npm test: runs every stage in order and prints the time of each. `npm test -- --only <stage>` runs one stage with the stages it needs.
import { bootstrap } from "./bootstrap.mjs";
import { main, StepError } from "./lib/run.mjs";
import { stages } from "./lib/stages.mjs";

/** The stages to run, in the order of the list: all, or one with the stages that it needs. */
function chosen(args) {
  if (args.length === 0) return stages;
  const [flag, name] = args;
  const names = stages.map((stage) => stage.name).join(", ");
  if (flag !== "--only" || args.length !== 2) throw new StepError(`Usage: npm test [-- --only <stage>]\n  Stages: ${names}`);
  const wanted = new Set([name]);
  for (const stage of stages.toReversed()) {
    if (wanted.has(stage.name)) for (const need of stage.needs ?? []) wanted.add(need);
  }
  const selected = stages.filter((stage) => wanted.has(stage.name));
  if (!selected.some((stage) => stage.name === name)) throw new StepError(`There is no stage "${name}". Stages: ${names}`);
  return selected;
}

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** Runs one stage and returns its result. Fails without running the stage if a stage that it needs has failed. */
async function runStage(stage, tools, results) {
  const start = performance.now();
  try {
    const missing = stage.needs?.find((need) => results.find(({ name }) => name === need)?.failed);
    if (missing) throw new StepError(`not run: stage "${missing}" failed`);
    const note = await stage.run(tools);
    return { name: stage.name, failed: false, time: seconds(start), note: typeof note === "string" ? note.split("\n")[0] : "" };
  } catch (error) {
    console.error(error instanceof StepError ? error.message : error);
    return { name: stage.name, failed: true, time: seconds(start), note: String(error.message).split("\n").slice(0, 2).join(" ") };
  }
}

await main(async () => {
  const start = performance.now();
  const selected = chosen(process.argv.slice(2));
  console.log("== bootstrap");
  const isSelected = (stage) => selected.some(({ name }) => name === stage);
  const tools = await bootstrap({ browser: true, clients: isSelected("clients"), deny: isSelected("deny"), schemathesis: isSelected("openapi") });
  const results = [{ name: "bootstrap", failed: false, time: seconds(start), note: "" }];
  for (const stage of selected) {
    console.log(`\n== ${stage.name}: ${stage.what}`);
    const result = await runStage(stage, tools, results);
    console.log(`-- ${stage.name}: ${result.failed ? "FAILED" : "ok"}, ${result.time}`);
    results.push(result);
  }
  console.log("\nSummary");
  for (const { name, failed, time, note } of results) console.log(`  ${failed ? "FAILED" : "ok    "}  ${name.padEnd(12)} ${time.padStart(8)}  ${note}`);
  const failed = results.filter((result) => result.failed);
  console.log(`  ${results.length - failed.length} of ${results.length} passed in ${seconds(start)}.`);
  if (failed.length > 0) throw new StepError(`Failed: ${failed.map(({ name }) => name).join(", ")}. To repeat one: npm test -- --only ${failed[0].name}`);
});
