/** The page: from the choice of a flow to its ending. What it does with Handset is in verify.ts and steps.ts. */
import { LoggerFactory, LogLevel } from "handset";
import type { StartRequest } from "./backend.js";
import { onAgain, showEnding, showFailure } from "./ending.js";
import { dropQuestion, fillCode, tidyNumber } from "./questions.js";
import { showMessages } from "./sms.js";
import { cancel, flowType, verify } from "./verify.js";
import { drawState, element, sayBusy, sayProblem, sayStatus, show } from "./view.js";
import { failureIn } from "./words.js";

const setup = element("setup", HTMLFormElement);
const fields = element("setup-fields", HTMLFieldSetElement);
const number = element("setup-number", HTMLInputElement);
const start = element("start", HTMLButtonElement);

const chosen = (name: string) => setup.querySelector<HTMLInputElement>(`[name=${name}]:checked`)?.value;
const serverHasNumber = () => chosen("number-from") === "server";

/** What the person chose; nothing when the number is still missing. */
function readSetup(): StartRequest | undefined {
  const request: StartRequest = {
    flowType: chosen("flow") === "mobile" ? "mobile" : "desktop",
    allowOTPRetry: element("allow-retry", HTMLInputElement).checked,
  };
  if (!serverHasNumber()) return request;
  const phoneNumber = tidyNumber(number.value);
  return phoneNumber ? { ...request, phoneNumber } : undefined;
}

let isRunning = false;

async function run(): Promise<void> {
  if (isRunning) return;
  const request = readSetup();
  if (!request) {
    sayProblem("Type the phone number first.", number);
    return number.focus();
  }
  isRunning = true;
  sayProblem("");
  sayStatus("Starting…");
  sayBusy(true);
  try {
    showEnding(await verify(request, drawState));
  } catch (reason) {
    showFailure(reason);
  } finally {
    isRunning = false;
    dropQuestion();
  }
}

setup.addEventListener("submit", (event) => {
  event.preventDefault();
  void run();
});
setup.addEventListener("change", () => {
  element("setup-number-field", HTMLElement).hidden = !serverHasNumber();
});
for (const button of document.querySelectorAll("[data-action=cancel]")) button.addEventListener("click", cancel);
onAgain(() => show("setup", start));

// This page is there to show what goes on: the console, at its most verbose, shows all that the module says.
LoggerFactory.setLogLevel(LogLevel.trace);
showMessages(fillCode);
try {
  const own = flowType();
  element(`flow-${own}`, HTMLInputElement).checked = true;
  element("flow-hint", HTMLElement).textContent = `This browser counts as ${own}. You may try the other flow all the same.`;
  fields.disabled = false;
} catch (reason) {
  const { what, next } = failureIn(reason);
  sayProblem(`${what} ${next}`);
}
