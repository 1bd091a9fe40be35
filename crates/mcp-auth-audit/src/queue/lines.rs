//! Events in one piece of memory: at the rate of requests, an allocation for each of them would cost more than all else
//! that is done to keep it.

use tokio::sync::oneshot;

use crate::error::AppendError;
use crate::line::MAX_EVENT;
use crate::writer::MAX_BATCH;

pub(super) type Sender = oneshot::Sender<Result<u64, AppendError>>;

/// Events that are written together, oldest first. It takes its memory once, and leaves none of it behind for each event.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    text: Vec<u8>,
    /// Where each event ends in the text.
    ends: Vec<usize>,
    /// Whom to tell, by the event's place. Nobody waits for decisions.
    receipts: Vec<(usize, Sender)>,
}

/// What an event takes of the memory: its bytes and its place.
pub(super) fn cost(event: &[u8]) -> usize {
    event.len() + size_of::<usize>() + size_of::<(usize, Sender)>()
}

impl Lines {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Whether one more event fits into the memory that these take anyway.
    pub(super) fn has_room(&self) -> bool {
        self.text.len() < MAX_BATCH
    }

    pub(super) fn push(&mut self, event: &[u8], receipt: Option<Sender>) {
        if self.text.is_empty() {
            // Untouched memory costs nothing; what would be copied whenever the text outgrows its place does.
            self.text.reserve(MAX_BATCH + MAX_EVENT);
        }
        self.receipts.extend(receipt.map(|receipt| (self.ends.len(), receipt)));
        self.text.extend_from_slice(event);
        self.ends.push(self.text.len());
    }

    /// Whether somebody waits.
    pub(super) fn is_urgent(&self) -> bool {
        !self.receipts.is_empty()
    }

    /// Events that nobody waits for.
    pub(super) fn decisions(&self) -> usize {
        self.ends.len() - self.receipts.len()
    }

    /// What they take of the memory.
    pub(super) fn cost(&self) -> usize {
        self.text.len() + self.ends.len() * cost(&[])
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let places = starts.zip(self.ends.iter().copied());
        places.map(|(start, end)| self.text.get(start..end).unwrap_or_default())
    }

    /// Tells those who wait the numbers of their lines, of which the first is `first`, and forgets the events.
    pub(super) fn written(&mut self, first: u64) {
        for (place, receipt) in self.receipts.drain(..) {
            // Whoever asked may have gone away.
            let _ = receipt.send(Ok(first + place as u64));
        }
        self.text.clear();
        self.ends.clear();
    }

    /// The decisions alone, and those who wait for the others.
    pub(super) fn failed(mut self) -> (Self, Vec<Sender>) {
        let told = std::mem::take(&mut self.receipts);
        if told.is_empty() {
            return (self, Vec::new());
        }
        let mut kept = Self::default();
        let is_told = |place| told.binary_search_by_key(&place, |(place, _)| *place).is_ok();
        for (_, event) in self.events().enumerate().filter(|(place, _)| !is_told(*place)) {
            kept.push(event, None);
        }
        (kept, told.into_iter().map(|(_, receipt)| receipt).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &Lines) -> Vec<&[u8]> {
        lines.events().collect()
    }

    #[test]
    fn events_come_out_as_they_went_in() {
        let mut lines = Lines::default();
        assert!(lines.is_empty() && texts(&lines).is_empty());
        let (sender, mut receiver) = oneshot::channel();
        lines.push(b"one", None);
        lines.push(b"", Some(sender));
        lines.push(b"three", None);
        assert_eq!(texts(&lines), [&b"one"[..], b"", b"three"]);
        assert_eq!((lines.len(), lines.decisions(), lines.is_urgent()), (3, 2, true));
        assert_eq!(lines.cost(), cost(b"one") + cost(b"") + cost(b"three"));
        lines.written(7);
        assert_eq!(receiver.try_recv().unwrap().unwrap(), 8);
        assert!(lines.is_empty() && !lines.is_urgent() && lines.cost() == 0);
        lines.push(b"four", None);
        assert_eq!(texts(&lines), [b"four"]);
    }

    #[test]
    fn those_that_somebody_waits_for_are_told_and_the_others_kept() {
        let mut lines = Lines::default();
        let (first, last) = (oneshot::channel(), oneshot::channel());
        lines.push(b"first", Some(first.0));
        lines.push(b"kept", None);
        lines.push(b"too", None);
        lines.push(b"last", Some(last.0));
        let (kept, told) = lines.failed();
        assert_eq!((texts(&kept), told.len()), (vec![&b"kept"[..], b"too"], 2));
        let (kept, told) = kept.failed();
        assert_eq!((kept.len(), told.len()), (2, 0));
    }

    #[test]
    fn the_memory_is_taken_once() {
        let mut lines = Lines::default();
        let event = vec![b' '; MAX_EVENT];
        while lines.has_room() {
            lines.push(&event, None);
        }
        assert!(lines.text.capacity() < MAX_BATCH + 2 * MAX_EVENT, "{}", lines.text.capacity());
        let place = lines.text.as_ptr();
        lines.written(1);
        lines.push(&event, None);
        assert_eq!(lines.text.as_ptr(), place);
    }
}
