// Every product with a page, as a relying party's server uses it, with a credential of that product only.
/* global Rig, rig, deferred, giveCode -- stand in the page: see rig.js */
import assert from "node:assert/strict";
import { freshNumber, phone, suite } from "./harness.mjs";
import { moduleFolder, openModule } from "./module.mjs";
import { logs } from "./recorder.mjs";

/** A relying party's server: makes calls with the access token of one credential. */
async function server(sandbox, product) {
  const form = new URLSearchParams({ grant_type: "client_credentials", client_id: `sandbox-${product}`, client_secret: "sandbox-secret" });
  const granted = await (await fetch(`${sandbox.origin}/token`, { method: "POST", body: form })).json();
  assert.equal(granted.token_type, "Bearer");
  logs.secret("token", granted.access_token);
  return async (path, body) => {
    const headers = { "Authorization": `Bearer ${granted.access_token}`, "Content-Type": "application/json" };
    const response = await fetch(`${sandbox.origin}/v3/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    const reply = await response.json();
    assert.equal(response.status, 200, JSON.stringify(reply));
    if (reply.authToken) logs.secret("token", reply.authToken);
    return reply;
  };
}

/** Runs the page's flow until it asks for the code. */
async function untilCode(page, authToken) {
  await page.evaluate((token) => {
    const code = deferred();
    globalThis.giveCode = (otp) => code.resolve({ resultType: 0, input: { otp } });
    globalThis.rig = new Rig({ otpFinish: () => code.promise }).build().start(token);
    return rig.reached("awaiting_otp");
  }, authToken);
}

/** The person types the code. */
async function showByCode({ page, sandbox, authToken, number }) {
  await untilCode(page, authToken);
  const { code } = await sandbox.sms(number);
  await page.evaluate((otp) => giveCode(otp), code);
  assert.deepEqual(await page.evaluate(() => rig.outcome), { resolved: null });
}

suite("every product", { www: await moduleFolder() }, (scenario) => {
  scenario("Pre-Fill returns the owner's record, and Complete confirms it", async ({ sandbox, open }) => {
    const number = freshNumber();
    const call = await server(sandbox, "prefill");
    const { authToken, correlationId } = await call("start", { flowType: "mobile", phoneNumber: number });
    const page = await openModule(await open(phone), sandbox);
    await untilCode(page, authToken);
    assert.deepEqual((await call("validate", { correlationId })).next, { "v3-validate": "/v3/validate" });
    await page.evaluate((otp) => giveCode(otp), (await sandbox.sms(number)).code);
    assert.deepEqual(await page.evaluate(() => rig.outcome), { resolved: null });

    const validated = await call("validate", { correlationId });
    assert.deepEqual([validated.success, validated.challengeMissing], [true, true]);
    assert.deepEqual(validated.next, { "v3-challenge": "/v3/challenge" });
    // A second-generation Verify returns the owner of the number.
    const verified = await (await server(sandbox, "verified-users"))("verify", { verificationType: "prefill", phoneNumber: number });
    const ssn = verified.identity.nationalId.slice(-4);
    const { success, individual } = await call("challenge", { correlationId, ssn });
    assert.deepEqual([success, individual.firstName], [true, verified.identity.firstName]);
    const completed = await call("complete", { correlationId, individual });
    assert.deepEqual([completed.success, completed.idv.multiCIPConfidence], [true, "HIGH"]);
    assert.deepEqual(completed.next, { done: "done" });
  });

  scenario("Verified Users waits for a link, and enrolls the person who opened it", async ({ sandbox, open }) => {
    const number = freshNumber();
    const call = await server(sandbox, "verified-users");
    const { identity } = await call("verify", { verificationType: "identityResolution", phoneNumber: number });
    const { firstName, lastName } = identity;
    const finalTargetUrl = `${sandbox.origin}/`;
    const asked = { possessionType: "desktop", phoneNumber: number, firstName, lastName, finalTargetUrl };
    const { authToken, correlationId, success } = await call("verify", asked);
    assert.equal(success, "pending");
    const page = await openModule(await open(), sandbox);
    await page.evaluate((token) => {
      globalThis.rig = new Rig().build().start(token);
      return rig.reached("awaiting_link");
    }, authToken);
    const pending = { success: "pending", possessionResult: "pending", verifyResult: "pending" };
    assert.deepEqual(await call("verify-status", { correlationId }), pending);
    assert.equal((await sandbox.open((await sandbox.sms(number)).url)).status, 303);
    assert.deepEqual(await page.evaluate(() => rig.outcome), { resolved: null });
    const { identityId, ...results } = await call("verify-status", { correlationId });
    assert.deepEqual(results, { success: "true", possessionResult: "success", verifyResult: "success" });
    assert.match(identityId, /^[0-9a-f-]{36}$/);
  });

  scenario("a flow that is verified without the browser is done as soon as a page runs it", async ({ sandbox, open }) => {
    const call = await server(sandbox, "verified-users");
    const asked = { possessionType: "mobile", phoneNumber: "2001004011", firstName: "Sheilakathryn", lastName: "Butrimovich" };
    const { authToken, correlationId } = await call("verify", asked);
    assert.equal((await call("verify-status", { correlationId })).success, "true");
    const page = await openModule(await open(phone), sandbox);
    const found = await page.evaluate(async (token) => {
      globalThis.rig = new Rig().build().start(token);
      return { outcome: await rig.outcome, asked: rig.asked, finishes: rig.finishes.length };
    }, authToken);
    assert.deepEqual(found, { outcome: { resolved: null }, asked: [], finishes: 1 });
  });

  scenario("a page that gives up leaves Verified Users with a failure, and nobody enrolled", async ({ sandbox, open }) => {
    const number = freshNumber();
    const call = await server(sandbox, "verified-users");
    const asked = { possessionType: "mobile", phoneNumber: number, firstName: "Ada", lastName: "Abbot" };
    const { authToken, correlationId } = await call("verify", asked);
    const page = await openModule(await open(phone), sandbox);
    const failure = await page.evaluate(async (token) => {
      const otpFinish = () => Promise.reject(new Error("no patience"));
      globalThis.rig = new Rig({ otpFinish }).build().start(token);
      await rig.outcome;
      return rig.finishes[0].failure.kind;
    }, authToken);
    assert.equal(failure, "step_failed");
    const failed = { success: "false", possessionResult: "failed", verifyResult: "not_applicable" };
    assert.deepEqual(await call("verify-status", { correlationId }), failed);
  });

  scenario("Unify binds a device by a code; then it is known, until it is revoked", async ({ sandbox, open }) => {
    const number = freshNumber();
    const call = await server(sandbox, "unify");
    const { authToken, correlationId } = await call("unify", { possessionType: "mobile", phoneNumber: number });
    assert.equal((await call("unify-status", { correlationId })).success, "pending");
    const page = await openModule(await open(phone), sandbox);
    await showByCode({ page, sandbox, authToken, number });
    const bound = await call("unify-status", { correlationId });
    assert.deepEqual([bound.success, bound.phoneNumber], ["true", number]);

    const again = await call("unify", { possessionType: "none", phoneNumber: number });
    const found = await page.evaluate(async (token) => {
      globalThis.rig = new Rig().build().start(token);
      return { outcome: await rig.outcome, asked: rig.asked, finishes: rig.finishes.length };
    }, again.authToken);
    assert.deepEqual(found, { outcome: { resolved: null }, asked: [], finishes: 1 }, "the page is done at once");
    const known = await call("unify-status", { correlationId: again.correlationId });
    assert.deepEqual([known.success, known.deviceId, known.proveId], ["true", bound.deviceId, bound.proveId]);
    assert.deepEqual(await call("device/revoke", { deviceId: bound.deviceId }), { success: true });
    const after = await call("unify-status", { correlationId: again.correlationId });
    assert.equal(after.success, "possession_required");
  });
});
