// The argument of a row: its family's folder, programs to run there, pages to open, sessions to start.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { serve } from "../shared/serve.mjs";
import { reportOf } from "./pages.mjs";
import { runProgram, whileServing } from "./programs.mjs";

export const html = (body, { charset = "utf-8" } = {}) =>
  `<!doctype html>${charset && `<meta charset="${charset}">`}<title>Matrix</title><link rel="icon" href="data:,"><body>${body}`;

export class Given {
  #start;
  #browser;
  #install;
  #made = new Map();

  /**
   * @param {object} made
   * @param {string} made.folder the family's folder
   * @param {string} made.tarball the package's tarball
   * @param {import("playwright-core").Browser} made.browser
   * @param {import("./relying-party.mjs").RelyingParty} made.relyingParty
   * @param {(family: string) => Promise<string>} made.install installs another family, for its packages; resolves with its folder
   */
  constructor({ folder, tarball, browser, relyingParty, install }) {
    this.folder = folder;
    this.tarball = tarball;
    this.relyingParty = relyingParty;
    this.#browser = browser;
    this.#install = install;
    this.#start = (flowType) => relyingParty.start(flowType);
  }

  path(...parts) {
    return join(this.folder, ...parts);
  }

  write(name, text) {
    return writeFile(this.path(name), text);
  }

  /** Runs a program in the folder. A failure has the output in its error. */
  exec(command, args, { env } = {}) {
    return runProgram(command, args, { cwd: this.folder, env });
  }

  node(args, options) {
    return this.exec(process.execPath, args, options);
  }

  /** Runs a program of the family's node_modules, by its file there. */
  tool(file, args, options) {
    return this.node([this.path("node_modules", file), ...args], options);
  }

  /** The program of a version of Node. */
  async nodeOf(version) {
    return join(await this.#install("node"), "node_modules", `node-${version}`, "bin", "node");
  }

  async inNode(version, args, options) {
    return this.exec(await this.nodeOf(version), args, options);
  }

  /** Runs `make` once for several rows of the family. If it fails, all of these rows fail. */
  once(what, make) {
    if (!this.#made.has(what)) this.#made.set(what, make());
    return this.#made.get(what);
  }

  /** Bundles with webpack or Rspack. */
  pack(bundler, configuration, options) {
    return this.node(["pack.mjs", bundler, JSON.stringify(configuration)], options);
  }

  /** Runs a program that runs the flow of the authToken in its environment. */
  async verify(run) {
    const session = await this.#start();
    await run({ AUTH_TOKEN: session.authToken });
    await session.mustBeVerified();
  }

  /** Opens a page that runs the flow. Options as for {@link reportOf}. */
  async openAddress(address, { browser = this.#browser, flowType, ...options } = {}) {
    const session = await this.#start(flowType);
    const outcome = await reportOf(browser, address, { authToken: session.authToken, ...options });
    if (!outcome?.finished) throw new Error(outcome?.error ?? JSON.stringify(outcome));
    await session.mustBeVerified();
  }

  /** Opens a page whose flow must fail, and returns its report. */
  async failureAt(folder, { browser = this.#browser, ...options } = {}) {
    const session = await this.#start();
    return this.#serving(folder, (origin) => reportOf(browser, `${origin}/`, { authToken: session.authToken, ...options }));
  }

  /** Serves a folder and opens it. */
  open(folder, options) {
    return this.#serving(folder, (origin) => this.openAddress(`${origin}/`, options));
  }

  /** Like {@link open}, in a browser driven by WebDriver. Opens a link as soon as it is sent. */
  async flowBy(driver, folder, flowType) {
    const session = await this.#start(flowType);
    const before = flowType === "desktop" ? await this.relyingParty.newestSms() : undefined;
    await this.#serving(folder, async (origin) => {
      await driver.open(`${origin}/`);
      const running = driver.evaluate("const [token, done] = arguments; self.run(token).then((outcome) => done({ outcome, problems: self.problems }));", session.authToken);
      if (before) await Promise.race([this.relyingParty.openLink(before), running]);
      const { outcome, problems } = await running;
      if (problems.length > 0) throw new Error(problems[0]);
      if (!outcome.finished) throw new Error(outcome.error);
    });
    await session.mustBeVerified();
  }

  async #serving(folder, use) {
    const server = await serve(this.path(folder));
    try {
      return await use(server.origin);
    } finally {
      await server.close();
    }
  }

  /**
   * Starts a server of the family and calls `use` with its origin, from the server's output.
   *
   * @param {(origin: string) => Promise<void>} use
   */
  async serving(file, args, use, { env, node = process.execPath } = {}) {
    await whileServing(node, [this.path("node_modules", file), ...args], { cwd: this.folder, env }, use);
  }

  /** The scripts below a folder that contain the package, found by the name of a method that minifiers keep. */
  async scriptsIn(folder) {
    const names = (await readdir(this.path(folder), { recursive: true })).filter((name) => /\.m?js$/.test(name));
    const files = names.map((name) => this.path(folder, name));
    const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
    return files.filter((_, index) => texts[index].includes("withOtpFallback"));
  }
}
