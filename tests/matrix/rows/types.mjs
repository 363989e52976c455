// TypeScript from the oldest supported version to the newest, and two linters of packages.
import { mkdir, writeFile } from "node:fs/promises";

const STRICT = { strict: true, skipLibCheck: false, noEmit: true, target: "es2022", types: [] };

/** A page's code, in CommonJS. */
const PAGE = `
import { AuthenticatorBuilder, OtpFinishResultType, preload, type AuthError, type ErrorKind } from "handset";
export const kindOf = (error: AuthError): ErrorKind => error.kind;
export async function verify(token: string): Promise<void> {
  await preload();
  const authenticator = new AuthenticatorBuilder()
    .withOtpFallback(() => null, () => ({ resultType: OtpFinishResultType.OnSuccess, input: { otp: "1234" } }))
    .withAuthFinishStep(({ failure }) => { if (failure) throw failure; })
    .build();
  authenticator.addEventListener("statechange", ({ detail }) => { const { state } = detail; return state; });
  await authenticator.authenticate(token);
}
`;
/** Compilers accept a side-effect import of a missing module; the second line makes them check that the module exists. */
const PRELOAD = 'import "handset/preload";\nexport * as preloaded from "handset/preload";\n';
/** A server's code, which uses only the types. */
const SERVER = 'import type { ErrorKind } from "handset";\nexport const isFinal = (kind: ErrorKind): boolean => kind === "cancelled";\n';

/** `quick`: whether npm test runs the compiler, for the projects that are quick too. */
const COMPILERS = [
  { version: "5.0", tsc: "typescript-5.0/lib/tsc.js", quick: true },
  { version: "5.4", tsc: "typescript-5.4/lib/tsc.js" },
  { version: "5.9", tsc: "typescript-5.9/lib/tsc.js" },
  { version: "7", tsc: "typescript/bin/tsc", quick: true },
];

const DOM = ["es2022", "dom"];
const BUNDLER = { module: "esnext", moduleResolution: "bundler" };

const PROJECTS = {
  "CommonJS file, module node16": { quick: true, files: { "page.cts": PRELOAD + PAGE }, options: { module: "node16", lib: DOM } },
  "ES module, module node16": { quick: true, files: { "page.mts": PRELOAD + PAGE }, options: { module: "node16", lib: DOM } },
  // The second file is CommonJS, since its package.json has no "type": "module".
  "CommonJS files, module nodenext": { files: { "page.cts": PRELOAD + PAGE, "plain.ts": PRELOAD + PAGE }, options: { module: "nodenext", lib: DOM } },
  "moduleResolution node10": { files: { "page.ts": PRELOAD + PAGE }, options: { module: "commonjs", moduleResolution: "node10", lib: DOM }, droppedIn: "7" },
  "moduleResolution bundler": { quick: true, files: { "page.ts": PRELOAD + PAGE }, options: { ...BUNDLER, lib: DOM } },
  "lib without DOM": { quick: true, files: { "server.ts": SERVER, "all.ts": PAGE }, options: { ...BUNDLER, lib: ["es2022"] } },
  "lib webworker": { quick: true, files: { "worker.ts": PAGE }, options: { ...BUNDLER, lib: ["es2022", "webworker"] } },
};

async function compiles(given, tsc, name, { files, options }) {
  const folder = name.replace(/\W+/g, "-");
  await mkdir(given.path(folder), { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(given.path(folder, file), text);
  await writeFile(given.path(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...STRICT, ...options }, files: Object.keys(files) }));
  await given.tool(tsc, ["-p", folder]);
}

const row = (name, quick, run) => ({ family: "types", name, quick, run });

const compilations = ({ version, tsc, quick = false }) =>
  Object.entries(PROJECTS)
    .filter(([, { droppedIn }]) => droppedIn !== version)
    .map(([name, project]) => {
      const title = `TypeScript ${version}, ${name}`;
      return row(title, quick && Boolean(project.quick), (given) => compiles(given, tsc, title, project));
    });

export const types = [
  ...COMPILERS.flatMap(compilations),
  // A classic script has no types.
  row("attw", true, (given) => given.tool("@arethetypeswrong/cli/dist/index.js", [given.tarball, "--no-definitely-typed", "--exclude-entrypoints", "./handset.global.js"])),
  row("publint", true, (given) => given.tool("publint/src/cli.js", [given.tarball, "--strict"])),
];
