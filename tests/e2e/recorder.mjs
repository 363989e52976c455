// Writes down all that a page says, asks for and stores, for the check that no secret is in it.
import { Logs } from "../logs/logs.mjs";

/** Other suites use this file too, and name themselves. */
export const logs = new Logs(process.env.HANDSET_SUITE ?? "e2e");

/** What stands in a URL by its nature: the socket's own token, and the link that an SMS brought. */
const ownSecrets = (url) => url.replace(/(\/v1\/client\/status\?token=)[^&']*/, "$1(its own)").replace(/(\/l\/)[0-9a-f]{32}/, "$1(its own)");

/** Names what an SMS carries. The test users' code is `1234`: too short and too well known to be searched for. */
export function noteMessage({ to, code, url }) {
  logs.secret("number", to);
  if (code?.length >= 6) logs.secret("code", code);
  if (url) logs.secret("link", new URL(url).pathname.split("/").pop());
}

/** Records a context from here on, all of its pages. */
export async function record(context) {
  const note = (what, text) => logs.write("page", `${what} ${text}\n`);
  await context.addInitScript(tellStates);
  context.on("console", (message) => {
    // A handshake that fails or is forbidden is told by the browser, with the socket's URL. No page can keep it from that.
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

/** Records what a page has stored. */
export async function recordStorage(page) {
  // A page that is being left, or shows no document of ours, stores nothing.
  const stored = await page.evaluate(allStored).catch(() => undefined);
  if (stored) logs.write("page", `storage ${stored}\n`);
}

/** In the page, before its own code: every statechange event is told to the console, with whose it is, errors in full. */
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

/** In the page: localStorage, sessionStorage, every record of IndexedDB, cookies. */
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
