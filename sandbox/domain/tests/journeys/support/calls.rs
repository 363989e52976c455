//! Calls of a page and of a client's server, with short arguments. No assertions.

use std::collections::BTreeMap;

use handset_protocol::Secret;
use handset_protocol::journey::JourneyClaims;
use handset_sandbox_domain::{
    Channel, CheckSession, CodeSent, ConfirmHandoff, ConfirmedHandoff, Contact, GenerateAuth, GetHandoffStatus,
    GetState, GetStateBody, HandoffStatus, JourneyRefusal, JourneyStatus, JsonText, ModuleChange, ModuleCodeKey,
    ModuleCodeSent, ModuleCodeVerified, OpenHandoff, OpenHandoffBody, OpenedHandoff, PageCaller, PageStatus,
    ProveContact, PutState, PutStateBody, RedeemHandoff, RedeemedHandoff, ResetAction, ResetState, SavedState,
    SendModuleCode, SendResumeCode, SetOutcome, StateAnswer, StateView, VerifyModuleCode, VerifyResumeCode,
};

use super::workflows::{MODULES, WORKFLOW};
use super::{APP, JourneyWorld, PROJECT, read, seconds};

/// The digits for each code of the tests.
pub(crate) const DIGITS: &str = "987654321";
/// The code of a resume and of a module from [`DIGITS`].
pub(crate) const CODE: &str = "987654";
/// A wrong one.
pub(crate) const WRONG: &str = "000000";

pub(crate) type Called<T> = Result<T, JourneyRefusal>;

pub(crate) fn caller(token: &JourneyClaims, session: Option<&str>) -> PageCaller {
    PageCaller { token: token.clone(), session_id: session.map(str::to_owned) }
}

/// Inputs of JSON strings.
pub(crate) fn inputs(pairs: &[(&str, &str)]) -> BTreeMap<String, JsonText> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), JsonText::new(format!("\"{value}\"")))).collect()
}

/// A module's save with one variable.
pub(crate) fn save(outcome: Option<&str>) -> ModuleChange {
    ModuleChange::Put { variables: Some(inputs(&[("v", "1")])), outcome: outcome.map(str::to_owned) }
}

/// A body that saves modules.
pub(crate) fn saves(modules: &[&str]) -> PutStateBody {
    let modules = modules.iter().map(|id| ((*id).to_owned(), save(None))).collect();
    PutStateBody { modules, status: None, resume_from: None }
}

/// A body with one change.
pub(crate) fn change(id: &str, change: ModuleChange) -> PutStateBody {
    PutStateBody { modules: BTreeMap::from([(id.to_owned(), change)]), status: None, resume_from: None }
}

pub(crate) fn with_status(body: PutStateBody, status: PageStatus) -> PutStateBody {
    PutStateBody { status: Some(status), ..body }
}

/// A page: its token, its session and the revision that it knows.
#[derive(Clone, Debug)]
pub(crate) struct TestedPage {
    pub(crate) token: JourneyClaims,
    pub(crate) session: Option<String>,
    pub(crate) revision: u64,
}

impl TestedPage {
    pub(crate) fn caller(&self) -> PageCaller {
        caller(&self.token, self.session.as_deref())
    }
}

impl JourneyWorld {
    /// A request for a token of a workflow.
    pub(crate) fn generate(&mut self, authenticate_on_resume: bool, contact: Option<Contact>) -> GenerateAuth {
        GenerateAuth {
            project: PROJECT.to_owned(),
            app_id: APP.to_owned(),
            transaction_id: self.current.clone(),
            workflow_id: WORKFLOW.to_owned(),
            authenticate_on_resume,
            contact,
            lifetime: seconds(43_200),
            journey_id: self.draw("journey"),
            jti: self.draw("jti"),
        }
    }

    pub(crate) fn try_token(&mut self, asks: bool, contact: Option<Contact>) -> Called<JourneyClaims> {
        let request = self.generate(asks, contact);
        self.apply(&request).map(|issued| read(&issued.auth_token))
    }

    pub(crate) fn token(&mut self, asks: bool, contact: Option<Contact>) -> JourneyClaims {
        self.try_token(asks, contact).unwrap()
    }

    /// A token whose bearer is the owner: of scenario 1.
    pub(crate) fn own_token(&mut self) -> JourneyClaims {
        self.token(false, None)
    }

    /// A page with that token, which has read the state.
    pub(crate) fn page(&mut self, token: &JourneyClaims) -> TestedPage {
        let mut page = TestedPage { token: token.clone(), session: None, revision: 0 };
        self.view(&mut page);
        page
    }

    /// A page of scenario 1, which has read the state.
    pub(crate) fn own_page(&mut self) -> TestedPage {
        let token = self.own_token();
        self.page(&token)
    }

    pub(crate) fn get(&mut self, caller: PageCaller, body: GetStateBody) -> Called<StateAnswer> {
        let new_session_id = self.draw("session");
        self.apply(&GetState { caller, body: Ok(body), new_session_id })
    }

    /// The page reads the state with that body, and goes on with it.
    pub(crate) fn view_with(&mut self, page: &mut TestedPage, body: GetStateBody) -> StateView {
        let StateAnswer::State(view) = self.get(page.caller(), body).unwrap() else { panic!("no state") };
        page.session = Some(view.session_id.clone());
        page.revision = view.revision;
        view
    }

    pub(crate) fn view(&mut self, page: &mut TestedPage) -> StateView {
        self.view_with(page, GetStateBody::default())
    }

    pub(crate) fn put(&mut self, page: &mut TestedPage, body: PutStateBody) -> Called<SavedState> {
        let event_id = self.draw("event");
        let put = PutState { caller: page.caller(), revision: Some(page.revision), body: Ok(body), event_id };
        let saved = self.apply(&put)?;
        page.revision = saved.revision;
        Ok(saved)
    }

    /// Saves modules without outcomes, one put each.
    pub(crate) fn save(&mut self, page: &mut TestedPage, modules: &[&str]) -> SavedState {
        modules.iter().map(|id| self.put(page, saves(&[id])).unwrap()).last().unwrap()
    }

    /// Saves every module; the last one with that outcome.
    pub(crate) fn finish(&mut self, page: &mut TestedPage, outcome: &str) -> SavedState {
        self.save(page, &MODULES[..3]);
        self.put(page, change(MODULES[3], save(Some(outcome)))).unwrap()
    }

    pub(crate) fn check_session(&mut self, page: &TestedPage) -> Called<()> {
        self.apply(&CheckSession { caller: page.caller(), body: Ok(()) })
    }

    pub(crate) fn send_code(&mut self, token: &JourneyClaims, channel: Channel) -> Called<CodeSent> {
        self.apply(&SendResumeCode { caller: caller(token, None), body: Ok(channel), code: DIGITS.into(), host: None })
    }

    pub(crate) fn verify_code(&mut self, token: &JourneyClaims, otp: &str) -> Called<JourneyClaims> {
        let jti = self.draw("jti");
        let verify = VerifyResumeCode { caller: caller(token, None), body: Ok(otp.into()), jti };
        self.apply(&verify).map(|token| read(&token))
    }

    pub(crate) fn send_module_code(&mut self, contact: &Contact) -> Called<ModuleCodeSent> {
        let request_id = self.draw("request");
        self.apply(&SendModuleCode {
            contact: contact.clone(),
            length: 6,
            lifetime: seconds(300),
            code: DIGITS.into(),
            request_id,
        })
    }

    pub(crate) fn verify_module_code(&mut self, contact: &Contact, otp: &str) -> Called<ModuleCodeVerified> {
        self.verify_for(ModuleCodeKey::Contact(contact.clone()), otp, None)
    }

    pub(crate) fn verify_for(
        &mut self,
        key: ModuleCodeKey,
        otp: &str,
        outputs_of: Option<(&str, &str)>,
    ) -> Called<ModuleCodeVerified> {
        let outputs_of = outputs_of.map(|(id, workflow)| (id.to_owned(), workflow.to_owned()));
        let jti = self.draw("jti");
        self.apply(&VerifyModuleCode { key, otp: otp.into(), outputs_of, jti })
    }

    /// The user proves a contact with the code of a module. Returns the token.
    pub(crate) fn prove(&mut self, contact: &Contact) -> Option<JourneyClaims> {
        self.send_module_code(contact).unwrap();
        self.verify_module_code(contact, CODE).unwrap().auth_token.as_ref().map(read)
    }

    pub(crate) fn link_contact(&mut self, phone: Option<handset_sandbox_domain::Phone>) -> Called<Option<Secret>> {
        let jti = self.draw("jti");
        self.apply(&ProveContact { workflow_id: WORKFLOW.to_owned(), phone, jti })
    }

    pub(crate) fn set_outcome(&mut self, module_id: &str, outcome: &str) -> Called<JourneyStatus> {
        let event_id = self.draw("event");
        self.apply(&SetOutcome {
            workflow_id: WORKFLOW.to_owned(),
            module_id: module_id.to_owned(),
            outcome: outcome.to_owned(),
            event_id,
        })
    }

    /// Resets a module and all later ones, or everything.
    pub(crate) fn reset(&mut self, module_id: Option<&str>) -> Called<()> {
        let action = module_id
            .map_or(ResetAction::Complete, |module_id| ResetAction::Continuous { module_id: module_id.to_owned() });
        let (new_journey_id, event_id) = (self.draw("journey"), self.draw("event"));
        self.apply(&ResetState { action, reviewer_id: "reviewer".to_owned(), new_journey_id, event_id })
    }

    pub(crate) fn open_handoff(&mut self, page: &TestedPage, body: OpenHandoffBody) -> Called<OpenedHandoff> {
        let (id, secret) = (self.draw("handoff"), self.draw("secret"));
        self.apply(&OpenHandoff { caller: page.caller(), body: Ok(body), id, secret: secret.into() })
    }

    /// The other device opens the link. `redemption` is the secret that it has from its first request.
    pub(crate) fn redeem(&mut self, secret: &Secret, redemption: Option<&Secret>) -> Called<RedeemedHandoff> {
        let (new_redemption, jti) = (self.draw("redemption").into(), self.draw("jti"));
        let secret = secret.expose().rsplit_once('=').map_or(secret.expose(), |(_, secret)| secret).into();
        self.apply(&RedeemHandoff { secret, redemption: redemption.cloned(), new_redemption, number: 42, jti })
    }

    pub(crate) fn confirm(&mut self, token: &JourneyClaims, id: &str, number: u8) -> Called<ConfirmedHandoff> {
        self.apply(&ConfirmHandoff { caller: caller(token, None), handoff_id: id.to_owned(), body: Ok(number) })
    }

    pub(crate) fn follow(&mut self, token: &JourneyClaims, id: &str) -> Called<HandoffStatus> {
        self.apply(&GetHandoffStatus { caller: caller(token, None), handoff_id: id.to_owned() })
    }
}
