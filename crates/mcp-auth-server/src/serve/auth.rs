//! `/api/v1/auth`: sign in, refresh, sign out, revoke, and accounts.

mod ended;
mod logout;
mod me;
mod records;
mod refresh;
mod revoke;
mod rights;
mod routes;
mod token;
mod users;

pub(crate) use self::routes::ROUTES;
