// What a browser makes of the faults that the sandbox can be asked for.
import assert from "node:assert/strict";
import { freshNumber, suite } from "./harness.mjs";

const PATH = "/v1/client/mobile/otp/start";

/** Sends requests from the page one after another, all as the module does; tells how each ended. */
const send = (page, token, paths) =>
  page.evaluate(
    async ([token, paths]) => {
      const ended = [];
      const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
      for (const path of paths) {
        ended.push(
          await fetch(path, { method: "POST", headers, body: "{}" }).then(
            async (response) => `${response.status} ${await response.text()}`,
            (error) => error.name,
          ),
        );
      }
      return ended;
    },
    [token, paths],
  );

/** How often the page's request got through, and what became of it. */
async function arrived(sandbox, correlationId) {
  const { timeline } = await sandbox.call(`/sandbox/sessions/${correlationId}`);
  return timeline.filter(({ kind, to }) => kind === "otp_start" && to === "backend").map(({ fault }) => fault);
}

suite("a broken connection", {}, (scenario) => {
  // Browsers repeat a request by themselves where a used connection ends without a byte: that would hide the fault.
  for (const used of [true, false]) {
    for (const [kind, messages, seen] of [["drop", 0, "drop"], ["lose_reply", 1, undefined]]) {
      scenario(`fails the request once, with a network error: ${kind}, on a connection ${used ? "used before" : "not used before"}`, async ({ sandbox, open, expectTrouble }) => {
        expectTrouble(/ERR_CONNECTION_RESET/);
        const page = await open();
        await page.goto(sandbox.origin);
        const number = freshNumber();
        const { authToken, correlationId } = await sandbox.start({ flowType: "mobile", phoneNumber: number });
        await sandbox.call("/sandbox/faults", { faults: [{ path: PATH, kind, count: 1 }] });
        const before = used ? ["/v1/client/status", "/v1/client/status"] : [];
        const ended = await send(page, authToken, [...before, PATH]);
        assert.equal(ended.at(-1), "TypeError");
        assert.deepEqual(await arrived(sandbox, correlationId), [seen]);
        assert.equal((await sandbox.messages(number)).length, messages);
      });
    }
  }

  scenario("ends a socket that waits, without a close", async ({ sandbox, open }) => {
    const page = await open();
    await page.goto(sandbox.origin);
    const { authToken } = await sandbox.start({ flowType: "desktop", phoneNumber: freshNumber() });
    await page.evaluate((token) => {
      const socket = new WebSocket(`${location.origin.replace("http", "ws")}/v1/client/status?token=${token}`);
      window.ending = new Promise((resolve) => (socket.onclose = ({ code, wasClean }) => resolve([code, wasClean])));
      return new Promise((resolve) => (socket.onopen = resolve));
    }, authToken);
    await sandbox.call("/sandbox/faults", { faults: [{ path: "/v1/client/status", kind: "drop", method: "GET" }] });
    assert.deepEqual(await page.evaluate(() => window.ending), [1006, false]);
    await sandbox.reset();
  });
});
