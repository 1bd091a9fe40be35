//! The primaries of a cluster, in the words of `CLUSTER NODES`.

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use redis::cmd;

use super::{Layout, Primary, Replicas};
use crate::access::{ANSWER, Access};
use crate::address::Address;
use crate::failure::Failure;
use crate::slot::Slot;

/// Asks all nodes that are known at once, and believes the first that sees most of the primaries. One that does not may
/// itself be what is cut off; it is believed where nobody knows better.
pub(super) async fn find(
    access: &Access,
    seeds: &[Address],
    known: &Layout,
) -> Result<Layout, Failure> {
    let mut nodes: Vec<_> =
        known.primaries.iter().map(|primary| &primary.address).chain(seeds).collect();
    nodes.sort();
    nodes.dedup();
    let mut answers: FuturesUnordered<_> =
        nodes.into_iter().map(|node| ask(access, node, known)).collect();
    let mut best = Err(Failure::NoPrimary("the URL names no node".to_owned()));
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(View { layout, sees_most: true }) => return Ok(layout),
            Ok(View { layout, .. }) => best = Ok(layout),
            Err(failure) if best.is_err() => best = Err(failure),
            Err(_) => {}
        }
    }
    best
}

/// What one node says of all.
#[derive(Debug)]
struct View {
    layout: Layout,
    /// Whether most of the primaries are there for it.
    sees_most: bool,
}

async fn ask(access: &Access, node: &Address, known: &Layout) -> Result<View, Failure> {
    let mut connection = access.connect(node, ANSWER).await?;
    let asked = cmd("CLUSTER").arg("NODES").to_owned();
    let text: String =
        asked.query_async(&mut connection).await.map_err(|source| Failure::answer(node, source))?;
    Ok(view(&text, node, known))
}

/// Reads what a node, which leaves its own host out until it knows it, says of all.
fn view(text: &str, asked: &Address, known: &Layout) -> View {
    let nodes: Vec<_> = text.lines().filter_map(|line| Node::read(line, asked)).collect();
    let serving: Vec<_> = nodes.iter().filter(|node| node.serves()).collect();
    let primaries = serving.iter().map(|node| Primary {
        address: node.address.clone(),
        slots: node.slots.clone(),
        replicas: replicas(node, &nodes, known),
    });
    let there = serving.iter().filter(|node| !node.is_failed).count();
    let spares = nodes.iter().filter(|node| node.is_empty() && known.is_spare(node));
    let spares = spares.map(|node| node.address.clone()).collect();
    let sees_most = there * 2 > serving.len();
    View { layout: Layout { primaries: primaries.collect(), spares }, sees_most }
}

/// Those that follow it, and those that may have been the primary before it and have not come back: they are nobody's
/// replicas, and may still answer those who know them.
fn replicas(primary: &Node<'_>, nodes: &[Node<'_>], known: &Layout) -> Replicas {
    let belongs = |other: &&Node<'_>| {
        let may_be_deposed = other.is_empty() && !known.is_spare(other);
        other.follows == primary.id
            || may_be_deposed && known.may_share(&other.address, &primary.slots)
    };
    Replicas::new(nodes.iter().filter(belongs).map(|node| node.address.clone()))
}

impl Layout {
    /// Whether a node without slots is there to be used later: it was so before, or nobody remembers it and it is there.
    fn is_spare(&self, node: &Node<'_>) -> bool {
        let was_seen = || self.sets_of(&node.address).next().is_some();
        self.spares.contains(&node.address) || !node.is_failed && !was_seen()
    }

    /// Whether a node may have been in the set that has these slots: it was, or nobody remembers where it was.
    fn may_share(&self, node: &Address, slots: &[(Slot, Slot)]) -> bool {
        let meet = |(first, last): &(Slot, Slot)| {
            slots.iter().any(|(from, to)| first <= to && from <= last)
        };
        let mut sets = self.sets_of(node).peekable();
        sets.peek().is_none() || sets.any(|set| set.slots.iter().any(meet))
    }

    /// The sets in which a node was seen last.
    fn sets_of(&self, node: &Address) -> impl Iterator<Item = &Primary> {
        self.primaries.iter().filter(move |it| it.address == *node || it.replicas.contains(node))
    }
}

struct Node<'a> {
    id: &'a str,
    address: Address,
    is_primary: bool,
    /// Whether the node that was asked has given it up, or is about to.
    is_failed: bool,
    /// The id of its primary.
    follows: &'a str,
    slots: Vec<(Slot, Slot)>,
}

impl<'a> Node<'a> {
    /// `id ip:port@bus,host flags primary ping pong epoch state slot slot-slot [slot->-node]`
    fn read(line: &'a str, asked: &Address) -> Option<Self> {
        let mut words = line.split(' ');
        let (id, address, flags, follows) =
            (words.next()?, words.next()?, words.next()?, words.next()?);
        let flags: Vec<_> = flags.split(',').collect();
        if flags.contains(&"handshake") || flags.contains(&"noaddr") {
            return None;
        }
        let address = address.split('@').next().unwrap_or(address);
        let address = match address.strip_prefix(':') {
            Some(port) => Address::new(asked.host.clone(), port.parse().ok()?),
            None => Address::parse(address, asked.port)?,
        };
        let slots = words.skip(4).filter_map(range).collect();
        let is_failed = flags.contains(&"fail") || flags.contains(&"fail?");
        Some(Self { id, address, is_primary: flags.contains(&"master"), is_failed, follows, slots })
    }

    fn serves(&self) -> bool {
        self.is_primary && !self.slots.is_empty()
    }

    /// Whether it takes itself for a primary and has no slots: a spare, or one until others took over.
    fn is_empty(&self) -> bool {
        self.is_primary && self.slots.is_empty()
    }
}

/// Slots on their way from or to another node, in brackets, still belong to the node that has them.
fn range(word: &str) -> Option<(Slot, Slot)> {
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    Some((Slot(first.parse().ok()?), Slot(last.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
a1 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5460 [77->-b1]
b1 10.0.0.2:7000@17000,host master - 0 1 2 connected 5461-10922
c1 10.0.0.3:7000@17000 master,fail - 1 1 3 disconnected
c2 10.0.0.4:7000@17000 master - 0 1 7 connected 10923-16382 16383
a2 10.0.0.5:7000@17000 slave a1 0 1 1 connected
b2 10.0.0.6:7000@17000 slave,fail b1 0 1 2 disconnected
d1 10.0.0.7:7000@17000 master - 0 1 0 connected
zz :0@0 handshake - 0 0 0 disconnected
";

    fn node(number: u8) -> Address {
        Address::new(format!("10.0.0.{number}"), 7_000)
    }

    fn sets(layout: &Layout) -> Vec<(Address, Replicas)> {
        layout.primaries.iter().map(|it| (it.address.clone(), it.replicas.clone())).collect()
    }

    #[test]
    fn who_was_deposed_belongs_to_those_who_took_over() {
        let before = "\
a1 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5460
b1 10.0.0.2:7000@17000,host master - 0 1 2 connected 5461-10922
c1 10.0.0.3:7000@17000 master - 1 1 3 connected 10923-16383
c2 10.0.0.4:7000@17000 slave c1 0 1 3 connected
";
        let before = view(before, &node(1), &Layout::default()).layout;
        let found = view(TEXT, &node(1), &before);
        let set = |primary, replicas: &[u8]| {
            (node(primary), Replicas::new(replicas.iter().map(|number| node(*number))))
        };
        let expected = [set(1, &[5]), set(2, &[6]), set(4, &[3])];
        assert_eq!(sets(&found.layout), expected, "c2 took over from c1; d1 is a spare");
        assert!(found.sees_most);
        assert_eq!(found.layout.primary_of(Slot(16_383)).unwrap().address, node(4));
        assert_eq!(found.layout.primary_of(Slot(77)).unwrap().address, node(1));
        // Once and for all: the next look knows it from the last.
        assert_eq!(sets(&view(TEXT, &node(1), &found.layout).layout), expected);
        let spare_fails =
            TEXT.replace("10.0.0.7:7000@17000 master -", "10.0.0.7:7000@17000 master,fail -");
        assert_eq!(sets(&view(&spare_fails, &node(1), &found.layout).layout), expected);
        let not_yet_failed = TEXT.replace("master,fail", "master");
        assert_eq!(sets(&view(&not_yet_failed, &node(1), &before).layout), expected);
    }

    #[test]
    fn who_was_deposed_before_anybody_looked_may_belong_to_all() {
        let found = view(TEXT, &node(1), &Layout::default()).layout;
        assert!(found.primaries.iter().all(|it| it.replicas.contains(&node(3))));
    }

    #[test]
    fn a_node_that_sees_few_primaries_may_be_what_is_cut_off() {
        let cut_off = "\
a1 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5460
b1 10.0.0.2:7000@17000 master,fail? - 0 1 2 disconnected 5461-10922
c1 10.0.0.3:7000@17000 master,fail - 1 1 3 disconnected 10923-16383
";
        assert!(!view(cut_off, &node(1), &Layout::default()).sees_most);
    }

    #[test]
    fn a_node_alone_does_not_know_its_own_host() {
        let text = "a1 :7001@17001 myself,master - 0 0 1 connected 0-16382\n";
        let found = view(text, &Address::new("::1", 7_001), &Layout::default()).layout;
        assert_eq!(found.primaries[0].address, Address::new("::1", 7_001));
        assert!(found.primary_of(Slot(16_383)).is_err());
    }
}
