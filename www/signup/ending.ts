/** Shows the result of a verification in words, with the next actions: compare a name, ask the server, try again. */
import * as backend from "./backend.js";
import type { Ending } from "./verify.js";
import { element } from "../dom.js";
import { sayBusy, sayProblem, sayStatus, show } from "./view.js";
import { failureIn, failures, type Words } from "./words.js";

const result = element("result", HTMLElement);
const title = element("result-title", HTMLElement);
const askServer = element("ask-server", HTMLButtonElement);
const again = element("again", HTMLButtonElement);
const complete = element("complete", HTMLFormElement);
const name = element("name", HTMLButtonElement);
const detail = element("result-detail", HTMLElement);
const completeAnswer = element("complete-answer", HTMLElement);
const ticket = element("ticket", HTMLElement);
const passenger = element("ticket-name", HTMLElement);
const firstName = element("first-name", HTMLInputElement);
const lastName = element("last-name", HTMLInputElement);

interface Result extends Words {
  outcome: "verified" | "failed" | "cancelled" | "ended";
  title: string;
  /** The stable name of the reason, if any. */
  kind?: string;
  /** Details for a developer. */
  detail?: string;
}

/** Clears the details of an earlier result. */
export function clearResult(): void {
  detail.textContent = "";
}

function showResult(shown: Result): void {
  sayBusy(false);
  sayStatus("");
  sayProblem("");
  result.dataset["outcome"] = shown.outcome;
  result.dataset["kind"] = shown.kind ?? "";
  title.textContent = shown.title;
  element("result-what", HTMLElement).textContent = shown.what;
  element("result-next", HTMLElement).textContent = shown.next;
  detail.textContent = shown.detail ? `${shown.detail}.` : "";
  complete.hidden = name.hidden = true;
  ticket.hidden = true;
  askServer.hidden = true;
  show("result", title);
}

/** Shows a flow that could not run, or that failed before the server could validate it. */
export function showFailure(reason: unknown): void {
  showResult({ outcome: "failed", title: "We could not confirm your phone", ...failureIn(reason) });
}

export function showEnding(ending: Ending): void {
  const { state, validated, failure } = ending;
  if (validated?.success) return showVerified(ending.correlationId, validated);
  if (validated) {
    const why = failure && failureIn(failure);
    return showResult({
      what: "The server did not accept the proof.",
      next: "Try again.",
      ...why,
      outcome: "failed",
      title: "We could not confirm your phone",
      detail: ["Validate says success: false", why?.detail].filter(Boolean).join(". "),
    });
  }
  if (state === "cancelled") {
    return showResult({ ...failures.cancelled, outcome: "cancelled", title: "Cancelled", kind: "cancelled" });
  }
  if (failure) return showFailure(failure);
  showElsewhere(ending.correlationId);
}

function showVerified(correlationId: string, { phoneNumber }: backend.Validated): void {
  showResult({
    outcome: "verified",
    title: "Welcome aboard",
    what: `${phoneNumber ? `The number ${phoneNumber}` : "The phone"} is yours.`,
    next: "Whose name goes on the ticket?",
    detail: "Validate says success: true",
  });
  passenger.textContent = "–";
  element("ticket-phone", HTMLElement).textContent = phoneNumber ?? "yours";
  ticket.hidden = false;
  offerComplete(correlationId);
}

/** On a mobile browser, the link flow ends at once in this page and continues in the page of the link. */
function showElsewhere(correlationId: string): void {
  showResult({
    outcome: "ended",
    title: "Open the link in the SMS",
    what: "The sign-up continues in the page that the link opens.",
    next: "After you have opened the link, ask the server for the result.",
  });
  askServer.hidden = false;
  askServer.onclick = async () => {
    try {
      const validated = await backend.validate(correlationId);
      if (validated.success) showVerified(correlationId, validated);
      else if ("v3-validate" in validated.next) sayStatus("The link has not been opened yet.");
      else showEnding({ state: "ended", validated, correlationId });
    } catch (reason) {
      showFailure(reason);
    }
  };
}

/** Offers the server's last call, Complete, which compares a name with the owner of the number. */
function offerComplete(correlationId: string): void {
  firstName.value = lastName.value = completeAnswer.textContent = "";
  complete.hidden = name.hidden = false;
  let isAsking = false;
  complete.onsubmit = async (event) => {
    event.preventDefault();
    if (isAsking || name.hidden) return;
    const missing = [firstName, lastName].find((input) => !input.value.trim());
    if (missing) {
      completeAnswer.textContent = "Type both names first.";
      return missing.focus();
    }
    isAsking = true;
    completeAnswer.textContent = "Asking…";
    try {
      const { success } = await backend.complete(correlationId, firstName.value.trim(), lastName.value.trim());
      if (success) {
        title.textContent = `Welcome aboard, ${firstName.value.trim()}`;
        passenger.textContent = `${firstName.value.trim()} ${lastName.value.trim()}`;
      }
      completeAnswer.textContent = success
        ? "The name belongs to this phone number. Complete says success: true."
        : "This phone number belongs to a person with another name. Complete says success: false.";
      element("result-next", HTMLElement).textContent = "";
      // Complete is allowed once, so its button disappears; the focus moves on.
      if (document.activeElement === name) again.focus();
      name.hidden = true;
    } catch (reason) {
      completeAnswer.textContent = failureIn(reason).what;
    } finally {
      isAsking = false;
    }
  };
}

/** Calls `start` when the person presses "Try again". */
export function onAgain(start: () => void): void {
  again.addEventListener("click", start);
}
