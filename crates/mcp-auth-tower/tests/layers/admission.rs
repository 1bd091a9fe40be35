//! `AuthLayer`: who passes.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::request::Builder;
use mcp_auth::clock::Timestamp;
use mcp_auth::store::{
    Credential, MemoryRevocations, Order, Receipt, RevocationId, RevocationStore, RevocationView,
    StoreError, StoreFuture, UserChange, UserEntry, Verdict,
};
use mcp_auth::testing::Forge;
use tower::Layer;

use crate::house::{
    Answer, House, NOW, OTHER_SECRET, SECRET, get, of, send, show, token, validator,
};

async fn ask(house: &House, request: Builder) -> Answer {
    send(house.auth().layer(show()), request).await
}

async fn code(house: &House, request: Builder) -> (u16, String) {
    let answer = ask(house, request).await;
    assert!(!answer.body.contains("alice"), "the service was not reached");
    (answer.status.as_u16(), answer.code())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn a_good_token_passes_and_its_header_does_not() {
    let house = House::new();
    let request = of(&token("alice", "user")).header("X-Other", "1");
    let answer = ask(&house, request).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "alice x-other"));
    assert_eq!(house.event()["event"], "token_decoded");
}

#[tokio::test]
async fn without_a_token_nobody_passes() {
    let house = House::new();
    assert_eq!(code(&house, get("/")).await, refused(401, "token_missing"));
    let empty = get("/").header("Authorization", "");
    assert_eq!(code(&house, empty).await, refused(401, "token_missing"));
}

#[tokio::test]
async fn another_scheme_is_no_token() {
    let house = House::new();
    for value in ["Basic YWxpY2U6eA==", "Token abc", "Bearerabc", "bearer"] {
        let request = get("/").header("Authorization", value);
        assert_eq!(code(&house, request).await, refused(401, "token_missing"), "{value}");
    }
}

#[tokio::test]
async fn two_headers_are_refused_even_when_both_are_good() {
    let house = House::new();
    let good = token("alice", "user").authorization();
    for other in [good.clone(), b"Basic YWxpY2U6eA==".to_vec(), Vec::new()] {
        let request = of(&token("alice", "user")).header("Authorization", other);
        assert_eq!(code(&house, request).await, refused(400, "bad_request"));
    }
}

#[tokio::test]
async fn a_token_in_the_url_is_refused_beside_a_good_header() {
    let house = House::new();
    for query in ["token=x", "a=1&access_token=x", "%74oken=x"] {
        let uri = format!("/?{query}");
        let bare = get(&uri);
        assert_eq!(code(&house, bare).await, refused(400, "token_in_url"), "{query}");
        let both = get(&uri).header("Authorization", token("alice", "user").authorization());
        assert_eq!(code(&house, both).await, refused(400, "token_in_url"), "{query}");
    }
    assert_eq!(house.event()["code"], "token_in_url");
    let other = get("/?tool=token").header("Authorization", token("alice", "user").authorization());
    assert_eq!(ask(&house, other).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_expired_token_is_refused() {
    let house = House::new();
    let token = token("alice", "user");
    assert_eq!(ask(&house, of(&token)).await.status, StatusCode::OK);
    house.clock.advance(Duration::from_hours(1));
    assert_eq!(code(&house, of(&token)).await, refused(401, "token_expired"));
}

#[tokio::test]
async fn a_revoked_token_is_refused_from_the_next_request_on() {
    let house = House::new();
    let token = token("alice", "user");
    assert_eq!(ask(&house, of(&token)).await.status, StatusCode::OK);
    house.revoke(&token);
    assert_eq!(code(&house, of(&token)).await, refused(401, "token_revoked"));
}

#[tokio::test]
async fn a_token_of_another_key_is_refused() {
    let house = House::new();
    let forged = Forge::new(OTHER_SECRET, NOW);
    assert_eq!(code(&house, of(&forged)).await, refused(401, "signature_invalid"));
}

#[tokio::test]
async fn new_keys_are_used_at_once_by_services_that_exist() {
    let house = House::new();
    let service = house.auth().layer(show());
    let (old, new) = (token("alice", "user"), Forge::new(OTHER_SECRET, NOW));
    assert_eq!(send(service.clone(), of(&old)).await.status, StatusCode::OK);
    house.gate.update(|gate| gate.clone().with_validator(validator(OTHER_SECRET)));
    assert_eq!(send(service.clone(), of(&old)).await.code(), "signature_invalid");
    assert_eq!(send(service.clone(), of(&new)).await.status, StatusCode::OK);
    let first = house.gate.load().as_ref().clone().with_validator(validator(SECRET));
    house.gate.replace(first);
    assert_eq!(send(service, of(&old)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_store_that_is_asked_each_time_decides_in_place_of_the_view() {
    let house = House::new();
    let store = Arc::new(MemoryRevocations::new());
    let service = house.auth().asking_each_time(store.clone()).layer(show());
    let token = token("alice", "user");
    let answer = send(service.clone(), of(&token)).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "alice "));
    let revocations = [house.revocation_of(&token)];
    store.revoke(Order::of(&revocations), Timestamp::from_unix_seconds(NOW)).await.unwrap();
    assert_eq!(send(service.clone(), of(&token)).await.code(), "token_revoked");
    let in_url = get("/?token=x").header("Authorization", token.authorization());
    assert_eq!(send(service, in_url).await.code(), "token_in_url");
}

/// A view and a store whose disk is gone.
#[derive(Debug)]
struct Away;

impl RevocationView for Away {
    fn verdict(&self, _: &Credential<'_>, _: Timestamp) -> Result<Verdict, StoreError> {
        Err(StoreError::new("disk is gone"))
    }
}

impl RevocationStore for Away {
    fn revoke<'a>(&'a self, _: Order<'a>, _: Timestamp) -> StoreFuture<'a, Receipt> {
        Box::pin(ready(Err(StoreError::new("disk is gone"))))
    }

    fn advance_user(&self, _: UserChange, _: Timestamp) -> StoreFuture<'_, UserEntry> {
        Box::pin(ready(Err(StoreError::new("disk is gone"))))
    }

    fn user(&self, _: RevocationId) -> StoreFuture<'_, Option<UserEntry>> {
        Box::pin(ready(Err(StoreError::new("disk is gone"))))
    }

    fn look_up<'a>(&'a self, _: &'a Credential<'a>, _: Timestamp) -> StoreFuture<'a, Verdict> {
        Box::pin(ready(Err(StoreError::new("disk is gone"))))
    }
}

#[tokio::test]
async fn a_store_without_an_answer_admits_nobody() {
    let house = House::new();
    house.gate.update(|gate| gate.clone().with_revocations(Arc::new(Away)));
    let asked = house.auth().asking_each_time(Arc::new(Away));
    for layer in [house.auth(), asked] {
        let answer = send(layer.layer(show()), of(&token("alice", "user"))).await;
        assert_eq!((answer.status.as_u16(), answer.code()), refused(503, "store_unavailable"));
        assert_eq!(answer.header("retry-after"), "1");
        assert!(house.event()["reason"].as_str().unwrap().contains("disk is gone"));
    }
}
