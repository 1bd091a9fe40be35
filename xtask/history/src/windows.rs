//! Spans of time, joined where they overlap.

/// Spans that do not overlap, in order.
#[derive(Debug, Default)]
pub(crate) struct Windows(Vec<Window>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Window {
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// The operation that opened it, by its place in the history.
    pub(crate) by: usize,
}

impl FromIterator<Window> for Windows {
    fn from_iter<I: IntoIterator<Item = Window>>(windows: I) -> Self {
        let mut all: Vec<Window> = windows.into_iter().collect();
        all.sort_unstable();
        let mut joined: Vec<Window> = Vec::new();
        for window in all {
            match joined.last_mut() {
                Some(last) if window.from <= last.to => last.to = last.to.max(window.to),
                _ => joined.push(window),
            }
        }
        Self(joined)
    }
}

impl Windows {
    /// The window that the whole of this span lies in.
    pub(crate) fn around(&self, from: u64, to: u64) -> Option<Window> {
        self.last_before(from).filter(|window| to <= window.to)
    }

    /// Whether any part of this span lies in a window.
    pub(crate) fn touch(&self, from: u64, to: u64) -> bool {
        self.last_before(to).is_some_and(|window| from <= window.to)
    }

    fn last_before(&self, time: u64) -> Option<Window> {
        let place = self.0.partition_point(|window| window.from <= time);
        place.checked_sub(1).and_then(|last| self.0.get(last)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_that_overlap_are_one() {
        let spans = [(50, 60), (10, 20), (15, 30)];
        let windows: Windows =
            (0..).zip(spans).map(|(by, (from, to))| Window { from, to, by }).collect();
        assert_eq!(windows.around(12, 29), Some(Window { from: 10, to: 30, by: 1 }));
        for outside in [(5, 12), (25, 31), (31, 40), (9, 61)] {
            assert_eq!(windows.around(outside.0, outside.1), None, "{outside:?}");
        }
        for (from, to, touches) in
            [(0, 9, false), (0, 10, true), (30, 30, true), (31, 49, false), (0, 99, true)]
        {
            assert_eq!(windows.touch(from, to), touches, "{from} to {to}");
        }
    }
}
