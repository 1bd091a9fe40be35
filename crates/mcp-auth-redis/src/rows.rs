//! What the stores of rows have in common: rows lie in a hash, and indexes beside it hold their names in an order.

use std::sync::Arc;

use mcp_auth::store::StoreFuture;
use redis::{FromRedisValue as _, cmd};

use crate::RedisStore;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::index::Range;
use crate::keys::Group;
use crate::script::{Ask, PAGE, Program, one_call};

/// Rows that one step reads or forgets at most, so that nobody waits long for the engine.
pub(crate) const PORTION: usize = 500;

/// The rows of one kind in the engine.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) engine: Arc<Engine>,
    pub(crate) keys: Group,
}

impl RedisStore {
    /// Does this with the rows of one kind, on the store's thread.
    pub(crate) fn with_rows<T, F>(
        &self,
        kind: &str,
        work: impl FnOnce(Rows) -> F,
    ) -> StoreFuture<'static, T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let parts = self.parts();
        let keys = Group::new(&parts.namespace, kind);
        let rows = Rows { engine: Arc::clone(&parts.engine), keys };
        Box::pin(parts.worker.run(work(rows)))
    }
}

impl Rows {
    /// Fields of hashes, as they stand in the engine.
    pub(crate) async fn fields<const N: usize, F: AsRef<[u8]>>(
        &self,
        fields: [(&str, F); N],
    ) -> Result<[Option<Vec<u8>>; N], Failure> {
        let mut ask = Ask::new();
        for (hash, field) in fields {
            ask.add(cmd("HGET").arg(self.keys.key(hash)).arg(field.as_ref()).to_owned());
        }
        let answers = self.engine.ask(self.keys.slot, &ask).await?;
        let held: Result<Vec<_>, _> =
            answers.into_iter().map(Option::<Vec<u8>>::from_redis_value).collect();
        held.ok().and_then(|held| held.try_into().ok()).ok_or(Failure::Corrupt("a row"))
    }

    /// At most `limit` rows that are wanted, in the order of an index; none that is there all the while is left out.
    pub(crate) async fn read<T>(
        &self,
        mut range: Range,
        rows: &str,
        limit: usize,
        read: impl Fn(&[u8], &[u8]) -> Result<Option<T>, Failure>,
    ) -> Result<Vec<T>, Failure> {
        let mut found = Vec::new();
        while found.len() < limit {
            let count = (limit - found.len()).clamp(PORTION / 10, PORTION);
            let page = self.page(&range, rows, count).await?;
            let is_last = page.len() < count;
            if let Some((member, _)) = page.last() {
                range.go_behind(member);
            }
            for (member, row) in page {
                let name = member.get(range.prefix..).unwrap_or_default();
                found.extend(row.map(|row| read(name, &row)).transpose()?.flatten());
            }
            if is_last {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    async fn page(&self, range: &Range, rows: &str, count: usize) -> Result<Vec<Member>, Failure> {
        let mut call = self.keys.call(&PAGE, &[range.index, rows]);
        call.arg(&range.from).arg(&range.to).arg(count).arg(range.prefix);
        self.engine.ask_for(self.keys.slot, &one_call(&PAGE, call)).await
    }

    /// Has a program forget portion by portion what has ended at `now`; how many rows it was. The program takes the moment and
    /// the size of a portion, and answers how many it forgot.
    pub(crate) async fn forget(
        &self,
        program: &'static Program,
        names: &[&str],
        now: u64,
    ) -> Result<u64, Failure> {
        let mut forgotten = 0;
        loop {
            let mut call = self.keys.call(program, names);
            call.arg(now).arg(PORTION);
            let rows: u64 = self.engine.ask_for(self.keys.slot, &one_call(program, call)).await?;
            forgotten += rows;
            if rows < PORTION as u64 {
                return Ok(forgotten);
            }
        }
    }
}

type Member = (Vec<u8>, Option<Vec<u8>>);
