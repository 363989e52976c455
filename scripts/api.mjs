// npm run api: updates the report of the public API, after an intended change.
import { bootstrap } from "./bootstrap.mjs";
import { main } from "./lib/run.mjs";

await main(async () => {
  await bootstrap();
  const { apiReport } = await import("./lib/api.mjs");
  console.log(await apiReport({ update: true }));
});
