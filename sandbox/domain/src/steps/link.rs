//! Step `mobile/instantlink`: the request for a link, and its opening on the phone. The texts of SMS are in
//! `session::message`.

use std::ops::ControlFlow;
use std::time::Duration;

use handset_protocol::{Secret, client, steps};
use subtle::ConstantTimeEq;
use url::Url;

use crate::messages::message::{Message, MessageOrigin, MessagePurpose};
use crate::messages::texts::link_text;
use crate::people::magic_numbers::Behaviour;
use crate::session::numbers::AcceptedNumber;
use crate::session::state::{LinkState, Possession, SentLink, StartReplyShape};
use crate::session::transition::{ClientAnswer, TransitionBuilder};
use crate::{Channel, Command, MessageKind, Outcome, Party, Phone, TestUser};

/// A request for a link, the first one or a resend.
#[derive(Clone, Debug)]
pub struct StartLink {
    /// The phone number. `None` or empty: the current number.
    pub number: Option<Secret>,
    /// Whether the page runs in a mobile browser.
    pub is_mobile: bool,
    /// A fresh secret.
    pub token: Secret,
    /// The URL of the link, with that secret.
    pub url: Secret,
}

impl Command for StartLink {
    type Answer = ClientAnswer;

    fn message(&self) -> Option<(Party, MessageKind)> {
        Some((Party::Client, MessageKind::LinkStart))
    }

    fn number(&self) -> Option<Phone> {
        self.number.as_ref().and_then(Phone::parse)
    }

    fn counts_attempts(&self) -> bool {
        true
    }

    fn run(&self, transition: &mut TransitionBuilder) -> ClientAnswer {
        let (ControlFlow::Break(answer) | ControlFlow::Continue(answer)) = transition.start_link(self);
        answer
    }
}

/// The opening of a link by a person.
#[derive(Clone, Debug)]
pub struct OpenLink {
    /// The secret in the URL.
    pub token: Secret,
}

/// Page for the phone that opened a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkPage {
    /// The link confirmed possession. Holds the URL to continue at, if there is one.
    Confirmed(Option<String>),
    /// The link was already opened.
    Used,
    /// The link has expired.
    Expired,
    /// A newer link has replaced this link.
    Replaced,
    /// The flow ended before the link was opened.
    Ended,
    /// The link is unknown.
    Unknown,
}

impl Command for OpenLink {
    type Answer = LinkPage;

    fn message(&self) -> Option<(Party, MessageKind)> {
        Some((Party::Phone, MessageKind::LinkOpened))
    }

    fn run(&self, transition: &mut TransitionBuilder) -> LinkPage {
        let page = transition.open_link(&self.token);
        transition.respond(match page {
            LinkPage::Confirmed(_) => Outcome::Passed,
            LinkPage::Used => Outcome::LinkUsed,
            LinkPage::Expired => Outcome::LinkExpired,
            LinkPage::Replaced => Outcome::LinkReplaced,
            LinkPage::Ended | LinkPage::Unknown => Outcome::Refused,
        });
        page
    }
}

impl TransitionBuilder {
    /// Breaks with the answer if no link is sent.
    fn start_link(&mut self, request: &StartLink) -> ControlFlow<ClientAnswer, ClientAnswer> {
        if let Some(answer) = self.respond_if_settled() {
            return ControlFlow::Break(answer);
        }
        if self.session.possession != Possession::Link {
            return ControlFlow::Break(self.reject_out_of_order("this flow is not at the link step"));
        }
        let AcceptedNumber { phone, is_changed } = self.accept_number(request.number.as_ref())?;
        if TestUser::passes_without_browser(&phone) {
            self.settle(Possession::Passed);
            return ControlFlow::Continue(self.reply(Outcome::Passed, client::Reply::next(steps::DONE)));
        }
        let outcome = self.authorize_sms(is_changed)?;
        if outcome == Outcome::Accepted {
            self.send_link(&phone, &request.token, &request.url);
        }
        let reply = self.link_sent_reply(request.is_mobile);
        ControlFlow::Continue(self.reply(outcome, reply))
    }

    fn open_link(&mut self, token: &Secret) -> LinkPage {
        let (now, behaviour) = (self.now, self.session.behaviour());
        let is_match =
            |link: &&mut SentLink| bool::from(link.token.expose().as_bytes().ct_eq(token.expose().as_bytes()));
        let Some(link) = self.session.links.iter_mut().find(is_match) else {
            return LinkPage::Unknown;
        };
        match link.state {
            LinkState::Used => LinkPage::Used,
            LinkState::Live if behaviour == Some(Behaviour::LinkUsed) => LinkPage::Used,
            LinkState::Live if behaviour == Some(Behaviour::Expired) => LinkPage::Expired,
            _ if now >= link.expires_at => LinkPage::Expired,
            LinkState::Replaced => LinkPage::Replaced,
            LinkState::Live if self.session.possession != Possession::Link => LinkPage::Ended,
            LinkState::Live => {
                link.state = LinkState::Used;
                let target = self.session.final_target_url.as_deref();
                let page = LinkPage::Confirmed(target.and_then(|target| confirmed_url(target, &self.session.auth_id)));
                self.settle(Possession::Passed);
                page
            }
        }
    }

    /// Sends a new link, which replaces older ones.
    fn send_link(&mut self, phone: &Phone, token: &Secret, url: &Secret) {
        for link in &mut self.session.links {
            if link.state == LinkState::Live {
                link.state = LinkState::Replaced;
            }
        }
        let lifetime = Duration::from(self.session.policy.link_lifetime);
        let expires_at = self.now + lifetime;
        let text = link_text(self.session.sms_message.as_deref(), url.expose(), lifetime);
        // Most sessions send one link.
        self.session.links.reserve_exact(1);
        self.session.links.push(SentLink {
            token: token.clone(),
            sent_at: self.now,
            expires_at,
            state: LinkState::Live,
        });
        let message = Message {
            to: phone.given().clone(),
            channel: Channel::Mobile,
            purpose: MessagePurpose::Link(url.clone()),
            text: text.into(),
            project: self.session.project.clone(),
            origin: MessageOrigin::Session { auth_id: self.session.auth_id.clone() },
            sent_at: self.now,
            expires_at,
        };
        self.send(MessageKind::SmsLink, message);
        // The deadline has changed.
        self.notify();
    }

    /// The reply to a sent link, in the shape that the settings and the client determine.
    fn link_sent_reply(&self, is_mobile: bool) -> client::Reply {
        let with_data = client::Reply { data: Some(client::Data::default()), ..Default::default() };
        let shape = match self.session.policy.link_start_reply {
            StartReplyShape::Data => with_data,
            StartReplyShape::Empty => client::Reply::default(),
            StartReplyShape::Auto if is_mobile => client::Reply::next(steps::ENDED),
            StartReplyShape::Auto if self.session.policy.allow_otp_retry => client::Reply::default(),
            StartReplyShape::Auto => with_data,
        };
        let client::Reply { server_time, expires_at, resend_at, .. } = self.sms_sent_reply();
        client::Reply { server_time, expires_at, resend_at, ..shape }
    }
}

/// The target of the phone, with the query parameters of `finishInstantLink` appended.
fn confirmed_url(target: &str, auth_id: &str) -> Option<String> {
    let mut url = Url::parse(target).ok()?;
    url.query_pairs_mut().append_pair("authId", auth_id).append_pair("asc", "true");
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_keeps_its_own_query() {
        let cases = [
            ("http://a.test/x", "http://a.test/x?authId=id&asc=true"),
            ("http://a.test/x?k=v", "http://a.test/x?k=v&authId=id&asc=true"),
            ("http://a.test", "http://a.test/?authId=id&asc=true"),
        ];
        for (target, confirmed) in cases {
            assert_eq!(confirmed_url(target, "id").as_deref(), Some(confirmed));
        }
    }
}
