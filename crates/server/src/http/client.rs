//! From which address a request comes.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Once;

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderName};

use crate::network::Network;

const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");

/// One warning is enough.
static WARNED: Once = Once::new();

/// The proxies whose word is taken for whom they speak for.
#[derive(Clone, Debug, Default)]
pub struct Proxies(pub Vec<Network>);

impl Proxies {
    /// The address behind a request, as far as those are trusted who tell it. Where it is not
    /// known, all are one.
    pub fn client(&self, request: &Request) -> IpAddr {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(Ipv6Addr::UNSPECIFIED.into(), |peer| peer.0.ip()).to_canonical();
        if self.unknown(peer, request.headers()) {
            WARNED.call_once(|| {
                tracing::warn!(
                    proxy = %peer,
                    "a proxy is not trusted, and all its clients are one address: name it with \
                     --trust-proxy (CREWLINE_TRUST_PROXY)"
                );
            });
        }
        block(self.behind(peer, request.headers()))
    }

    /// From the last proxy back: the first who is not one of them.
    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        // What is no text is told too: what stands before it is not believed.
        let told = headers.get_all(FORWARDED).iter();
        let told: Vec<_> = told.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        let mut client = peer;
        for text in told.iter().flat_map(|list| list.split(',')).rev() {
            match read(text.trim()) {
                Some(before) if self.trust(client) => client = before,
                _ => break,
            }
        }
        client
    }

    /// Whether this seems to be a proxy of the operator's own that is not trusted.
    fn unknown(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        let near = match peer {
            IpAddr::V4(v4) => v4.is_loopback() || v4.is_private(),
            IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local(),
        };
        near && headers.contains_key(FORWARDED) && !self.trust(peer)
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

/// An address; some proxies tell the port too.
fn read(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok();
    let address = address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    address.map(|address| address.to_canonical())
}

/// All that one client can easily have: of IPv6 its network.
fn block(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn clients() {
        let trusted = ["10.0.0.0/8", "fd00::1"].map(|network| network.parse().unwrap());
        let proxies = Proxies(trusted.to_vec());
        for (peer, told, client) in [
            ("192.0.2.1:80", &[][..], "192.0.2.1"),
            ("192.0.2.1:80", &["198.51.100.1"], "192.0.2.1"),
            ("10.0.0.1:80", &[], "10.0.0.1"),
            ("10.0.0.1:80", &["198.51.100.1"], "198.51.100.1"),
            ("[::ffff:10.0.0.1]:80", &["198.51.100.1"], "198.51.100.1"),
            ("[fd00::1]:80", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1:80", &["203.0.113.9, 198.51.100.1 ,10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1:80", &["203.0.113.9", "198.51.100.1", "10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1:80", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1:80", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.0.0.1:80", &["[2001:db8:1:2:3::4]:4711"], "2001:db8:1:2::"),
            ("10.0.0.1:80", &["[2001:db8:1:2:3::4]"], "2001:db8:1:2::"),
            ("[2001:db8:1:2:ffff::1]:80", &[], "2001:db8:1:2::"),
            // Whoever wrote what cannot be read is the one who is known.
            ("10.0.0.1:80", &["198.51.100.1, unknown"], "10.0.0.1"),
            ("10.0.0.1:80", &["198.51.100.1, unknown, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1:80", &["203.0.113.9", "\u{ff}, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1:80", &["203.0.113.9", "\u{ff}"], "10.0.0.1"),
            ("10.0.0.1:80", &[""], "10.0.0.1"),
        ] {
            let mut request = Request::new(Body::empty());
            for told in told {
                request
                    .headers_mut()
                    .append(FORWARDED, HeaderValue::from_bytes(told.as_bytes()).unwrap());
            }
            request.extensions_mut().insert(ConnectInfo::<SocketAddr>(peer.parse().unwrap()));
            assert_eq!(
                proxies.client(&request),
                client.parse::<IpAddr>().unwrap(),
                "{peer} {told:?}"
            );
        }
        for (peer, told, unknown) in [
            ("127.0.0.1", true, true),
            ("127.0.0.1", false, false),
            ("192.168.1.1", true, true),
            ("::1", true, true),
            ("fd00::2", true, true),
            ("fd00::1", true, false),
            ("10.0.0.1", true, false),
            ("192.0.2.1", true, false),
        ] {
            let mut headers = HeaderMap::new();
            if told {
                headers.insert(FORWARDED, HeaderValue::from_static("198.51.100.1"));
            }
            assert_eq!(proxies.unknown(peer.parse().unwrap(), &headers), unknown, "{peer} {told}");
        }
        let nobody = proxies.client(&Request::new(Body::empty()));
        assert_eq!(nobody, IpAddr::from(Ipv6Addr::UNSPECIFIED));
    }
}
