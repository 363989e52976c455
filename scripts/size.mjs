// npm run size: what the package weighs. Builds it first, so that the figures are of the source as it stands.
import { bootstrap } from "./bootstrap.mjs";
import { main } from "./lib/run.mjs";
import { reportSizes } from "./lib/sizes.mjs";

await main(async () => {
  const tools = await bootstrap();
  const { buildPackage } = await import("./lib/package.mjs");
  await buildPackage(tools);
  await reportSizes();
});
