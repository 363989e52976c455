//! The claims of an authToken.
//!
//! The browser decodes the payload and never verifies the signature. The issuer keeps every claim free of `>`, `?`, `~`
//! and DEL: of ASCII texts, only those put a `-` or `_` into the payload segment, and some clients pass that segment to
//! `atob` unchanged.

use crate::{client::Empty, wire::message};

message! {
    /// The whole payload.
    Claims {
        required {
            /// The claims of the flow.
            auth: Auth = "auth",
        }
        optional {
            /// When it was issued, in s since the epoch.
            iat: i64 = "iat",
            /// When it expires, in s since the epoch.
            exp: i64 = "exp",
        }
        unread {
            /// Request id.
            rid: String = "rid",
        }
    }
}

message! {
    /// The claims of the flow.
    Auth {
        required {
            /// authId, handed to AuthFinishStep.
            id: String = "id",
            /// Origin of the backend: scheme, lower-case host, port unless it is the default. No path, no slash.
            endp: String = "endp",
            /// Name of the first step.
            next: String = "next",
            /// The abilities of each subject. An object, even if empty.
            subs: Subjects = "subs",
        }
        unread {
            /// Namespace: the key under which a device registration is stored. Not empty.
            ans: String = "ans",
            /// Challenge that a device key signs.
            chlg: String = "chlg",
        }
    }
}

message! {
    /// The abilities of each subject.
    Subjects {
        optional {
            /// The phone.
            mob: Option<Mobile> = "mob",
        }
    }
}

message! {
    /// The phone.
    Mobile {
        required {
            /// The ways to prove it.
            auths: MobileAuths = "auths",
        }
    }
}

message! {
    /// The ways to prove a phone.
    MobileAuths {
        optional {
            /// SMS one-time code.
            otp: Option<NumberKnown> = "otp",
            /// Instant Link.
            inln: Option<NumberKnown> = "inln",
            /// Mobile Auth.
            inst: Option<Empty> = "inst",
        }
    }
}

message! {
    /// Whether the server has the phone number.
    #[derive(Copy)]
    NumberKnown {
        optional {
            /// True: the server has it, so the page's start step gets `phoneNumberNeeded = false`.
            mnp: bool = "mnp",
        }
    }
}
