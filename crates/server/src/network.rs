//! Networks, and which addresses are public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The addresses that share their first `bits` bits with this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// IPv4 networks that no webhook belongs in: IANA's registry of special-purpose addresses
/// (RFC 6890), multicast, and one more.
const NOT_PUBLIC_4: [Network; 17] = [
    v4([0, 0, 0, 0], 8),          // this network
    v4([10, 0, 0, 0], 8),         // private
    v4([100, 64, 0, 0], 10),      // shared by a carrier's customers
    v4([127, 0, 0, 0], 8),        // loopback
    v4([168, 63, 129, 16], 32),   // what Azure's machines reach Azure's own services at
    v4([169, 254, 0, 0], 16),     // link-local, among them the clouds' metadata
    v4([172, 16, 0, 0], 12),      // private
    v4([192, 0, 0, 0], 24),       // protocol assignments
    v4([192, 0, 2, 0], 24),       // documentation
    v4([192, 88, 99, 0], 24),     // relays of 6to4
    v4([192, 168, 0, 0], 16),     // private
    v4([198, 18, 0, 0], 15),      // benchmarks
    v4([198, 51, 100, 0], 24),    // documentation
    v4([203, 0, 113, 0], 24),     // documentation
    v4([224, 0, 0, 0], 4),        // multicast
    v4([240, 0, 0, 0], 4),        // reserved
    v4([255, 255, 255, 255], 32), // broadcast
];

/// All of IPv6 that is given out to the public so far. Outside are loopback, link-local,
/// unique local, site-local, multicast and whatever may come.
const GLOBAL_6: Network = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// What is not public within.
const NOT_PUBLIC_6: [Network; 3] = [
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), // protocol assignments, among them Teredo
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), // documentation
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), // documentation
];

const fn v4([a, b, c, d]: [u8; 4], bits: u8) -> Network {
    Network { address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), bits }
}

const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], bits: u8) -> Network {
    Network { address: IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)), bits }
}

impl Network {
    pub fn contains(self, address: IpAddr) -> bool {
        let shared = match (self.address, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            _ => return false,
        };
        shared >= u32::from(self.bits)
    }
}

impl FromStr for Network {
    type Err = String;

    /// `10.0.0.0/8`, or an address alone.
    fn from_str(text: &str) -> Result<Self, String> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address
            .parse()
            .map_err(|_| format!("{text}: must be like 10.0.0.0/8, ::1/128 or 192.0.2.1"))?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits.map(u8::from_str) {
            None => width,
            Some(Ok(bits)) if bits <= width => bits,
            Some(_) => return Err(format!("{text}: must end in a length of /0 to /{width}")),
        };
        let first = match address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
            }
        };
        match first == address {
            true => Ok(Self { address, bits }),
            // Whoever wrote it may have meant the one address.
            false => Err(format!("{text}: must be {first}/{bits}, or {address} alone")),
        }
    }
}

/// Whether everybody could reach it.
pub fn is_public(address: IpAddr) -> bool {
    let in_any = |networks: &[Network]| networks.iter().any(|network| network.contains(address));
    match embedded(address) {
        Some(v4) => is_public(v4),
        None if address.is_ipv4() => !in_any(&NOT_PUBLIC_4),
        None => GLOBAL_6.contains(address) && !in_any(&NOT_PUBLIC_6),
    }
}

/// The IPv4 address that a packet to this IPv6 address may end at.
pub fn embedded(address: IpAddr) -> Option<IpAddr> {
    let IpAddr::V6(v6) = address else { return None };
    let (high, low) = match v6.segments() {
        // IPv4-mapped; IPv4-compatible, which :: and ::1 are not; NAT64 (RFC 6052).
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0, 0, 0, 0, 0, 0, high @ 1..=u16::MAX, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => (high, low),
        // 6to4 (RFC 3056).
        [0x2002, high, low, ..] => (high, low),
        _ => return None,
    };
    Some(IpAddr::V4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(addresses: &str, public: bool) {
        for text in addresses.split_whitespace() {
            assert_eq!(is_public(text.parse().unwrap()), public, "{text}");
        }
    }

    #[test]
    fn public_addresses() {
        judged("1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0", true);
        judged("126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0 172.15.255.255", true);
        judged("172.32.0.0 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255", true);
        judged("198.20.0.0 198.51.99.255 203.0.114.0 223.255.255.255 168.63.129.15", true);
        judged("2001:200::1 2606:4700:4700::1111 2a00:1450::1 2001:db7:ffff::1 2001:db9::", true);
        judged("3fff:1000:: ::ffff:8.8.8.8 ::8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1", true);
    }

    #[test]
    fn addresses_that_are_not() {
        judged("0.0.0.0 0.1.2.3 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255", false);
        judged("127.0.0.1 127.255.255.255 169.254.0.0 169.254.169.254 172.16.0.0", false);
        judged("172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1", false);
        judged("198.18.0.0 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1", false);
        judged("239.255.255.255 240.0.0.1 255.255.255.255 168.63.129.16 100.100.100.200", false);
        judged(":: ::1 ::2 fc00::1 fd00:ec2::254 fdff::1 fe80::1 febf::1 fec0::1 feff::1", false);
        judged("ff02::1 ff0e::1 100::1 2001::1 2001:10::1 2001:1ff::1 2001:db8::1", false);
        judged("3fff::1 3fff:fff:: 4000::1 5f00::1 64:ff9b:1::808:808 ::ffff:0:8.8.8.8", false);
        judged("::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1", false);
        judged("64:ff9b::10.0.0.1 64:ff9b::a9fe:a9fe 2002:7f00:1::1 2002:a9fe:a9fe::", false);
    }

    #[test]
    fn networks() {
        for (network, within, without) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
            ("192.0.2.4/31", "192.0.2.5", "192.0.2.6"),
            ("::1/128", "::1", "::2"),
            ("::/0", "ffff::1", "10.0.0.1"),
            ("fd00::/8", "fdff::1", "fe00::1"),
        ] {
            let parsed: Network = network.parse().unwrap();
            assert!(parsed.contains(within.parse().unwrap()), "{network}");
            assert!(!parsed.contains(without.parse().unwrap()), "{network}");
        }
    }

    #[test]
    fn wrong_networks() {
        for (wrong, said) in [
            ("10.0.0/8", "10.0.0/8: must be like 10.0.0.0/8, ::1/128 or 192.0.2.1"),
            ("10.0.0.0/33", "10.0.0.0/33: must end in a length of /0 to /32"),
            ("::/129", "::/129: must end in a length of /0 to /128"),
            ("::/", "::/: must end in a length of /0 to /128"),
            ("10.1.2.3/8", "10.1.2.3/8: must be 10.0.0.0/8, or 10.1.2.3 alone"),
            ("1::1/0", "1::1/0: must be ::/0, or 1::1 alone"),
        ] {
            assert_eq!(wrong.parse::<Network>(), Err(said.to_owned()));
        }
    }
}
