// npm run size: builds the package and prints the size of each entry. `-- --write` writes the table into README.md.
import { parseArgs } from "node:util";
import { bootstrap } from "./bootstrap.mjs";
import { main } from "./lib/run.mjs";

await main(async () => {
  const { values } = parseArgs({ options: { write: { type: "boolean", default: false } } });
  const tools = await bootstrap();
  const { buildPackage } = await import("./lib/package.mjs");
  const { reportSizes } = await import("./lib/sizes.mjs");
  await buildPackage(tools);
  await reportSizes(values);
});
