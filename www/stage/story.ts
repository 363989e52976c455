/**
 * The messages of a sign-up as the arrows of a sequence diagram.
 *
 * They come from two sources: the sandbox's timeline has every message that reached the sandbox, and Handset's state changes
 * stand for the messages between Handset and the page. Each source is in order and has its own clock; this module merges them.
 */
import type { FlowState, StateChange } from "handset";

export type Party = "server" | "client" | "backend" | "phone" | "carrier";

/** An event of the sandbox's timeline. */
export interface TimelineEvent {
  /** Counts from 1 in each session. */
  id: number;
  /** In epoch ms of the sandbox's clock. */
  at: number;
  from: Party;
  to: Party;
  kind: string;
  /** On replies and on final events. */
  outcome?: string;
  /** The injected fault. */
  fault?: string;
}

export type Lifeline = "page" | "handset" | "backend" | "phone";

export interface Arrow {
  /** In epoch ms of this machine's clock. */
  at: number;
  from: Lifeline;
  to: Lifeline;
  text: string;
  /** A reply has a dashed line, a lost message a broken one, a note none; a mark goes across all lifelines. */
  kind: "call" | "reply" | "lost" | "note" | "mark";
  /** The id of the sandbox's event. */
  event?: number;
  /** Whether this arrow comes before an `event` of the same time. A cause comes before its effect. */
  leads?: (event: TimelineEvent) => boolean;
}

/** The carrier of Mobile Auth shares a line with the backend; its words name it. */
const lifelines: Record<Party, Lifeline> = { server: "page", client: "handset", backend: "backend", phone: "phone", carrier: "backend" };

// -------------------------------------------------------------------------------------------- the sandbox's timeline

const requests: Record<string, string> = {
  start: "start",
  validate: "validate",
  complete: "complete",
  otp_start: "send a code",
  otp_finish: "check this code",
  sms_code: "SMS with a code",
  link_start: "send a link",
  sms_link: "SMS with a link",
  link_opened: "the link is opened",
  instant_start: "Mobile Auth",
  carrier_visited: "visits the carrier",
  instant_finish: "Mobile Auth is done",
  error_reported: "reports a failure",
  status_polled: "how does it stand?",
  socket_open: "opens a socket",
  socket_ping: "ping",
  socket_pong: "pong",
  socket_done: "done",
  socket_closed: "socket closed",
  socket_silent: "the socket falls silent",
  expired: "its time is over",
};

const outcomes: Record<string, string> = {
  accepted: "accepted",
  too_early: "too early for another",
  pending: "not yet",
  passed: "passed",
  failed: "failed",
  refused: "refused",
  number_refused: "not this number",
  too_many_numbers: "too many numbers",
  too_many_sms: "too many SMS",
  wrong_code: "wrong code",
  attempts_exhausted: "wrong, and no try left",
  too_many_tries: "too many tries",
  code_expired: "code expired",
  link_expired: "link expired",
  session_expired: "session expired",
  link_used: "link was used",
  link_replaced: "there is a newer link",
  redirected: "redirected",
  fell_back_to_otp: "a code instead",
  dropped: "dropped",
  idle_timeout: "silent for too long",
  bad_frame: "unreadable",
  going_away: "ending",
};

const replies: Record<string, string> = {
  "start accepted": "authToken",
  "validate passed": "success: true",
  "validate failed": "success: false",
  "complete passed": "success: true",
  "complete failed": "success: false",
  "socket_open accepted": "socket is open",
  "instant_start accepted": "the carrier's URL",
  "carrier_visited redirected": "the carrier redirects",
  "carrier_visited accepted": "the carrier answers",
  "carrier_visited refused": "the carrier refuses",
};

/** The text for a name; an unknown name is shown unchanged. */
const inWords = (names: Record<string, string>, name: string) => names[name] ?? name.replaceAll("_", " ");

function textOf({ kind, outcome }: TimelineEvent): string {
  const name = inWords(requests, kind);
  if (outcome === undefined) return name;
  const special = replies[`${kind} ${outcome}`];
  if (special) return special;
  const words = inWords(outcomes, outcome);
  return kind === "socket_done" || kind === "socket_closed" ? `${name}: ${words}` : words;
}

function kindOf({ from, to, kind, outcome, fault = "" }: TimelineEvent): Arrow["kind"] {
  if (from === to) return "note";
  // A dropped request, a lost reply, a socket that ends without a close frame.
  const isCut = kind === "socket_closed" && fault !== "";
  const isSms = from === "backend" && to === "phone";
  const isLost = from === "backend" && !isSms ? fault === "lose_reply" || isCut : isSwallowed(fault) || (kind === "socket_open" && fault === "lose_reply");
  if (isLost || (from === "carrier" && outcome === "dropped")) return "lost";
  return outcome !== undefined && (from === "backend" || from === "carrier") ? "reply" : "call";
}

const isSwallowed = (fault: string) => fault === "drop" || fault === "refuse" || fault === "silence";

export function ofTimelineEvent(event: TimelineEvent, at: number): Arrow {
  return { at, from: lifelines[event.from], to: lifelines[event.to], text: textOf(event), kind: kindOf(event), event: event.id };
}

// ------------------------------------------------------------------------------------------ Handset's state changes

/** The previous state. */
export interface Before {
  state: FlowState;
  socket?: StateChange["socket"] | undefined;
}

const always = () => true;
const never = () => false;
/** The arrow is the cause of a call of the page's server, and the effect of Handset's messages. */
const beforeServer = (event: TimelineEvent) => event.from === "server";

/** The arrows between page and Handset for one state change. */
export function ofChange(before: Before, change: StateChange, at: number): Arrow[] {
  const { state, socket, failure } = change;
  const toHandset = (text: string): Arrow => ({ at, from: "page", to: "handset", text, kind: "call", leads: always });
  const toPage = (text: string, leads: Arrow["leads"] = never): Arrow => ({ at, from: "handset", to: "page", text, kind: "call", leads });
  const note = (text: string): Arrow => ({ at, from: "handset", to: "handset", text, kind: "note", leads: never });

  if (state === before.state) {
    if (socket === before.socket) return [];
    if (socket === "reconnecting") return [note("reconnecting")];
    if (socket === "polling") return [note("polling")];
    return before.socket ? [note("connected again")] : [];
  }
  const answer = answerBetween(before.state, state);
  const arrows = answer ? [toHandset(answer)] : [];
  switch (state) {
    case "starting":
      return [toHandset("authenticate()")];
    case "awaiting_phone":
      return [...arrows, toPage("which number?")];
    case "awaiting_otp":
      return [...arrows, toPage(before.state === "checking_otp" ? "wrong: which code?" : "which code?")];
    case "awaiting_retry":
      return [...arrows, toPage("anything else meanwhile?")];
    case "finishing":
      return [...arrows, toPage(failure ? `over: ${failure.kind}` : "over: ask your server", beforeServer)];
    case "done":
      return [...arrows, toPage("done")];
    case "ended":
      return [...arrows, toPage("goes on elsewhere")];
    case "failed":
      return [...arrows, toPage(`failed: ${failure?.kind ?? "by the page"}`)];
    case "cancelled":
      return [toHandset("cancel()")];
    default:
      return arrows;
  }
}

/** The page's answer that explains the change between two states. */
function answerBetween(before: FlowState, state: FlowState): string | undefined {
  if (before === "awaiting_phone" && state === "sending") return "this number";
  if (before === "awaiting_otp" && state === "checking_otp") return "this code";
  if (before !== "awaiting_otp" && before !== "awaiting_retry") return undefined;
  if (state === "sending") return "once more";
  return state === "awaiting_phone" ? "another number" : undefined;
}

// -------------------------------------------------------------------------------------------------------- the merger

/** Requests with an immediate cause on this side: an answer of the page, or the end of the possession check. */
const caused = new Set(["otp_start", "otp_finish", "link_start", "validate"]);

/** The time of the event's cause, if this side has seen it. */
export function causeOf(event: TimelineEvent, own: Arrow[]): number | undefined {
  if (event.to !== "backend" || !caused.has(event.kind)) return undefined;
  return own.findLast(({ leads }) => leads?.(event))?.at;
}

/** Converts times of the sandbox's clock to this machine's clock. */
export class SandboxClock {
  #offsetMs = 0;
  #isMoved = false;
  #last = -Infinity;

  /** The session began between these two times of this machine. */
  constructor(
    private readonly askedAt: number,
    private readonly answeredAt: number,
  ) {}

  /**
   * The time of a event that arrives at `now`; `causedAt` is the time of its cause, if this side has seen it. Never
   * earlier than the previous event.
   */
  when(event: TimelineEvent, now: number, causedAt?: number): number {
    if (event.id === 1) {
      const isSame = event.at >= this.askedAt - 1 && event.at <= this.answeredAt + 1;
      this.#offsetMs = isSame ? 0 : Math.round((this.askedAt + this.answeredAt) / 2) - event.at;
    }
    // A time in the future means that the sandbox's clock was moved. An event with a cause came right after the cause, even
    // if it arrives late, and never before it.
    const at = event.at + this.#offsetMs;
    if (at > now + 1) {
      this.#isMoved = true;
      this.#offsetMs = (causedAt ?? now) - event.at;
    } else if (this.#isMoved && causedAt !== undefined && at < causedAt) this.#offsetMs = causedAt - event.at;
    this.#last = Math.max(this.#last, event.at + this.#offsetMs);
    return this.#last;
  }
}

/** Whether an arrow of this side comes before the sandbox's event. */
export function comesBefore(own: Arrow, event: TimelineEvent, eventAt: number): boolean {
  return own.at < eventAt || (own.at === eventAt && (own.leads ?? never)(event));
}
