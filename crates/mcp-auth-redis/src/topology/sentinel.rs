//! The primary that sentinels know.

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, cmd};

use super::Layout;
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
    let replicas = replicas(&mut connection, master).await.map_err(failed)?;
    Ok(Some(Layout::of_one(address, replicas)))
}

async fn primary(
    connection: &mut MultiplexedConnection,
    master: &str,
) -> RedisResult<Option<Address>> {
    let asked = cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(master).to_owned();
    let found: Option<(String, u16)> = asked.query_async(connection).await?;
    Ok(found.map(|(host, port)| Address::new(host, port)))
}

/// Those that are down, or were the primary before, are among them.
async fn replicas(connection: &mut MultiplexedConnection, master: &str) -> RedisResult<usize> {
    let asked = cmd("SENTINEL").arg("REPLICAS").arg(master).to_owned();
    let found: Vec<redis::Value> = asked.query_async(connection).await?;
    Ok(found.len())
}
