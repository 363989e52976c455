// npm run api: writes the report of the public surface anew, after a change that is meant.
import { bootstrap } from "./bootstrap.mjs";
import { main } from "./lib/run.mjs";

await main(async () => {
  await bootstrap();
  const { apiReport } = await import("./lib/api.mjs");
  console.log(await apiReport({ update: true }));
});
