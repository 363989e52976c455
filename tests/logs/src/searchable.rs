//! Which secrets a search of the logs can find.

/// Fewer characters than these are not looked for: they stand everywhere.
const SHORTEST: usize = 6;
/// The length of the pieces in which a token is searched for.
const TOKEN_PIECE: usize = 16;

/// Whether the search of the logs would find this secret, and only it.
///
/// `searchable.mjs` beside this crate is what searches, and says the same of every row of `searchable.json`.
pub fn is_searchable(kind: &str, value: &str) -> bool {
    match kind {
        "number" | "SSN" => value.chars().filter(char::is_ascii_digit).count() >= SHORTEST,
        "token" => {
            let parts: Vec<&str> = value.split('.').collect();
            // The first of three says only how it is signed.
            let own = if let [_, claims, signature] = parts[..] { vec![claims, signature] } else { vec![value] };
            value.bytes().all(|byte| byte.is_ascii_graphic()) && own.iter().any(|part| part.len() >= TOKEN_PIECE)
        }
        _ => value.chars().count() >= SHORTEST,
    }
}
