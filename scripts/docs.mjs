// npm run docs: writes anew what the documentation takes from the code.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { main, root, run } from "./lib/run.mjs";

await main(async () => {
  const text = await run("cargo", ["run", "--quiet", "-p", "handset-sandbox", "--", "--config-reference"], { output: "quiet" });
  await writeFile(join(root, "docs", "sandbox-config.md"), text);
});
