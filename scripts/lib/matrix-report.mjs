// Output of the matrix: a line for each finished row, and a table of all rows for docs/support.md.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { root, StepError } from "./run.mjs";

const page = join(root, "docs", "support.md");
const BEGIN = "<!-- matrix: begin, written by npm run matrix -- --write -->";
const END = "<!-- matrix: end -->";

/** Maximum length of a failure's text, in characters. */
const SHOWN = 160;

const number = new Intl.NumberFormat("en-US");

/** Sizes of the bytes: raw, and compressed at the highest level. @param {Buffer} bytes */
export function weigh(bytes) {
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length, [constants.BROTLI_PARAM_QUALITY]: 11 } }).length,
  };
}

/** Total sizes of the files; each file is compressed separately. */
export async function weighFiles(files) {
  const total = { raw: 0, gzip: 0, brotli: 0 };
  for (const file of files) {
    for (const [kind, count] of Object.entries(weigh(await readFile(file)))) total[kind] += count;
  }
  return total;
}

const sizes = (bytes) => (bytes ? [bytes.raw, bytes.gzip, bytes.brotli].map((figure) => number.format(figure)) : []);
const seconds = ({ ms }) => (ms / 1000).toFixed(1);

/** The first line of a failure's text. */
const firstLine = (text) => String(text).split("\n")[0].slice(0, SHOWN);

/** Result of a row in one word. */
const verdict = ({ failure, notHere }) => (notHere ? "not run" : failure === undefined ? "PASS" : "FAIL");
const reason = ({ failure, notHere }) => notHere ?? (failure === undefined ? "" : firstLine(failure));

export function printRow(result) {
  const figures = sizes(result.bytes).join(" / ") || reason(result);
  console.log(`${verdict(result).padEnd(7)} ${result.name.padEnd(66)} ${seconds(result).padStart(6)} s  ${figures}`.trimEnd());
}

/** A table in Markdown, without the times, which differ in every run. */
export function markdown(results) {
  const cell = (text) => text.replaceAll("|", "\\|");
  const lines = results.map((result) => `| ${[result.name, [verdict(result), reason(result)].filter(Boolean).join(": "), sizes(result.bytes).join(" / ")].map(cell).join(" | ")} |`);
  return ["| where | now | bytes, gzip, brotli |", "|---|---|---|", ...lines].join("\n");
}

/** Writes the table into docs/support.md, between the markers. */
export async function writeTable(results) {
  const text = await readFile(page, "utf8").catch(() => {
    throw new StepError(`docs/support.md is missing: the table belongs there.`);
  });
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (before < 0 || after < before) throw new StepError(`docs/support.md lacks its markers:\n  ${BEGIN}\n  ${END}`);
  await writeFile(page, `${text.slice(0, before + BEGIN.length)}\n${markdown(results)}\n${text.slice(after)}`);
}
