/** The phone beside the page: the sandbox's SMS as they are sent. A real page has no such thing. */
import { element } from "./view.js";

interface Message {
  id: string | number;
  to: string;
  text: string;
  /** In epoch ms. */
  sentAt: number;
  code?: string;
  url?: string;
}

/** Pause before a stream that the browser gave up is opened again, in ms. */
const RECONNECT_MS = 2_000;
/** More than these are not shown. */
const MESSAGES_MAX = 8;

const state = element("phone-state", HTMLElement);
const list = element("messages", HTMLOListElement);
const template = element("message", HTMLTemplateElement);

/** Shows every SMS, newest first; `useCode` types a code for the person and says whether one is asked for. */
export function showMessages(useCode: (code: string) => boolean): void {
  const seen = new Set<Message["id"]>();
  const open = () => {
    const stream = new EventSource("/sandbox/messages/stream");
    stream.addEventListener("open", () => (state.textContent = ""));
    stream.addEventListener("message", (event: MessageEvent<string>) => {
      const message = JSON.parse(event.data) as Message;
      if (seen.has(message.id)) return;
      seen.add(message.id);
      draw(message, useCode);
    });
    stream.addEventListener("error", () => {
      state.textContent = "The phone has no connection to the sandbox. Connecting again…";
      // The browser connects again by itself, unless the answer was no stream.
      if (stream.readyState === EventSource.CLOSED) setTimeout(open, RECONNECT_MS);
    });
  };
  open();
}

function draw(message: Message, useCode: (code: string) => boolean): void {
  const item = document.importNode(template.content, true);
  const part = <T extends HTMLElement = HTMLElement>(name: string) => item.querySelector(`[data-${name}]`) as T;

  part("to").textContent = message.to;
  const sentAt = new Date(message.sentAt);
  part<HTMLTimeElement>("time").dateTime = sentAt.toISOString();
  part("time").textContent = sentAt.toLocaleTimeString();
  part("text").textContent = message.text;

  const { code, url } = message;
  const use = part("use-code");
  const link = part<HTMLAnchorElement>("open-link");
  if (code) {
    use.addEventListener("click", () => {
      state.textContent = useCode(code) ? "" : "The page is not asking for a code now.";
    });
  } else use.remove();
  if (url) link.href = url;
  else link.remove();

  element("no-messages", HTMLElement).hidden = true;
  list.prepend(item);
  while (list.children.length > MESSAGES_MAX) list.lastElementChild?.remove();
}
