// Searches all that a run of the suites logged, at the trace level, for every secret that they ran with.
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { isSearchable, refusal, SHORTEST, spellings } from "../../tests/logs/searchable.mjs";
import { root, StepError } from "./run.mjs";

/** Where suites leave their logs and their secrets; `tests/logs` says in which form. */
const logsFolder = join(root, "build", "logs");

/**
 * The suites that must have left logs, and what stands in them when everything is logged: a suite that no longer runs at
 * the trace level would pass without having said anything.
 */
export const SUITES = {
  flow: [/AwaitingOtp/],
  process: [/ TRACE /],
  simulation: [/DEBUG request\{/, /^Request \{/, /^Detail \{/, /^report \{/, /^Err\(Flow/],
  package: [/^console warning \[handset\] failed token_invalid/, /^console debug statechange/, /^request GET /],
  matrix: [/^console debug \[handset\]/, /^request POST .*\/v1\/client\//],
  e2e: [/ TRACE /, /^console debug \[handset\]/, /^console debug statechange/, /^request POST .*\/v1\/client\//, /^socket ws:/, /^storage /],
};

/** More findings than these are not listed. */
const LISTED = 20;
/** A token that nobody has named: a JWT's header and the begin of its claims. */
const UNNAMED_TOKEN = /eyJ[\w-]{8,}\.[\w-]{8,}/;
const TIMESTAMP = /^\s*\d{4}-\d\d-\d\dT[\d:.]+Z/;

/** Begins a suite: what it left in an earlier run goes. @returns the environment that it runs in */
export async function beginLogs(...suites) {
  for (const suite of suites) await rm(join(logsFolder, suite), { recursive: true, force: true });
  await mkdir(logsFolder, { recursive: true });
  return { HANDSET_LOGS: logsFolder };
}

/** Finds any of many texts in one pass over a line: they are looked up by how they begin. */
class Index {
  #byStart = new Map();

  add(secret) {
    // The suite that named it should have failed at that already.
    if (!isSearchable(secret)) throw new StepError(refusal(secret));
    for (const spelling of spellings(secret)) {
      const start = spelling.text.slice(0, SHORTEST);
      this.#byStart.set(start, [...(this.#byStart.get(start) ?? []), { ...spelling, kind: secret.kind }]);
    }
  }

  /** The kinds of what stands in a line. */
  *in(line, fits = () => true) {
    for (let at = 0; at + SHORTEST <= line.length; at++) {
      for (const spelling of this.#byStart.get(line.slice(at, at + SHORTEST)) ?? []) {
        if (fits(spelling) && line.startsWith(spelling.text, at) && (!spelling.alone || standsAlone(line, at, spelling.text.length))) yield spelling.kind;
      }
    }
  }
}

/** Not within a longer number, a fraction or a hexadecimal id. */
const standsAlone = (line, at, length) => !/[\da-f]$|\d\.$/i.test(line.slice(Math.max(at - 2, 0), at)) && !/^[\da-f]/i.test(line.slice(at + length, at + length + 1));

function* kindsIn(line, index) {
  yield* index.in(line);
  const joined = line.replace(/(?<=\d)[ ().-]{1,2}(?=\d)/g, "");
  if (joined !== line) yield* index.in(joined, ({ ofDigits }) => ofDigits);
  if (UNNAMED_TOKEN.test(line)) yield "token";
}

/** Lines as they are searched: without colours, and without the time that a log puts first. */
const linesOf = (text) => stripVTControlCharacters(text).split("\n").map((line) => line.replace(TIMESTAMP, ""));

async function filesOf(suite, folder, extension) {
  const names = await readdir(join(folder, suite)).catch(() => []);
  return names.filter((name) => name.endsWith(extension)).map((name) => join(folder, suite, name)).sort();
}

/** Reads the secrets of all suites. One that has none ran without the things that it must not log. */
async function readSecrets(suites, folder) {
  const secrets = new Map();
  for (const suite of suites) {
    let named = 0;
    for (const file of await filesOf(suite, folder, ".secrets")) {
      const lines = (await readFile(file, "utf8")).split("\n").filter(Boolean);
      for (const line of lines) secrets.set(line, JSON.parse(line));
      named += lines.length;
    }
    if (named === 0) throw new StepError(`Suite "${suite}" has named no secret.`);
  }
  return [...secrets.values()];
}

/**
 * Fails where a log of a suite holds a secret of any suite, naming file, line and kind, never the value.
 *
 * @param {Record<string, RegExp[]>} [suites] with what must stand in their logs
 * @param {string} [folder] where they left them
 * @returns {Promise<string>} what was searched
 */
export async function searchLogs(suites = SUITES, folder = logsFolder) {
  const secrets = await readSecrets(Object.keys(suites), folder);
  const index = new Index();
  for (const secret of secrets) index.add(secret);
  const found = new Set();
  let bytes = 0;
  let logs = 0;
  for (const [suite, proofs] of Object.entries(suites)) {
    const missing = new Set(proofs);
    const files = await filesOf(suite, folder, ".log");
    for (const file of files) {
      const text = await readFile(file, "utf8");
      bytes += text.length;
      linesOf(text).forEach((line, number) => {
        for (const proof of missing) if (proof.test(line)) missing.delete(proof);
        for (const kind of kindsIn(line, index)) found.add(`${relative(folder, file)}:${number + 1}: a ${kind}`);
      });
    }
    logs += files.length;
    if (files.length === 0) throw new StepError(`Suite "${suite}" has left no log.`);
    if (missing.size > 0) throw new StepError(`The logs of suite "${suite}" lack what stands in them at the trace level: ${[...missing].join(", ")}`);
  }
  if (found.size > 0) {
    const listed = [...found].slice(0, LISTED).map((line) => `  ${line}`);
    throw new StepError(`Secrets stand in logs (below ${folder}), ${found.size} times:\n${listed.join("\n")}`);
  }
  return `${secrets.length} secrets, none in ${logs} logs of ${(bytes / 1e6).toFixed(1)} MB`;
}
