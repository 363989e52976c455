// Test runners, with the setup file from the docs.
const jest = (given, args, env) => given.tool("jest/bin/jest.js", args, { env });

/** Lets Jest load ES modules, with a flag of Node. */
const MODULES = { NODE_OPTIONS: "--experimental-vm-modules" };

/** Runs one of the family's test files, which runs the flow. */
const flowIn = (given, environment, file, args = []) => given.verify((env) => jest(given, [file, "--env", environment, ...args], env));

const modulesFlowIn = (given, environment, args = []) =>
  given.verify((env) => jest(given, ["flow.test.mjs", "--env", environment, ...args], { ...env, ...MODULES }));

const lent = ["--setupFiles", "<rootDir>/lend-node.js"];
const row = (family, quick) => (name, run) => ({ family, quick, name, run });
const inJest = row("jest", true);
const inJestAsModule = row("jest", false);
const inBabel = row("babel", false);
const inVitest = row("vitest", false);

/** Vitest 5 needs a newer Node than the oldest supported one. */
const vitest = (environment) => (given) =>
  given.verify((env) => given.inNode("24", ["node_modules/vitest/vitest.mjs", "run", "--environment", environment, "flow.vitest.mjs"], { env }));

export const suites = [
  inJest("Jest 30, CommonJS, node", (given) => flowIn(given, "node", "flow.test.js")),
  inJest("Jest 30, CommonJS, jsdom: imports, and says what is missing", (given) => jest(given, ["missing.test.js", "--env", "jsdom"])),
  inJest("Jest 30, CommonJS, jsdom with the recipe's setup file", (given) => flowIn(given, "jsdom", "flow.test.js", lent)),
  inJestAsModule("Jest 30, ES modules, node", (given) => modulesFlowIn(given, "node")),
  inJestAsModule("Jest 30, ES modules, jsdom: imports, and says what is missing", (given) => jest(given, ["missing.test.mjs", "--env", "jsdom"], MODULES)),
  inJestAsModule("Jest 30, ES modules, jsdom with the recipe's setup file", (given) => modulesFlowIn(given, "jsdom", lent)),
  inBabel("Jest 30 + babel-jest, node", (given) => flowIn(given, "node", "flow.test.js")),
  inBabel("Jest 30 + babel-jest, jsdom with the setup file", (given) => flowIn(given, "jsdom", "flow.test.js", lent)),
  inVitest("Vitest 5, node", vitest("node")),
  inVitest("Vitest 5, jsdom", vitest("jsdom")),
  inVitest("Vitest 5, happy-dom", vitest("happy-dom")),
];
