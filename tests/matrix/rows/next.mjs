// Next.js: a client component, and a component that imports the package when it mounts. Each family is a version.

/** Builds once for both pages, serves the build and opens one page. */
async function opened(given, path, bundler) {
  // The build of another bundler overwrites this one.
  await given.once(`build ${bundler}`, () => given.tool("next/dist/bin/next", ["build", ...bundler]));
  await given.serving("next/dist/bin/next", ["start", "--port", "0"], (origin) => given.openAddress(`${origin}${path}`));
  return given.scriptsIn(".next/static");
}

const BUILD = ["build + start, client component", "/"];
const LAZY = ['useEffect(() => import("handset"))', "/lazy"];

/** The rows of a version: both pages, from one build per bundler. */
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
