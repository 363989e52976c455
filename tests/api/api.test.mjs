// The check of the public API finds every change against the committed report.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { apiReport } from "../../scripts/lib/api.mjs";
import { root } from "../../scripts/lib/run.mjs";

const types = await readFile(join(root, "js", "index.d.ts"), "utf8");

/** Writes a copy of the declarations with `from` replaced by `to`. */
async function changed(t, from, to) {
  assert.equal(types.split(from).length, 2, from);
  await mkdir(join(root, "build"), { recursive: true });
  const folder = await mkdtemp(join(root, "build", "api-test-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "index.d.ts");
  await writeFile(file, types.replace(from, to));
  return { types: file };
}

for (const [what, from, to] of [
  ["a member that is gone", "  passive?: boolean;\n", ""],
  ["a parameter that has to be given", "cancel?: () => void,", "cancel: () => void,"],
  ["another value of an enum", "OnMobileNumberChange = 2,", "OnMobileNumberChange = 3,"],
]) {
  test(`${what} is reported, with the command to run`, async (t) => {
    const given = await changed(t, from, to);
    await assert.rejects(apiReport(given), /not that of docs\/handset\.api\.md.*`npm run api`/s);
  });
}

test("a broken link in a comment is an error, even with `update`", async (t) => {
  const given = await changed(t, "{@link Authenticator.isMobileWeb}", "{@link isMobileWeb}");
  await assert.rejects(apiReport({ ...given, folder: dirname(given.types), update: true }), /unsound:.*index\.d\.ts:\d+:\d+ - \(ae-unresolved-link\)/s);
});
