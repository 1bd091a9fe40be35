//! One run: settings, request, token, output.

use mcp_auth::settings::Purpose;
use mcp_auth_cli::environment::Environment;
use mcp_auth_cli::{Failure, load_settings};

use crate::args::{Args, Expiry};
use crate::output::Made;
use crate::{output, request, warnings};

/// Makes the token and hands it over.
pub(crate) fn mint(args: &Args) -> Result<(), Failure> {
    let request = request::new_token(args)?;
    let environment = Environment::load()?;
    let settings = load_settings(Purpose::Issue, &environment)?;
    let expiry = args.expiry.unwrap_or_else(|| Expiry::from_hours(settings.lifetimes().access));
    let issuer = settings.issuer().map_err(|error| request::refused(&error))?;
    let made = issuer.issue(&request).map_err(|error| request::refused(&error))?;
    for warning in warnings::of(args, expiry, settings.rules()) {
        mcp_auth_cli::output::print_warning(&warning);
    }
    output::deliver(args, &Made { issued: &made, expiry, settings: &settings }, &environment)
}
