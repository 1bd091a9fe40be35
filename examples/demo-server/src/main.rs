//! `demo-server`: put `{"command": "demo-server"}` into the file of MCP servers.

fn main() -> anyhow::Result<()> {
    demo_server::run()
}
