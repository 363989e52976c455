// Opens pages in Chromium and returns their reports. Any error in a page fails its row.
import { chromium } from "playwright-core";
import { logs } from "./relying-party.mjs";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Timeout of a page, in ms. */
const PATIENCE_MS = 30_000;

export const launch = (executablePath = process.env.CHROME_PATH || "/usr/bin/chromium", args = []) =>
  chromium.launch({ executablePath, args: [...FLAGS, ...args] });

/** Records the page's log, for the search for secrets. */
function record(context) {
  const note = (text) => logs.write("page", `${text}\n`);
  context.on("console", (message) => note(`console ${message.type()} ${message.text()}`));
  context.on("request", (request) => note(`request ${request.method()} ${request.url()}`));
}

/** In the page: defines the globals for the page and its workers. */
function give(authToken) {
  self.authToken = authToken;
}

/**
 * Opens an address with an authToken and waits for the page to call `report(value)`.
 *
 * @param {import("playwright-core").Browser} browser
 * @param {string} address
 * @param {object} options
 * @param {string} options.authToken
 * @param {RegExp[]} [options.expectedErrors] the allowed errors
 * @param {string} [options.charset] the charset of every script
 * @returns {Promise<unknown>} the value
 */
export async function reportOf(browser, address, { authToken, expectedErrors = [], charset }) {
  const context = await browser.newContext();
  try {
    record(context);
    const errors = [];
    const { promise, resolve, reject } = withResolvers();
    // The first error of a page is the cause of the others.
    const note = (error) => {
      if (expectedErrors.some((pattern) => pattern.test(error))) return;
      errors.push(error);
      reject(new Error(errors[0]));
    };
    context.on("console", (message) => message.type() === "error" && note(`console: ${message.text()}`));
    context.on("weberror", (error) => note(`uncaught: ${error.error().message}`));
    context.on("requestfailed", (request) => note(`request: ${request.failure()?.errorText} ${request.url()}`));
    context.setDefaultTimeout(PATIENCE_MS);
    await context.exposeFunction("report", resolve);
    await context.addInitScript(give, authToken);
    if (charset) await context.route("**/*.js", (route) => withCharset(route, charset));
    const page = await context.newPage();
    const late = setTimeout(() => reject(new Error(`the page reported nothing within ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
    try {
      await Promise.all([page.goto(address), promise]);
      const value = await promise;
      // By then the page's earlier messages have arrived.
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
      if (errors.length > 0) throw new Error(errors[0]);
      return value;
    } finally {
      clearTimeout(late);
    }
  } finally {
    await context.close();
  }
}

/** Promise.withResolvers, which Node 20 lacks. */
function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

async function withCharset(route, charset) {
  const response = await route.fetch();
  await route.fulfill({ response, headers: { ...response.headers(), "content-type": `text/javascript; charset=${charset}` } });
}
