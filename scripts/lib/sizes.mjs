// The size of the package on the wire, and its ceiling.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { bundled } from "./bundlers.mjs";
import { weigh } from "./matrix-report.mjs";
import { root, StepError } from "./run.mjs";

const rows = [
  ["wasm", "build/handset_bg.wasm"],
  ["JS without wasm", "build/module.js"],
  ["both, as shipped (index.js)", "pkg/index.js"],
  ["both, as classic script", "pkg/handset.global.js"],
];

/** Prints the table of sizes and fails above the ceiling of scripts/size-limit.json. Builds nothing: pkg/ must exist. */
export async function reportSizes() {
  const { brotliBytes, aim } = JSON.parse(await readFile(join(root, "scripts", "size-limit.json"), "utf8"));
  const print = (name, ...figures) => console.log(name.padEnd(28), ...figures.map((figure) => String(figure).padStart(9)));
  print("bytes", "raw", "gzip -9", "brotli 11");
  let shipped = 0;
  for (const [name, file] of rows) {
    const { raw, gzip, brotli } = weigh(await readFile(join(root, file)));
    if (file === "pkg/index.js") shipped = brotli;
    print(name, raw, gzip, brotli);
  }
  for (const [name, bytes] of await bundled()) {
    const { raw, gzip, brotli } = weigh(bytes);
    print(name, raw, gzip, brotli);
  }
  console.log(`index.js, brotli 11: ${shipped} B; ceiling ${brotliBytes} B, aim ${aim} B.`);
  if (shipped > brotliBytes) {
    throw new StepError(`pkg/index.js is ${shipped - brotliBytes} B above its ceiling. Make it smaller; the ceiling in scripts/size-limit.json never rises.`);
  }
  return `${shipped} of ${brotliBytes} B`;
}
