// The example receiver, sandbox/examples/receiver.mjs, against the sandbox's binary.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { isAuthentic, receiver } from "../../sandbox/examples/receiver.mjs";
import { logs } from "./recorder.mjs";
import { root, startSandbox } from "./sandbox.mjs";

const SECRET = "whsec_ZTJlLXdlYmhvb2stc2VjcmV0LW5vYm9keXM=";
/** Timeout of every wait, in ms. */
const PATIENCE_MS = 20_000;
/** The sandbox's pauses before the second and the third attempt, in s. */
const PAUSES = [5, 25];

logs.secret("webhook secret", SECRET);

let numbersGiven = 0;
function freshNumber() {
  const number = `303556${String(++numbersGiven).padStart(4, "0")}`;
  logs.secret("number", number);
  return number;
}

/** Starts the receiver on a free port, behind a server that applies `manners` to the first requests and passes on the rest. */
async function startReceiver(manners, onEvent) {
  const told = [];
  const handle = receiver(SECRET, async (event) => {
    await onEvent?.(event);
    told.push(event);
  });
  const requests = [];
  const server = createServer((request, response) => {
    requests.push({ correlationId: request.headers["x-correlation-id"] });
    logs.secret("token", request.headers["x-prove-authorization"]?.replace("Bearer ", ""));
    (manners.shift() ?? ((_, pass) => pass(response)))(request, (to) => handle(request, to), response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}/hook`,
    told,
    requests,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A response object that discards the receiver's reply. */
const nobody = (done) => ({ writeHead: () => ({ end: done }) });

/** Answers 503 without passing the request on. */
const fails = (request, pass, response) => request.resume().on("end", () => response.writeHead(503, { Connection: "close" }).end());
/** Passes the request on, and loses the reply. */
const loses = (request, pass) => pass(nobody(() => request.socket.destroy()));
/** Passes the request on, and replies after the sandbox has closed the connection. */
const isLate = (request, pass, response) => {
  request.socket.on("close", () => response.end());
  pass(nobody(() => {}));
};

async function until(condition) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const result = await condition();
    if (result) return result;
    assert.ok(Date.now() < deadline, "it takes too long");
  }
}

describe("the example receiver", () => {
  let sandbox;
  before(async () => {
    sandbox = await startSandbox({ config: "[webhook]\ntimeout_seconds = 3\n" });
  });
  after(() => sandbox?.stop());

  /** A project with a webhook and an enrolled number. */
  async function enrolled(name, url) {
    const project = sandbox.inProject(name);
    const put = await fetch(`${sandbox.origin}/sandbox/webhook?project=${name}`, {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ url, secret: SECRET }),
    });
    assert.deepEqual([put.status, await put.json()], [200, { url }]);
    const form = new URLSearchParams({ grant_type: "client_credentials", client_id: "sandbox-identity-manager", client_secret: "sandbox-secret" });
    const { access_token: token } = await (await fetch(`${sandbox.origin}/token`, { method: "POST", body: form })).json();
    logs.secret("token", token);
    const phoneNumber = freshNumber();
    const reply = await fetch(`${sandbox.origin}/v3/identity?project=${name}`, {
      method: "POST",
      headers: { "Authorization": `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ phoneNumber }),
    });
    const { identityId } = await reply.json();
    return { project, phoneNumber, identityId };
  }

  /** The only delivery of a project, after so many attempts. */
  const tried = (project, attempts) =>
    until(async () => {
      const [delivery, ...others] = await project.call("/sandbox/webhook/deliveries");
      assert.equal(others.length, 0);
      return delivery?.attempts.length === attempts && delivery;
    });

  /** The outcomes of an event's attempts, the first of which meet `manners`. */
  async function delivered(name, manners, body) {
    const attempts = manners.length + 1;
    const webhook = await startReceiver([...manners]);
    try {
      const { project, phoneNumber, identityId } = await enrolled(name, webhook.url);
      const triggered = await project.call("/sandbox/webhook/events", { phoneNumber, ...body });
      assert.equal(triggered.isSent, true);
      for (let attempt = 1; attempt < attempts; attempt++) {
        await tried(project, attempt);
        await project.advance(PAUSES[attempt - 1]);
      }
      const delivery = await tried(project, attempts);
      assert.equal(delivery.status, "delivered");
      // Each event once, with the id from the trigger's reply, regardless of the number of attempts.
      assert.deepEqual(webhook.told, delivery.events);
      assert.deepEqual(webhook.told.map(({ eventId, identityId }) => [eventId, identityId]), [[triggered.eventIds[0], identityId]]);
      const names = webhook.requests.map(({ correlationId }) => correlationId);
      assert.deepEqual(names, delivery.attempts.map(({ correlationId }) => correlationId));
      assert.equal(new Set(names).size, attempts);
      return delivery.attempts.map(({ outcome, statusCode }) => statusCode ?? outcome);
    } finally {
      webhook.close();
    }
  }

  test("gets an event at the third attempt when it has failed twice", async () => {
    assert.deepEqual(await delivered("fails", [fails, fails], { type: "PORT" }), [503, 503, 204]);
  });

  test("does its work once when its reply is late", async () => {
    assert.deepEqual(await delivered("late", [isLate], { type: "DISCONNECT" }), ["timed_out", 204]);
  });

  test("does its work once when its reply is lost, twice", async () => {
    const body = { type: "PHONE_NUMBER_CHANGE", newPhoneNumber: freshNumber() };
    assert.deepEqual(await delivered("loses", [loses, loses], body), ["connection_lost", "connection_lost", 204]);
  });

  test("gets an event again when its own work has failed", async () => {
    let failures = 1;
    const webhook = await startReceiver([], () => {
      if (failures-- > 0) throw new Error("the database is away");
    });
    try {
      const { project, phoneNumber } = await enrolled("work", webhook.url);
      await project.call("/sandbox/webhook/events", { type: "PORT", phoneNumber });
      assert.equal((await tried(project, 1)).attempts[0].statusCode, 500);
      assert.deepEqual(webhook.told, []);
      await project.advance(PAUSES[0]);
      assert.equal((await tried(project, 2)).status, "delivered");
      assert.equal(webhook.told.length, 1);
    } finally {
      webhook.close();
    }
  });

  test("takes several events in one request", async () => {
    const webhook = await startReceiver([loses]);
    try {
      const { project } = await enrolled("several", webhook.url);
      const { eventIds } = await project.call("/sandbox/webhook/events", { type: "TEST", count: 5 });
      await tried(project, 1);
      await project.advance(PAUSES[0]);
      assert.equal((await tried(project, 2)).status, "delivered");
      assert.deepEqual(webhook.told.map(({ eventId }) => eventId), eventIds);
    } finally {
      webhook.close();
    }
  });

  test("runs as its head says", async () => {
    const child = spawn(process.execPath, [join(root, "sandbox", "examples", "receiver.mjs"), "0"], {
      env: { ...process.env, WEBHOOK_SECRET: SECRET },
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
      const line = async () => {
        const { value } = await lines.next();
        logs.write("receiver", `${value}\n`);
        return value;
      };
      const url = /^receiving on (\S+)$/.exec(await line())[1];
      const { project, phoneNumber } = await enrolled("alone", `${url}/`);
      const { eventIds } = await project.call("/sandbox/webhook/events", { type: "LINE_TYPE_CHANGE", phoneNumber });
      assert.equal(await line(), `LINE_TYPE_CHANGE ${eventIds[0]}`);
      const forged = await fetch(url, { method: "POST", headers: { "X-Prove-Authorization": "Bearer a.b.c" }, body: "[]" });
      assert.equal(forged.status, 401);
    } finally {
      child.kill();
    }
  });
});

describe("the example receiver on its own", () => {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = 1_800_000_000;
  const good = { iss: "Prove Identity", iat: now, exp: now + 60 };
  const sign = (claims, { alg = "HS256", secret = SECRET, hash = "sha256" } = {}) => {
    const signed = `${part({ typ: "JWT", alg })}.${part(claims)}`;
    return `Bearer ${signed}.${createHmac(hash, secret).update(signed).digest("base64url")}`;
  };

  test("lets in a journey's event, which comes alone, and refuses what is no event", async () => {
    const webhook = await startReceiver([]);
    const post = async (body) => {
      const token = sign({ ...good, exp: Math.floor(Date.now() / 1000) + 60 });
      const reply = await fetch(webhook.url, { method: "POST", headers: { "X-Prove-Authorization": token }, body: JSON.stringify(body) });
      return reply.status;
    };
    try {
      const event = { eventId: "e-1", eventType: "JOURNEY_FINISHED", status: "auto_approved" };
      assert.deepEqual([await post(event), await post(event)], [204, 204]);
      assert.deepEqual(webhook.told, [event]);
      for (const body of [null, 7, {}, [{}], [event, null]]) assert.equal(await post(body), 400, JSON.stringify(body));
    } finally {
      webhook.close();
    }
  });

  test("takes what the sandbox signs", () => {
    assert.equal(isAuthentic(sign(good), SECRET, now), true);
  });

  test("refuses every other token", () => {
    const unsigned = `Bearer ${part({ alg: "none" })}.${part(good)}.`;
    const cases = {
      "none at all": undefined,
      "no token": "Bearer x",
      "unsigned": unsigned,
      "another algorithm, said": sign(good, { alg: "none" }),
      "another algorithm, used": sign(good, { alg: "HS512", hash: "sha512" }),
      "another secret": sign(good, { secret: `${SECRET}x` }),
      "the secret without its beginning": sign(good, { secret: SECRET.replace("whsec_", "") }),
      "another issuer": sign({ ...good, iss: "Somebody" }),
      "no end": sign({ iss: good.iss }),
      "one that was good once": sign({ ...good, exp: now - 60 }),
      "a signature that was cut": sign(good).slice(0, -4),
      "other claims": sign(good).replace(part(good), part({ ...good, exp: now + 9_999 })),
      "claims that are no JSON": `Bearer ${Buffer.from("x").toString("base64url")}.x.x`,
    };
    for (const [what, header] of Object.entries(cases)) assert.equal(isAuthentic(header, SECRET, now), false, what);
  });
});
