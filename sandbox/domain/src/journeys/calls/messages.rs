//! What a journey sends: codes, links and webhook events.

use std::time::{Duration, UNIX_EPOCH};

use handset_protocol::journey::webhooks::{JourneyWebhookEvent, JourneyWebhookEventType};
use handset_protocol::{Secret, UnixMillis};

use crate::journeys::apply::JourneyBuilder;
use crate::journeys::contact::Contact;
use crate::journeys::contact_attempts::CodePurpose;
use crate::journeys::refusal::JourneyRefusal;
use crate::journeys::timeline::{JourneyEventKind, NewJourneyEvent};
use crate::messages::texts::{handoff_text, journey_code_text};
use crate::{Delivery, Message, MessageOrigin, MessagePurpose, TestUser};

/// A code for a message.
pub(super) struct CodeText<'a> {
    pub(super) code: &'a Secret,
    pub(super) purpose: CodePurpose,
    /// Host of the page, for the last line of an SMS.
    pub(super) host: Option<&'a str>,
    pub(super) lifetime: Duration,
}

/// The digits of the codes of test users.
const KNOWN_DIGITS: &str = "123456789";

/// A code: of the fresh digits, or the known one of a test user.
pub(super) fn known_code(contact: &Contact, fresh: &Secret, length: usize) -> Secret {
    let digits = match contact {
        Contact::Mobile(phone) if TestUser::has_known_code(phone) => KNOWN_DIGITS,
        _ => fresh.expose(),
    };
    digits.chars().take(length).collect::<String>().into()
}

impl JourneyBuilder<'_> {
    /// Sends a code.
    pub(super) fn send_code(&mut self, to: &Contact, text: &CodeText<'_>) -> Result<(), JourneyRefusal> {
        let CodeText { code, purpose, host, lifetime } = text;
        let body = journey_code_text(to.channel(), *purpose, code.expose(), *host, *lifetime);
        self.send(to, MessagePurpose::Otp((*code).clone()), body, self.input.now + *lifetime)
    }

    /// Sends the link of a handoff.
    pub(super) fn send_handoff(&mut self, to: &Contact, url: &Secret, end: UnixMillis) -> Result<(), JourneyRefusal> {
        let text = handoff_text(to.channel(), url.expose(), end.since(self.input.now));
        self.send(to, MessagePurpose::Link(url.clone()), text, end)
    }

    fn send(
        &mut self,
        to: &Contact,
        purpose: MessagePurpose,
        text: String,
        expires_at: UnixMillis,
    ) -> Result<(), JourneyRefusal> {
        let now = self.input.now;
        let transaction = self.transaction_mut()?;
        let message = Message {
            to: to.given().clone(),
            channel: to.channel(),
            purpose,
            text: text.into(),
            project: transaction.project.clone(),
            origin: MessageOrigin::Journey {
                app_id: transaction.app_id.clone(),
                transaction_id: transaction.transaction_id.clone(),
            },
            sent_at: now,
            expires_at,
        };
        self.outgoing.push(message);
        let (kind, outcome) = (JourneyEventKind::MessageSent, to.channel().as_str().to_owned());
        self.timeline.push(NewJourneyEvent { kind, outcome, modules: Vec::new() });
        Ok(())
    }

    /// A webhook event of the transaction, without the members of its kind.
    pub(super) fn webhook_event(
        &mut self,
        event_type: JourneyWebhookEventType,
        workflow_id: &str,
        event_id: &str,
    ) -> Result<JourneyWebhookEvent, JourneyRefusal> {
        let since_epoch = self.input.now.since(UnixMillis::EPOCH);
        let transaction = self.transaction_mut()?;
        Ok(JourneyWebhookEvent {
            event_id: event_id.to_owned(),
            event_type,
            event_time: humantime::format_rfc3339_millis(UNIX_EPOCH + since_epoch.min(LAST)).to_string(),
            app_id: transaction.app_id.clone(),
            transaction_id: transaction.transaction_id.clone(),
            workflow_id: workflow_id.to_owned(),
            status: None,
            previous_status: None,
            reviewer_id: None,
            reset_type: None,
            module_id: None,
        })
    }

    /// Enqueues an event, if there is a webhook.
    pub(super) fn emit(&mut self, event: JourneyWebhookEvent) {
        let project = self.transaction.as_ref().map(|transaction| transaction.project.as_str());
        if let Some(project) = project.filter(|_| self.input.has_webhook) {
            let delivery = Delivery::of_journey(event, project, self.input.now);
            self.deliveries.push(delivery);
        }
    }
}

/// The end of the year 9999, the last that RFC 3339 has.
const LAST: Duration = Duration::from_secs(253_402_300_799);
