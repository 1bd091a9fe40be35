//! `serve`: the server, until it is told to stop.

use mcp_auth_cli::{Failure, exit};

use crate::args::{Common, Serve};
use crate::serve;
use crate::settings::Source;

pub(crate) fn run(common: &Common, args: &Serve) -> Result<u8, Failure> {
    serve::run(Source::of(common)?.for_serving(args))?;
    Ok(exit::OK)
}
