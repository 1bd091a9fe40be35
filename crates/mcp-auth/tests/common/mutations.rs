//! Tokens with defects: a header and a payload with edits, signed with the right key, then mangled as text.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A token to be made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    header: Vec<Edit>,
    claims: Vec<Edit>,
    mangles: Vec<Mangle>,
}

/// A change to the members of an object; values are JSON text, so that they can be as odd as they like.
#[derive(Debug, Clone)]
enum Edit {
    Set(String, String),
    /// Adds a member even where there is one of that name.
    Add(String, String),
    Remove(String),
    /// Turns the order of all members round.
    Reverse,
}

/// A change to the finished text.
#[derive(Debug, Clone)]
enum Mangle {
    Flip(Index, u8),
    Replace(Index, u8),
    Insert(Index, u8),
    Delete(Index),
    SwapParts(Index, Index),
    Splice(Index, String),
    Pad,
    Cut(Index),
}

/// Header members that matter to somebody, and values for each. `%` is the party's own algorithm.
const HEADER: &str = r#"
alg | "%" | "none" | "NONE" | "hs256" | "HS256 " | "HS512" | "RS256" | {"%":null} | {"%":1} | ["%"] | null | 5 | "H\u0053256"
typ | "JWT" | "at+jwt" | "jwt" | "JOSE" | null | 5 | "rt+jwt"
kid | "other" | "../../dev/null" | "" | null | 7 | {"$ne":null} | "' OR 1=1"
crit | ["exp"] | ["b64"] | [] | null | 5 | ["x"]
b64 | false | true | null
zip | "DEF" | null
enc | "A256GCM"
cty | "JWT" | null
jku | "https://evil.example/jwks" | null | 5
url | "https://mcp.example.com" | 5 | null
nonce | "n" | 5 | {}
x | 1 | {"a":{"a":1,"a":2}} | [[[]]] | "\ud800" | 1e999 | [[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]
"#;

/// The same for claims. Dates are written as `@offset`, in seconds from now, and no nearer than the clocks of the
/// two readers may differ. `^` is a control character.
const CLAIMS: &str = r#"
exp | @1800 | @1800.5 | @-60 | @-1800 | @99999 | "1" | null | -1 | -0.0 | 0 | 1e300 | 1e999 | 253402300799 | 253402300800 | 18446744073709551616 | 1.8e11 | []
iat | @-30 | @-30.5 | @-3000 | @-7200 | @30 | @900 | @7200 | "1" | null | -5 | true | 1e19 | {}
nbf | @-30 | @-30.25 | @900 | @7200 | null | "0" | false | -1 | 1e999
aud | "https://mcp.example.com" | "https://mcp.example.com/" | "" | 5 | null | [] | ["x","https://mcp.example.com"] | ["x"] | [5] | {}
iss | "https://auth.example.com" | "https://auth.example.com/" | ["https://auth.example.com"] | null | 5
role | "admin" | "Admin" | "ro\u006ct" | ["user","admin"] | 5 | null | "" | "admin\u0000"
token_type | "access" | "refresh" | "Access" | 5 | null | "\u0061ccess"
user_id | "bob" | "" | "a\u0000" | "a\nb" | 5 | null | "\ud83d\ude00" | "\ud83d"
username | "Bob" | "" | 5 | null | "\u001b[31m"
jti | "x" | 5 | null | ""
sid | "s" | 5
gen | 3 | 3.0 | -1 | "3" | null
sub | "bob" | 5 | null | {}
x | 1 | 1e999 | "\ud800" | {"a":1,"a":2} | [[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]] | nul | "^" | 01 | - | 1. | "é\u202e"
"#;

/// The members of a table and the values to give them.
fn pairs(table: &'static str) -> Vec<(&'static str, String)> {
    let lines = table.lines().filter_map(|line| line.split_once(" | "));
    let values =
        |values: &'static str| values.split(" | ").map(|value| value.replace('^', "\u{1}"));
    lines.flat_map(|(name, text)| values(text).map(move |value| (name, value))).collect()
}

pub(crate) fn draft() -> impl Strategy<Value = Draft> {
    let mangles = prop_oneof![3 => Just(Vec::new()), 2 => prop::collection::vec(mangle(), 1..3)];
    let header = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(edit(HEADER), 1..3)];
    (header, prop::collection::vec(edit(CLAIMS), 0..3), mangles)
        .prop_map(|(header, claims, mangles)| Draft { header, claims, mangles })
}

fn edit(table: &'static str) -> impl Strategy<Value = Edit> {
    let edit = (0_u8..10, select(pairs(table)));
    edit.prop_map(|(kind, (name, value))| match kind {
        0 => Edit::Remove(name.to_owned()),
        1 => Edit::Reverse,
        2 => Edit::Add(name.to_owned(), value),
        // The same name in other letters: equal once it is unescaped.
        3 => Edit::Add(spelled_out(name), value),
        _ => Edit::Set(name.to_owned(), value),
    })
}

fn spelled_out(name: &str) -> String {
    let mut rest = name.chars();
    let first = rest.next().map(|c| format!("\\u{:04x}", u32::from(c))).unwrap_or_default();
    first + rest.as_str()
}

fn mangle() -> impl Strategy<Value = Mangle> {
    let at = any::<Index>;
    let byte = || prop_oneof![select(&b"AZaz09-_.+/= \n\0\xff"[..]), any::<u8>()];
    prop_oneof![
        (at(), 0_u8..8).prop_map(|(at, bit)| Mangle::Flip(at, bit)),
        (at(), byte()).prop_map(|(at, byte)| Mangle::Replace(at, byte)),
        (at(), byte()).prop_map(|(at, byte)| Mangle::Insert(at, byte)),
        at().prop_map(Mangle::Delete),
        (at(), at()).prop_map(|(a, b)| Mangle::SwapParts(a, b)),
        (at(), "[A-Za-z0-9_-]{0,60}").prop_map(|(at, part)| Mangle::Splice(at, part)),
        Just(Mangle::Pad),
        at().prop_map(Mangle::Cut),
    ]
}

/// Every edit by itself, for a service with a name and for one without; and tokens beyond each bound.
pub(crate) fn single_edits() -> Vec<(Draft, bool)> {
    let header = |edits| Draft { header: edits, ..Draft::default() };
    let claims = |edits| Draft { claims: edits, ..Draft::default() };
    let mut drafts = vec![Draft::default()];
    drafts.extend(pairs(HEADER).into_iter().map(|(name, value)| header(vec![set(name, &value)])));
    for (name, value) in pairs(CLAIMS) {
        let twice = Edit::Add(spelled_out(name), value.clone());
        drafts.push(claims(vec![set(name, &value), twice]));
        drafts.push(claims(vec![set(name, &value)]));
        drafts.push(claims(vec![Edit::Remove(name.to_owned())]));
    }
    let long = |length: usize| vec![set("x", &format!("\"{}\"", "a".repeat(length)))];
    drafts.extend([1200, 5000, 9000].map(|length| header(long(length))));
    drafts.extend([3000, 4200, 9000].map(|length| claims(long(length))));
    drafts.push(claims((0..70).map(|number| set(&format!("c{number}"), "1")).collect()));
    drafts.push(claims(vec![Edit::Remove("iat".to_owned()), set("exp", "@99999")]));
    drafts.into_iter().flat_map(|draft| [(draft.clone(), false), (draft, true)]).collect()
}

fn set(name: &str, value: &str) -> Edit {
    Edit::Set(name.to_owned(), value.to_owned())
}

impl Draft {
    pub(crate) fn header(&self, algorithm: &str) -> String {
        let usual = [("alg", format!("\"{algorithm}\"")), ("typ", "\"JWT\"".to_owned())];
        object(usual.into(), &self.header).replace('%', algorithm)
    }

    pub(crate) fn payload(&self, now: u64, named: Option<(&str, &str)>) -> String {
        let mut usual = vec![
            ("user_id", "\"alice\"".to_owned()),
            ("username", "\"alice\"".to_owned()),
            ("role", "\"user\"".to_owned()),
            ("token_type", "\"access\"".to_owned()),
            ("exp", "@1800".to_owned()),
            ("iat", "@-30".to_owned()),
        ];
        if let Some((issuer, audience)) = named {
            usual.push(("iss", format!("\"{issuer}\"")));
            usual.push(("aud", format!("\"{audience}\"")));
        }
        with_dates(&object(usual, &self.claims), now)
    }

    pub(crate) fn mangle(&self, token: Vec<u8>) -> Vec<u8> {
        self.mangles.iter().fold(token, |token, mangle| mangle.apply(token))
    }
}

fn object(usual: Vec<(&str, String)>, edits: &[Edit]) -> String {
    let mut members: Vec<_> =
        usual.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    for edit in edits {
        match edit {
            Edit::Set(name, value) => match members.iter_mut().find(|(held, _)| held == name) {
                Some((_, held)) => held.clone_from(value),
                None => members.push((name.clone(), value.clone())),
            },
            Edit::Add(name, value) => members.push((name.clone(), value.clone())),
            Edit::Remove(name) => members.retain(|(held, _)| held != name),
            Edit::Reverse => members.reverse(),
        }
    }
    let members: Vec<_> =
        members.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// Replaces `@offset` by a moment.
fn with_dates(text: &str, now: u64) -> String {
    let mut pieces = text.split('@');
    let mut dated = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(|c: char| c != '-' && !c.is_ascii_digit()).unwrap_or(piece.len());
        let (offset, rest) = piece.split_at(end);
        let offset: i64 = offset.parse().unwrap_or_default();
        dated.push_str(&now.saturating_add_signed(offset).to_string());
        dated.push_str(rest);
    }
    dated
}

impl Mangle {
    fn apply(&self, mut token: Vec<u8>) -> Vec<u8> {
        if token.is_empty() {
            return token;
        }
        let place = |at: &Index| at.index(token.len());
        match self {
            Self::Flip(at, bit) => {
                let at = place(at);
                token.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << bit);
            }
            Self::Replace(at, with) => {
                let at = place(at);
                token.iter_mut().skip(at).take(1).for_each(|byte| *byte = *with);
            }
            Self::Insert(at, byte) => token.insert(place(at), *byte),
            Self::Delete(at) => drop(token.remove(place(at))),
            Self::Cut(at) => token.truncate(place(at)),
            Self::Pad => token.push(b'='),
            Self::SwapParts(a, b) => {
                return with_parts(&token, |parts| {
                    let (a, b) = (a.index(parts.len()), b.index(parts.len()));
                    parts.swap(a, b);
                });
            }
            Self::Splice(at, part) => {
                return with_parts(&token, |parts| {
                    let at = at.index(parts.len());
                    parts.splice(at..=at, [part.clone().into_bytes()]);
                });
            }
        }
        token
    }
}

fn with_parts(token: &[u8], change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let mut parts: Vec<_> = token.split(|byte| *byte == b'.').map(<[u8]>::to_vec).collect();
    change(&mut parts);
    parts.join(&b'.')
}
