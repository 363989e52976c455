//! Identities, and devices that a session binds, survive a kill.

use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::relying_party::{PageSession, RelyingParty};

/// The state of an identity by the last response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum IdentityState {
    #[default]
    Active,
    Inactive,
    Gone,
}

#[derive(Default)]
pub(super) struct KeptIdentity {
    number: String,
    identity: Option<String>,
    state: IdentityState,
    /// The state of a request that has no response yet.
    becoming: Option<IdentityState>,
    unified: Option<PageSession>,
    /// Unify's response, with its ids.
    bound: Option<Value>,
}

impl KeptIdentity {
    pub(super) fn of(number: String) -> Self {
        Self { number, ..Self::default() }
    }

    /// `None`: the sandbox is gone.
    pub(super) async fn run(&mut self, party: &RelyingParty, chance: &mut StdRng) -> Option<()> {
        if chance.random_bool(0.5) {
            return self.unify(party).await;
        }
        let reply = party.post("/v3/identity", json!({"phoneNumber": self.number})).await?;
        let id = self.identity.insert(reply["identityId"].as_str().unwrap().to_owned()).clone();
        for _ in 0..chance.random_range(0..3) {
            self.becoming =
                Some(if self.state == IdentityState::Active { IdentityState::Inactive } else { IdentityState::Active });
            let change = if self.state == IdentityState::Active { "deactivate" } else { "activate" };
            party.post(&format!("/v3/identity/{id}/{change}"), json!({})).await?;
            self.state = self.becoming.take().unwrap();
        }
        if chance.random_bool(0.3) {
            self.becoming = Some(IdentityState::Gone);
            assert_eq!(party.call("DELETE", &format!("/v3/identity/{id}"), &Value::Null).await?.status, 200);
            self.state = self.becoming.take().unwrap();
        }
        Some(())
    }

    async fn unify(&mut self, party: &RelyingParty) -> Option<()> {
        let body = json!({"possessionType": "mobile", "phoneNumber": self.number});
        let page = self.unified.insert(party.open("/v3/unify", body).await?).clone();
        party.page(&page, "mobile/otp/start", json!({})).await?;
        let messages = party.messages(&self.number).await?;
        let reply = party.page(&page, "mobile/otp/finish", json!({"otp": messages[0]["code"]})).await?;
        assert_eq!(reply["next"], "done", "{reply}");
        let status = party.post("/v3/unify-status", json!({"correlationId": page.correlation_id})).await?;
        assert!(status["success"] == "true" && status["deviceId"].is_string(), "{status}");
        self.bound = Some(status);
        Some(())
    }

    /// Checks every answered request.
    pub(super) async fn check(&self, party: &RelyingParty) {
        if let Some(page) = &self.unified {
            let body = json!({"correlationId": page.correlation_id});
            let status = party.post("/v3/unify-status", body).await.unwrap();
            assert!(self.bound.as_ref().is_none_or(|bound| *bound == status), "{status}");
            // A session and the device that it binds are one write.
            assert_eq!(status["success"] == "true", status["deviceId"].is_string(), "{status}");
        }
        let Some(id) = &self.identity else { return };
        let found = party.call("GET", &format!("/v3/identity/{id}"), &Value::Null).await.unwrap();
        let state = match (found.status, found.body["active"].as_bool()) {
            (200, Some(true)) => IdentityState::Active,
            (200, Some(false)) => IdentityState::Inactive,
            (404, _) => IdentityState::Gone,
            _ => panic!("{}", found.body),
        };
        assert!(state == self.state || Some(state) == self.becoming, "{state:?}: {:?} was answered", self.state);
    }
}
