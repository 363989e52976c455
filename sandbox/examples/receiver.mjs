// A webhook receiver without dependencies: checks who signed, drops what it has seen, and answers at once.
//
//   WEBHOOK_SECRET=whsec_… node sandbox/examples/receiver.mjs [port]
//
// docs/webhooks.md says how to point the sandbox at it.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

/** Longest body, in bytes. */
const BODY_BYTES = 256 * 1024;
/** How far the sender's clock may be off, in s. */
const LEEWAY_SECONDS = 5;
/** How many ids of events are remembered: far more than can be under way. */
const REMEMBERED = 10_000;

const json = (part) => JSON.parse(Buffer.from(part, "base64url").toString("utf8"));

/**
 * Whether a token was signed with the secret, by whom it should be, and is still good.
 *
 * @param {string | undefined} header what stands in X-Prove-Authorization
 * @param {string} secret the whole text, `whsec_` too
 * @param {number} now in s since the epoch
 */
export function isAuthentic(header, secret, now = Date.now() / 1000) {
  const [, signed, signature] = /^Bearer ([\w-]+\.[\w-]+)\.([\w-]+)$/.exec(header ?? "") ?? [];
  if (!signed) return false;
  const expected = createHmac("sha256", secret).update(signed).digest();
  const given = Buffer.from(signature, "base64url");
  // In constant time: how long it takes tells nothing of how much was right.
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
  try {
    const [header, claims] = signed.split(".").map(json);
    // The one algorithm that was agreed on, whatever the token says of itself.
    return header.alg === "HS256" && claims.iss === "Prove Identity" && typeof claims.exp === "number" && now < claims.exp + LEEWAY_SECONDS;
  } catch {
    return false;
  }
}

/** The whole body as text; undefined if it is too long. */
async function read(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * A handler for `http.createServer`. An event counts as seen once `onEvent` has returned: if that fails, the answer is 500
 * and the event comes again. What was seen is remembered in memory here; keep it where your data is, in the same
 * transaction as what an event changes.
 *
 * @param {string} secret
 * @param {(event: object) => void | Promise<void>} onEvent gets every event once
 */
export function receiver(secret, onEvent) {
  /** The work on each event, by its id: a repeat that comes while it lasts waits for the same. */
  const seen = new Map();

  function once(event) {
    let work = seen.get(event.eventId);
    if (!work) {
      work = Promise.resolve(event).then(onEvent);
      seen.set(event.eventId, work);
      work.catch(() => seen.delete(event.eventId));
      if (seen.size > REMEMBERED) seen.delete(seen.keys().next().value);
    }
    return work;
  }

  async function status(request) {
    if (request.method !== "POST") return 405;
    if (!isAuthentic(request.headers["x-prove-authorization"], secret)) return 401;
    const body = await read(request);
    if (body === undefined) return 413;
    let events;
    try {
      events = JSON.parse(body);
    } catch {
      return 400;
    }
    if (!Array.isArray(events) || events.some((event) => typeof event?.eventId !== "string")) return 400;
    for (const event of events) await once(event);
    return 204;
  }

  return (request, response) => {
    status(request).then(
      (code) => response.writeHead(code, { Connection: "close" }).end(),
      () => response.writeHead(500, { Connection: "close" }).end(),
    );
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const secret = process.env.WEBHOOK_SECRET;
  if (!secret?.startsWith("whsec_")) {
    console.error("WEBHOOK_SECRET must be the webhook's secret, whsec_…");
    process.exit(1);
  }
  // Numbers and ids of customers are not for logs.
  const server = createServer(receiver(secret, ({ eventType, eventId }) => console.log(`${eventType} ${eventId}`)));
  server.listen(Number(process.argv[2] ?? 3000), "127.0.0.1", () => console.log(`receiving on http://127.0.0.1:${server.address().port}`));
}
