/** The switches that disturb a sign-up: the network, sleep, the socket, the clock. */
import { element } from "../dom.js";
import { sayOffline, shiftClock, sleep, wake } from "../shim.js";
import { take } from "./faults.js";

const MINUTE_MS = 60_000;

const form = element("form", HTMLElement);
const asleep = element("asleep", HTMLElement);
const says = element("trouble-says", HTMLElement);

/** Connects the switches. `mark` receives a description of each action. */
export function onTrouble(mark: (text: string) => void): void {
  const tell = (text: string) => {
    says.textContent = text;
    mark(text);
  };

  onSwitch("lose-network", async (isOn) => {
    await take("network", isOn);
    tell(isOn ? "The network is gone" : "The network is back");
    sayOffline(isOn);
  });

  onSwitch("drop-socket", async (isOn) => {
    await take("socket", isOn);
    tell(isOn ? "Sockets are dropped" : "Sockets work again");
  });

  onSwitch("sleep", (isOn) => {
    asleep.hidden = !isOn;
    form.inert = isOn;
    tell(isOn ? "The page is asleep" : "The page is awake");
    if (isOn) sleep();
    else wake();
  });

  for (const choice of document.querySelectorAll<HTMLInputElement>("[name=clock]")) {
    // The browser may restore the last choice; the page starts without trouble.
    choice.checked = choice.value === "0";
    choice.addEventListener("change", () => {
      const minutes = Number(choice.value);
      shiftClock(minutes * MINUTE_MS);
      tell(minutes === 0 ? "The page's clock is right" : `The page's clock is ${Math.abs(minutes)} minutes ${minutes < 0 ? "slow" : "fast"}`);
    });
  }

  function onSwitch(id: string, turn: (isOn: boolean) => void | Promise<void>): void {
    const box = element(id, HTMLInputElement);
    box.checked = false;
    box.addEventListener("change", () => {
      const turned = Promise.resolve(turn(box.checked));
      turned.catch(() => {
        box.checked = !box.checked;
        says.textContent = "The sandbox did not accept the request.";
      });
    });
  }
}
