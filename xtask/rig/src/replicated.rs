//! A primary and its replicas.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::host::Host;
use crate::node::Node;
use crate::options::Options;
use crate::wait;

/// How long a replica may take to get all data and follow.
const SYNC: Duration = Duration::from_secs(15);

/// Engines of which one is the primary: the first, until somebody fails over.
#[derive(Debug)]
pub struct Replicated {
    nodes: Vec<Node>,
}

impl Replicated {
    /// Starts one engine on each of `hosts`, the first as the primary, and waits until the others follow it.
    ///
    /// # Errors
    ///
    /// `hosts` is empty, an engine does not start, or one does not follow within 15 s.
    pub fn start(options: &Options, hosts: &[Host]) -> Result<Self> {
        let (first, others) = hosts.split_first().context("a primary needs a host")?;
        let primary = options.clone().on(first).start()?;
        let (ip, port) = (primary.address().ip().to_string(), primary.address().port().to_string());
        let follower = options.clone().set("replicaof", &format!("{ip} {port}"));
        let mut nodes = vec![primary];
        for host in others {
            nodes.push(follower.clone().on(host).start()?);
        }
        let replicated = Self { nodes };
        wait::until("the replicas to follow", SYNC, || replicated.follow(0, |_| true))?;
        Ok(replicated)
    }

    /// All engines, in the order of their hosts.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// All engines, to kill, pause and restart.
    pub fn nodes_mut(&mut self) -> &mut [Node] {
        &mut self.nodes
    }

    /// Waits until every engine that answers follows `primary`, and has all its data.
    ///
    /// # Errors
    ///
    /// Not within 15 s.
    pub fn await_sync(&self, primary: usize) -> Result<()> {
        wait::until("the replicas to follow", SYNC, || self.check_sync(primary))
    }

    pub(crate) fn check_sync(&self, primary: usize) -> Result<()> {
        self.follow(primary, Node::answers)
    }

    /// Whether those engines that matter follow the primary, and it knows of no other that does.
    fn follow(&self, primary: usize, matters: impl Fn(&Node) -> bool) -> Result<()> {
        let lead = self.nodes.get(primary).with_context(|| format!("no engine {primary}"))?;
        let others = self.nodes.iter().enumerate().filter(|(at, _)| *at != primary);
        let others: Vec<_> = others.map(|(_, node)| node).filter(|node| matters(node)).collect();
        others.iter().try_for_each(|node| follows(node, lead))?;
        let (online, all) = (told(lead)?.matches("state=online").count(), others.len());
        ensure!(online == all, "{online} of {all} replicas are online");
        Ok(())
    }
}

fn told(node: &Node) -> Result<String> {
    node.glance(&["INFO", "replication"])?.into_text()
}

fn follows(node: &Node, lead: &Node) -> Result<()> {
    let told = told(node)?;
    let port = format!("master_port:{}", lead.address().port());
    let host = format!("master_host:{}", lead.address().ip());
    for wanted in ["role:slave", "master_link_status:up", &host, &port] {
        let is_so = told.lines().any(|line| line == wanted);
        ensure!(is_so, "{} does not say {wanted}", node.address());
    }
    Ok(())
}
