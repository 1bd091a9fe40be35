//! The table of what happens to whom.

use crate::engines::Topology::{self, Cluster, Sentinel, Standalone};
use crate::fault::Fault;

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) topology: Topology,
    pub(crate) fault: Fault,
    pub(crate) clocks: Clocks,
}

/// Whose calendar is wrong, by how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clocks {
    Right,
    /// That of the first gateway.
    Gateway(&'static str),
    /// Those of all engines.
    Engines(&'static str),
}

const fn line(topology: Topology, fault: Fault) -> Scenario {
    Scenario { topology, fault, clocks: Clocks::Right }
}

const fn with(clocks: Clocks, topology: Topology, fault: Fault) -> Scenario {
    Scenario { topology, fault, clocks }
}

const AHEAD: &str = "+3600s";
const BEHIND: &str = "-3600s";

/// All of it, for `cargo xtask test --faults`.
pub(crate) const MATRIX: &[Scenario] = &[
    line(Standalone, Fault::KillPrimary),
    line(Standalone, Fault::PausePrimary),
    line(Standalone, Fault::RestartEmpty),
    line(Standalone, Fault::Flush),
    line(Standalone, Fault::KillGateway),
    line(Standalone, Fault::PauseGateway),
    line(Standalone, Fault::CutGateway),
    line(Standalone, Fault::MuteGateway),
    line(Standalone, Fault::DeafenGateway),
    line(Standalone, Fault::CutPrimary),
    with(Clocks::Gateway(AHEAD), Standalone, Fault::KillPrimary),
    with(Clocks::Gateway(BEHIND), Standalone, Fault::KillPrimary),
    with(Clocks::Engines(AHEAD), Standalone, Fault::KillPrimary),
    with(Clocks::Engines(BEHIND), Standalone, Fault::KillPrimary),
    line(Sentinel, Fault::KillPrimary),
    line(Sentinel, Fault::KillReplica),
    line(Sentinel, Fault::PausePrimary),
    line(Sentinel, Fault::PauseReplica),
    line(Sentinel, Fault::FailOver),
    line(Sentinel, Fault::RestartEmpty),
    line(Sentinel, Fault::Flush),
    line(Sentinel, Fault::KillGateway),
    line(Sentinel, Fault::PauseGateway),
    line(Sentinel, Fault::CutGateway),
    line(Sentinel, Fault::MuteGateway),
    line(Sentinel, Fault::DeafenGateway),
    line(Sentinel, Fault::CutPrimary),
    line(Sentinel, Fault::SplitPrimary),
    line(Sentinel, Fault::MutePrimary),
    with(Clocks::Gateway(AHEAD), Sentinel, Fault::KillPrimary),
    with(Clocks::Engines(BEHIND), Sentinel, Fault::KillPrimary),
    line(Cluster, Fault::KillPrimary),
    line(Cluster, Fault::KillReplica),
    line(Cluster, Fault::PausePrimary),
    line(Cluster, Fault::FailOver),
    line(Cluster, Fault::Flush),
    line(Cluster, Fault::KillGateway),
    line(Cluster, Fault::CutGateway),
    line(Cluster, Fault::CutPrimary),
    line(Cluster, Fault::SplitPrimary),
    line(Cluster, Fault::MutePrimary),
];

/// On Valkey, in every run of the tests.
pub(crate) const USUAL_ON_VALKEY: Scenario = line(Standalone, Fault::KillPrimary);

/// On Redis, in every run of the tests.
pub(crate) const USUAL_ON_REDIS: Scenario = line(Sentinel, Fault::KillPrimary);
