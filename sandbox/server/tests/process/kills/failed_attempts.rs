//! Wrong codes for one number over sessions at once: their count survives a kill.

use std::time::Duration;

use futures_util::future::join_all;
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::relying_party::{PageSession, RelyingParty};

/// How many wrong codes are checked for a number.
const LIMIT: usize = 10;
/// The window of the limit.
const WINDOW: Duration = Duration::from_secs(900);
/// A digit short, so never the right code.
const WRONG: &str = "12345";
const SPENT: &str = "too many wrong codes were tried for this number";

#[derive(Default)]
pub(super) struct NumberAttempts {
    number: String,
    sessions: Vec<SessionAttempts>,
    /// The checked wrong codes, counted after the kill.
    checked: usize,
}

/// One session of the number, and the outcomes of its codes.
#[derive(Default)]
struct SessionAttempts {
    page: Option<PageSession>,
    is_submitting: bool,
    checked: usize,
    is_refused: bool,
}

async fn open(party: &RelyingParty, number: &str) -> Option<PageSession> {
    let body =
        json!({"flowType": "mobile", "phoneNumber": number, "allowOTPRetry": true, "smsMessage": "Your code: ######"});
    let page = party.open("/v3/start", body).await?;
    party.page(&page, "mobile/otp/start", json!({})).await?;
    Some(page)
}

/// Whether a wrong code was checked: otherwise the limit of the number is reached.
async fn submit_wrong_code(party: &RelyingParty, page: &PageSession) -> Option<bool> {
    let reply = party.page(page, "mobile/otp/finish", json!({"otp": WRONG})).await?;
    let is_checked = reply["data"]["code"] == 10000;
    assert!(is_checked || reply["error"]["message"] == SPENT, "{reply}");
    Some(is_checked)
}

impl SessionAttempts {
    async fn run(&mut self, party: &RelyingParty, number: &str, times: usize) -> Option<()> {
        let page = self.page.insert(open(party, number).await?).clone();
        for _ in 0..times {
            self.is_submitting = true;
            let is_checked = submit_wrong_code(party, &page).await?;
            self.is_submitting = false;
            if !is_checked {
                self.is_refused = true;
                break;
            }
            self.checked += 1;
        }
        Some(())
    }

    /// How many codes were checked, by its timeline, which holds every answered one.
    async fn count(&self, party: &RelyingParty) -> usize {
        let Some(page) = &self.page else { return 0 };
        let session = party.session(page).await.unwrap();
        let moments = session["timeline"].as_array().unwrap().iter();
        let outcomes: Vec<_> = moments
            .filter(|moment| moment["kind"] == "otp_finish")
            .filter_map(|moment| moment["outcome"].as_str())
            .collect();
        let checked = outcomes.iter().filter(|outcome| **outcome == "wrong_code").count();
        assert!((self.checked..=self.checked + usize::from(self.is_submitting)).contains(&checked), "{outcomes:?}");
        assert!(!self.is_refused || outcomes.contains(&"too_many_tries"), "{outcomes:?}");
        checked
    }
}

impl NumberAttempts {
    pub(super) fn of(number: String) -> Self {
        Self { number, ..Self::default() }
    }

    /// `None`: the sandbox is gone.
    pub(super) async fn run(&mut self, party: &RelyingParty, chance: &mut StdRng) -> Option<()> {
        for _ in 0..chance.random_range(1..=3) {
            let from = self.sessions.len();
            self.sessions.resize_with(from + chance.random_range(1..=4), SessionAttempts::default);
            let attempts = self.sessions[from..].iter_mut().map(|session| {
                let times = chance.random_range(1..=2);
                session.run(party, &self.number, times)
            });
            join_all(attempts).await.into_iter().collect::<Option<()>>()?;
        }
        Some(())
    }

    /// Whether it was killed when some attempts were used, but not all.
    pub(super) fn is_between(&self) -> bool {
        (1..LIMIT).contains(&self.checked)
    }

    /// Counts the checked codes, and uses up the attempts that are left, and no more.
    pub(super) async fn check(&mut self, party: &RelyingParty) {
        for session in &self.sessions {
            self.checked += session.count(party).await;
        }
        let is_spent = self.sessions.iter().any(|session| session.is_refused);
        assert!(self.checked == LIMIT || (self.checked < LIMIT && !is_spent), "{}", self.checked);
        for checked in self.checked..LIMIT {
            let page = open(party, &self.number).await.unwrap();
            assert!(submit_wrong_code(party, &page).await.unwrap(), "the limit is reached after {checked}");
        }
        self.is_spent(party).await;
    }

    /// Not even the right code is checked.
    async fn is_spent(&self, party: &RelyingParty) {
        let page = open(party, &self.number).await.unwrap();
        let messages = party.messages(&self.number).await.unwrap();
        let code: &Value = &messages.last().unwrap()["code"];
        let reply = party.page(&page, "mobile/otp/finish", json!({"otp": code})).await.unwrap();
        assert_eq!(reply["error"]["message"], SPENT, "attempts were given back");
        assert!(!party.validate(&page).await.unwrap());
    }

    /// The limit holds after another kill; after its window a wrong code is checked again.
    pub(super) async fn check_again(all: &[Self], party: &RelyingParty) {
        join_all(all.iter().map(|attempts| attempts.is_spent(party))).await;
        party.advance(WINDOW).await.unwrap();
        for attempts in all {
            let page = open(party, &attempts.number).await.unwrap();
            assert!(submit_wrong_code(party, &page).await.unwrap(), "the window has moved on");
        }
    }
}
