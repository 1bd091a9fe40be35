//! `TrustedProxies` and `ClientAddressLayer`: whose word is taken for an address.

use std::net::{IpAddr, Ipv6Addr};

use http::{HeaderMap, HeaderValue};
use mcp_auth_tower::{ClientAddressLayer, PeerAddress, TrustedProxies};
use proptest::prelude::*;
use tower::Layer;

use crate::house::{House, get, send, show};

const PROXIES: &str = "10.0.0.0/8, 192.0.2.1, fd00::/8";

fn client(proxies: &str, peer: &str, lines: &[&str]) -> String {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
    }
    let proxies: TrustedProxies = proxies.parse().unwrap();
    proxies.client(peer.parse().unwrap(), &headers).to_string()
}

#[test]
fn only_what_a_trusted_proxy_says_is_believed() {
    let table: &[(&str, &[&str], &str, &str)] = &[
        ("198.51.100.1", &[], "198.51.100.1", "no proxy at all"),
        ("198.51.100.1", &["203.0.113.9"], "198.51.100.1", "a client that claims an address"),
        ("10.0.0.1", &[], "10.0.0.1", "a proxy that says nothing"),
        ("10.0.0.1", &["203.0.113.9"], "203.0.113.9", "a proxy that names its client"),
        ("10.0.0.1", &["1.1.1.1, 203.0.113.9"], "203.0.113.9", "the client claimed to be 1.1.1.1"),
        ("10.0.0.1", &["1.1.1.1", "203.0.113.9"], "203.0.113.9", "the same in two lines"),
        ("10.0.0.1", &["203.0.113.9, 10.0.0.2"], "203.0.113.9", "two proxies"),
        ("10.0.0.1", &["203.0.113.9", "10.0.0.2,192.0.2.1"], "203.0.113.9", "three, two lines"),
        ("10.0.0.1", &["203.0.113.9, 192.0.2.2"], "192.0.2.2", "an address next to a proxy's"),
        ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3", "nobody but proxies"),
        ("10.0.0.1", &["203.0.113.9, unknown"], "10.0.0.1", "no address at the right end"),
        ("10.0.0.1", &["203.0.113.9, x, 10.0.0.2"], "10.0.0.2", "no address further left"),
        ("10.0.0.1", &["203.0.113.9,"], "10.0.0.1", "an empty entry"),
        ("10.0.0.1", &["203.0.113.9", ""], "10.0.0.1", "an empty line"),
        ("10.0.0.1", &["203.0.113.9", "\u{e9}"], "10.0.0.1", "a line that is no ASCII"),
        ("10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9", "with a port"),
        ("10.0.0.1", &["2001:db8::1"], "2001:db8::1", "IPv6"),
        ("10.0.0.1", &["[2001:db8::1]"], "2001:db8::1", "in brackets"),
        ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1", "in brackets with a port"),
        ("10.0.0.1", &["::ffff:203.0.113.9"], "203.0.113.9", "IPv4 within IPv6"),
        ("::ffff:10.0.0.1", &["203.0.113.9"], "203.0.113.9", "a proxy's IPv4 within IPv6"),
        ("::ffff:198.51.100.1", &["203.0.113.9"], "198.51.100.1", "a client's"),
        ("fd00::1", &["203.0.113.9"], "203.0.113.9", "a proxy of IPv6"),
        ("10.0.0.1", &["010.0.0.9"], "10.0.0.1", "octal, which some read as another address"),
    ];
    for (peer, lines, expected, case) in table {
        assert_eq!(client(PROXIES, peer, lines), *expected, "{case}: {lines:?}");
    }
}

#[test]
fn nobody_is_trusted_unless_named() {
    assert_eq!(client("", "127.0.0.1", &["203.0.113.9"]), "127.0.0.1");
    assert_eq!("".parse(), Ok(TrustedProxies::default()));
    assert_eq!(client("::ffff:10.0.0.0/104", "10.1.2.3", &["203.0.113.9"]), "203.0.113.9");
}

#[test]
fn a_mistake_in_the_list_is_named_with_its_remedy() {
    let table =
        ["proxy.example", "10.0.0.0/33", "10.0.0.1/8", "0.0.0.0/0", "::/0", "::ffff:0:0/96"];
    let errors = table.map(|entry| {
        format!("127.0.0.1,{entry}").parse::<TrustedProxies>().unwrap_err().to_string()
    });
    insta::assert_snapshot!(errors.join("\n"));
}

#[tokio::test]
async fn the_address_is_on_the_audit() {
    let house = House::new();
    let service =
        ClientAddressLayer::new("10.0.0.1".parse().unwrap()).layer(house.auth().layer(show()));
    let request = || get("/").header("X-Forwarded-For", "1.1.1.1, 203.0.113.9");
    let from = |peer: [u8; 4]| request().extension(PeerAddress(peer.into()));
    send(service.clone(), from([10, 0, 0, 1])).await;
    assert_eq!(house.event()["ip_address"], "203.0.113.9");
    send(service.clone(), from([10, 0, 0, 2])).await;
    assert_eq!(house.event()["ip_address"], "10.0.0.2");
    send(service, request()).await;
    assert_eq!(house.event().get("ip_address"), None, "no peer, so nobody to believe");
}

proptest! {
    /// Whatever a client writes, what its proxy adds at the right end is the answer.
    #[test]
    fn a_client_cannot_choose_its_address(
        written in proptest::collection::vec("[ -~]{0,40}", 0..4),
        bits in any::<u128>(),
    ) {
        let client: IpAddr = Ipv6Addr::from_bits(bits | 1 << 127).into();
        prop_assume!(!matches!(client, IpAddr::V6(v6) if v6.is_unique_local()));
        let mut headers = HeaderMap::new();
        for line in written {
            headers.append("x-forwarded-for", HeaderValue::from_str(&line).unwrap());
        }
        headers.append("x-forwarded-for", HeaderValue::from_str(&client.to_string()).unwrap());
        let proxies: TrustedProxies = PROXIES.parse().unwrap();
        prop_assert_eq!(proxies.client([10, 0, 0, 1].into(), &headers), client);
    }
}
