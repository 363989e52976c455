/** The page: from the choice of a flow to its ending in words. What it does with Handset is in verify.ts and steps.ts. */
import * as backend from "./backend.js";
import { dropQuestion, fillCode, tidyNumber } from "./questions.js";
import { showMessages } from "./sms.js";
import { cancel, flowType, verify, type Ending } from "./verify.js";
import { drawState, element, sayBusy, sayProblem, sayStatus, show } from "./view.js";
import { failureIn, failures, type Words } from "./words.js";

const setup = element("setup", HTMLFormElement);
const setupNumber = element("setup-number", HTMLInputElement);
const complete = element("complete", HTMLFormElement);
const firstName = element("first-name", HTMLInputElement);
const lastName = element("last-name", HTMLInputElement);
const completeAnswer = element("complete-answer", HTMLElement);

const chosen = (name: string) => setup.querySelector<HTMLInputElement>(`[name=${name}]:checked`)?.value;
const serverHasNumber = () => chosen("number-from") === "server";

/** What the person chose; nothing when the number is still missing. */
function readSetup(): backend.StartRequest | undefined {
  const request: backend.StartRequest = {
    flowType: chosen("flow") === "mobile" ? "mobile" : "desktop",
    allowOTPRetry: element("allow-retry", HTMLInputElement).checked,
  };
  if (!serverHasNumber()) return request;
  const phoneNumber = tidyNumber(setupNumber.value);
  return phoneNumber ? { ...request, phoneNumber } : undefined;
}

let isRunning = false;

async function run(): Promise<void> {
  if (isRunning) return;
  const request = readSetup();
  if (!request) {
    sayProblem("Type the phone number first.", setupNumber);
    return setupNumber.focus();
  }
  isRunning = true;
  sayProblem("");
  sayStatus("Starting…");
  sayBusy(true);
  try {
    showEnding(await verify(request, drawState));
  } catch (reason) {
    const words = failureIn(reason);
    showResult({ outcome: "failed", title: "The phone is not verified", ...words });
  } finally {
    isRunning = false;
    dropQuestion();
  }
}

function showEnding({ state, validated, correlationId, failure }: Ending): void {
  if (validated?.success) {
    const whose = validated.phoneNumber ? ` ${validated.phoneNumber}` : "";
    showResult({
      outcome: "verified",
      title: "The phone is verified",
      what: `The server asked Validate, which says success: true. The phone number${whose} is in the hands of whoever sits here.`,
      next: "",
      kind: "",
      detail: "",
    });
    offerComplete(correlationId);
  } else if (validated) {
    const words = failureIn(failure);
    const what = failure ? words.what : "The server did not accept the proof.";
    const detail = ["Validate says success: false", failure && words.detail].filter(Boolean).join(". ");
    showResult({ ...words, outcome: "failed", title: "The phone is not verified", what, detail });
  } else if (state === "cancelled") {
    showResult({ ...failures.cancelled, outcome: "cancelled", title: "Cancelled", kind: "cancelled", detail: "" });
  } else {
    showResult({
      outcome: "ended",
      title: "This page's part is over",
      what: "The flow goes on in the page that the link opens.",
      next: "Open the link in the SMS.",
      kind: "",
      detail: "",
    });
  }
}

interface Result extends Words {
  outcome: "verified" | "failed" | "cancelled" | "ended";
  title: string;
  /** The stable name of the reason. */
  kind: string;
  detail: string;
}

function showResult({ outcome, title, what, next, kind, detail }: Result): void {
  sayBusy(false);
  sayStatus("");
  sayProblem("");
  const result = element("result", HTMLElement);
  result.dataset["outcome"] = outcome;
  result.dataset["kind"] = kind;
  element("result-title", HTMLElement).textContent = title;
  element("result-what", HTMLElement).textContent = what;
  element("result-next", HTMLElement).textContent = next;
  element("result-detail", HTMLElement).textContent = detail && `${detail}.`;
  complete.hidden = true;
  show("result", element("result-title", HTMLElement));
}

let completing: string | undefined;

/** The last call of the server: compares a name with the person behind the number. */
function offerComplete(correlationId: string): void {
  completing = correlationId;
  firstName.value = lastName.value = completeAnswer.textContent = "";
  complete.hidden = false;
}

async function compareName(): Promise<void> {
  const missing = [firstName, lastName].find((input) => !input.value.trim());
  if (missing) {
    completeAnswer.textContent = "Type both names first.";
    return missing.focus();
  }
  if (!completing) return;
  const correlationId = completing;
  completing = undefined;
  completeAnswer.textContent = "Asking…";
  try {
    const { success } = await backend.complete(correlationId, firstName.value.trim(), lastName.value.trim());
    completeAnswer.textContent = success
      ? "Complete says success: true. The name belongs to this phone number."
      : "Complete says success: false. This phone number belongs to somebody of another name.";
  } catch (reason) {
    completing = correlationId;
    completeAnswer.textContent = failureIn(reason).what;
  }
}

const onSubmit = (form: HTMLFormElement, submit: () => Promise<void>) =>
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });

onSubmit(setup, run);
onSubmit(complete, compareName);

setup.addEventListener("change", () => {
  element("setup-number-field", HTMLElement).hidden = !serverHasNumber();
});

for (const button of document.querySelectorAll("[data-action=cancel]")) button.addEventListener("click", cancel);

element("again", HTMLButtonElement).addEventListener("click", () => {
  show("setup", setup.querySelector<HTMLElement>("[type=submit]") ?? undefined);
});

showMessages(fillCode);
try {
  const own = flowType();
  setup.querySelector<HTMLInputElement>(`[name=flow][value=${own}]`)!.checked = true;
  element("flow-hint", HTMLElement).textContent = `This browser counts as ${own}. You may try the other flow all the same.`;
  element("setup-fields", HTMLFieldSetElement).disabled = false;
} catch (reason) {
  const { what, next } = failureIn(reason);
  sayProblem(`${what} ${next}`);
}
