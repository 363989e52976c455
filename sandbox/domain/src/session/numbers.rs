//! The phone numbers of a session: which number a start request means, and the limit of numbers. No SMS.

use std::ops::ControlFlow;

use handset_protocol::{Secret, client, limits};

use crate::people::magic_numbers::{Behaviour, Repeat};
use crate::session::transition::{ClientAnswer, TransitionBuilder};
use crate::{Outcome, Phone, PossessionFailure, Refusal, TestUser};

/// The number of a start request.
pub(crate) struct AcceptedNumber {
    pub(crate) phone: Phone,
    /// Whether it replaced another number.
    pub(crate) is_changed: bool,
}

/// Reason for which a start request gets no SMS.
enum NumberRejection {
    /// The number is refused for this reason; the page may send another.
    Refused(&'static str),
    /// The maximum of numbers is exceeded.
    TooMany,
    /// The request gets this HTTP status, with the seconds of `Retry-After`.
    HttpError(u16, Option<u32>),
}

impl TransitionBuilder {
    /// Decides about the number of a start request. The same number again, in any notation, does not count as another
    /// one.
    ///
    /// Breaks with the answer to a request whose number is not accepted.
    pub(crate) fn accept_number(&mut self, number: Option<&Secret>) -> ControlFlow<ClientAnswer, AcceptedNumber> {
        let accepted = match number.filter(|number| !number.is_empty()) {
            Some(number) => self.accept_given_number(number),
            None => self.accept_no_number(),
        };
        ControlFlow::Break(match accepted {
            Ok(accepted) => return ControlFlow::Continue(accepted),
            Err(NumberRejection::Refused(reason)) => self.refuse_number(reason),
            Err(NumberRejection::TooMany) => self.fail(PossessionFailure::TooManyNumbers),
            Err(NumberRejection::HttpError(status, retry_after_seconds)) => {
                self.respond_http_error(status, retry_after_seconds)
            }
        })
    }

    /// Replies with the reason of a refused number; the page may send another.
    fn refuse_number(&mut self, reason: &str) -> ClientAnswer {
        let data = client::Data {
            code: Some(client::data_codes::NUMBER_REFUSED),
            message: Some(reason.to_owned()),
            ..Default::default()
        };
        self.reply(Outcome::NumberRefused, client::Reply { data: Some(data), ..Default::default() })
    }

    fn accept_given_number(&mut self, number: &Secret) -> Result<AcceptedNumber, NumberRejection> {
        let parsed = Phone::parse(number);
        let behaviour = parsed.as_ref().and_then(Behaviour::of_phone);
        if let Some(Behaviour::HttpError(status, retry_after_seconds)) = behaviour {
            return Err(NumberRejection::HttpError(status, retry_after_seconds));
        }
        let current = self.session.phone.clone();
        let current = current.filter(|old| parsed.as_ref().is_some_and(|new| new.is_same(old)));
        let is_again = current.is_some() || self.session.last_given.as_ref() == Some(number);
        // Repetitions of an always refused number count, too; otherwise the page could send it for ever.
        if !is_again || behaviour == Some(Behaviour::NumberRefused(Repeat::Always)) {
            self.count_number()?;
            self.session.last_given = Some(number.clone());
        }
        self.apply_number_behaviour(behaviour)?;
        let Some(phone) = parsed else {
            return Err(self.refuse_number_again("this is not a phone number"));
        };
        if let Some(phone) = current {
            return Ok(AcceptedNumber { phone, is_changed: false });
        }
        match TestUser::authorize(&phone, self.session.product.product(), self.session.policy.strict_test_users) {
            Ok(_) => {}
            Err(Refusal::NoTestUser) => {
                return Err(self.refuse_number_again("no test user found matching the phone number"));
            }
            Err(_) => return Err(self.refuse_number_again("this number is not served here")),
        }
        let is_changed = self.session.phone.is_some();
        self.session.phone = Some(phone.clone());
        Ok(AcceptedNumber { phone, is_changed })
    }

    /// Decides about a start request without a number, which means the current number. Requests without any number are
    /// limited, too; otherwise a page that repeats them automatically would loop for ever.
    fn accept_no_number(&mut self) -> Result<AcceptedNumber, NumberRejection> {
        let Some(phone) = self.session.phone.clone() else {
            if self.session.numbers_lacking >= limits::PHONE_NUMBERS {
                return Err(NumberRejection::TooMany);
            }
            self.session.numbers_lacking += 1;
            return Err(NumberRejection::Refused("a phone number is needed"));
        };
        let behaviour = Behaviour::of_phone(&phone);
        // The first refusal concerns the number of Start, which is already counted.
        if behaviour == Some(Behaviour::NumberRefused(Repeat::Always)) && self.session.behaviour_state.refusal {
            self.count_number()?;
        }
        self.apply_number_behaviour(behaviour)?;
        Ok(AcceptedNumber { phone, is_changed: false })
    }

    /// Counts a number, up to the maximum.
    fn count_number(&mut self) -> Result<(), NumberRejection> {
        if self.session.numbers_given >= limits::PHONE_NUMBERS {
            return Err(NumberRejection::TooMany);
        }
        self.session.numbers_given += 1;
        Ok(())
    }

    /// Refuses a number, up to the maximum of refusals, which also counts repetitions of the same number.
    fn refuse_number_again(&mut self, reason: &'static str) -> NumberRejection {
        if self.session.refusals >= limits::PHONE_NUMBERS {
            return NumberRejection::TooMany;
        }
        self.session.refusals += 1;
        NumberRejection::Refused(reason)
    }

    /// Rejects the number if its behaviour says so.
    fn apply_number_behaviour(&mut self, behaviour: Option<Behaviour>) -> Result<(), NumberRejection> {
        match behaviour {
            Some(Behaviour::HttpError(status, retry_after_seconds)) => {
                Err(NumberRejection::HttpError(status, retry_after_seconds))
            }
            Some(Behaviour::NumberRefused(repeat))
                if repeat == Repeat::Always || !self.session.behaviour_state.refusal =>
            {
                self.session.behaviour_state.refusal = true;
                Err(self.refuse_number_again("this number is refused on purpose"))
            }
            _ => Ok(()),
        }
    }
}
