//! In which dialect a server is spoken to: in one after the other, until one has worked.

use crate::client::Dialect;

pub(super) struct Dialects {
    next: Dialect,
    /// Whether a handshake in this dialect has worked.
    is_proven: bool,
    /// Whether it has changed at all.
    has_changed: bool,
    /// Whether the last failure was the first to change it.
    is_one_left: bool,
}

impl Dialects {
    pub(super) const fn new() -> Self {
        Self { next: Dialect::Newest, is_proven: false, has_changed: false, is_one_left: false }
    }

    pub(super) const fn next(&self) -> Dialect {
        self.next
    }

    pub(super) const fn is_proven(&self) -> bool {
        self.is_proven
    }

    /// Whether one was just heard in vain, and the other is still to be tried.
    pub(super) const fn is_one_left(&self) -> bool {
        self.is_one_left
    }

    pub(super) fn worked(&mut self) {
        self.is_proven = true;
    }

    /// It was heard in vain: the other one is next, until one has worked.
    pub(super) fn refused(&mut self) {
        self.is_one_left = false;
        if !self.is_proven {
            self.next = self.next.other();
            self.is_one_left = !self.has_changed;
            self.has_changed = true;
        }
    }

    /// Nobody was there to hear it, or had time for it, which proves nothing: whoever is met later is to be asked for the newest first.
    pub(super) fn unheard(&mut self) {
        self.is_one_left = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is spoken next, and whether it is the first time, after attempts that were heard or not.
    fn after(attempts: &[bool]) -> (Dialect, bool) {
        let mut dialects = Dialects::new();
        for heard in attempts {
            if *heard { dialects.refused() } else { dialects.unheard() }
        }
        (dialects.next(), dialects.is_one_left())
    }

    #[test]
    fn the_other_is_tried_when_one_was_heard_in_vain() {
        use Dialect::{Handshake, Newest};
        assert_eq!(after(&[false]), (Newest, false));
        assert_eq!(after(&[false, false, false]), (Newest, false));
        assert_eq!(after(&[true]), (Handshake, true));
        assert_eq!(after(&[false, true]), (Handshake, true));
        assert_eq!(after(&[true, false]), (Handshake, false));
        assert_eq!(after(&[true, true]), (Newest, false));
        assert_eq!(after(&[false, true, true, true]), (Handshake, false));
    }

    #[test]
    fn one_that_has_worked_is_kept() {
        let mut dialects = Dialects::new();
        dialects.refused();
        dialects.worked();
        dialects.refused();
        assert_eq!((dialects.next(), dialects.is_one_left()), (Dialect::Handshake, false));
    }
}
