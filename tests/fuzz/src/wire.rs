//! The JSON codec of the protocol against serde_json: what is read, what is refused, what is written.
//!
//! The differences are known: see [`agree`].

use std::fmt::Debug;

use handset_protocol::client::{Empty, InstantFinish, InstantStart, LinkStart, OtpFinish, OtpStart, Reply, Report};
use handset_protocol::token::Claims;
use handset_protocol::wire::{Wire, from_json, to_json};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::json::{canonical, has_array_at};

/// A message of the protocol, with both codecs.
pub(crate) trait ProtocolMessage: Wire + Serialize + DeserializeOwned + PartialEq + Debug {
    /// Where an object is read, by path.
    const OBJECTS: &[&str] = &[""];
}

impl ProtocolMessage for Empty {}
impl ProtocolMessage for InstantFinish {}
impl ProtocolMessage for InstantStart {}
impl ProtocolMessage for LinkStart {}
impl ProtocolMessage for OtpFinish {}
impl ProtocolMessage for OtpStart {}
impl ProtocolMessage for Report {}
impl ProtocolMessage for Reply {
    const OBJECTS: &[&str] = &["", "data", "error"];
}
impl ProtocolMessage for Claims {
    const OBJECTS: &[&str] = &[
        "",
        "auth",
        "auth/subs",
        "auth/subs/mob",
        "auth/subs/mob/auths",
        "auth/subs/mob/auths/otp",
        "auth/subs/mob/auths/inln",
        "auth/subs/mob/auths/inst",
    ];
}

pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    agree::<Claims>(text);
    agree::<Empty>(text);
    agree::<InstantFinish>(text);
    agree::<InstantStart>(text);
    agree::<LinkStart>(text);
    agree::<OtpFinish>(text);
    agree::<OtpStart>(text);
    agree::<Reply>(text);
    agree::<Report>(text);
    // The same text as a value that is skipped.
    agree::<Empty>(&format!("{{\"unknown\":{text}}}"));
}

/// Reads a text with both codecs and returns the message.
///
/// The codec of this workspace parses the whole text first. It refuses, unlike serde's derived code:
/// * what cannot be parsed where it is skipped: half a surrogate pair, deep nesting, a number beyond the largest;
/// * an array in the place of an object, which serde reads as the members in their order.
///
/// It accepts, unlike serde's derived code:
/// * a member that is there twice: the last one counts, as in JavaScript;
/// * any whole number as an integer, for example `-0` and `1.0`.
pub(crate) fn agree<M: ProtocolMessage>(text: &str) -> Option<M> {
    let ours = from_json::<Value, M>(text);
    let theirs = serde_json::from_str::<M>(text).ok();
    match (&ours, &theirs) {
        (None, Some(_)) => assert!(
            serde_json::from_str::<Value>(text).is_err() || has_array_at(text, M::OBJECTS),
            "refused, and read by serde_json: {text}"
        ),
        (Some(_), None) => {
            let canonical = canonical(text).expect("JSON");
            let theirs = serde_json::from_str::<M>(&canonical).ok();
            assert_eq!(ours, theirs, "read, and refused by serde_json: {text}");
        }
        _ => assert_eq!(ours, theirs, "read unlike serde_json: {text}"),
    }
    if let Some(message) = &ours {
        let (our_text, their_text) = (to_json(message), serde_json::to_string(message).unwrap());
        for written in [&our_text, &their_text] {
            assert_eq!(from_json::<Value, M>(written).as_ref(), Some(message), "{written}");
            assert_eq!(serde_json::from_str::<M>(written).ok().as_ref(), Some(message), "{written}");
        }
    }
    ours
}
