//! The house: who may not import whom, as data. How a rule is checked is in `forbidden`.
//!
//! A room is a path without its ending: `a/b` is the file `a/b.rs` and all below the folder `a/b`. Only production code is held to the
//! rules: unit tests and test crates are free. A rule about a room, crate or package that does not exist fails.

/// What a room may not import, and why.
#[derive(Clone, Copy, Debug)]
pub struct ImportRule {
    /// The room that is held to it.
    pub room: &'static str,
    /// What it may not import.
    pub never: NeverImports,
    /// The reason, in one line.
    pub why: &'static str,
}

/// What is forbidden.
#[derive(Clone, Copy, Debug)]
pub enum NeverImports {
    /// Packages of this workspace, but for these and its own.
    OursExcept(&'static [&'static str]),
    /// Items that are defined in these packages of the workspace.
    Packages(&'static [&'static str]),
    /// Items that are defined in these rooms.
    Rooms(&'static [&'static str]),
    /// Items that are defined in the first rooms, but for the second.
    RoomsExcept(&'static [&'static str], &'static [&'static str]),
    /// Items of other crates, by the beginning of their path.
    Paths(&'static [&'static str]),
    /// The room itself, by any other than these.
    ImportedExceptBy(&'static [&'static str]),
}

use NeverImports::{ImportedExceptBy, OursExcept, Packages, Paths, Rooms, RoomsExcept};

/// The rules of this workspace.
pub const RULES: &[ImportRule] = &[
    // Crates.
    ImportRule {
        room: "protocol/src",
        never: OursExcept(&[]),
        why: "client and sandbox meet in the protocol, which stands alone",
    },
    ImportRule {
        room: "src",
        never: OursExcept(&["handset-protocol"]),
        why: "the client meets the sandbox in the protocol alone",
    },
    ImportRule {
        room: "sandbox/domain/src",
        never: OursExcept(&["handset-protocol"]),
        why: "the domain does not know the store, the server or the listener around it",
    },
    ImportRule {
        room: "sandbox/store/src",
        never: OursExcept(&["handset-protocol", "handset-sandbox-domain", "handset-sandbox-files"]),
        why: "a store keeps what the domain decided, and knows no server",
    },
    ImportRule { room: "sandbox/files/src", never: OursExcept(&[]), why: "files are created alike for whoever asks" },
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
        why: "steps are built upon the engine, which runs any of them",
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
        why: "a call can be made without HTTP",
    },
    ImportRule {
        room: "sandbox/server/src/http",
        never: Packages(&["handset-sandbox-store"]),
        why: "handlers read a request and write a reply; loading and saving is the part of app",
    },
    ImportRule {
        room: "sandbox/server/src/http",
        never: Paths(&["rusqlite"]),
        why: "handlers read a request and write a reply; loading and saving is the part of app",
    },
    ImportRule {
        room: "sandbox/server/src/webhooks",
        never: Rooms(&["sandbox/server/src/http"]),
        why: "webhooks are sent outside of any request",
    },
    ImportRule {
        room: "sandbox/server/src/metrics",
        never: Rooms(&["sandbox/server/src/app", "sandbox/server/src/http", "sandbox/server/src/webhooks"]),
        why: "every room may count, so the counters know no other room",
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
        why: "faults are rules, and a layer around routes that it does not know",
    },
    ImportRule {
        room: "sandbox/server/src/cli",
        never: ImportedExceptBy(&["sandbox/server/src/main", "sandbox/server/src/lib"]),
        why: "main reads the command line once, and hands settings to every other room",
    },
];

/// Type names that may be defined more than once, each with its reason.
pub const REPEATED_TYPE_NAMES: &[(&str, &str)] = &[];
