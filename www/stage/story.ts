/**
 * What travelled, as the arrows of a sequence diagram.
 *
 * Two tell of it: the sandbox, which saw every message that reached it, and Handset, whose states say what went on
 * between it and the page. Each tells in order, and has a clock; here the two become one story.
 */
import type { FlowState, StateChange } from "handset";

export type Party = "server" | "client" | "backend" | "phone";

/** What the sandbox saw. */
export interface Moment {
  /** Counts from 1 in each session. */
  id: number;
  /** In epoch ms of the sandbox's clock. */
  at: number;
  from: Party;
  to: Party;
  kind: string;
  /** On replies, and on whatever ends something. */
  outcome?: string;
  /** What the sandbox was asked to do to it. */
  fault?: string;
}

export type Lifeline = "page" | "handset" | "backend" | "phone";

export interface Arrow {
  /** In epoch ms of this machine's clock. */
  at: number;
  from: Lifeline;
  to: Lifeline;
  text: string;
  /** A reply has a dashed line; what was lost, a broken one; a note, none; a mark goes across all lifelines. */
  kind: "call" | "reply" | "lost" | "note" | "mark";
  /** Which moment of the sandbox it is. */
  moment?: number;
  /** Of two at the same time: whether it comes before `moment`. What causes comes first. */
  leads?: (moment: Moment) => boolean;
}

const lifelines: Record<Party, Lifeline> = { server: "page", client: "handset", backend: "backend", phone: "phone" };

// ------------------------------------------------------------------------------------------------ what the sandbox saw

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
};

/** Names that this page does not know yet are shown as they are. */
const inWords = (names: Record<string, string>, name: string) => names[name] ?? name.replaceAll("_", " ");

function textOf({ kind, outcome }: Moment): string {
  const name = inWords(requests, kind);
  if (outcome === undefined) return name;
  const special = replies[`${kind} ${outcome}`];
  if (special) return special;
  const words = inWords(outcomes, outcome);
  return kind === "socket_done" || kind === "socket_closed" ? `${name}: ${words}` : words;
}

function kindOf({ from, to, kind, outcome, fault = "" }: Moment): Arrow["kind"] {
  if (from === to) return "note";
  // A request that is dropped, a reply that is lost, a socket that ends without a word.
  const isCut = kind === "socket_closed" && fault !== "";
  const isSms = from === "backend" && to === "phone";
  const isLost = from === "backend" && !isSms ? fault === "lose_reply" || isCut : isSwallowed(fault) || (kind === "socket_open" && fault === "lose_reply");
  if (isLost) return "lost";
  return outcome !== undefined && from === "backend" ? "reply" : "call";
}

const isSwallowed = (fault: string) => fault === "drop" || fault === "refuse" || fault === "silence";

export function ofMoment(moment: Moment, at: number): Arrow {
  return { at, from: lifelines[moment.from], to: lifelines[moment.to], text: textOf(moment), kind: kindOf(moment), moment: moment.id };
}

// -------------------------------------------------------------------------------------------------- what Handset says

/** What came before. */
export interface Before {
  state: FlowState;
  socket?: StateChange["socket"] | undefined;
}

const always = () => true;
const never = () => false;
/** The page's server calls because of it; what came from Handset came before. */
const beforeServer = (moment: Moment) => moment.from === "server";

/** The arrows between page and Handset that one change of state stands for. */
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

/** What the page must have said in between. */
function answerBetween(before: FlowState, state: FlowState): string | undefined {
  if (before === "awaiting_phone" && state === "sending") return "this number";
  if (before === "awaiting_otp" && state === "checking_otp") return "this code";
  if (before !== "awaiting_otp" && before !== "awaiting_retry") return undefined;
  if (state === "sending") return "once more";
  return state === "awaiting_phone" ? "another number" : undefined;
}

// ----------------------------------------------------------------------------------------------------------- together

/** What is sent at once because of something that this side saw: an answer of the page, or that the check is over. */
const caused = new Set(["otp_start", "otp_finish", "link_start", "validate"]);

/** When that was, of what this side saw so far. */
export function causeOf(moment: Moment, own: Arrow[]): number | undefined {
  if (moment.to !== "backend" || !caused.has(moment.kind)) return undefined;
  return own.findLast(({ leads }) => leads?.(moment))?.at;
}

/** The clock of a sandbox, told in that of this machine. */
export class SandboxClock {
  #offsetMs = 0;
  #isMoved = false;
  #last = -Infinity;

  /** The session began between these two moments of this machine. */
  constructor(
    private readonly askedAt: number,
    private readonly answeredAt: number,
  ) {}

  /**
   * When a moment was, given that it is heard of `now`, and when what caused it was, where this side saw that. Never
   * before the moment that came before it.
   */
  when(moment: Moment, now: number, causedAt?: number): number {
    if (moment.id === 1) {
      const isSame = moment.at >= this.askedAt - 1 && moment.at <= this.answeredAt + 1;
      this.#offsetMs = isSame ? 0 : Math.round((this.askedAt + this.answeredAt) / 2) - moment.at;
    }
    // Nothing is heard of before it was: the sandbox's clock was moved. What has a cause came right after it, however late
    // it is heard of, and never before it.
    const at = moment.at + this.#offsetMs;
    if (at > now + 1) {
      this.#isMoved = true;
      this.#offsetMs = (causedAt ?? now) - moment.at;
    } else if (this.#isMoved && causedAt !== undefined && at < causedAt) this.#offsetMs = causedAt - moment.at;
    this.#last = Math.max(this.#last, moment.at + this.#offsetMs);
    return this.#last;
  }
}

/** Whether something that this side saw comes before what the sandbox saw. */
export function comesBefore(own: Arrow, moment: Moment, momentAt: number): boolean {
  return own.at < momentAt || (own.at === momentAt && (own.leads ?? never)(moment));
}
