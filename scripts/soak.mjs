// npm run soak: long runs beyond `npm test`. Kills the sandbox under load many more times, then runs the simulation with many
// more seeds. All arguments except --kills go to the simulation: npm run soak -- --kills 1000 --seeds 100000 --from 20000
import { parseArgs } from "node:util";
import { bootstrap } from "./bootstrap.mjs";
import { main, run, StepError } from "./lib/run.mjs";

/** Two processors need well under ten minutes for these. */
const SEEDS = 20_000;

/** Number of kills of the sandbox. */
const KILLS = 200;

await main(async () => {
  const { values, tokens } = parseArgs({ options: { kills: { type: "string", default: String(KILLS) } }, strict: false, tokens: true });
  if (!/^\d+$/.test(values.kills)) throw new StepError("--kills must be a number.");
  const kills = tokens.find(({ name }) => name === "kills");
  const given = process.argv.slice(2);
  if (kills) given.splice(kills.index, kills.inlineValue ? 1 : 2);
  const seeds = given.some((part) => /^--seeds?(=|$)/.test(part)) ? [] : ["--seeds", String(SEEDS)];
  await bootstrap();
  const env = { HANDSET_KILLS: values.kills };
  await run("cargo", ["test", "-p", "handset-sandbox", "--test", "process", "kills::", "--", "--nocapture"], { env });
  await run("cargo", ["run", "--profile", "server", "-p", "handset-simulation", "--", ...seeds, ...given]);
});
