//! Settings of Instant Links.

use handset_protocol::limits::LINK_SECONDS;
use handset_sandbox_domain::StartReplyShape;

use super::section::{RULES, parse_number, section};

section! {
    /// The settings of Instant Links.
    #[derive(clap::Args)]
    pub struct InstantLinkConfig {
        /// Lifetime of a link, in seconds.
        #[arg(id = "instant_link.seconds", long = "link-seconds", value_name = "NUMBER", value_parser = parse_number::<u32>)]
        #[arg(help = "Lifetime of a link in seconds", help_heading = RULES)]
        seconds: u32 = LINK_SECONDS, at least 1;
        /// Shape of the reply of a successful `instantlink/start`, since clients differ: `"auto"` follows `allowOTPRetry` of
        /// Start, `"data"` is always `{"data":{}}`, `"empty"` is always `{}`.
        #[schemars(with = "String", extend("kind" = "`\"auto\"`, `\"data\"` or `\"empty\"`"))]
        #[arg(skip)]
        start_reply: StartReplyShape = StartReplyShape::Auto;
    }
}
