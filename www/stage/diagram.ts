/** Draws the messages of a sign-up live: a list for screen readers, a sequence diagram on the screen. */
import type { StateChange } from "handset";
import { element } from "../dom.js";
import { real } from "../shim.js";
import { causeOf, comesBefore, ofChange, ofTimelineEvent, SandboxClock, type Arrow, type Before, type Lifeline, type TimelineEvent } from "./story.js";
import { follow } from "./stream.js";

const list = element("arrows", HTMLOListElement);
const rows = element("rows", HTMLElement);
const empty = element("no-arrows", HTMLElement);

const columns: Record<Lifeline, number> = { page: 0, handset: 1, backend: 2, phone: 3 };
const names: Record<Lifeline, string> = { page: "Page", handset: "Handset", backend: "Backend", phone: "Phone" };

/** Within this distance of its end, in px, the list scrolls along when it grows or is resized. */
const NEAR_END_PX = 48;

let isFollowed = true;
const toEnd = () => {
  if (isFollowed) rows.scrollTop = rows.scrollHeight;
};
rows.addEventListener("scroll", () => (isFollowed = rows.scrollHeight - rows.clientHeight - rows.scrollTop < NEAR_END_PX));
const room = new ResizeObserver(toEnd);
room.observe(rows);
room.observe(list);

interface Drawn {
  arrow: Arrow;
  /** The sandbox's event, unless the arrow is Handset's or a mark. */
  event?: TimelineEvent;
}

/** The diagram of one sign-up. */
export class Diagram {
  #began = real.now();
  #drawn: Drawn[] = [];
  #before: Before = { state: "idle" };
  #stop: () => void = () => undefined;
  #isOver = false;

  constructor() {
    list.replaceChildren();
    isFollowed = true;
    empty.hidden = false;
  }

  /** Follows the sandbox's timeline of the session. */
  follow(correlationId: string): void {
    if (this.#isOver) return;
    const clock = new SandboxClock(this.#began, real.now());
    this.#stop = follow<TimelineEvent>(`/sandbox/sessions/${correlationId}/stream`, {
      item: (event) => {
        const cause = causeOf(event, this.#drawn.map(({ arrow }) => arrow));
        const arrow = ofTimelineEvent(event, clock.when(event, real.now(), cause));
        // The sandbox's events keep their order; only the page's own arrows move.
        const isLater = (own: Drawn) => !own.event && !comesBefore(own.arrow, event, arrow.at);
        const place = this.#drawn.findLastIndex((own) => !isLater(own)) + 1;
        this.#put(place, arrow, event);
      },
    });
  }

  /** Draws a `statechange` event of Handset. */
  change(change: StateChange): void {
    for (const arrow of ofChange(this.#before, change, real.now())) this.add(arrow);
    this.#before = { state: change.state, socket: change.socket };
  }

  /** Draws a visitor's action across all lifelines. */
  mark(text: string): void {
    if (this.#drawn.length > 0) this.add({ at: real.now(), from: "page", to: "phone", text, kind: "mark" });
  }

  add(arrow: Arrow): void {
    if (!this.#isOver) this.#put(this.#drawn.length, arrow);
  }

  /** Stops drawing, before the next sign-up starts. */
  end(): void {
    this.#isOver = true;
    this.#stop();
  }

  #put(place: number, arrow: Arrow, event?: TimelineEvent): void {
    const item = draw(arrow, arrow.at - this.#began);
    list.insertBefore(item, list.children[place] ?? null);
    this.#drawn.splice(place, 0, event ? { arrow, event } : { arrow });
    empty.hidden = true;
    toEnd();
  }
}

function draw(arrow: Arrow, sinceMs: number): HTMLLIElement {
  const item = document.createElement("li");
  const [from, to] = [columns[arrow.from], columns[arrow.to]];
  item.className = arrow.kind;
  item.dataset["direction"] = to < from ? "left" : "right";
  if (arrow.event !== undefined) item.dataset["event"] = String(arrow.event);
  item.style.setProperty("--left", String(Math.min(from, to)));
  item.style.setProperty("--span", String(Math.abs(to - from)));

  const part = (className: string, text: string) => {
    const span = document.createElement("span");
    span.className = className;
    span.textContent = text;
    item.append(span);
    return span;
  };
  const who = arrow.kind === "mark" ? "" : from === to ? `${names[arrow.from]}: ` : `${names[arrow.from]} to ${names[arrow.to]}: `;
  if (who) part("unseen", who);
  part("label", arrow.text);
  part("at", `${(Math.max(0, sinceMs) / 1000).toFixed(2)} s`);
  if (arrow.kind !== "mark" && arrow.kind !== "note") part("line", "").ariaHidden = "true";
  return item;
}
