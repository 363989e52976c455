// Reads the tables of docs/events.md and checks every event of every page against them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./sandbox.mjs";

const page = readFileSync(join(root, "docs", "events.md"), "utf8");
const ENDS = ["done", "ended", "failed", "cancelled"];

/** The cells of the rows of the table below the heading `## title`. */
function rows(title) {
  const section = page.split("\n## ").find((text) => text.startsWith(`${title}\n`));
  const lines = section.split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(1).map((line) => line.slice(1, -1).split("|").map((cell) => cell.trim()));
}

const quoted = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text);

/** Every allowed edge between states, as `from → to`. */
const edges = new Set(
  rows("Edges").flatMap(([from, to]) => quoted(from).flatMap((one) => (to === "the same" ? [one] : quoted(to)).map((other) => `${one} → ${other}`))),
);

/** The states from which an edge leads to `state`. */
export const statesBefore = (state) => [...edges].map((edge) => edge.split(" → ")).flatMap(([from, to]) => (to === state ? [from] : []));

/** The members of an event, each with its allowed states; undefined allows every state. */
const members = new Map(rows("Members").map(([name, , , states]) => [quoted(name)[0], states === "every event" ? undefined : new Set(quoted(states))]));

/** The example code of docs/events.md. */
export const [, example] = /```js\n(.*?)```/s.exec(page);

/** Collects every event of a context's pages, which recorder.mjs writes to the console. */
export class Told {
  /** Details by authenticator. */
  #told = new Map();

  over(context) {
    context.on("console", (message) => {
      const [, authenticator, detail] = /^statechange (\S+) (.*)$/s.exec(message.text()) ?? [];
      if (authenticator) this.#told.set(authenticator, [...(this.#told.get(authenticator) ?? []), JSON.parse(detail)]);
    });
  }

  check() {
    const found = [...this.#told.values()].flatMap(strays);
    assert.deepEqual(found, [], "events outside the tables of docs/events.md");
  }
}

/** The violations of the tables in the events of one authenticator, in order. */
export function strays(details) {
  const found = [];
  let from = "idle";
  for (const { state, ...rest } of details) {
    if (!edges.has(`${from} → ${state}`)) found.push(`no edge leads from ${from} to ${state}`);
    for (const name of Object.keys(rest)) {
      if (!members.has(name) || !(members.get(name)?.has(state) ?? true)) found.push(`${name} does not belong to ${state}`);
    }
    from = ENDS.includes(state) ? "idle" : state;
  }
  return found;
}
