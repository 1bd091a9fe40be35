//! What has to hold in every state, and what has to be possible lest the rest hold for nothing.
//!
//! A request can come at any moment. So each property looks at what a request would be answered in the state.

use stateright::Property;

use crate::origin::Level;
use crate::protocol::{Protocol, State};
use crate::reader::{DELTA, Verdict};

/// No token is accepted later than `DELTA` after its revocation was acknowledged with the bound, as long as all nodes
/// that confirmed it and the primary elected last hold it. What breaks this is a stale primary.
pub(crate) const BOUND_WHERE_KEPT: &str = "P1 while the engine keeps what it acknowledged";
/// The same after one of them dropped it: it was rolled back.
pub(crate) const BOUND_WHERE_LOST: &str = "P1 after the engine lost what it acknowledged";
/// The gateway that answered the revocation, at whichever level, refuses the token.
pub(crate) const OWN_NODE: &str = "P2 the revoking node refuses at once";
/// A gateway that refused the token as revoked does not accept it later.
pub(crate) const NEVER_BACK: &str = "P3 never un-revoked on a node";
/// Nothing is refused as revoked that nobody revoked.
pub(crate) const NOTHING_FALSE: &str = "P4 no false revoked";
/// Nothing is accepted `DELTA` after the start of the last round that was answered.
pub(crate) const FAILS_CLOSED: &str = "P7 fails closed";

/// A revocation that was acknowledged without the bound may take longer than the bound.
pub(crate) const LOWER_IS_NO_BOUND: &str = "a lower level promises no bound";
/// Work is possible: a revocation is acknowledged with the bound, and the other gateway has it.
pub(crate) const ARRIVES: &str = "a revocation acknowledged with the bound arrives";
/// A revocation that the engine lost is there again.
pub(crate) const COMES_BACK: &str = "a lost revocation comes back";

type Condition = fn(&Protocol, &State) -> bool;

const ALWAYS: [(&str, Condition); 6] = [
    (BOUND_WHERE_KEPT, |protocol, state| {
        state.was_lost || !accepts_after(protocol, state, Level::Bound)
    }),
    (BOUND_WHERE_LOST, |protocol, state| {
        !state.was_lost || !accepts_after(protocol, state, Level::Bound)
    }),
    (OWN_NODE, |_, state| {
        state.origin.answer.is_none() || state.origin.verdict() == Verdict::Revoked
    }),
    (NEVER_BACK, |protocol, state| !state.reader.refused || !accepts(protocol, state)),
    (NOTHING_FALSE, |protocol, state| {
        state.origin.journalled || state.reader.verdict(protocol) != Verdict::Revoked
    }),
    (FAILS_CLOSED, |protocol, state| state.reader.heard < DELTA || !accepts(protocol, state)),
];

const SOMETIMES: [(&str, Condition); 3] = [
    (LOWER_IS_NO_BOUND, |protocol, state| accepts_after(protocol, state, Level::Lower)),
    (ARRIVES, |_, state| state.origin.age(Level::Bound).is_some() && state.reader.refused),
    (COMES_BACK, |_, state| state.was_lost && state.engine.newest_holds()),
];

pub(crate) fn all() -> Vec<Property<Protocol>> {
    let always = ALWAYS.map(|(name, condition)| Property::always(name, condition));
    let sometimes = SOMETIMES.map(|(name, condition)| Property::sometimes(name, condition));
    always.into_iter().chain(sometimes).collect()
}

fn accepts(protocol: &Protocol, state: &State) -> bool {
    state.reader.verdict(protocol) == Verdict::Accepted
}

/// A request is accepted although the revocation was acknowledged at this level `DELTA` ago.
fn accepts_after(protocol: &Protocol, state: &State, level: Level) -> bool {
    let is_over = state.origin.age(level).is_some_and(|age| age >= DELTA);
    is_over && accepts(protocol, state)
}
