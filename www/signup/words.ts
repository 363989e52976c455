/** The text for every state and every failure: what happened, and what to do next. */
import type { ErrorKind, StateChange } from "handset";
import { BackendError } from "./backend.js";

const states: Record<StateChange["state"], string> = {
  idle: "",
  starting: "Starting…",
  awaiting_phone: "Waiting for the phone number.",
  sending: "Sending the SMS…",
  awaiting_otp: "An SMS with a code is on its way.",
  checking_otp: "Checking the code…",
  awaiting_link: "An SMS with a link is on its way.",
  awaiting_retry: "An SMS with a link is on its way.",
  mobile_auth: "Checking the phone's connection…",
  device: "Waiting for the phone…",
  finishing: "Asking the server for the result…",
  done: "",
  ended: "",
  failed: "",
  cancelled: "",
};

export function statusOf(change: StateChange): string {
  const isWaiting = change.state === "awaiting_link" || change.state === "awaiting_retry";
  if (isWaiting && change.socket === "reconnecting") return "The connection was lost. Connecting again…";
  if (isWaiting && change.socket === "polling") return "No live connection: asking the server every few seconds.";
  return states[change.state];
}

export interface Words {
  what: string;
  next: string;
}

const startOver = "Try again: a new SMS will be sent.";
const developer = "This is for the developer of the page: see docs/errors.md.";

export const failures: Record<ErrorKind, Words> = {
  otp_invalid: { what: "The code was wrong or had expired, and no try is left.", next: startOver },
  otp_timeout: { what: "The code was not entered in time.", next: startOver },
  link_timeout: { what: "The link was not opened in time.", next: startOver },
  phone_invalid: { what: "The phone number was refused.", next: "Check the number and try again." },
  cancelled: { what: "The verification was cancelled.", next: "Start again whenever you like." },
  aborted: { what: "The page ended the verification.", next: "Start again whenever you like." },
  step_failed: { what: "The page could not get the answer it needs.", next: "Try again." },
  step_missing: { what: "The server asked for a step that this page does not offer.", next: developer },
  network: { what: "The server could not be reached.", next: "Check the connection and try again." },
  server: { what: "The server refused to go on.", next: "Try again in a while, or with another number." },
  socket_lost: { what: "The connection to the server was lost for too long.", next: "Check the connection and try again." },
  token_invalid: { what: "The page's authToken cannot be read.", next: developer },
  token_expired: { what: "The verification took too long and has expired.", next: startOver },
  origin_refused: { what: "The authToken names a server that this page does not trust.", next: developer },
  already_running: { what: "A verification is running already.", next: "Finish or cancel it first." },
  device: { what: "This device could not be recognised.", next: "Try again." },
  unsupported: { what: "This browser or page cannot run WebAssembly.", next: "Use a current browser." },
  misuse: { what: "The page used Handset wrongly.", next: developer },
  internal: { what: "Something in the page broke.", next: "Reload the page and try again." },
};

/** The text for a failure of Handset or of the server; `detail` is for developers. */
export function failureIn(reason: unknown): Words & { kind: string; detail: string } {
  if (reason instanceof BackendError) {
    const what = `The server refused the request: ${reason.message}.`;
    return { what, next: "Check your input and try again.", kind: "backend", detail: codeOf(reason) };
  }
  const kind = kindOf(reason);
  if (!kind) return { ...failures.internal, kind: "unknown", detail: "" };
  return { ...failures[kind], kind, detail: [`Reason: ${kind}`, codeOf(reason)].filter(Boolean).join(", ") };
}

function kindOf(reason: unknown): ErrorKind | undefined {
  if (!(reason instanceof Error) || !("kind" in reason)) return undefined;
  return Object.keys(failures).find((kind): kind is ErrorKind => kind === reason.kind);
}

const codeOf = (reason: unknown) =>
  reason instanceof Error && "code" in reason && typeof reason.code === "number" ? `code ${reason.code}` : "";
