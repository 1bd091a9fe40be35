//! The primary that sentinels know.

use std::collections::HashMap;

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, cmd};

use super::{Layout, Replicas};
use crate::access::{ANSWER, Access};
use crate::address::Address;
use crate::failure::Failure;

/// Asks the sentinels in turn until one knows. The node itself is asked what it is by whoever connects to it: a sentinel
/// that was cut off may name a primary that was deposed.
pub(super) async fn find(
    access: &Access,
    sentinels: &[Address],
    master: &str,
) -> Result<Layout, Failure> {
    let mut last = None;
    for sentinel in sentinels {
        match ask(access, sentinel, master).await {
            Ok(Some(layout)) => return Ok(layout),
            Ok(None) => last = Some(format!("{sentinel} does not know `{master}`")),
            Err(failure) => last = Some(failure.to_string()),
        }
    }
    Err(Failure::NoPrimary(last.unwrap_or_else(|| "the URL names no sentinel".to_owned())))
}

async fn ask(access: &Access, sentinel: &Address, master: &str) -> Result<Option<Layout>, Failure> {
    let failed = |source| Failure::answer(sentinel, source);
    let mut connection = access.connect(sentinel, ANSWER).await?;
    let Some(address) = primary(&mut connection, master).await.map_err(failed)? else {
        return Ok(None);
    };
    let mut others = others(&mut connection, master).await.map_err(failed)?;
    others.retain(|other| *other != address);
    Ok(Some(Layout::of_one(address, Replicas::new(others))))
}

async fn primary(
    connection: &mut MultiplexedConnection,
    master: &str,
) -> RedisResult<Option<Address>> {
    let asked = cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(master).to_owned();
    let found: Option<(String, u16)> = asked.query_async(connection).await?;
    Ok(found.map(|(host, port)| Address::new(host, port)))
}

/// All of the set. While another node takes over, a sentinel names that one already, and the one before it still as the
/// primary of the set. Those that are down, or were the primary before, are among the replicas.
async fn others(connection: &mut MultiplexedConnection, master: &str) -> RedisResult<Vec<Address>> {
    let asked = cmd("SENTINEL").arg("MASTER").arg(master).to_owned();
    let primary: HashMap<String, String> = asked.query_async(connection).await?;
    let asked = cmd("SENTINEL").arg("REPLICAS").arg(master).to_owned();
    let replicas: Vec<HashMap<String, String>> = asked.query_async(connection).await?;
    Ok(replicas.iter().chain([&primary]).filter_map(address).collect())
}

fn address(node: &HashMap<String, String>) -> Option<Address> {
    Some(Address::new(node.get("ip")?, node.get("port")?.parse().ok()?))
}
