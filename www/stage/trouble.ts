/** The switches that spoil a sign-up: the network, sleep, the socket, the clock. */
import { element } from "../dom.js";
import { shiftClock, sleep, wake, watchLost } from "../shim.js";

interface Told {
  /** Something happened to the whole of it. */
  mark: (text: string) => void;
  /** A request of the page got no answer. */
  lost: (path: string) => void;
}

const MINUTE_MS = 60_000;

const page = element("verify", HTMLElement);
const asleep = element("asleep", HTMLElement);
const says = element("trouble-says", HTMLElement);

export function onTrouble({ mark, lost }: Told): void {
  watchLost(lost);
  const tell = (text: string) => {
    says.textContent = text;
    mark(text);
  };

  onSwitch("sleep", (isOn) => {
    asleep.hidden = !isOn;
    page.toggleAttribute("data-asleep", isOn);
    for (const part of page.querySelectorAll<HTMLElement>(".form")) part.inert = isOn;
    tell(isOn ? "The page is asleep" : "The page is awake");
    if (isOn) sleep();
    else wake();
  });

  for (const choice of document.querySelectorAll<HTMLInputElement>("[name=clock]")) {
    choice.addEventListener("change", () => {
      const minutes = Number(choice.value);
      shiftClock(minutes * MINUTE_MS);
      tell(minutes === 0 ? "The page's clock is right" : `The page's clock is ${Math.abs(minutes)} minutes ${minutes < 0 ? "slow" : "fast"}`);
    });
  }
}

/** A browser restores a box as it was left; the page begins without trouble. */
function onSwitch(id: string, turn: (isOn: boolean) => void): void {
  const box = element(id, HTMLInputElement);
  box.checked = false;
  box.addEventListener("change", () => turn(box.checked));
}
