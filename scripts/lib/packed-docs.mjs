// The documentation pages in the package. Every link in a page leads to another packed page or to the repository.
import { readdir, readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { root } from "./run.mjs";

const REPOSITORY = "https://github.com/handset-dev/handset/blob/main/";

/** The target of a page's link, relative to the repository's root. */
const resolved = (page, link) => posix.normalize(posix.join(posix.dirname(page), link));

/** Pictures stay in the repository: they would be larger than the module. */
const withoutPictures = (text) => text.replace(/<picture>.*?<\/picture>\n+/gs, "").replace(/^!\[[^\]]*\]\([^)]*\)\n+/gm, "");

/** @returns {Promise<[string, string][]>} path and text of each page; the path is the same in package and repository */
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
