//! The random numbers of a run.

use std::cell::RefCell;

use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

/// The one source of chance of a run. Everything draws from it in the order of events, which is always the same.
pub(crate) struct Chance(RefCell<ChaCha8Rng>);

impl Chance {
    pub(crate) fn new(seed: u64) -> std::rc::Rc<Self> {
        std::rc::Rc::new(Self(RefCell::new(ChaCha8Rng::seed_from_u64(seed))))
    }

    /// True in `percent` of a hundred cases.
    pub(crate) fn percent(&self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// Below `bound`.
    pub(crate) fn below(&self, bound: u32) -> u32 {
        self.0.borrow_mut().random_range(0..bound.max(1))
    }

    /// From `low` up to, and not including, `high`.
    pub(crate) fn between(&self, low: u64, high: u64) -> u64 {
        self.0.borrow_mut().random_range(low..high)
    }
}
