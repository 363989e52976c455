// Frameworks besides Next.js, each in its shortest form.
import { cp } from "node:fs/promises";

const row = (family, name, run) => ({ family, quick: false, name, run });

/** Create React App, which compiles only src/. */
async function createReactApp(given, args, env) {
  await cp(given.path("flow.js"), given.path("src", "flow.js"));
  await given.tool("react-scripts/bin/react-scripts.js", args, { env });
}

export const frameworks = [
  row("cra", "Create React App 5: build", async (given) => {
    await createReactApp(given, ["build"], { DISABLE_ESLINT_PLUGIN: "true", PUBLIC_URL: "." });
    await given.open("build");
    return given.scriptsIn("build");
  }),
  row("cra", "Create React App 5: test (Jest 27)", (given) =>
    given.verify((env) => createReactApp(given, ["test", "--watchAll=false"], env)),
  ),
  row("nuxt", "Nuxt 4: build, server-side rendering", async (given) => {
    await given.inNode("24", ["node_modules/nuxt/bin/nuxt.mjs", "build"]);
    await given.serving("../.output/server/index.mjs", [], (origin) => given.openAddress(`${origin}/`), { env: { PORT: "0", HOST: "127.0.0.1" }, node: await given.nodeOf("24") });
    return given.scriptsIn(".output/public");
  }),
  row("sveltekit", "SvelteKit 2: build", async (given) => {
    await given.tool("vite/bin/vite.js", ["build", "--logLevel", "error"]);
    await given.open("build");
    return given.scriptsIn("build");
  }),
  row("astro", "Astro 7: build", async (given) => {
    await given.inNode("24", ["node_modules/astro/bin/astro.mjs", "build"]);
    await given.open("dist");
    return given.scriptsIn("dist");
  }),
  row("angular", "Angular 20: build, strict, libraries checked", async (given) => {
    await given.tool("@angular/cli/bin/ng.js", ["build"]);
    await given.open("dist/browser");
    return given.scriptsIn("dist/browser");
  }),
];
