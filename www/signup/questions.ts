/** Asks the person in front of the page. At most one question is open: a new question, or the end of the flow, drops it. */
import type { AuthError } from "handset";
import { element } from "../dom.js";
import { sayProblem, show, triesLeft, type View } from "./view.js";
import { codeInSms } from "./webotp.js";

export type Wish = "resend" | "change-number";
export type Answer = { action: "submit"; text: string } | { action: Wish };

const numberInput = element("number-input", HTMLInputElement);
const codeInput = element("code-input", HTMLInputElement);

/** An open question. `open` aborts the work that depends on the question, such as WebOTP. */
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

/** Answers the open question of this view. Only the first answer counts. */
function answer(view: View, given: Answer): void {
  if (waiting?.view !== view) return;
  const { answer } = waiting;
  dropQuestion();
  sayProblem("");
  answer(given);
}

/** Drops the open question without an answer. */
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

/** Submits the one field of a form, unless it is empty. */
function onSubmit(view: View, input: HTMLInputElement, missing: string): void {
  element(view, HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    if (waiting?.view !== view) return;
    // Unchanged: Handset parses the input.
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
      // The second click of a double click may arrive after the first was handled, when a new question is open.
      const isSecond = event instanceof MouseEvent && event.detail > 1;
      if (!isSecond && button.getAttribute("aria-disabled") !== "true") answer(view, { action });
    });
  }
}

/** Submits the code that the browser has read from the SMS. */
function submitCode(text: string): void {
  if (fillCode(text)) answer("code", { action: "submit", text });
}

/** Fills in a code for the person. Returns false if the page is not asking for a code. */
export function fillCode(code: string): boolean {
  if (waiting?.view !== "code") return false;
  codeInput.value = code;
  codeInput.focus();
  return true;
}
