// Pages without a bundler, or with esbuild only. They test the encoding and embedding of the script's text.
import { readFile } from "node:fs/promises";
import { html } from "../given.mjs";
import { bundle, openOnLatinPages, site } from "./site.mjs";

/** Runs the flow with the package in a global. */
const WITH_GLOBAL = `<script type="module">
  import { outcomeOf } from "./flow.js";
  outcomeOf(self.proveAuth, self.authToken).then(self.report);
</script>`;

/** A script element with this text, escaped. */
const inlined = (text, attributes = "") => `<script${attributes}>${text.replaceAll("</script", "<\\/script")}</script>`;

/** The module's text as a classic script that assigns the exports to a global. */
const asGlobal = (text) =>
  text.replace(/\bexport\s*\{([^}]*)\};?\s*$/, (_, names) => {
    const members = names.split(",").map((name) => name.trim().split(/\s+as\s+/).reverse().join(": "));
    return `;self.proveAuth = { ${members.join(", ")} };`;
  });

/** A page with a module that imports the package from a file beside it. */
async function moduleSite(given, name, text) {
  await site(given, name, {
    "index.html": html('<script type="module" src="main.js"></script>'),
    "main.js": (await readFile(given.path("main.js"), "utf8")).replace('"handset"', '"./handset.js"'),
    "handset.js": text,
  });
}

const packaged = (given, file) => readFile(given.path("node_modules", "handset", file), "utf8");

/** Removes trailing blanks, as some editors and version control hooks do. */
const withoutTrailingBlanks = (text) => text.split("\n").map((line) => line.replace(/[\t\v\f\r ]+$/, "")).join("\n");

const worker = (type) => ({ "worker.js": `
  ${type === "module" ? 'import * as proveAuth from "./handset.js"; import { outcomeOf } from "./flow.js";' : 'importScripts("out.js");'}
  ${type === "module" ? "self.onmessage = ({ data }) => outcomeOf(proveAuth, data).then((outcome) => self.postMessage(outcome));" : ""}` });

const FROM_WORKER = (type) => html(`<script>
  const worker = new Worker("worker.js", { type: "${type}" });
  worker.onerror = (event) => report({ error: "worker: " + event.message });
  worker.onmessage = ({ data }) => report(data);
  worker.postMessage(self.authToken);
</script>`);

/** The entry of a classic worker, which receives the token in a message. */
const WORKER_ENTRY = `
  import * as proveAuth from "handset";
  import { outcomeOf } from "./flow.js";
  self.onmessage = ({ data }) => outcomeOf(proveAuth, data).then((outcome) => self.postMessage(outcome));`;

const SERVICE_WORKER = `
  import * as proveAuth from "./handset.js";
  import { outcomeOf } from "./flow.js";
  self.onmessage = ({ data, ports: [port] }) => outcomeOf(proveAuth, data).then((outcome) => port.postMessage(outcome));`;

const FROM_SERVICE_WORKER = html(`<script type="module">
  await navigator.serviceWorker.register("worker.js", { type: "module" });
  const { active } = await navigator.serviceWorker.ready;
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => report(data);
  active.postMessage(self.authToken, [port2]);
</script>`);

const row = (name, run, options = {}) => ({ family: "pages", name, run, ...options });
const quick = { quick: true };

export const pages = [
  row("handset.global.js inlined in HTML", async (given) => {
    await site(given, "global-inlined", { "index.html": html(inlined(await packaged(given, "handset.global.js")) + WITH_GLOBAL) });
    await given.open("global-inlined");
  }, quick),
  row("index.js as a bundler without a minifier leaves it, inlined in HTML", async (given) => {
    await site(given, "index-inlined", { "index.html": html(inlined(asGlobal(await packaged(given, "index.js"))) + WITH_GLOBAL) });
    await given.open("index-inlined");
  }, quick),
  row("esbuild, not minified, UTF-8, inlined in HTML", async (given) => {
    const script = await bundle(given, { format: "iife", charset: "utf8" });
    await site(given, "inlined", { "index.html": html(inlined(script)) });
    await given.open("inlined");
  }, quick),
  row("module served as text/javascript; charset=iso-8859-1", async (given) => {
    await moduleSite(given, "module-latin", await packaged(given, "index.js"));
    await given.open("module-latin", { charset: "iso-8859-1" });
  }, quick),
  row("vendored copy after trailing-whitespace", async (given) => {
    await moduleSite(given, "vendored", withoutTrailingBlanks(await packaged(given, "index.js")));
    await given.open("vendored");
  }, quick),
  row("esbuild --charset=utf8, iife, on a latin-1 page", async (given) => {
    const script = await bundle(given, { format: "iife", charset: "utf8", minify: true });
    return openOnLatinPages(given, "latin", script);
  }),
  row("module worker", async (given) => {
    await moduleSite(given, "module-worker", await packaged(given, "index.js"));
    await site(given, "module-worker", { "index.html": FROM_WORKER("module"), ...worker("module") });
    await given.open("module-worker");
  }),
  row("classic worker", async (given) => {
    await given.write("worker-entry.js", WORKER_ENTRY);
    const script = await bundle(given, { entryPoints: ["worker-entry.js"], format: "iife" });
    await site(given, "classic-worker", { "index.html": FROM_WORKER("classic"), "out.js": script, ...worker("classic") });
    await given.open("classic-worker");
  }),
  row("service worker", async (given) => {
    await moduleSite(given, "service-worker", await packaged(given, "index.js"));
    await site(given, "service-worker", { "index.html": FROM_SERVICE_WORKER, "worker.js": SERVICE_WORKER });
    await given.open("service-worker");
  }),
  row("iframe with sandbox=allow-scripts", async (given) => {
    const script = await bundle(given, { format: "iife" });
    await site(given, "iframe", { "index.html": html('<iframe sandbox="allow-scripts" src="frame.html"></iframe>'), "frame.html": html(inlined(script)) });
    await given.open("iframe");
  }),
];
