//! Indexes: sorted sets whose members are compared byte by byte, since their scores are all 0. A member is a name, or a place and a
//! name.

use mcp_auth::clock::NumericDate;
use mcp_auth::store::RevocationId;

/// Bytes of a place.
pub(crate) const PLACE: usize = 28;

/// Where the rows of a user, a grant or a token stand in an index: together, the newest first.
pub(crate) fn place(of: RevocationId, since: NumericDate) -> Vec<u8> {
    [of.as_bytes(), newest_first(since).as_bytes()].concat()
}

/// A date as digits that are the smaller the later it is.
pub(crate) fn newest_first(date: NumericDate) -> String {
    format!("{:012}", 999_999_999_999 - date.seconds())
}

/// Some members of an index.
#[derive(Debug)]
pub(crate) struct Range {
    pub(crate) index: &'static str,
    /// The bounds, in the words of `ZRANGEBYLEX`.
    pub(crate) from: Vec<u8>,
    pub(crate) to: Vec<u8>,
    /// How many bytes of each member stand before the name of its row.
    pub(crate) prefix: usize,
}

impl Range {
    /// All names, in byte order, behind this one.
    pub(crate) fn of_names(index: &'static str, after: Option<&str>) -> Self {
        let mut range = Self { index, from: b"-".into(), to: b"+".into(), prefix: 0 };
        if let Some(name) = after {
            range.go_behind(name.as_bytes());
        }
        range
    }

    /// What stands at the places of one user, grant or token.
    pub(crate) fn of_places(index: &'static str, of: RevocationId) -> Self {
        let bound = |kind: &[u8], end: &[u8]| [kind, of.as_bytes(), end].concat();
        // Digits follow; the colon is what comes after them.
        Self { index, from: bound(b"[", b""), to: bound(b"(", b":"), prefix: PLACE }
    }

    /// What stands at the places of all users, grants or tokens, behind this member.
    pub(crate) fn of_all_places(index: &'static str, after: Option<Vec<u8>>) -> Self {
        let mut range = Self { index, from: b"-".into(), to: b"+".into(), prefix: PLACE };
        if let Some(member) = after {
            range.go_behind(&member);
        }
        range
    }

    /// Leaves out everything up to this member.
    pub(crate) fn go_behind(&mut self, member: &[u8]) {
        self.from = [b"(", member].concat();
    }
}
