//! The JSON codec of the protocol against serde_json: what is read, what is refused, what is written.
//!
//! The differences are known: see [`agree`].

use std::fmt::Debug;

use handset_protocol::client::{Empty, InstantFinish, InstantStart, LinkStart, OtpFinish, OtpStart, Reply, Report};
use handset_protocol::token::Claims;
use handset_protocol::wire::{Wire, from_json, to_json};
use serde::{Serialize, de::DeserializeOwned};

use crate::json::{canonical, depth, has_array_at, has_surrogate};

/// The deepest nesting that the codec reads; serde_json reads any depth of what it skips.
const DEPTH: usize = 64;

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
/// The codec of this workspace refuses, unlike serde_json:
/// * more than 64 levels of nesting, so that a reply cannot exhaust the stack of a page;
/// * half a surrogate pair in a string that is skipped, since no string is read in two ways;
/// * an array in the place of an object, which serde reads as the members in their order.
///
/// It accepts, unlike serde_json:
/// * a member that is there twice: the last one counts, as in JavaScript;
/// * `-0` as an integer: serde_json reads a floating-point number.
pub(crate) fn agree<M: ProtocolMessage>(text: &str) -> Option<M> {
    let ours = from_json::<M>(text);
    let theirs = serde_json::from_str::<M>(text).ok();
    match (&ours, &theirs) {
        (None, Some(_)) => assert!(
            depth(text) > DEPTH || has_surrogate(text) || has_array_at(text, M::OBJECTS),
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
        assert!(depth(text) <= DEPTH, "too deep, and read: {text}");
        let (our_text, their_text) = (to_json(message), serde_json::to_string(message).unwrap());
        for written in [&our_text, &their_text] {
            assert_eq!(from_json::<M>(written).as_ref(), Some(message), "{written}");
            assert_eq!(serde_json::from_str::<M>(written).ok().as_ref(), Some(message), "{written}");
        }
    }
    ours
}
