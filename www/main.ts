/** The page: a sign-up from the number to the ticket. The calls of Handset are in signup/verify.ts and signup/steps.ts. */
import { LoggerFactory, LogLevel } from "handset";
import { element } from "./dom.js";
import type { StartRequest } from "./signup/backend.js";
import { clearResult, onAgain, showEnding, showFailure } from "./signup/ending.js";
import { dropQuestion, fillCode } from "./signup/questions.js";
import { canGoOn, cancel, flowType, verify } from "./signup/verify.js";
import { drawState, sayBusy, sayProblem, sayStatus, show } from "./signup/view.js";
import { failureIn } from "./signup/words.js";
import { Diagram } from "./stage/diagram.js";
import { offerNumbers } from "./stage/numbers.js";
import { expectSms, switchOn } from "./stage/phone.js";
import { onTrouble } from "./stage/trouble.js";

const setup = element("setup", HTMLFormElement);
const number = element("setup-number", HTMLInputElement);
const start = element("start", HTMLButtonElement);

const chosen = (name: string) => document.querySelector<HTMLInputElement>(`[name=${name}]:checked`)?.value;
const serverHasNumber = () => chosen("number-from") === "server";

/** The person's choices; undefined while the number is missing. */
function readSetup(): StartRequest | undefined {
  const isMobile = chosen("flow") === "mobile";
  const request: StartRequest = {
    flowType: isMobile ? "mobile" : "desktop",
    allowOTPRetry: element("allow-retry", HTMLInputElement).checked,
    smsMessage: isMobile ? "###### is your code for the Skerry Line." : "Skerry Line: is this your phone? ####",
  };
  if (!serverHasNumber()) return request;
  // Unchanged: the backend parses the number.
  return number.value.trim() ? { ...request, phoneNumber: number.value } : undefined;
}

let isRunning = false;
let diagram = new Diagram();

function begin(): void {
  const request = readSetup();
  if (request) return void run(request);
  sayProblem("Type the phone number first.", number);
  number.focus();
}

/** Runs a verification; without a request, the one that ran before a reload. */
async function run(request?: StartRequest): Promise<void> {
  if (isRunning) return;
  isRunning = true;
  sayProblem("");
  sayStatus("Starting…");
  sayBusy(true);
  clearResult();
  expectSms();
  diagram.end();
  diagram = new Diagram();
  try {
    const ending = await verify(request, {
      started: (correlationId) => diagram.follow(correlationId),
      changed: (change) => {
        diagram.change(change);
        drawState(change);
      },
    });
    showEnding(ending);
  } catch (reason) {
    showFailure(reason);
  } finally {
    isRunning = false;
    dropQuestion();
  }
}

setup.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!isRunning) begin();
});
element("settings", HTMLElement).addEventListener("change", () => {
  element("setup-number-field", HTMLElement).hidden = !serverHasNumber();
});
for (const button of document.querySelectorAll("[data-action=cancel]")) button.addEventListener("click", cancel);
onAgain(() => show("setup", start));
onTrouble((text) => diagram.mark(text));
offerNumbers(() => (chosen("flow") === "mobile" ? "code" : "link"), sayStatus);

// The page is a demo, so the console shows every log message of the module.
LoggerFactory.setLogLevel(LogLevel.trace);
switchOn("/sandbox/messages/stream", fillCode);
try {
  const own = flowType();
  element(`flow-${own}`, HTMLInputElement).checked = true;
  element("flow-hint", HTMLElement).textContent = `This browser counts as ${own}, so a ${own === "mobile" ? "code" : "link"} is chosen.`;
  element("setup-fields", HTMLFieldSetElement).disabled = false;
  if (canGoOn()) void run();
} catch (reason) {
  const { what, next } = failureIn(reason);
  sayProblem(`${what} ${next}`);
}
