//! What the layer adds to the gate's decision in memory, counted.

#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is a failed test")]

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use mcp_auth::testing::{AttackSetting, FixedClock, Forge};
use mcp_auth::{Gate, Origin};
use mcp_auth_tower::{AuthLayer, SharedGate};
use tower::{Layer, Service, service_fn};

const SECRET: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";
const NOW: u64 = 1_767_225_600;

type Body = Empty<Bytes>;

fn handler(request: Request<Body>) -> Ready<Result<Response<Body>, Infallible>> {
    black_box(request);
    ready(Ok(Response::new(Body::new())))
}

/// Allocations of one call that is answered at once.
fn cost<S: Service<Request<Body>, Error = Infallible>>(service: &mut S, token: &Forge) -> u64 {
    let bearer = token.authorization();
    let request =
        || Request::get("/").header("Authorization", bearer.as_slice()).body(Body::new()).unwrap();
    let before = [request(), request(), request()];
    let counted = request();
    let answer = |service: &mut S, request| {
        let future = pin!(service.call(request));
        let answer = future.poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(answer, Poll::Ready(Ok(_))));
    };
    // Before, so that neither what is set up on the first use nor the gate's memory of the token is counted.
    for request in before {
        answer(service, request);
    }
    measure(|| answer(service, counted)).count_total
}

#[test]
fn the_layer_allocates_for_the_extension_and_nothing_else() {
    let validator = AttackSetting::default().validator(SECRET).unwrap();
    let gate = Gate::new(validator).with_clock(Arc::new(FixedClock::at(NOW)));
    let token = Forge::new(SECRET, NOW);
    let bearer = token.authorization();
    let decide = || gate.authenticate(Some(bearer.as_slice()), &Origin::default()).unwrap();
    for _ in 0..3 {
        drop(decide());
    }
    let decision = measure(|| drop(decide())).count_total;

    let mut bare = service_fn(handler);
    let mut behind = AuthLayer::new(SharedGate::new(gate.clone())).layer(service_fn(handler));
    let added = cost(&mut behind, &token) - cost(&mut bare, &token);
    println!("decision: {decision} allocations, behind the layer: {added}");
    // `http` keeps extensions in a boxed table of boxes: the box, the table, and the caller's own box.
    assert!(added <= decision + 3, "{added} for a decision of {decision}");
}
