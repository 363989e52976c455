//! The app that calls: its id, its key and its address. What it may do then is up to each call.

use std::sync::{Arc, LazyLock};

use axum::extract::Request;
use axum::http::HeaderMap;
use handset_protocol::Secret;
use handset_sandbox_domain::JourneyRefusal;
use serde_json::Value;

use super::body;
use super::fields::{APP_ID, APP_KEY};
use super::headers;
use crate::app::Sandbox;
use crate::app::journeys::JourneyRef;
use crate::http::journeys::errors::JourneyErrorReply;
use crate::http::journeys::shared::{members, of_shared};
use crate::http::shared::caller_address::CallerAddress;
use crate::http::shared::extract::RequestBody;
use crate::http::shared::scope;
use crate::projects::{Allowlist, App, Project, built_in_app};

/// Stands in for an app that does not exist, so that its absence takes no less time than a wrong key.
static NOBODY: LazyLock<Arc<App>> = LazyLock::new(|| {
    let key = Secret::from("nobody-has-this");
    Arc::new(App { id: String::new(), name: String::new(), key, allowlist: Allowlist::Networks(Vec::new()) })
});

/// An app that may call: its key is right, its address is on its allowlist, and its rate is within the limit.
pub(super) struct AppCaller {
    pub(super) project: Arc<Project>,
    pub(super) app: Arc<App>,
}

impl AppCaller {
    /// A transaction of the app.
    pub(super) fn transaction(&self, transaction_id: &str) -> JourneyRef {
        JourneyRef {
            project: self.project.clone(),
            app_id: self.app.id.clone(),
            transaction_id: transaction_id.to_owned(),
        }
    }

    /// The app whose credentials stand in the headers `appid` and `appkey`.
    pub(super) async fn of_headers(
        sandbox: &Sandbox,
        origin: &CallOrigin,
        headers: &HeaderMap,
    ) -> Result<Self, JourneyErrorReply> {
        let key = headers::text(headers, headers::APP_KEY).ok_or(JourneyRefusal::Unauthorized)?;
        origin.authorize(sandbox, headers::text(headers, headers::APP_ID), Some(key)).await
    }
}

/// From where a call comes, before anything of it is believed.
pub(super) struct CallOrigin {
    project: String,
    address: CallerAddress,
}

impl CallOrigin {
    /// The origin of a request.
    pub(super) fn of(sandbox: &Sandbox, request: &Request) -> Result<Self, JourneyRefusal> {
        let headers = request.headers();
        let project = scope::project_name(headers, request.uri()).map_err(of_shared)?;
        let address = CallerAddress::of(request.extensions(), headers, &sandbox.config.trust_proxies);
        Ok(Self { project, address })
    }

    /// Checks the app, its key and its address; then its rate. The reply and its time are the same whichever of them is wrong.
    /// Without a key, an address must be on a list of addresses.
    pub(super) async fn authorize(
        &self,
        sandbox: &Sandbox,
        app_id: Option<&str>,
        key: Option<&str>,
    ) -> Result<AppCaller, JourneyErrorReply> {
        let app_id = app_id.unwrap_or_default();
        let found = match sandbox.projects.get(&self.project) {
            Some(project) => project.apps.get(app_id),
            None => built_in_app(app_id),
        };
        let app = found.clone().unwrap_or_else(|| NOBODY.clone());
        let has_key = app.has_key(&key.unwrap_or_default().into());
        let may_omit_key = key.is_none() & (app.allowlist != Allowlist::Any);
        let is_allowed = self.address.is_allowed_by(&app.allowlist);
        if !(found.is_some() & (has_key | may_omit_key) & is_allowed) {
            return Err(JourneyRefusal::Unauthorized.into());
        }
        // Only now, so that an unauthorized request creates no project.
        let project = scope::get_or_create_project(sandbox, &self.project).await?;
        let now = project.clock.now();
        project.limiter.pass_app(&app.id, now).map_err(JourneyErrorReply::too_many_requests)?;
        Ok(AppCaller { project, app })
    }
}

/// The app whose credentials stand in the body, and the body. The other members are read after the credentials.
pub(super) async fn of_body<T: RequestBody>(
    sandbox: &Sandbox,
    request: Request,
) -> Result<(AppCaller, T), JourneyErrorReply> {
    let origin = CallOrigin::of(sandbox, &request)?;
    let value = body::read_object(request).await?;
    let text = |field: &handset_sandbox_domain::request::Field| match value.get(field.name) {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
        Some(Value::String(_) | Value::Null) | None => Err(JourneyRefusal::missing(field.name)),
        Some(_) => Err(JourneyRefusal::shape(field.name, &field.expected())),
    };
    let (app_id, key) = (text(&APP_ID)?, Secret::from(text(&APP_KEY)?));
    let caller = origin.authorize(sandbox, Some(&app_id), Some(key.expose())).await?;
    Ok((caller, members(value)?))
}

/// The same of a call with its credentials in the headers, and the transaction of the header `transactionid`.
pub(super) async fn of_headers<T: RequestBody>(
    sandbox: &Sandbox,
    request: Request,
) -> Result<(AppCaller, JourneyRef, T), JourneyErrorReply> {
    let origin = CallOrigin::of(sandbox, &request)?;
    let caller = AppCaller::of_headers(sandbox, &origin, request.headers()).await?;
    let transaction = caller.transaction(headers::transaction_id(request.headers())?);
    let value = body::read_object(request).await?;
    Ok((caller, transaction, members(value)?))
}
