//! A project's clock.

use serde::Serialize;

#[derive(Serialize)]
pub(in crate::http::inspection) struct ClockView {
    /// Epoch ms.
    pub(in crate::http::inspection) now: i64,
}
