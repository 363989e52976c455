// Runs commands for all scripts: from the repository's root, without stdin, and with advice on a failure.
import { spawn } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A failure with a message for the person at the terminal; its stack is not printed. */
export class StepError extends Error {
  name = "StepError";
}

/**
 * Runs a command and resolves with its output when it exits with 0.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {object} [options]
 * @param {Record<string, string>} [options.env] added to this process's environment
 * @param {string} [options.cwd]
 * @param {"show" | "tee" | "quiet"} [options.output] `show` gives the command the terminal, `tee` shows and collects the output, `quiet` only collects it
 * @param {string} [options.advice] what to do if the command fails
 * @param {boolean} [options.passSignals] forward termination signals to the command, and let it decide when to end
 * @returns {Promise<string>} the output; empty with `show`
 */
export function run(command, args, { env = {}, cwd = root, output = "show", advice = "", passSignals = false } = {}) {
  const line = [command, ...args].map((part) => (/\s/.test(part) ? `"${part}"` : part)).join(" ");
  if (output !== "quiet") console.log(`$ ${line}`);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: output === "show" ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"],
    });
    if (passSignals) for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
    const chunks = [];
    for (const [from, to] of [[child.stdout, process.stdout], [child.stderr, process.stderr]]) {
      from?.on("data", (chunk) => {
        chunks.push(chunk);
        if (output === "tee") to.write(chunk);
      });
    }
    const fail = (why) => {
      const said = output === "quiet" && chunks.length > 0 ? `\n${Buffer.concat(chunks).toString().trimEnd()}` : "";
      reject(new StepError(`${line}\n  ${why}${said}${advice ? `\n  ${advice}` : ""}`));
    };
    child.on("error", (error) => fail(error.code === "ENOENT" ? `${command} was not found` : error.message));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(Buffer.concat(chunks).toString());
      else fail(signal ? `was ended by ${signal}` : `failed with exit code ${code}`);
    });
  });
}

/** Like `run` with `quiet`, but returns `undefined` on a failure. */
export async function ask(command, args, options = {}) {
  try {
    return await run(command, args, { ...options, output: "quiet" });
  } catch {
    return undefined;
  }
}

/** Runs a script's main function. A failure exits with code 1; only an unexpected failure prints its stack. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    console.error(error instanceof StepError ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}
