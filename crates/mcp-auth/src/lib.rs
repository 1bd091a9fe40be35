//! Server-side authentication for MCP (Model Context Protocol) servers: issue tokens, validate them, say why one is
//! refused, revoke, and authorise.
//!
//! A JWT comes in as the text of an `Authorization` header and leaves as a [`Permit`](validate::Permit) to do one
//! thing. There is no HTTP in this crate, no async runtime, no environment and no clock of its own, so it fits a
//! thread, a task or a command line alike.
//!
//! ```
//! use mcp_auth::action::CallTool;
//! use mcp_auth::issue::{Issuer, NewToken};
//! use mcp_auth::keys::{Algorithm, KeyRing, SigningKey};
//! use mcp_auth::secret::Secret;
//! use mcp_auth::validate::{Rules, Validator};
//! use mcp_auth::{Gate, Origin};
//! use std::sync::Arc;
//!
//! let secret = Secret::from_text("3d1f0b7c9e8a4625b1c0d9e8f7a6b5c4")?; // from your configuration
//! let keys = Arc::new(KeyRing::new(SigningKey::from_secret(Algorithm::Hs256, &secret)?));
//! let issued = Issuer::new(keys.clone())?.issue(&NewToken::access("alice"))?;
//!
//! let gate = Gate::new(Validator::new(keys, Rules::default()));
//! let header = format!("Bearer {}", issued.token.expose());
//! let caller = gate.authenticate(Some(header.as_bytes()), &Origin::default())?;
//! let call = CallTool { server: "filesystem".into(), tool: "read_file".into() };
//! let permit = gate.authorize(&caller, call, &Origin::default())?;
//! assert_eq!(permit.caller().user_id(), "alice");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A token's way through the crate
//!
//! [`validate`] is the road: each of its stages takes what the stage before returned. [`Gate`] walks it to the end
//! and puts every exit on the audit; [`report`] walks it without stopping and explains. [`issue`] makes tokens,
//! [`settings`] reads the environment's variables.
//!
//! The things on the road: [`claims`], [`keys`], [`secret`], [`clock`], [`store`] (revocations), [`roles`],
//! [`action`] and [`policy`], [`refusal`] (the one table of codes), [`audit`].

pub mod action;
pub mod audit;
pub mod claims;
pub mod clock;
mod gate;
pub mod issue;
mod json;
pub mod keys;
pub mod policy;
pub mod random;
pub mod refusal;
pub mod report;
pub mod roles;
pub mod secret;
pub mod settings;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;
mod token;
pub mod validate;

pub use gate::{Gate, Origin, Refused};
pub use token::Token;

/// Compiles and runs the example in the crate's README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
