// A sandbox that breaks what the page sends, by a seeded plan: whatever it does, a flow ends, and who tries again is done.
/* global Rig, rig, never -- stand in the page: see rig.js */
import assert from "node:assert/strict";
import { desktop, freshNumber, suite } from "./harness.mjs";
import { moduleFolder, openModule } from "./module.mjs";
import { DONE, trouble } from "./waiting.mjs";

const SEEDS = [1, 7, 42];

/**
 * How often a person tries. A go asks for an SMS at most twice and hands in a code at most twice, and of four of either
 * in a row the plan breaks at most one: no four goes in a row fail.
 */
const MOST_GOES = 4;

/** How a flow may end that the network failed. */
const FAILURES = ["network", "server"];

/** What Chromium says of what the plan does. */
const anyTrouble = [trouble.socket, trouble.request, trouble.status("(429|50[023])")];

/** The person asks for another code, mistypes that, then types it right. */
async function goByCode(page, sandbox) {
  const phoneNumber = freshNumber();
  const session = await sandbox.start({ flowType: "mobile", phoneNumber, allowOTPRetry: true });
  return { session, end: await page.evaluate(byCode, [session.authToken, phoneNumber]) };
}

function byCode([token, number]) {
  const type = (otp) => ({ resultType: 0, input: { otp } });
  const answers = [
    () => ({ resultType: 1 }),
    async () => type((await globalThis.newestCode(number)) === "000000" ? "111111" : "000000"),
    async () => type(await globalThis.newestCode(number)),
  ];
  globalThis.rig = new Rig({ otpFinish: () => answers.shift()() }).build().start(token);
  return globalThis.ending();
}

/** The person asks for another link, and opens that as soon as it comes. */
async function goByLink(page, sandbox) {
  const phoneNumber = freshNumber();
  const session = await sandbox.start({ flowType: "desktop", phoneNumber, allowOTPRetry: true });
  return { session, end: await page.evaluate(byLink, [session.authToken, phoneNumber]) };
}

function byLink([token, number]) {
  const answers = [() => 0, () => globalThis.openNewestLink(number).then(never)];
  globalThis.rig = new Rig({ linkRetry: () => answers.shift()() }).build().start(token);
  return globalThis.ending();
}

/** In the page: how the flow ended. */
function tools() {
  globalThis.ending = async () => {
    const outcome = await rig.outcome;
    return { ...outcome, finishes: rig.finishes.map(({ failure }) => failure?.kind ?? null), last: rig.states.at(-1) };
  };
}

async function openPage(open, sandbox) {
  const page = await open(desktop);
  await page.exposeFunction("newestCode", async (number) => (await sandbox.messages(number)).at(-1).code);
  await page.exposeFunction("openNewestLink", async (number) => {
    const { status } = await sandbox.open((await sandbox.messages(number)).at(-1).url);
    assert.equal(status, 303);
  });
  await openModule(page, sandbox);
  await page.evaluate(tools);
  return page;
}

/** Goes until one is done; the faults that it took. */
async function tryUntilDone(go, page, sandbox) {
  const failed = [];
  const faults = [];
  for (let count = 0; count < MOST_GOES; count++) {
    const { session, end } = await go(page, sandbox);
    faults.push(...(await faultsOf(session, sandbox)));
    const { success } = await sandbox.validate(session.correlationId);
    if (end.last === "done" && end.finishes[0] === null) {
      assert.deepEqual(end, DONE);
      assert.equal(success, true);
      return faults;
    }
    failed.push(end);
    // Either the failure was reported, and the flow is over; or it ends here.
    const kind = end.rejected?.kind ?? end.finishes[0];
    assert.ok(FAILURES.includes(kind), `a failure of another kind: ${JSON.stringify(end)}`);
    assert.equal(end.last, end.rejected ? "failed" : "done", JSON.stringify(end));
  }
  return assert.fail(`no go was done: ${JSON.stringify(failed)}`);
}

/** What was broken or late, from the session's timeline. */
async function faultsOf({ correlationId }, sandbox) {
  const { timeline } = await sandbox.call(`/sandbox/sessions/${correlationId}`);
  return timeline.filter(({ fault }) => fault).map(({ kind, fault }) => `${kind} ${fault}`);
}

const www = await moduleFolder();
for (const seed of SEEDS) {
  suite(`chaos by the seed ${seed}`, { www, flags: ["--chaos", String(seed)] }, (scenario) => {
    for (const [name, go, flows] of [["code", goByCode, 3], ["link", goByLink, 5]]) {
      scenario(`every flow by ${name} ends, and a person who tries again is done`, async ({ sandbox, open, allowTrouble }) => {
        allowTrouble(...anyTrouble);
        const own = sandbox.inProject(name);
        const page = await openPage(open, own);
        const faults = [];
        for (let flow = 0; flow < flows; flow++) faults.push(...(await tryUntilDone(go, page, own)));
        assert.ok(faults.some((fault) => !fault.endsWith(" delay")), `nothing was broken: ${faults}`);
      });
    }

    scenario("flows side by side all end", async ({ sandbox, open, allowTrouble }) => {
      allowTrouble(...anyTrouble);
      const own = sandbox.inProject("side-by-side");
      const pages = await Promise.all(Array.from({ length: 4 }, () => openPage(open, own)));
      const ends = await Promise.all(pages.map((page, place) => (place % 2 ? goByLink : goByCode)(page, own)));
      for (const { end } of ends) assert.ok(["done", "failed"].includes(end.last), JSON.stringify(end));
    });
  });
}
