// The OpenAPI document of the server API against the live sandbox: schemathesis makes requests from the document, single and in
// sequences along its links, and checks every reply against the document.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { root, startSandbox } from "../e2e/sandbox.mjs";
import { prepareJourneys } from "./journeys.mjs";
import { listed, readReport } from "./report.mjs";

/** The folder of the reports, for the analysis of a failure. */
const reports = join(root, "build", "openapi");

/** The runs, each with a configuration file of that name here, and whether journeys are part of it. */
const RUNS = { single: true, sequences: false, "journey-sequences": true };

/** The phases that must exercise every operation, in one run or another. */
const PHASES = ["coverage", "fuzzing", "stateful"];

/**
 * Calls in no sequence: the first of each needs nothing of an earlier one, and so schemathesis would begin every sequence with it.
 * journey-sequences.toml has the same list.
 */
const ALONE_ONLY = ["/v2/auth/otp/send", "/v2/auth/otp/verify", "/v1/sendOTPEmail", "/v1/verifyOTPEmail", "/v1/retryOTPEmail"];

/** A call that succeeds only with the number that two devices show, which a document cannot know. */
const UNGUESSABLE = ["POST /v2/handoff/{handoffId}/confirm"];

/** The credential of each product, with the paths of its allowed calls. */
const CREDENTIALS = {
  "sandbox-identity": /^\/v3\/(start|validate|complete)$/,
  "sandbox-prefill": /^\/v3\/(start|validate|challenge|complete)$/,
  "sandbox-verified-users": /^\/v3\/verify/,
  "sandbox-unify": /^\/v3\/(unify|device)/,
  "sandbox-identity-manager": /^\/v3\/identity/,
};

/** Calls that succeed without earlier calls. */
const ALONE = /^(POST \/v3\/(start|verify|unify|device\/revoke|identity|identity\/batch)|GET \/v3\/identity(|\/\{mobileNumber\}\/lookup))$/;

/** A flow of each product, as links between its calls. */
const FOLLOWED = [
  "POST /v3/start -> POST /v3/validate",
  "POST /v3/validate -> POST /v3/challenge",
  "POST /v3/challenge -> POST /v3/complete",
  "POST /v3/verify -> POST /v3/verify-status",
  "POST /v3/unify -> POST /v3/unify-status",
  "POST /v3/unify -> POST /v3/unify-bind",
  "POST /v3/unify-bind -> POST /v3/device/revoke",
  "POST /v3/identity -> GET /v3/identity/{identityId}",
  "POST /v3/identity -> DELETE /v3/identity/{identityId}",
  "POST /v2/auth/token -> POST /v2/state-reset/options",
  "POST /v2/transaction-state/get -> POST /v2/transaction-state/put",
  "POST /v2/transaction-state/get -> POST /v2/check-session",
];

/** Checks that must have run. A renamed check would otherwise pass without a run. */
const CHECKS = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_headers_conformance",
  "response_schema_conformance",
  "positive_data_acceptance",
  "ignored_auth",
  "use_after_free",
  "ensure_resource_availability",
];

async function accessToken(origin, clientId) {
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id: clientId, client_secret: "sandbox-secret" });
  const response = await fetch(`${origin}/token`, { method: "POST", body });
  assert.equal(response.status, 200);
  return (await response.json()).access_token;
}

/** A configuration file of this folder. */
const configuration = (name) => fileURLToPath(new URL(`${name}.toml`, import.meta.url));

/** The configuration of a run with that of journeys, which names what was prepared for this run. */
async function withJourneys(name, prepared) {
  const [own, journeys] = await Promise.all([name, "journeys"].map((each) => readFile(configuration(each), "utf8")));
  const filled = journeys.replaceAll(/\{\{(\w+)\}\}/g, (_, placeholder) => {
    assert.ok(placeholder in prepared, placeholder);
    return prepared[placeholder];
  });
  const folder = join(reports, name);
  await mkdir(folder, { recursive: true });
  const file = join(folder, "config.toml");
  await writeFile(file, own + filled);
  return file;
}

/** Runs schemathesis with a configuration; resolves with its report. A failure has the whole output in its error. */
async function run(name, origin, tokens, config) {
  const program = process.env.SCHEMATHESIS;
  assert.ok(program, "SCHEMATHESIS is not set. Run this with: npm test -- --only openapi");
  const folder = join(reports, name);
  await mkdir(folder, { recursive: true });
  const args = ["--config-file", config, "run", `${origin}/openapi.json`, "--report", "ndjson", "--report-dir", folder, "--no-color"];
  const child = spawn(program, args, {
    // Files that schemathesis or hypothesis may write go there too.
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...tokens, NO_PROXY: "127.0.0.1", PYTHONUTF8: "1" },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (chunk) => (said += chunk));
  const [code] = await once(child, "close");
  assert.equal(code, 0, `${name}:\n${said}`);
  const [file] = (await readdir(folder)).filter((report) => report.startsWith("ndjson"));
  return { tested: said.match(/^ +\d+ generated, .*$/m)?.[0].trim(), ...(await readReport(join(folder, file))) };
}

/** Access tokens by environment variable: `UNIFY_TOKEN` for `sandbox-unify`. */
async function accessTokens(origin) {
  const name = (clientId) => `${clientId.replace(/^sandbox-/, "").replaceAll("-", "_").toUpperCase()}_TOKEN`;
  const tokens = ["sandbox", ...Object.keys(CREDENTIALS)].map(async (clientId) => [name(clientId), await accessToken(origin, clientId)]);
  return Object.fromEntries(await Promise.all(tokens));
}

/** Method and path of every call in the document. */
async function documentedBy(sandbox) {
  const { paths } = await sandbox.call("/openapi.json");
  const documented = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
  assert.ok(documented.length >= 41, `${documented.length} operations`);
  return documented;
}

let sandbox;

before(async () => {
  await rm(reports, { recursive: true, force: true });
  sandbox = await startSandbox({ www: join(root, "docs") });
});

after(() => sandbox?.stop());

test("every reply is as documented, to every operation, alone and along the links", async () => {
  const tokens = await accessTokens(sandbox.origin);
  const prepared = await prepareJourneys(sandbox);
  const each = async ([name, hasJourneys]) => {
    const config = hasJourneys ? await withJourneys(name, prepared) : configuration(name);
    return [name, await run(name, sandbox.origin, tokens, config)];
  };
  const done = await Promise.all(Object.entries(RUNS).map(each));
  const runs = Object.fromEntries(done);
  for (const [name, { tested }] of done) console.log(`${name}: ${tested}`);

  const documented = await documentedBy(sandbox);
  for (const operation of documented) {
    const statuses = new Map();
    const phases = new Set();
    for (const { operations } of Object.values(runs)) {
      const exercised = operations.get(operation);
      for (const phase of exercised?.phases.keys() ?? []) phases.add(phase);
      for (const [status, times] of exercised?.statuses ?? []) statuses.set(status, (statuses.get(status) ?? 0) + times);
    }
    if (ALONE_ONLY.includes(operation.split(" ")[1])) phases.add("stateful");
    for (const phase of PHASES) assert.ok(phases.has(phase), `${operation} was not exercised in the phase "${phase}"`);
    console.log(`${operation}: ${listed(statuses)}`);
    const succeeds = [...statuses.keys()].some((status) => status >= 200 && status < 300);
    assert.ok(succeeds || UNGUESSABLE.includes(operation), `${operation} never succeeded`);
  }
  for (const check of CHECKS) assert.ok(done.some(([, { checks }]) => checks.has(check)), `the check "${check}" was never made`);
  const links = new Map([...runs.sequences.links, ...runs["journey-sequences"].links]);
  console.log(`Links that led to a success: ${listed(links)}`);
  for (const link of FOLLOWED) assert.ok(links.has(link), `no request along ${link} succeeded`);
});

test("the credential of a product makes the calls of that product only, and every reply is as documented", async () => {
  const documented = await documentedBy(sandbox);
  const runs = Object.entries(CREDENTIALS).map(async ([clientId, own]) => {
    const tokens = { CREDENTIAL_TOKEN: await accessToken(sandbox.origin, clientId) };
    const { tested, operations } = await run(clientId, sandbox.origin, tokens, configuration("credentials"));
    console.log(`${clientId}: ${tested}`);
    // Journeys have apps, and no credentials of products.
    for (const operation of documented.filter((operation) => operation.includes(" /v3/"))) {
      const statuses = [...(operations.get(operation)?.statuses.keys() ?? [])];
      const said = `${operation} as ${clientId}: ${statuses}`;
      const has = (from, to) => statuses.some((status) => status >= from && status <= to);
      if (!own.test(operation.split(" ")[1])) assert.ok(has(403, 403) && !has(200, 299), said);
      else assert.ok(ALONE.test(operation) ? has(200, 299) : has(200, 400) || has(404, 404), said);
    }
  });
  await Promise.all(runs);
});
