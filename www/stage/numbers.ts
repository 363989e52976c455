/** Numbers that stand for one branch of a sign-up each, for a visitor to pick. The sandbox lists them. */
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
}

const panel = element("numbers", HTMLElement);
const list = element("numbers-list", HTMLElement);
const row = element("behaviour-number", HTMLTemplateElement);

/** The field that is filled in. */
let field: HTMLInputElement | undefined;

/** `proof` says how the phone will be proved; `tell` is told, in words, what was picked, and nothing once that is typed over. */
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
    const numbers = (await response.json()) as BehaviourNumber[];
    list.replaceChildren(...numbers.map((number) => rowOf(number, proof, pick)));
  } catch {
    list.textContent = "The sandbox could not be asked for them.";
  }
}

function rowOf(number: BehaviourNumber, proof: Proof, pick: (number: BehaviourNumber) => void): Node {
  const drawn = row.content.cloneNode(true) as DocumentFragment;
  const put = (part: string, text: string) => {
    const place = drawn.querySelector(`[data-${part}]`);
    if (place) place.textContent = text;
  };
  const ending = proof === "code" ? number.otpOutcome : number.linkOutcome;
  put("name", number.name);
  put("number", number.phoneNumber);
  put("description", number.description);
  put("ending", ending ? `Ends: ${ending}` : `Only by ${proof === "code" ? "link" : "code"}`);
  drawn.querySelector("button")?.addEventListener("click", () => pick(number));
  return drawn;
}
