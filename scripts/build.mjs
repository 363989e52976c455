// npm run build: the package, into pkg/.
import { bootstrap } from "./bootstrap.mjs";
import { main } from "./lib/run.mjs";

await main(async () => {
  const tools = await bootstrap();
  const { buildPackage } = await import("./lib/package.mjs");
  await buildPackage(tools);
  console.log("Built pkg/.");
});
