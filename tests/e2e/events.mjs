// The tables of docs/events.md, which are the source, and every event of every page held against them.
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

/** Every edge that a flow may walk, as `from → to`. */
const edges = new Set(
  rows("Edges").flatMap(([from, to]) => quoted(from).flatMap((one) => (to === "the same" ? [one] : quoted(to)).map((other) => `${one} → ${other}`))),
);

/** The members of an event, each with the states in which it may stand, or with all. */
const members = new Map(rows("Members").map(([name, , , states]) => [quoted(name)[0], states === "every event" ? undefined : new Set(quoted(states))]));

/** The code that the page shows, for those who copy it. */
export const [, example] = /```js\n(.*?)```/s.exec(page);

/** Hears every event of the pages of a context, as recorder.mjs has them told. */
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
    assert.deepEqual(found, [], "events that stand in no table of docs/events.md");
  }
}

/** What the details of one authenticator's events, in order, have that stands in no table. */
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
