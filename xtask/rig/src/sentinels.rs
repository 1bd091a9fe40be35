//! Three sentinels over a primary and its replicas.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::host::Host;
use crate::node::Node;
use crate::options::Options;
use crate::replicated::Replicated;
use crate::wait;

/// How long sentinels may take to find each other, or to fail over.
const AGREE: Duration = Duration::from_secs(20);

/// How long a primary is silent until a sentinel calls it down.
const DOWN_AFTER_MS: u32 = 1_000;

/// Sentinels look every 10 s who follows whom, and greet each other every 2 s; a primary that comes back is made a
/// replica after four greetings. A test need not wait for that. And where they ping as seldom as they lose patience,
/// one slow answer is a failover.
const HASTE: &[&str] =
    &["SENTINEL", "DEBUG", "INFO-PERIOD", "500", "PUBLISH-PERIOD", "200", "PING-PERIOD", "200"];

/// Sentinels, and the engines that they watch. They fail over when two of three agree that the primary is down.
#[derive(Debug)]
pub struct Sentinels {
    sentinels: Vec<Node>,
    engines: Replicated,
}

impl Sentinels {
    /// What the sentinels call the primary that they watch.
    pub const NAME: &str = "main";

    /// Starts engines on `engines`, the first as the primary, and sentinels on `sentinels`; waits until all know
    /// each other.
    ///
    /// # Errors
    ///
    /// As [`Replicated::start`]; or the sentinels do not find each other within 20 s.
    pub fn start(options: &Options, engines: &[Host], sentinels: &[Host]) -> Result<Self> {
        let engines = Replicated::start(options, engines)?;
        let primary = engines.nodes().first().context("a primary needs a host")?;
        let watching = watching(primary, options.password.as_deref());
        let start = |host| {
            let sentinel = Options::sentinel(&options.engine, host, &watching).start()?;
            sentinel.ask(HASTE).map(|_| sentinel)
        };
        let sentinels = sentinels.iter().map(start).collect::<Result<_>>()?;
        let started = Self { sentinels, engines };
        wait::until("the sentinels to know all", AGREE, || started.know_all())?;
        Ok(started)
    }

    /// The sentinels themselves.
    pub fn nodes(&self) -> &[Node] {
        &self.sentinels
    }

    /// The sentinels themselves, to kill, pause and restart.
    pub fn nodes_mut(&mut self) -> &mut [Node] {
        &mut self.sentinels
    }

    /// What they watch.
    pub fn engines(&self) -> &Replicated {
        &self.engines
    }

    /// What they watch, to kill, pause and restart.
    pub fn engines_mut(&mut self) -> &mut Replicated {
        &mut self.engines
    }

    /// The place among the engines of the primary that most sentinels name.
    ///
    /// # Errors
    ///
    /// No two sentinels that answer agree.
    pub fn primary(&self) -> Result<usize> {
        let mut votes = BTreeMap::new();
        for place in self.sentinels.iter().filter_map(|sentinel| self.named_by(sentinel).ok()) {
            *votes.entry(place).or_insert(0) += 1;
        }
        let winner = votes.into_iter().find(|(_, count)| *count > self.sentinels.len() / 2);
        Ok(winner.context("the sentinels do not agree on a primary")?.0)
    }

    /// Asks for a failover while the primary is well, and waits until all has settled. Answers with the new primary's
    /// place.
    ///
    /// # Errors
    ///
    /// The sentinels refuse, or do not within 20 s.
    pub fn failover(&self) -> Result<usize> {
        let old = self.primary()?;
        let sentinel = self.sentinels.first().context("no sentinel")?;
        sentinel.ask(&["SENTINEL", "FAILOVER", Self::NAME])?;
        self.await_failover(old)?;
        self.await_settled()
    }

    /// Waits until the sentinels agree on a primary and every engine that answers follows it. Answers with its place.
    ///
    /// # Errors
    ///
    /// Not within 20 s.
    pub fn await_settled(&self) -> Result<usize> {
        wait::until("one primary for all", AGREE, || {
            let primary = self.primary()?;
            self.engines.check_sync(primary)?;
            Ok(primary)
        })
    }

    /// Waits until another engine than `old` is the primary, and says so itself. Answers with its place.
    ///
    /// # Errors
    ///
    /// Not within 20 s.
    pub fn await_failover(&self, old: usize) -> Result<usize> {
        wait::until("the failover", AGREE, || {
            let new = self.primary()?;
            ensure!(new != old, "{old} is still the primary");
            let node = self.engines.nodes().get(new).context("the primary is one of ours")?;
            let role = node.glance(&["ROLE"])?.to_string();
            ensure!(role.contains("\"master\""), "{new} is not the primary yet");
            Ok(new)
        })
    }

    fn named_by(&self, sentinel: &Node) -> Result<usize> {
        let told = sentinel.glance(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", Self::NAME])?;
        let [ip, port] = told.items() else { anyhow::bail!("{told} is no address") };
        let address = format!("{ip}:{port}").parse()?;
        let place = self.engines.nodes().iter().position(|node| node.address() == address);
        place.with_context(|| format!("{address} is none of ours"))
    }

    fn know_all(&self) -> Result<()> {
        let others = (self.sentinels.len() - 1).to_string();
        let replicas = (self.engines.nodes().len() - 1).to_string();
        for sentinel in &self.sentinels {
            let told = sentinel.glance(&["SENTINEL", "MASTER", Self::NAME])?;
            let value = |name: &str| {
                let mut pairs = told.items().chunks(2).map(|pair| (pair.first(), pair.last()));
                let found = pairs.find(|(key, _)| key.is_some_and(|key| key.to_string() == name));
                found.and_then(|(_, value)| value).map(ToString::to_string).unwrap_or_default()
            };
            let known = [value("num-other-sentinels"), value("num-slaves"), value("flags")];
            ensure!(known == [&others, &replicas, "master"], "a sentinel knows {known:?}");
        }
        Ok(())
    }
}

fn watching(primary: &Node, password: Option<&str>) -> String {
    let (name, address) = (Sentinels::NAME, primary.address());
    let mut lines = vec![
        format!("sentinel monitor {name} {} {} 2", address.ip(), address.port()),
        format!("sentinel down-after-milliseconds {name} {DOWN_AFTER_MS}"),
        format!("sentinel failover-timeout {name} 1500"),
    ];
    lines.extend(password.map(|password| format!("sentinel auth-pass {name} {password}")));
    lines.join("\n")
}
