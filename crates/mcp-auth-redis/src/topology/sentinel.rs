//! The primary that sentinels know.

use std::collections::HashMap;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use redis::aio::MultiplexedConnection;
use redis::{RedisResult, cmd};

use super::{Layout, Replicas};
use crate::access::{ANSWER, Access};
use crate::address::Address;
use crate::failure::Failure;

/// What one sentinel says.
#[derive(Debug)]
struct View {
    primary: Address,
    /// All of the set, the primary perhaps included.
    set: Vec<Address>,
    /// Counts who was made primary: the higher, the later.
    epoch: u64,
}

/// Asks all sentinels at once until most have answered. The latest primary is believed, and a node is in the set that any of
/// them knows: one that was started anew may not have heard of it yet. The node itself is asked what it is by whoever
/// connects to it.
pub(super) async fn find(
    access: &Access,
    sentinels: &[Address],
    master: &str,
) -> Result<Layout, Failure> {
    let mut answers: FuturesUnordered<_> =
        sentinels.iter().map(|sentinel| ask(access, sentinel, master)).collect();
    let mut last = "the URL names no sentinel".to_owned();
    let mut views = Vec::new();
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(view) => views.push(view),
            Err(failure) => last = failure.to_string(),
        }
        if views.len() * 2 > sentinels.len() {
            break;
        }
    }
    layout(views).ok_or(Failure::NoPrimary(last))
}

fn layout(views: Vec<View>) -> Option<Layout> {
    let primary = views.iter().max_by_key(|view| view.epoch)?.primary.clone();
    let others = views.into_iter().flat_map(|view| view.set).filter(|node| *node != primary);
    let replicas = Replicas::new(others);
    Some(Layout::of_one(primary, replicas))
}

async fn ask(access: &Access, sentinel: &Address, master: &str) -> Result<View, Failure> {
    let failed = |source| Failure::answer(sentinel, source);
    let mut connection = access.connect(sentinel, ANSWER).await?;
    let view = view(&mut connection, master).await.map_err(failed)?;
    view.ok_or_else(|| Failure::NoPrimary(format!("{sentinel} does not know `{master}`")))
}

/// While another node takes over, a sentinel names that one already, and the one before it still as the primary of the set.
/// Those that are down, or were the primary before, are among the replicas.
async fn view(connection: &mut MultiplexedConnection, master: &str) -> RedisResult<Option<View>> {
    let asked = cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(master).to_owned();
    let found: Option<(String, u16)> = asked.query_async(connection).await?;
    let Some((host, port)) = found else { return Ok(None) };
    let asked = cmd("SENTINEL").arg("MASTER").arg(master).to_owned();
    let told: HashMap<String, String> = asked.query_async(connection).await?;
    let asked = cmd("SENTINEL").arg("REPLICAS").arg(master).to_owned();
    let replicas: Vec<HashMap<String, String>> = asked.query_async(connection).await?;
    let set = replicas.iter().chain([&told]).filter_map(address).collect();
    let epoch = told.get("config-epoch").and_then(|epoch| epoch.parse().ok()).unwrap_or_default();
    Ok(Some(View { primary: Address::new(host, port), set, epoch }))
}

fn address(node: &HashMap<String, String>) -> Option<Address> {
    Some(Address::new(node.get("ip")?, node.get("port")?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(number: u16) -> Address {
        Address::new("node", number)
    }

    #[test]
    fn the_latest_primary_is_believed_and_everybody_is_in_the_set() {
        let view = |primary, set: &[u16], epoch| View {
            primary: node(primary),
            set: set.iter().copied().map(node).collect(),
            epoch,
        };
        // One is cut off with the old primary, and one was started anew.
        let found = layout(vec![view(1, &[1, 2, 3], 4), view(2, &[2, 1], 5)]).unwrap();
        let primary = &found.primaries[0];
        assert_eq!(primary.address, node(2));
        assert_eq!(primary.replicas, Replicas::new([node(1), node(3)]));
        assert_eq!(layout(vec![]), None);
    }
}
