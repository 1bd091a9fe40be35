//! `refusal_response`: what each refusal is in HTTP.

use std::fmt::Write as _;
use std::time::Duration;

use http::StatusCode;
use mcp_auth::Origin;
use mcp_auth::audit::AuditEvent;
use mcp_auth::refusal::{Reason, Refusal, RefusalCode};
use mcp_auth_tower::refusal_response;
use serde_json::Value;
use tower::Layer;

use crate::house::{House, get, send, show};

fn answer(reason: Reason) -> http::Response<bytes::Bytes> {
    let gate = House::new().gate.load();
    let refused = gate.refuse(reason.into(), &AuditEvent::default(), &Origin::default());
    refusal_response(&refused)
}

/// A reason with this code that says as much as a real one.
fn reason(code: RefusalCode) -> Reason {
    match code {
        RefusalCode::RateLimited => Reason::RateLimited {
            limit: "10 per 1 minute".into(),
            key: "203.0.113.7".into(),
            retry_after: Duration::from_millis(2001),
        },
        _ => Reason::Failure { code, what: "for the log".into() },
    }
}

#[test]
fn every_code_has_its_status_headers_and_body() {
    let mut page = String::new();
    for code in RefusalCode::ALL {
        let response = answer(reason(*code));
        assert_eq!(response.status().as_u16(), code.status());
        assert_eq!(Refusal::from(reason(*code)).code(), *code);
        writeln!(page, "{}", response.status()).unwrap();
        for (name, value) in response.headers() {
            writeln!(page, "{name}: {}", value.to_str().unwrap()).unwrap();
        }
        writeln!(page, "{}\n", str::from_utf8(response.body()).unwrap()).unwrap();
    }
    insta::assert_snapshot!(page);
}

#[test]
fn a_detail_of_the_request_cannot_break_out_of_the_header() {
    let detail = "no \"tool\"\r\nSet-Cookie: a=b \u{202e}\\".to_owned();
    let response =
        answer(Reason::Request { code: RefusalCode::BadRequest, detail: detail.clone() });
    assert_eq!(
        response.headers()["www-authenticate"],
        r#"Bearer error="invalid_request", error_description="no 'tool'??Set-Cookie: a=b ??""#
    );
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(body["detail"], detail.as_str());
}

#[test]
fn waiting_as_long_as_told_is_never_too_short() {
    for (wait, told) in [(0, "0"), (1, "1"), (1000, "1"), (1001, "2"), (59_999, "60")] {
        let response = answer(Reason::RateLimited {
            limit: String::new(),
            key: String::new(),
            retry_after: Duration::from_millis(wait),
        });
        assert_eq!(response.headers()["retry-after"], told, "{wait} ms");
    }
}

#[tokio::test]
async fn a_refusal_is_the_whole_response_and_its_id_is_on_the_audit() {
    let house = House::new();
    let answer = send(house.auth().layer(show()), get("/")).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.header("content-length"), answer.body.len().to_string());
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    let event = house.event();
    assert_eq!(event["error_id"], answer.json()["error_id"]);
    assert_eq!(event["reason"], "no Authorization header");
}
