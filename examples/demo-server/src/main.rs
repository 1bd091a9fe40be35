//! `demo-server`: put `{"command": "demo-server"}` into `.mcp/config.json`.

fn main() -> anyhow::Result<()> {
    demo_server::run()
}
