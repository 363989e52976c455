//! Step `mobile/instantlink`: the request for a link, and its opening on the phone. The texts of SMS are in
//! `session::message`.

use handset_protocol::{Secret, client, steps};
use subtle::ConstantTimeEq;
use url::Url;

use crate::people::magic_numbers::Behaviour;
use crate::session::message::{Message, MessagePurpose, link_text};
use crate::session::state::{LinkState, Possession, PossessionFailure, SentLink, StartReplyShape};
use crate::session::transition::{NumberDecision, TransitionBuilder, passes_without_browser};
use crate::{Effect, LinkPage, MessageKind, Outcome, Phone};

impl TransitionBuilder {
    /// A request for a link: with a number, a change of the number, or a resend.
    pub(crate) fn link_start(&mut self, number: Option<&Secret>, is_mobile: bool, token: &Secret, url: &Secret) {
        if self.respond_if_settled() {
            return;
        }
        if self.session.possession != Possession::Link {
            return self.reject_out_of_order("this flow is not at the link step");
        }
        match self.accept_number(number) {
            NumberDecision::Refused(reason) => self.refuse_number(reason),
            NumberDecision::TooMany => self.fail(PossessionFailure::TooManyNumbers),
            NumberDecision::HttpError(status, retry_after_seconds) => {
                self.respond_http_error(status, retry_after_seconds)
            }
            NumberDecision::Ready { phone, .. } if passes_without_browser(&phone) => {
                self.settle(Possession::Passed);
                self.reply(Outcome::Passed, client::Reply::next(steps::DONE));
            }
            NumberDecision::Ready { phone, changed } => {
                let Some(outcome) = self.authorize_sms(changed) else { return };
                if outcome == Outcome::Accepted {
                    self.send_link(&phone, token, url);
                }
                let reply = self.link_sent_reply(is_mobile);
                self.reply(outcome, reply);
            }
        }
    }

    /// The opening of a link by a person.
    pub(crate) fn link_opened(&mut self, token: &Secret) {
        let page = self.open_link(token);
        let outcome = match page {
            LinkPage::Confirmed(_) => Outcome::Passed,
            LinkPage::Used => Outcome::LinkUsed,
            LinkPage::Expired => Outcome::LinkExpired,
            LinkPage::Replaced => Outcome::LinkReplaced,
            LinkPage::Ended | LinkPage::Unknown => Outcome::Refused,
        };
        self.respond(outcome, Effect::Page(page));
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
        let lifetime = self.session.policy.link_lifetime;
        let expires_at = self.now + lifetime;
        let text = link_text(self.session.sms_message.as_deref(), url.expose(), lifetime);
        self.session.links.push(SentLink {
            token: token.clone(),
            sent_at: self.now,
            expires_at,
            state: LinkState::Live,
        });
        let message = Message {
            to: phone.given().clone(),
            purpose: MessagePurpose::Link(url.clone()),
            text: text.into(),
            project: self.session.project.clone(),
            auth_id: self.session.auth_id.clone(),
            sent_at: self.now,
            expires_at,
        };
        self.send(MessageKind::SmsLink, message);
        self.effect(Effect::WakeWatchers);
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
