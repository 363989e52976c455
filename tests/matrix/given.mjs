// What a row is handed: its family's folder, programs to run there, pages to open, sessions to run.
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
   * @param {string} made.folder the family's
   * @param {string} made.tarball of the package
   * @param {import("playwright-core").Browser} made.browser
   * @param {import("./relying-party.mjs").RelyingParty} made.relyingParty
   * @param {(family: string) => Promise<string>} made.install another family, for what it brings; resolves with its folder
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

  /** Runs a program in the folder; its output is in the error when it fails. */
  exec(command, args, { env } = {}) {
    return runProgram(command, args, { cwd: this.folder, env });
  }

  node(args, options) {
    return this.exec(process.execPath, args, options);
  }

  /** Runs a program of the family's node_modules, given by its file there. */
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

  /** Does once what several rows of the family need; where it fails, all of them do. */
  once(what, make) {
    if (!this.#made.has(what)) this.#made.set(what, make());
    return this.#made.get(what);
  }

  /** Bundles with webpack or Rspack. */
  pack(bundler, configuration, options) {
    return this.node(["pack.mjs", bundler, JSON.stringify(configuration)], options);
  }

  /** Runs a program that itself runs the flow of the authToken in its environment. */
  async verify(run) {
    const session = await this.#start();
    await run({ AUTH_TOKEN: session.authToken });
    await session.mustBeVerified();
  }

  /** Opens a page, which runs the flow. Options as for {@link reportOf}. */
  async openAddress(address, { browser = this.#browser, flowType, ...options } = {}) {
    const session = await this.#start(flowType);
    const outcome = await reportOf(browser, address, { authToken: session.authToken, ...options });
    if (!outcome?.finished) throw new Error(outcome?.error ?? JSON.stringify(outcome));
    await session.mustBeVerified();
  }

  /** Opens a page that is to fail, and hands over what it reports. */
  async failureAt(folder, { browser = this.#browser, ...options } = {}) {
    const session = await this.#start();
    return this.#serving(folder, (origin) => reportOf(browser, `${origin}/`, { authToken: session.authToken, ...options }));
  }

  /** Serves a folder and opens it. */
  open(folder, options) {
    return this.#serving(folder, (origin) => this.openAddress(`${origin}/`, options));
  }

  /** As {@link open}, in a browser that WebDriver drives; a link is opened as soon as it was sent. */
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
   * Starts a server of the family's and hands `use` its origin, which is in what it prints.
   *
   * @param {(origin: string) => Promise<void>} use
   */
  async serving(file, args, use, { env, node = process.execPath } = {}) {
    await whileServing(node, [this.path("node_modules", file), ...args], { cwd: this.folder, env }, use);
  }

  /** The scripts below a folder that hold the package, by the name of a method that minifiers leave alone. */
  async scriptsIn(folder) {
    const names = (await readdir(this.path(folder), { recursive: true })).filter((name) => /\.m?js$/.test(name));
    const files = names.map((name) => this.path(folder, name));
    const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
    return files.filter((_, index) => texts[index].includes("withOtpFallback"));
  }
}
