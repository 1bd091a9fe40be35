//! How a store is doing, and how its engine is set up.

use std::collections::HashMap;
use std::time::Duration;

use mcp_auth::store::Durability;
use redis::cmd;

use crate::address::Address;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::promise::Promise;
use crate::role::following;
use crate::script::Ask;
use crate::slot::Slot;
use crate::topology::Primary;

/// How a store is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Whether verdicts are given.
    pub is_fresh: bool,
    /// How old the knowledge of revocations is, in the stalest partition; `None` before the first reading.
    pub age: Option<Duration>,
    /// At this age verdicts end.
    pub bound: Duration,
    /// How many revocations are held in memory, users included.
    pub revocations: usize,
    /// How many orders have not got as far as they should.
    pub on_their_way: usize,
    /// Files of earlier processes of this machine, with revocations on their way, that could not be read, or not whole.
    pub damaged_outboxes: usize,
    /// How far a revocation should get.
    pub durability: Durability,
    /// Whether a revocation that has got there is refused everywhere within the bound.
    pub is_bounded: bool,
}

/// Something about the engine that an operator should know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What was found.
    pub what: String,
    /// What to do about it.
    pub remedy: &'static str,
    /// Whether something that is promised does not hold; otherwise it is worth knowing only.
    pub is_problem: bool,
}

impl Finding {
    /// What it means that so many keys of the blacklist were written by others; nothing where there are none.
    pub fn of_foreign_blacklist(count: usize) -> Option<Self> {
        let what = format!(
            "others have put {count} tokens on the blacklist, and requests here do not see that"
        );
        let remedy =
            "set MCP_REVOCATION_MODE=direct as long as other services revoke tokens by themselves";
        (count > 0).then(|| Self::note(what, remedy))
    }

    /// What it means that so many files of revocations on their way could not be read; nothing where there are none.
    pub(crate) fn of_damaged_outboxes(count: usize) -> Option<Self> {
        let what =
            format!("{count} files of revocations on their way cannot be read, or not whole");
        let remedy = "let this user read the files `*.outbox` in the data directory; revoke again what was revoked before \
                      the last crash, and delete the files `*.damaged`";
        (count > 0).then(|| Self::problem(what, remedy))
    }

    fn problem(what: String, remedy: &'static str) -> Self {
        Self { what, remedy, is_problem: true }
    }

    fn note(what: String, remedy: &'static str) -> Self {
        Self { what, remedy, is_problem: false }
    }
}

/// Looks at every primary, and lets what was found decide what is promised.
pub(crate) async fn look(engine: &Engine, promise: &Promise) -> Result<Vec<Finding>, Failure> {
    let url = engine.topology().url();
    let mut findings = Vec::new();
    let mut loses = url.asynchronous;
    if url.asynchronous {
        findings.push(Finding::note(
            "writes are acknowledged by the primary alone (durability=primary): a revocation has no bound".to_owned(),
            "remove durability=primary from MCP_STORE_URL, unless that is meant",
        ));
    }
    for primary in engine.primaries().await? {
        let slot = primary.slots.first().map_or(Slot(0), |(first, _)| *first);
        let setup = Setup::of(engine, slot, &primary).await?;
        loses |= setup.may_lose();
        findings.extend(setup.findings(&primary));
    }
    promise.set_asynchronous(loses);
    Ok(findings)
}

/// Settings of a node; those that it does not tell are missing.
struct Setup {
    settings: HashMap<String, String>,
    following: Vec<Address>,
    /// Whether there is somebody to take over from it.
    has_heirs: bool,
}

const SETTINGS: [&str; 3] = ["appendonly", "appendfsync", "maxmemory-policy"];

impl Setup {
    async fn of(engine: &Engine, slot: Slot, primary: &Primary) -> Result<Self, Failure> {
        let mut settings = HashMap::new();
        for name in SETTINGS {
            let asked =
                engine.ask_for(slot, &cmd("CONFIG").arg("GET").arg(name).to_owned().into()).await;
            match asked {
                Ok(told) => settings.extend::<HashMap<String, String>>(told),
                // Hosted engines forbid it.
                Err(failure) if failure.code().is_some() => {}
                Err(failure) => return Err(failure),
            }
        }
        let role = engine.ask(slot, &Ask::from(cmd("ROLE").clone())).await?;
        let following = role.into_iter().next().map(following).unwrap_or_default();
        let has_heirs = engine.topology().heirs(primary, &following).count() > 0;
        Ok(Self { settings, following, has_heirs })
    }

    /// Whether a node alone may forget what it acknowledged: then nothing can be promised. Where others may take over, it is
    /// they who keep it.
    fn may_lose(&self) -> bool {
        !self.has_heirs && !self.writes_through()
    }

    fn writes_through(&self) -> bool {
        self.get("appendonly") == Some("yes") && self.get("appendfsync") == Some("always")
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }

    fn findings(&self, primary: &Primary) -> Vec<Finding> {
        let node = &primary.address;
        let mut found = Vec::new();
        if self.settings.is_empty() {
            found.push(Finding::note(
                format!("{node} does not tell how it is set up (CONFIG GET)"),
                "see yourself that it has appendonly yes and maxmemory-policy noeviction, or let this user run CONFIG GET",
            ));
        }
        if self.get("maxmemory-policy").is_some_and(|policy| policy != "noeviction") {
            found.push(Finding::problem(
                format!("{node} may drop revocations when its memory is full (maxmemory-policy)"),
                "set maxmemory-policy noeviction",
            ));
        }
        if self.may_lose() {
            found.push(Finding::problem(
                format!("{node} stands alone and may lose what it acknowledged: a revocation has no bound"),
                "set appendonly yes and appendfsync always, or give it replicas (replicas=N in MCP_STORE_URL)",
            ));
        } else if self.get("appendonly").is_some_and(|on| on != "yes") {
            found.push(Finding::problem(
                format!("{node} keeps nothing on its disk: when all nodes stop at once, everything is lost"),
                "set appendonly yes on every node",
            ));
        }
        found.extend(self.about_replicas(primary));
        found
    }

    fn about_replicas(&self, Primary { address, replicas, .. }: &Primary) -> Option<Finding> {
        let (there, whole) = (self.following.len(), replicas.count());
        let missing: Vec<_> =
            replicas.missing_among(&self.following).iter().map(ToString::to_string).collect();
        if there < whole {
            return Some(Finding::problem(
                format!(
                    "{address} has {there} of its {whole} replicas: revocations wait for the rest, without a bound"
                ),
                "bring them back; where one is gone for good, let the set forget it (SENTINEL RESET, CLUSTER FORGET)",
            ));
        }
        if !missing.is_empty() {
            let missing = missing.join(", ");
            return Some(Finding::problem(
                format!(
                    "{address} is not followed by {missing}, though by as many others: revocations wait, without a bound"
                ),
                "bring it back or let the set forget it; where that is the same node by another address, say replicas=N in MCP_STORE_URL",
            ));
        }
        (there > whole).then(|| {
            Finding::note(
                format!("{address} has {there} replicas and was expected to have {whole}: one that is away is not waited for"),
                "say replicas=N in MCP_STORE_URL",
            )
        })
    }
}
