//! A bad network between a client and one engine, for tests that are not root.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, Scope};
use std::time::Duration;

use anyhow::{Context, Result};

/// How long a connection to the engine may take.
const CONNECT: Duration = Duration::from_secs(2);

/// Passes on what clients and an engine say to each other, as it is told. Dropping it closes every connection.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

/// One of the two ways that bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// What clients ask.
    ToEngine,
    /// What the engine answers.
    ToClient,
}

/// What becomes of the bytes that go one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// They go on at once.
    Pass,
    /// Each piece is held for so long, and those behind it wait.
    Delay(Duration),
    /// They wait until something else is said.
    Stall,
    /// They are lost. A connection that lost some is closed by the first byte that passes again, since nobody could
    /// make sense of it.
    Lose,
}

#[derive(Debug)]
struct Shared {
    engine: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// `Pass`, where nothing is said.
    flows: BTreeMap<Direction, Flow>,
    connections: BTreeMap<u64, [TcpStream; 2]>,
    last: u64,
    is_cut: bool,
    is_over: bool,
}

impl Proxy {
    /// Listens on a port of the loopback interface for clients of `engine`.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub fn start(engine: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
        let address = listener.local_addr()?;
        let shared = Shared { engine, state: Mutex::default(), changed: Condvar::new() };
        let shared = Arc::new(shared);
        let accepting = Arc::clone(&shared);
        let acceptor = thread::spawn(move || accepting.accept(&listener));
        Ok(Self { address, shared, acceptor: Some(acceptor) })
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Says what becomes of the bytes that go one way, of all connections, from now on.
    pub fn set(&self, direction: Direction, flow: Flow) {
        self.shared.change(|state| state.flows.insert(direction, flow));
    }

    /// Closes every connection, and each new one at once.
    pub fn cut(&self) {
        self.shared.change(|state| {
            state.is_cut = true;
            state.close();
        });
    }

    /// Lets new connections in, and every byte pass.
    pub fn heal(&self) {
        self.shared.change(|state| {
            state.is_cut = false;
            state.flows.clear();
        });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.change(|state| {
            state.is_over = true;
            state.close();
        });
        // The acceptor looks up when somebody comes.
        drop(TcpStream::connect(self.address));
        drop(self.acceptor.take().map(JoinHandle::join));
    }
}

impl Shared {
    fn accept(&self, listener: &TcpListener) {
        thread::scope(|scope| {
            for client in listener.incoming() {
                if self.state().is_over {
                    break;
                }
                // One that fails is closed, and the next may do better.
                drop(client.map_err(Into::into).and_then(|client| self.join(scope, client)));
            }
        });
    }

    fn join<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        client: TcpStream,
    ) -> Result<()> {
        let engine = TcpStream::connect_timeout(&self.engine, CONNECT)?;
        client.set_nodelay(true)?;
        engine.set_nodelay(true)?;
        let ends = [client.try_clone()?, engine.try_clone()?];
        let (from_client, from_engine) = (client.try_clone()?, engine.try_clone()?);
        let mut state = self.state();
        if state.is_cut || state.is_over {
            return Ok(());
        }
        state.last += 1;
        let id = state.last;
        state.connections.insert(id, ends);
        drop(state);
        scope.spawn(move || self.pump(id, Direction::ToEngine, from_client, engine));
        scope.spawn(move || self.pump(id, Direction::ToClient, from_engine, client));
        Ok(())
    }

    /// Carries bytes one way until either end closes, and then closes both.
    fn pump(&self, id: u64, direction: Direction, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = [0; 16 * 1024];
        let mut has_lost = false;
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let bytes = buffer.get(..length).unwrap_or_default();
            match self.flow(id, direction) {
                Some(Flow::Lose) => {
                    has_lost = true;
                    continue;
                }
                Some(Flow::Delay(time)) if !has_lost => thread::sleep(time),
                Some(Flow::Pass) if !has_lost => {}
                _ => break,
            }
            if to.write_all(bytes).is_err() {
                break;
            }
        }
        self.state().connections.remove(&id).iter().for_each(close);
    }

    /// What to do now with bytes in hand; none, when the connection was closed meanwhile.
    fn flow(&self, id: u64, direction: Direction) -> Option<Flow> {
        let flow = |state: &State| *state.flows.get(&direction).unwrap_or(&Flow::Pass);
        let is_held =
            |state: &mut State| state.connections.contains_key(&id) && flow(state) == Flow::Stall;
        let state = self.changed.wait_while(self.state(), is_held);
        let state = state.unwrap_or_else(PoisonError::into_inner);
        state.connections.contains_key(&id).then(|| flow(&state))
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) {
        change(&mut self.state());
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn close(&mut self) {
        std::mem::take(&mut self.connections).values().for_each(close);
    }
}

fn close(ends: &[TcpStream; 2]) {
    for end in ends {
        // An end that the peer closed already is as good.
        drop(end.shutdown(Shutdown::Both));
    }
}
