//! A project's clock.

use handset_protocol::UnixMillis;
use serde::Serialize;

#[derive(Serialize)]
pub(in crate::http::inspection) struct ClockView {
    /// Epoch ms.
    pub(in crate::http::inspection) now: UnixMillis,
}
