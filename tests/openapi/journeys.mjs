// Journeys for the calls that need one: transactions, tokens, codes and handoffs, prepared before schemathesis runs.
import assert from "node:assert/strict";

const APP = { appId: "sandbox-app", appKey: "sandbox-app-key" };
/** A test user, whose codes are known. */
const TEST_USER = "2001004009";
/** Numbers and addresses of one use each. */
const RESENT_NUMBER = "5005550006";
const PROVED_NUMBER = "5005550007";

/** A workflow that allows what the document describes. */
const WORKFLOW = {
  id: "documented",
  handoff: "same-owner",
  handoffUrl: "http://127.0.0.1:8787/journey",
  properties: {
    dashboardStateReset: { enable: true },
    serverSideResume: { enable: true, auth: { triggerModuleId: "document", channels: ["mobile", "email"] } },
  },
  modules: [{ id: "phone" }, { id: "document" }, { id: "review", outcomeFrom: "server" }],
};

/**
 * Prepares the journeys.
 *
 * @returns {Promise<Record<string, string>>} what the configurations name in double braces
 */
export async function prepareJourneys(sandbox) {
  const post = async (path, body, headers = {}) => {
    const response = await fetch(sandbox.origin + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    const reply = await response.json();
    assert.ok(response.ok, `${path}: ${JSON.stringify(reply)}`);
    return reply.result ?? reply;
  };
  const token = async (transactionId, more = {}) => {
    const body = { ...APP, transactionId, workflowId: WORKFLOW.id, authenticateOnResume: "no", ...more };
    return (await post("/v2/auth/token", body)).authToken;
  };
  const page = (path, body, authorization, more) => post(path, body, { authorization, ...more });
  const server = (path, transactionId, body) => post(path, body, { appid: APP.appId, appkey: APP.appKey, transactionid: transactionId });
  const save = async (authorization, module = "phone") => {
    const { revision, sessionId } = await page("/v2/transaction-state/get", { inputs: {} }, authorization);
    const body = { revision, modules: { [module]: { action: "put" } } };
    await page("/v2/transaction-state/put", body, authorization, { "x-cpr-session-id": sessionId });
  };
  const handoff = async (authorization) => {
    const { handoffId, url } = await page("/v2/handoff", {}, authorization);
    return { id: handoffId, secret: new URL(url).hash.slice(1).replace(/^.*=/, "") };
  };

  await sandbox.call(`/sandbox/workflows/${WORKFLOW.id}`, WORKFLOW, "PUT");
  for (const id of ["shown", "erased", "linked"]) await token(id);
  // An outcome of the server is that of a save.
  await save(await token("reviewed"), "review");
  await save(await token("reset"));
  const pageToken = await token("paged");

  const resumed = await token("resumed", { authenticateOnResume: "yes", mobileNumber: TEST_USER });
  await save(resumed);
  await page("/v2/auth/otp/send", { channel: "mobile" }, resumed);

  // The journey of the examples, whose outputs are for the test user.
  const shown = await token("transaction-1", { workflowId: "onboarding", authenticateOnResume: "yes" });
  await save(shown);
  await server("/v1/verifyMobileSendOtp", "transaction-1", { templateId: "otp", mobileNumber: TEST_USER });
  await server("/v1/verifyMobileOtp", "transaction-1", { mobileNumber: TEST_USER, otp: "123456" });
  await sandbox.call("/sandbox/clock", { advanceSeconds: 31 });

  await token("coded");
  await server("/v1/verifyMobileSendOtp", "coded", { templateId: "otp", mobileNumber: TEST_USER, otpExpiry: 60 });
  await server("/v1/verifyMobileSendOtp", "coded", { templateId: "otp", mobileNumber: RESENT_NUMBER, otpExpiry: 60 });
  const verified = await server("/v1/sendOTPEmail", "coded", { email: "verified@example.com" });
  const retried = await server("/v1/sendOTPEmail", "coded", { email: "retried@example.com" });
  const [message] = await sandbox.messages("verified@example.com");
  // Another code to the same contact may be sent.
  await sandbox.call("/sandbox/clock", { advanceSeconds: 31 });

  const proved = await possession(sandbox);
  const [followed, opened] = [await handoff(pageToken), await handoff(pageToken)];
  return {
    JOURNEY_TOKEN: pageToken,
    RESUMED_TOKEN: resumed,
    EMAIL_REQUEST: verified.reqId,
    EMAIL_CODE: message.code,
    RETRIED_REQUEST: retried.reqId,
    CORRELATION_ID: proved,
    HANDOFF_ID: followed.id,
    HANDOFF_SECRET: opened.secret,
    RESENT_NUMBER,
  };
}

/** The correlationId of a possession check that Validate has passed. */
async function possession(sandbox) {
  const json = async (path, body, authorization) => {
    const isForm = body instanceof URLSearchParams;
    const headers = { ...(authorization && { authorization }), ...(!isForm && { "Content-Type": "application/json" }) };
    const response = await fetch(sandbox.origin + path, { method: "POST", headers, body: isForm ? body : JSON.stringify(body) });
    assert.equal(response.status, 200, path);
    return response.json();
  };
  const credential = { grant_type: "client_credentials", client_id: "sandbox", client_secret: "sandbox-secret" };
  const { access_token: accessToken } = await json("/token", new URLSearchParams(credential));
  const started = await json("/v3/start", { flowType: "mobile", phoneNumber: PROVED_NUMBER }, `Bearer ${accessToken}`);
  const client = (path, body) => json(`/v1/client/${path}`, body, `Bearer ${started.authToken}`);
  await client("mobile/otp/start", {});
  const { code } = await sandbox.sms(PROVED_NUMBER);
  await client("mobile/otp/finish", { otp: code });
  const validated = await json("/v3/validate", { correlationId: started.correlationId }, `Bearer ${accessToken}`);
  assert.equal(validated.success, true);
  return started.correlationId;
}
