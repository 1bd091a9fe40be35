//! Claims that are signed and wrong all the same: whoever shares the secret can make them.

use super::{AttackSetting, Corpus, shown};
use crate::refusal::RefusalCode::{
    AudienceMismatch, ClaimsInvalid, IssuerMismatch, TokenMalformed, TokenTypeMismatch,
};
use crate::validate::Expect;

const ISSUER: &str = "https://auth.example.com";
const AUDIENCE: &str = "mcp-files";

pub(super) fn add(corpus: &mut Corpus<'_>) {
    names(corpus);
    token_types(corpus);
    other_services(corpus);
    nearly_the_issuer(corpus);
    nearly_the_audience(corpus);
    roles(corpus);
}

/// Names end up in logs and on terminals.
fn names(corpus: &mut Corpus<'_>) {
    let (long, wide) = (format!(r#""{}""#, "a".repeat(257)), format!(r#""{}""#, "€".repeat(86)));
    let values = [
        r#""a\u0000""#,
        r#""\u0000""#,
        r#""a\nb""#,
        r#""a\u001b[31m""#,
        r#""a\u007f""#,
        r#""a\u0085b""#,
        "\"a\u{9b}31m\"",
        "\"a\tb\"",
        "\"a\0\"",
        r#""\ud800""#,
        r#""""#,
        "5",
        "null",
        r#"["alice"]"#,
        r#"{"$gt":""}"#,
        &long,
        &wide,
    ];
    for claim in ["user_id", "username", "jti", "sid"] {
        for raw in values {
            let forge = corpus.good().with_claim(claim, raw);
            corpus.add("A28", format!("{claim} {:?}", shown(raw)), &forge, ClaimsInvalid);
        }
    }
    let forge = corpus.good().without_claim("user_id");
    corpus.add("A28", "no user_id", &forge, ClaimsInvalid);
}

fn token_types(corpus: &mut Corpus<'_>) {
    let [refresh, any] = [Expect::Refresh, Expect::Any]
        .map(|expect| AttackSetting { expect, ..AttackSetting::default() });
    let forge = corpus.good().refresh();
    corpus.add("A30", "a refresh token as an access token", &forge, TokenTypeMismatch);
    let forge = forge.with_claim("role", r#""admin""#);
    corpus.add("A30", "a refresh token with a role", &forge, TokenTypeMismatch);
    let forge = corpus.good();
    corpus.add_with(refresh, "A30", "an access token for refresh", &forge, TokenTypeMismatch);
    for raw in
        [r#""Access""#, r#""ACCESS""#, r#""access ""#, r#""access\u0000""#, r#""id""#, r#""""#]
    {
        let forge = corpus.good().with_claim("token_type", raw);
        corpus.add("A30", format!("token_type {raw}"), &forge, TokenTypeMismatch);
        corpus.add_with(any, "A30", format!("token_type {raw}, any"), &forge, TokenTypeMismatch);
    }
    for raw in ["null", "1", "true", r#"["access"]"#, r#"{"access":null}"#] {
        let forge = corpus.good().with_claim("token_type", raw);
        corpus.add("A30", format!("token_type {raw}"), &forge, ClaimsInvalid);
    }
    let forge = corpus.good().without_claim("token_type");
    corpus.add("A30", "no token_type", &forge, ClaimsInvalid);
    corpus.add_with(any, "A30", "no token_type, any", &forge, ClaimsInvalid);
    for typ in [
        r#""rt+jwt""#,
        r#""refresh+jwt""#,
        r#""id_token""#,
        r#""JWE""#,
        r#""""#,
        "null",
        r#"["JWT"]"#,
    ] {
        let forge = corpus.good().with_header(format!(r#"{{"alg":"HS256","typ":{typ}}}"#));
        corpus.add("A30", format!("typ {typ}"), &forge, TokenMalformed);
    }
}

/// Tokens that the same secret signed for somebody else.
fn other_services(corpus: &mut Corpus<'_>) {
    for raw in [r#""other-service""#, r#"["a","b"]"#, "[]", r#""""#] {
        let forge = corpus.good().with_claim("aud", raw);
        corpus.add("A31", format!("aud {raw}, none configured"), &forge, AudienceMismatch);
    }
    for raw in [
        "5",
        "null",
        "true",
        "{}",
        "[5]",
        r#"["mcp-files",5]"#,
        r#"["mcp-files",null]"#,
        r#"[["mcp-files"]]"#,
    ] {
        let forge = corpus.good().with_claim("aud", raw);
        corpus.add("A31", format!("aud {raw}, none configured"), &forge, ClaimsInvalid);
        corpus.add_with(named(), "A31", format!("aud {raw}"), &forge, ClaimsInvalid);
    }
    let ours = corpus.good();
    corpus.add_with(issued(), "A31", "no iss", &ours, IssuerMismatch);
    corpus.add_with(named(), "A31", "no aud", &ours, AudienceMismatch);
    for raw in ["5", "null", "{}", r#"["https://auth.example.com"]"#] {
        let forge = corpus.good().with_claim("iss", raw);
        corpus.add_with(issued(), "A31", format!("iss {raw}"), &forge, ClaimsInvalid);
    }
}

fn issued() -> AttackSetting {
    AttackSetting { issuer: Some(ISSUER), ..AttackSetting::default() }
}

fn named() -> AttackSetting {
    AttackSetting { audience: Some(AUDIENCE), ..AttackSetting::default() }
}

fn nearly_the_issuer(corpus: &mut Corpus<'_>) {
    let values = [
        "",
        "https://auth.example.com/",
        "https://auth.example.com ",
        "https://auth.example.co",
        "https://auth.example.com.attacker.example",
        "HTTPS://auth.example.com",
        "https://AUTH.example.com",
        "http://auth.example.com",
        "auth.example.com",
        r"https://auth.example.com\u0000",
        "https://аuth.example.com",
    ];
    for iss in values {
        let forge = corpus.good().with_claim("iss", format!(r#""{iss}""#));
        corpus.add_with(issued(), "A32", format!("iss {iss:?}"), &forge, IssuerMismatch);
    }
    let forge = corpus.good().with_claim("iss", format!(r#"["{ISSUER}","x"]"#));
    corpus.add_with(issued(), "A32", "iss among several", &forge, ClaimsInvalid);
}

fn nearly_the_audience(corpus: &mut Corpus<'_>) {
    let values = [
        r#""""#,
        r#""mcp""#,
        r#""mcp-file""#,
        r#""mcp-files-admin""#,
        r#""xmcp-files""#,
        r#""MCP-FILES""#,
        r#""mcp-files ""#,
        r#""mcp-files/""#,
        r#""mcp-files,other""#,
        r#""mcp-*""#,
        r#""mcp-files\u0000""#,
        r#"["mcp","files"]"#,
        r#"["mcp-files "]"#,
        "[]",
    ];
    for raw in values {
        let forge = corpus.good().with_claim("aud", raw);
        corpus.add_with(named(), "A32", format!("aud {raw}"), &forge, AudienceMismatch);
    }
}

fn roles(corpus: &mut Corpus<'_>) {
    let long = format!(r#""{}""#, "a".repeat(33));
    let values = [
        r#"["user","admin"]"#,
        r#"["admin"]"#,
        r#"{"name":"admin"}"#,
        "1",
        "true",
        "null",
        r#""Admin""#,
        r#""ADMIN""#,
        r#""admin\u0000""#,
        r#""admin ""#,
        r#"" admin""#,
        r#""admin\n""#,
        r#""user,admin""#,
        r#""*""#,
        "\"аdmin\"",
        "\"admin\u{200b}\"",
        r#""""#,
        &long,
    ];
    for raw in values {
        let forge = corpus.good().with_claim("role", raw);
        corpus.add("A33", format!("role {}", shown(raw)), &forge, ClaimsInvalid);
    }
    let forge = corpus.good().without_claim("role");
    corpus.add("A33", "no role", &forge, ClaimsInvalid);
    let forge = forge.with_claim("roles", r#"["admin"]"#).with_claim("isAdmin", "true");
    corpus.add("A33", "roles and isAdmin instead of role", &forge, ClaimsInvalid);
}
