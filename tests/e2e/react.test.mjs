// A page made with React, in development: StrictMode starts each flow twice.
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { suite } from "./harness.mjs";
import { moduleFolder, openModule } from "./module.mjs";

/** A test user with a fixed code. */
const NUMBER = "2001004009";

const www = await moduleFolder();
await build({
  entryPoints: [fileURLToPath(new URL("react.js", import.meta.url))],
  outfile: join(www, "react.js"),
  bundle: true,
  format: "esm",
  define: { "process.env.NODE_ENV": '"development"' },
  logLevel: "error",
});

suite("React's StrictMode", { www }, (scenario) => {
  for (const [how, first] of [
    ["cancel() of an authenticator that stays", { resolved: null }],
    ["dispose() of an authenticator of its own", { resolved: null }],
    ["an abort signal", { rejected: "gone" }],
  ]) {
    scenario(`${how}: the first start ends unseen, the second is done, and one SMS is sent`, async ({ open, sandbox }) => {
      const sentBefore = (await sandbox.messages(NUMBER)).length;
      const page = await openModule(await open(), sandbox);
      const { authToken, correlationId } = await sandbox.start({ flowType: "mobile", phoneNumber: NUMBER });
      const found = await page.evaluate(
        async ([how, token]) => {
          const { show, ends } = await import("./react.js");
          show(how, token);
          return ends();
        },
        [how, authToken],
      );
      assert.deepEqual(found, { shown: 2, gone: 1, outcomes: [first, { resolved: null }], finishes: 1 });
      assert.equal((await sandbox.messages(NUMBER)).length, sentBefore + 1);
      assert.equal((await sandbox.validate(correlationId)).success, true);
    });
  }
});
