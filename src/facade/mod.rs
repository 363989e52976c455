//! What JavaScript sees: one class, which the hand-written module in `js/` wraps.

mod core;
mod errors;
mod events;
mod options;
mod page;
mod step;
mod stop;
#[cfg(test)]
mod tests;
