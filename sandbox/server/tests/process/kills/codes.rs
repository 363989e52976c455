//! Flows with a code: messages, attempts and outcomes survive a kill.

use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::relying_party::{PageSession, RelyingParty, assert_goes_on};

/// The attempts of a flow with retries.
const ATTEMPTS: usize = 3;

/// The request that has no response yet.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum CodeRequest {
    #[default]
    Nothing,
    Sending,
    WrongCode,
    RightCode,
}

#[derive(Default)]
pub(super) struct CodeFlow {
    number: String,
    page: Option<PageSession>,
    doing: CodeRequest,
    /// How many requests for an SMS were answered.
    sent: usize,
    /// The messages that the inspection showed.
    shown: Vec<Value>,
    /// How many wrong codes were answered.
    wrong: usize,
    passed: bool,
    /// The timeline that the inspection showed.
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

    /// Whether a request was under way at the kill.
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
        for _ in 0..chance.random_range(0..=ATTEMPTS) {
            self.doing = CodeRequest::WrongCode;
            let reply = party.page(&page, "mobile/otp/finish", json!({"otp": wrong(code(&self.shown))})).await?;
            self.doing = CodeRequest::Nothing;
            self.wrong += 1;
            let left = reply["data"]["attemptsLeft"].as_u64().unwrap_or(0);
            assert_eq!(left, (ATTEMPTS - self.wrong) as u64);
        }
        if chance.random_bool(0.5) {
            self.timeline = party.timeline(&page).await?;
        }
        if self.wrong < ATTEMPTS && chance.random_bool(0.5) {
            self.doing = CodeRequest::RightCode;
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

    /// Checks every answered request, and continues the flow to its end.
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
        let is_wrong = |moment: &&Value| moment["outcome"] == "wrong_code" || moment["outcome"] == "attempts_exhausted";
        let checked = timeline.iter().filter(|moment| moment["kind"] == "otp_finish").filter(is_wrong).count();
        assert!(
            (self.wrong..=self.wrong + usize::from(was == CodeRequest::WrongCode)).contains(&checked),
            "wrong codes: {checked}"
        );
        self.wrong = checked;
        match session["status"].as_str().unwrap() {
            "passed" => {
                assert!(self.passed || was == CodeRequest::RightCode);
                self.passed = true;
            }
            "failed" => assert_eq!((self.passed, self.wrong), (false, ATTEMPTS)),
            _ => {
                assert!(!self.passed && self.wrong < ATTEMPTS);
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
        for left in (0..ATTEMPTS - self.wrong).rev() {
            reply = party.page(page, "mobile/otp/finish", json!({"otp": wrong(code(&self.shown))})).await.unwrap();
            assert_eq!(
                reply["data"]["attemptsLeft"].as_u64().unwrap_or(0),
                left as u64,
                "attempts were given back: {reply}"
            );
        }
        self.wrong = ATTEMPTS;
        assert_eq!(reply["next"], "done");
        let after = party.page(page, "mobile/otp/finish", json!({"otp": code(&self.shown)})).await.unwrap();
        assert!(after["error"].is_object(), "no attempt was left: {after}");
        assert!(!party.validate(page).await.unwrap());
    }

    /// Checks the flow once more, after other kills.
    pub(super) async fn check_again(&self, party: &RelyingParty) {
        let Some(page) = &self.page else { return };
        let session = party.session(page).await.unwrap();
        assert_goes_on(session["timeline"].as_array().unwrap(), &self.timeline);
        assert_eq!(session["status"] == "passed", self.passed);
        assert_eq!(party.messages(&self.number).await.unwrap(), self.shown);
    }
}
