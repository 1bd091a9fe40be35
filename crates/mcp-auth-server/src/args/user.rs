//! `user`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use mcp_auth::roles::Role;

/// Where a new password comes from: asked for at the terminal unless said otherwise, and never an argument.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct PasswordSource {
    /// Read the password from standard input; one line end is cut
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Read the password from a file; one line end is cut
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Create an account; the password is asked for unless an option says where it is
    Add {
        /// Its name, which is its user id for ever
        name: String,
        /// user, admin, superadmin, or a role of your policy
        #[arg(long, default_value = "user")]
        role: Role,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Create the accounts of another system with the password hashes that it exported
    ///
    /// Each line is a JSON object: `username` and `password_hash` (bcrypt, or argon2 as a PHC string), and if need be
    /// `role` (else user), `user_id` (else the username) and `active` (else true). A line that is wrong stops the import
    /// before anything is written. Names that are taken are reported and left alone.
    Import {
        /// JSON lines; `-` reads standard input
        file: PathBuf,
    },
    /// List the accounts
    List,
    /// Set a new password; every token of the user ends
    Passwd {
        /// The user
        name: String,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Give another role, superadmin included; every token of the user ends
    Role {
        /// The user
        name: String,
        /// The new role
        role: Role,
    },
    /// Let nobody use the account; every token of the user is refused
    Disable {
        /// The user
        name: String,
    },
    /// Let the account be used again; tokens from before stay refused
    Enable {
        /// The user
        name: String,
    },
    /// Delete the account; every token of the user is refused
    Delete {
        /// The user
        name: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}
