// npm run soak: what `npm test` has no time for. The sandbox is killed under load many more times, then the simulation runs
// with many more seeds. Arguments go to the simulation, but for the kills: npm run soak -- --kills 1000 --seeds 100000 --from 20000
import { parseArgs } from "node:util";
import { bootstrap } from "./bootstrap.mjs";
import { main, run, StepError } from "./lib/run.mjs";

/** What a clone's two processors run in well under ten minutes. */
const SEEDS = 20_000;

/** How often the sandbox is killed. */
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
