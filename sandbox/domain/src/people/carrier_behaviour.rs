//! The behaviours of the simulated carrier, and the settings that choose one. What a visit gets is in `steps::carrier`.

use serde::{Deserialize, Serialize};
use strum::VariantNames;

/// Behaviour of the carrier in a visit of Mobile Auth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CarrierBehaviour {
    /// The URL holds the value as `testVfp`, so that no visit is needed.
    TestValue,
    /// Two redirects, then the value as `vfp`.
    Redirects,
    /// Two redirects, then the value as `token` with `correlation_id`.
    Token,
    /// Two redirects, then the value as `reconcilation_token`, as the contract spells it.
    ReconciliationToken,
    /// `pfflow=2`: the body of a POST completes the value.
    Post,
    /// `pfflow=2` with status 1004.
    PostSecondResult,
    /// `pfflow=3`: the client follows a flow-control document with a GET.
    FlowControl,
    /// The path `authentication/validate/flowcontrol`: the client follows the document with a POST.
    FlowControlPath,
    /// On Wi-Fi: the carrier does not know the subscriber.
    Wifi,
    /// No reply before the visit expires.
    Slow,
    /// The visit counts as expired.
    Gone,
    /// The carrier does not know the URL.
    NotFound,
    /// The carrier fails.
    ServerError,
    /// The reply has no CORS headers.
    NoCors,
    /// The reply has no value.
    NoValue,
    /// The reply has the value of another visit.
    ForeignValue,
    /// The connection is reset.
    Dropped,
}

/// The mobile flows that begin with Mobile Auth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, VariantNames)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum MobileAuthFlows {
    /// Those of numbers with Mobile Auth as their behaviour.
    #[default]
    Numbers,
    /// Those with a number from the relying party's server.
    Always,
    /// None.
    Off,
}

/// State of the carrier for numbers without a carrier behaviour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, VariantNames)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum CarrierState {
    /// Mobile Auth passes.
    #[default]
    Ok,
    /// See [`CarrierBehaviour::Wifi`].
    Wifi,
    /// See [`CarrierBehaviour::Slow`].
    Slow,
    /// See [`CarrierBehaviour::Gone`].
    Gone,
}

impl CarrierState {
    /// The behaviour in this state. `passing`: the behaviour if Mobile Auth passes.
    pub(crate) fn behaviour(self, passing: CarrierBehaviour) -> CarrierBehaviour {
        match self {
            Self::Ok => passing,
            Self::Wifi => CarrierBehaviour::Wifi,
            Self::Slow => CarrierBehaviour::Slow,
            Self::Gone => CarrierBehaviour::Gone,
        }
    }
}
