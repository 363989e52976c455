//! Flows with a code: messages, attempts and outcomes survive a kill.

use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::relying_party::{PageSession, RelyingParty, assert_goes_on};

/// Tries of a flow that may be tried again.
const TRIES: usize = 3;

/// What was asked for and not answered.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum CodeRequest {
    #[default]
    Nothing,
    Sending,
    Guessing,
    Passing,
}

#[derive(Default)]
pub(super) struct CodeFlow {
    number: String,
    page: Option<PageSession>,
    doing: CodeRequest,
    /// How often sending was answered.
    sent: usize,
    /// The messages that were shown.
    shown: Vec<Value>,
    /// How many wrong codes were answered.
    wrong: usize,
    passed: bool,
    /// Its moments that were shown.
    timeline: Vec<Value>,
}

fn wrong(code: &str) -> String {
    code.chars().map(|digit| if digit == '9' { '0' } else { '9' }).collect()
}

fn code(messages: &[Value]) -> &str {
    messages.last().unwrap()["code"].as_str().unwrap()
}

impl CodeFlow {
    pub(super) fn of(number: String) -> Self {
        Self { number, ..Self::default() }
    }

    /// Whether it was killed in the middle of something.
    pub(super) fn is_unsure(&self) -> bool {
        self.doing != CodeRequest::Nothing
    }

    /// `None`: the sandbox is gone.
    pub(super) async fn run(&mut self, party: &RelyingParty, chance: &mut StdRng) -> Option<()> {
        let body = json!({"flowType": "mobile", "phoneNumber": self.number, "allowOTPRetry": true,
            "smsMessage": "Your code is ######"});
        let page = self.page.insert(party.open("/v3/start", body).await?).clone();
        for _ in 0..chance.random_range(1..=2) {
            self.doing = CodeRequest::Sending;
            party.page(&page, "mobile/otp/start", json!({})).await?;
            self.doing = CodeRequest::Nothing;
            self.sent += 1;
            let shown = party.messages(&self.number).await?;
            assert!(shown.len() == self.sent && shown.starts_with(&self.shown));
            self.shown = shown;
        }
        for _ in 0..chance.random_range(0..=TRIES) {
            self.doing = CodeRequest::Guessing;
            let reply = party.page(&page, "mobile/otp/finish", json!({"otp": wrong(code(&self.shown))})).await?;
            self.doing = CodeRequest::Nothing;
            self.wrong += 1;
            let left = reply["data"]["attemptsLeft"].as_u64().unwrap_or(0);
            assert_eq!(left, (TRIES - self.wrong) as u64);
        }
        if chance.random_bool(0.5) {
            self.timeline = party.timeline(&page).await?;
        }
        if self.wrong < TRIES && chance.random_bool(0.5) {
            self.doing = CodeRequest::Passing;
            self.pass(party, &page).await?;
            self.doing = CodeRequest::Nothing;
        }
        Some(())
    }

    async fn pass(&mut self, party: &RelyingParty, page: &PageSession) -> Option<()> {
        let reply = party.page(page, "mobile/otp/finish", json!({"otp": code(&self.shown)})).await?;
        assert_eq!(reply["next"], "done", "{reply}");
        self.passed = true;
        assert!(party.validate(page).await?);
        Some(())
    }

    /// Looks for all that was answered, and goes on with the flow to its end.
    pub(super) async fn check(&mut self, party: &RelyingParty) {
        let Some(page) = self.page.clone() else { return };
        let was = std::mem::take(&mut self.doing);
        let session = party.session(&page).await.unwrap();
        let timeline = session["timeline"].as_array().unwrap();
        assert_goes_on(timeline, &self.timeline);
        let messages = party.messages(&self.number).await.unwrap();
        assert!(messages.starts_with(&self.shown), "messages are missing: {messages:?}");
        assert!(
            (self.sent..=self.sent + usize::from(was == CodeRequest::Sending)).contains(&messages.len()),
            "{messages:?}"
        );
        self.shown = messages;
        let is_wrong = |moment: &&Value| moment["outcome"] == "wrong_code" || moment["outcome"] == "no_try_left";
        let judged = timeline.iter().filter(|moment| moment["what"] == "otp_finish").filter(is_wrong).count();
        assert!(
            (self.wrong..=self.wrong + usize::from(was == CodeRequest::Guessing)).contains(&judged),
            "tries: {judged}"
        );
        self.wrong = judged;
        match session["state"].as_str().unwrap() {
            "passed" => {
                assert!(self.passed || was == CodeRequest::Passing);
                self.passed = true;
            }
            "failed" => assert_eq!((self.passed, self.wrong), (false, TRIES)),
            _ => {
                assert!(!self.passed && self.wrong < TRIES);
                self.go_on(party, &page).await;
            }
        }
        self.timeline = party.timeline(&page).await.unwrap();
    }

    /// The page does not know of the restart. Every other person has forgotten the code.
    async fn go_on(&mut self, party: &RelyingParty, page: &PageSession) {
        let status = party.page(page, "status", json!({})).await.unwrap();
        assert_ne!(status["next"], "done", "{status}");
        if self.shown.is_empty() {
            party.page(page, "mobile/otp/start", json!({})).await.unwrap();
            self.shown = party.messages(&self.number).await.unwrap();
        }
        if self.number.ends_with(['0', '2', '4', '6', '8']) {
            return self.pass(party, page).await.unwrap();
        }
        let mut reply = Value::Null;
        for left in (0..TRIES - self.wrong).rev() {
            reply = party.page(page, "mobile/otp/finish", json!({"otp": wrong(code(&self.shown))})).await.unwrap();
            assert_eq!(
                reply["data"]["attemptsLeft"].as_u64().unwrap_or(0),
                left as u64,
                "tries were given back: {reply}"
            );
        }
        self.wrong = TRIES;
        assert_eq!(reply["next"], "done");
        let after = party.page(page, "mobile/otp/finish", json!({"otp": code(&self.shown)})).await.unwrap();
        assert!(after["error"].is_object(), "no try was left: {after}");
        assert!(!party.validate(page).await.unwrap());
    }

    /// Looks for it once more, after other kills.
    pub(super) async fn check_again(&self, party: &RelyingParty) {
        let Some(page) = &self.page else { return };
        let session = party.session(page).await.unwrap();
        assert_goes_on(session["timeline"].as_array().unwrap(), &self.timeline);
        assert_eq!(session["state"] == "passed", self.passed);
        assert_eq!(party.messages(&self.number).await.unwrap(), self.shown);
    }
}
