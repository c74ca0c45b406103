//! What a webhook may be sent to.
//!
//! Whoever registers a webhook chooses where this server connects to, from inside the operator's
//! network. So only public addresses are taken, and those that the operator allows; and the
//! connection goes to the very address that was judged, since a name that is resolved once more
//! may give another.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use axum::http::Uri;
use rustls::pki_types::{DnsName, ServerName};

use super::outcome::NotReached;
use crate::network::{Network, embedded, is_public};

/// One thing that the operator allows: a network, or a host by its name with all its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Network(Network),
    Name(String),
}

impl FromStr for Entry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // No name holds these.
        if text.contains(['/', ':']) || IpAddr::from_str(text).is_ok() {
            return Ok(Self::Network(text.parse()?));
        }
        match DnsName::try_from(text) {
            Ok(_) => Ok(Self::Name(text.to_owned())),
            Err(_) => Err(format!("{text}: must be a host name, an address or like 10.0.0.0/8")),
        }
    }
}

/// All that the operator allows besides what is public.
#[derive(Clone, Debug, Default)]
pub struct Allowed(Vec<Entry>);

impl FromIterator<Entry> for Allowed {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl Allowed {
    fn address(&self, address: IpAddr) -> bool {
        self.0.iter().any(|entry| match entry {
            Entry::Network(network) => {
                network.contains(address)
                    || embedded(address).is_some_and(|v4| network.contains(v4))
            }
            Entry::Name(_) => false,
        })
    }

    fn name(&self, name: &str) -> bool {
        // A full stop at the end only says that the name is whole.
        let whole = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
        self.0.iter().any(|entry| match entry {
            Entry::Name(allowed) => whole(allowed) == whole(name),
            Entry::Network(_) => false,
        })
    }

    fn host(&self, host: &ServerName<'_>) -> bool {
        match host {
            ServerName::DnsName(name) => self.name(name.as_ref()),
            ServerName::IpAddress(address) => self.address((*address).into()),
            _ => false,
        }
    }
}

/// Where a webhook goes, read from its URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    pub(super) encrypted: bool,
    pub(super) host: ServerName<'static>,
    port: u16,
    /// The `Host` header.
    pub(super) authority: String,
    /// With the query.
    pub(super) path: String,
}

/// The path may hold a secret of the receiver.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Target").field(&self.authority).finish()
    }
}

impl Target {
    /// The longest URL, in characters.
    pub const LONGEST: usize = 2048;

    /// Reads a URL; an error says what would be right.
    pub fn parse(url: &str, allowed: &Allowed) -> Result<Self, String> {
        if url.len() > Self::LONGEST {
            return Err("must be at most 2,048 characters long".into());
        }
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("must be ASCII: write a host in Punycode, and the rest with %".into());
        }
        if url.contains('#') {
            return Err("must have no fragment: nothing after a #".into());
        }
        let uri: Uri = url.parse().map_err(|_| "must be like https://example.com/webhooks")?;
        let encrypted = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("must begin with https://".into()),
        };
        let authority = uri.authority().ok_or("must begin with https://")?.as_str();
        if authority.contains('@') {
            return Err("must hold no user and no password".into());
        }
        let (host, port) = parts(authority)?;
        if !encrypted && !allowed.host(&host) {
            return Err("must begin with https://; http is for hosts the operator allows".into());
        }
        if let ServerName::IpAddress(address) = &host
            && !(is_public((*address).into()) || allowed.host(&host))
        {
            return Err("must be at a public address, or at one the operator allows".into());
        }
        let port = port.unwrap_or(if encrypted { 443 } else { 80 });
        // Its `Display` adds the slash that a URL may leave out.
        let path = uri.path_and_query().map_or("/".into(), ToString::to_string);
        Ok(Self { encrypted, host, port, authority: authority.to_owned(), path })
    }
}

/// The host, and the port where there is one.
fn parts(authority: &str) -> Result<(ServerName<'static>, Option<u16>), &'static str> {
    let wrong = "must have a host name or an IP address after the ://";
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']').ok_or(wrong)?;
            let address: Ipv6Addr = address.parse().map_err(|_| wrong)?;
            (ServerName::IpAddress(IpAddr::V6(address).into()), port)
        }
        None => {
            let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
            (ServerName::try_from(host.to_owned()).map_err(|_| wrong)?, port)
        }
    };
    if port.is_empty() {
        return Ok((host, None));
    }
    // A number would take a plus before it.
    let digits = port.strip_prefix(':').filter(|port| !port.starts_with('+'));
    match digits.map(u16::from_str) {
        Some(Ok(port @ 1..)) => Ok((host, Some(port))),
        _ => Err("must have a port between 1 and 65535, or none"),
    }
}

/// Resolves a target, and judges every address that it has: one that is not allowed would be
/// found by trying again.
pub async fn resolve(target: &Target, allowed: &Allowed) -> Result<Vec<SocketAddr>, NotReached> {
    let addresses: Vec<SocketAddr> = match &target.host {
        ServerName::IpAddress(address) => vec![(IpAddr::from(*address), target.port).into()],
        ServerName::DnsName(name) => tokio::net::lookup_host((name.as_ref(), target.port))
            .await
            .map_err(|_| NotReached::NotResolved)?
            .collect(),
        _ => Vec::new(),
    };
    judge(&target.host, allowed, &addresses)?;
    Ok(addresses)
}

fn judge(
    host: &ServerName<'_>,
    allowed: &Allowed,
    addresses: &[SocketAddr],
) -> Result<(), NotReached> {
    let may = |address: &SocketAddr| is_public(address.ip()) || allowed.address(address.ip());
    match addresses.is_empty() {
        true => Err(NotReached::NotResolved),
        false if allowed.host(host) || addresses.iter().all(may) => Ok(()),
        false => Err(NotReached::NotAllowed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(entries: &str) -> Allowed {
        entries.split_whitespace().map(|entry| entry.parse().unwrap()).collect()
    }

    #[test]
    fn targets() {
        let allowed = allowed("127.0.0.0/8 hooks.internal");
        for (url, encrypted, port, authority, path) in [
            ("https://example.com", true, 443, "example.com", "/"),
            ("https://example.com?a=b", true, 443, "example.com", "/?a=b"),
            ("HTTPS://Example.com:8443/a//b?c=%20", true, 8443, "Example.com:8443", "/a//b?c=%20"),
            ("https://example.com./", true, 443, "example.com.", "/"),
            ("https://8.8.8.8/", true, 443, "8.8.8.8", "/"),
            ("https://[2606:4700::1]:1/", true, 1, "[2606:4700::1]:1", "/"),
            ("https://127.0.0.1/", true, 443, "127.0.0.1", "/"),
            ("http://127.0.0.1/", false, 80, "127.0.0.1", "/"),
            ("http://[::ffff:127.0.0.1]/", false, 80, "[::ffff:127.0.0.1]", "/"),
            ("http://HOOKS.internal.:81/", false, 81, "HOOKS.internal.:81", "/"),
            // Judged when it is resolved.
            ("https://localhost/", true, 443, "localhost", "/"),
        ] {
            let target =
                Target::parse(url, &allowed).unwrap_or_else(|error| panic!("{url} {error}"));
            let read = (target.encrypted, target.port, &*target.authority, &*target.path);
            assert_eq!(read, (encrypted, port, authority, path), "{url}");
        }
        let longest = format!("https://example.com/{}", "a".repeat(2048 - 20));
        assert!(Target::parse(&longest, &allowed).is_ok());
        assert!(Target::parse(&(longest + "a"), &allowed).is_err());
    }

    #[test]
    fn wrong_targets() {
        for (url, said) in [
            ("", "like https://"),
            ("/path", "begin with https://"),
            ("example.com", "begin with https://"),
            ("https:example.com", "begin with https://"),
            ("https://", "like https://"),
            ("https:///path", "like https://"),
            ("ftp://example.com/", "begin with https://"),
            ("http://example.com/", "http is for hosts the operator allows"),
            ("http://127.0.0.2/", "http is for hosts the operator allows"),
            ("http://other.internal/", "http is for hosts the operator allows"),
            ("https://127.0.0.2/", "public address"),
            ("https://169.254.169.254/", "public address"),
            ("https://[::1]/", "public address"),
            ("https://[::ffff:10.0.0.1]/", "public address"),
            ("https://user@example.com/", "no user"),
            ("https://user:word@example.com/", "no user"),
            ("https://example.com@127.0.0.1/", "no user"),
            ("https://example.com/#a", "no fragment"),
            ("https://exämple.com/", "Punycode"),
            ("https://example.com/a b", "ASCII"),
            ("https://example.com/\r\nx", "ASCII"),
            ("https://127.1/", "host name or an IP address"),
            ("https://2130706433/", "host name or an IP address"),
            ("https://0177.0.0.1/", "host name or an IP address"),
            ("https://%31.example.com/", "like https://"),
            ("https://[example.com]/", "host name or an IP address"),
            ("https://[fe80::1%25eth0]/", "host name or an IP address"),
            ("https://example.com:0/", "port between"),
            ("https://example.com:/", "port between"),
            ("https://example.com:+80/", "port between"),
            ("https://example.com:65536/", "port between"),
        ] {
            let error = Target::parse(url, &allowed("127.0.0.1 hooks.internal")).unwrap_err();
            assert!(error.starts_with("must ") && error.contains(said), "{url}: {error}");
        }
    }

    #[test]
    fn entries() {
        for (text, network) in [("10.0.0.0/8", true), ("::1", true), ("hooks.internal", false)] {
            assert_eq!(matches!(text.parse().unwrap(), Entry::Network(_)), network, "{text}");
        }
        for wrong in ["", "10.0.0/8", "10.0.0", "a/8", "example.com:80", "https://a", "a b", "*.a"]
        {
            let error = wrong.parse::<Entry>().unwrap_err();
            assert!(error.starts_with(&format!("{wrong}: must ")), "{error}");
        }
    }

    #[tokio::test]
    async fn resolving() {
        let (none, some) = (allowed(""), allowed("127.0.0.0/8 ::1"));
        let target = |url| Target::parse(url, &some).unwrap();
        let localhost = target("https://localhost:81/");
        assert_eq!(resolve(&localhost, &none).await, Err(NotReached::NotAllowed));
        for allowed in [&some, &allowed("LOCALHOST")] {
            let addresses = resolve(&localhost, allowed).await.unwrap();
            assert!(addresses.iter().all(|a| a.ip().is_loopback() && a.port() == 81));
        }
        // Allowed when it was registered, and no longer.
        let address = target("https://127.0.0.1/");
        assert_eq!(resolve(&address, &none).await, Err(NotReached::NotAllowed));
        assert_eq!(resolve(&address, &some).await, Ok(vec![([127, 0, 0, 1], 443).into()]));
        let unknown = target("https://nobody.invalid/");
        assert_eq!(resolve(&unknown, &some).await, Err(NotReached::NotResolved));
        // A number in disguise is a name to us and an address to the resolver.
        let hexadecimal = target("https://0x7f000001/");
        assert!(resolve(&hexadecimal, &none).await.is_err());
    }

    #[test]
    fn one_address_does_not_excuse_another() {
        let host = ServerName::try_from("hooks.internal").unwrap();
        let (public, private) = (([8, 8, 8, 8], 1).into(), ([10, 0, 0, 1], 1).into());
        let judge = |entries, addresses: &[SocketAddr]| judge(&host, &allowed(entries), addresses);
        assert_eq!(judge("", &[public]), Ok(()));
        assert_eq!(judge("", &[public, private]), Err(NotReached::NotAllowed));
        assert_eq!(judge("10.0.0.2/31 10.1.0.0/16", &[private]), Err(NotReached::NotAllowed));
        assert_eq!(judge("10.0.0.0/31", &[public, private]), Ok(()));
        assert_eq!(judge("hooks.internal.", &[public, private]), Ok(()));
        assert_eq!(judge("0.0.0.0/0", &[]), Err(NotReached::NotResolved));
        assert_eq!(
            judge("0.0.0.0/0", &[(Ipv6Addr::LOCALHOST, 1).into()]),
            Err(NotReached::NotAllowed)
        );
    }
}
