/** Faults that the sandbox is asked for. It breaks connections for real: those of every page that uses it. */
import { real } from "../shim.js";

export interface Fault {
  /** Exact, or a beginning that ends in `*`. */
  path: string;
  kind: "drop" | "refuse" | "lose_reply";
  method?: "GET" | "POST";
}

const STATUS = "/v1/client/status";
/** A socket that waits is dropped, and no other opens. */
const noSocket: Fault[] = [
  { path: STATUS, kind: "refuse", method: "GET" },
  { path: STATUS, kind: "drop", method: "GET" },
];
/** Nothing gets through, and nothing comes back. */
const nothing: Fault[] = [
  { path: STATUS, kind: "lose_reply", method: "GET" },
  { path: STATUS, kind: "drop", method: "GET" },
  { path: "/v1/client/*", kind: "refuse" },
];

const asked = { network: false, socket: false };

/** Takes away, or gives back, the page's network or only its socket. Rejects when the sandbox cannot be asked. */
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

/** Outlives the page, where that is necessary. */
const post = (faults: Fault[]) =>
  real.fetch("/sandbox/faults", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ faults }),
    keepalive: true,
  });

// The trouble goes with whoever made it.
addEventListener("pagehide", () => {
  if (asked.network || asked.socket) void post([]);
});
