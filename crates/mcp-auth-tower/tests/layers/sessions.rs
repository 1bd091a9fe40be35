//! `BindSession`: an MCP session belongs to the user who began it.

use std::convert::Infallible;

use bytes::Bytes;
use http::request::Builder;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use mcp_auth::testing::SequenceRandom;
use mcp_auth_tower::{AuthLayer, BindSession};
use tower::{Layer, Service, service_fn};

use crate::house::{House, get, of, send, show, token};

const SESSION: &str = "mcp-session-id";

/// Begins a session where none is named, and says which it was asked for.
async fn mcp(request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let named = request.headers().get(SESSION).map(|id| id.to_str().unwrap().to_owned());
    let response = match named {
        Some(id) => Response::new(id.into()),
        None => Response::builder().header(SESSION, "session-1").body(Full::default()).unwrap(),
    };
    Ok(response)
}

fn service(
    house: &House,
) -> impl Service<
    Request<Full<Bytes>>,
    Response = Response<impl http_body::Body<Data = Bytes, Error = Infallible> + use<>>,
    Error = Infallible,
> + Clone
+ use<> {
    let bind = BindSession::new(house.gate.clone(), &SequenceRandom::default());
    AuthLayer::new(house.gate.clone()).layer(bind.layer(service_fn(mcp)))
}

fn naming(user: &str, session: &str) -> Builder {
    of(&token(user, "user")).header(SESSION, session)
}

#[tokio::test]
async fn the_user_who_began_a_session_goes_on_with_it() {
    let house = House::new();
    let service = service(&house);
    let begun = send(service.clone(), of(&token("alice", "user"))).await;
    let session = begun.header(SESSION);
    assert!(session.starts_with("session-1.") && session.len() == 42, "{session}");
    let answer = send(service.clone(), naming("alice", session)).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "session-1"));
    let promoted = of(&token("alice", "admin")).header(SESSION, session);
    assert_eq!(send(service, promoted).await.body, "session-1", "with another token");
}

/// Their names are of one length, so that it is the name that tells them apart.
#[tokio::test]
async fn another_users_session_is_refused_and_on_the_audit() {
    let house = House::new();
    let service = service(&house);
    let begun = send(service.clone(), of(&token("alice", "user"))).await;
    let answer = send(service, naming("carol", begun.header(SESSION))).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (404, "not_found".into()));
    let event = house.event();
    assert_eq!((&event["user_id"], &event["code"]), (&"carol".into(), &"not_found".into()));
}

#[tokio::test]
async fn a_session_that_nobody_was_given_is_refused() {
    let house = House::new();
    let service = service(&house);
    let begun = send(service.clone(), of(&token("alice", "user"))).await;
    let given = begun.header(SESSION);
    let (id, tag) = given.split_once('.').unwrap();
    let longer = format!("{given}0");
    let other = format!("session-2.{tag}");
    let upper = format!("{id}.{}", "0".repeat(32));
    for session in [id, tag, "", ".", &longer, &other, &upper, &given[1..], &given[..41]] {
        let answer = send(service.clone(), naming("alice", session)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{session}");
    }
    let twice = naming("alice", given).header(SESSION, given);
    assert_eq!(send(service, twice).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn users_whose_names_run_into_the_id_stay_apart() {
    let house = House::new();
    let service = service(&house);
    let begun = send(service.clone(), of(&token("a", "user"))).await;
    let moved = begun.header(SESSION).replacen("session-1", "ession-1", 1);
    let answer = send(service, naming("as", &moved)).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn processes_with_one_key_know_each_others_sessions_and_others_do_not() {
    let house = House::new();
    let with = |key: u8| {
        let bind = BindSession::with_key(house.gate.clone(), &[key; 32]);
        house.auth().layer(bind.layer(service_fn(mcp)))
    };
    let begun = send(with(1), of(&token("alice", "user"))).await;
    let going_on = || naming("alice", begun.header(SESSION));
    assert_eq!(send(with(1), going_on()).await.status, StatusCode::OK);
    assert_eq!(send(with(2), going_on()).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn without_a_caller_there_is_no_session() {
    let house = House::new();
    let bind = BindSession::new(house.gate.clone(), &SequenceRandom::default());
    assert_eq!(send(bind.layer(show()), get("/")).await.code(), "internal");
}
