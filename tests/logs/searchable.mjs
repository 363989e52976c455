// Which secrets the search of the logs can find, and their spellings. `src/searchable.rs` has the same rule for the suites in
// Rust; the rows of searchable.json test both.

/** Minimum length of a searchable text: shorter texts occur everywhere. */
export const SHORTEST = 6;
/** Length of the searched pieces of a token. A fragment of twice this length contains at least one whole piece. */
const TOKEN_PIECE = 16;

const PIECES = new RegExp(`.{${TOKEN_PIECE}}`, "g");
/** The characters of a token: those of an unquoted header value. */
const TOKEN = /^[!-~]+$/;

/**
 * The texts to search for, so that every spelling of a secret is found.
 *
 * @returns {{text: string, alone?: boolean, ofDigits?: boolean}[]} the texts; `alone`: not within a longer number or id;
 * `ofDigits`: with any separators between the digits
 */
export function spellings({ kind, value }) {
  const digits = value.replace(/\D/g, "");
  switch (kind) {
    // Without the country code, which is optional. Lines are also searched without the separators between digits.
    case "number":
      return [{ text: digits.slice(-10), ofDigits: true }];
    case "SSN":
      return [{ text: digits, ofDigits: true }];
    // So few digits also occur within longer numbers and ids.
    case "code":
      return [{ text: value, alone: true, ofDigits: true }];
    case "token": {
      const parts = value.split(".");
      // The first of three parts has only the algorithm.
      const own = parts.length === 3 ? parts.slice(1) : [value];
      return TOKEN.test(value) ? own.flatMap((part) => part.match(PIECES) ?? []).map((text) => ({ text })) : [];
    }
    default:
      return [{ text: value }, { text: encodeURIComponent(value) }];
  }
}

/** Whether the search would find this secret, and no other text. */
export function isSearchable(secret) {
  const found = spellings(secret);
  return found.length > 0 && found.every(({ text }) => text.length >= SHORTEST);
}

/** The error text for an unsearchable secret, without the secret. */
export const refusal = ({ kind, value }) =>
  `A ${kind} of ${value.length} characters is too short or too odd for the search of the logs: choose another, or do not declare a value that is no secret.`;
