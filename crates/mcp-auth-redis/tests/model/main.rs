//! The protocol of revocation, in every order of its steps.
//!
//! One gateway revokes, another admits requests, and between them is an engine of three nodes with asynchronous
//! replication. Messages take any time or get lost, links are cut and heal, any replica is elected while the primary
//! that it replaces goes on, nodes lose their data, gateways restart. Time is counted in ticks, and only as far as it
//! matters, so that runs have no end: what the checker does not find does not exist at any length, with as many
//! elections and losses of data as a run names.
//!
//! | `WAIT` of a write | `WAIT` of a round | by a stale primary | by a rollback |
//! |---|---|---|---|
//! | 0 | 0 | the bound is broken | the bound is broken |
//! | 1 | 0 | the bound is broken | the bound is broken |
//! | 1 | 1 | holds | the bound is broken |
//! | 2: all replicas | 0 | holds | there is no rollback |
//!
//! The last line has two limits, and there are runs that show them: nodes that lose their data, and a coordinator that
//! sends a replica back to a deposed primary while the primary it leaves still counts it.
//!
//! The usual run takes seconds. `MCP_AUTH_TRIALS=full cargo test --release -p mcp-auth-redis --test model` allows one
//! election more everywhere. `-- --nocapture` shows the numbers of states and a way to each mistake.

#![expect(
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers of tests; the id of a node is below the size of the engine"
)]

mod engine;
mod origin;
mod properties;
mod protocol;
mod reader;

use std::collections::BTreeSet;

use stateright::{Checker, HasDiscoveries, Model as _};

use properties::{
    ARRIVES, BOUND_WHERE_KEPT, BOUND_WHERE_LOST, COMES_BACK, FAILS_CLOSED, LOWER_IS_NO_BOUND,
    NEVER_BACK, NOTHING_FALSE, OWN_NODE,
};
use protocol::{Flaw, Protocol, Reads};

type Names = BTreeSet<&'static str>;

/// Neither a node that loses its data, nor a stale order, nor a flaw.
fn mode(write_wait: usize, lease_wait: usize) -> Protocol {
    let (reads, elections) = (Reads::Primary, 1 + more());
    let (wipes, stale_orders, flaw) = (0, false, None);
    Protocol { write_wait, lease_wait, reads, elections, wipes, stale_orders, flaw }
}

/// How many elections more than usual.
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says how long they may take")]
fn more() -> u8 {
    u8::from(std::env::var("MCP_AUTH_TRIALS").is_ok_and(|size| size == "full"))
}

/// Looks at every state, and answers with the properties that are broken and the possibilities that were found.
fn explore(protocol: Protocol) -> Names {
    find(protocol, HasDiscoveries::All)
}

/// Looks until these are found.
fn search(protocol: Protocol, wanted: &[&'static str]) -> Names {
    find(protocol, HasDiscoveries::AllOf(wanted.iter().copied().collect()))
}

fn find(protocol: Protocol, until: HasDiscoveries) -> Names {
    let checker = protocol.checker().finish_when(until).spawn_bfs().join();
    println!("{protocol:?}: {} states", checker.unique_state_count());
    let found = checker.discoveries();
    for (name, path) in &found {
        println!("  {name}: {:?}", path.clone().into_actions());
    }
    found.into_keys().collect()
}

/// What every mode has to show, and these.
fn names<const N: usize>(these: [&'static str; N]) -> Names {
    [ARRIVES, LOWER_IS_NO_BOUND].into_iter().chain(these).collect()
}

#[test]
fn without_wait_the_bound_is_broken_both_ways() {
    let broken = names([BOUND_WHERE_KEPT, BOUND_WHERE_LOST, COMES_BACK]);
    assert_eq!(explore(mode(0, 0)), broken);
}

#[test]
fn a_replica_that_confirms_the_write_alone_changes_nothing() {
    let broken = names([BOUND_WHERE_KEPT, BOUND_WHERE_LOST, COMES_BACK]);
    assert_eq!(explore(mode(1, 0)), broken);
}

#[test]
fn a_majority_on_both_sides_leaves_the_rollback() {
    assert_eq!(explore(mode(1, 1)), names([BOUND_WHERE_LOST, COMES_BACK]));
}

/// Whichever node is read, because no node is without what all have confirmed.
#[test]
fn all_replicas_keep_the_bound() {
    let protocol = mode(2, 0);
    let protocol = Protocol { reads: Reads::Any, elections: 1 + protocol.elections, ..protocol };
    assert_eq!(explore(protocol), names([]));
}

/// The bound holds until a node loses its data, and what a gateway still knows comes back.
#[test]
fn the_bound_ends_where_nodes_lose_their_data() {
    let protocol = Protocol { wipes: 1, ..mode(2, 0) };
    assert_eq!(explore(protocol), names([BOUND_WHERE_LOST, COMES_BACK]));
}

#[test]
fn a_stale_order_breaks_even_what_all_confirmed() {
    let protocol = mode(2, 0);
    let elections = 1 + protocol.elections;
    let protocol = Protocol { stale_orders: true, elections, ..protocol };
    assert!(search(protocol, &[BOUND_WHERE_LOST]).contains(BOUND_WHERE_LOST));
}

/// The properties see what they are there for.
#[test]
fn every_flaw_breaks_its_property() {
    for (flaw, broken) in [
        (Flaw::LeaseFromArrival, &[BOUND_WHERE_KEPT, FAILS_CLOSED][..]),
        (Flaw::AppliedWhenWritten, &[OWN_NODE]),
        (Flaw::SetFromLog, &[NEVER_BACK]),
        (Flaw::StaleMeansRevoked, &[NOTHING_FALSE]),
        (Flaw::StaleMeansFine, &[BOUND_WHERE_KEPT, FAILS_CLOSED]),
    ] {
        let found = search(Protocol { flaw: Some(flaw), ..mode(2, 0) }, broken);
        assert!(broken.iter().all(|name| found.contains(name)), "{flaw:?}: {found:?}");
    }
}
