// Opens a folder in Chromium and returns the report of its page. Any error in the page fails the test.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { Logs } from "../logs/logs.mjs";
import { serve } from "../shared/serve.mjs";

const logs = new Logs("package");

/**
 * Opens an address and waits for the page to call `report(value)`. Adds the paths of the page's requests to `requested`.
 *
 * @returns {Promise<unknown>} the value
 */
export async function reportOf(address, { expectedErrors = [], requested = [] } = {}) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROME_PATH ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  try {
    const page = await browser.newPage();
    const errors = [];
    page.on("console", (message) => {
      logs.write("page", `console ${message.type()} ${message.text()}\n`);
      if (message.type() === "error") errors.push(message.text());
    });
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("request", (request) => {
      logs.write("page", `request ${request.method()} ${request.url()}\n`);
      if (request.url().startsWith("http")) requested.push(new URL(request.url()).pathname);
    });
    page.on("requestfailed", (request) => errors.push(`${request.url()} ${request.failure()?.errorText}`));
    const reported = new Promise((resolve, reject) => {
      page.exposeFunction("report", resolve).then(() => page.goto(address), reject).catch(reject);
      page.on("pageerror", reject);
    });
    const value = await reported;
    logs.write("page", `reported ${JSON.stringify(value)}\n`);
    assert.deepEqual(errors.filter((error) => !expectedErrors.some((expected) => expected.test(error))), []);
    return value;
  } finally {
    await browser.close();
  }
}

/** Serves a folder and opens it. */
export async function reportOfFolder(folder, { headers = {}, ...options } = {}) {
  const server = await serve(folder, headers);
  try {
    return await reportOf(`${server.origin}/`, options);
  } finally {
    await server.close();
  }
}

/** An invalid authToken, whose claims are no JSON. A refused token is a secret too. */
export const badToken = "eyJhbGciOiJIUzI1NiJ9.bm90IGEgdG9rZW46IDhmM2ExYzc5ZTA0YiwgYW5kIG5vIEpTT04.c2lnbmF0dXJlIG9mIG5vdGhpbmcgYXQgYWxs";
logs.secret("token", badToken);

/** The code of every page, with the package in the variable `proveAuth`, and its expected report. */
export const exercise = `
  proveAuth.LoggerFactory.setLogLevel(proveAuth.LogLevel.trace);
  const authenticator = new proveAuth.AuthenticatorBuilder().withAuthFinishStep(() => undefined).withRole("secondary").build();
  authenticator.addEventListener("statechange", ({ detail }) => console.debug("statechange", detail.state, detail.failure?.stack));
  authenticator.authenticate("${badToken}").then(
    () => report({ resolved: true }),
    (error) => report({
      version: proveAuth.VERSION,
      isMobileWeb: authenticator.isMobileWeb(),
      kind: error.kind,
      isAuthError: error instanceof Object.getPrototypeOf(proveAuth.OtpError),
    }),
  );`;

export const expected = (version) => ({ version, isMobileWeb: false, kind: "token_invalid", isAuthError: true });
