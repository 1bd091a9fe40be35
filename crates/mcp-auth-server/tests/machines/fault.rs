//! Ways to fail, and back.

use std::fmt;

use anyhow::Result;
use mcp_auth_rig::Namespaces;

use crate::engines::Topology;
use crate::stage::{GATEWAYS, Stage};

/// What happens. The gateway that it befalls is the first, and so is the primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// SIGKILL, and later a start over its data.
    KillPrimary,
    KillReplica,
    KillGateway,
    /// SIGSTOP, and later SIGCONT: what came meanwhile is worked off then.
    PausePrimary,
    PauseReplica,
    PauseGateway,
    /// SIGKILL, and at once a start without any data.
    RestartEmpty,
    /// All data are removed.
    Flush,
    /// Another machine takes over while all are well.
    FailOver,
    /// Between the gateway and all engines, no packet passes.
    CutGateway,
    /// What the gateway sends to the engines is lost.
    MuteGateway,
    /// What the engines send to the gateway is lost.
    DeafenGateway,
    /// Between the primary and everybody else, no packet passes.
    CutPrimary,
    /// The primary and the gateway are cut off from all others, and not from each other.
    SplitPrimary,
    /// What the primary sends to the other engines is lost.
    MutePrimary,
}

impl Fault {
    /// Whether machines need a network that can be cut.
    pub(crate) fn is_of_network(self) -> bool {
        use Fault::{
            CutGateway, CutPrimary, DeafenGateway, MuteGateway, MutePrimary, SplitPrimary,
        };
        matches!(
            self,
            CutGateway | MuteGateway | DeafenGateway | CutPrimary | SplitPrimary | MutePrimary
        )
    }

    /// Whether the engine forgets what it had acknowledged.
    pub(crate) fn loses_data(self) -> bool {
        matches!(self, Self::RestartEmpty | Self::Flush)
    }

    /// Whether another machine takes over from the primary.
    pub(crate) fn deposes(self) -> bool {
        use Fault::{CutPrimary, KillPrimary, PausePrimary, SplitPrimary};
        matches!(self, KillPrimary | PausePrimary | CutPrimary | SplitPrimary)
    }

    /// Whether it lasts until it is undone.
    pub(crate) fn lasts(self) -> bool {
        !matches!(self, Self::RestartEmpty | Self::Flush | Self::FailOver)
    }

    /// The gateways that reach nothing of the engine meanwhile.
    pub(crate) fn cuts_off(self, topology: Topology) -> &'static [&'static str] {
        let is_alone = topology == Topology::Standalone;
        match self {
            Self::CutGateway | Self::MuteGateway | Self::DeafenGateway => &GATEWAYS[..1],
            Self::KillPrimary | Self::PausePrimary | Self::CutPrimary if is_alone => GATEWAYS,
            _ => &[],
        }
    }

    /// The gateways that answer nobody meanwhile.
    pub(crate) fn silences(self) -> &'static [&'static str] {
        match self {
            Self::KillGateway | Self::PauseGateway => &GATEWAYS[..1],
            _ => &[],
        }
    }

    pub(crate) fn make(self, stage: &mut Stage) -> Result<()> {
        let replica = stage.engines.replica();
        match self {
            Self::KillPrimary => stage.engines.node(0).kill9(),
            Self::KillReplica => stage.engines.node(replica).kill9(),
            Self::KillGateway => stage.gateways[0].kill9(),
            Self::PausePrimary => stage.engines.node(0).pause()?,
            Self::PauseReplica => stage.engines.node(replica).pause()?,
            Self::PauseGateway => stage.gateways[0].pause()?,
            Self::RestartEmpty => stage.engines.node(0).restart_empty()?,
            Self::Flush => stage.flush()?,
            Self::FailOver => stage.engines.fail_over()?,
            _ => self.cut(stage)?,
        }
        Ok(())
    }

    fn cut(self, stage: &Stage) -> Result<()> {
        let (network, machines) = (stage.network()?, stage.machines());
        let others = &machines[1..];
        match self {
            Self::CutGateway => network.split(&["a"], &machines),
            Self::MuteGateway => {
                machines.iter().try_for_each(|machine| network.cut_one_way("a", machine))
            }
            Self::DeafenGateway => {
                machines.iter().try_for_each(|machine| network.cut_one_way(machine, "a"))
            }
            Self::CutPrimary => network.split(&machines[..1], &[GATEWAYS, others].concat()),
            Self::SplitPrimary => network.split(&["a", "e0"], &[&["b", "c"], others].concat()),
            _ => others.iter().try_for_each(|machine| network.cut_one_way("e0", machine)),
        }
    }

    pub(crate) fn undo(self, stage: &mut Stage) -> Result<()> {
        let replica = stage.engines.replica();
        match self {
            Self::KillPrimary => stage.engines.node(0).restart()?,
            Self::KillReplica => stage.engines.node(replica).restart()?,
            Self::KillGateway => stage.gateways[0].start_again()?,
            Self::PausePrimary => stage.engines.node(0).resume()?,
            Self::PauseReplica => stage.engines.node(replica).resume()?,
            Self::PauseGateway => stage.gateways[0].resume()?,
            fault if fault.is_of_network() => stage.network().and_then(Namespaces::heal)?,
            _ => {}
        }
        stage.engines.await_whole()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::KillPrimary => "kill -9 of the primary",
            Self::KillReplica => "kill -9 of a replica",
            Self::KillGateway => "kill -9 of a gateway",
            Self::PausePrimary => "SIGSTOP of the primary",
            Self::PauseReplica => "SIGSTOP of a replica",
            Self::PauseGateway => "SIGSTOP of a gateway",
            Self::RestartEmpty => "restart of the primary without data",
            Self::Flush => "FLUSHALL",
            Self::FailOver => "failover",
            Self::CutGateway => "gateway cut off",
            Self::MuteGateway => "gateway not heard",
            Self::DeafenGateway => "gateway hears nothing",
            Self::CutPrimary => "primary cut off",
            Self::SplitPrimary => "primary cut off with a gateway",
            Self::MutePrimary => "primary not heard by replicas",
        })
    }
}
