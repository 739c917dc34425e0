//! Where a webhook may lead to. Whoever writes its address, or answers for its name, must not reach what only this machine can:
//! itself, the network it stands in, the metadata of a cloud. Each address is judged when a connection is about to be made to
//! it: a name that leads elsewhere the second time it is asked for wins nothing.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::{Host, Url};

/// How far a webhook reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The open internet.
    Public,
    /// Everywhere, because somebody has said so.
    Everywhere,
    /// One's own network alone: what nothing encrypts.
    Private,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Forbidden {
    #[error(
        "{host} leads to {ip}, which is no address of the open internet; allowed: another address, or allow_private = true \
         for a receiver in your own network"
    )]
    Private { host: String, ip: IpAddr },
    #[error("{host} leads to {ip} on the open internet, and http:// encrypts nothing; allowed: https://")]
    Unencrypted { host: String, ip: IpAddr },
}

impl Reach {
    pub(super) fn of(url: &Url, allow_private: bool) -> Self {
        match (url.scheme(), allow_private) {
            ("https", false) => Self::Public,
            ("https", true) => Self::Everywhere,
            _ => Self::Private,
        }
    }

    /// Whether the host of an address is itself an address that is not reached; of a name only its name server knows.
    ///
    /// # Errors
    /// It is.
    pub(super) fn check(self, url: &Url) -> Result<(), Forbidden> {
        let ip = match url.host() {
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        self.admit(url.host_str().unwrap_or_default(), ip)
    }

    fn admit(self, host: &str, ip: IpAddr) -> Result<(), Forbidden> {
        let host = || host.to_owned();
        match self {
            Self::Public if !is_public(ip) => Err(Forbidden::Private { host: host(), ip }),
            Self::Private if is_public(ip) => Err(Forbidden::Unencrypted { host: host(), ip }),
            Self::Public | Self::Private | Self::Everywhere => Ok(()),
        }
    }
}

/// A resolver that leaves out what is not reached.
pub(super) struct Guarded(pub Reach);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(admitted(self.0, name))
    }
}

async fn admitted(reach: Reach, name: Name) -> Result<Addrs, Box<dyn Error + Send + Sync>> {
    let host = name.as_str();
    let found: Vec<SocketAddr> = tokio::net::lookup_host((host, 0)).await?.collect();
    let (mut admitted, mut forbidden) = (Vec::new(), None);
    for address in found {
        match reach.admit(host, address.ip()) {
            Ok(()) => admitted.push(address),
            Err(why) => forbidden = Some(why),
        }
    }
    match forbidden {
        Some(why) if admitted.is_empty() => Err(Box::new(why)),
        _ => Ok(Box::new(admitted.into_iter())),
    }
}

/// Whether an address that somebody else has chosen leads to this machine or into the network that it stands in; where its name leads
/// nowhere, it does not.
pub(in crate::connectors) async fn leads_inside(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => !is_public_v4(ip),
        Some(Host::Ipv6(ip)) => !is_public_v6(ip),
        Some(Host::Domain(name)) => match tokio::net::lookup_host((name, 0)).await {
            Ok(mut found) => found.any(|address| !is_public(address.ip())),
            Err(_) => false,
        },
        None => false,
    }
}

/// Handed out to be reached from everywhere (IANA's registries of special-purpose addresses).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    !matches!(
        ip.octets(),
        [0 | 10 | 127 | 224..=255, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
            // Azure's own services to its machines.
            | [168, 63, 129, 16]
    )
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    match ip.segments() {
        // An IPv4 address in other words: mapped, behind NAT64, by 6to4.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            is_public_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
        }
        // Of protocols (Teredo among them), and of documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_of_the_open_internet_is_told_however_it_is_written() {
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.100.100.200",
            "127.0.0.1",
            "168.63.129.16",
            "169.254.169.254",
            "172.31.255.255",
            "192.0.0.192",
            "192.168.1.1",
            "198.19.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::7f00:1",
            "64:ff9b::a00:1",
            "2001:0:1::1",
            "2001:db8::1",
            "2002:a9fe:a9fe::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!is_public(private.parse().expect("an address")), "{private}");
        }
        for public in
            ["9.255.255.255", "100.63.0.1", "100.128.0.1", "172.32.0.1", "192.0.1.1", "198.20.0.1", "223.255.255.255"]
        {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
        for public in ["2a00:1450:4001::1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8", "2001:4860::8888"]
        {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
    }

    #[test]
    fn what_nothing_encrypts_stays_in_ones_own_network() {
        let judged = |url: &str, allow_private| {
            let url = Url::parse(url).expect("an address");
            Reach::of(&url, allow_private).check(&url).map_err(|why| why.to_string())
        };
        for (url, allow_private) in [
            ("https://hooks.example/x", false),
            ("https://8.8.8.8/x", false),
            ("https://10.0.0.7/x", true),
            ("http://127.0.0.1:9/x", true),
            ("http://[::1]:9/x", true),
        ] {
            assert_eq!(judged(url, allow_private), Ok(()), "{url}");
        }
        for url in ["https://127.0.0.1/", "https://2130706433/", "https://0x7f.1/", "https://[::ffff:7f00:1]/"] {
            let told = judged(url, false).expect_err("this machine");
            assert!(
                told.contains("no address of the open internet") && told.contains("allow_private = true"),
                "{told}"
            );
        }
        let told = judged("http://8.8.8.8/", true).expect_err("everybody reads along");
        assert!(told.contains("allowed: https://"), "{told}");
    }

    #[tokio::test]
    async fn an_address_leads_inside_by_number_and_by_name() {
        for (url, expected) in [
            ("https://10.0.0.7/x", true),
            ("https://[::ffff:7f00:1]/x", true),
            ("https://localhost/x", true),
            ("https://8.8.8.8/x", false),
        ] {
            assert_eq!(leads_inside(&Url::parse(url).expect("an address")).await, expected, "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_is_judged_by_where_it_leads() {
        let resolved = async |reach| {
            let found = Guarded(reach).resolve("localhost".parse().expect("a name")).await;
            found.map(|addresses| addresses.count() > 0).map_err(|why| why.downcast::<Forbidden>().is_ok())
        };
        assert_eq!(resolved(Reach::Public).await, Err(true));
        assert_eq!(resolved(Reach::Private).await, Ok(true));
        assert_eq!(resolved(Reach::Everywhere).await, Ok(true));
    }
}
