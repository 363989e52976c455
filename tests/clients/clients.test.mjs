// Clients of other languages against the live sandbox: a token, Start and Validate. The test runs the Python and Java clients.
// It sends the recorded requests of the Go and PHP clients byte for byte. The requests of .NET's client are not recorded:
// they are written from its documented wire format.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startSandbox } from "../e2e/sandbox.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const run = promisify(execFile);

let sandbox;

before(async () => {
  sandbox = await startSandbox({ www: here });
});

after(() => sandbox.stop());

/** Runs the program in the environment variable `name`; returns its lines, one for each successful part. */
async function ran(name, ...args) {
  const program = process.env[name];
  assert.ok(program, `${name} is not set. Run this with: npm test -- --only clients`);
  const env = { ...process.env, NO_PROXY: "127.0.0.1", PYTHONUTF8: "1", OAUTHLIB_INSECURE_TRANSPORT: "1", AUTHLIB_INSECURE_TRANSPORT: "1" };
  const { stdout } = await run(program, [...args, sandbox.origin], { env, timeout: 120_000 });
  return stdout.trim().split(/\r?\n/);
}

test("requests-oauthlib, Authlib, requests and httpx for Python", async () => {
  const worked = await ran("CLIENTS_PYTHON", join(here, "python", "flow.py"));
  assert.equal(worked.length, 7, worked.join("\n"));
});

test("java.net.http", async () => {
  const worked = await ran("JAVA", join(here, "java", "Flow.java"));
  assert.deepEqual(worked, ["credential in the form", "credential in HTTP Basic", "HTTP/1.1 alone", "a refusal"]);
});

/** Sends bytes; resolves with the status and JSON of the reply. */
async function send(bytes) {
  const { hostname, port } = new URL(sandbox.origin);
  const socket = connect(Number(port), hostname);
  socket.write(bytes);
  let reply = "";
  for await (const chunk of socket.setEncoding("utf8")) {
    reply += chunk;
    const [head, body] = reply.split("\r\n\r\n", 2);
    const length = /^content-length: *(\d+)/im.exec(head)?.[1];
    if (body !== undefined && Buffer.byteLength(body) === Number(length)) {
      socket.destroy();
      return { status: Number(head.split(" ")[1]), json: JSON.parse(body) };
    }
  }
  throw new Error(`the reply broke off: ${reply}`);
}

const REQUESTS = {
  "recorded/go": "golang.org/x/oauth2, as recorded",
  "recorded/php": "PHP's curl, as recorded",
  "documented/dotnet": ".NET's HttpClient, as documented",
};

for (const [folder, what] of Object.entries(REQUESTS)) {
  test(what, async () => {
    const place = join(here, folder);
    const files = (await readdir(place)).filter((name) => name.endsWith(".http")).sort();
    const paths = [];
    const given = { access_token: "", correlation_id: "" };
    let last;
    for (const file of files) {
      const request = await readFile(join(place, file), "latin1");
      paths.push(request.split(" ", 2)[1]);
      const bytes = request.replaceAll(/\{(access_token|correlation_id)\}/g, (_, name) => given[name]);
      last = await send(Buffer.from(bytes, "latin1"));
      assert.equal(last.status, 200, `${file}: ${JSON.stringify(last.json)}`);
      given.access_token ||= last.json.access_token;
      given.correlation_id ||= last.json.correlationId;
    }
    assert.deepEqual(paths, ["/token", "/v3/start", "/v3/validate"]);
    assert.equal(last.json.success, true);
  });
}
