//! Middleware that injects faults into requests. The domain does not know about faults.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{OriginalUri, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::future::FromFnResponseFuture;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::future::Either;
use futures_util::stream;
use handset_protocol::Secret;
use handset_protocol::client::{ClientCall, paths};
use tower::{Layer, Service};

use super::journeys::errors::JourneyErrorReply;
use super::journeys::page_paths::is_page_call;
use super::shared::errors::refused_with;
use super::shared::link_url;
use super::shared::request::{AppliedFault, ConnectionReset, SocketLifetime, SocketQuery, bearer};
use super::shared::scope;
use crate::app::{Sandbox, SessionHandle, links};
use crate::faults::FaultAction;
use crate::projects::Project;
use handset_sandbox_domain::{Fault, MessageKind, NewTimelineEvent, Outcome, Party};
use handset_sandbox_listener::Connection;

/// Maximum time that a silenced request stays unanswered.
const SILENCE: Duration = Duration::from_secs(600);

/// The layer for every route except the inspection API.
#[derive(Clone)]
pub(super) struct FaultLayer(pub(super) Sandbox);

impl<S> Layer<S> for FaultLayer {
    type Service = FaultService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        FaultService { sandbox: self.0.clone(), inner }
    }
}

/// The service of [`FaultLayer`].
#[derive(Clone)]
pub(super) struct FaultService<S> {
    sandbox: Sandbox,
    inner: S,
}

impl<S> Service<Request> for FaultService<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, FromFnResponseFuture>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if !self.sandbox.faults_enabled() {
            return Either::Left(self.inner.call(request));
        }
        Either::Right(from_fn_with_state(self.sandbox.clone(), inject).layer(self.inner.clone()).call(request))
    }
}

async fn inject(State(sandbox): State<Sandbox>, mut request: Request, next: Next) -> Response {
    let target = RequestTarget::of(&request);
    let FaultTarget { project, handle } = target.resolve(&sandbox).await;
    let Some(action) = project.and_then(|project| target.action(&project)) else {
        return next.run(request).await;
    };
    let record = async |request, reply| target.record(&sandbox, handle.as_ref(), request, reply).await;
    let connection = request.extensions().get::<Connection>().cloned();
    match action {
        FaultAction::Delay(time) => {
            tokio::select! {
                biased;
                () = sandbox.shutdown.cancelled() => {}
                () = tokio::time::sleep(time) => {}
            }
            request.extensions_mut().insert(AppliedFault(Fault::Delay));
            next.run(request).await
        }
        FaultAction::Status { status, retry_after_seconds } => {
            record(None, Some(Fault::Status)).await;
            target.refused_with(status, retry_after_seconds)
        }
        FaultAction::Refuse if target.is_socket => {
            record(None, Some(Fault::Refuse)).await;
            refused_with(503, None).into_response()
        }
        FaultAction::Drop | FaultAction::Silence if target.is_socket => {
            request.extensions_mut().insert(AppliedFault(action.fault()));
            next.run(request).await
        }
        FaultAction::DropLater(time) if target.is_socket => {
            request.extensions_mut().insert(SocketLifetime(time));
            next.run(request).await
        }
        FaultAction::Drop | FaultAction::DropLater(_) | FaultAction::Refuse => {
            record(Some(action.fault()), None).await;
            reset(connection, target.is_socket).await
        }
        FaultAction::Silence => {
            record(Some(Fault::Silence), None).await;
            tokio::select! {
                biased;
                () = sandbox.shutdown.cancelled() => {}
                () = tokio::time::sleep(SILENCE) => {}
            }
            reset(connection, target.is_socket).await
        }
        // A lost handshake reply leaves no socket to serve.
        FaultAction::LoseReply if target.is_socket => {
            record(Some(Fault::LoseReply), None).await;
            reset(connection, target.is_socket).await
        }
        FaultAction::LoseReply => {
            request.extensions_mut().insert(AppliedFault(Fault::LoseReply));
            next.run(request).await;
            reset(connection, target.is_socket).await
        }
    }
}

/// A request, and how it identifies its session or project.
struct RequestTarget {
    method: Method,
    path: String,
    is_socket: bool,
    message: Option<(Party, MessageKind)>,
    session: Option<TargetSession>,
}

/// The project whose faults apply to a request, and the session whose timeline records it.
#[derive(Default)]
struct FaultTarget {
    project: Option<Arc<Project>>,
    handle: Option<SessionHandle>,
}

impl RequestTarget {
    fn of(request: &Request) -> Self {
        let uri = request.extensions().get::<OriginalUri>().map_or(request.uri(), |uri| &uri.0);
        let is_socket = request.headers().contains_key(header::UPGRADE);
        Self {
            method: request.method().clone(),
            path: uri.path().to_owned(),
            is_socket,
            message: message(request.method(), uri.path(), is_socket),
            session: target_session(request.headers(), uri),
        }
    }

    /// The fault of the request: requested faults before those of the seed.
    fn action(&self, project: &Project) -> Option<FaultAction> {
        let by_chaos = || match self.message {
            Some((Party::Client, kind)) => project.chaos.as_ref()?.next(kind),
            _ => None,
        };
        project.faults.take(self.method.as_str(), &self.path).or_else(by_chaos)
    }

    /// The error reply of a fault, in the form of the call.
    fn refused_with(&self, status: u16, retry_after_seconds: Option<u32>) -> Response {
        match is_page_call(&self.path) {
            true => JourneyErrorReply::of_fault(status, retry_after_seconds).into_response(),
            false => refused_with(status, retry_after_seconds).into_response(),
        }
    }

    async fn resolve(&self, sandbox: &Sandbox) -> FaultTarget {
        let loaded = match &self.session {
            None => return FaultTarget::default(),
            Some(TargetSession::Project(name)) => {
                return FaultTarget { project: sandbox.projects.get(name), handle: None };
            }
            // An expired token identifies its session, too.
            Some(TargetSession::AuthToken(token)) => match sandbox.keys.subject(token.expose()) {
                Some(subject) => sandbox.load_session_of(&subject).await.unwrap_or_default(),
                None => None,
            },
            Some(TargetSession::JourneyToken(token)) => {
                let caller = sandbox.page_caller(Some(token.expose()), None);
                return FaultTarget { project: caller.ok().map(|(_, journey)| journey.project), handle: None };
            }
            Some(TargetSession::LinkToken(token)) => links::find(sandbox, token).await.unwrap_or_default(),
        };
        let handle = loaded.map(|loaded| loaded.handle);
        FaultTarget { project: handle.as_ref().map(|handle| handle.project.clone()), handle }
    }

    /// Records the request with its fault on the timeline. A `reply` fault means that the request was answered with an error.
    async fn record(
        &self,
        sandbox: &Sandbox,
        handle: Option<&SessionHandle>,
        request: Option<Fault>,
        reply: Option<Fault>,
    ) {
        let (Some(handle), Some((party, kind))) = (handle, self.message) else { return };
        let received = NewTimelineEvent { fault: request, ..NewTimelineEvent::new(party, Party::Backend, kind, None) };
        let answered = |fault| NewTimelineEvent::new(Party::Backend, party, kind, Some(Outcome::Refused)).under(fault);
        let events: Vec<_> = [Some(received), reply.map(answered)].into_iter().flatten().collect();
        sandbox.record(handle, &events).await;
    }
}

/// The timeline's message for a request of the page or the phone. Calls of the relying party's server name their session in
/// the body and are not recorded here.
fn message(method: &Method, path: &str, is_socket: bool) -> Option<(Party, MessageKind)> {
    if path.starts_with(link_url::PREFIX) {
        return Some((Party::Phone, MessageKind::LinkOpened));
    }
    let kind = match ClientCall::of(method.as_str(), path, is_socket)? {
        ClientCall::OtpStart => MessageKind::OtpStart,
        ClientCall::OtpFinish => MessageKind::OtpFinish,
        ClientCall::LinkStart => MessageKind::LinkStart,
        ClientCall::InstantStart => MessageKind::InstantStart,
        ClientCall::InstantFinish => MessageKind::InstantFinish,
        ClientCall::StatusSocket => MessageKind::SocketOpen,
        ClientCall::Status => MessageKind::StatusPolled,
        ClientCall::Report(_) => MessageKind::ErrorReported,
    };
    Some((Party::Client, kind))
}

/// The identification of a session or project in a request.
enum TargetSession {
    AuthToken(Secret),
    JourneyToken(Secret),
    LinkToken(Secret),
    Project(String),
}

fn target_session(headers: &HeaderMap, uri: &Uri) -> Option<TargetSession> {
    if let Some(token) = uri.path().strip_prefix(link_url::PREFIX) {
        return Some(TargetSession::LinkToken(token.into()));
    }
    if is_page_call(uri.path())
        && let Some(token) = bearer(headers)
    {
        return Some(TargetSession::JourneyToken(token.into()));
    }
    if !uri.path().strip_prefix(paths::ROOT).is_some_and(|rest| rest.starts_with('/')) {
        return scope::project_name(headers, uri).ok().map(TargetSession::Project);
    }
    let query = uri.query().unwrap_or_default().as_bytes();
    let of_query = || serde_urlencoded::from_bytes::<SocketQuery>(query).ok()?.token;
    bearer(headers).map(Into::into).or_else(of_query).map(TargetSession::AuthToken)
}

/// Resets the connection, so that the client gets no reply.
pub(super) async fn reset(connection: Option<Connection>, is_handshake: bool) -> Response {
    if let Some(connection) = connection {
        connection.reset(is_handshake).await;
    }
    // In process there is no connection: reading the body of the reply fails instead.
    let body = stream::iter([Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset))]);
    let mut response = (StatusCode::BAD_GATEWAY, Body::from_stream(body)).into_response();
    response.extensions_mut().insert(ConnectionReset);
    response
}
