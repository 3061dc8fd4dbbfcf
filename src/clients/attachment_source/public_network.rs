//! Which servers may be asked for a file. An agent, or anyone who can make GHL deliver, chooses the address.
//!
//! Owns the table of networks that are not the public Internet, and the resolver that applies it to every connection. A
//! host name is no reason for trust: the IP address decides, at each connection.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Networks that are not the public Internet (IANA's special-purpose registries); of IPv6 those within [`PUBLIC_V6`].
const NOT_PUBLIC: [IpNet; 19] = [
    v4([0, 0, 0, 0], 8),                       // "this network", RFC 791
    v4([10, 0, 0, 0], 8),                      // private, RFC 1918
    v4([100, 64, 0, 0], 10),                   // carriers' own, RFC 6598
    v4([127, 0, 0, 0], 8),                     // loopback, RFC 1122
    v4([169, 254, 0, 0], 16),                  // link-local, RFC 3927; clouds' metadata
    v4([172, 16, 0, 0], 12),                   // private, RFC 1918
    v4([192, 0, 0, 0], 24),                    // protocol assignments, RFC 6890
    v4([192, 0, 2, 0], 24),                    // documentation, RFC 5737
    v4([192, 88, 99, 0], 24),                  // 6to4 relays, RFC 7526
    v4([192, 168, 0, 0], 16),                  // private, RFC 1918
    v4([198, 18, 0, 0], 15),                   // benchmarks, RFC 2544
    v4([198, 51, 100, 0], 24),                 // documentation, RFC 5737
    v4([203, 0, 113, 0], 24),                  // documentation, RFC 5737
    v4([224, 0, 0, 0], 4),                     // multicast, RFC 1112
    v4([240, 0, 0, 0], 4),                     // reserved, RFC 1112, and broadcast
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),     // protocol assignments, RFC 2928; Teredo
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), // documentation, RFC 3849
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),     // 6to4, RFC 3056: any IPv4 address inside
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),     // documentation, RFC 9637
];
/// All of IPv6 that is routed publicly (RFC 4291), without loopback, unique local, link-local and multicast.
const PUBLIC_V6: IpNet = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);
/// IPv4 behind a NAT64 (RFC 6052), as a machine without IPv4 reaches it: the last four bytes decide.
const NAT64: IpNet = v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);
/// Public files are on the web's ports. With any other port, an address could probe or talk to services that are not
/// meant to be reached this way.
pub const PORTS: [u16; 2] = [80, 443];

/// Which servers may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkScope {
    /// Servers on the public Internet, on the web's ports.
    Public,
    /// Also any port of this machine, for simulated servers. No setting selects this.
    Simulated,
}

/// An address does not lead to a public web server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address does not lead to a server on the public Internet")]
pub struct NotPublic;

impl NetworkScope {
    /// Checks an address without resolving names: scheme, port, and a host that is an IP address.
    pub fn check(self, url: &Url) -> Result<(), NotPublic> {
        let ip = match url.host() {
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            Some(Host::Domain(_)) => None,
            None => return Err(NotPublic),
        };
        let own = self == Self::Simulated && ip.is_some_and(|ip| ip.is_loopback());
        let port = url
            .port_or_known_default()
            .is_some_and(|port| PORTS.contains(&port));
        let web = matches!(url.scheme(), "http" | "https") && (port || own);
        (web && ip.is_none_or(|ip| self.admits(ip)))
            .then_some(())
            .ok_or(NotPublic)
    }

    /// Whether a server at this address may be connected to.
    #[must_use]
    pub fn admits(self, ip: IpAddr) -> bool {
        is_public(ip) || self == Self::Simulated && ip.is_loopback()
    }

    /// The addresses of a name, if all of them are allowed: the gateway resolves the name too and may use any of them.
    fn admit(self, addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, NotPublic> {
        addresses
            .iter()
            .all(|address| self.admits(address.ip()))
            .then_some(addresses)
            .ok_or(NotPublic)
    }
}

/// Resolves names and returns only checked addresses. The client connects to nothing else, so a name gains nothing if
/// it changes its answer between check and connection.
#[derive(Clone, Copy, Debug)]
pub(in crate::clients) struct Resolver(pub(in crate::clients) NetworkScope);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let admitted: Addrs = Box::new(reach.admit(found)?.into_iter());
            Ok(admitted)
        })
    }
}

const fn v4(first: [u8; 4], prefix: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::from_octets(first), prefix))
}

const fn v6(first: [u16; 8], prefix: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::from_segments(first), prefix))
}

fn is_public(ip: IpAddr) -> bool {
    // An IPv4 address that is written as IPv6 leads to the same server.
    let mut ip = ip.to_canonical();
    if let IpAddr::V6(outer) = ip {
        if NAT64.contains(&ip) {
            let [.., a, b, c, d] = outer.octets();
            ip = IpAddr::V4(Ipv4Addr::new(a, b, c, d));
        } else if !PUBLIC_V6.contains(&ip) {
            return false;
        }
    }
    !NOT_PUBLIC.iter().any(|network| network.contains(&ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(reach: NetworkScope, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| reach.check(&url).is_ok())
    }

    const PRIVATE: &str = "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.9.9.9 169.254.169.254 \
        172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1 \
        203.0.113.9 224.0.0.1 240.0.0.1 255.255.255.255 :: ::1 ::ffff:10.0.0.1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 \
        ::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b:1::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1 100::1 2001::1 \
        2001:db8::1 2002:7f00:1:: 3fff::1 4000::1";
    const PUBLIC: &str = "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 198.20.0.1 \
        223.255.255.255 2606:4700::1111 2a00:1450::1 2001:4860::8888 ::ffff:8.8.8.8 64:ff9b::8.8.8.8";

    #[test]
    fn no_network_but_the_public_internet_is_reached() {
        for ip in PRIVATE.split_whitespace() {
            let ip: IpAddr = ip.parse().unwrap();
            assert!(!NetworkScope::Public.admits(ip), "{ip}");
            assert_eq!(NetworkScope::Simulated.admits(ip), ip.is_loopback(), "{ip}");
        }
        for ip in PUBLIC.split_whitespace() {
            let ip: IpAddr = ip.parse().unwrap();
            assert!(NetworkScope::Public.admits(ip), "{ip}");
        }
    }

    #[test]
    fn an_address_is_checked_however_it_is_written() {
        for url in [
            "http://127.0.0.1/a.jpg",
            "http://2130706433/a.jpg",
            "http://0x7f.1/a.jpg",
            "http://017700000001/a.jpg",
            "http://[::1]/a.jpg",
            "http://[::ffff:a00:1]/a.jpg",
            "http://169.254.169.254/latest",
            "http://127.1/",
            "ftp://files.example/a.jpg",
            "file:///etc/passwd",
            "https://files.example:22/a",
            "http://files.example:8080/a",
            "http://127.0.0.1:8080/a",
        ] {
            assert!(!checked(NetworkScope::Public, url), "{url}");
        }
        for url in [
            "https://files.example/a",
            "http://files.example:443/a",
            "https://8.8.8.8/a",
        ] {
            assert!(checked(NetworkScope::Public, url), "{url}");
        }
        assert!(checked(NetworkScope::Simulated, "http://127.0.0.1:8080/a"));
        assert!(!checked(NetworkScope::Simulated, "http://10.0.0.1/a"));
        assert!(!checked(
            NetworkScope::Simulated,
            "http://files.example:8080/a"
        ));
    }

    #[test]
    fn a_name_with_one_private_address_is_refused_whole() {
        let address = |ip: &str| SocketAddr::new(ip.parse().unwrap(), 0);
        let mixed = vec![address("8.8.8.8"), address("10.0.0.1")];
        assert_eq!(NetworkScope::Public.admit(mixed), Err(NotPublic));
        assert!(NetworkScope::Public.admit(vec![address("8.8.8.8")]).is_ok());
    }

    #[tokio::test]
    async fn a_name_that_means_this_machine_is_not_resolved() {
        let resolved = |reach| Resolver(reach).resolve("localhost".parse().unwrap());
        let refused = resolved(NetworkScope::Public).await.err().unwrap();
        assert!(refused.is::<NotPublic>());
        assert!(resolved(NetworkScope::Simulated).await.is_ok());
    }
}
