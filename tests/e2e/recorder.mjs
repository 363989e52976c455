// Records the console, requests and storage of a page, for the search for secrets in logs.
import { Logs } from "../logs/logs.mjs";

/** Other suites use this file too and set HANDSET_SUITE to their name. */
export const logs = new Logs(process.env.HANDSET_SUITE ?? "e2e");

/** Replaces the secrets that a URL must contain: the socket's token, and the id of a link from an SMS. */
const ownSecrets = (url) => url.replace(/(\/v1\/client\/status\?token=)[^&']*/, "$1(its own)").replace(/(\/l\/)[0-9a-f]{32}/, "$1(its own)");

/** Declares the secrets of an SMS or an e-mail. The codes of test users, `1234` and those from `123456` on, are too common for the search. */
export function noteMessage({ to, code, url }) {
  // A generated address may be too short for the search.
  if (!to.includes("@")) logs.secret("number", to);
  else if (to.length >= 12) logs.secret("e-mail address", to);
  if (code?.length >= 6 && !"123456789".startsWith(code)) logs.secret("code", code);
  // An Instant Link has its secret in the path, a handoff in the fragment.
  if (url) logs.secret("link", new URL(url).hash.replace(/^#(.*=)?/, "") || new URL(url).pathname.split("/").pop());
}

/** Records all pages of a context from now on. */
export async function record(context) {
  const note = (what, text) => logs.write("page", `${what} ${text}\n`);
  await context.addInitScript(tellStates);
  context.on("console", (message) => {
    // The browser logs a failed or forbidden handshake with the socket's URL. No page can prevent that.
    const text = /^(?:WebSocket connection|Connecting) to/.test(message.text()) ? ownSecrets(message.text()) : message.text();
    note(`console ${message.type()}`, `${text} (${ownSecrets(message.location().url)})`);
  });
  context.on("weberror", (error) => note("uncaught", error.error().stack ?? error.error()));
  context.on("request", (request) => {
    const { authorization = "", referer = "" } = request.headers();
    logs.secret("token", /^Bearer (.+)$/.exec(authorization)?.[1]);
    note("request", `${request.method()} ${ownSecrets(request.url())} from ${referer}`);
  });
  context.on("page", (page) => page.on("websocket", (socket) => note("socket", ownSecrets(socket.url()))));
}

/** Records the storage of a page. */
export async function recordStorage(page) {
  // Undefined during a navigation, or for a document of another origin.
  const stored = await page.evaluate(allStored).catch(() => undefined);
  if (stored) logs.write("page", `storage ${stored}\n`);
}

/** In the page, before its own code: logs every statechange event with its authenticator and with full errors. */
function tellStates() {
  const inFull = (key, value) => {
    if (!(value instanceof Error)) return value;
    const { name, message, stack, cause, ...rest } = value;
    return { name, message, stack, cause: cause instanceof Error ? cause : String(cause), ...rest };
  };
  const names = new WeakMap();
  const dispatch = EventTarget.prototype.dispatchEvent;
  EventTarget.prototype.dispatchEvent = function (event) {
    if (event.type === "statechange") {
      if (!names.has(this)) names.set(this, Math.random().toString(36));
      console.debug("statechange", names.get(this), JSON.stringify(event.detail, inFull));
    }
    return Reflect.apply(dispatch, this, [event]);
  };
}

/** In the page: returns localStorage, sessionStorage, every record of IndexedDB, and the cookies. */
async function allStored() {
  const done = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const databases = {};
  for (const { name } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      databases[`${name}/${store}`] = await done(database.transaction(store).objectStore(store).getAll());
    }
    database.close();
  }
  return JSON.stringify({ local: { ...localStorage }, session: { ...sessionStorage }, databases, cookies: document.cookie });
}
