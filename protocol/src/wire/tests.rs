//! The codec against serde_json, both ways.

use proptest::prelude::*;

use super::*;
use crate::client::{Data, Empty, ErrorBody, LinkStart, Reply};
use crate::token::{Auth, Claims, Mobile, MobileAuths, NumberKnown, Subjects};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[\\x00-\\x7f]{0,12}", Just(String::new())]
}

prop_compose! {
    fn reply()(
        next in proptest::option::of(text()),
        data in proptest::option::of((proptest::option::of(any::<i64>()), proptest::option::of(text()), any::<Option<u32>>())),
        error in proptest::option::of((text(), any::<i64>())),
        refresh_device_trust in any::<Option<bool>>(),
        times in any::<[Option<i64>; 3]>(),
    ) -> Reply {
        Reply {
            next,
            data: data.map(|(code, message, attempts_left)| Data { code, message, attempts_left, ..Data::default() }),
            error: error.map(|(message, code)| ErrorBody { message, code }),
            refresh_device_trust,
            server_time: times[0],
            expires_at: times[1],
            resend_at: times[2],
        }
    }
}

prop_compose! {
    fn claims()(
        texts in proptest::array::uniform5(text()),
        times in any::<[i64; 2]>(),
        chlg in text(),
        mob in proptest::option::of(any::<[Option<bool>; 3]>()),
    ) -> Claims {
        let [rid, id, endp, next, ans] = texts;
        let known = |mnp: Option<bool>| mnp.map(|mnp| NumberKnown { mnp });
        let mob = mob.map(|[otp, inln, inst]| Mobile {
            auths: MobileAuths { otp: known(otp), inln: known(inln), inst: inst.map(|_| Empty {}) },
        });
        Claims { auth: Auth { id, endp, next, subs: Subjects { mob }, ans, chlg }, rid, iat: times[0], exp: times[1] }
    }
}

proptest! {
    #[test]
    fn a_members_text_is_the_value_that_serde_json_reads(
        members in proptest::collection::vec(("[abü\"]{0,2}", "null|true|-?[0-9]{1,9}|\"[a-z]{0,3}\"|[\\[][\\]]|\\{\"a\": 1\\}"), 0..6),
        name in "[abü\"]{0,2}",
    ) {
        let members: Vec<_> = members
            .iter()
            .map(|(name, value)| format!("{}: {value}", serde_json::to_string(name).unwrap()))
            .collect();
        let text = format!(" {{{}}} ", members.join(" , "));
        // Numbers with a leading zero are no JSON, for both.
        let expected: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        let expected = expected.and_then(|object| object.get(&name).cloned());
        let found = member_text(&text, &name).map(|value| serde_json::from_str::<serde_json::Value>(value).unwrap());
        prop_assert_eq!(found, expected, "{}", &text);
    }

    #[test]
    fn no_text_makes_the_reader_of_members_panic(text in any::<String>(), name in any::<String>()) {
        if member_text(&text, &name).is_some() {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", &text);
        }
    }

    #[test]
    fn claims_are_read_alike_by_both_from_what_either_writes(claims in claims()) {
        for text in [to_json(&claims), serde_json::to_string(&claims).unwrap(), serde_json::to_string_pretty(&claims).unwrap()] {
            prop_assert_eq!(serde_json::from_str::<Claims>(&text).unwrap(), claims.clone(), "{}", &text);
            prop_assert_eq!(from_json::<Claims>(&text), Some(claims.clone()), "{}", &text);
        }
    }

    #[test]
    fn a_reply_that_is_written_is_read_the_same_by_serde(reply in reply()) {
        let text = to_json(&reply);
        prop_assert_eq!(serde_json::from_str::<Reply>(&text).unwrap(), reply.clone(), "{}", &text);
        prop_assert_eq!(from_json::<Reply>(&text), Some(reply), "{}", &text);
    }

    /// Texts near a number: `-0` is the one difference, see below.
    #[test]
    fn a_number_is_read_as_serde_does(text in "-?[0-9]{0,20}(\\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?") {
        prop_assume!(text != "-0");
        let text = format!(r#"{{"serverTime":{text},"data":{{"attemptsLeft":{text}}}}}"#);
        prop_assert_eq!(from_json::<Reply>(&text), serde_json::from_str::<Reply>(&text).ok(), "{}", &text);
    }

    /// Texts near a string with escapes; a half of a surrogate pair that is read is refused by both.
    #[test]
    fn a_string_is_read_as_serde_does(text in "([a-zé📱\u{0}-\u{1f}\"]|\\\\([\"\\\\/bfnrtux]|u[0-9a-fA-F]{3,4}|ud8[0-9a-f]{2}(\\\\ud[c-f][0-9a-f]{2})?)){0,6}") {
        let text = format!(r#"{{"next":"{text}"}}"#);
        prop_assert_eq!(from_json::<Reply>(&text), serde_json::from_str::<Reply>(&text).ok(), "{}", &text);
    }

    #[test]
    fn what_serde_writes_is_read_the_same(reply in reply()) {
        prop_assert_eq!(from_json::<Reply>(&serde_json::to_string(&reply).unwrap()), Some(reply.clone()));
        prop_assert_eq!(from_json::<Reply>(&serde_json::to_string_pretty(&reply).unwrap()), Some(reply));
    }

    #[test]
    fn what_is_written_is_read_the_same_by_serde(ip in proptest::option::of(text()), number in text(), is_mobile: bool) {
        let sent = LinkStart { source_ip: ip, mobile_number: Some(number.into()), is_mobile };
        let json = to_json(&sent);
        prop_assert_eq!(serde_json::from_str::<LinkStart>(&json).unwrap(), sent.clone());
        prop_assert_eq!(from_json::<LinkStart>(&json), Some(sent));
    }

    #[test]
    fn any_json_is_skipped_or_read_as_serde_does(value in json()) {
        let text = format!(r#"{{"unknown":{value},"next":"done"}}"#);
        prop_assert_eq!(from_json::<Reply>(&text), serde_json::from_str::<Reply>(&text).ok());
    }

    #[test]
    fn no_text_panics_and_what_is_no_json_is_none(text in "[\\[\\]{}\",:\\\\0-9a-fntrue.+ -]{0,24}") {
        let skipped = Reader { text: &text, at: 0, depth: 0 }.whole().is_some();
        prop_assert_eq!(skipped, serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok(), "{}", text);
    }
}

impl Reader<'_> {
    fn whole(&mut self) -> Option<()> {
        self.skip()?;
        self.peek().is_none().then_some(())
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        text().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            proptest::collection::btree_map(text(), inner, 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

#[test]
fn integers_are_written_as_the_standard_library_writes_them() {
    for value in [0, 7, 10, 99, 100, -1, -10, 1_700_000_000_000, i64::MAX, i64::MIN] {
        let mut written = String::new();
        push_decimal(&mut written, value);
        assert_eq!(written, value.to_string());
    }
}

#[test]
fn a_value_of_another_kind_is_refused() {
    for text in [r#"{"next":1}"#, r#"{"data":[]}"#, r#"{"data":{"code":"1"}}"#, r#"{"error":"no"}"#, "[]", "null", ""] {
        assert_eq!(from_json::<Reply>(text), None, "{text}");
    }
}

#[test]
fn a_required_member_that_is_missing_is_refused() {
    assert_eq!(from_json::<crate::client::OtpFinish>("{}"), None);
}

/// All that the two read differently. The fuzz target `wire` finds no other.
#[test]
fn the_differences_from_serde_are_known() {
    let both = |text: &str| (from_json::<Reply>(text), serde_json::from_str::<Reply>(text).ok());
    let next = |step: &str| Some(Reply::next(step));
    // The last member of a name counts, as in JavaScript; serde's derived code refuses two.
    assert_eq!(both(r#"{"next":"a","next":"b"}"#), (next("b"), None));
    // An integer; serde_json reads a floating-point number, to keep the sign.
    assert_eq!(both(r#"{"serverTime":-0}"#), (Some(Reply { server_time: Some(0), ..Reply::default() }), None));
    // An array is no object; serde reads the members in their order.
    assert_eq!(both(r#"{"data":[]}"#), (None, Some(Reply { data: Some(Data::default()), ..Reply::default() })));
    // Half a surrogate pair is refused where it is skipped too; serde_json does not look.
    assert_eq!(both(r#"{"x":"\ud83d"}"#), (None, Some(Reply::default())));
    // So is deep nesting, which must not exhaust a page's stack.
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(64), "]".repeat(64));
    assert_eq!(both(&deep), (None, Some(Reply::default())));
}

#[test]
fn nesting_is_bounded() {
    let deep = |depth: usize| format!(r#"{{"x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(from_json::<Reply>(&deep(63)).is_some());
    assert!(from_json::<Reply>(&deep(64)).is_none());
    assert!(from_json::<Reply>(&"[".repeat(1_000_000)).is_none());
}
