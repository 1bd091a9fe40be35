//! Authentication for MCP (Model Context Protocol) servers in front of any HTTP service that speaks
//! [tower](tower_service::Service): axum, plain hyper, `rmcp`'s streamable HTTP service.
//!
//! A request comes in with an `Authorization` header. It leaves with a [`Caller`](mcp_auth::validate::Caller) in its
//! extensions and without the header, or is answered with a refusal. The decision is [`mcp_auth::Gate`]'s; this
//! crate has none of its own.
//!
//! From the outside in:
//!
//! | layer | puts into the request's extensions |
//! |---|---|
//! | [`ClientAddressLayer`] | [`ClientAddress`], from [`PeerAddress`] and the [`TrustedProxies`] |
//! | [`RequestIdLayer`] | [`RequestId`] |
//! | [`AuthLayer`] | [`Caller`](mcp_auth::validate::Caller) |
//! | [`RequireRole`] | nothing; the caller's role suffices |
//! | [`RequireAction`] | `Arc<`[`Permit`](mcp_auth::validate::Permit)`>`, permission for this one action |
//! | [`BindSession`] | nothing; the MCP session is the caller's own |
//!
//! [`SharedGate`] is the handle by which the layers reach the gate and an operator replaces it. [`refusal_response`]
//! is the one place where a refusal becomes HTTP; [`Check`] is how a check of your own joins the layers.
//! The feature `axum` adds extractors, in `axum`.

mod address;
mod auth;
#[cfg(feature = "axum")]
pub mod axum;
mod body;
mod caller;
mod check;
mod origin;
mod proxies;
mod refusal;
mod request_id;
mod require;
mod session;
mod shared_gate;

pub use self::address::{ClientAddressLayer, ClientAddressService};
pub use self::auth::{AuthFuture, AuthLayer, AuthService};
pub use self::body::RefusableBody;
pub use self::caller::{known_caller, refuse_caller};
pub use self::check::{Check, Checked, CheckedFuture};
pub use self::origin::{ClientAddress, PeerAddress, RequestId, origin};
pub use self::proxies::{IllegalProxy, TrustedProxies};
pub use self::refusal::refusal_response;
pub use self::request_id::{RequestIdFuture, RequestIdLayer, RequestIdService};
pub use self::require::{RequireAction, RequireRole};
pub use self::session::{BindSession, BindSessionFuture, BindSessionService};
pub use self::shared_gate::SharedGate;

/// Compiles and runs the example in the crate's README.
#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../README.md")]
struct Readme;
