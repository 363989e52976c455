//! Runs futures as microtasks. `spawn_local` of wasm-bindgen-futures has a queue for threads and for old browsers too, which
//! would add 0.8 kB to the module; what awaits a promise is still theirs.

use std::{
    cell::RefCell,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake, Waker},
};

use wasm_bindgen::prelude::*;

use super::host;

thread_local! {
    /// The futures that run, but for the one that is polled at the moment.
    static TASKS: RefCell<Vec<Task>> = const { RefCell::new(Vec::new()) };
    /// Polls the future of a number.
    static POLL: Closure<dyn FnMut(JsValue)> = Closure::wrap(Box::new(poll));
}

struct Task {
    future: Pin<Box<dyn Future<Output = ()>>>,
    scheduled: Arc<Scheduled>,
}

/// Schedules a future when it is woken.
struct Scheduled {
    number: u32,
    /// Whether the future was woken since its last poll.
    is_woken: AtomicBool,
}

impl Wake for Scheduled {
    fn wake(self: Arc<Self>) {
        if !self.is_woken.swap(true, Ordering::Relaxed) {
            POLL.with(|poll| host::schedule(poll.as_ref(), self.number));
        }
    }
}

/// Runs a future until it ends. Its first poll is a microtask, as every other one. No two futures have the same number.
pub(crate) fn spawn(number: u32, future: impl Future<Output = ()> + 'static) {
    let scheduled = Arc::new(Scheduled { number, is_woken: AtomicBool::new(false) });
    let task = Task { future: Box::pin(future), scheduled: scheduled.clone() };
    TASKS.with_borrow_mut(|tasks| tasks.push(task));
    scheduled.wake();
}

fn poll(number: JsValue) {
    let number = number.as_f64().unwrap_or(0.0) as u32;
    let task = TASKS.with_borrow_mut(|tasks| {
        let at = tasks.iter().position(|task| task.scheduled.number == number)?;
        Some(tasks.swap_remove(at))
    });
    let Some(mut task) = task else { return };
    task.scheduled.is_woken.store(false, Ordering::Relaxed);
    let waker = Waker::from(task.scheduled.clone());
    if task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
        TASKS.with_borrow_mut(|tasks| tasks.push(task));
    }
}
