//! The server over HTTP: the program itself, on a free port, over a data directory of its own.

#[path = "../common/client.rs"]
mod client;
#[path = "../common/server.rs"]
mod server;

mod errors;
mod flow;
mod idle;
mod open;
mod refresh;
mod reload;
mod requests;
mod revoke;
mod routes;
mod shutdown;
mod start;
mod tls;
mod users;
