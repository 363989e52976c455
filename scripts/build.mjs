// npm run build: builds the package into pkg/ and the pages that use it into www/dist/.
import { bootstrap } from "./bootstrap.mjs";
import { main } from "./lib/run.mjs";

await main(async () => {
  const tools = await bootstrap();
  const { buildPackage } = await import("./lib/package.mjs");
  const { buildWww } = await import("./lib/www.mjs");
  await buildPackage(tools);
  await buildWww();
  console.log("Built pkg/ and www/dist/.");
});
