//! One step of the page: how it is called, and how its promise is released.

use js_sys::{Array, Function, Promise};
use wasm_bindgen::{JsCast, prelude::*};
use wasm_bindgen_futures::JsFuture;

use crate::browser::get;

#[wasm_bindgen(module = "/js/steps.js")]
extern "C" {
    #[wasm_bindgen(extends = Promise)]
    type RunningStep;
    #[wasm_bindgen(js_name = runStep)]
    fn run_step(step: &Function, this: &JsValue, arguments: &Array) -> RunningStep;
    #[wasm_bindgen(method)]
    fn end(this: &RunningStep);
}

/// Settles the promise of a step when its call is dropped: a `JsFuture` is freed only when its promise settles.
struct EndOnDrop(RunningStep);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// A page step: a function, or an object with `execute` of the same signature.
pub(super) struct Step {
    this: JsValue,
    function: Function,
}

impl Step {
    /// Reads a step; `None` for any other value.
    pub(super) fn read(value: &JsValue) -> Option<Self> {
        if let Some(function) = value.dyn_ref::<Function>() {
            return Some(Self { this: JsValue::UNDEFINED, function: function.clone() });
        }
        let function = get(value, "execute").dyn_into().ok()?;
        Some(Self { this: value.clone(), function })
    }

    /// Calls the step. A plain value counts as resolved, a throw as rejected.
    pub(super) async fn run(&self, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
        let arguments: Array = arguments.iter().collect();
        let running = EndOnDrop(run_step(&self.function, &self.this, &arguments));
        JsFuture::from(running.0.clone()).await
    }
}
