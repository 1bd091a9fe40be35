//! Clients that mean harm. Others are served meanwhile, and memory stays bounded.

mod crowds;
mod shapes;
mod slow;
mod windows;

use crate::client::Ask;
use crate::server::Server;

/// The usual answer for a usual client, whatever others do at the time.
fn others_are_served(server: &Server, meanwhile: &str) {
    let token = server.token_of("somebody", mcp_auth::roles::Role::User);
    for ask in [Ask::get("/health"), Ask::get("/ready"), Ask::get("/api/v1/auth/me").bearer(&token)]
    {
        let answer = server.ask(&ask);
        assert_eq!(answer.status, 200, "{meanwhile}: {answer:?}");
    }
}
