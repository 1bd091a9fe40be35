//! From the symptom to the cause: what the report tells about tokens that a service refuses.

use super::*;
use mcp_auth::keys::Algorithm;
use mcp_auth::testing::Signature;

fn judged(token: &str, exit: i32, says: &str) -> Ended {
    run().arg("--token").arg(token).end().says(exit, says).hides(token)
}

fn signed_with(algorithm: Algorithm, key: &[u8]) -> String {
    text(&forge().with_signature(Signature::Hmac { algorithm, key: key.to_vec() }))
}

#[test]
fn secrets_that_differ_by_a_usual_mistake() {
    let line = format!("{SECRET}\n");
    let hex: Vec<u8> = (0..64)
        .step_by(2)
        .map(|at| u8::from_str_radix(SECRET.get(at..at + 2).unwrap(), 16).unwrap())
        .collect();
    for (key, says) in [
        (line.as_bytes(), "the line break at the end of its file"),
        (hex.as_slice(), "the bytes that the secret's hex digits stand for"),
        (b"your-secret-here", "the placeholder"),
        (b"unrelated", "Compare the keys' fingerprints"),
    ] {
        let ended = judged(&signed_with(Algorithm::Hs256, key), 3, says);
        assert!(ended.stdout.contains("User ID:         alice (unverified)\n"), "{ended:?}");
        assert!(ended.stdout.contains("Code:            signature_invalid\n"), "{ended:?}");
    }
}

#[test]
fn a_secret_whose_base64_was_decoded() {
    let text_of_key = "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k="; // abcdef0123456789, four times
    let key = [0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89].repeat(4);
    let token = signed_with(Algorithm::Hs256, &key);
    let ended = run().variable("MCP_JWT_SECRET", text_of_key).arg("--token").arg(token).end();
    ended.says(3, "the bytes that the secret's base64 stands for");
}

#[test]
fn a_previous_secret() {
    let previous = "0123-the-secret-before-the-rotation-4567";
    let token = text(&Forge::new(previous, now()));
    let run = || run().arg("--token").arg(&token);
    run().end().says(3, "signature_invalid");
    let listed = run().variable("MCP_JWT_PREVIOUS_SECRETS", previous).with("--verbose");
    let listed = listed.says(0, "the previous key").hides(previous);
    let from = "HS256, previous, from MCP_JWT_PREVIOUS_SECRETS in the environment\n";
    assert!(listed.stdout.contains(from), "{listed:?}");
    assert!(listed.stdout.contains("HS256, current, from MCP_JWT_SECRET in the environment\n"));
}

#[test]
fn algorithms_that_do_not_agree() {
    let header = r#"{"alg":"HS512","typ":"JWT"}"#;
    let (algorithm, key) = (Algorithm::Hs512, SECRET.as_bytes().to_vec());
    let forge = forge().with_header(header).with_signature(Signature::Hmac { algorithm, key });
    let token = text(&forge);
    judged(&token, 3, "set MCP_JWT_ALGORITHM to HS512");
    let agreed = run().variable("MCP_JWT_ALGORITHM", "HS512").arg("--token").arg(&token).end();
    agreed.says(0, "✓");
}

#[test]
fn times() {
    let at = |offset: i64| (now().cast_signed() + offset).to_string();
    let dated = |iat, exp| text(&forge().with_claim("iat", at(iat)).with_claim("exp", at(exp)));
    judged(&dated(-7200, -3600), 4, "token_expired").says(4, "Time Until Exp:  expired 1h 0m ");
    judged(&dated(120, 900), 3, "The clocks of the issuer and of this machine disagree");
    let old = run().variable("MCP_MAX_TOKEN_AGE", "3600").arg("--token").arg(dated(-7200, 79_200));
    old.end().says(4, "token_too_old").says(4, "set MCP_MAX_TOKEN_AGE=86400 here");
    let long =
        judged(&text(&forge().with_claim("exp", at(7_776_000))), 0, "Time Until Exp:  2159h 59m ");
    assert_eq!(long.stderr, "");
    let undated = text(&forge().without_claim("iat"));
    judged(&undated, 0, "Issued At:       not given\n");
}

#[test]
fn audience_issuer_and_type() {
    let named = text(&forge().with_claim("aud", r#"["mcp"]"#).with_claim("iss", r#""me""#));
    let given = || run().arg("--token").arg(&named);
    given().end().says(3, "Set MCP_JWT_AUDIENCE if the token is meant for it");
    given().with("--audience mcp").says(0, "✓");
    given().with("--audience mcp --issuer me").says(0, "✓");
    given().with("--audience mcp --issuer Me").says(3, "issuer_mismatch");
    given().variable("MCP_JWT_AUDIENCE", "x").end().says(3, "audience_mismatch");
    given().variable("MCP_JWT_AUDIENCE", "x").with("--audience mcp").says(0, "✓");

    let refresh = text(&forge().refresh());
    let given = || run().arg("--token").arg(&refresh);
    given().end().says(3, "look at it with `--type refresh`");
    given().with("--type refresh").says(0, "Role:            none\n");
    given().with("--type any").says(0, "✓");
    run().arg("--token").arg(good()).with("--type refresh").says(3, "token_type_mismatch");
}
