// What the pages of the slow phone share.

const CODE = "1234";

export async function post(path, body, headers = {}) {
  const init = { method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json", ...headers }, body: JSON.stringify(body) };
  return (await fetch(path, init)).json();
}

/** Asks for an authToken. The number is that of a test user whose code is 1234. */
export const start = () => post("/demo/start", { flowType: "mobile", phoneNumber: "2001001693" });

export const builder = ({ AuthenticatorBuilder }) =>
  new AuthenticatorBuilder().withAuthFinishStep(() => {}).withOtpFallback(() => null, () => ({ resultType: 0, input: { otp: CODE } }));

export async function twoRequests(authToken) {
  const headers = { Authorization: `Bearer ${authToken}` };
  await post("/v1/client/mobile/otp/start", {}, headers);
  await post("/v1/client/mobile/otp/finish", { otp: CODE }, headers);
}
