// The pages that travel in the package. Every link in them leads to a page beside it, or to the repository.
import { readdir, readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { root } from "./run.mjs";

const REPOSITORY = "https://github.com/handset-dev/handset/blob/main/";

/** Where the links of a page lead, from the repository's root. */
const resolved = (page, link) => posix.normalize(posix.join(posix.dirname(page), link));

/** Pictures stay in the repository: they would weigh more than the module. */
const withoutPictures = (text) => text.replace(/<picture>.*?<\/picture>\n+/gs, "").replace(/^!\[[^\]]*\]\([^)]*\)\n+/gm, "");

/** @returns {Promise<[string, string][]>} each page's path in the package, which is that in the repository, and its text */
export async function packedDocs() {
  const docs = (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`);
  const pages = ["CHANGELOG.md", "SECURITY.md", ...docs];
  const texts = await Promise.all(pages.map((page) => readFile(join(root, page), "utf8")));
  return pages.map((page, i) => {
    const linked = withoutPictures(texts[i]).replace(/\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)/g, (_, link, anchor = "") => {
      const target = resolved(page, link);
      return pages.includes(target) ? `](${link}${anchor})` : `](${REPOSITORY}${target}${anchor})`;
    });
    return [page, linked];
  });
}
