// npm run size: builds the package and prints its size.
import { bootstrap } from "./bootstrap.mjs";
import { main } from "./lib/run.mjs";

await main(async () => {
  const tools = await bootstrap();
  const { buildPackage } = await import("./lib/package.mjs");
  const { reportSizes } = await import("./lib/sizes.mjs");
  await buildPackage(tools);
  await reportSizes();
});
