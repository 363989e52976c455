//! Networks of addresses in CIDR notation: their text form, and the proxies that are trusted to name the caller.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// The bits before the IPv4 address in an IPv4-mapped IPv6 address.
const MAPPED_BITS: u8 = 96;

/// The network of a text such as `10.0.0.0/8` or `::1`. An IPv4-mapped network is one of IPv4. `None`: it is none.
pub(crate) fn parse_network(text: &str) -> Option<IpNet> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse().ok()?,
    };
    let mapped = match network {
        IpNet::V6(of_v6) => of_v6.addr().to_ipv4_mapped().zip(of_v6.prefix_len().checked_sub(MAPPED_BITS)),
        IpNet::V4(_) => None,
    };
    let of_v4 = mapped.and_then(|(address, bits)| Ipv4Net::new(address, bits).ok());
    Some(of_v4.map_or(network, IpNet::V4).trunc())
}

/// Whether one of the networks has the address. An IPv4-mapped address is one of IPv4.
pub(crate) fn any_contains<'a>(networks: impl IntoIterator<Item = &'a IpNet>, address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.into_iter().any(|network| network.contains(&address))
}

/// The addresses of proxies that are trusted to name the caller.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct TrustedProxy(IpNet);

impl TrustedProxy {
    /// The network.
    pub(crate) fn network(&self) -> &IpNet {
        &self.0
    }
}

impl FromStr for TrustedProxy {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let expected =
            "'trust_proxies' (--trust-proxy) must be an IP address or a network, for example 10.0.0.1 or 10.0.0.0/8";
        parse_network(text.trim()).map(Self).ok_or_else(|| ConfigError(expected.to_owned()))
    }
}

impl fmt::Display for TrustedProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for TrustedProxy {
    type Error = ConfigError;

    fn try_from(text: String) -> Result<Self, ConfigError> {
        text.parse()
    }
}

impl From<TrustedProxy> for String {
    fn from(proxy: TrustedProxy) -> Self {
        proxy.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_an_address_or_a_prefix() {
        for (text, network) in [
            ("10.0.0.1", "10.0.0.1/32"),
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("::1", "::1/128"),
            ("fd00::7/8", "fd00::/8"),
            ("::ffff:10.0.0.1", "10.0.0.1/32"),
            ("::ffff:10.0.0.1/104", "10.0.0.0/8"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(parse_network(text).map(|network| network.to_string()).as_deref(), Some(network), "{text}");
        }
        for text in ["", "*", "localhost", "10.0.0", "10.0.0.1/33", "::1/129", "10.0.0.1:80", "[::1]", "10.0.0.0/-1"] {
            assert_eq!(parse_network(text), None, "{text}");
        }
    }

    #[test]
    fn an_ipv4_mapped_address_is_in_the_networks_of_ipv4() {
        let is_in = |network: &str, address: &str| {
            any_contains(&[parse_network(network).unwrap()], address.parse::<IpAddr>().unwrap())
        };
        assert!(is_in("10.0.0.0/8", "10.255.0.1") && is_in("10.0.0.0/8", "::ffff:10.255.0.1"));
        assert!(is_in("::ffff:10.0.0.0/104", "10.255.0.1") && is_in("fd00::/8", "fd12::1"));
        assert!(!is_in("10.0.0.0/8", "11.0.0.1") && !is_in("::/0", "10.0.0.1") && !is_in("0.0.0.0/0", "::1"));
    }
}
