//! The replicas of a primary: who has to have a write before nobody can lose or overlook it.

use mcp_auth::store::Durability;

use crate::address::Address;

/// The set of a primary without itself. A node that is down, or was deposed and may still answer those who know it, is
/// one of them: what it has not heard of can come back with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Replicas {
    known: Vec<Address>,
    /// How many there are, where the operator says so. Then the number counts and not who they are: the nodes may know
    /// each other by other addresses than clients do.
    told: Option<usize>,
}

impl Replicas {
    pub(crate) fn new(known: impl IntoIterator<Item = Address>) -> Self {
        let mut known: Vec<_> = known.into_iter().collect();
        known.sort();
        known.dedup();
        Self { known, told: None }
    }

    /// The same, of which the operator says how many there are.
    pub(super) fn told(self, told: Option<usize>) -> Self {
        Self { told, ..self }
    }

    /// How many a write has to reach.
    pub(crate) fn count(&self) -> usize {
        self.known.len().max(self.told.unwrap_or_default())
    }

    pub(super) fn contains(&self, node: &Address) -> bool {
        self.known.contains(node)
    }

    /// Also those that follow the primary now, for each of them can be promoted.
    pub(crate) fn and(&self, following: &[Address]) -> Self {
        match self.told {
            Some(told) => Self { told: Some(told.max(following.len())), ..self.clone() },
            None => Self::new(self.known.iter().chain(following).cloned()),
        }
    }

    /// All that either knows of.
    pub(crate) fn or(&self, other: &Self) -> Self {
        Self { told: self.told.max(other.told), ..self.and(&other.known) }
    }

    /// Those that are not among these. Nobody where the number counts.
    pub(crate) fn missing_among(&self, following: &[Address]) -> Vec<&Address> {
        let is_missing = |node: &&Address| self.told.is_none() && !following.contains(node);
        self.known.iter().filter(is_missing).collect()
    }

    /// How far a write has got that `confirmed` have, of those that follow the primary. One that joined does not stand in
    /// for one that was deposed and has to come back.
    pub(crate) fn level(&self, confirmed: &[Address], following: &[Address]) -> Durability {
        let all = self.and(following);
        if confirmed.len() >= all.count() && all.missing_among(confirmed).is_empty() {
            Durability::All
        } else if (confirmed.len() + 1) * 2 > all.count() + 1 {
            Durability::Quorum
        } else {
            Durability::Primary
        }
    }

    /// How many make a majority with the primary.
    pub(crate) fn majority(&self) -> usize {
        self.count().div_ceil(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(ports: &[u16]) -> Vec<Address> {
        ports.iter().map(|port| Address::new("node", *port)).collect()
    }

    fn level(known: &[u16], confirmed: &[u16], following: &[u16]) -> Durability {
        Replicas::new(nodes(known)).level(&nodes(confirmed), &nodes(following))
    }

    #[test]
    fn levels_count_the_primary_among_its_set() {
        assert_eq!(level(&[], &[], &[]), Durability::All);
        assert_eq!(level(&[1, 2], &[1, 2], &[1, 2]), Durability::All);
        assert_eq!(level(&[1, 2], &[1], &[1, 2]), Durability::Quorum);
        assert_eq!(level(&[1, 2], &[], &[1, 2]), Durability::Primary);
        assert_eq!(level(&[1], &[], &[1]), Durability::Primary, "one of two is no majority");
    }

    #[test]
    fn who_joined_does_not_stand_in_for_who_is_away() {
        assert_eq!(level(&[1], &[2], &[2]), Durability::Quorum, "two of three");
        assert_eq!(level(&[1, 2], &[1, 3], &[1, 3]), Durability::Quorum);
        assert_eq!(level(&[1], &[1], &[1, 2]), Durability::Quorum, "who joined can be promoted");
        assert_eq!(level(&[1], &[1, 2], &[1, 2]), Durability::All);
        let (one, other) = (Replicas::new(nodes(&[1])), Replicas::new(nodes(&[2])));
        assert_eq!(one.or(&other), Replicas::new(nodes(&[1, 2])));
    }

    #[test]
    fn where_the_operator_gives_a_number_it_is_the_number_that_counts() {
        let level = |replicas: &Replicas, confirmed: &[u16], following: &[u16]| {
            replicas.level(&nodes(confirmed), &nodes(following))
        };
        let one = Replicas::new(nodes(&[1])).told(Some(1));
        assert_eq!(level(&one, &[9], &[9]), Durability::All, "the same by another address");
        assert_eq!(level(&one, &[8], &[8, 9]), Durability::Quorum, "who joined can be promoted");
        let nobody = Replicas::default().told(Some(2));
        assert_eq!(level(&nobody, &[8, 9], &[8, 9]), Durability::All);
        assert_eq!(level(&nobody, &[8], &[8]), Durability::Quorum);
        assert_eq!((nobody.count(), nobody.majority()), (2, 1));
    }
}
