//! Settings of SMS.

use handset_protocol::limits::SESSION_SECONDS;
use handset_sandbox_domain::SessionPolicy;

use super::section::section;

section! {
    /// The settings of SMS.
    pub struct SmsConfig {
        /// Maximum number of SMS of one session, to any numbers. `0`: unlimited.
        per_session: u32 = SessionPolicy::default().sms_per_session;
        /// Maximum number of SMS to one phone number within the window, over all sessions of a project. `0`: unlimited. Test
        /// users and behaviour numbers are exempt.
        per_number: u32 = SessionPolicy::default().sms_per_number;
        /// Sliding window of `per_number`, in seconds.
        number_window_seconds: u32 = SESSION_SECONDS, at least 1;
    }
}
