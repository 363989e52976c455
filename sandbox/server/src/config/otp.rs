//! Settings of one-time codes.

use handset_protocol::limits::{OTP_SECONDS, SESSION_SECONDS};
use handset_sandbox_domain::SessionPolicy;

use super::section::{RULES, parse_number, section};

section! {
    /// The settings of one-time codes.
    #[derive(clap::Args)]
    pub struct OtpConfig {
        /// Lifetime of a code, in seconds.
        #[arg(id = "otp.seconds", long = "otp-seconds", value_name = "NUMBER", value_parser = parse_number::<u32>)]
        #[arg(help = "Lifetime of a code in seconds", help_heading = RULES)]
        seconds: u32 = OTP_SECONDS, at least 1;
        /// Minimum time between two SMS of a session to one number, with a code or with a link, in seconds. An earlier resend
        /// sends nothing and leaves the previous code or link valid; `resendAt` of its reply is the time of the next SMS.
        #[arg(skip)]
        resend_pause_seconds: u32 = 0;
        /// Maximum number of wrong codes for one phone number within the window, over all sessions; after that every code is
        /// rejected, also a correct one. `0`: unlimited. Test users and behaviour numbers are exempt.
        #[arg(skip)]
        tries_per_number: u32 = SessionPolicy::default().tries_per_number;
        /// Sliding window of `tries_per_number`, in seconds.
        #[arg(skip)]
        number_window_seconds: u32 = SESSION_SECONDS, at least 1;
    }
}
