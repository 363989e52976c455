/** Server-sent events of the sandbox, for what surrounds the page: it stays awake while the page sleeps. */
import { real } from "../shim.js";

/** Pause before a stream that the browser gave up is opened again, in ms. */
const RECONNECT_MS = 2_000;

interface Heard<Item> {
  item: (item: Item) => void;
  /** Whether there is a connection. */
  connection?: (isThere: boolean) => void;
  /** Whether a stream that was refused is asked for again. */
  insists?: boolean;
}

/** Hears each item of a stream once; returns how to stop. */
export function follow<Item extends { id: number }>(url: string, heard: Heard<Item>): () => void {
  let stream: EventSource | undefined;
  let retry: number | undefined;
  let isOver = false;
  let last = 0;
  const open = () => {
    stream = new EventSource(url);
    stream.addEventListener("open", () => heard.connection?.(true));
    stream.addEventListener("message", (event: MessageEvent<string>) => {
      const item = JSON.parse(event.data) as Item;
      // A stream that begins anew begins with what was heard.
      if (isOver || item.id <= last) return;
      last = item.id;
      heard.item(item);
    });
    stream.addEventListener("error", () => {
      if (isOver) return;
      heard.connection?.(false);
      // The browser connects again by itself, unless the answer was no stream.
      if (heard.insists && stream?.readyState === EventSource.CLOSED) retry = real.setTimeout(open, RECONNECT_MS);
    });
  };
  open();
  return () => {
    isOver = true;
    stream?.close();
    real.clearTimeout(retry);
  };
}
