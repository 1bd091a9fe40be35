//! All machines of a scenario.

use anyhow::{Context as _, Result};
use mcp_auth_rig::{Engine, Host, Namespaces, Options};

use crate::clock::wrong_by;
use crate::engines::{Engines, Topology};
use crate::gateway::Gateway;
use crate::scenario::{Clocks, Scenario};

/// What the gateways are called, here and in the history.
pub(crate) const GATEWAYS: &[&str] = &["a", "b", "c"];

const MACHINES: [&str; 6] = ["e0", "e1", "e2", "e3", "e4", "e5"];

/// Dropped in this order: namespaces end with the last process in them.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) gateways: Vec<Gateway>,
    pub(crate) engines: Engines,
    network: Option<Namespaces>,
    topology: Topology,
}

impl Stage {
    /// Starts everything; `settings` are further ones of the store's URL.
    pub(crate) fn set(scenario: &Scenario, engine: &Engine, settings: &str) -> Result<Self> {
        let topology = scenario.topology;
        let network = scenario
            .fault
            .is_of_network()
            .then(|| Namespaces::start(&[GATEWAYS, &MACHINES[..topology.size()]].concat()));
        let network = network.transpose()?;
        let host = |name: &str| network.as_ref().map_or(Ok(Host::loopback()), |it| it.host(name));
        let hosts = MACHINES[..topology.size()].iter().map(|name| host(name));
        let hosts = hosts.collect::<Result<Vec<_>>>()?;
        let mut options = Options::new(engine);
        if let Clocks::Engines(offset) = scenario.clocks {
            options = options.environment(wrong_by(offset).context("faketime")?);
        }
        let engines = Engines::start(topology, &options, &hosts)?;
        let url = engines.url(settings);
        let start = |name: &&'static str| {
            let mut variables = vec![("MCP_STORE_URL".to_owned(), url.clone())];
            if let (Clocks::Gateway(offset), "a") = (scenario.clocks, *name) {
                variables.extend(wrong_by(offset).context("faketime")?);
            }
            Gateway::start(name, host(name)?, variables)
        };
        let gateways = GATEWAYS.iter().map(start).collect::<Result<_>>()?;
        Ok(Self { gateways, engines, network, topology })
    }

    pub(crate) fn network(&self) -> Result<&Namespaces> {
        self.network.as_ref().context("the scenario has no network")
    }

    /// The engines' machines, by the names of their hosts.
    pub(crate) fn machines(&self) -> Vec<&'static str> {
        MACHINES[..self.topology.size()].to_vec()
    }

    /// Removes all data, of every primary.
    pub(crate) fn flush(&mut self) -> Result<()> {
        let primaries = if self.topology == Topology::Cluster { 3 } else { 1 };
        (0..primaries).try_for_each(|which| self.engines.node(which).flushall())
    }
}
