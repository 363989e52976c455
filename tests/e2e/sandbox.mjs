// Starts the real sandbox binary, one per test file, on a free port.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { logs, noteMessage } from "./recorder.mjs";

export const root = fileURLToPath(new URL("../../", import.meta.url));

const binary = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "server", "handset-sandbox");

/** Timeout for an SMS, in s, far above its usual delay. */
const SMS_WAIT_SECONDS = 20;

/** Timeout for the ready line, in ms: a set-up fails and does not hang. */
const READY_MS = 30_000;

/** Length of the shown end of a failed sandbox's log, in characters. */
const LOG_SHOWN = 20_000;

/**
 * Starts a sandbox and resolves after its ready line.
 *
 * @param {object} [options]
 * @param {string} [options.www] the folder of the pages
 * @param {string} [options.config] the text of the configuration file
 * @param {string[]} [options.flags] more flags
 * @param {boolean} [options.tls] whether to serve https, with a local CA that this process then trusts
 */
export async function startSandbox({ www = join(root, "www", "dist"), config = "", flags = [], tls = false } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "handset-e2e-"));
  const file = join(folder, "sandbox.toml");
  await writeFile(file, config);
  const given = ["--listen", "127.0.0.1:0", "--www", www, "--config", file, "--rate-limit", "off", ...flags];
  if (tls) given.push("--tls-self-signed", "--data", folder);
  const child = spawn(binary, given, {
    stdio: ["ignore", "pipe", "pipe"],
    // The full log, for the search for secrets.
    env: { ...process.env, RUST_LOG: "trace" },
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    log = (log + chunk).slice(-LOG_SHOWN);
    logs.write("sandbox", chunk);
  });
  const exited = once(child, "exit");
  const ready = once(createInterface(child.stdout), "line", { signal: AbortSignal.timeout(READY_MS) }).catch(() => {
    child.kill("SIGKILL");
    throw new Error(`the sandbox was not ready within ${READY_MS} ms:\n${log}`);
  });
  const [line] = await Promise.race([
    ready,
    once(child, "error").then(([error]) => Promise.reject(new Error(`${binary}: ${error.message}. Build it with: npm test -- --only sandbox`))),
    exited.then(() => Promise.reject(new Error(`the sandbox ended before it was ready:\n${log}`))),
  ]);
  const origin = /^handset-sandbox listening on (https?:\/\/\S+)$/.exec(line)?.[1];
  if (!origin) throw new Error(`the sandbox's ready line has an unknown format: ${line}`);
  const fetcher = tls ? trusting(await readFile(join(folder, "tls", "ca", "ca.pem"))) : fetch;
  const sandbox = new Sandbox(origin, child, fetcher, async () => {
    // A killed sandbox has no exit code to check.
    const isKilled = child.signalCode === "SIGKILL";
    if ((child.exitCode ?? child.signalCode) === null) await sandbox.noteSecrets();
    child.kill("SIGTERM");
    const [code, signal] = await exited;
    await rm(folder, { recursive: true });
    if (code !== 0 && !isKilled) throw new Error(`the sandbox ended with ${code ?? signal}, not with 0:\n${log}`);
  });
  return sandbox;
}

/** A minimal fetch that trusts only this CA. */
const trusting = (ca) => async (url, { method, headers, body } = {}) => {
  const sent = request(url, { method, headers, ca, agent: false });
  sent.end(body);
  const [reply] = await once(sent, "response");
  const chunks = await reply.toArray();
  const isEmpty = reply.statusCode === 204;
  return new Response(isEmpty ? null : Buffer.concat(chunks), { status: reply.statusCode });
};

class Sandbox {
  #child;
  #fetch;
  #stop;
  #project = "";
  /** The views of this sandbox's other projects. */
  #others = [];

  constructor(origin, child, fetcher, stop) {
    this.origin = origin;
    this.#child = child;
    this.#fetch = fetcher;
    this.#stop = stop;
  }

  /** Stops the process until resume(): connections stay open, and nothing is read or written. */
  pause() {
    this.#child.kill("SIGSTOP");
  }

  resume() {
    this.#child.kill("SIGCONT");
  }

  /** Kills the process. The caller must still call stop(). */
  async kill() {
    await this.noteSecrets();
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }

  /** Ends the process cleanly; a second call waits for the same end. */
  stop() {
    this.stopping ??= this.#stop();
    return this.stopping;
  }

  /** The same sandbox, with the messages, clock, faults, sessions and reset of a project. */
  inProject(name) {
    const other = new Sandbox(this.origin, this.#child, this.#fetch, () => this.stop());
    other.#project = name;
    this.#others.push(other);
    return other;
  }

  async call(path, body, method = body === undefined ? "GET" : "POST") {
    const fetcher = this.#fetch;
    const response = await fetcher(this.origin + path, {
      method,
      headers: { "Content-Type": "application/json", ...(this.#project && { "Handset-Project": this.#project }) },
      body: body && JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: HTTP ${response.status} ${await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  }

  /** Declares the secrets of all SMS, for the search in the logs. */
  async noteSecrets() {
    for (const message of await this.call("/sandbox/messages")) noteMessage(message);
    for (const other of this.#others) await other.noteSecrets();
  }

  /** Every SMS to a number so far. */
  async messages(to, query = "") {
    const found = await this.call(`/sandbox/messages?to=${encodeURIComponent(to)}${query}`);
    found.forEach(noteMessage);
    return found;
  }

  /** Waits for the next SMS to a number after the SMS `after`. */
  async sms(to, after = { id: 0 }) {
    const found = await this.messages(to, `&since=${after.id}&wait=${SMS_WAIT_SECONDS}`);
    if (found.length === 0) throw new Error(`no SMS to ${to} within ${SMS_WAIT_SECONDS} s`);
    return found[0];
  }

  /** Moves the sandbox's clock, which all lifetimes use. */
  advance(advanceSeconds) {
    return this.call("/sandbox/clock", { advanceSeconds });
  }

  /** Replaces the settings of Mobile Auth. */
  settings(values) {
    return this.call("/sandbox/settings", values, "PUT");
  }

  /** Deletes sessions, messages and settings, and resets the clock. */
  async reset() {
    await this.noteSecrets();
    return this.call("/sandbox/reset", {});
  }

  /** Starts a session as a relying party's server does. Codes have six digits, so that the search for secrets finds no other text. */
  async start(request) {
    const started = await this.call("/demo/start", { smsMessage: "Code or link: ######", ...request });
    logs.secret("token", started.authToken);
    return started;
  }

  validate(correlationId) {
    return this.call("/demo/verify", { correlationId });
  }

  /** Opens a link as a phone would, without a browser. */
  open(url, method = "GET") {
    const fetcher = this.#fetch;
    return fetcher(url, { method, redirect: "manual" });
  }
}
