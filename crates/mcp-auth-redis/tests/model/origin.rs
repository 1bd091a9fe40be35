//! The gateway that revokes. It needs no lease here: what it revoked it refuses with or without.

use crate::engine::{Confirmed, Engine, Id};
use crate::protocol::{Flaw, Protocol};
use crate::reader::{DELTA, Verdict};

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Origin {
    /// The revocation is in its journal, on its own disk.
    pub(crate) journalled: bool,
    /// It is in its set.
    applied: bool,
    /// A write whose `WAIT` runs.
    waiting: Option<Waiting>,
    /// What it answered to whoever asked for the revocation.
    pub(crate) answer: Option<Answer>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Waiting {
    on: Id,
    /// Nobody is taken out again, not even a replica that left: the primary may not have noticed.
    confirmed: Confirmed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Answer {
    pub(crate) level: Level,
    /// Ticks since then, up to [`DELTA`].
    pub(crate) age: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Level {
    /// As many replicas confirmed as the mode asks for: the answer names the bound.
    Bound,
    /// Fewer did within the time: 202, without a bound. The outbox goes on.
    Lower,
}

impl Origin {
    /// Into the journal, then into the own set.
    pub(crate) fn revoke(&mut self, protocol: &Protocol) -> Option<()> {
        (!self.journalled).then_some(())?;
        self.journalled = true;
        self.applied = protocol.flaw != Some(Flaw::AppliedWhenWritten);
        Some(())
    }

    /// Writes to a primary: first, again because no answer came, or because the log lacks what was written before.
    /// With the answer given, nobody waits for this write.
    pub(crate) fn write(&mut self, engine: &mut Engine, on: Id) -> Option<()> {
        let waits = self.answer.is_none() && self.waiting.as_ref().is_none_or(|wait| wait.on != on);
        let may = self.journalled && engine.is_primary(on) && (waits || !engine.holds(on));
        may.then_some(())?;
        engine.write(on);
        if waits {
            self.waiting = Some(Waiting { on, confirmed: Confirmed::default() });
        }
        Some(())
    }

    /// A replica has what its primary wrote up to then.
    pub(crate) fn confirm(&mut self, engine: &mut Engine, replica: Id) -> Option<()> {
        let waiting = self.waiting.as_mut().filter(|wait| engine.follows(replica, wait.on))?;
        engine.copy(replica)?;
        waiting.confirmed.add(replica);
        Some(())
    }

    /// `WAIT` counted enough replicas. The count to reach is one of all nodes, whether they can be reached or not.
    pub(crate) fn acknowledge(&mut self, protocol: &Protocol) -> Option<()> {
        let confirmed = self.waiting.as_ref()?.confirmed.count();
        (confirmed >= protocol.write_wait).then(|| self.reply(Level::Bound))
    }

    /// The time for `WAIT` is over.
    pub(crate) fn give_up(&mut self) -> Option<()> {
        self.waiting.is_some().then(|| self.reply(Level::Lower))
    }

    fn reply(&mut self, level: Level) {
        self.waiting = None;
        self.applied |= level == Level::Bound;
        self.answer = Some(Answer { level, age: 0 });
    }

    /// The engine ends every `WAIT` on a node that becomes a replica.
    pub(crate) fn note_demotion(&mut self, of: Id) {
        self.waiting.take_if(|wait| wait.on == of);
    }

    pub(crate) fn tick(&mut self) {
        if let Some(answer) = &mut self.answer {
            answer.age = DELTA.min(answer.age + 1);
        }
    }

    /// Ticks since the revocation was acknowledged at this level.
    pub(crate) fn age(&self, level: Level) -> Option<u8> {
        self.answer.as_ref().filter(|answer| answer.level == level).map(|answer| answer.age)
    }

    /// What it answers a request, at the worst: as if it always had a lease.
    pub(crate) fn verdict(&self) -> Verdict {
        if self.applied { Verdict::Revoked } else { Verdict::Accepted }
    }
}
