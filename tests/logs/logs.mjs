// The logs and secrets of a suite, for the search for secrets in logs; src/lib.rs describes the files.
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

  /** Appends unchanged text to the log of `source`, for example a page or a process. */
  write(source, text) {
    this.#append(`${source}.log`, text);
  }

  /**
   * Declares a secret of this suite; ignores an empty value.
   *
   * @throws if the secret is not searchable, so that the declaring test fails, not the search at the end of a run
   */
  secret(kind, value) {
    if (!value || this.#secrets.has(value)) return;
    if (!isSearchable({ kind, value })) throw new Error(refusal({ kind, value }));
    this.#secrets.add(value);
    this.#append("secrets", `${JSON.stringify({ kind, value })}\n`);
  }
}
