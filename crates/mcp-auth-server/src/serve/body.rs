//! Reading a request's body: bounded in size and time, as JSON or as a form, into a type.

use std::error::Error;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use mcp_auth::refusal::{Reason, RefusalCode};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::refuse::{internal, request, unprocessable};

/// Largest body that is read.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a route reads. Forms hold text only, so a route with other fields reads no form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    Json,
    JsonOrForm,
}

impl Accepted {
    /// The media types.
    pub(crate) const fn types(self) -> &'static [&'static str] {
        match self {
            Self::Json => &["application/json"],
            Self::JsonOrForm => &["application/json", "application/x-www-form-urlencoded"],
        }
    }
}

/// How a body says what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Json,
    Form,
}

/// What a body may take of the memory without asking. What clients usually send is smaller.
const SMALL: usize = 8 * 1024;

/// What all large bodies together may take, in KiB: 64 MiB.
const ROOM: usize = 64 * 1024;

/// Memory for large bodies. Clients that send thousands of them, and never their ends, get it all and no more; small
/// bodies are read meanwhile.
#[derive(Debug)]
pub(crate) struct Room(Semaphore);

impl Room {
    pub(crate) fn new() -> Self {
        Self(Semaphore::new(ROOM))
    }

    /// Room for a body of so many bytes, where `held` is what it has already.
    fn grow<'a>(&'a self, held: &mut SemaphorePermit<'a>, bytes: usize) -> Result<(), Reason> {
        let wanted = bytes.saturating_sub(SMALL).div_ceil(1024);
        let more = u32::try_from(wanted.saturating_sub(held.num_permits())).unwrap_or(u32::MAX);
        let full = |_| Reason::Failure {
            code: RefusalCode::Overloaded,
            what: "too many large bodies arrive at once".to_owned(),
        };
        held.merge(self.0.try_acquire_many(more).map_err(full)?);
        Ok(())
    }
}

/// The whole body.
///
/// # Errors
/// `too_large`, `request_timeout`, `overloaded`, or `bad_request` when the client stopped half-way.
pub(crate) async fn read(body: Body, room: &Room) -> Result<Bytes, Reason> {
    // Who says beforehand that it is too large need not send it.
    if body.size_hint().lower() > MAX_BYTES as u64 {
        return Err(too_large());
    }
    let late = |_| {
        let limit = PATIENCE.as_secs();
        let detail = format!("The body did not arrive within {limit} s");
        Err(request(RefusalCode::RequestTimeout, detail))
    };
    tokio::time::timeout(PATIENCE, collect(body, room)).await.unwrap_or_else(late)
}

async fn collect(body: Body, room: &Room) -> Result<Bytes, Reason> {
    let mut body = Limited::new(body, MAX_BYTES);
    let mut held = room.0.try_acquire_many(0).map_err(|error| internal(error.to_string()))?;
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| unread(&*error))?;
        if let Ok(data) = frame.into_data() {
            room.grow(&mut held, bytes.len() + data.len())?;
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes.into())
}

fn unread(error: &(dyn Error + 'static)) -> Reason {
    if is_too_large(error) {
        return too_large();
    }
    request(RefusalCode::BadRequest, "The body ended too early or is badly chunked")
}

fn too_large() -> Reason {
    request(RefusalCode::TooLarge, format!("The body is over {MAX_BYTES} bytes; send less"))
}

fn is_too_large(error: &(dyn Error + 'static)) -> bool {
    error.is::<LengthLimitError>() || error.source().is_some_and(is_too_large)
}

/// What the body says, as a `T`. Fields that `T` does not have are ignored.
///
/// # Errors
/// `unsupported_media_type` for anything but JSON and forms, `unprocessable` with the field's name for what does not fit.
/// Never holds a value, which may be a password.
pub(crate) fn parse<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: &[u8],
    accepted: Accepted,
) -> Result<T, Reason> {
    match kind(headers, accepted)? {
        Kind::Json => json(body),
        Kind::Form => serde_path_to_error::deserialize(Value::Object(form(body)))
            .map_err(|error| unfit(&error.path().to_string(), &error.inner().to_string())),
    }
}

/// What does not fit, without its value.
fn unfit(path: &str, said: &str) -> Reason {
    let field = |said: &str| said.split('`').nth(1).unwrap_or_default().to_owned();
    if said.starts_with("missing field ") {
        unprocessable(format!("`{}` is missing; send it", field(said)))
    } else if said.starts_with("duplicate field ") {
        unprocessable(format!("`{}` is there more than once; send it once", field(said)))
    } else {
        unprocessable(format!("`{path}` is of the wrong type or not legal; see /openapi.json"))
    }
}

fn kind(headers: &HeaderMap, accepted: Accepted) -> Result<Kind, Reason> {
    let value = headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default());
    let essence = value.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    match essence.to_ascii_lowercase().as_str() {
        "application/json" => Ok(Kind::Json),
        "application/x-www-form-urlencoded" if accepted == Accepted::JsonOrForm => Ok(Kind::Form),
        _ => Err(request(
            RefusalCode::UnsupportedMediaType,
            format!("Send {}, and say so in Content-Type", accepted.types().join(" or ")),
        )),
    }
}

/// Straight into the type: a tree of everything in between would take a hundred times the memory of the text. A field
/// that is there twice is refused, as in forms.
fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Reason> {
    // A list of the fields' values would do for serde.
    if body.trim_ascii_start().first().is_some_and(|first| b"[\"-0123456789tfn".contains(first)) {
        serde_json::from_slice::<IgnoredAny>(body).map_err(|error| broken(&error))?;
        return Err(unprocessable("The body is not a JSON object; send one"));
    }
    let mut source = serde_json::Deserializer::from_slice(body);
    let read: T = serde_path_to_error::deserialize(&mut source).map_err(|error| {
        if error.inner().is_data() {
            unfit(&error.path().to_string(), &error.inner().to_string())
        } else {
            broken(error.inner())
        }
    })?;
    source.end().map_err(|error| broken(&error))?;
    Ok(read)
}

fn broken(error: &serde_json::Error) -> Reason {
    let (line, column) = (error.line(), error.column());
    unprocessable(format!("The body is not JSON: see line {line}, column {column}"))
}

/// A field that is there twice has two meanings (RFC 6749 section 3.2): it becomes one that fits no text.
fn form(body: &[u8]) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(body) {
        let is_first = !fields.contains_key(name.as_ref());
        let value = if is_first { Value::String(value.into_owned()) } else { Value::Array(vec![]) };
        fields.insert(name.into_owned(), value);
    }
    fields
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Login {
        username: String,
        password: Option<String>,
    }

    fn parsed(kind: &'static str, body: &str) -> Result<Login, Reason> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        parse(&headers, body.as_bytes(), Accepted::JsonOrForm)
    }

    fn refused(kind: &'static str, body: &str) -> (RefusalCode, String) {
        let reason = parsed(kind, body).unwrap_err();
        (reason.code(), reason.to_string())
    }

    #[test]
    fn json_and_forms_say_the_same() {
        let json =
            parsed("application/json; charset=utf-8", r#"{"username":"a","password":"b c","x":1}"#);
        let form = parsed("Application/X-WWW-Form-urlencoded", "username=a&password=b+c&x=1");
        for login in [json.unwrap(), form.unwrap()] {
            assert_eq!((login.username.as_str(), login.password.as_deref()), ("a", Some("b c")));
        }
    }

    #[test]
    fn what_does_not_fit_is_named_and_not_shown() {
        let cases = [
            (r#"{"username":"a","password":12345678}"#, "`password`"),
            (r#"{"password":"hunter2!"}"#, "`username` is missing"),
            (r#"{"username":["hunter2!"]}"#, "`username`"),
            (r#"["hunter2!"]"#, "not a JSON object"),
            (r#"{"username": hunter2!}"#, "line 1, column"),
            ("", "line 1, column 0"),
            (r#"{"username":"a"} hunter2!"#, "line 1, column"),
            (r#"{"username":"a","username":"hunter2!"}"#, "`username` is there more than once"),
        ];
        for (body, expected) in cases {
            let (code, message) = refused("application/json", body);
            assert_eq!(code, RefusalCode::Unprocessable, "{body}");
            assert!(message.contains(expected), "{body}: {message}");
            assert!(!message.contains("hunter2") && !message.contains("12345678"), "{message}");
        }
    }

    #[test]
    fn other_kinds_and_doubled_fields_are_refused() {
        assert_eq!(refused("text/plain", "{}").0, RefusalCode::UnsupportedMediaType);
        assert_eq!(refused("application/xml", "{}").0, RefusalCode::UnsupportedMediaType);
        let mut form = HeaderMap::new();
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        form.insert(CONTENT_TYPE, kind);
        let json_only = parse::<Login>(&form, b"username=a", Accepted::Json).unwrap_err();
        assert_eq!(json_only.code(), RefusalCode::UnsupportedMediaType);
        let doubled = refused("application/x-www-form-urlencoded", "username=a&username=b");
        assert_eq!(doubled.0, RefusalCode::Unprocessable);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_arrive_is_not_waited_for() {
        let endless = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
        let late = read(Body::from_stream(endless), &Room::new()).await.unwrap_err();
        assert_eq!(late.code(), RefusalCode::RequestTimeout);
    }

    #[tokio::test]
    async fn a_long_body_is_not_read_to_its_end() {
        let room = Room::new();
        let long = read(Body::from(vec![b' '; MAX_BYTES + 1]), &room).await.unwrap_err();
        assert_eq!(long.code(), RefusalCode::TooLarge);
        let whole = read(Body::from(vec![b' '; MAX_BYTES]), &room).await.unwrap();
        assert_eq!(whole.len(), MAX_BYTES);
        assert_eq!(room.0.available_permits(), ROOM, "it was given back");
    }

    #[tokio::test]
    async fn small_bodies_are_read_when_large_ones_have_no_room() {
        let room = Room(Semaphore::new(0));
        let large = read(Body::from(vec![b' '; SMALL + 1]), &room).await.unwrap_err();
        assert_eq!(large.code(), RefusalCode::Overloaded);
        assert_eq!(read(Body::from(vec![b' '; SMALL]), &room).await.unwrap().len(), SMALL);
    }
}
