//! A cluster of primaries and replicas.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::host::Host;
use crate::node::Node;
use crate::options::Options;
use crate::wait;

/// How long the nodes may take to find each other, or to fail over.
const AGREE: Duration = Duration::from_secs(30);

/// How long a node is silent until the others call it down.
const TIMEOUT_MS: u32 = 1_000;

const SLOTS: usize = 16_384;

/// A cluster: the first half of the engines begin as primaries with an equal share of the slots, each of the others
/// as the replica of one of them.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Node>,
}

impl Cluster {
    /// Starts one engine on each of `hosts` (six for three primaries with a replica each), and waits until every one
    /// of them says that the cluster is well.
    ///
    /// # Errors
    ///
    /// An engine does not start, or they form no cluster within 30 s.
    pub fn start(options: &Options, hosts: &[Host]) -> Result<Self> {
        let start = |host| options.clone().clustered(TIMEOUT_MS).on(host).start();
        let cluster = Self { nodes: hosts.iter().map(start).collect::<Result<_>>()? };
        cluster.introduce()?;
        cluster.share_slots()?;
        cluster.replicate()?;
        wait::until("the cluster to be well", AGREE, || {
            cluster.nodes.iter().try_for_each(is_well)
        })?;
        Ok(cluster)
    }

    /// All engines, in the order of their hosts.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// All engines, to kill, pause and restart.
    pub fn nodes_mut(&mut self) -> &mut [Node] {
        &mut self.nodes
    }

    /// The slot of a key.
    ///
    /// # Errors
    ///
    /// The first engine that runs does not say.
    pub fn slot(&self, key: &str) -> Result<usize> {
        let told =
            self.nodes.iter().find_map(|node| node.glance(&["CLUSTER", "KEYSLOT", key]).ok());
        Ok(told.context("no engine answers")?.to_string().parse()?)
    }

    /// The place of the primary that serves a slot, as it says itself. Of several (a deposed primary does not know
    /// that it is), the one of the latest epoch.
    ///
    /// # Errors
    ///
    /// None of those that answer does.
    pub fn serving(&self, slot: usize) -> Result<usize> {
        let views =
            (0..).zip(&self.nodes).filter_map(|(at, node)| Some((at, View::of(node).ok()?)));
        let claims = views.filter(|(_, view)| view.serves(slot));
        let latest = claims.max_by_key(|(_, view)| view.epoch);
        Ok(latest.with_context(|| format!("no primary serves slot {slot}"))?.0)
    }

    /// Moves a slot with its keys to the primary at `to`, as resharding does; `halfway` is called when some of its keys may be at
    /// either place, and none is moved yet.
    ///
    /// # Errors
    ///
    /// An engine refuses a step.
    pub fn move_slot(&self, slot: usize, to: usize, halfway: impl FnOnce()) -> Result<()> {
        let from = self.nodes.get(self.serving(slot)?).context("it serves")?;
        let to = self.nodes.get(to).context("no such engine")?;
        let id = |node: &Node| node.ask(&["CLUSTER", "MYID"])?.into_text();
        let (slot, from_id, to_id) = (slot.to_string(), id(from)?, id(to)?);
        to.ask(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from_id])?.into_text()?;
        from.ask(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to_id])?.into_text()?;
        halfway();
        let (host, port) = (to.address().ip().to_string(), to.address().port().to_string());
        loop {
            let told = from.ask(&["CLUSTER", "GETKEYSINSLOT", &slot, "100"])?;
            let keys: Vec<_> = told.items().iter().map(ToString::to_string).collect();
            if keys.is_empty() {
                break;
            }
            let mut migrate = vec!["MIGRATE", &host, &port, "", "0", "5000", "KEYS"];
            migrate.extend(keys.iter().map(String::as_str));
            from.ask(&migrate)?.into_text()?;
        }
        for node in [to, from].into_iter().chain(&self.nodes) {
            if View::of(node)?.is_primary {
                node.ask(&["CLUSTER", "SETSLOT", &slot, "NODE", &to_id])?.into_text()?;
            }
        }
        Ok(())
    }

    /// Waits until another engine than `old` serves the slot. Answers with its place.
    ///
    /// # Errors
    ///
    /// Not within 30 s.
    pub fn await_failover(&self, slot: usize, old: usize) -> Result<usize> {
        wait::until("the failover", AGREE, || {
            let new = self.serving(slot)?;
            ensure!(new != old, "{old} still serves slot {slot}");
            Ok(new)
        })
    }

    /// Waits until every engine that answers says that the cluster is well, and every replica follows.
    ///
    /// # Errors
    ///
    /// Not within 30 s.
    pub fn await_ok(&self) -> Result<()> {
        let answering = || self.nodes.iter().filter(|node| node.answers());
        wait::until("the cluster to be well", AGREE, || answering().try_for_each(is_well))
    }

    /// Each has an epoch of its own from the start, so that they need not settle who has which.
    fn introduce(&self) -> Result<()> {
        let (first, others) = self.nodes.split_first().context("a cluster needs hosts")?;
        for (epoch, node) in (1..).zip(&self.nodes) {
            node.ask(&["CLUSTER", "SET-CONFIG-EPOCH", &u64::to_string(&epoch)])?;
        }
        for other in others {
            let (ip, port) = (other.address().ip().to_string(), other.address().port().to_string());
            let bus = other.bus().context("an engine of a cluster has a bus")?.port().to_string();
            first.ask(&["CLUSTER", "MEET", &ip, &port, &bus])?;
        }
        wait::until("the engines to meet", AGREE, || {
            self.nodes.iter().try_for_each(|node| knows(node, self.nodes.len()))
        })
    }

    fn share_slots(&self) -> Result<()> {
        let primaries = self.nodes.len() / 2;
        for (at, node) in self.nodes.iter().take(primaries).enumerate() {
            let first = (at * SLOTS / primaries).to_string();
            let last = ((at + 1) * SLOTS / primaries - 1).to_string();
            node.ask(&["CLUSTER", "ADDSLOTSRANGE", &first, &last])?;
        }
        Ok(())
    }

    fn replicate(&self) -> Result<()> {
        let (primaries, replicas) = self.nodes.split_at(self.nodes.len() / 2);
        for (primary, replica) in primaries.iter().zip(replicas) {
            let id = primary.ask(&["CLUSTER", "MYID"])?.into_text()?;
            replica.ask(&["CLUSTER", "REPLICATE", &id])?;
        }
        Ok(())
    }
}

/// What an engine says of itself: `id address flags primary ping pong epoch link slots..`.
struct View {
    is_primary: bool,
    epoch: u64,
    slots: Vec<(usize, usize)>,
}

impl View {
    fn of(node: &Node) -> Result<Self> {
        let told = node.glance(&["CLUSTER", "NODES"])?.into_text()?;
        Self::read(&told).with_context(|| format!("no `myself` in `{told}`"))
    }

    fn read(told: &str) -> Option<Self> {
        let own = told.lines().find(|line| line.contains("myself"))?;
        let words: Vec<_> = own.split_whitespace().collect();
        let range = |word: &&str| {
            let (first, last) = word.split_once('-').unwrap_or((word, word));
            Some((first.parse().ok()?, last.parse().ok()?))
        };
        Some(Self {
            is_primary: words.get(2)?.split(',').any(|flag| flag == "master"),
            epoch: words.get(6)?.parse().ok()?,
            slots: words.iter().skip(8).filter_map(range).collect(),
        })
    }

    fn serves(&self, slot: usize) -> bool {
        self.is_primary && self.slots.iter().any(|(first, last)| (*first..=*last).contains(&slot))
    }
}

fn knows(node: &Node, count: usize) -> Result<()> {
    let told = node.glance(&["CLUSTER", "NODES"])?.into_text()?;
    let met =
        told.lines().filter(|line| !line.contains("handshake") && line.contains(" connected"));
    let met = met.count();
    ensure!(met == count, "{} has met {met} of {count}", node.address());
    Ok(())
}

fn is_well(node: &Node) -> Result<()> {
    let state = node.glance(&["CLUSTER", "INFO"])?.into_text()?;
    ensure!(state.contains("cluster_state:ok"), "{} says: {state}", node.address());
    let replication = node.glance(&["INFO", "replication"])?.into_text()?;
    if replication.contains("master_link_status:down") {
        bail!("{} does not follow its primary", node.address());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_read_from_its_own_line() {
        let told = "a 127.0.0.1:1@2 master - 0 5 9 connected 0-1\n\
            b 127.0.0.1:3@4 myself,master - 0 0 2 connected 5-9 12 [13->-a]\n";
        let view = View::read(told).unwrap();
        assert_eq!((view.epoch, &view.slots[..]), (2, &[(5, 9), (12, 12)][..]));
        assert!(view.serves(12) && view.serves(5) && !view.serves(0) && !view.serves(13));
        let replica = told.replace("myself,master -", "myself,slave a");
        assert!(!View::read(&replica).unwrap().serves(5));
        assert!(View::read("a 127.0.0.1:1@2 master - 0 5 9 connected").is_none());
    }
}
