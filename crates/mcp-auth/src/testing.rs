//! For tests of services built on this crate: a clock that stands still, randomness that repeats, an audit that
//! remembers, a forge that makes a token with any one defect, hostile tokens and bad secrets as data, the contract of
//! revocation stores, and the names of a crate's public types.
//!
//! Behind the feature `testing`; keep it out of production builds.

mod attacks;
mod bad_secrets;
mod contract;
mod doubles;
mod forge;
mod public_types;

pub use self::attacks::{Attack, AttackSetting, attacks};
pub use self::bad_secrets::{BadSecret, Outcome, bad_secrets};
pub use self::contract::{StoreUnderTest, revocation_contract};
pub use self::doubles::{FixedClock, MemoryAudit, SequenceRandom};
pub use self::forge::{Forge, Signature};
pub use self::public_types::public_types;
