// A proxy between the browser and a backend that injects network failures and counts requests.
import { Agent, createServer, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { once } from "node:events";

/** Timeout of `seen`, in ms. */
const PATIENCE_MS = 20_000;

/** The path of the status socket for faults and counts. */
export const SOCKET = "socket";

/** The preflight of a path, for faults. */
export const preflight = (path) => `OPTIONS ${path}`;

/** The faults of a request or handshake. */
export const faults = {
  /** Accepts the request, and neither forwards nor answers it. */
  hang: () => ({ hang: true }),
  /** Cuts the connection before the request is forwarded. */
  cut: () => ({ cut: true }),
  /** Forwards the request, then cuts the connection before the answer or in the middle of it. */
  loseReply: ({ inTheMiddle = false } = {}) => ({ loseReply: true, inTheMiddle }),
  /** Forwards the request, and never answers. */
  swallowReply: () => ({ swallowReply: true }),
  /** Forwards the request when the promise `until` resolves. */
  hold: (until) => ({ until }),
  /** Answers without the backend. `cors`: whether a page of another origin can read the answer. */
  answer: (status, { body = "", cors = true, headers = {} } = {}) => ({ answer: { status, body, cors, headers } }),
};

/** Starts a proxy. Its backend is the member `target`, which may change at any time. It does not keep the process alive. */
export async function startProxy() {
  const proxy = new Proxy();
  await proxy.up();
  return proxy;
}

class Proxy {
  /** Origin of the backend. */
  target;
  /**
   * Whether connections are reused. Chromium itself repeats a request once when a reused connection is cut before any
   * answer; without reuse, the page has sent every request that arrives.
   */
  reuse = false;
  /** Whether answers keep their `Cache-Control`. With the sandbox's no-store, Chromium does not keep a left page in its cache. */
  noStore = true;
  /** The requests in order: {path, headers, body}; handshakes have the path SOCKET. Without preflights. */
  arrived = [];
  #port = 0;
  #server;
  #agent = new Agent({ keepAlive: true });
  #faults = new Map();
  #links = new Set();
  /** The browser's connections with a WebSocket or its handshake. */
  #clients = new Set();
  #waiting = new Set();

  get origin() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts listening, on the same port each time. */
  async up() {
    this.#server = createServer((request, response) => void this.#onRequest(request, response));
    this.#server.on("upgrade", (request, client, head) => void this.#onUpgrade(request, client, head));
    this.#server.listen(this.#port, "127.0.0.1").unref();
    await once(this.#server, "listening");
    this.#port = this.#server.address().port;
  }

  /** Refuses new connections and cuts the existing ones. */
  async down() {
    this.dropSockets();
    const closed = once(this.#server.ref(), "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async stop() {
    await this.down();
    this.#agent.destroy();
  }

  /** Injects `fault` into the next `times` requests of `path` (SOCKET: handshakes). */
  fault(path, fault, times = Infinity) {
    this.#faults.set(path, { fault, times });
  }

  /** Removes all faults. Half-open sockets stay half open. */
  heal() {
    this.#faults.clear();
  }

  reset() {
    this.heal();
    this.dropSockets();
    this.arrived = [];
    this.reuse = false;
    this.noStore = true;
  }

  /** Keeps open sockets open, but stops forwarding in both directions. */
  halfOpenSockets() {
    for (const link of this.#links) link.isDead = true;
  }

  /** Sends `text` to the browser on the half-open sockets and closes them; resolves when the browser has received it. */
  async speakLate(text) {
    const dead = [...this.#links].filter(({ isDead }) => isDead);
    if (dead.length === 0) throw new Error("no socket is half open");
    // One text frame, short enough for a length of one byte.
    const frame = Buffer.concat([Buffer.from([0x81, Buffer.byteLength(text)]), Buffer.from(text)]);
    for (const { client } of dead) {
      const closed = once(client, "close");
      client.end(frame);
      await closed;
    }
  }

  /** Cuts every socket, with those in the handshake. */
  dropSockets() {
    for (const client of this.#clients) client.destroy();
    for (const { backend } of this.#links) backend.destroy();
    this.#links.clear();
  }

  /** The number of requests of `path`. */
  count(path) {
    return this.arrived.filter((request) => request.path === path).length;
  }

  /** Resolves when `path` has had so many requests. */
  async seen(path, times = 1) {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    while (this.count(path) < times) {
      if (deadline.aborted) throw new Error(`${path} has arrived ${this.count(path)} times, not ${times}`);
      await new Promise((resolve) => {
        this.#waiting.add(resolve);
        deadline.addEventListener("abort", resolve, { once: true });
      });
    }
  }

  #note(request) {
    this.arrived.push(request);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #faultFor(path) {
    const entry = this.#faults.get(path);
    if (!entry || entry.times === 0) return {};
    entry.times -= 1;
    return entry.fault;
  }

  async #onRequest(request, response) {
    const path = request.url.split("?")[0];
    if (!this.reuse) response.shouldKeepAlive = false;
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return; // The browser has aborted the request.
    }
    const body = Buffer.concat(chunks);
    const isPreflight = request.method === "OPTIONS";
    const fault = this.#faultFor(isPreflight ? preflight(path) : path);
    if (!isPreflight) this.#note({ path, headers: request.headers, body: body.toString() });
    if (fault.hang) return;
    if (fault.cut) return request.socket.destroy();
    if (fault.answer) return answer(response, fault.answer);
    await fault.until;
    const forwarded = httpRequest(this.target + request.url, { method: request.method, headers: request.headers, agent: this.#agent });
    forwarded.on("error", () => request.socket.destroy());
    forwarded.on("response", (reply) => {
      const received = [];
      reply.on("error", () => request.socket.destroy());
      reply.on("data", (chunk) => received.push(chunk));
      reply.on("end", () => {
        if (fault.swallowReply) return;
        if (fault.loseReply && !fault.inTheMiddle) return request.socket.destroy();
        const headers = { ...reply.headers };
        // These headers belong to the backend's connection.
        for (const name of ["connection", "keep-alive"]) delete headers[name];
        if (!this.noStore) delete headers["cache-control"];
        response.writeHead(reply.statusCode, headers);
        const whole = Buffer.concat(received);
        if (!fault.inTheMiddle) return response.end(whole);
        response.write(whole.subarray(0, whole.length / 2), () => request.socket.destroy());
      });
    });
    forwarded.end(body);
  }

  async #onUpgrade(request, client, head) {
    client.on("error", () => {});
    this.#clients.add(client);
    client.on("close", () => this.#clients.delete(client));
    const fault = this.#faultFor(SOCKET);
    this.#note({ path: SOCKET, headers: request.headers, body: "" });
    if (fault.hang) return;
    if (fault.cut) return client.destroy();
    if (fault.answer) return client.end(`HTTP/1.1 ${fault.answer.status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    await fault.until;
    const { hostname, port } = new URL(this.target);
    const backend = connect(Number(port), hostname);
    const link = { client, backend, isDead: false };
    this.#links.add(link);
    const lines = [`GET ${request.url} HTTP/1.1`];
    for (let i = 0; i < request.rawHeaders.length; i += 2) lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
    backend.write(`${lines.join("\r\n")}\r\n\r\n`);
    backend.write(head);
    for (const [from, to] of [[client, backend], [backend, client]]) {
      from.on("data", (chunk) => link.isDead || to.write(chunk));
      from.on("error", () => to.destroy());
      from.on("close", () => {
        // A half-open link does not notice the end of the other side either.
        if (!link.isDead || from === client) {
          to.destroy();
          this.#links.delete(link);
        }
      });
    }
  }
}

function answer(response, { status, body, cors, headers }) {
  response.writeHead(status, { ...(cors && { "Access-Control-Allow-Origin": "*" }), ...headers }).end(body);
}
