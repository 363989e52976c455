//! Reads the sources of the workspace, to hold how they are arranged: imports, names of types, and headers. It compiles and runs nothing.

mod cfg;
mod circles;
mod files;
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

pub use circles::{ImportCircle, circles};
pub use files::SourceFiles;
pub use forbidden::{ForbiddenImport, broken_rules, forbidden};
pub use headers::without_header;
pub use packages::{CargoPackage, CargoTarget};
pub use rules::{ImportRule, NeverImports, REPEATED_TYPE_NAMES, RULES};
pub use type_names::{RepeatedName, repeated_names};
pub use uses::{ItemUse, UsedItem};
pub use workspace::Workspace;
