//! Which proxies are believed, and what they say.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use ipnet::{IpNet, Ipv4Net};
use thiserror::Error;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The networks of the proxies in front of this service, whose `X-Forwarded-For` and `X-Request-Id` are believed.
/// None by default. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Arc<[IpNet]>);

/// Not a network that can be trusted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IllegalProxy {
    /// Neither an address nor a network.
    #[error(
        "`{entry}` is no address and no network; write such as 10.0.0.7, 10.0.0.0/8 or fd00::/8"
    )]
    Syntax {
        /// As written.
        entry: String,
    },
    /// The address goes on after the network's prefix, so one of the two is a slip.
    #[error(
        "`{entry}` has bits set after its prefix; for the whole network write {network}, for one address drop the /"
    )]
    HostBits {
        /// As written.
        entry: String,
        /// The network of that prefix.
        network: String,
    },
    /// Every address: then any client could claim to be any other.
    #[error(
        "`{entry}` trusts every address, so any client could claim any other's; name the networks of your proxies"
    )]
    Everybody {
        /// As written.
        entry: String,
    },
}

impl FromStr for TrustedProxies {
    type Err = IllegalProxy;

    /// Reads addresses and networks in CIDR form, separated by commas: `127.0.0.1, 10.0.0.0/8, fd00::/8`. An empty text
    /// trusts nobody.
    fn from_str(list: &str) -> Result<Self, IllegalProxy> {
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(network).collect::<Result<_, _>>().map(Self)
    }
}

fn network(entry: &str) -> Result<IpNet, IllegalProxy> {
    let address = || entry.parse::<IpAddr>().ok().map(IpNet::from);
    let parsed = entry.parse().ok().or_else(address);
    let network = parsed.ok_or_else(|| IllegalProxy::Syntax { entry: entry.to_owned() })?;
    let network = canonical(network);
    if network.prefix_len() == 0 {
        return Err(IllegalProxy::Everybody { entry: entry.to_owned() });
    }
    if network.addr() != network.network() {
        let network = network.trunc().to_string();
        return Err(IllegalProxy::HostBits { entry: entry.to_owned(), network });
    }
    Ok(network)
}

/// An IPv4 network written within IPv6 (`::ffff:10.0.0.0/104`) is one of IPv4.
fn canonical(network: IpNet) -> IpNet {
    let mapped = || match network {
        IpNet::V6(v6) => {
            let prefix = v6.prefix_len().checked_sub(96)?;
            Ipv4Net::new(v6.addr().to_ipv4_mapped()?, prefix).ok()
        }
        IpNet::V4(_) => None,
    };
    mapped().map_or(network, IpNet::V4)
}

impl TrustedProxies {
    /// Whether this is the address of a trusted proxy.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Where a request comes from. That is the peer, unless it is a trusted proxy; then it is whom that proxy names at
    /// the right end of `X-Forwarded-For`, and so on leftwards as long as the one named is a trusted proxy too. What
    /// stands further left was written by who knows whom. An entry that is no address ends the walk at the proxy that
    /// wrote it.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if self.0.is_empty() {
            return client;
        }
        let lines = headers.get_all(X_FORWARDED_FOR).iter().rev();
        let mut hops = lines.flat_map(hops_from_right);
        while self.trusts(client) {
            let Some(Some(hop)) = hops.next() else {
                break;
            };
            client = hop;
        }
        client
    }
}

/// The entries of one line; `None` is one that is no address.
fn hops_from_right(line: &HeaderValue) -> impl Iterator<Item = Option<IpAddr>> {
    // A line that is no text is one entry that is no address.
    line.to_str().unwrap_or_default().rsplit(',').map(str::trim).map(hop)
}

/// An address, and the port that some proxies add to it.
fn hop(entry: &str) -> Option<IpAddr> {
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    let address = bare.parse().ok();
    let address =
        address.or_else(|| entry.parse().ok().map(|with_port: SocketAddr| with_port.ip()));
    address.as_ref().map(IpAddr::to_canonical)
}
