/** A list of the sandbox's behaviour numbers, each with its own outcome of a sign-up, for a visitor to pick from. */
import { element } from "../dom.js";
import { real } from "../shim.js";

type Proof = "code" | "link";

interface BehaviourNumber {
  phoneNumber: string;
  name: string;
  /** What the backend does. */
  description: string;
  /** How a sign-up by code ends: `verified`, or the kind of the failure; none where the number changes nothing. */
  otpOutcome?: string;
  /** The same by link. */
  linkOutcome?: string;
  /** How Mobile Auth ends, if a sign-up by code begins with it: `passed`, or `fell_back_to_otp`. */
  mobileAuthOutcome?: "passed" | "fell_back_to_otp";
}

const panel = element("numbers", HTMLElement);
const list = element("numbers-list", HTMLElement);
const row = element("behaviour-number", HTMLTemplateElement);

/** The field for the picked number. */
let field: HTMLInputElement | undefined;

/** `proof` returns the chosen kind of proof. `tell` receives a description of the picked number, and "" when the person types. */
export function offerNumbers(proof: () => Proof, tell: (text: string) => void): void {
  for (const opener of document.querySelectorAll<HTMLButtonElement>("[data-numbers-for]")) {
    const input = element(opener.dataset["numbersFor"] ?? "", HTMLInputElement);
    opener.addEventListener("click", () => (field = input));
    input.addEventListener("input", () => tell(""));
  }
  panel.addEventListener("toggle", () => {
    if (panel.matches(":popover-open")) void show(proof(), pick);
  });

  function pick({ phoneNumber, name, description }: BehaviourNumber): void {
    panel.hidePopover();
    if (!field) return;
    field.value = phoneNumber;
    field.focus();
    tell(`${name}. ${description}`);
  }
}

async function show(proof: Proof, pick: (number: BehaviourNumber) => void): Promise<void> {
  try {
    const response = await real.fetch("/sandbox/numbers");
    if (!response.ok) throw new Error(`the sandbox answered with HTTP ${response.status}`);
    const listed = (await response.json()) as BehaviourNumber[];
    // Mobile Auth begins before the page can be asked for a number.
    const numbers = listed.filter((number) => !number.mobileAuthOutcome || field?.id === "setup-number");
    list.replaceChildren(...numbers.map((number) => rowOf(number, proof, pick)));
  } catch {
    list.textContent = "The sandbox did not return the numbers.";
  }
}

function rowOf(number: BehaviourNumber, proof: Proof, pick: (number: BehaviourNumber) => void): Node {
  const drawn = row.content.cloneNode(true) as DocumentFragment;
  const put = (part: string, text: string) => {
    const place = drawn.querySelector(`[data-${part}]`);
    if (place) place.textContent = text;
  };
  const ending = proof === "code" ? number.otpOutcome : number.linkOutcome;
  const how = number.mobileAuthOutcome ? (number.mobileAuthOutcome === "passed" ? ", without an SMS" : ", by a code in the end") : "";
  put("name", number.name);
  put("number", number.phoneNumber);
  put("description", number.description);
  put("ending", ending ? `Ends: ${ending}${how}` : `Only by ${proof === "code" ? "link" : "code"}`);
  drawn.querySelector("button")?.addEventListener("click", () => pick(number));
  return drawn;
}
