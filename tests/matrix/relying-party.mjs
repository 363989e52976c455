// A relying party's server: starts sessions at the sandbox and validates them.
import { Logs } from "../logs/logs.mjs";

export const logs = new Logs("matrix");

/** A test user, whose code is 1234. */
const NUMBER = "2001001693";

/** A session, for a row. */
class Session {
  #call;
  #correlationId;

  constructor(call, { authToken, correlationId }) {
    this.authToken = authToken;
    this.#call = call;
    this.#correlationId = correlationId;
  }

  /** Fails unless Validate succeeds. */
  async mustBeVerified() {
    const { success } = await this.#call("/v3/validate", { correlationId: this.#correlationId });
    if (success !== true) throw new Error(`validate says success: ${success}`);
  }
}

export class RelyingParty {
  #sandbox;
  #accessToken;

  constructor(sandbox) {
    this.#sandbox = sandbox;
    logs.secret("number", NUMBER);
  }

  async #post(path, headers, body) {
    const response = await fetch(this.#sandbox.origin + path, { method: "POST", headers, body });
    if (!response.ok) throw new Error(`${path}: HTTP ${response.status} ${await response.text()}`);
    return response.json();
  }

  async #grant() {
    const form = new URLSearchParams({ grant_type: "client_credentials", client_id: "sandbox", client_secret: "sandbox-secret" });
    const { access_token: token } = await this.#post("/token", {}, form);
    logs.secret("token", token);
    return token;
  }

  /** Starts a session with a code or (`desktop`) a link. */
  async start(flowType = "mobile") {
    this.#accessToken ??= this.#grant();
    const headers = { "Authorization": `Bearer ${await this.#accessToken}`, "Content-Type": "application/json" };
    const call = (path, body) => this.#post(path, headers, JSON.stringify(body));
    const started = await call("/v3/start", { flowType, phoneNumber: NUMBER, ...(flowType === "desktop" && { finalTargetUrl: `${this.#sandbox.origin}/` }) });
    logs.secret("token", started.authToken);
    return new Session(call, started);
  }

  /** Opens the link of the first SMS after `since`, as a phone would. */
  async openLink(since) {
    const { url } = await this.#sandbox.sms(NUMBER, since);
    await this.#sandbox.open(url);
  }

  /** The newest SMS so far, for {@link openLink}. */
  async newestSms() {
    return (await this.#sandbox.messages(NUMBER)).reduce((newest, message) => (message.id > newest.id ? message : newest), { id: 0 });
  }
}
