/** The screen: one view at a time, a status, and a problem. */
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

/** Shows one view and moves the focus to the element that needs input. */
export function show(view: View, focus?: HTMLElement): void {
  for (const section of all("[data-view]")) section.hidden = section.dataset["view"] !== view;
  card.dataset["showing"] = view;
  focus?.focus();
  if (focus instanceof HTMLInputElement) focus.select();
}

/** Shows the status in a polite live region. */
export function sayStatus(text: string): void {
  if (status.textContent !== text) status.textContent = text;
}

/** Shows a problem in an assertive live region; `field` is the field to correct. An empty text clears the problem. */
export function sayProblem(text: string, field?: HTMLInputElement): void {
  problem.textContent = text;
  for (const input of all("[aria-invalid]")) input.removeAttribute("aria-invalid");
  if (text) field?.setAttribute("aria-invalid", "true");
}

/** Marks the page as busy while it waits for a server: the buttons have no effect, and the focus stays in place. */
export function sayBusy(busy: boolean): void {
  card.setAttribute("aria-busy", String(busy));
}

/** Fills a part of the strip under the page, which shows Handset's raw values; an empty part is hidden. */
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

/** The number of code attempts left, from the last event. */
let attemptsLeft: number | undefined;
export const triesLeft = () => attemptsLeft;

/** Draws the state of a flow from Handset's event. */
export function drawState(change: StateChange): void {
  attemptsLeft = change.attemptsLeft;
  card.dataset["state"] = change.state;
  sayStatus(statusOf(change));
  sayBusy(["starting", "sending", "checking_otp", "finishing"].includes(change.state));
  sayInStrip("state", change.state);
  sayInStrip("socket", change.socket);
  if (change.expiresAt === undefined) sayInStrip("left", undefined);
  expiry.to(change.expiresAt);
  // Without `resendAt`, 0 draws the end of the pause.
  pause.to(change.resendAt ?? 0);
}
