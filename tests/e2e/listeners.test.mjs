// addEventListener() with the DOM's arguments, and the accepted kinds of URL.
/* global Rig, rig, settled -- stand in the page: see rig.js */
import assert from "node:assert/strict";
import { suite } from "./harness.mjs";
import { moduleFolder, openModule } from "./module.mjs";

const NUMBER = "2001004009";

suite("listeners and URLs", { www: await moduleFolder() }, (scenario) => {
  const opened = async ({ open, sandbox }) => {
    const page = await openModule(await open(), sandbox);
    await page.waitForFunction(() => globalThis.proveAuth);
    const { authToken } = await sandbox.start({ flowType: "mobile", phoneNumber: NUMBER });
    return { page, authToken };
  };

  scenario("addEventListener() takes the DOM's options and listener objects", async (given) => {
    const { page, authToken } = await opened(given);
    const heard = await page.evaluate(async (token) => {
      globalThis.rig = new Rig({ otpFinish: () => ({ resultType: 0, input: { otp: "1234" } }) }).build();
      const { authenticator } = rig;
      const calls = { once: 0, object: 0, aborted: 0, unsubscribed: 0, removed: 0, twice: 0 };
      const count = (name) => () => calls[name]++;
      authenticator.addEventListener("statechange", count("once"), { once: true });
      authenticator.addEventListener("statechange", { handleEvent: count("object") });
      const controller = new AbortController();
      authenticator.addEventListener("statechange", count("aborted"), { signal: controller.signal });
      controller.abort();
      authenticator.addEventListener("statechange", count("unsubscribed"), { capture: true })();
      const removed = count("removed");
      authenticator.addEventListener("statechange", removed, true);
      authenticator.removeEventListener("statechange", removed, true);
      const twice = count("twice");
      for (let i = 0; i < 2; i++) authenticator.addEventListener("statechange", twice);
      await rig.start(token).outcome;
      const refused = [null, undefined, 5, "no"].map((handler) => {
        try {
          authenticator.addEventListener("statechange", handler);
        } catch ({ kind, message }) {
          return [kind, message.startsWith("addEventListener: handler must be")];
        }
      });
      try {
        authenticator.addEventListener("statechange", () => {}, { signal: { aborted: false, addEventListener() {}, removeEventListener() {} } });
      } catch ({ kind, cause }) {
        refused.push([kind, cause instanceof TypeError]);
      }
      return { calls, events: rig.states.length, refused };
    }, authToken);
    assert.ok(heard.events > 3);
    assert.deepEqual(heard.calls, { once: 1, object: heard.events, aborted: 0, unsubscribed: 0, removed: 0, twice: heard.events });
    assert.deepEqual(heard.refused, Array(5).fill(["misuse", true]));
  });

  scenario("finishInstantLink() takes a URL, a Location, a router's location and a String object; authenticate() a String object", async (given) => {
    const { page, authToken } = await opened(given);
    const found = await page.evaluate(async (token) => {
      history.replaceState(null, "", "/?asc=true&authId=from-location");
      const { href } = location;
      globalThis.rig = new Rig({ otpFinish: () => ({ resultType: 0, input: { otp: "1234" } }) }).build();
      const outcomes = [];
      for (const url of [new URL(href), location, new String(href), { href }, href]) outcomes.push(await settled(rig.authenticator.finishInstantLink(url)));
      for (const url of [{}, [], null, Symbol("url"), { toString() { throw new Error("no"); } }]) outcomes.push((await settled(rig.authenticator.finishInstantLink(url))).rejected?.kind);
      outcomes.push(await settled(rig.authenticator.authenticate(new String(token))));
      return { outcomes, ids: rig.finishes.map(({ authId }) => authId).slice(0, 5) };
    }, authToken);
    const done = { resolved: null };
    assert.deepEqual(found.outcomes, [done, done, done, done, done, "misuse", "misuse", "misuse", "misuse", "misuse", done]);
    assert.deepEqual(found.ids, Array(5).fill("from-location"));
  });
});
