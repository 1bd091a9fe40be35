//! Values as columns, and columns as values.

use std::error::Error;
use std::net::IpAddr;
use std::str::FromStr;

use mcp_auth::clock::NumericDate;
use mcp_auth_sessions::client::Client;
use rusqlite::Row;
use rusqlite::types::Type;

/// A date as a column.
pub(crate) fn from_date(date: NumericDate) -> i64 {
    whole(date.seconds())
}

/// A number that is compared in SQL; what is beyond the range is as good as its end.
pub(crate) fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A date.
pub(crate) fn date(row: &Row<'_>, column: &str) -> rusqlite::Result<NumericDate> {
    let seconds = row.get::<_, u64>(column)?;
    NumericDate::new(seconds).ok_or_else(|| illegal(row, column, "a date after the year 9999"))
}

/// A number that may be any `u64`, written with `cast_signed`.
pub(crate) fn number(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    row.get(column).map(i64::cast_unsigned)
}

/// A value that is kept as text.
pub(crate) fn parsed<T: FromStr>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|_| illegal(row, column, "a text that does not belong there"))
}

/// A client, in the columns `ip_address` and `user_agent`.
pub(crate) fn client(row: &Row<'_>) -> rusqlite::Result<Client> {
    let ip_address = match row.get_ref("ip_address")?.as_str_or_null()? {
        Some(_) => Some(parsed::<IpAddr>(row, "ip_address")?),
        None => None,
    };
    let user_agent = row.get::<_, Option<Box<str>>>("user_agent")?;
    Ok(Client { ip_address, user_agent })
}

/// The address of a client as a column.
pub(crate) fn from_address(client: &Client) -> Option<String> {
    client.ip_address.map(|address| address.to_string())
}

/// A column holds what this program does not write.
pub(crate) fn illegal(row: &Row<'_>, column: &str, what: &str) -> rusqlite::Error {
    let at = row.as_ref().column_index(column).unwrap_or_default();
    let what: Box<dyn Error + Send + Sync> = format!("column `{column}` holds {what}").into();
    rusqlite::Error::FromSqlConversionFailure(at, Type::Null, what)
}

/// The number of rows wanted, for `LIMIT`.
pub(crate) fn limit_of(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
