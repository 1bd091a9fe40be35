//! The layers on plain hyper, over a socket.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::{client, server};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use mcp_auth::testing::SequenceRandom;
use mcp_auth::validate::Caller;
use mcp_auth_tower::{ClientAddressLayer, PeerAddress, RequestIdLayer};
use tokio::net::{TcpListener, TcpStream};
use tower::{ServiceBuilder, ServiceExt, service_fn};

use crate::house::{House, token};

/// Accepts one connection and answers on it until the client goes.
async fn serve_one(listener: TcpListener, house: Arc<House>) {
    let (stream, peer) = listener.accept().await.unwrap();
    let service = ServiceBuilder::new()
        .layer(ClientAddressLayer::default())
        .layer(RequestIdLayer::new(Arc::new(SequenceRandom::default())))
        .layer(house.auth())
        .service(service_fn(async |request: Request<Incoming>| {
            let user = request.extensions().get::<Caller>().unwrap().user_id().to_owned();
            let body = request.into_body().collect().await?.to_bytes();
            Ok::<_, hyper::Error>(Response::new(format!("{user}: {} bytes", body.len())))
        }))
        .map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(PeerAddress::from(peer));
            request
        });
    let connection = server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    connection.await.unwrap();
}

async fn ask(
    sender: &mut client::conn::http1::SendRequest<Empty<Bytes>>,
    request: http::request::Builder,
) -> (u16, String) {
    let request = request.header("Host", "localhost").body(Empty::new()).unwrap();
    let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
    assert!(parts.headers.contains_key("x-request-id"));
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    (parts.status.as_u16(), String::from_utf8(body).unwrap())
}

#[tokio::test]
async fn plain_hyper_serves_admitted_and_refused_requests_on_one_connection() {
    let house = Arc::new(House::new());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let server = tokio::spawn(serve_one(listener, house.clone()));
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut sender, connection) = client::conn::http1::handshake(stream).await.unwrap();
    let client = tokio::spawn(connection);

    let good = || Request::get("/").header("Authorization", token("alice", "user").authorization());
    for _ in 0..2 {
        assert_eq!(ask(&mut sender, good()).await, (200, "alice: 0 bytes".into()));
        assert_eq!(house.event()["ip_address"], "127.0.0.1");
        let (status, body) = ask(&mut sender, Request::get("/")).await;
        assert!(status == 401 && body.contains("Not authenticated"), "{status} {body}");
    }
    drop(sender);
    client.await.unwrap().unwrap();
    server.await.unwrap();
}
