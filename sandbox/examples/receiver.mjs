// A webhook receiver without dependencies: verifies the signature, ignores repeated events, and replies when the event is
// handled.
//
//   WEBHOOK_SECRET=whsec_… node sandbox/examples/receiver.mjs [port]
//
// docs/webhooks.md describes the setup.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

/** Maximum size of a body, in bytes. */
const BODY_BYTES = 256 * 1024;
/** Tolerated difference from the sender's clock, in seconds. */
const LEEWAY_SECONDS = 5;
/** Number of remembered event ids: far more than can be in flight. */
const REMEMBERED = 10_000;

const json = (part) => JSON.parse(Buffer.from(part, "base64url").toString("utf8"));

/**
 * Whether a token has the right signature and issuer and has not expired.
 *
 * @param {string | undefined} header the value of X-Prove-Authorization
 * @param {string} secret the webhook's secret, with its prefix `whsec_`
 * @param {number} now the current time, in seconds since the epoch
 */
export function isAuthentic(header, secret, now = Date.now() / 1000) {
  const [, signed, signature] = /^Bearer ([\w-]+\.[\w-]+)\.([\w-]+)$/.exec(header ?? "") ?? [];
  if (!signed) return false;
  const expected = createHmac("sha256", secret).update(signed).digest();
  const given = Buffer.from(signature, "base64url");
  // In constant time, so that the duration reveals nothing about the signature.
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
  try {
    const [header, claims] = signed.split(".").map(json);
    // The algorithm is fixed, whatever the token's header names.
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
 * A handler for `http.createServer`. An event is handled once `onEvent` has returned. If `onEvent` fails, the reply is 500 and
 * the sandbox sends the event again. This example remembers the ids of handled events in memory; a real receiver stores an id
 * in the same transaction as the changes that the event causes.
 *
 * @param {string} secret the webhook's secret
 * @param {(event: object) => void | Promise<void>} onEvent called once for each event
 */
export function receiver(secret, onEvent) {
  /** The promise of each event's handling, by event id: a repeat in the meantime waits for the same promise. */
  const handled = new Map();

  function once(event) {
    let handling = handled.get(event.eventId);
    if (!handling) {
      handling = Promise.resolve(event).then(onEvent);
      handled.set(event.eventId, handling);
      handling.catch(() => handled.delete(event.eventId));
      if (handled.size > REMEMBERED) handled.delete(handled.keys().next().value);
    }
    return handling;
  }

  async function status(request) {
    if (request.method !== "POST") return 405;
    if (!isAuthentic(request.headers["x-prove-authorization"], secret)) return 401;
    const body = await read(request);
    if (body === undefined) return 413;
    let events;
    try {
      // The event of a journey comes alone, those of identities in a list.
      const parsed = JSON.parse(body);
      events = Array.isArray(parsed) ? parsed : [parsed];
    } catch {
      return 400;
    }
    if (events.some((event) => typeof event?.eventId !== "string")) return 400;
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
  // Customers' phone numbers and ids must not be logged.
  const server = createServer(receiver(secret, ({ eventType, eventId }) => console.log(`${eventType} ${eventId}`)));
  server.listen(Number(process.argv[2] ?? 3000), "127.0.0.1", () => console.log(`receiving on http://127.0.0.1:${server.address().port}`));
}
