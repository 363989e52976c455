// Bundles the pages of www/ into www/dist/. Needs node_modules and pkg/.
import { cp, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { extname, join } from "node:path";
import { build as esbuild } from "esbuild";
import { root, StepError } from "./run.mjs";

const source = join(root, "www");
const dist = join(source, "dist");

/** The TypeScript source of each `<script type="module" src="x.js">` in the pages. */
async function entryPoints(pages) {
  const entries = new Set();
  for (const page of pages) {
    const html = await readFile(join(source, page), "utf8");
    for (const [, name] of html.matchAll(/<script type="module" src="(?:\.\/)?([\w-]+)\.js"/g)) entries.add(join(source, `${name}.ts`));
  }
  if (entries.size === 0) throw new StepError("No page in www/ loads a module: nothing to build.");
  return [...entries];
}

export async function buildWww() {
  const files = (await readdir(source, { withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name);
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist);
  await esbuild({
    entryPoints: [...(await entryPoints(files.filter((name) => extname(name) === ".html"))), join(source, "styles.css")],
    loader: { ".woff2": "file" },
    alias: { handset: join(root, "pkg", "index.js") },
    tsconfig: join(source, "tsconfig.json"),
    outdir: dist,
    bundle: true,
    splitting: true, // the package is one file for all pages
    format: "esm",
    charset: "utf8", // as in the package, so that the encoded wasm is not escaped
    minify: true,
    sourcemap: "linked",
    sourcesContent: false, // otherwise the map would contain the wasm again
    target: "es2022",
    logLevel: "warning",
  });
  for (const name of files) {
    if (!/\.(ts|json|md|css)$/.test(name)) await cp(join(source, name), join(dist, name));
  }
  // The licence must accompany the font.
  await cp(join(root, "node_modules", "@fontsource-variable", "hanken-grotesk", "LICENSE"), join(dist, "hanken-grotesk-license.txt"));
}
