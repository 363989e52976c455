//! The import rules of this workspace, as data. They are checked in `forbidden`.
//!
//! A room is a path without extension: `a/b` is the file `a/b.rs` and every file below the folder `a/b`. The rules apply to
//! production code; unit tests and test crates are exempt. A rule that names a missing room, crate or package fails.

/// A forbidden kind of import, with the reason.
#[derive(Clone, Copy, Debug)]
pub struct ImportRule {
    /// The room that the rule restricts.
    pub room: &'static str,
    /// The forbidden imports.
    pub never: NeverImports,
    /// The reason, in one line.
    pub why: &'static str,
}

/// Forbidden imports of a room.
#[derive(Clone, Copy, Debug)]
pub enum NeverImports {
    /// Packages of this workspace except these and the room's own.
    OursExcept(&'static [&'static str]),
    /// Items of these packages of the workspace.
    Packages(&'static [&'static str]),
    /// Items of these rooms.
    Rooms(&'static [&'static str]),
    /// Items of the first rooms, except those of the second.
    RoomsExcept(&'static [&'static str], &'static [&'static str]),
    /// Items of other crates, by path prefix.
    Paths(&'static [&'static str]),
    /// Imports of the room itself by any room except these.
    ImportedExceptBy(&'static [&'static str]),
}

use NeverImports::{ImportedExceptBy, OursExcept, Packages, Paths, Rooms, RoomsExcept};

/// The rules of this workspace.
pub const RULES: &[ImportRule] = &[
    // Crates.
    ImportRule {
        room: "protocol/src",
        never: OursExcept(&[]),
        why: "client and sandbox share the protocol, which depends on neither",
    },
    ImportRule {
        room: "src",
        never: OursExcept(&["handset-protocol"]),
        why: "the client shares only the protocol with the sandbox",
    },
    ImportRule {
        room: "sandbox/domain/src",
        never: OursExcept(&["handset-protocol"]),
        why: "the domain does not know the store, the server or the listener around it",
    },
    ImportRule {
        room: "sandbox/store/src",
        never: OursExcept(&["handset-protocol", "handset-sandbox-domain", "handset-sandbox-files"]),
        why: "a store saves the decisions of the domain and knows no server",
    },
    ImportRule {
        room: "sandbox/files/src",
        never: OursExcept(&[]),
        why: "files are created in the same way for every crate",
    },
    ImportRule {
        room: "sandbox/listener/src",
        never: OursExcept(&["handset-sandbox-files"]),
        why: "the listener serves any tower Service and knows no route",
    },
    // The client: src/.
    ImportRule {
        room: "src/flow",
        never: Rooms(&["src/browser", "src/facade"]),
        why: "flows are pure; a browser reaches them through the Platform trait",
    },
    ImportRule {
        room: "src/browser",
        never: Rooms(&["src/facade"]),
        why: "the platform does not know what JavaScript sees",
    },
    ImportRule {
        room: "src/flow/engine",
        never: Rooms(&["src/flow/steps"]),
        why: "steps depend on the engine, which runs any step",
    },
    ImportRule {
        room: "src/flow",
        never: Paths(&["wasm_bindgen", "wasm_bindgen_futures", "web_sys", "js_sys", "gloo_net", "gloo_timers"]),
        why: "flows run natively under test, in virtual time",
    },
    // The domain.
    ImportRule {
        room: "sandbox/domain/src",
        never: Paths(&["axum", "tokio", "rusqlite", "rand", "std::time::SystemTime", "std::time::Instant"]),
        why: "a decision depends on its input alone: time and random numbers are part of the input",
    },
    ImportRule {
        room: "sandbox/domain/src",
        never: Paths(&["serde_json::Value"]),
        why: "the domain reads typed requests; arbitrary JSON passes through it as text of limited size",
    },
    // The server: sandbox/server/src/.
    ImportRule {
        room: "sandbox/server/src/app",
        never: Rooms(&["sandbox/server/src/http"]),
        why: "use cases are independent of HTTP",
    },
    ImportRule {
        room: "sandbox/server/src/http",
        never: Packages(&["handset-sandbox-store"]),
        why: "handlers read a request and write a reply; app loads and saves",
    },
    ImportRule {
        room: "sandbox/server/src/http",
        never: Paths(&["rusqlite"]),
        why: "handlers read a request and write a reply; app loads and saves",
    },
    ImportRule {
        room: "sandbox/server/src/webhooks",
        never: Rooms(&["sandbox/server/src/http"]),
        why: "webhooks are sent outside of any request",
    },
    ImportRule {
        room: "sandbox/server/src/metrics",
        never: Rooms(&["sandbox/server/src/app", "sandbox/server/src/http", "sandbox/server/src/webhooks"]),
        why: "every room uses the metrics, so the metrics know no other room",
    },
    ImportRule {
        room: "sandbox/server/src/config",
        never: Rooms(&["sandbox/server/src/app", "sandbox/server/src/http", "sandbox/server/src/webhooks"]),
        why: "settings are read before any other room exists",
    },
    ImportRule {
        room: "sandbox/server/src/faults",
        never: RoomsExcept(
            &["sandbox/server/src/app", "sandbox/server/src/http", "sandbox/server/src/webhooks"],
            &["sandbox/server/src/http/shared"],
        ),
        why: "faults are rules and a layer that does not know the routes",
    },
    ImportRule {
        room: "sandbox/server/src/cli",
        never: ImportedExceptBy(&["sandbox/server/src/main", "sandbox/server/src/lib"]),
        why: "main reads the command line once and passes settings to the other rooms",
    },
];

/// Type names that may have more than one definition, each with its reason.
pub const REPEATED_TYPE_NAMES: &[(&str, &str)] = &[];
