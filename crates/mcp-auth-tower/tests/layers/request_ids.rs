//! `RequestIdLayer`: whose id a request has.

use std::sync::Arc;

use http::request::Builder;
use mcp_auth::testing::SequenceRandom;
use mcp_auth_tower::{PeerAddress, RequestIdLayer};
use tower::Layer;

use crate::house::{Answer, House, get, send, show};

const PROXY: [u8; 4] = [10, 0, 0, 1];

async fn ask(house: &House, request: Builder) -> Answer {
    let ids = RequestIdLayer::new(Arc::new(SequenceRandom::default()))
        .with_trusted_proxies("10.0.0.1".parse().unwrap());
    send(ids.layer(house.auth().layer(show())), request).await
}

fn from(peer: [u8; 4], id: &str) -> Builder {
    get("/").extension(PeerAddress(peer.into())).header("X-Request-Id", id)
}

const MADE: &str = "00000000000000000000000000000000";

#[tokio::test]
async fn each_request_has_an_id_on_the_audit_and_in_the_response() {
    let house = House::new();
    let answer = ask(&house, get("/")).await;
    assert_eq!(answer.header("x-request-id"), MADE);
    assert_eq!(house.event()["request_id"], MADE);
}

#[tokio::test]
async fn a_trusted_proxy_gives_the_id_and_nobody_else() {
    let house = House::new();
    assert_eq!(ask(&house, from(PROXY, "edge-1.a_B")).await.header("x-request-id"), "edge-1.a_B");
    assert_eq!(house.event()["request_id"], "edge-1.a_B");
    for request in [from([10, 0, 0, 2], "edge-1"), get("/").header("X-Request-Id", "edge-1")] {
        assert_eq!(ask(&house, request).await.header("x-request-id"), MADE);
    }
}

#[tokio::test]
async fn an_id_that_could_confuse_a_log_is_replaced() {
    let house = House::new();
    let (longest, too_long) = ("a".repeat(64), "a".repeat(65));
    assert_eq!(ask(&house, from(PROXY, &longest)).await.header("x-request-id"), longest);
    for id in ["", "a b", "a\"b", "a/b", &too_long] {
        assert_eq!(ask(&house, from(PROXY, id)).await.header("x-request-id"), MADE, "{id}");
    }
}
