// Searches the trace-level logs of the test suites for every secret that the suites used.
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { isSearchable, refusal, SHORTEST, spellings } from "../../tests/logs/searchable.mjs";
import { root, StepError } from "./run.mjs";

/** Folder of the suites' logs and secrets; `tests/logs` describes the files. */
const logsFolder = join(root, "build", "logs");

/**
 * The suites that must have logs, and patterns that prove the trace level. Without the patterns, a suite that no longer logs
 * at the trace level would pass with empty logs.
 */
export const SUITES = {
  flow: [/AwaitingOtp/],
  process: [/ TRACE /],
  simulation: [/DEBUG request\{/, /^Request \{/, /^Detail \{/, /^report \{/, /^Err\(Flow/],
  package: [/^console warning \[handset\] failed token_invalid/, /^console debug statechange/, /^request GET /],
  matrix: [/^console debug \[handset\]/, /^request POST .*\/v1\/client\//],
  e2e: [/ TRACE /, /^console debug \[handset\]/, /^console debug statechange/, /^request POST .*\/v1\/client\//, /^socket ws:/, /^storage /],
};

/** Maximum number of listed findings. */
const LISTED = 20;
/** A JWT that no suite has declared as a secret: its header and the beginning of its claims. */
const UNNAMED_TOKEN = /eyJ[\w-]{8,}\.[\w-]{8,}/;
const TIMESTAMP = /^\s*\d{4}-\d\d-\d\dT[\d:.]+Z/;

/** Deletes the suites' logs of earlier runs. @returns environment variables for the suites */
export async function beginLogs(...suites) {
  for (const suite of suites) await rm(join(logsFolder, suite), { recursive: true, force: true });
  await mkdir(logsFolder, { recursive: true });
  return { HANDSET_LOGS: logsFolder };
}

/** Finds any of many texts in one pass over a line, by an index of their first characters. */
class Index {
  #byStart = new Map();

  add(secret) {
    // Unreachable as long as the suite itself refuses such a secret.
    if (!isSearchable(secret)) throw new StepError(refusal(secret));
    for (const spelling of spellings(secret)) {
      const start = spelling.text.slice(0, SHORTEST);
      this.#byStart.set(start, [...(this.#byStart.get(start) ?? []), { ...spelling, kind: secret.kind }]);
    }
  }

  /** The kinds of the secrets in a line. */
  *in(line, fits = () => true) {
    for (let at = 0; at + SHORTEST <= line.length; at++) {
      for (const spelling of this.#byStart.get(line.slice(at, at + SHORTEST)) ?? []) {
        if (fits(spelling) && line.startsWith(spelling.text, at) && (!spelling.alone || standsAlone(line, at, spelling.text.length))) yield spelling.kind;
      }
    }
  }
}

/** Whether the match is not part of a longer number, a fraction or a hexadecimal id. */
const standsAlone = (line, at, length) => !/[\da-f]$|\d\.$/i.test(line.slice(Math.max(at - 2, 0), at)) && !/^[\da-f]/i.test(line.slice(at + length, at + length + 1));

function* kindsIn(line, index) {
  yield* index.in(line);
  const joined = line.replace(/(?<=\d)[ ().-]{1,2}(?=\d)/g, "");
  if (joined !== line) yield* index.in(joined, ({ ofDigits }) => ofDigits);
  if (UNNAMED_TOKEN.test(line)) yield "token";
}

/** The lines to search, without colours and without the timestamp at the start. */
const linesOf = (text) => stripVTControlCharacters(text).split("\n").map((line) => line.replace(TIMESTAMP, ""));

async function filesOf(suite, folder, extension) {
  const names = await readdir(join(folder, suite)).catch(() => []);
  return names.filter((name) => name.endsWith(extension)).map((name) => join(folder, suite, name)).sort();
}

/** Reads the secrets of all suites. Fails for a suite without secrets: its logs would prove nothing. */
async function readSecrets(suites, folder) {
  const secrets = new Map();
  for (const suite of suites) {
    let named = 0;
    for (const file of await filesOf(suite, folder, ".secrets")) {
      const lines = (await readFile(file, "utf8")).split("\n").filter(Boolean);
      for (const line of lines) secrets.set(line, JSON.parse(line));
      named += lines.length;
    }
    if (named === 0) throw new StepError(`Suite "${suite}" has declared no secret.`);
  }
  return [...secrets.values()];
}

/**
 * Fails if a log of any suite contains a secret of any suite. The error has file, line and kind, never the value.
 *
 * @param {Record<string, RegExp[]>} [suites] the patterns that the logs of each suite must match
 * @param {string} [folder] the folder of the logs
 * @returns {Promise<string>} a summary of the searched logs
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
    if (files.length === 0) throw new StepError(`Suite "${suite}" has no log.`);
    if (missing.size > 0) throw new StepError(`The logs of suite "${suite}" lack lines of the trace level: ${[...missing].join(", ")}`);
  }
  if (found.size > 0) {
    const listed = [...found].slice(0, LISTED).map((line) => `  ${line}`);
    throw new StepError(`The logs below ${folder} contain secrets, ${found.size} times:\n${listed.join("\n")}`);
  }
  return `${secrets.length} secrets, none in ${logs} logs of ${(bytes / 1e6).toFixed(1)} MB`;
}
