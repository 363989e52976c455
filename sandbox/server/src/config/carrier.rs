//! Settings of the carrier's port. How the carrier behaves is in `mobile_auth`.

use std::net::{Ipv4Addr, SocketAddr};

use super::section::{NETWORK, section};
use super::{Origin, address, origin};

section! {
    /// The carrier of Mobile Auth, on an origin of its own. It serves the scheme of the main port, with the same certificate.
    #[derive(clap::Args)]
    pub struct CarrierConfig {
        /// Address and port of the carrier; port 0 picks a free one.
        #[serde(deserialize_with = "address::deserialize_carrier")]
        #[schemars(with = "String", extend("kind" = "`\"IP:PORT\"`"))]
        #[arg(id = "carrier.listen", long = "carrier-listen", value_name = "IP:PORT", value_parser = address::parse_carrier)]
        #[arg(help = "Carrier of Mobile Auth; port 0 picks one", help_heading = NETWORK)]
        listen: SocketAddr = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        /// Origin of the carrier for browsers, without a path, for example behind a proxy. Required when the carrier listens
        /// beyond loopback; the default is the origin of `carrier.listen`. Another one than `origin`.
        #[serde(deserialize_with = "origin::deserialize_carrier")]
        #[schemars(with = "Option<String>")]
        #[arg(id = "carrier.origin", long = "carrier-origin", value_name = "URL", value_parser = origin::parse_carrier)]
        #[arg(help = "Origin of the carrier for browsers [default: --carrier-listen]", help_heading = NETWORK)]
        origin: Option<Origin> = None;
    }
}
