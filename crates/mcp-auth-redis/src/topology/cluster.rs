//! The primaries of a cluster, in the words of `CLUSTER NODES`.

use redis::cmd;

use super::{Layout, Primary};
use crate::access::{ANSWER, Access};
use crate::address::Address;
use crate::failure::Failure;
use crate::slot::Slot;

/// Asks the nodes in turn until one answers.
pub(super) async fn find(
    access: &Access,
    seeds: &[Address],
    known: &Layout,
) -> Result<Layout, Failure> {
    let known = known.primaries.iter().map(|primary| &primary.address);
    let mut last = Failure::NoPrimary("the URL names no node".to_owned());
    for node in known.chain(seeds) {
        match ask(access, node).await {
            Ok(layout) => return Ok(layout),
            Err(failure) => last = failure,
        }
    }
    Err(last)
}

async fn ask(access: &Access, node: &Address) -> Result<Layout, Failure> {
    let mut connection = access.connect(node, ANSWER).await?;
    let asked = cmd("CLUSTER").arg("NODES").to_owned();
    let text: String =
        asked.query_async(&mut connection).await.map_err(|source| Failure::answer(node, source))?;
    Ok(layout(&text, node))
}

/// Reads what a node, which leaves its own host out until it knows it, says of all.
fn layout(text: &str, asked: &Address) -> Layout {
    let nodes: Vec<_> = text.lines().filter_map(|line| Node::read(line, asked)).collect();
    let serving = || nodes.iter().filter(|node| !node.slots.is_empty() && node.is_primary);
    // A deposed primary that has not come back is nobody's replica, and may still answer those who know it.
    let spread =
        (nodes.len().checked_div(serving().count())).map_or(0, |each| each.saturating_sub(1));
    let primaries = serving()
        .map(|node| Primary {
            address: node.address.clone(),
            slots: node.slots.clone(),
            replicas: nodes.iter().filter(|other| other.follows == node.id).count().max(spread),
        })
        .collect();
    Layout { primaries }
}

struct Node<'a> {
    id: &'a str,
    address: Address,
    is_primary: bool,
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
        Some(Self { id, address, is_primary: flags.contains(&"master"), follows, slots })
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

    #[test]
    fn the_deposed_and_the_down_count_among_the_replicas() {
        let text = "\
a1 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5460 [77->-b1]
b1 10.0.0.2:7000@17000,host master - 0 1 2 connected 5461-10922
c1 10.0.0.3:7000@17000 master,fail - 1 1 3 disconnected
c2 10.0.0.4:7000@17000 master - 0 1 7 connected 10923-16382 16383
a2 10.0.0.5:7000@17000 slave a1 0 1 1 connected
b2 10.0.0.6:7000@17000 slave,fail b1 0 1 2 disconnected
zz :0@0 handshake - 0 0 0 disconnected
";
        let found = layout(text, &Address::new("10.0.0.1", 7_000));
        let hosts: Vec<_> = found.primaries.iter().map(|it| it.address.to_string()).collect();
        assert_eq!(hosts, ["10.0.0.1:7000", "10.0.0.2:7000", "10.0.0.4:7000"]);
        let replicas: Vec<_> = found.primaries.iter().map(|it| it.replicas).collect();
        assert_eq!(replicas, [1, 1, 1], "c2 took over from c1, which is not back");
        assert_eq!(found.primary_of(Slot(16_383)).unwrap().address.host, "10.0.0.4");
        assert_eq!(found.primary_of(Slot(77)).unwrap().address.host, "10.0.0.1");
    }

    #[test]
    fn a_node_alone_does_not_know_its_own_host() {
        let text = "a1 :7001@17001 myself,master - 0 0 1 connected 0-16382\n";
        let found = layout(text, &Address::new("::1", 7_001));
        assert_eq!(found.primaries[0].address, Address::new("::1", 7_001));
        assert!(found.primary_of(Slot(16_383)).is_err());
    }
}
