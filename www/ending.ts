/** How a verification ended, in words, and what can be done then: compare a name, ask the server, try again. */
import * as backend from "./backend.js";
import type { Ending } from "./verify.js";
import { element, sayBusy, sayProblem, sayStatus, show } from "./view.js";
import { failureIn, failures, type Words } from "./words.js";

const result = element("result", HTMLElement);
const title = element("result-title", HTMLElement);
const askServer = element("ask-server", HTMLButtonElement);
const again = element("again", HTMLButtonElement);
const complete = element("complete", HTMLFormElement);
const completeActions = element("complete-actions", HTMLElement);
const completeAnswer = element("complete-answer", HTMLElement);
const firstName = element("first-name", HTMLInputElement);
const lastName = element("last-name", HTMLInputElement);

interface Result extends Words {
  outcome: "verified" | "failed" | "cancelled" | "ended";
  title: string;
  /** The stable name of the reason, where there is one. */
  kind?: string;
  /** For whoever looks closer. */
  detail?: string;
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
  element("result-detail", HTMLElement).textContent = shown.detail ? `${shown.detail}.` : "";
  complete.hidden = true;
  askServer.hidden = true;
  show("result", title);
}

/** The flow could not run, or failed without an end that the server could judge. */
export function showFailure(reason: unknown): void {
  showResult({ outcome: "failed", title: "The phone is not verified", ...failureIn(reason) });
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
      title: "The phone is not verified",
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
  const number = phoneNumber ? `The phone number ${phoneNumber} is proved.` : "The phone is proved.";
  showResult({
    outcome: "verified",
    title: "The phone is verified",
    what: `${number} Validate says success: true.`,
    next: "",
  });
  offerComplete(correlationId);
}

/** On a mobile browser a link ends this page's part at once: the page that it opens goes on. */
function showElsewhere(correlationId: string): void {
  showResult({
    outcome: "ended",
    title: "Open the link in the SMS",
    what: "This page's part is over: the flow goes on in the page that the link opens.",
    next: "When you have opened it, ask the server what came of it.",
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

/** The last call of the server: compares a name with the person behind the number. */
function offerComplete(correlationId: string): void {
  firstName.value = lastName.value = completeAnswer.textContent = "";
  complete.hidden = completeActions.hidden = false;
  let isAsking = false;
  complete.onsubmit = async (event) => {
    event.preventDefault();
    if (isAsking || completeActions.hidden) return;
    const missing = [firstName, lastName].find((input) => !input.value.trim());
    if (missing) {
      completeAnswer.textContent = "Type both names first.";
      return missing.focus();
    }
    isAsking = true;
    completeAnswer.textContent = "Asking…";
    try {
      const { success } = await backend.complete(correlationId, firstName.value.trim(), lastName.value.trim());
      completeAnswer.textContent = success
        ? "Complete says success: true. The name belongs to this phone number."
        : "Complete says success: false. This phone number belongs to somebody of another name.";
      // Complete is called once; the focus must not go with its button.
      if (completeActions.contains(document.activeElement)) again.focus();
      completeActions.hidden = true;
    } catch (reason) {
      completeAnswer.textContent = failureIn(reason).what;
    } finally {
      isAsking = false;
    }
  };
}

/** Calls `start` when the person wants another go. */
export function onAgain(start: () => void): void {
  again.addEventListener("click", start);
}
