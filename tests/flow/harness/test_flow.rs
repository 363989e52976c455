//! A flow under test: its script, its run to the end, and the check of the invariants.

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use futures_lite::future::or;
use handset::flow::{FlowConfig, authenticate};
use handset_protocol::client::paths;

use super::{
    ended_flow::EndedFlow,
    inputs::NUMBER,
    invariants,
    page::{ScriptedPage, number},
    token::TestToken,
    world::{World, json},
};

/// Runs one case of a property in its own virtual time.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(future)
}

/// A change to the machine while the flow runs.
type Action = Box<dyn FnOnce(&World)>;

/// One flow with a scripted world, page and token.
pub(crate) struct TestFlow {
    pub(crate) world: World,
    pub(crate) page: ScriptedPage,
    pub(crate) config: FlowConfig,
    pub(crate) token: TestToken,
    /// The token's text, if it is not that of `token`.
    pub(crate) token_text: Option<String>,
    /// The stored text of an earlier flow.
    pub(crate) stored: Option<String>,
    actions: Vec<(u64, Action)>,
    stop_at: Option<u64>,
    stop_at_wait: Option<usize>,
}

impl TestFlow {
    /// A page with every step; the token names this first step.
    pub(crate) fn new(first_step: &str) -> Self {
        let world = World::new();
        let page = ScriptedPage::new(world.start(), world.said_done.clone());
        let config = FlowConfig { has_otp: true, has_link: true, has_auth_finish: true, ..FlowConfig::default() };
        let token = TestToken::new(first_step);
        Self {
            world,
            page,
            config,
            token,
            token_text: None,
            stored: None,
            actions: Vec::new(),
            stop_at: None,
            stop_at_wait: None,
        }
    }

    /// SMS one-time code.
    pub(crate) fn otp() -> Self {
        Self::new("mobile/otp")
    }

    /// SMS one-time code, with one accepted SMS to a number of the page.
    pub(crate) fn otp_sent() -> Self {
        let bench = Self::otp();
        bench.page.otp_start.then(number(NUMBER));
        bench.world.on(paths::OTP_START, json(serde_json::json!({})));
        bench
    }

    /// Instant Link without a retry step.
    pub(crate) fn link() -> Self {
        Self::new("mobile/instantlink")
    }

    /// Instant Link without a retry step, with one accepted SMS to a number of the page.
    pub(crate) fn link_sent() -> Self {
        let bench = Self::link();
        bench.page.link_start.then(number(NUMBER));
        bench.world.on(paths::LINK_START, json(serde_json::json!({})));
        bench
    }

    /// Adds a retry step.
    pub(crate) fn with_retry(mut self) -> Self {
        self.config.has_link_retry = true;
        self
    }

    /// Changes the machine, this many ms after the flow began.
    pub(crate) fn at(&mut self, ms: u64, action: impl FnOnce(&World) + 'static) -> &mut Self {
        self.actions.push((ms, Box::new(action)));
        self
    }

    /// Drops the flow, as `cancel()` and an abort do, this many ms after it began.
    pub(crate) fn stop_at(&mut self, ms: u64) -> &mut Self {
        self.stop_at = Some(ms);
        self
    }

    /// Drops the flow at its n-th wait (from 0), if it waits that often.
    pub(crate) fn stop_at_wait(&mut self, n: usize) -> &mut Self {
        self.stop_at_wait = Some(n);
        self
    }

    /// Runs the flow to its end and checks the invariants.
    pub(crate) async fn run(self) -> EndedFlow {
        let Self { world, page, config, token, token_text, stored, mut actions, stop_at, stop_at_wait } = self;
        let is_sound = token_text.is_none();
        let text = token_text.unwrap_or_else(|| token.text());
        world.begin();
        let is_done = stored.as_ref().is_some_and(|stored| stored.ends_with(".done"));
        world.said_done.set(is_done || token.0.pointer("/auth/next").is_some_and(|next| next == "done"));
        actions.sort_by_key(|(at, _)| *at);

        let mut waits = 0;
        let waited_for = RefCell::default();
        let flow = async {
            let mut flow = pin!(authenticate(&world, &page, &config, text.as_str().into(), stored.as_deref()));
            poll_fn(|context| match flow.as_mut().poll(context) {
                Poll::Ready(result) => Poll::Ready(Some(result)),
                Poll::Pending if stop_at_wait == Some(waits) => {
                    waited_for.replace(world.alive());
                    Poll::Ready(None)
                }
                Poll::Pending => {
                    waits += 1;
                    Poll::Pending
                }
            })
            .await
        };
        let director = async {
            for (at, action) in actions {
                wait_until(&world, at).await;
                action(&world);
            }
            std::future::pending().await
        };
        let stop = async {
            wait_until(&world, stop_at.unwrap_or(u64::from(u32::MAX))).await;
            None
        };
        let result = or(flow, or(director, stop)).await;
        assert!(result.is_some() || stop_at.is_some() || stop_at_wait.is_some(), "a flow settles unless it is stopped");
        assert!(result.is_none() || stop_at.is_none(), "the flow was over before it was stopped");

        let at = world.elapsed();
        let end = EndedFlow { world, page, result, at, waited_for: waited_for.into_inner() };
        invariants::check(&end, &text, is_sound);
        end
    }
}

async fn wait_until(world: &World, ms: u64) {
    let left = ms.saturating_sub(u64::try_from(world.elapsed()).unwrap());
    tokio::time::sleep(Duration::from_millis(left)).await;
}
