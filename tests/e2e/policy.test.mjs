// The Content-Security-Policy of docs/security.md, with Trusted Types: whole flows run under the policy, in a page of another
// origin than the backend's, and each of its directives for Handset is necessary.
/* global Rig, rig, violations -- stand in the page: see rig.js */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { serve } from "../shared/serve.mjs";
import { freshNumber } from "./harness.mjs";
import { moduleFolder, openModule } from "./module.mjs";
import { SOCKET } from "./proxy.mjs";
import { root } from "./sandbox.mjs";
import { STATUS, suiteThroughProxy } from "./waiting.mjs";

const [, documented] = /^Content-Security-Policy: (.*)$/m.exec(readFileSync(join(root, "docs", "security.md"), "utf8"));

const forbidden = /Content Security [Pp]olicy/;
/** Number of attempts to open a socket before the module polls instead. */
const TRIES = 4;

/** In the page, before its own code: records the violations of the policy. */
function watchViolations() {
  globalThis.violations = [];
  document.addEventListener("securitypolicyviolation", (event) => violations.push(`${event.effectiveDirective} ${event.blockedURI}`));
}

await suiteThroughProxy("the documented Content-Security-Policy", {}, (scenario) => {
  /** A page under the policy, with the proxy as the backend in connect-src. */
  const guarded = (name, body, { change = (policy) => policy } = {}) =>
    scenario(name, async (given) => {
      const { origin } = given.proxy;
      const policy = change(documented).replaceAll("https://backend.example", origin).replaceAll("wss://backend.example", origin.replace("http", "ws"));
      const server = await serve(await moduleFolder(), { "Content-Security-Policy": policy });
      try {
        const page = await given.open();
        await page.addInitScript(watchViolations);
        await openModule(page, server);
        await body({ ...given, page, violated: () => page.evaluate(() => violations) });
      } finally {
        await server.close();
      }
    });
  const without = (part) => ({
    change(policy) {
      assert.ok(policy.includes(part), policy);
      return policy.replace(part, "");
    },
  });

  guarded("a code goes its whole way", async ({ page, sandbox, violated }) => {
    const { authToken } = await sandbox.start({ flowType: "mobile", phoneNumber: "2001001693" });
    const otpFinish = { resultType: 0, input: { otp: "1234" } };
    const outcome = await page.evaluate(([token, answer]) => new Rig({ otpFinish: () => answer }).build().start(token).outcome, [authToken, otpFinish]);
    assert.deepEqual(outcome, { resolved: null });
    assert.deepEqual(await violated(), []);
  });

  /** Starts a flow, opens its link when the module's `socket` state is reached, and returns the end of the flow. */
  const byLink = async ({ page, sandbox }, socket) => {
    const number = freshNumber();
    const { authToken } = await sandbox.start({ flowType: "desktop", phoneNumber: number });
    await page.evaluate(
      ([token, socket]) => {
        globalThis.rig = new Rig().build().start(token);
        return rig.told((detail) => detail.socket === socket && detail.state === "awaiting_link");
      },
      [authToken, socket],
    );
    await sandbox.open((await sandbox.sms(number)).url);
    return page.evaluate(() => rig.outcome);
  };

  guarded("a link goes its whole way, by a socket", async ({ violated, proxy, ...given }) => {
    assert.deepEqual(await byLink(given, "open"), { resolved: null });
    assert.deepEqual(await violated(), []);
    assert.deepEqual([proxy.count(SOCKET), proxy.count(STATUS)], [1, 0]);
  });

  guarded("the policy is in force: no text becomes markup or code, and no other origin is contacted", async ({ page, violated, expectTrouble }) => {
    expectTrouble(forbidden, /requires 'TrustedHTML' assignment/, /requires 'TrustedScript' assignment/);
    const refused = await page.evaluate(async () => {
      const tried = (attempt) => {
        try {
          return attempt();
        } catch (error) {
          return error.name;
        }
      };
      return [
        tried(() => void (document.body.innerHTML = "<p>markup</p>")),
        tried(() => void (document.createElement("script").text = "1")),
        tried(() => trustedTypes.createPolicy("mine", {})),
        await fetch("http://127.0.0.1:9/").catch((error) => error.name),
      ];
    });
    assert.deepEqual(refused, ["TypeError", "TypeError", "TypeError", "TypeError"]);
    const directives = (await violated()).map((text) => text.split(" ")[0]);
    assert.deepEqual(directives.sort(), ["connect-src", "require-trusted-types-for", "require-trusted-types-for", "trusted-types"]);
  });

  guarded(
    "without the backend's wss: origin the link arrives all the same, by asking",
    async ({ proxy, violated, expectTrouble, ...given }) => {
      expectTrouble(forbidden);
      assert.deepEqual(await byLink(given, "polling"), { resolved: null });
      assert.equal(proxy.count(SOCKET), 0);
      // Chromium reports each violation at once, but fires no close event.
      const found = await violated();
      assert.ok(found.length >= TRIES && found.every((text) => text.startsWith("connect-src ws:")), String(found));
    },
    without(" wss://backend.example"),
  );

  guarded(
    "without the backend's https: origin the flow fails as one without a network",
    async ({ page, sandbox, proxy, expectTrouble }) => {
      expectTrouble(forbidden);
      const { authToken } = await sandbox.start({ flowType: "mobile", phoneNumber: freshNumber() });
      const { rejected } = await page.evaluate((token) => new Rig().build().start(token).outcome, authToken);
      assert.deepEqual([rejected.kind, rejected.retryable], ["network", true]);
      assert.deepEqual(proxy.arrived, []);
    },
    without(" https://backend.example"),
  );

  guarded(
    "without 'wasm-unsafe-eval' the first constructor says so",
    async ({ page, allowTrouble }) => {
      // Chromium logs the violation only sometimes.
      allowTrouble(forbidden);
      const { kind, message } = await page.evaluate(() => {
        try {
          return new Rig();
        } catch ({ kind, message }) {
          return { kind, message };
        }
      });
      assert.equal(kind, "unsupported");
      assert.match(message, /'wasm-unsafe-eval'/);
    },
    without(" 'wasm-unsafe-eval'"),
  );
});
