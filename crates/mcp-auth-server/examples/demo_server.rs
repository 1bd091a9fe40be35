//! The MCP server of `examples/demo-server`, where the tests of this crate find it.

fn main() -> anyhow::Result<()> {
    demo_server::run()
}
