//! P4: no false "revoked".

use std::collections::HashMap;

use super::{Property, Violation, admissions, revocations};
use crate::cover::{Cover, Mark};
use crate::record::{AdmitAnswer, Operation, Record, RefreshAnswer};

/// P4: what is refused as revoked was revoked: something that covers it was invoked before the refusal returned. A
/// revocation whose answer is an error or was lost may have been done, so it counts. So does an exchange that did not end
/// with a successor, because it may have ended the grant.
pub fn nothing_false(history: &[Record]) -> Vec<Violation> {
    let (revoked, ended) = (revoked(history), ended(history));
    let refused = admissions(history).filter(|it| it.answer == AdmitAnswer::Revoked);
    let unfounded = refused.filter(|admission| {
        let grant = admission.token.grant.as_deref().and_then(|grant| ended.get(grant)).copied();
        let first = revoked.earliest(admission.token).map(|mark| mark.at).into_iter().chain(grant);
        first.min().is_none_or(|invoked| invoked >= admission.record.returned)
    });
    let why = "and nothing that covers it had been revoked";
    unfounded.map(|admission| admission.violation(Property::NothingFalse, None, why)).collect()
}

fn revoked(history: &[Record]) -> Cover<'_> {
    let mut cover = Cover::default();
    for revoking in revocations(history) {
        let mark = Mark { at: revoking.record.invoked, by: revoking.place };
        cover.add(revoking.target, revoking.below, mark);
    }
    cover
}

/// Grants that an exchange may have ended, and when the first of these was invoked.
fn ended(history: &[Record]) -> HashMap<&str, u64> {
    let mut grants = HashMap::new();
    for record in history {
        if let Operation::Refresh { grant, answer, .. } = &record.operation
            && !matches!(answer, RefreshAnswer::Successor(_))
        {
            let first = grants.entry(&**grant).or_insert(record.invoked);
            *first = record.invoked.min(*first);
        }
    }
    grants
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::{admit, refresh, revoke};
    use crate::record::{RevokeAnswer, Target};

    #[test]
    fn whatever_may_have_revoked_it_founds_a_refusal() {
        let target = Target::Token("t1".into());
        for cause in [
            revoke("b", 5, 9, target.clone(), RevokeAnswer::Lost),
            revoke("b", 5, 9, target, RevokeAnswer::Error { status: 503 }),
            refresh("b", 5, "g1", 3, RefreshAnswer::Reuse),
            refresh("b", 5, "g1", 3, RefreshAnswer::Lost),
        ] {
            let refused = admit("a", 0, 6, "t1", AdmitAnswer::Revoked);
            assert_eq!(nothing_false(&[refused, cause]), []);
        }
    }

    #[test]
    fn a_refusal_without_a_cause_is_named() {
        let refused = admit("a", 0, 5, "t1", AdmitAnswer::Revoked);
        let revoked = |id: &str| revoke("b", 5, 9, Target::Token(id.into()), RevokeAnswer::Lost);
        let exchanged = refresh("b", 0, "g1", 3, RefreshAnswer::Successor("r4".into()));
        for other in [revoked("t1"), revoked("t2"), exchanged] {
            let found = nothing_false(&[refused.clone(), other]);
            assert_eq!(found.len(), 1);
            assert_eq!(
                found[0].to_string(),
                "P4 NothingFalse: operation 1 at 0ns refused as revoked `t1` on a, and nothing that \
                 covers it had been revoked"
            );
        }
    }
}
