/** What is on the screen: one view at a time, what is going on, and what went wrong. */
import type { StateChange } from "handset";
import { element } from "../dom.js";
import { Countdown, minutesAndSeconds } from "./countdown.js";
import { statusOf } from "./words.js";

export type View = "setup" | "number" | "code" | "link" | "result";

const all = (selector: string) => document.querySelectorAll<HTMLElement>(selector);

const card = element("verify", HTMLElement);
const strip = element("module", HTMLElement);
const status = element("status", HTMLElement);
const problem = element("problem", HTMLElement);

/** Shows one view, and moves the focus to what needs input there. */
export function show(view: View, focus?: HTMLElement): void {
  for (const section of all("[data-view]")) section.hidden = section.dataset["view"] !== view;
  card.dataset["showing"] = view;
  focus?.focus();
  if (focus instanceof HTMLInputElement) focus.select();
}

/** Says politely what is going on. */
export function sayStatus(text: string): void {
  if (status.textContent !== text) status.textContent = text;
}

/** Says at once what went wrong; `field` is where it can be put right. An empty text takes it back. */
export function sayProblem(text: string, field?: HTMLInputElement): void {
  problem.textContent = text;
  for (const input of all("[aria-invalid]")) input.removeAttribute("aria-invalid");
  if (text) field?.setAttribute("aria-invalid", "true");
}

/** While the page waits for an answer of a server, its buttons have no effect; the focus stays where it is. */
export function sayBusy(busy: boolean): void {
  card.setAttribute("aria-busy", String(busy));
}

/** The strip under the page holds Handset's own words; a part without any is not there. */
function sayInStrip(part: "state" | "socket" | "left", text: string | undefined): void {
  const place = strip.querySelector<HTMLElement>(`[data-module=${part}]`);
  if (!place?.parentElement) return;
  place.textContent = text ?? "";
  place.parentElement.hidden = text === undefined;
}

const expiry = new Countdown((left) => {
  for (const place of all("[data-countdown]")) place.textContent = minutesAndSeconds(left);
  sayInStrip("left", minutesAndSeconds(left));
});

const pause = new Countdown((left) => {
  for (const place of all("[data-pause]")) place.textContent = left > 0 ? ` (in ${minutesAndSeconds(left)})` : "";
  for (const button of all("[data-action=resend]")) button.setAttribute("aria-disabled", String(left > 0));
});

/** How many codes may still be tried, as told last. */
let attemptsLeft: number | undefined;
export const triesLeft = () => attemptsLeft;

/** Draws what Handset tells of a flow. */
export function drawState(change: StateChange): void {
  attemptsLeft = change.attemptsLeft;
  card.dataset["state"] = change.state;
  sayStatus(statusOf(change));
  sayBusy(["starting", "sending", "checking_otp", "finishing"].includes(change.state));
  sayInStrip("state", change.state);
  sayInStrip("socket", change.socket);
  if (change.expiresAt === undefined) sayInStrip("left", undefined);
  expiry.to(change.expiresAt);
  // Without a pause there is nothing to draw but that it is over.
  pause.to(change.resendAt ?? 0);
}
