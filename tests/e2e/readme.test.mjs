// The unchanged first example of the README.
import assert from "node:assert/strict";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { phone, suite } from "./harness.mjs";
import { root } from "./sandbox.mjs";

/** Follows the README's instructions. */
async function followReadme() {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const folder = join(root, "tests", "output", "readme");
  await mkdir(folder, { recursive: true });
  for (const [language, file] of [["html", "index.html"], ["js", "hello.js"]]) {
    const examples = [...readme.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "gs"))];
    assert.equal(examples.length, 1, `the README has one file to copy in ${language}`);
    await writeFile(join(folder, file), examples[0][1]);
  }
  await cp(join(root, "pkg", "index.js"), join(folder, "handset.js"));
  return folder;
}

suite("the README's example", { www: await followReadme() }, (scenario) => {
  for (const [code, outcome] of [["1234", "This phone is verified."], ["0000", "This phone is not verified."]]) {
    scenario(`with the code ${code} it says: ${outcome}`, async ({ open, sandbox }) => {
      const page = await open(phone);
      page.on("dialog", (dialog) => dialog.accept(code));
      await page.goto(sandbox.origin);
      await page.getByText(outcome, { exact: true }).waitFor();
    });
  }
});
