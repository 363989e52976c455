/** Server-sent events of the sandbox, for the code around the page. Unlike the page, that code never sleeps. */
import { real } from "../shim.js";

/** Pause before opening a stream again that the browser has given up, in ms. */
const RECONNECT_MS = 2_000;

interface Heard<Item> {
  item: (item: Item) => void;
  /** Called when the connection opens or breaks. */
  connection?: (isThere: boolean) => void;
  /** Whether to retry a refused stream. */
  insists?: boolean;
}

/** Delivers each item of a stream once; returns a function that stops. */
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
      // After a reconnect the stream starts again with known items.
      if (isOver || item.id <= last) return;
      last = item.id;
      heard.item(item);
    });
    stream.addEventListener("error", () => {
      if (isOver) return;
      heard.connection?.(false);
      // The browser reconnects by itself, unless the response was no event stream.
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
