// A backend that is killed during a flow and restarted on the same file: the waiting page must complete.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { moduleFolder } from "./module.mjs";
import { startSandbox } from "./sandbox.mjs";
import { DONE, suiteThroughProxy, trouble } from "./waiting.mjs";

await suiteThroughProxy("a backend that is killed", {}, (scenario) => {
  /** A backend with a store on disk; `restart` kills it and starts another on the same file. */
  const withBackend = (name, body) =>
    scenario(name, async (given) => {
      const folder = await mkdtemp(join(tmpdir(), "handset-store-"));
      const flags = ["--origin", given.proxy.origin, "--store", `sqlite:${join(folder, "sandbox.db")}`];
      const started = [];
      const start = async () => {
        const backend = await startSandbox({ www: await moduleFolder(), flags });
        started.push(backend);
        given.proxy.target = backend.origin;
        return backend;
      };
      const restart = async () => {
        await started.at(-1).kill();
        return start();
      };
      try {
        await body({ ...given, backend: await start(), restart });
      } finally {
        for (const backend of started) await backend.stop();
        await rm(folder, { recursive: true });
      }
    });

  withBackend("a backend that is killed while a link is awaited, and started again: the link that is out is taken", async ({ backend, restart, awaiting, allowTrouble }) => {
    const flow = await awaiting("desktop", { backend });
    allowTrouble(trouble.socket, trouble.request, trouble.status(502));
    const events = await flow.events();
    flow.sandbox = await restart();
    await flow.socketIs("open", events);
    await flow.openLink();
    assert.deepEqual(await flow.end(), DONE);
    assert.equal((await flow.sandbox.validate(flow.correlationId)).success, true);
  });

  withBackend("a link that is opened while the page has not yet found the backend again is done when it does", async ({ backend, restart, proxy, awaiting, allowTrouble }) => {
    const flow = await awaiting("desktop", { backend });
    allowTrouble(trouble.socket, trouble.request, trouble.status(502));
    await proxy.down();
    flow.sandbox = await restart();
    await flow.openLink();
    await proxy.up();
    await flow.wake();
    assert.deepEqual(await flow.end(), DONE);
  });

  withBackend("a backend that is killed while a code is awaited, and started again: tries are not given back, and the code is taken", async ({ backend, restart, awaiting }) => {
    const flow = await awaiting("mobile", { backend });
    const guess = async (left) => {
      const { code } = (await flow.sandbox.messages(flow.number)).at(-1);
      const events = await flow.events();
      await flow.answer({ resultType: 0, input: { otp: code === "000000" ? "999999" : "000000" } });
      await flow.reached("awaiting_otp", events);
      assert.equal(await flow.attemptsLeft(), left);
    };
    await guess(2);
    flow.sandbox = await restart();
    await guess(1);
    await flow.typeCode();
    assert.deepEqual(await flow.end(), DONE);
    assert.equal((await flow.sandbox.validate(flow.correlationId)).success, true);
  });
});
