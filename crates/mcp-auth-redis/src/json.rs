//! Rows as JSON text. Each kind of row has a struct that is its format, apart from the public type, so that neither changes
//! by a change of the other. Fields that a later version adds are passed over.

use std::net::IpAddr;

use mcp_auth::clock::NumericDate;
use mcp_auth_sessions::client::Client;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};

use crate::failure::Failure;

/// A row as text; `what` names it in an error.
pub(crate) fn text(row: &impl Serialize, what: &'static str) -> Result<String, Failure> {
    serde_json::to_string(row).map_err(|_| Failure::Corrupt(what))
}

/// A row from its text. The error does not quote it.
pub(crate) fn parse<T: DeserializeOwned>(text: &[u8], what: &'static str) -> Result<T, Failure> {
    serde_json::from_slice(text).map_err(|_| Failure::Corrupt(what))
}

/// Reads a date, for `deserialize_with`.
pub(crate) fn date<'de, D: Deserializer<'de>>(from: D) -> Result<NumericDate, D::Error> {
    let seconds = u64::deserialize(from)?;
    NumericDate::new(seconds).ok_or_else(|| D::Error::custom("a date after the year 9999"))
}

/// A client, as part of a row.
#[derive(Serialize, Deserialize)]
pub(crate) struct ClientRow {
    ip_address: Option<IpAddr>,
    user_agent: Option<Box<str>>,
}

impl From<&Client> for ClientRow {
    fn from(client: &Client) -> Self {
        let Client { ip_address, user_agent } = client.clone();
        Self { ip_address, user_agent }
    }
}

impl From<ClientRow> for Client {
    fn from(row: ClientRow) -> Self {
        let ClientRow { ip_address, user_agent } = row;
        Self { ip_address, user_agent }
    }
}
