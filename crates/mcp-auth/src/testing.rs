//! For tests of services built on this crate: a clock that stands still, randomness that repeats, an audit that
//! remembers.
//!
//! Behind the feature `testing`; keep it out of production builds.

mod doubles;

pub use self::doubles::{FixedClock, MemoryAudit, SequenceRandom};
