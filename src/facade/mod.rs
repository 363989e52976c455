//! What JavaScript sees: a handful of functions, which the hand-written module in `js/` wraps. No rule of a flow is in
//! here.

mod engine;
mod errors;
mod events;
mod options;
mod page;
mod step;
mod stop;
#[cfg(test)]
mod tests;
mod value;
