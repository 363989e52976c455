//! Names of steps, and the area under which a failed step is reported.

/// `auth.next` or `next`: the flow is over and AuthFinishStep runs.
pub const DONE: &str = "done";
/// `next`: the flow is over without AuthFinishStep; as an answer of `status`: still pending.
pub const ENDED: &str = "";
/// SMS one-time code.
pub const MOBILE_OTP: &str = "mobile/otp";
/// Instant Link.
pub const MOBILE_INSTANT_LINK: &str = "mobile/instantlink";
/// Mobile Auth.
pub const MOBILE_INSTANT: &str = "mobile/instant";
/// Device registration; in the secondary role: wait on the status socket.
pub const DEVICE_PASSIVE: &str = "device/passive";

/// The steps that the primary role (the default) knows.
pub const PRIMARY: &[&str] = &[
    "device/universal",
    "redirect/exchange",
    "redirect/finish",
    DEVICE_PASSIVE,
    "device/passive/stepup",
    "device/passive/silent",
    "device/passive/register",
    "device/passive/verify",
    MOBILE_INSTANT,
    MOBILE_INSTANT_LINK,
    MOBILE_OTP,
    "scan/message",
    "user/mobileactive",
    "user/ppb/register",
    "user/ppb/verify",
    "user/docv",
];

/// The steps that the secondary role (the desktop that waits for a phone) knows.
pub const SECONDARY: &[&str] =
    &[DEVICE_PASSIVE, MOBILE_INSTANT, MOBILE_INSTANT_LINK, "user/ppb/register", "user/ppb/verify", "user/docv"];

/// Every error area, as in `POST /v1/client/<area>/error`.
pub const ERROR_AREAS: &[&str] = &[
    "device/passive",
    "device/fido2",
    "device/universal",
    "mobile/instant",
    "mobile/instantlink",
    "mobile/otp",
    "user/mobileactive",
    "user/ppb",
    "user/docv",
];

/// The area under which a failure of `step` is reported; `None` for steps that have none.
pub fn error_area(step: &str) -> Option<&str> {
    Some(match step {
        DEVICE_PASSIVE | MOBILE_INSTANT | MOBILE_INSTANT_LINK | MOBILE_OTP | "user/docv" => step,
        "device/passive/silent" => DEVICE_PASSIVE,
        "device/passive/register" | "device/passive/verify" | "device/passive/stepup" => "device/fido2",
        "redirect/exchange" | "redirect/finish" => "device/universal",
        "user/present" => "user/mobileactive",
        "user/ppb/register" | "user/ppb/verify" => "user/ppb",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_area_that_a_step_reports_to_is_one_that_a_backend_serves() {
        for step in PRIMARY.iter().chain(SECONDARY) {
            if let Some(area) = error_area(step) {
                assert!(ERROR_AREAS.contains(&area), "{step} reports to {area}");
            }
        }
    }

    #[test]
    fn steps_without_an_area_are_the_three_of_the_contract() {
        let without: Vec<_> = PRIMARY.iter().filter(|step| error_area(step).is_none()).collect();
        assert_eq!(without, [&"device/universal", &"scan/message", &"user/mobileactive"]);
    }
}
