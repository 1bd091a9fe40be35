//! Network namespaces: hosts with addresses of their own, which can be cut off from each other.
//!
//! Each host is a namespace, and one more is the router between them. The test's own process is a host too, called
//! `outside`. Every packet passes the router, where a rule may drop it without a word, as a cable does that is pulled
//! out. A namespace lives as long as a process in it, which dies with the test, and links die with their namespaces:
//! nothing stays behind.

use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, ensure};

use crate::holder::{Holder, ip, run};
use crate::host::Host;
use crate::lease::Lease;

/// Hosts, and the router between them. All is removed when this is dropped.
#[derive(Debug)]
pub struct Namespaces {
    guests: Vec<Guest>,
    router: Holder,
    /// Of the router, to take them back.
    rules: Mutex<Vec<String>>,
    network: Lease,
}

#[derive(Debug)]
struct Guest {
    name: String,
    host: Host,
    /// The router's end of the cable.
    link: String,
    /// None holds `outside`.
    _holder: Option<Holder>,
}

impl Namespaces {
    /// The name of the test's own process as a host.
    pub const OUTSIDE: &str = "outside";

    /// Whether namespaces can be made here.
    ///
    /// # Errors
    ///
    /// They cannot; says why.
    pub fn available() -> Result<()> {
        let trial = Command::new("unshare").args(["--net", "--", "ip", "link"]).output();
        let trial = trial.context("namespaces need `unshare` (util-linux)")?;
        let said = String::from_utf8_lossy(&trial.stderr);
        ensure!(
            trial.status.success(),
            "namespaces need root, and `ip` (iproute2): {}",
            said.trim()
        );
        Ok(())
    }

    /// Makes a host of each name, all of which reach each other and the test.
    ///
    /// # Errors
    ///
    /// See [`Namespaces::available`]; or a command fails, and says why.
    pub fn start(names: &[&str]) -> Result<Self> {
        let network = Lease::network()?;
        let router = Holder::start()?;
        run(router.enter().args(["tee", "/proc/sys/net/ipv4/ip_forward"]), "1")?;
        let mut namespaces = Self { guests: Vec::new(), router, rules: Mutex::default(), network };
        namespaces.join(Namespaces::OUTSIDE, None)?;
        for name in names {
            namespaces.join(name, Some(Holder::start()?))?;
        }
        Ok(namespaces)
    }

    /// A host by its name.
    ///
    /// # Errors
    ///
    /// There is none of this name.
    pub fn host(&self, name: &str) -> Result<Host> {
        Ok(self.guest(name)?.host.clone())
    }

    /// Hosts by their names.
    ///
    /// # Errors
    ///
    /// There is none of one of these names.
    pub fn hosts(&self, names: &[&str]) -> Result<Vec<Host>> {
        names.iter().map(|name| self.host(name)).collect()
    }

    /// Drops every packet to and from a host.
    ///
    /// # Errors
    ///
    /// There is no such host, or the router refuses.
    pub fn cut(&self, name: &str) -> Result<()> {
        let Guest { link, host, .. } = self.guest(name)?;
        self.drop_packets(&[format!("iif {link}"), format!("to {}", host.address())])
    }

    /// Drops every packet that `from` sends to `to`. What `to` sends still arrives, and is not acknowledged.
    ///
    /// # Errors
    ///
    /// There is no such host, or the router refuses.
    pub fn cut_one_way(&self, from: &str, to: &str) -> Result<()> {
        self.drop_packets(&[self.between(from, to)?])
    }

    /// Drops every packet between a host of one side and a host of the other.
    ///
    /// # Errors
    ///
    /// There is no such host, or the router refuses.
    pub fn split(&self, one: &[&str], other: &[&str]) -> Result<()> {
        let pairs = one.iter().flat_map(|a| other.iter().flat_map(move |b| [(a, b), (b, a)]));
        let rules = pairs.map(|(from, to)| self.between(from, to)).collect::<Result<Vec<_>>>()?;
        self.drop_packets(&rules)
    }

    /// Lets every packet pass again.
    ///
    /// # Errors
    ///
    /// The router refuses.
    pub fn heal(&self) -> Result<()> {
        let mut rules = self.rules();
        self.route("del", &rules)?;
        rules.clear();
        Ok(())
    }

    /// Ties a host to the router by a cable of its own.
    fn join(&mut self, name: &str, holder: Option<Holder>) -> Result<()> {
        let place = u8::try_from(self.guests.len() + 1)?;
        let (address, router) = (self.address(place), self.address(254));
        let id = holder.as_ref().map_or_else(std::process::id, Holder::id);
        // The names of a namespace are its own; outside there are other rigs.
        let near = if holder.is_some() { "eth0".to_owned() } else { self.outer_link() };
        let link = format!("h{place}");
        let host = Host::at(address, holder.as_ref().map(Holder::id));
        let cable = [
            format!("link add {link} type veth peer name {near} netns {id}"),
            format!("addr add {router}/32 dev {link}"),
            format!("link set {link} up"),
            format!("route add {address}/32 dev {link}"),
        ];
        ip(Some(&self.router), &cable)?;
        let net = self.address(0);
        let mut lines = vec![
            format!("addr add {address}/32 dev {near}"),
            format!("link set {near} up"),
            format!("route add {net}/24 via {router} dev {near} onlink src {address}"),
        ];
        if holder.is_some() {
            lines.push("link set lo up".to_owned());
        }
        ip(holder.as_ref(), &lines)?;
        self.guests.push(Guest { name: name.to_owned(), host, link, _holder: holder });
        Ok(())
    }

    fn guest(&self, name: &str) -> Result<&Guest> {
        let found = self.guests.iter().find(|guest| guest.name == name);
        found.with_context(|| format!("there is no host `{name}`"))
    }

    fn between(&self, from: &str, to: &str) -> Result<String> {
        Ok(format!("iif {} to {}", self.guest(from)?.link, self.guest(to)?.host.address()))
    }

    fn drop_packets(&self, which: &[String]) -> Result<()> {
        let mut rules = self.rules();
        let all = which.iter().map(|which| format!("pref 100 {which} blackhole"));
        let new: Vec<_> = all.filter(|rule| !rules.contains(rule)).collect();
        self.route("add", &new)?;
        rules.extend(new);
        Ok(())
    }

    fn route(&self, verb: &str, rules: &[String]) -> Result<()> {
        let lines: Vec<_> = rules.iter().map(|rule| format!("rule {verb} {rule}")).collect();
        ip(Some(&self.router), &lines)
    }

    fn rules(&self) -> MutexGuard<'_, Vec<String>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Of 198.18.0.0/15, which RFC 2544 keeps for tests of networks.
    fn address(&self, place: u8) -> Ipv4Addr {
        let [high, low] = self.network.number().to_be_bytes();
        Ipv4Addr::new(198, 18 + high, low, place)
    }

    fn outer_link(&self) -> String {
        format!("mcprig{}", self.network.number())
    }
}

impl Drop for Namespaces {
    /// The kernel would remove it with the router, but later.
    fn drop(&mut self) {
        let line = format!("link del {}", self.outer_link());
        drop(ip(None, &[line]));
    }
}
