//! Who is asking: the rightmost entry of `X-Forwarded-For` that is not a configured proxy.
//!
//! Everything to the left of that entry was written by the client and is never read.

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;

/// A network in CIDR form, `10.0.0.0/8` or `fd00::/8`; a bare address is a network of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether the address lies in this network. An IPv4 address written as IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => same_prefix(
                base.to_bits().into(),
                address.to_bits().into(),
                32,
                self.prefix,
            ),
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                same_prefix(base.to_bits(), address.to_bits(), 128, self.prefix)
            }
            _ => false,
        }
    }
}

fn same_prefix(one: u128, other: u128, width: u8, prefix: u8) -> bool {
    // `checked_shr` is `None` for /0, which contains everything.
    let differing = one ^ other;
    differing
        .checked_shr(u32::from(width.saturating_sub(prefix)))
        .unwrap_or(0)
        == 0
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no network: write it like `10.0.0.0/8` or `::1`");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let base: IpAddr = address.parse().map_err(|_| wrong())?;
        let width = if base.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(width), str::parse).map_err(|_| wrong())?;
        if prefix > width {
            Err(wrong())
        } else {
            Ok(Self { base, prefix })
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.base, self.prefix)
    }
}

/// The other end of the TCP connection, put into each request by the accept loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// The client's address as far as it can be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress {
    /// The address itself.
    pub ip: IpAddr,
}

impl ClientAddress {
    /// Stands for a client that came by no connection, as in tests.
    pub const UNKNOWN: Self = Self {
        ip: IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };

    /// Finds the client behind the trusted proxies.
    pub fn find(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Self {
        let is_proxy = |ip: IpAddr| trusted.iter().any(|network| network.contains(ip));
        let mut known = peer.to_canonical();
        let entries = headers.get_all("x-forwarded-for").into_iter().rev();
        let mut entries = entries.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        while is_proxy(known) {
            // Without an entry, or with one that is no address, the last proxy that we know speaks for itself.
            let Some(next) = entries.next().and_then(parse_entry) else {
                break;
            };
            known = next;
        }
        Self { ip: known }
    }

    /// The unit that limits count: the IPv4 address, or the /64 that one IPv6 subscriber owns.
    pub fn network(&self) -> IpAddr {
        match self.ip {
            IpAddr::V4(_) => self.ip,
            IpAddr::V6(address) => {
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
            }
        }
    }
}

/// One entry: an address, perhaps with a port, an IPv6 one perhaps in brackets.
fn parse_entry(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok();
    address
        .or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .map(|ip| ip.to_canonical())
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Self::UNKNOWN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusted: Vec<Network> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        ClientAddress::find(peer.parse().unwrap(), &headers, &trusted)
            .ip
            .to_string()
    }

    #[test]
    fn a_header_from_a_stranger_is_not_believed() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
        assert_eq!(
            client("203.0.113.9", &["198.51.100.1"], &["10.0.0.0/8"]),
            "203.0.113.9"
        );
    }

    #[test]
    fn the_rightmost_entry_that_is_no_proxy_is_the_client() {
        let trusted = &["10.0.0.0/8", "fd00::/8"];
        assert_eq!(
            client("10.1.1.1", &["6.6.6.6, 198.51.100.1"], trusted),
            "198.51.100.1"
        );
        assert_eq!(
            client("10.1.1.1", &["6.6.6.6, 198.51.100.1, 10.2.2.2"], trusted),
            "198.51.100.1"
        );
        assert_eq!(
            client("fd00::1", &["6.6.6.6", "198.51.100.1,10.2.2.2"], trusted),
            "198.51.100.1"
        );
    }

    #[test]
    fn rubbish_ends_the_walk_at_the_last_known_proxy() {
        assert_eq!(
            client("10.1.1.1", &["6.6.6.6, unknown"], &["10.0.0.0/8"]),
            "10.1.1.1"
        );
        assert_eq!(
            client("10.1.1.1", &["6.6.6.6, unknown, 10.3.3.3"], &["10.0.0.0/8"]),
            "10.3.3.3"
        );
        assert_eq!(client("10.1.1.1", &[], &["10.0.0.0/8"]), "10.1.1.1");
    }

    #[test]
    fn ports_brackets_and_mapped_addresses_are_understood() {
        let trusted = &["127.0.0.1"];
        assert_eq!(
            client("::ffff:127.0.0.1", &["198.51.100.1:4711"], trusted),
            "198.51.100.1"
        );
        assert_eq!(
            client("127.0.0.1", &["[2001:db8::7]"], trusted),
            "2001:db8::7"
        );
        assert_eq!(
            client("127.0.0.1", &["[2001:db8::7]:443"], trusted),
            "2001:db8::7"
        );
    }

    #[test]
    fn limits_count_an_ipv6_subscriber_as_one() {
        let one = ClientAddress {
            ip: "2001:db8:1:2:aaaa::1".parse().unwrap(),
        };
        let other = ClientAddress {
            ip: "2001:db8:1:2:bbbb::2".parse().unwrap(),
        };
        let stranger = ClientAddress {
            ip: "2001:db8:1:3::1".parse().unwrap(),
        };
        assert_eq!(one.network(), other.network());
        assert_ne!(one.network(), stranger.network());
    }

    #[test]
    fn networks_are_read_and_bounded() {
        assert!(
            "0.0.0.0/0"
                .parse::<Network>()
                .unwrap()
                .contains("8.8.8.8".parse().unwrap())
        );
        assert!(
            "::/0"
                .parse::<Network>()
                .unwrap()
                .contains("2001:db8::1".parse().unwrap())
        );
        assert!(
            !"10.0.0.0/9"
                .parse::<Network>()
                .unwrap()
                .contains("10.128.0.1".parse().unwrap())
        );
        for wrong in ["10.0.0.0/33", "::/129", "example.org", "10.0.0/8", ""] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
