//! What the gateways share, in each of its shapes.

use std::fmt;

use anyhow::{Context as _, Result};
use mcp_auth_rig::{Cluster, Host, Node, Options, Sentinels};

/// How engines belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topology {
    /// One, with `appendfsync always`.
    Standalone,
    /// A primary and two replicas under three sentinels.
    Sentinel,
    /// Three primaries with a replica each.
    Cluster,
}

/// Engines that run.
#[derive(Debug)]
pub(crate) enum Engines {
    One(Box<Node>),
    Watched(Box<Sentinels>),
    Many(Cluster),
}

impl Topology {
    /// How many machines it takes.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::Standalone => 1,
            Self::Sentinel => 3,
            Self::Cluster => 6,
        }
    }
}

impl fmt::Display for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Standalone => "standalone",
            Self::Sentinel => "sentinel",
            Self::Cluster => "cluster",
        })
    }
}

impl Engines {
    /// Starts them on these machines, as many as the topology takes.
    pub(crate) fn start(topology: Topology, options: &Options, hosts: &[Host]) -> Result<Self> {
        Ok(match topology {
            Topology::Standalone => Self::One(Box::new(options.clone().on(&hosts[0]).start()?)),
            Topology::Sentinel => Self::Watched(Box::new(Sentinels::start(options, hosts, hosts)?)),
            Topology::Cluster => Self::Many(Cluster::start(options, hosts)?),
        })
    }

    /// `MCP_STORE_URL`, with these settings.
    pub(crate) fn url(&self, settings: &str) -> String {
        let list = |nodes: &[Node]| {
            let addresses = nodes.iter().map(|node| node.address().to_string());
            addresses.collect::<Vec<_>>().join(",")
        };
        match self {
            Self::One(node) => format!("redis://{}?{settings}", node.address()),
            Self::Watched(sentinels) => {
                let (nodes, name) = (list(sentinels.nodes()), Sentinels::NAME);
                format!("redis+sentinel://{nodes}?master={name}&{settings}")
            }
            Self::Many(cluster) => format!("redis+cluster://{}?{settings}", list(cluster.nodes())),
        }
    }

    /// The first machine that takes writes at the start, and what replicates it.
    pub(crate) fn node(&mut self, which: usize) -> &mut Node {
        match self {
            Self::One(node) => node,
            Self::Watched(sentinels) => &mut sentinels.engines_mut().nodes_mut()[which],
            Self::Many(cluster) => &mut cluster.nodes_mut()[which],
        }
    }

    /// The place of a replica of the first machine.
    pub(crate) fn replica(&self) -> usize {
        if matches!(self, Self::Many(_)) { 3 } else { 1 }
    }

    /// Waits until another machine has taken over from the first; one that stands alone is waited for in vain.
    pub(crate) fn await_failover(&self) -> Result<()> {
        match self {
            Self::One(_) => Ok(()),
            Self::Watched(sentinels) => sentinels.await_failover(0).map(drop),
            Self::Many(cluster) => cluster.await_failover(0, 0).map(drop),
        }
    }

    /// Lets another machine take over while all are well.
    pub(crate) fn fail_over(&mut self) -> Result<()> {
        match self {
            Self::One(_) => Ok(()),
            Self::Watched(sentinels) => sentinels.failover().map(drop),
            Self::Many(cluster) => {
                let replica = cluster.nodes().get(3).context("a replica")?;
                replica.ask(&["CLUSTER", "FAILOVER"])?;
                cluster.await_failover(0, 0).map(drop)
            }
        }
    }

    /// Waits until all of them are one again.
    pub(crate) fn await_whole(&self) -> Result<()> {
        match self {
            Self::One(node) => node.ask(&["PING"]).map(drop),
            Self::Watched(sentinels) => sentinels.await_settled().map(drop),
            Self::Many(cluster) => cluster.await_ok(),
        }
    }
}
