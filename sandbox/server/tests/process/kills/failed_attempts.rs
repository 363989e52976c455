//! Wrong codes for one number over sessions at once: their count survives a kill.

use futures_util::future::join_all;
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::relying_party::{PageSession, RelyingParty};

/// How many wrong codes are judged for a number.
const TRIES: usize = 10;
/// For so long, in s.
const WINDOW_SECONDS: u64 = 900;
/// A digit short, so never the right one.
const WRONG: &str = "12345";
const SPENT: &str = "too many wrong codes were tried for this number";

#[derive(Default)]
pub(super) struct NumberAttempts {
    number: String,
    sessions: Vec<SessionAttempts>,
    /// Wrong codes that were judged, when it was looked at after the kill.
    judged: usize,
}

/// One of its sessions, and what became of its codes.
#[derive(Default)]
struct SessionAttempts {
    page: Option<PageSession>,
    is_guessing: bool,
    judged: usize,
    is_refused: bool,
}

async fn open(party: &RelyingParty, number: &str) -> Option<PageSession> {
    let body =
        json!({"flowType": "mobile", "phoneNumber": number, "allowOTPRetry": true, "smsMessage": "Your code: ######"});
    let page = party.open("/v3/start", body).await?;
    party.page(&page, "mobile/otp/start", json!({})).await?;
    Some(page)
}

/// Whether a wrong code was judged: else all tries of the number are used up.
async fn guess(party: &RelyingParty, page: &PageSession) -> Option<bool> {
    let reply = party.page(page, "mobile/otp/finish", json!({"otp": WRONG})).await?;
    let is_judged = reply["data"]["code"] == 10000;
    assert!(is_judged || reply["error"]["message"] == SPENT, "{reply}");
    Some(is_judged)
}

impl SessionAttempts {
    async fn run(&mut self, party: &RelyingParty, number: &str, times: usize) -> Option<()> {
        let page = self.page.insert(open(party, number).await?).clone();
        for _ in 0..times {
            self.is_guessing = true;
            let is_judged = guess(party, &page).await?;
            self.is_guessing = false;
            if !is_judged {
                self.is_refused = true;
                break;
            }
            self.judged += 1;
        }
        Some(())
    }

    /// How many codes were judged, by its timeline. Those that were answered are among them.
    async fn count(&self, party: &RelyingParty) -> usize {
        let Some(page) = &self.page else { return 0 };
        let session = party.session(page).await.unwrap();
        let moments = session["timeline"].as_array().unwrap().iter();
        let outcomes: Vec<_> = moments
            .filter(|moment| moment["what"] == "otp_finish")
            .filter_map(|moment| moment["outcome"].as_str())
            .collect();
        let judged = outcomes.iter().filter(|outcome| **outcome == "wrong_code").count();
        assert!((self.judged..=self.judged + usize::from(self.is_guessing)).contains(&judged), "{outcomes:?}");
        assert!(!self.is_refused || outcomes.contains(&"too_many_tries"), "{outcomes:?}");
        judged
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
            let guessing = self.sessions[from..].iter_mut().map(|session| {
                let times = chance.random_range(1..=2);
                session.run(party, &self.number, times)
            });
            join_all(guessing).await.into_iter().collect::<Option<()>>()?;
        }
        Some(())
    }

    /// Whether it was killed when some of its tries were used up, but not all.
    pub(super) fn is_between(&self) -> bool {
        (1..TRIES).contains(&self.judged)
    }

    /// Counts what was judged, uses up the tries that are left, and no more than these.
    pub(super) async fn check(&mut self, party: &RelyingParty) {
        for session in &self.sessions {
            self.judged += session.count(party).await;
        }
        let is_spent = self.sessions.iter().any(|session| session.is_refused);
        assert!(self.judged == TRIES || (self.judged < TRIES && !is_spent), "{}", self.judged);
        for judged in self.judged..TRIES {
            let page = open(party, &self.number).await.unwrap();
            assert!(guess(party, &page).await.unwrap(), "the tries are used up after {judged}");
        }
        self.is_spent(party).await;
    }

    /// Not even the right code is judged.
    async fn is_spent(&self, party: &RelyingParty) {
        let page = open(party, &self.number).await.unwrap();
        let messages = party.messages(&self.number).await.unwrap();
        let code: &Value = &messages.last().unwrap()["code"];
        let reply = party.page(&page, "mobile/otp/finish", json!({"otp": code})).await.unwrap();
        assert_eq!(reply["error"]["message"], SPENT, "tries were given back");
        assert!(!party.validate(&page).await.unwrap());
    }

    /// It is still so after another kill; then its time is over, and a wrong code is judged again.
    pub(super) async fn check_again(all: &[Self], party: &RelyingParty) {
        join_all(all.iter().map(|guesser| guesser.is_spent(party))).await;
        party.advance(WINDOW_SECONDS).await.unwrap();
        for guesser in all {
            let page = open(party, &guesser.number).await.unwrap();
            assert!(guess(party, &page).await.unwrap(), "the window has moved on");
        }
    }
}
