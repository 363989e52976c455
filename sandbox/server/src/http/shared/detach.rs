//! A layer that completes the handler of a client that disconnects.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::Response;
use tokio::runtime::Handle;
use tower::{Layer, Service};
use tracing::{Instrument, Span};

/// Lets a disconnect never cancel a handler: it could otherwise end between a write and the entries of the outbox that follow
/// from it.
#[derive(Clone, Copy)]
pub(crate) struct RunToCompletion;

impl<S> Layer<S> for RunToCompletion {
    type Service = RunToCompletionService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RunToCompletionService(inner)
    }
}

/// The service of [`RunToCompletion`].
#[derive(Clone)]
pub(crate) struct RunToCompletionService<S>(S);

impl<S> Service<Request> for RunToCompletionService<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = HandlerFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        HandlerFuture { handler: Some(Box::pin(self.0.call(request))), span: Span::current() }
    }
}

/// A running handler.
///
/// # Cancel safety
/// Dropping the future leaves the handler running, in a task of its own.
pub(crate) struct HandlerFuture<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    /// `None`: it has ended.
    handler: Option<Pin<Box<F>>>,
    span: Span,
}

impl<F> Future for HandlerFuture<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // Taken out, so that a handler that panics is not continued.
        let Some(mut handler) = self.handler.take() else { return Poll::Pending };
        let polled = handler.as_mut().poll(context);
        if polled.is_pending() {
            self.handler = Some(handler);
        }
        polled
    }
}

impl<F> Drop for HandlerFuture<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn drop(&mut self) {
        // Without a runtime nothing can continue.
        if let Some(handler) = self.handler.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(handler.instrument(self.span.clone()));
        }
    }
}
