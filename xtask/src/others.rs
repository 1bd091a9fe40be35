//! What is not ours, and tests and benchmarks talk to: brought before they start.

use std::path::PathBuf;

use anyhow::Result;

use crate::{engines, python};

/// Something that is not ours.
pub(crate) struct Other {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// By which tests and benchmarks learn where it is.
    pub(crate) variable: &'static str,
    pub(crate) bring: fn() -> Result<PathBuf>,
    /// What a person types to bring it.
    pub(crate) remedy: fn() -> String,
}

pub(crate) const INTEROP: Other = Other {
    name: "interop",
    what: "Python and the libraries to compare with",
    variable: python::INTEROP.variable,
    bring: || python::INTEROP.interpreter(),
    remedy: || python::INTEROP.remedy(),
};

pub(crate) const MCP_SERVERS: Other = Other {
    name: "mcp-servers",
    what: "MCP servers on Node.js and Python",
    variable: python::MCP_SERVERS.variable,
    bring: || python::MCP_SERVERS.interpreter(),
    remedy: || python::MCP_SERVERS.remedy(),
};

pub(crate) const SCHEMATHESIS: Other = Other {
    name: "schemathesis",
    what: "what tries the server against its OpenAPI document",
    variable: python::SCHEMATHESIS.variable,
    bring: || python::SCHEMATHESIS.interpreter(),
    remedy: || python::SCHEMATHESIS.remedy(),
};

pub(crate) const DEPLOY: Other = Other {
    name: "deploy",
    what: "schemas of Kubernetes and Compose, and a linter for the Dockerfile",
    variable: python::DEPLOY.variable,
    bring: || python::DEPLOY.interpreter(),
    remedy: || python::DEPLOY.remedy(),
};

pub(crate) const FASTAPI: Other = Other {
    name: "fastapi",
    what: "the Python service to compare with",
    variable: python::FASTAPI.variable,
    bring: || python::FASTAPI.interpreter(),
    remedy: || python::FASTAPI.remedy(),
};

pub(crate) const FASTMCP: Other = Other {
    name: "fastmcp",
    what: "the Python gateway to compare with",
    variable: python::FASTMCP.variable,
    bring: || python::FASTMCP.interpreter(),
    remedy: || python::FASTMCP.remedy(),
};

pub(crate) const REDIS: Other = Other {
    name: "redis",
    what: "the engine Redis",
    variable: engines::REDIS,
    bring: engines::redis,
    remedy: || engines::REDIS_REMEDY.into(),
};

pub(crate) const VALKEY: Other = Other {
    name: "valkey",
    what: "the engine Valkey",
    variable: python::VALKEY.variable,
    bring: engines::valkey,
    remedy: || python::VALKEY.remedy(),
};
