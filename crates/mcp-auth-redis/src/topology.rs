//! Who is the primary of what. Found anew whenever a node says, or its silence does, that it is no longer so.

mod cluster;
mod replicas;
mod sentinel;

use crate::access::Access;
use crate::address::Address;
use crate::failure::Failure;
use crate::slot::Slot;
use crate::url::{Kind, StoreUrl};

pub(crate) use self::replicas::Replicas;

/// The primaries, as they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) primaries: Vec<Primary>,
    /// Nodes of a cluster that were never seen with slots or a primary.
    spares: Vec<Address>,
}

/// A node that takes writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Primary {
    pub(crate) address: Address,
    /// The slots that it has: first and last of each range.
    pub(crate) slots: Vec<(Slot, Slot)>,
    /// Its replicas when all of its set are there.
    pub(crate) replicas: Replicas,
}

impl Layout {
    /// The primary that has this slot.
    pub(crate) fn primary_of(&self, slot: Slot) -> Result<&Primary, Failure> {
        let has = |primary: &&Primary| {
            primary.slots.iter().any(|(first, last)| (*first..=*last).contains(&slot))
        };
        let found = self.primaries.iter().find(has);
        found.ok_or_else(|| Failure::NoPrimary(format!("slot {} is served by nobody", slot.0)))
    }

    fn of_one(address: Address, replicas: Replicas) -> Self {
        let slots = vec![(Slot(0), Slot::LAST)];
        Self { primaries: vec![Primary { address, slots, replicas }], spares: Vec::new() }
    }
}

/// Finds the primaries.
#[derive(Debug)]
pub(crate) struct Topology {
    url: StoreUrl,
    nodes: Access,
    sentinels: Access,
}

impl Topology {
    pub(crate) fn new(url: StoreUrl) -> Result<Self, Failure> {
        let nodes = Access::to_nodes(&url)?;
        let sentinels = nodes.to_sentinels(&url);
        Ok(Self { url, nodes, sentinels })
    }

    /// How to get in to the nodes.
    pub(crate) fn access(&self) -> &Access {
        &self.nodes
    }

    pub(crate) fn url(&self) -> &StoreUrl {
        &self.url
    }

    /// Looks; `known` is what was found last, whose nodes may know more than those of the URL.
    pub(crate) async fn find(&self, known: &Layout) -> Result<Layout, Failure> {
        let mut layout = match &self.url.kind {
            Kind::Standalone => self.standalone()?,
            Kind::Sentinel { master, .. } => {
                sentinel::find(&self.sentinels, &self.url.nodes, master).await?
            }
            Kind::Cluster => cluster::find(&self.nodes, &self.url.nodes, known).await?,
        };
        for primary in &mut layout.primaries {
            primary.replicas = std::mem::take(&mut primary.replicas).told(self.url.replicas);
        }
        Ok(layout)
    }

    /// Who may take over from a primary that these follow now.
    pub(crate) fn heirs(&self, primary: &Primary, following: &[Address]) -> Replicas {
        match self.url.kind {
            // Nobody promotes the replicas of a node that stands alone.
            Kind::Standalone => primary.replicas.clone(),
            Kind::Sentinel { .. } | Kind::Cluster => primary.replicas.and(following),
        }
    }

    fn standalone(&self) -> Result<Layout, Failure> {
        let nowhere = || Failure::NoPrimary("the URL names no node".to_owned());
        let address = self.url.nodes.first().ok_or_else(nowhere)?;
        Ok(Layout::of_one(address.clone(), Replicas::default()))
    }
}
