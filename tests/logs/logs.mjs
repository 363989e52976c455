// What a suite leaves behind for the check that no secret of a run reached a log; src/lib.rs says how.
import { appendFileSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { isSearchable, refusal } from "./searchable.mjs";

/** The log and the secrets of one suite in this process. */
export class Logs {
  #folder;
  #secrets = new Set();

  constructor(suite) {
    this.#folder = process.env.HANDSET_LOGS && join(process.env.HANDSET_LOGS, suite);
    if (this.#folder) mkdirSync(this.#folder, { recursive: true });
  }

  #append(name, text) {
    if (this.#folder) appendFileSync(join(this.#folder, `${basename(process.argv[1] ?? "node")}.${name}`), text);
  }

  /** Adds to the log of `source`, for example a page or a process, as it comes. */
  write(source, text) {
    this.#append(`${source}.log`, text);
  }

  /**
   * Names a secret that this suite runs with; nothing is named where there is none.
   *
   * @throws where it could not be searched for: the test that named it fails, not the search at the end of a run
   */
  secret(kind, value) {
    if (!value || this.#secrets.has(value)) return;
    if (!isSearchable({ kind, value })) throw new Error(refusal({ kind, value }));
    this.#secrets.add(value);
    this.#append("secrets", `${JSON.stringify({ kind, value })}\n`);
  }
}
