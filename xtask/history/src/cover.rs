//! Finds the first revocation that covers a token, without looking at all of them.

use std::collections::HashMap;

use crate::{Target, Token};

/// A time, and the operation it comes from, by its place in the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    pub(crate) at: u64,
    pub(crate) by: usize,
}

/// Revocations, each with a time that matters to a check.
#[derive(Debug, Default)]
pub(crate) struct Cover<'h> {
    tokens: HashMap<&'h str, Mark>,
    grants: HashMap<&'h str, Mark>,
    keys: HashMap<&'h str, Mark>,
    users: HashMap<&'h str, Generations>,
}

impl<'h> Cover<'h> {
    /// Takes in a revocation of all that `target` covers; of a user's tokens only those of a generation below `below`.
    pub(crate) fn add(&mut self, target: &'h Target, below: Option<u64>, mark: Mark) {
        let (map, id) = match target {
            Target::Token(id) => (&mut self.tokens, id),
            Target::Grant(id) => (&mut self.grants, id),
            Target::Key(id) => (&mut self.keys, id),
            Target::User(id) => return self.users.entry(id).or_default().add(below, mark),
        };
        map.entry(id).and_modify(|first| *first = mark.min(*first)).or_insert(mark);
    }

    /// The earliest mark of those that cover the token.
    pub(crate) fn earliest(&self, token: &Token) -> Option<Mark> {
        let grant = token.grant.as_deref().and_then(|grant| self.grants.get(grant));
        let by_id = [self.tokens.get(&*token.id), grant, self.keys.get(&*token.key)];
        let by_user = self.users.get(&*token.user).and_then(|user| user.earliest(token.generation));
        by_id.into_iter().flatten().copied().chain(by_user).min()
    }
}

/// The revocations of one user: the higher the generation, the more it covers. Kept are only those that come earlier
/// than all that cover more, so both columns grow together.
#[derive(Debug, Default)]
struct Generations(Vec<(u64, Mark)>);

impl Generations {
    fn add(&mut self, below: Option<u64>, mark: Mark) {
        let below = below.unwrap_or(u64::MAX);
        let place = self.0.partition_point(|(held, _)| *held < below);
        if self.0.get(place).is_some_and(|(_, wider)| *wider <= mark) {
            return;
        }
        let same = self.0.get(place).is_some_and(|(held, _)| *held == below);
        let later = self.0.iter().take(place).rev().take_while(|(_, held)| *held >= mark).count();
        self.0.splice(place - later..place + usize::from(same), [(below, mark)]);
    }

    fn earliest(&self, generation: u64) -> Option<Mark> {
        let place = self.0.partition_point(|(below, _)| *below <= generation);
        self.0.get(place).map(|(_, mark)| *mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::token;

    fn at(at: u64) -> Mark {
        Mark { at, by: 0 }
    }

    #[test]
    fn each_kind_covers_what_carries_its_name() {
        let kinds = [Target::Token, Target::Grant, Target::User, Target::Key];
        for (kind, name) in kinds.into_iter().zip(["t1", "g1", "u1", "k1"]) {
            let target = kind(name.into());
            let mut cover = Cover::default();
            cover.add(&target, None, at(7));
            assert_eq!(cover.earliest(&token("t1")), Some(at(7)), "{target}");
            let stranger =
                Token { user: "u2".into(), key: "k2".into(), grant: None, ..token("t2") };
            assert_eq!(cover.earliest(&stranger), None, "{target}");
        }
    }

    #[test]
    fn the_name_of_another_kind_means_nothing() {
        for kind in [Target::Grant, Target::User, Target::Key] {
            let target = kind("t1".into());
            let mut cover = Cover::default();
            cover.add(&target, None, at(1));
            assert_eq!(cover.earliest(&token("t1")), None, "{target}");
        }
    }

    #[test]
    fn the_earliest_counts() {
        let (first, second) = (Target::Token("t1".into()), Target::Key("k1".into()));
        let mut cover = Cover::default();
        for (target, time) in [(&first, 5), (&second, 3), (&first, 9)] {
            cover.add(target, None, at(time));
        }
        assert_eq!(cover.earliest(&token("t1")), Some(at(3)));
    }

    #[test]
    fn a_generation_is_covered_by_every_higher_one() {
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let revoked = [(2, 10), (4, 30), (3, 40)];
        for order in orders {
            let mut user = Generations::default();
            for (below, time) in order.map(|which| revoked[which]) {
                user.add(Some(below), at(time));
            }
            let earliest = [0, 1, 2, 3, 4].map(|generation| user.earliest(generation));
            let wanted = [Some(10), Some(10), Some(30), Some(30), None];
            assert_eq!(earliest, wanted.map(|time| time.map(at)), "{order:?}");
        }
    }
}
