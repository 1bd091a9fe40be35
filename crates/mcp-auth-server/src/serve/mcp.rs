//! `/api/v1/mcp`: the MCP servers and their tools, for callers whom the policy lets.

mod connect;
mod endpoint;
mod execute;
mod health;
mod limit;
mod reload;
mod routes;
mod servers;
mod shapes;
mod tools;
mod under_way;

pub(crate) use self::routes::ROUTES;
