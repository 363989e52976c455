// The search for secrets in logs finds every spelling of a secret, and shows none.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { searchLogs } from "../../scripts/lib/secrets.mjs";
import { Logs } from "../logs/logs.mjs";
import { isSearchable } from "../logs/searchable.mjs";

const token = ["eyJhbGciOiJIUzI1NiJ9", Buffer.from(JSON.stringify({ auth: { id: "a7c1", next: "mobile/otp" } })).toString("base64url"), "q0Zz3mB1kX9yT7wV5uR3"].join(".");
const link = "4f1d9c0ab2e87f6655d0c3b1a2e9f871";

const SECRETS = [
  { kind: "token", value: token },
  { kind: "number", value: "+13035550142" },
  { kind: "code", value: "483920" },
  { kind: "link", value: link },
  { kind: "SSN", value: "369956933" },
  { kind: "client secret", value: "sandbox-secret" },
];

/** Searches a log with these lines. */
async function search(t, lines, { secrets = SECRETS, proofs = [], suites = { one: proofs } } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "handset-logs-"));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "one"));
  if (lines) await writeFile(join(folder, "one", "a.log"), lines.join("\n"));
  if (secrets) await writeFile(join(folder, "one", "a.secrets"), secrets.map((secret) => `${JSON.stringify(secret)}\n`).join(""));
  return searchLogs(suites, folder);
}

for (const [kind, ...lines] of [
  ["token", token, `Bearer ${token}`, `?token=${encodeURIComponent(token)}`, token.slice(30, 62), `the claims ${token.split(".")[1]}`, `sig=${token.split(".")[2]}`],
  ["token", `one that nobody named: ${token.split(".")[0]}.eyJzdWIiOiJzb21lYm9keSJ9.x`],
  ["number", "+13035550142", "to=%2B13035550142", "13035550142", "3035550142", "(303) 555-0142", "303-555-0142", "303.555.0142", "+1 303 555 0142", "1-303-555-0142"],
  ["code", '{"otp":"483920"}', "code 483920 is wrong", "@shop.example #483920", "48-39-20", "typed 483 920"],
  ["link", `/l/${link}`, `GET http://127.0.0.1:8787/l/${link}/x`],
  ["SSN", "369956933", "369-95-6933", "ssn: 369 95 6933"],
  ["client secret", "client_secret=sandbox-secret&x"],
]) {
  test(`a ${kind} is found, and not shown, in: ${lines.length} spellings`, async (t) => {
    for (const line of lines) {
      await assert.rejects(search(t, ["fine", `2026-11-21T10:00:00.123456Z TRACE ${line}`]), (error) => {
        assert.match(error.message, new RegExp(`one/a\\.log:2: a ${kind}$`), line);
        assert.equal(SECRETS.some(({ value }) => error.message.includes(value)), false);
        return true;
      });
    }
  });
}

test("colours do not hide a secret", (t) => assert.rejects(search(t, [`\u001b[3mto\u001b[0m=+1\u001b[1m3035550142\u001b[0m`]), /a number/));

test("text that only looks like a code is no finding: a fraction of a second, a part of an id or of a longer number", async (t) => {
  const lines = ["2026-11-21T10:00:00.483920Z  INFO fine", "took 0.483920 s", "1800000483920", "id 0f483920-1", "4839201"];
  assert.match(await search(t, lines), /^6 secrets, none in 1 logs/);
});

test("a suite without a log, without a secret, or below the trace level fails", async (t) => {
  await assert.rejects(search(t, undefined), /"one" has no log/);
  await assert.rejects(search(t, ["fine"], { secrets: null }), /"one" has declared no secret/);
  await assert.rejects(search(t, ["fine"], { suites: { one: [], two: [] } }), /"two" has declared no secret/);
  await assert.rejects(search(t, [" INFO fine"], { proofs: [/ TRACE /] }), /lack lines of the trace level/);
  assert.match(await search(t, ["2026-11-21T10:00:00.1Z TRACE fine"], { proofs: [/ TRACE /] }), /none in 1 logs/);
});

test("a secret that is too short to distinguish from other text is refused, not ignored", (t) => assert.rejects(search(t, ["fine"], { secrets: [{ kind: "code", value: "1234" }] }), /of 4 characters is too short or too odd/));

const rows = JSON.parse(await readFile(new URL("../logs/searchable.json", import.meta.url), "utf8"));

for (const { kind, value, searchable, why } of rows) {
  test(`a ${kind} ${searchable ? "can" : "cannot"} be searched for: ${why}`, async (t) => {
    assert.equal(isSearchable({ kind, value }), searchable);
    const searched = search(t, [`x ${value} x`], { secrets: [{ kind, value }] });
    await assert.rejects(searched, searchable ? new RegExp(`:1: a ${kind}$`) : /too short or too odd/);
  });
}

test("an unsearchable secret is refused at its declaration, and not shown", () => {
  const logs = new Logs("none");
  for (const { kind, value, searchable } of rows) {
    const name = () => logs.secret(kind, value);
    if (searchable || value === "") name();
    else assert.throws(name, (error) => /too short or too odd/.test(error.message) && !error.message.includes(value));
  }
});
