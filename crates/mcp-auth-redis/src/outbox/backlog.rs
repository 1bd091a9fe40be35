//! What waits at a courier.

use std::collections::VecDeque;

use mcp_auth::store::{Durability, Revocation};

use super::Parcel;

/// Parcels in the order in which they came. Those that wait for a replica stand in nobody's way.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// Not in the engine, as far as known.
    new: VecDeque<Parcel>,
    /// In the engine, and not as far as they should be.
    written: Vec<Parcel>,
    /// The id of the data that hold these.
    written_to: String,
    /// How far those were said to be.
    level: Option<Durability>,
}

impl Backlog {
    pub(super) fn is_empty(&self) -> bool {
        self.new.is_empty() && self.written.is_empty()
    }

    pub(super) fn add(&mut self, parcels: impl IntoIterator<Item = Parcel>) {
        self.new.extend(parcels);
    }

    /// What is to be written to the data with this id: how many parcels, and what is in them. At most one goes over the limit.
    pub(super) fn next(&mut self, id: &str, limit: usize) -> (usize, Vec<Revocation>) {
        if self.written_to != id {
            self.begin_anew();
            id.clone_into(&mut self.written_to);
        }
        let (mut count, mut revocations) = (0, Vec::new());
        for parcel in &self.new {
            if revocations.len() >= limit {
                break;
            }
            revocations.extend_from_slice(&parcel.revocations);
            count += 1;
        }
        (count, revocations)
    }

    /// So many more are written, and everything written has got this far.
    pub(super) fn reached(&mut self, count: usize, level: Durability, is_enough: bool) {
        let new = self.new.drain(..count);
        if is_enough {
            self.written.drain(..).chain(new).for_each(|parcel| parcel.report.done(level));
            return;
        }
        // Those before were told, unless it is something new.
        let told = if self.level == Some(level) { self.written.len() } else { 0 };
        self.written.extend(new);
        self.level = Some(level);
        self.written.iter().skip(told).for_each(|parcel| parcel.report.reached(level));
    }

    /// A try was in vain. What was written may be lost with the node that had it.
    pub(super) fn failed(&mut self) {
        self.begin_anew();
        self.new.iter().for_each(|parcel| parcel.report.failed());
    }

    /// What is new goes first: the rest was somewhere already, and may be very much. In which order they are written does not
    /// matter, because what stands there is merged.
    fn begin_anew(&mut self) {
        self.level = None;
        self.new.extend(self.written.drain(..));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mcp_auth::clock::NumericDate;
    use mcp_auth::store::RevocationId;

    use super::super::{Progress, Report};
    use super::*;

    fn parcel(number: u8, revocations: usize) -> (Parcel, Arc<Progress>) {
        let progress = Arc::new(Progress::new(1));
        let report = Report { progress: Arc::clone(&progress), part: 0 };
        let id = RevocationId::from_bytes([number; 16]);
        let one = Revocation::Entry { id, keep_until: NumericDate::LATEST };
        (Parcel { revocations: vec![one; revocations], report }, progress)
    }

    #[test]
    fn what_waits_for_a_replica_stands_in_nobodys_way() {
        let ((first, one), (second, other)) = (parcel(1, 3), parcel(2, 1));
        let mut backlog = Backlog::default();
        backlog.add([first, second]);
        assert_eq!(backlog.next("a", 2).0, 1, "the first one fills the try");
        backlog.reached(1, Durability::Quorum, false);
        let (count, revocations) = backlog.next("a", 2);
        assert_eq!((count, revocations.len()), (1, 1), "what is written is not written again");
        backlog.reached(1, Durability::Quorum, false);
        for progress in [&one, &other] {
            assert_eq!(progress.reached().durability, Some(Durability::Quorum));
        }
        assert_eq!(backlog.next("a", 2).0, 0);
        backlog.reached(0, Durability::All, true);
        assert!(backlog.is_empty() && !one.reached().is_pending && !other.reached().is_pending);
    }

    #[test]
    fn other_data_and_another_node_get_everything_and_what_is_new_first() {
        let (first, second) = (parcel(1, 1).0, parcel(2, 1).0);
        let [one, other] = [&first, &second].map(|it| it.revocations[0]);
        let mut backlog = Backlog::default();
        backlog.add([first, second]);
        backlog.next("a", 1);
        backlog.reached(1, Durability::Primary, false);
        assert_eq!(backlog.next("b", 9), (2, vec![other, one]), "other data");
        backlog.reached(1, Durability::Primary, false);
        backlog.failed();
        assert_eq!(backlog.next("b", 9), (2, vec![one, other]), "another node");
    }
}
