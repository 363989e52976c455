// Runtimes without a page: every supported version of Node, Deno, Bun.
import { html } from "../given.mjs";

const row = (family, name, run) => ({ family, quick: false, name, run });

const inNode = (version, args) => row("node", `Node ${version}: ${args.join(" ")}`, (given) => given.verify((env) => given.inNode(version, args, { env })));

const IMPORT = ["flow-in-node.mjs"];
const REQUIRE = ["flow-in-node.cjs"];
const BARE_REQUIRE = ["--no-experimental-require-module", "flow-in-node.cjs"];

const inOther = (name, program, args) => row("deno-bun", name, (given) => given.verify((env) => given.exec(given.path("node_modules", program), args, { env })));

const DENO = "@deno/linux-x64-glibc/deno";
const BUN = "@oven/bun-linux-x64/bin/bun";
const PERMITTED = ["run", "--allow-net=127.0.0.1", "--allow-env", "--node-modules-dir=manual", "--no-prompt", "--no-remote", "--allow-read"];

export const runtimes = [
  inNode("18", IMPORT),
  inNode("18", REQUIRE),
  inNode("20", IMPORT),
  inNode("20", REQUIRE),
  inNode("20", BARE_REQUIRE),
  inNode("22", IMPORT),
  inNode("22", BARE_REQUIRE),
  inNode("24", IMPORT),
  inNode("24", REQUIRE),
  inOther("Deno 2: import", DENO, [...PERMITTED, "flow-in-node.mjs"]),
  inOther("Deno 2: require", DENO, [...PERMITTED, "flow-in-node.cjs"]),
  inOther("Bun: import", BUN, ["flow-in-node.mjs"]),
  inOther("Bun: require", BUN, ["flow-in-node.cjs"]),
  row("deno-bun", "Bun: build --minify", async (given) => {
    await given.exec(given.path("node_modules", BUN), ["build", "--minify", "main.js", "--outfile", "bun/main.js"]);
    await given.write("bun/index.html", html('<script type="module" src="main.js"></script>'));
    await given.open("bun");
    return [given.path("bun", "main.js")];
  }),
];
