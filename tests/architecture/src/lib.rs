//! Checks of the workspace's structure by reading its sources: imports, type names and `//!` lines. Compiles and runs no code. The
//! rules of this workspace are in `rules`.

mod cfg;
mod circles;
mod files;
mod findings;
mod forbidden;
mod headers;
mod imports;
mod packages;
mod resolve;
mod rules;
mod tree;
mod type_names;
mod uses;
mod workspace;

pub use files::SourceFiles;
pub use findings::HouseFindings;
pub use rules::{ImportRule, NeverImports, REPEATED_TYPE_NAMES, RULES};
