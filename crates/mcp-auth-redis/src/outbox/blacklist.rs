//! Brings tokens to the blacklist that Python services read.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use mcp_auth::clock::NumericDate;
use mcp_auth::store::TokenDigest;
use redis::cmd;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;

use super::Listing;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::foreign::OURS;
use crate::keys::{Group, blacklist};
use crate::promise::Promise;
use crate::slot::Slot;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(250);

/// Writes the keys one listing after the other.
#[derive(Debug)]
pub(crate) struct Blacklist {
    pub(crate) engine: Arc<Engine>,
    pub(crate) promise: Arc<Promise>,
    pub(crate) inbox: UnboundedReceiver<Listing>,
    /// Where the keys that we wrote are noted.
    pub(crate) ours: Group,
}

impl Blacklist {
    /// Works until nobody can send a listing any more.
    pub(crate) async fn run(mut self) {
        let mut waiting = VecDeque::new();
        loop {
            let next = if waiting.is_empty() {
                match self.inbox.recv().await {
                    Some(listing) => Some(listing),
                    None => return,
                }
            } else {
                tokio::select! {
                    listing = self.inbox.recv() => listing,
                    () = sleep(PAUSE) => None,
                }
            };
            waiting.extend(next);
            waiting.extend(std::iter::from_fn(|| self.inbox.try_recv().ok()));
            self.write_all(&mut waiting).await;
        }
    }

    /// The newest first, until one fails: then the rest may too, and each would take its time. That one goes behind all others,
    /// which may belong to shards that are well.
    async fn write_all(&self, waiting: &mut VecDeque<Listing>) {
        while let Some(listing) = waiting.pop_back() {
            let written = join_all(listing.tokens.iter().map(|token| self.write(token))).await;
            if written.iter().any(Result::is_err) {
                waiting.push_front(listing);
                for listing in &*waiting {
                    listing.report.failed();
                }
                return;
            }
            self.note(&listing.tokens).await;
            // The blacklist promises nothing to our own nodes, which read the log.
            listing.report.done(self.promise.wanted());
        }
    }

    /// Notes which keys are ours, for operators who ask whether others write some too. One that is not noted is taken for
    /// theirs, and that is all.
    async fn note(&self, tokens: &[(TokenDigest, NumericDate)]) {
        let mut add = cmd("ZADD");
        add.arg(self.ours.key(OURS));
        for (token, expires_at) in tokens {
            add.arg(expires_at.seconds()).arg(token.to_string());
        }
        let _: Result<_, Failure> = self.engine.ask(self.ours.slot, &add.into()).await;
    }

    /// The guide's key and value, on a majority of the nodes that have its slot. A token that has expired leaves nothing.
    async fn write(&self, (token, expires_at): &(TokenDigest, NumericDate)) -> Result<(), Failure> {
        let key = blacklist(*token);
        let slot = Slot::of(&key);
        let set = cmd("SET")
            .arg(&key)
            .arg("revoked")
            .arg("EXAT")
            .arg(expires_at.seconds().max(1))
            .to_owned();
        self.engine.ask_durably(slot, &set.into()).await.map(drop)
    }
}
