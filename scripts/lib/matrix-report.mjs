// What the matrix prints: a line for each row as it ends, and a table of all for docs/support.md.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { root, StepError } from "./run.mjs";

const page = join(root, "docs", "support.md");
const BEGIN = "<!-- matrix: begin, written by npm run matrix -- --write -->";
const END = "<!-- matrix: end -->";

/** What a failure says is cut to this, in characters. */
const SHOWN = 160;

const number = new Intl.NumberFormat("en-US");

/** What bytes count as they are and compressed as far as it goes. @param {Buffer} bytes */
export function weigh(bytes) {
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length, [constants.BROTLI_PARAM_QUALITY]: 11 } }).length,
  };
}

/** The bytes of files together, compressed one by one. */
export async function weighFiles(files) {
  const total = { raw: 0, gzip: 0, brotli: 0 };
  for (const file of files) {
    for (const [kind, count] of Object.entries(weigh(await readFile(file)))) total[kind] += count;
  }
  return total;
}

const sizes = (bytes) => (bytes ? [bytes.raw, bytes.gzip, bytes.brotli].map((figure) => number.format(figure)) : []);
const seconds = ({ ms }) => (ms / 1000).toFixed(1);

/** The first line of what went wrong. */
const firstLine = (text) => String(text).split("\n")[0].slice(0, SHOWN);

/** What a row does now. */
const verdict = ({ failure, notHere }) => (notHere ? "not run" : failure === undefined ? "PASS" : "FAIL");
const reason = ({ failure, notHere }) => notHere ?? (failure === undefined ? "" : firstLine(failure));

export function printRow(result) {
  const figures = sizes(result.bytes).join(" / ") || reason(result);
  console.log(`${verdict(result).padEnd(7)} ${result.name.padEnd(66)} ${seconds(result).padStart(6)} s  ${figures}`.trimEnd());
}

/** A table in Markdown. Without times, which differ from run to run. */
export function markdown(results) {
  const cell = (text) => text.replaceAll("|", "\\|");
  const lines = results.map((result) => `| ${[result.name, [verdict(result), reason(result)].filter(Boolean).join(": "), sizes(result.bytes).join(" / ")].map(cell).join(" | ")} |`);
  return ["| where | now | bytes, gzip, brotli |", "|---|---|---|", ...lines].join("\n");
}

/** Puts the table into docs/support.md, between its markers. */
export async function writeTable(results) {
  const text = await readFile(page, "utf8").catch(() => {
    throw new StepError(`docs/support.md is missing: there is nothing to write the table into.`);
  });
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (before < 0 || after < before) throw new StepError(`docs/support.md lacks its markers:\n  ${BEGIN}\n  ${END}`);
  await writeFile(page, `${text.slice(0, before + BEGIN.length)}\n${markdown(results)}\n${text.slice(after)}`);
}
