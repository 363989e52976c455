// TypeScript, from the oldest that is supported to the newest, and the two linters of packages.
import { mkdir, writeFile } from "node:fs/promises";

const STRICT = { strict: true, skipLibCheck: false, noEmit: true, target: "es2022", types: [] };

/** A page's code, as CommonJS writes it. */
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
const PRELOAD = 'import "handset/preload";\n';
/** A server's code: it only wants to tell what a page has sent. */
const SERVER = 'import type { ErrorKind } from "handset";\nexport const isFinal = (kind: ErrorKind): boolean => kind === "cancelled";\n';

const COMPILERS = { "TypeScript 5.0": "typescript-5.0/lib/tsc.js", "TypeScript 7": "typescript/bin/tsc" };

const PROJECTS = {
  "CommonJS file, module node16": { files: { "page.cts": PRELOAD + PAGE }, module: "node16", lib: ["es2022", "dom"] },
  "ES module, module node16": { files: { "page.mts": PRELOAD + PAGE }, module: "node16", lib: ["es2022", "dom"] },
  "moduleResolution bundler": { files: { "page.ts": PRELOAD + PAGE }, module: "esnext", moduleResolution: "bundler", lib: ["es2022", "dom"] },
  "lib without DOM": { files: { "server.ts": SERVER, "all.ts": PAGE }, module: "esnext", moduleResolution: "bundler", lib: ["es2022"] },
  "lib webworker": { files: { "worker.ts": PAGE }, module: "esnext", moduleResolution: "bundler", lib: ["es2022", "webworker"] },
};

async function compiles(given, tsc, name, { files, ...options }) {
  const folder = name.replace(/\W+/g, "-");
  await mkdir(given.path(folder), { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(given.path(folder, file), text);
  await writeFile(given.path(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...STRICT, ...options }, files: Object.keys(files) }));
  await given.tool(tsc, ["-p", folder]);
}

const row = (name, run) => ({ family: "types", quick: true, name, run });

export const types = [
  ...Object.entries(COMPILERS).flatMap(([compiler, tsc]) =>
    Object.entries(PROJECTS).map(([name, project]) => row(`${compiler}, ${name}`, (given) => compiles(given, tsc, `${compiler} ${name}`, project))),
  ),
  // A classic script has no types.
  row("attw", (given) => given.tool("@arethetypeswrong/cli/dist/index.js", [given.tarball, "--no-definitely-typed", "--exclude-entrypoints", "./handset.global.js"])),
  row("publint", (given) => given.tool("publint/src/cli.js", [given.tarball, "--strict"])),
];
