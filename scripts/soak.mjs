// npm run soak: the simulation with many more seeds than `npm test` has time for. Arguments go to it:
// npm run soak -- --seeds 100000 --from 20000
import { bootstrap } from "./bootstrap.mjs";
import { main, run } from "./lib/run.mjs";

/** What a clone's two processors run in well under ten minutes. */
const SEEDS = 20_000;

await main(async () => {
  const given = process.argv.slice(2);
  const seeds = given.some((part) => /^--seeds?(=|$)/.test(part)) ? [] : ["--seeds", String(SEEDS)];
  await bootstrap();
  await run("cargo", ["run", "--profile", "server", "-p", "handset-simulation", "--", ...seeds, ...given]);
});
