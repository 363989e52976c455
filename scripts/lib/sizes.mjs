// The size of each entry on the wire, and its ceiling.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundled } from "./bundlers.mjs";
import { entries } from "./entries.mjs";
import { weigh } from "./matrix-report.mjs";
import { root, StepError } from "./run.mjs";

const LIMITS = "scripts/size-limit.json";
const README = join(root, "README.md");
const BEGIN = "<!-- Written by `npm run size -- --write`. -->";
const END = "<!-- Until here. -->";

/** The rows of an entry: a name, and the bytes. */
async function rowsOf(entry) {
  const read = (...path) => readFile(join(root, ...path));
  return [
    ["wasm", await read(entry.folder, "handset_bg.wasm")],
    ["JS without wasm", await read(entry.folder, "module.js")],
    [`both, as shipped (\`${entry.file}.js\`)`, await read("pkg", `${entry.file}.js`)],
    ...(entry.script ? [[`both, as classic script (\`${entry.script.file}\`)`, await read("pkg", entry.script.file)]] : []),
    ...(await bundled(entry)),
  ].map(([name, bytes]) => [`\`${entry.name}\`: ${name}`, weigh(bytes)]);
}

const figures = ({ raw, gzip, brotli }) => [raw, gzip, brotli].map((bytes) => bytes.toLocaleString("en"));

function table(rows) {
  const head = ["bytes", "raw", "gzip -9", "brotli 11"];
  const lines = [head, ...rows.map(([name, sizes]) => [name, ...figures(sizes)])].map((cells) => `| ${cells.join(" | ")} |`);
  return lines.toSpliced(1, 0, `|${"---|".repeat(head.length)}`).join("\n");
}

/** Fails unless the table of entries and the ceilings name the same entries. */
async function limitsOf(names) {
  const limits = JSON.parse(await readFile(join(root, LIMITS), "utf8"));
  const strays = [...names.filter((name) => !limits[name]), ...Object.keys(limits).filter((name) => !names.includes(name))];
  if (strays.length > 0) throw new StepError(`${LIMITS} and scripts/lib/entries.mjs do not name the same entries: ${strays.join(", ")}.`);
  return limits;
}

async function writeReadme(text) {
  const readme = await readFile(README, "utf8");
  const [before, rest] = readme.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new StepError(`README.md lacks ${BEGIN} and ${END}.`);
  await writeFile(README, `${before}${BEGIN}\n\n${text}\n\n${END}${after}`);
}

/** Prints the sizes and fails if an entry is above its ceiling in scripts/size-limit.json. Builds nothing: pkg/ must exist. */
export async function reportSizes({ write = false } = {}) {
  const limits = await limitsOf(entries.map(({ name }) => name));
  const rows = [];
  for (const entry of entries) rows.push(...(await rowsOf(entry)));
  console.log(`${table(rows)}\n`);
  const said = [];
  const above = [];
  for (const { name, carries, file } of entries) {
    const { brotliBytes, aim } = limits[name];
    const { brotli } = weigh(await readFile(join(root, "pkg", `${file}.js`)));
    said.push(`${name} ${brotli} of ${brotliBytes} B`);
    console.log(`${name} (${carries}): ${file}.js, brotli 11: ${brotli} B; ceiling ${brotliBytes} B, aim ${aim} B.`);
    if (brotli > brotliBytes) above.push(`pkg/${file}.js is ${brotli - brotliBytes} B above its ceiling. Make it smaller; a ceiling in ${LIMITS} never rises.`);
  }
  if (above.length > 0) throw new StepError(above.join("\n"));
  if (write) await writeReadme(table(rows));
  return said.join(", ");
}
