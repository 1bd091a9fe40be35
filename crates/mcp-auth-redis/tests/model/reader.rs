//! A gateway that reads the log and admits requests. Gateways meet in the engine only, so that one stands for any
//! number of them.

use crate::engine::{Confirmed, Engine, Id};
use crate::protocol::{Flaw, Protocol, Reads};

/// How long a lease lasts, in ticks.
pub(crate) const DELTA: u8 = 2;

/// What a request that carries the token is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted,
    Revoked,
    Unavailable,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Reader {
    /// The revocation is in its set.
    pub(crate) knows: bool,
    /// The log that it read last lacks what it knows, and it has to write that again. For this the nodes compare the
    /// store's id, the replication id and the last entry's id; the model compares what they stand for.
    is_short: bool,
    /// Ticks left of its lease.
    lease: u8,
    round: Round,
    /// For the properties: ticks since the start of the last round that was answered, up to [`DELTA`].
    pub(crate) heard: u8,
    /// For the properties: it had the revocation in its set since it was started, and refused the token for that.
    pub(crate) refused: bool,
}

/// A round of the lease. Its age counts from before the question was sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Round {
    None,
    /// `confirmed` are the replicas that have the marker.
    Asked {
        age: u8,
        of: Id,
        confirmed: Confirmed,
    },
    /// The answer is on its way.
    Answered {
        age: u8,
        holds: bool,
    },
}

impl Reader {
    /// Just started: it knows nothing, has no lease and is not ready before its first round.
    pub(crate) fn new() -> Self {
        let round = Round::None;
        Self { knows: false, is_short: false, lease: 0, round, heard: DELTA, refused: false }
    }

    pub(crate) fn verdict(&self, protocol: &Protocol) -> Verdict {
        let is_fresh = self.lease > 0;
        match (self.knows, protocol.flaw) {
            (true, _) => Verdict::Revoked,
            (false, Some(Flaw::StaleMeansRevoked)) if !is_fresh => Verdict::Revoked,
            (false, Some(Flaw::StaleMeansFine)) if !is_fresh => Verdict::Accepted,
            (false, _) if is_fresh => Verdict::Accepted,
            (false, _) => Verdict::Unavailable,
        }
    }

    /// Reads the clock and starts a round, with a marker where the mode wants one confirmed.
    pub(crate) fn ask(&mut self, protocol: &Protocol, engine: &Engine, of: Id) -> Option<()> {
        let may = self.round == Round::None && protocol.may_read(engine, of);
        may.then(|| self.round = Round::Asked { age: 0, of, confirmed: Confirmed::default() })
    }

    /// A replica has the marker, and so all that its primary wrote before it.
    pub(crate) fn confirm_marker(
        &mut self,
        protocol: &Protocol,
        engine: &mut Engine,
        replica: Id,
    ) -> Option<()> {
        let Round::Asked { of, confirmed, .. } = &mut self.round else {
            return None;
        };
        let is_awaited = confirmed.count() < protocol.lease_wait;
        let may = is_awaited && engine.is_primary(*of) && engine.follows(replica, *of);
        may.then_some(())?;
        engine.copy(replica)?;
        confirmed.add(replica);
        Some(())
    }

    /// The node reads its log and sends what it found.
    pub(crate) fn read(&mut self, protocol: &Protocol, engine: &Engine) -> Option<()> {
        let Round::Asked { age, of, confirmed } = self.round else {
            return None;
        };
        let is_confirmed = confirmed.count() >= protocol.lease_wait;
        (is_confirmed && protocol.may_read(engine, of)).then_some(())?;
        self.round = Round::Answered { age, holds: engine.holds(of) };
        Some(())
    }

    /// The answer is here: apply it, then renew the lease.
    pub(crate) fn arrive(&mut self, protocol: &Protocol) -> Option<()> {
        let Round::Answered { age, holds } = self.round else {
            return None;
        };
        let forgets = protocol.flaw == Some(Flaw::SetFromLog);
        self.round = Round::None;
        self.heard = age;
        self.is_short = self.knows && !holds && !forgets;
        self.knows = holds || (self.knows && !forgets);
        self.refused |= self.knows;
        if !self.is_short {
            let from_start = DELTA - age;
            let is_late = protocol.flaw == Some(Flaw::LeaseFromArrival);
            self.lease = if is_late { DELTA } else { from_start };
        }
        Some(())
    }

    /// Writes again what the log lacks.
    pub(crate) fn reassert(&mut self, engine: &mut Engine, on: Id) -> Option<()> {
        (self.is_short && engine.is_primary(on)).then_some(())?;
        engine.write(on);
        self.is_short = false;
        Some(())
    }

    /// A tick of the clock. A round that lasted as long as a lease would grant nothing any more.
    pub(crate) fn tick(&mut self) {
        self.lease = self.lease.saturating_sub(1);
        self.heard = DELTA.min(self.heard + 1);
        if let Round::Asked { age, .. } | Round::Answered { age, .. } = &mut self.round {
            *age += 1;
            if *age >= DELTA {
                self.round = Round::None;
            }
        }
    }
}

impl Protocol {
    fn may_read(&self, engine: &Engine, of: Id) -> bool {
        self.reads == Reads::Any || engine.is_primary(of)
    }
}
