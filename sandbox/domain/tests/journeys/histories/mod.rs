//! Journeys under random histories, against a model: several pages, devices, servers and reviewers of two transactions, at any
//! time. The model, in `state_model`, `transaction_model` and `limits`, has its own rules, and predicts each answer, each stored
//! state and each webhook event exactly; `page_calls` and `server_calls` compare them. The moves are in `moves`. A failure
//! prints the shortest history with its answers.

mod history;
mod limits;
mod moves;
mod page_calls;
mod server_calls;
mod state_model;
mod transaction_model;

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;

use self::history::JourneyHistory;
use self::moves::{any_move, any_scenario, any_workflow};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_of_journeys_keeps_the_rules(
        workflow in any_workflow(),
        scenarios in prop::collection::vec(any_scenario(), 2),
        moves in prop::collection::vec(any_move(), 1..60),
    ) {
        let mut history = JourneyHistory::new(workflow, scenarios);
        for (wait, next) in &moves {
            let made = catch_unwind(AssertUnwindSafe(|| history.make(*wait, next)));
            if let Err(panic) = made {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                return Err(TestCaseError::fail(format!("{}\n{}", text.unwrap_or_default(), history.log.join("\n"))));
            }
        }
    }
}
