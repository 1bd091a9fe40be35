//! Changes of the set of servers.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::Gateway;
use crate::config::{Config, EntryError, ServerConfig};
use crate::naming;
use crate::registry::Servers;
use crate::server::{Entry, Server};
use crate::status::ServerStatus;

/// Why the set of servers stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// There is no server of this name.
    #[error(
        "there is no server `{}`; list the servers for the names there are",
        naming::shown(name)
    )]
    Unknown {
        /// The name that was asked for.
        name: String,
    },
    /// No server can have this name.
    #[error(
        "`{}` is no name of a server; use 1 to 64 letters, digits, `.`, `-`, single `_`",
        naming::shown(name)
    )]
    Name {
        /// The name that was asked for.
        name: String,
    },
    /// So many are connected by hand as may be, and each stays listed.
    #[error(
        "there can be {most} servers that are connected by hand and no more; use the name of one of them, or the configuration file"
    )]
    TooMany {
        /// [`Options::servers_by_hand`](crate::Options::servers_by_hand).
        most: usize,
    },
    /// The gateway has been shut down.
    #[error("the gateway is being shut down; start it again")]
    Stopping,
}

/// What a reload did; names in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Servers that are new, or were started anew because their entry changed.
    pub started: Vec<String>,
    /// Servers that are gone.
    pub stopped: Vec<String>,
    /// Servers that were left alone.
    pub kept: Vec<String>,
    /// Entries that cannot be read. Each is listed as a server that failed, and has stopped the one that it was before.
    pub failed: Vec<EntryError>,
}

impl Reloaded {
    /// The names whose server has to be made anew.
    fn renewed(&self) -> BTreeSet<&str> {
        let failed = self.failed.iter().map(|error| error.server.as_str());
        self.started.iter().map(String::as_str).chain(failed).collect()
    }
}

impl Gateway {
    /// Connects a server that stands in no file, in place of another one of its name if there is one.
    /// Waits for the first attempt. A server that fails it stays listed with the reason, and is not
    /// tried again.
    ///
    /// # Errors
    /// When no server can have this name, or there are too many. That it cannot be connected is no error here: see the
    /// status.
    pub async fn connect(
        &self,
        name: &str,
        config: ServerConfig,
    ) -> Result<ServerStatus, ChangeError> {
        self.check_connect(name)?;
        let server = {
            let _change = self.inner.changes.lock().await;
            self.check_room(name)?;
            self.replace(name, Ok(config), true).await?
        };
        server.settled().await;
        Ok(self.status_of(&server))
    }

    /// Whether a server of this name can be connected by hand; with [`connect`](Self::connect) it may still fail.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect).
    pub fn check_connect(&self, name: &str) -> Result<(), ChangeError> {
        if !naming::is_server_name(name) {
            return Err(ChangeError::Name { name: name.to_owned() });
        }
        self.check_room(name)?;
        self.check_running()
    }

    fn check_room(&self, name: &str) -> Result<(), ChangeError> {
        let most = self.inner.options.servers_by_hand;
        let servers = self.inner.registry.servers();
        let others = servers.values().filter(|it| it.by_hand && it.name != name).count();
        if others < most { Ok(()) } else { Err(ChangeError::TooMany { most }) }
    }

    /// Whether a server of this name can be connected again.
    ///
    /// # Errors
    /// As for [`reconnect`](Self::reconnect).
    pub fn check_reconnect(&self, name: &str) -> Result<(), ChangeError> {
        self.check_running()?;
        self.known(name).map(drop)
    }

    /// Stops a server and connects it again as it is configured. Waits for the first attempt.
    ///
    /// # Errors
    /// When there is no server of this name.
    pub async fn reconnect(&self, name: &str) -> Result<ServerStatus, ChangeError> {
        let server = {
            let _change = self.inner.changes.lock().await;
            let old = self.known(name)?;
            self.replace(name, old.entry.clone(), old.by_hand).await?
        };
        server.settled().await;
        Ok(self.status_of(&server))
    }

    /// Stops a server and waits until its process is gone. It stays listed and can be reconnected.
    ///
    /// # Errors
    /// When there is no server of this name.
    pub async fn disconnect(&self, name: &str) -> Result<ServerStatus, ChangeError> {
        let _change = self.inner.changes.lock().await;
        let server = self.known(name)?;
        server.stop().await;
        self.inner.registry.tools_changed();
        Ok(self.status_of(&server))
    }

    /// Makes the servers those of `config`. Those whose entry is as it was are left alone, whether
    /// connected or not, and so are those that were connected by hand and have no entry.
    ///
    /// # Errors
    /// When the gateway is being shut down.
    pub async fn reload(&self, config: &Config) -> Result<Reloaded, ChangeError> {
        let _change = self.inner.changes.lock().await;
        self.check_running()?;
        let reloaded = self.compare(config);
        self.stop_some(&reloaded).await;
        let renewed = reloaded.renewed();
        self.add(config.entries().filter(|(name, _)| renewed.contains(name)).map(owned));
        Ok(reloaded)
    }

    /// Stops all servers, cancels their calls, and waits until all processes are gone.
    pub async fn shutdown(&self) {
        self.inner.stop.cancel();
        let _change = self.inner.changes.lock().await;
        stop_all(self.inner.registry.servers().values().cloned()).await;
        self.inner.registry.tools_changed();
    }

    pub(super) fn add_all(&self, config: &Config) {
        self.add(config.entries().map(owned));
    }

    fn add(&self, entries: impl Iterator<Item = (String, Entry)>) {
        for (name, entry) in entries {
            if let Err(error) = &entry {
                tracing::warn!(server = name, reason = error.to_string(), "failed");
            }
            let wanted = entry.as_ref().is_ok_and(|config| config.auto_connect);
            let server = self.insert(&name, entry, false);
            if wanted {
                server.start(&self.inner.registry);
            }
        }
    }

    async fn replace(
        &self,
        name: &str,
        entry: Entry,
        by_hand: bool,
    ) -> Result<Arc<Server>, ChangeError> {
        self.check_running()?;
        if let Some(old) = self.inner.registry.server(name) {
            old.stop().await;
        }
        let server = self.insert(name, entry, by_hand);
        server.start(&self.inner.registry);
        Ok(server)
    }

    fn insert(&self, name: &str, entry: Entry, by_hand: bool) -> Arc<Server> {
        let stop = self.inner.stop.child_token();
        let server = Arc::new(Server::idle(name, entry, by_hand, &self.inner.options, stop));
        let inserted = Arc::clone(&server);
        self.inner.registry.update(|servers| {
            servers.insert(name.to_owned(), inserted);
        });
        server
    }

    fn known(&self, name: &str) -> Result<Arc<Server>, ChangeError> {
        let unknown = || ChangeError::Unknown { name: name.to_owned() };
        self.inner.registry.server(name).ok_or_else(unknown)
    }

    fn check_running(&self) -> Result<(), ChangeError> {
        if self.inner.stop.is_cancelled() { Err(ChangeError::Stopping) } else { Ok(()) }
    }

    fn compare(&self, config: &Config) -> Reloaded {
        let old = self.inner.registry.servers();
        let mut reloaded = Reloaded::default();
        for (name, entry) in config.entries() {
            let is_same = old.get(name).is_some_and(|old| old.entry.as_ref() == entry);
            match entry {
                Err(error) => reloaded.failed.push(error.clone()),
                Ok(_) if is_same => reloaded.kept.push(name.to_owned()),
                Ok(_) => reloaded.started.push(name.to_owned()),
            }
        }
        let named: BTreeSet<&str> = config.entries().map(|(name, _)| name).collect();
        for server in old.values().filter(|server| !named.contains(server.name.as_str())) {
            let list = if server.by_hand { &mut reloaded.kept } else { &mut reloaded.stopped };
            list.push(server.name.clone());
        }
        reloaded.kept.sort();
        reloaded
    }

    async fn stop_some(&self, reloaded: &Reloaded) {
        let servers = self.inner.registry.servers();
        let stopped = reloaded.stopped.iter().map(String::as_str);
        let names = stopped.chain(reloaded.renewed());
        stop_all(names.filter_map(|name| servers.get(name).cloned())).await;
        self.inner.registry.update(|servers: &mut Servers| {
            servers.retain(|name, _| !reloaded.stopped.contains(name));
        });
    }
}

fn owned((name, entry): (&str, Result<&ServerConfig, &EntryError>)) -> (String, Entry) {
    (name.to_owned(), entry.cloned().map_err(Clone::clone))
}

/// All at once: each may need its grace.
async fn stop_all(servers: impl Iterator<Item = Arc<Server>>) {
    let mut stopping: JoinSet<()> =
        servers.map(|server| async move { server.stop().await }).collect();
    while stopping.join_next().await.is_some() {}
}
