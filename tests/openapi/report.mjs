// Reads the report of schemathesis: one JSON event per line, each scenario with its requests and replies.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

const count = (counts, key) => counts.set(key, (counts.get(key) ?? 0) + 1);

/**
 * @param {string} file
 * @returns {Promise<{ operations: Map<string, { phases: Map<string, number>, statuses: Map<number, number> }>, checks: Map<string, number>, links: Map<string, number> }>}
 *   for each operation, by method and path, the number of requests per phase and of replies per status; the number of runs of
 *   each check; and the number of successes along each link, by its two operations
 */
export async function readReport(file) {
  const operations = new Map();
  const checks = new Map();
  const links = new Map();
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const scenario = JSON.parse(line).ScenarioFinished;
    if (!scenario) continue;
    const { cases = {}, interactions = {}, checks: made = {} } = scenario.recorder;
    for (const [id, { value, transition }] of Object.entries(cases)) {
      const name = `${value.method} ${value.path}`;
      const status = interactions[id]?.response?.status_code;
      // An unsent or broken request exercises nothing.
      if (status === undefined) continue;
      if (!operations.has(name)) operations.set(name, { phases: new Map(), statuses: new Map() });
      count(operations.get(name).phases, scenario.phase);
      count(operations.get(name).statuses, status);
      if (transition && status < 300) count(links, transition.id.replace(/-> \[.*\] .* ->/, "->"));
    }
    for (const { name } of Object.values(made).flat()) count(checks, name);
  }
  return { operations, checks, links };
}

/** The counts, on one line. */
export function listed(counts) {
  return [...counts].sort().map(([key, times]) => `${key} ×${times}`).join(", ");
}
