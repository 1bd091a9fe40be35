//! Why there is no answer, from `rmcp`'s errors to ours. Texts of its errors that hold what a server sent are left out: a
//! server may say the arguments again, which neither the audit nor the log may hold.

use std::error::Error;
use std::time::Duration;

use rmcp::ServiceError;
use rmcp::model::ErrorCode;
use rmcp::service::ClientInitializeError;
use rmcp::transport::streamable_http_client::{HttpStatusError, StreamableHttpError};

/// What our own transport puts in the place of an answer that is too large. In the range that
/// JSON-RPC leaves to implementations.
pub(super) const TOO_LARGE: ErrorCode = ErrorCode(-32_099);

/// A server that wants to be left alone for longer is mistaken.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);

pub(super) const OF_ANOTHER_KIND: &str = "the answer is of another kind";
pub(super) const NO_MESSAGE: &str = "its answer is no message";
pub(super) const NEITHER_FORM: &str = "its answer is neither JSON nor a stream of events";
pub(super) const BROKEN_OFF: &str = "its answer broke off";

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ClientError {
    /// A JSON-RPC error.
    #[error("{message} (code {code})")]
    Refused { code: i32, message: String },
    /// An answer against the protocol.
    #[error("{0}")]
    Violation(String),
    #[error("its answer is too large")]
    TooLarge,
    /// The server is there and would not take this one request: an HTTP status that says nothing of others.
    #[error("it answered with the HTTP status {status}")]
    Declined { status: u16, again_after: Option<Duration> },
    /// Something answers in the place of a server that is not there, or has no time: a status that says so.
    #[error("it answered with the HTTP status {status}")]
    Away { status: u16, again_after: Option<Duration> },
    /// Nobody was there to answer.
    #[error("it cannot be reached: {cause}")]
    Unreachable { cause: String },
    /// The connection is of no use.
    #[error("{0}")]
    Lost(String),
}

impl ClientError {
    pub(super) fn violation(what: impl Into<String>) -> Self {
        Self::Violation(what.into())
    }

    pub(super) fn lost(why: impl Into<String>) -> Self {
        Self::Lost(why.into())
    }

    /// The same about a server that is reached at `place`.
    pub(crate) fn at(&self, place: &str) -> String {
        match self {
            Self::Unreachable { cause } => format!("{place} cannot be reached: {cause}"),
            other => other.to_string(),
        }
    }

    /// Whether nobody heard what was said, so that it is not known how it would have been taken.
    pub(crate) const fn is_unheard(&self) -> bool {
        use ClientError::{Away, Declined, Unreachable};
        matches!(self, Unreachable { .. } | Away { .. } | Declined { status: 429, .. })
    }

    /// How long the server wants to be left alone, if it says so.
    pub(crate) const fn again_after(&self) -> Option<Duration> {
        match self {
            Self::Declined { again_after, .. } | Self::Away { again_after, .. } => *again_after,
            _ => None,
        }
    }

    /// By the status of an answer that holds no message, and its `Retry-After`. To be forbidden one tool, or to ask too often,
    /// ends no connection that others use; to be unknown to the server (401) or to find it out of order does.
    pub(super) fn of_status(status: u16, retry_after: Option<&str>) -> Self {
        match status {
            403 => Self::Declined { status, again_after: None },
            429 => Self::Declined { status, again_after: retry_after.and_then(seconds) },
            502..=504 => Self::Away { status, again_after: retry_after.and_then(seconds) },
            _ => Self::Lost(format!("it answered with the HTTP status {status}")),
        }
    }
}

/// The other form, a date, would have to be compared with the server's clock.
fn seconds(retry_after: &str) -> Option<Duration> {
    let told = retry_after.trim().parse().ok().map(Duration::from_secs);
    told.filter(|told| *told <= LONGEST_PAUSE)
}

impl From<ServiceError> for ClientError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::McpError(error) if error.code == TOO_LARGE => Self::TooLarge,
            ServiceError::McpError(error) => {
                Self::Refused { code: error.code.0, message: error.message.into_owned() }
            }
            ServiceError::TransportSend(error) => Self::of_transport(error.error.as_ref()),
            ServiceError::TransportClosed => Self::lost("the connection was closed"),
            ServiceError::UnexpectedResponse => Self::violation(OF_ANOTHER_KIND),
            other => Self::Lost(other.to_string()),
        }
    }
}

/// The texts of some of these errors quote whole messages.
impl From<ClientInitializeError> for ClientError {
    fn from(error: ClientInitializeError) -> Self {
        use ClientInitializeError as E;
        match error {
            E::ConnectionClosed(_) => Self::lost("it ended before the handshake"),
            E::TransportError { error, .. } => Self::of_transport(error.error.as_ref()),
            E::JsonRpcError(error) => {
                Self::Refused { code: error.code.0, message: error.message.into_owned() }
            }
            E::NoCompatibleProtocolVersion { .. } => {
                Self::violation("it speaks no protocol version that is known here")
            }
            E::LegacyFallbackFailed { fallback, .. } => (*fallback).into(),
            E::Cancelled => Self::lost("the handshake was cancelled"),
            _ => Self::violation("its handshake is against the protocol"),
        }
    }
}

/// Its own text is left out: it names the URL, which may hold secrets.
impl From<&reqwest::Error> for ClientError {
    fn from(error: &reqwest::Error) -> Self {
        match error {
            error if error.is_connect() => Self::Unreachable { cause: cause(error) },
            error if error.is_timeout() => Self::lost("it does not answer"),
            error if error.is_builder() => Self::lost("its URL is not valid"),
            error if error.is_body() || error.is_decode() => Self::lost(BROKEN_OFF),
            _ => Self::lost("the request failed"),
        }
    }
}

/// What the system, or TLS, says at the end of the chain of causes: nothing there names the URL.
fn cause(error: &reqwest::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| (*error).source());
    let cause = causes.filter(|cause| !cause.is::<reqwest::Error>()).last();
    cause.map_or_else(|| "no connection was made".to_owned(), ToString::to_string)
}

type HttpError = StreamableHttpError<reqwest::Error>;

impl ClientError {
    fn of_transport(error: &(dyn Error + 'static)) -> Self {
        let mut causes = std::iter::successors(Some(error), |error| (*error).source());
        let known = causes.find_map(|cause| cause.downcast_ref().map(Self::of_http));
        // Else it comes from a child's pipes.
        known.unwrap_or_else(|| Self::Lost(error.to_string()))
    }

    fn of_http(error: &HttpError) -> Self {
        use StreamableHttpError as E;
        match error {
            E::Client(error) => error.into(),
            E::HttpStatus(HttpStatusError { status, retry_after, .. }) => {
                Self::of_status(*status, retry_after.as_deref())
            }
            E::AuthRequired(_) => Self::of_status(401, None),
            E::InsufficientScope(_) => Self::of_status(403, None),
            E::ResponseBodyTooLarge { .. } => Self::TooLarge,
            E::UnexpectedServerResponse(_) | E::Deserialize(_) => Self::violation(NO_MESSAGE),
            E::UnexpectedContentType(_) => Self::lost(NEITHER_FORM),
            E::Sse(_) | E::UnexpectedEndOfStream => Self::lost(BROKEN_OFF),
            E::TransportChannelClosed => Self::lost("the connection was closed"),
            E::SessionExpired | E::SessionRecoveryTimeout | E::ReinitializationFailed(_) => {
                Self::lost("it has ended the session")
            }
            E::ReservedHeaderConflict(name) => {
                Self::lost(format!("the header `{name}` is not for its entry to set; remove it"))
            }
            _ => Self::lost("the request failed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_may_ask_for_a_day_and_no_more() {
        let asks = |told| ClientError::of_status(429, Some(told)).again_after();
        assert_eq!(asks(" 7"), Some(Duration::from_secs(7)));
        assert_eq!(asks("86400"), Some(Duration::from_hours(24)));
        for told in ["86401", "18446744073709551615", "-1", "Fri, 23 Oct 2026 12:00:00 GMT", ""] {
            assert_eq!(asks(told), None, "{told}");
        }
    }
}
