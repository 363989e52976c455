//! Handset: a web page learns, in seconds, that the person in front of it holds the phone they say they hold.
//!
//! [`flow`] is the orchestrator and knows no web type, clock or socket; `browser` is its one implementation of
//! [`flow::Platform`]; `facade` is what JavaScript sees. The last two exist on the wasm32 target only.

pub mod flow;

#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(target_arch = "wasm32")]
mod facade;

#[cfg(all(test, target_arch = "wasm32"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::cell::TalcSyncCell<talc::wasm::WasmGrowAndClaim, talc::wasm::WasmBinning> =
    talc::cell::TalcSyncCell::new_wasm(talc::wasm::WasmGrowAndClaim);
