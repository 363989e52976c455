// Runs build tools and their servers.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";
import { logs } from "./relying-party.mjs";

/** Environment that turns off telemetry, prompts and colours of build tools. */
const QUIET = { CI: "true", NO_COLOR: "1", FORCE_COLOR: "0", NEXT_TELEMETRY_DISABLED: "1", ASTRO_TELEMETRY_DISABLED: "1", NUXT_TELEMETRY_DISABLED: "1", NG_CLI_ANALYTICS: "false", BROWSER: "none" };

/** Patterns of the output lines that explain a failure, the most specific first. */
const COMPLAINTS = [/error\b.*: *\S|^@|^Must /i, /error|cannot|could not|not found|●|×|✕/i, /fail/i];

/** The line of a tool's output that explains its failure. */
function complaint(said) {
  const lines = said.split("\n").map((line) => line.trim()).filter(Boolean);
  const found = COMPLAINTS.map((pattern) => lines.find((line) => pattern.test(line))).find(Boolean);
  return found ?? lines[0];
}

/** Timeout of a server until it prints its address, in ms. */
const START_MS = 60_000;

const start = (command, args, { cwd, env = {}, ...options }) =>
  spawn(command, args, { cwd, env: { ...process.env, ...QUIET, ...env }, stdio: ["ignore", "pipe", "pipe"], ...options });

/** Runs a program. The error of a failure is the explaining line of the output; its cause is the whole output. */
export async function runProgram(command, args, options) {
  const child = start(command, args, options);
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => chunks.push(chunk));
  const [code, signal] = await once(child, "close");
  const said = stripVTControlCharacters(Buffer.concat(chunks).toString());
  logs.write("tools", said);
  if (code === 0) return said;
  throw new Error(complaint(said) ?? `${command} ended with ${signal ?? code}`, { cause: said });
}

/** Starts a server and calls `use` with its origin, from the server's output. */
export async function whileServing(command, args, options, use) {
  const child = start(command, args, { ...options, detached: true });
  const exited = once(child, "exit");
  try {
    await use(await listening(child));
  } finally {
    endGroup(child);
    await exited;
  }
}

/** A free port. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

/** Ends a program and its child processes. */
export function endGroup(child) {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    // ESRCH: the program has ended already.
    if (error.code !== "ESRCH") throw error;
  }
}

/** The origin from a server's output. */
function listening(child) {
  return new Promise((resolve, reject) => {
    const said = [];
    const late = setTimeout(() => reject(new Error(`no server within ${START_MS / 1000} s: ${said.join(" ")}`)), START_MS);
    const read = (line) => {
      said.push(stripVTControlCharacters(line));
      logs.write("tools", `${line}\n`);
      const [, port] = /https?:\/\/(?:localhost|127\.0\.0\.1|\[::1?\]|0\.0\.0\.0):(\d+)/.exec(stripVTControlCharacters(line)) ?? [];
      if (!port) return;
      clearTimeout(late);
      resolve(`http://localhost:${port}`);
    };
    for (const stream of [child.stdout, child.stderr]) createInterface(stream).on("line", read);
    child.on("exit", (code) => {
      clearTimeout(late);
      reject(new Error(`the server ended with ${code}: ${said.join(" ")}`));
    });
    child.on("error", reject);
  });
}
