//! An engine that does not answer.

use super::*;

#[test]
fn an_engine_that_is_away_is_no_mistake_of_the_configuration() {
    let host = Host::initialised();
    let token = host.token();
    let host = host.variable("MCP_STORE_URL", "redis://127.0.0.1:1");
    for command in
        ["serve --port 0", "user list", "token revoke --jti x", "token explain --token -"]
    {
        let ended = host.feed(command, &token).says(7, "see that the engine runs");
        assert!(!ended.all().contains("no restart is needed"), "it has ended: {ended:?}");
    }
}
