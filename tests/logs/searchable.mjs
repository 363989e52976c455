// How a secret is looked for in logs, and whether it can be. `src/searchable.rs` says the same to the suites in Rust;
// searchable.json holds both to it.

/** Fewer characters than these are not looked for: they stand everywhere. */
export const SHORTEST = 6;
/** Any piece of a token that is twice as long holds one of these whole. */
const TOKEN_PIECE = 16;

const PIECES = new RegExp(`.{${TOKEN_PIECE}}`, "g");
/** What could be a token: what a header may carry without quotes. */
const TOKEN = /^[!-~]+$/;

/**
 * What to look for so as to find a secret however it is written.
 *
 * @returns {{text: string, alone?: boolean, ofDigits?: boolean}[]} texts; whether each must stand alone, and whether
 * anything may stand between its digits
 */
export function spellings({ kind, value }) {
  const digits = value.replace(/\D/g, "");
  switch (kind) {
    // Without a country code, which may be left out; lines are also searched with what may stand between digits taken out.
    case "number":
      return [{ text: digits.slice(-10), ofDigits: true }];
    case "SSN":
      return [{ text: digits, ofDigits: true }];
    // So few digits also stand within longer numbers and ids.
    case "code":
      return [{ text: value, alone: true, ofDigits: true }];
    case "token": {
      const parts = value.split(".");
      // The first of three says only how it is signed.
      const own = parts.length === 3 ? parts.slice(1) : [value];
      return TOKEN.test(value) ? own.flatMap((part) => part.match(PIECES) ?? []).map((text) => ({ text })) : [];
    }
    default:
      return [{ text: value }, { text: encodeURIComponent(value) }];
  }
}

/** Whether a secret would be found, and nothing else taken for it. */
export function isSearchable(secret) {
  const found = spellings(secret);
  return found.length > 0 && found.every(({ text }) => text.length >= SHORTEST);
}

/** Why a secret that is not searchable is refused; never the secret. */
export const refusal = ({ kind, value }) =>
  `A ${kind} of ${value.length} characters is too short or too odd to be searched for in logs: choose another, or do not name what is nobody's secret.`;
