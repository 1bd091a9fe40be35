//! The engine: three nodes, of which one is the primary and the others copy it, each when it gets to it.
//!
//! A partition is not a state here. A link that is cut, in one direction or in both, is a step along it that is not
//! taken, and no step ever has to be. So the runs contain every pattern of cuts and heals, between any two parties.

/// The nodes of the engine.
pub(crate) const SIZE: usize = 3;

/// The number of a node.
pub(crate) type Id = usize;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Engine {
    nodes: [Node; SIZE],
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Node {
    role: Role,
    /// The last election that it knows of, which it learns from its primary.
    term: u8,
    /// Whether the revocation is in its log. One bit is enough: entries do not depend on each other, and a node has all
    /// that its primary wrote before what it has.
    holds: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Role {
    /// Takes writes. Deposed by an election, it goes on doing so until it joins the new primary.
    Primary,
    Follows(Id),
}

impl Engine {
    /// Node 0 is the primary and nothing was written.
    pub(crate) fn new() -> Self {
        let node = |role| Node { role, term: 0, holds: false };
        Self { nodes: [node(Role::Primary), node(Role::Follows(0)), node(Role::Follows(0))] }
    }

    pub(crate) fn holds(&self, id: Id) -> bool {
        self.nodes[id].holds
    }

    pub(crate) fn is_primary(&self, id: Id) -> bool {
        self.nodes[id].role == Role::Primary
    }

    pub(crate) fn follows(&self, id: Id, primary: Id) -> bool {
        self.nodes[id].role == Role::Follows(primary)
    }

    pub(crate) fn holders(&self) -> usize {
        self.nodes.iter().filter(|node| node.holds).count()
    }

    /// Whether the primary that was elected last holds it.
    pub(crate) fn newest_holds(&self) -> bool {
        let primaries = self.nodes.iter().filter(|node| node.role == Role::Primary);
        primaries.max_by_key(|node| node.term).is_some_and(|newest| newest.holds)
    }

    /// Any replica, however far behind. A majority that can reach it is one more step that may be taken or not. The
    /// others, the deposed primary among them, notice when they join.
    pub(crate) fn elect(&mut self, id: Id) -> Option<()> {
        (!self.is_primary(id)).then_some(())?;
        let term = 1 + self.nodes.iter().map(|node| node.term).max()?;
        let holds = self.holds(id);
        self.nodes[id] = Node { role: Role::Primary, term, holds };
        Some(())
    }

    /// A primary that was elected later becomes this node's primary. That is a full synchronisation: what the node has
    /// and the primary does not is gone. A stale order sends a replica to an older primary in the same way.
    pub(crate) fn join(&mut self, id: Id, primary: Id, stale_orders: bool) -> Option<()> {
        let Node { term, holds, .. } = self.nodes[primary];
        let is_newer = term > self.nodes[id].term;
        let is_ordered = stale_orders && !self.is_primary(id) && !self.follows(id, primary);
        (self.is_primary(primary) && (is_newer || is_ordered)).then_some(())?;
        self.nodes[id] = Node { role: Role::Follows(primary), term, holds };
        Some(())
    }

    /// A replica takes in what its primary has, also where that was deposed or follows another node by now.
    pub(crate) fn copy(&mut self, id: Id) -> Option<()> {
        let Role::Follows(primary) = self.nodes[id].role else {
            return None;
        };
        let Node { term, holds, .. } = self.nodes[primary];
        self.nodes[id] = Node { role: Role::Follows(primary), term, holds };
        Some(())
    }

    pub(crate) fn write(&mut self, primary: Id) {
        self.nodes[primary].holds = true;
    }

    /// Killed and started again over an empty directory, or FLUSHALL. Its replicas copy that too.
    pub(crate) fn wipe(&mut self, id: Id) {
        self.nodes[id].holds = false;
    }
}

/// The replicas that confirmed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Confirmed([bool; SIZE]);

impl Confirmed {
    pub(crate) fn add(&mut self, replica: Id) {
        self.0[replica] = true;
    }

    pub(crate) fn count(self) -> usize {
        self.0.into_iter().filter(|confirmed| *confirmed).count()
    }
}
