//! What several gateways answered, as their clients saw it, checked against what mcp-auth promises.
//!
//! A test over real processes writes a [`Record`] for every operation, with the time before the request was sent and
//! the time after the answer came, all on one machine's clock. [`check_all`] judges the whole afterwards. The checks know
//! nothing of gateways or engines, and an operation counts only for what every order of events within its two times
//! allows: where the times leave a doubt, nobody is blamed.
//!
//! | check | what holds |
//! |---|---|
//! | [`bound`] | P1: after a revocation's bound is over, no node accepts what it covers |
//! | [`own_node`] | P2: the node that answered the revocation refuses at once |
//! | [`never_back`] | P3: what a node refused as revoked, it does not accept later |
//! | [`nothing_false`] | P4: nothing is refused as revoked that nobody revoked |
//! | [`families`] | P5: a refresh token has one successor |
//! | [`audited`] | P6: what was acknowledged is in the audit |
//! | [`fails_closed`] | P7: without the engine, nothing is accepted after the lease |
//! | [`available`] | P8: while the engine is healthy, no answer is 503 |

mod check;
mod cover;
mod lines;
mod record;
mod windows;

pub use check::{
    Limits, Property, Violation, audited, available, bound, check_all, fails_closed, families,
    never_back, nothing_false, own_node,
};
pub use lines::{ReadError, read, write};
pub use record::{
    AdmitAnswer, Audited, Durability, Operation, Record, RefreshAnswer, RevokeAnswer, Target, Token,
};
