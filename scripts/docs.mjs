// npm run docs: updates the parts of the documentation that come from the code.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { main, root, run, StepError } from "./lib/run.mjs";

const HELP = /(?<=^```text\n).*?(?=^```$)/ms;

await main(async () => {
  const said = (flag) => run("cargo", ["run", "--quiet", "-p", "handset-sandbox", "--", flag], { output: "quiet" });
  await writeFile(join(root, "docs", "sandbox-config.md"), await said("--config-reference"));

  const file = join(root, "docs", "sandbox.md");
  const page = await readFile(file, "utf8");
  if (!HELP.test(page)) throw new StepError("docs/sandbox.md has no ```text block for the flags.");
  const help = await said("--help");
  await writeFile(file, page.replace(HELP, () => help));
});
