// Authenticators in the state of front-end frameworks, which wrap them in proxies.
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { suite } from "./harness.mjs";
import { moduleFolder, openModule } from "./module.mjs";

const NUMBER = "2001004009";

const www = await moduleFolder();
await build({
  entryPoints: [fileURLToPath(new URL("proxies.js", import.meta.url))],
  outfile: join(www, "proxies.js"),
  bundle: true,
  format: "esm",
  define: { "process.env.NODE_ENV": '"production"', __VUE_OPTIONS_API__: "true", __VUE_PROD_DEVTOOLS__: "false", __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false" },
  logLevel: "error",
});

suite("authenticators behind proxies", { www }, (scenario) => {
  for (const [where, isProxy] of [
    ["Vue's data()", true],
    ["Vue's reactive()", true],
    ["Alpine's x-data", false],
    ["a Proxy of the page's own", false],
  ]) {
    scenario(`in ${where} every method works`, async ({ open, sandbox }) => {
      const page = await openModule(await open(), sandbox);
      await page.waitForFunction(() => globalThis.proveAuth);
      const { authToken, correlationId } = await sandbox.start({ flowType: "mobile", phoneNumber: NUMBER });
      const given = await page.evaluate(async ([where, token]) => (await import("./proxies.js")).run(where, token), [where, authToken]);
      assert.deepEqual(given.found, [false, "desktop", "done"]);
      // Alpine has its own copy of Vue's reactivity, which Vue's `isProxy` does not recognise.
      if (isProxy) assert.equal(given.isProxy, true, "the framework made no proxy, so the test proves nothing");
      assert.equal((await sandbox.validate(correlationId)).success, true);
    });
  }

  scenario("a frozen authenticator and its promise work", async ({ open, sandbox }) => {
    const page = await openModule(await open(), sandbox);
    await page.waitForFunction(() => globalThis.proveAuth);
    const { authToken } = await sandbox.start({ flowType: "mobile", phoneNumber: NUMBER });
    assert.equal(await page.evaluate(async (token) => (await import("./proxies.js")).runFrozen(token), authToken), undefined);
  });
});
