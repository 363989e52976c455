//! Panics, also those that a task or a server has caught: a run with a panic fails.

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    sync::Once,
};

thread_local! {
    /// The panics of this thread: a run has all its tasks on one thread.
    static PANICS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Runs a function: its value, unless it panics, and the texts of all panics meanwhile.
pub(crate) fn noted<T>(work: impl FnOnce() -> T) -> (Option<T>, Vec<String>) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            PANICS.with_borrow_mut(|panics| panics.push(panic.to_string()));
            usual(panic);
        }));
    });
    PANICS.take();
    let done = catch_unwind(AssertUnwindSafe(work)).ok();
    (done, PANICS.take())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]

    use super::*;

    #[test]
    fn a_panic_is_noted_also_where_somebody_has_caught_it() {
        let (done, panics) = noted(|| {
            let _ = catch_unwind(|| panic!("caught"));
            7
        });
        assert_eq!((done, panics.len()), (Some(7), 1), "{panics:?}");
        let (done, panics) = noted(|| panic!("not caught"));
        assert!(done.is_none_or(|(): ()| false) && panics[0].contains("not caught"), "{panics:?}");
        assert_eq!(noted(|| 8), (Some(8), Vec::new()));
    }
}
