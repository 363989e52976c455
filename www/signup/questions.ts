/** Asks the person in front of the page. One question at a time: a new one, or the end of the flow, replaces the last. */
import type { AuthError } from "handset";
import { element } from "../dom.js";
import { sayProblem, show, triesLeft, type View } from "./view.js";
import { codeInSms } from "./webotp.js";

export type Wish = "resend" | "change-number";
export type Answer = { action: "submit"; text: string } | { action: Wish };

const numberInput = element("number-input", HTMLInputElement);
const codeInput = element("code-input", HTMLInputElement);

/** A question that waits for its answer, and what goes on only as long as it does. */
interface Question {
  view: View;
  answer: (answer: Answer) => void;
  open: AbortController;
}

let waiting: Question | undefined;

function ask(view: View, focus: HTMLElement, wrong = ""): Promise<Answer> {
  dropQuestion();
  show(view, focus);
  sayProblem(wrong, focus instanceof HTMLInputElement ? focus : undefined);
  return new Promise((answer) => (waiting = { view, answer, open: new AbortController() }));
}

/** The first answer counts. */
function answer(view: View, given: Answer): void {
  if (waiting?.view !== view) return;
  const { answer } = waiting;
  dropQuestion();
  sayProblem("");
  answer(given);
}

/** Nobody waits for an answer any more. */
export function dropQuestion(): void {
  waiting?.open.abort();
  waiting = undefined;
}

export async function askForNumber(refused?: AuthError): Promise<string> {
  const code = refused?.code === undefined ? "" : ` (code ${refused.code})`;
  const given = await ask("number", numberInput, refused && `This number was refused${code}. Check it, or use another.`);
  return given.action === "submit" ? given.text : "";
}

export function askForCode(wrong?: AuthError): Promise<Answer> {
  codeInput.value = "";
  const answered = ask("code", codeInput, wrong && `This code is wrong. ${tries(triesLeft())}`);
  if (waiting) void codeInSms(waiting.open.signal).then((text) => text && submitCode(text));
  return answered;
}

export async function waitForLink(): Promise<Wish> {
  const given = await ask("link", element("link-title", HTMLElement));
  return given.action === "submit" ? "resend" : given.action;
}

function tries(left: number | undefined): string {
  if (left === undefined) return "Try again.";
  return left === 1 ? "One try is left." : `${left} tries are left.`;
}

/** Submits a form's one field when it holds something. */
function onSubmit(view: View, input: HTMLInputElement, missing: string): void {
  element(view, HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    if (waiting?.view !== view) return;
    // As it was typed: Handset reads it.
    if (input.value.trim()) return answer(view, { action: "submit", text: input.value });
    sayProblem(missing, input);
    input.focus();
  });
}

onSubmit("number", numberInput, "Type the phone number first.");
onSubmit("code", codeInput, "Type the code first.");

for (const view of ["code", "link"] as const) {
  for (const action of ["resend", "change-number"] as const) {
    const button = element(view, HTMLElement).querySelector(`[data-action=${action}]`);
    button?.addEventListener("click", (event) => {
      // The second click of a double click may come when the first has been served and this is a new question.
      const isSecond = event instanceof MouseEvent && event.detail > 1;
      if (!isSecond && button.getAttribute("aria-disabled") !== "true") answer(view, { action });
    });
  }
}

/** The browser has read the code out of the SMS. */
function submitCode(text: string): void {
  if (fillCode(text)) answer("code", { action: "submit", text });
}

/** Types a code for the person, as far as one is asked for; says whether it is. */
export function fillCode(code: string): boolean {
  if (waiting?.view !== "code") return false;
  codeInput.value = code;
  codeInput.focus();
  return true;
}
