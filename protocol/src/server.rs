//! What a relying party's server calls.
