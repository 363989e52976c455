/** The drawn phone: the sandbox's SMS as notifications, and a browser for their links. Part of the demo only. */
import { element } from "../dom.js";
import { real } from "../shim.js";
import { follow } from "./stream.js";

interface Message {
  id: number;
  to: string;
  text: string;
  /** In epoch ms. */
  sentAt: number;
  code?: string;
  url?: string;
}

/** Maximum number of SMS on the screen. */
const MESSAGES_MAX = 8;

const phone = element("phone", HTMLElement);
const body = element("phone-body", HTMLElement);
const lock = element("phone-lock", HTMLElement);
const state = element("phone-state", HTMLElement);
const list = element("messages", HTMLOListElement);
const template = element("message", HTMLTemplateElement);
const buzz = element("buzz", HTMLAnchorElement);
const browser = element("phone-browser", HTMLElement);
const back = element("phone-back", HTMLButtonElement);
const tab = element("phone-tab", HTMLAnchorElement);

/** Shows every SMS, newest first. `useCode` fills in a code and returns false if the page is not asking for a code. */
export function switchOn(messagesUrl: string, useCode: (code: string) => boolean): void {
  tellTime();
  follow<Message>(messagesUrl, {
    item: (message) => draw(message, useCode),
    connection: (isThere) => (state.textContent = isThere ? "" : "The phone has no connection to the sandbox. Connecting again…"),
    insists: true,
  });
}

const hourAndMinute = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

/** Draws the phone's clock from the real time, not from the page's shifted clock. */
function tellTime(): void {
  const now = real.now();
  for (const id of ["phone-time", "phone-clock"]) element(id, HTMLElement).textContent = hourAndMinute.format(now);
  element("phone-day", HTMLElement).textContent = day.format(now);
  real.setTimeout(tellTime, 60_000 - (now % 60_000));
}

function draw(message: Message, useCode: (code: string) => boolean): void {
  const item = document.importNode(template.content, true);
  const part = <T extends HTMLElement = HTMLElement>(name: string) => item.querySelector(`[data-${name}]`) as T;

  part("to").textContent = message.to;
  part<HTMLTimeElement>("time").dateTime = new Date(message.sentAt).toISOString();
  part("time").textContent = hourAndMinute.format(message.sentAt);
  part("text").textContent = message.text;

  const { code, url } = message;
  const use = part("use-code");
  const link = part("open-link");
  if (code) {
    use.addEventListener("click", () => {
      state.textContent = useCode(code) ? "" : "The page is not asking for a code now.";
    });
  } else use.remove();
  if (url) link.addEventListener("click", () => open(url));
  else link.remove();

  element("no-messages", HTMLElement).hidden = true;
  // Show the list before the addition: screen readers do not announce changes in a hidden region.
  if (isExpecting && !browser.hidden) close();
  list.prepend(item);
  while (list.children.length > MESSAGES_MAX) list.lastElementChild?.remove();
  state.textContent = "";
  ring();
}

let isExpecting = false;
/** Makes the phone buzz for each new SMS. SMS from before are only shown. */
export const expectSms = () => (isExpecting = true);

/** Makes the phone buzz; if it is out of sight, shows a link to it. */
function ring(): void {
  if (!isExpecting) return;
  delete body.dataset["buzzing"];
  requestAnimationFrame(() => (body.dataset["buzzing"] = ""));
  buzz.hidden = isInSight;
}

let isInSight = true;
new IntersectionObserver(
  ([entry]) => {
    isInSight = entry?.isIntersecting ?? true;
    if (isInSight) buzz.hidden = true;
  },
  { threshold: 0.3 },
).observe(phone);
body.addEventListener("animationend", (event) => {
  if (event.target === body) delete body.dataset["buzzing"];
});

/** Opens a link in the phone's browser. */
function open(url: string): void {
  // The link may have another host name of the sandbox, and the frame must be of this origin.
  const { pathname } = new URL(url);
  tab.href = url;
  // A new frame adds no entry to this tab's history.
  const page = document.createElement("iframe");
  page.id = "phone-page";
  page.title = "The page that the link opened";
  page.src = pathname;
  element("phone-page", HTMLIFrameElement).replaceWith(page);
  lock.hidden = true;
  browser.hidden = false;
  back.focus();
}

/** Goes back to the SMS list; moves the focus there if it was in the browser. */
function close(): void {
  const hadFocus = browser.contains(document.activeElement);
  browser.hidden = true;
  lock.hidden = false;
  if (hadFocus) (list.querySelector("button") ?? phone).focus();
}

back.addEventListener("click", close);
