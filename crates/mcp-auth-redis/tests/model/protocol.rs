//! The protocol: which steps there are, in any order that the parties allow.

use stateright::{Model, Property};

use crate::engine::{Engine, Id, SIZE};
use crate::origin::{Level, Origin};
use crate::properties;
use crate::reader::Reader;

/// One way to run the protocol, and how much may go wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Protocol {
    /// How many replicas confirm a revocation before it is acknowledged with the bound.
    pub(crate) write_wait: usize,
    /// How many replicas confirm the marker of a round before the log is read. With 0 there is no marker.
    pub(crate) lease_wait: usize,
    pub(crate) reads: Reads,
    /// How many times a new primary is elected.
    pub(crate) elections: u8,
    /// How many times a node loses its data.
    pub(crate) wipes: u8,
    /// Whether a coordinator that missed an election may send a replica to a primary older than its own.
    pub(crate) stale_orders: bool,
    pub(crate) flaw: Option<Flaw>,
}

/// Whose log a round reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    /// That of a node which takes itself for the primary.
    Primary,
    /// That of any node: a connection outlives the demotion of its primary, and a replica answers reads.
    Any,
}

/// A mistake that somebody could make in a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// The lease counts from the arrival of the answer.
    LeaseFromArrival,
    /// What is revoked gets into the own set when the engine has it, not before.
    AppliedWhenWritten,
    /// What was read replaces the set.
    SetFromLog,
    /// Without a lease the answer is "revoked".
    StaleMeansRevoked,
    /// Without a lease the set is taken for complete.
    StaleMeansFine,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) engine: Engine,
    pub(crate) origin: Origin,
    pub(crate) reader: Reader,
    /// For the properties: at some time after the revocation was acknowledged with the bound, fewer nodes held it than
    /// had confirmed it, or the primary elected last did not.
    pub(crate) was_lost: bool,
    elections: u8,
    wipes: u8,
}

/// What can happen next. A node in it is the one that acts, or the one that a gateway turns to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Tick,
    // The engine.
    Elect(Id),
    Join { node: Id, primary: Id },
    Copy(Id),
    Wipe(Id),
    // The gateway that revokes.
    Revoke,
    Write(Id),
    Confirm(Id),
    Acknowledge,
    GiveUp,
    // The gateway that reads.
    Ask(Id),
    ConfirmMarker(Id),
    Read,
    Arrive,
    Reassert(Id),
    Restart,
}

const ONCE: [Step; 7] = {
    use Step::{Acknowledge, Arrive, GiveUp, Read, Restart, Revoke, Tick};
    [Tick, Revoke, Acknowledge, GiveUp, Read, Arrive, Restart]
};

const FOR_EACH_NODE: [fn(Id) -> Step; 8] = {
    use Step::{Ask, Confirm, ConfirmMarker, Copy, Elect, Reassert, Wipe, Write};
    [Elect, Copy, Wipe, Write, Confirm, Ask, ConfirmMarker, Reassert]
};

impl Model for Protocol {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let (engine, origin, reader) = (Engine::new(), Origin::default(), Reader::new());
        let Self { elections, wipes, .. } = *self;
        vec![State { engine, origin, reader, was_lost: false, elections, wipes }]
    }

    fn actions(&self, _: &State, steps: &mut Vec<Step>) {
        steps.extend(ONCE);
        for node in 0..SIZE {
            steps.extend(FOR_EACH_NODE.map(|step| step(node)));
            steps.extend((0..SIZE).map(|primary| Step::Join { node, primary }));
        }
    }

    fn next_state(&self, last: &State, step: Step) -> Option<State> {
        let mut next = last.clone();
        next.take(self, step)?;
        next.note_loss(self);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}

impl State {
    /// Takes the step; `None` where it cannot be taken now.
    fn take(&mut self, protocol: &Protocol, step: Step) -> Option<()> {
        let Self { engine, origin, reader, .. } = self;
        match step {
            Step::Tick => {
                self.tick();
                Some(())
            }
            Step::Elect(node) => self.elect(node),
            Step::Join { node, primary } => self.join(protocol, node, primary),
            Step::Copy(node) => engine.copy(node),
            Step::Wipe(node) => self.wipe(node),
            Step::Revoke => origin.revoke(protocol),
            Step::Write(on) => origin.write(engine, on),
            Step::Confirm(replica) => origin.confirm(engine, replica),
            Step::Acknowledge => origin.acknowledge(protocol),
            Step::GiveUp => origin.give_up(),
            Step::Ask(of) => reader.ask(protocol, engine, of),
            Step::ConfirmMarker(replica) => reader.confirm_marker(protocol, engine, replica),
            Step::Read => reader.read(protocol, engine),
            Step::Arrive => reader.arrive(protocol),
            Step::Reassert(on) => reader.reassert(engine, on),
            Step::Restart => {
                *reader = Reader::new();
                Some(())
            }
        }
    }

    fn tick(&mut self) {
        self.origin.tick();
        self.reader.tick();
    }

    fn elect(&mut self, node: Id) -> Option<()> {
        self.elections = self.elections.checked_sub(1)?;
        self.engine.elect(node)
    }

    fn join(&mut self, protocol: &Protocol, node: Id, primary: Id) -> Option<()> {
        self.engine.join(node, primary, protocol.stale_orders)?;
        self.origin.note_demotion(node);
        Some(())
    }

    fn wipe(&mut self, node: Id) -> Option<()> {
        self.wipes = self.wipes.checked_sub(1)?;
        self.engine.wipe(node);
        Some(())
    }

    fn note_loss(&mut self, protocol: &Protocol) {
        let is_kept = self.engine.newest_holds() && self.engine.holders() > protocol.write_wait;
        self.was_lost |= self.origin.age(Level::Bound).is_some() && !is_kept;
    }
}
