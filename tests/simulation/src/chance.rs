//! The random numbers of a run.

use std::cell::RefCell;

use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

/// The only source of randomness in a run. All draws happen in the order of events, which is deterministic.
pub(crate) struct Chance(RefCell<ChaCha8Rng>);

impl Chance {
    pub(crate) fn new(seed: u64) -> std::rc::Rc<Self> {
        std::rc::Rc::new(Self(RefCell::new(ChaCha8Rng::seed_from_u64(seed))))
    }

    /// True with a probability of `percent`.
    pub(crate) fn percent(&self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// A number below `bound`.
    pub(crate) fn below(&self, bound: u32) -> u32 {
        self.0.borrow_mut().random_range(0..bound.max(1))
    }

    /// A number from `low` to below `high`.
    pub(crate) fn between(&self, low: u64, high: u64) -> u64 {
        self.0.borrow_mut().random_range(low..high)
    }
}
