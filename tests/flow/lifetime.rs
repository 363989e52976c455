//! The token's lifetime: the time limit of a whole flow.

use handset::flow::DeviceRole;
use serde_json::json;

use crate::harness::{TestFlow, WALL_START, finished, hang, never, opens, rejects};

#[tokio::test(start_paused = true)]
async fn a_page_step_that_never_settles_ends_with_the_tokens_lifetime() {
    let number_pending = TestFlow::otp();
    number_pending.page.otp_start.then(never());
    let link_number_pending = TestFlow::link();
    link_number_pending.page.link_start.then(never());
    let mut phone_pending = TestFlow::new("device/passive");
    phone_pending.config.role = DeviceRole::Secondary;
    for bench in [number_pending, link_number_pending, phone_pending] {
        bench.world.every_socket(opens());
        let end = bench.run().await;
        end.is_row("token_lifetime");
        assert_eq!((end.at, end.paths()), (900_000, vec![]));
    }
}

#[tokio::test(start_paused = true)]
async fn the_lifetime_is_the_tokens_own() {
    let issued = WALL_START / 1000;
    // A token without a lifetime, or with an impossible one, gets the default.
    for (iat, exp, lifetime) in [
        (issued, issued + 300, 300_000),
        (issued - 800, issued + 100, 900_000),
        (0, 0, 900_000),
        (issued, issued, 900_000),
    ] {
        let mut bench = TestFlow::otp();
        bench.token.set("/iat", json!(iat)).set("/exp", json!(exp));
        bench.page.otp_start.then(never());
        assert_eq!(bench.run().await.is_row("token_lifetime").at, lifetime);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_is_set_does_not_change_the_lifetime() {
    for jump in [-600_000, 600_000] {
        let mut bench = TestFlow::otp();
        bench.page.otp_start.then(never());
        bench.at(10_000, move |world| world.sleep(jump));
        assert_eq!(bench.run().await.is_row("token_lifetime").at, 900_000);
    }
}

#[tokio::test(start_paused = true)]
async fn a_report_that_hangs_ends_with_the_tokens_lifetime() {
    let bench = TestFlow::otp();
    bench.page.otp_start.then(rejects("no").after(890_000));
    bench.world.always("/v1/client/mobile/otp/error", hang());
    let end = bench.run().await;
    assert_eq!((end.at, end.rejection().kind.as_str()), (900_000, "token_expired"));
}

#[tokio::test(start_paused = true)]
async fn auth_finish_may_take_hours() {
    let bench = TestFlow::new("done");
    bench.page.auth_finish.then(finished().after(36_000_000));
    let end = bench.run().await;
    end.is_row("done");
    assert_eq!(end.at, 36_000_000);
}
