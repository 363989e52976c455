// Next.js: a client component, and one that imports the package when it is shown. Each family is a version.

/** Builds once for both pages; each row opens one of what is served. */
async function opened(given, path, bundler) {
  // Another bundler's build takes its place.
  await given.once(`build ${bundler}`, () => given.tool("next/dist/bin/next", ["build", ...bundler]));
  await given.serving("next/dist/bin/next", ["start", "--port", "0"], (origin) => given.openAddress(`${origin}${path}`));
  return given.scriptsIn(".next/static");
}

const BUILD = ["build + start, client component", "/"];
const LAZY = ['useEffect(() => import("handset"))', "/lazy"];

/** The rows of a version: each page once, from one build for each bundler. */
const version = (family, name, { quick = false, bundlers = { "": [] } } = {}) =>
  Object.entries(bundlers).flatMap(([title, bundler]) =>
    [BUILD, LAZY].map(([what, path]) => ({
      family,
      name: `${name}${title} ${what}`,
      quick: quick && title === "",
      run: (given) => opened(given, path, bundler),
    })),
  );

export const next = [
  ...version("next15", "Next 15", { quick: true, bundlers: { "": [], " --turbopack": ["--turbopack"] } }),
  ...version("next14", "Next 14"),
  ...version("next16-0", "Next 16.0", { bundlers: { "": [], " --webpack": ["--webpack"] } }),
  ...version("next16", "Next 16.4", { bundlers: { "": [], " --webpack": ["--webpack"] } }),
];
