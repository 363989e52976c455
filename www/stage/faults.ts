/** Faults for the sandbox to inject. They break real connections, of every page that uses the sandbox. */
import { real } from "../shim.js";

export interface Fault {
  /** An exact path, or a prefix followed by `*`. */
  path: string;
  kind: "drop" | "refuse" | "lose_reply";
  method?: "GET" | "POST";
}

const STATUS = "/v1/client/status";
/** Drops the open socket and refuses new ones. */
const noSocket: Fault[] = [
  { path: STATUS, kind: "refuse", method: "GET" },
  { path: STATUS, kind: "drop", method: "GET" },
];
/** Blocks all requests and replies. */
const nothing: Fault[] = [
  { path: STATUS, kind: "lose_reply", method: "GET" },
  { path: STATUS, kind: "drop", method: "GET" },
  { path: "/v1/client/*", kind: "refuse" },
];

const asked = { network: false, socket: false };

/** Takes the page's network, or only its socket, away or gives it back. Rejects if the sandbox does not accept the faults. */
export async function take(what: keyof typeof asked, isTaken: boolean): Promise<void> {
  const before = asked[what];
  asked[what] = isTaken;
  try {
    const response = await post(asked.network ? nothing : asked.socket ? noSocket : []);
    if (!response.ok) throw new Error(`the sandbox answered with HTTP ${response.status}`);
  } catch (reason) {
    asked[what] = before;
    throw reason;
  }
}

/** `keepalive` lets the request outlive the page. */
const post = (faults: Fault[]) =>
  real.fetch("/sandbox/faults", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ faults }),
    keepalive: true,
  });

// The faults end with the page that set them.
addEventListener("pagehide", () => {
  if (asked.network || asked.socket) void post([]);
});
