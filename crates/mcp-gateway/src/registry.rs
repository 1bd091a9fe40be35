//! Which servers there are, and which tools they have: snapshots that readers take without waiting.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::directory::Directory;
use crate::server::Server;

pub(crate) type Servers = BTreeMap<String, Arc<Server>>;

#[derive(Default)]
pub(crate) struct Registry {
    servers: ArcSwap<Servers>,
    directory: ArcSwap<Directory>,
    /// Held while a snapshot is made from what is there, so that none is made from older facts and
    /// stored later.
    writing: Mutex<()>,
}

impl Registry {
    pub(crate) fn servers(&self) -> Arc<Servers> {
        self.servers.load_full()
    }

    pub(crate) fn server(&self, name: &str) -> Option<Arc<Server>> {
        self.servers.load().get(name).cloned()
    }

    pub(crate) fn directory(&self) -> arc_swap::Guard<Arc<Directory>> {
        self.directory.load()
    }

    /// Changes the set of servers.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Servers)) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut servers = (*self.servers.load_full()).clone();
        change(&mut servers);
        self.directory.store(Arc::new(Directory::of(&servers)));
        self.servers.store(Arc::new(servers));
    }

    /// A server has other tools than before.
    pub(crate) fn tools_changed(&self) {
        self.update(|_| ());
    }
}
