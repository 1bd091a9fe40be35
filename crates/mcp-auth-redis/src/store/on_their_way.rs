//! Orders that have not got as far as they were asked to.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mcp_auth::clock::NumericDate;
use mcp_auth::store::{Order, Revocation, RevocationId, TokenDigest};

use crate::follower::id_of;
use crate::outbox::Progress;

/// Those of this process.
#[derive(Debug, Default)]
pub(crate) struct OnTheirWay(Mutex<Orders>);

#[derive(Debug, Default)]
struct Orders {
    open: BTreeMap<u64, Open>,
    /// Orders of one revocation, by its id: the last one of each.
    single: HashMap<RevocationId, u64>,
    next: u64,
}

#[derive(Debug)]
struct Open {
    progress: Arc<Progress>,
    /// What it says, where that is one revocation and the same need not be sent again.
    single: Option<(Revocation, Vec<(TokenDigest, NumericDate)>)>,
}

impl OnTheirWay {
    /// Takes an order in, and returns by which number it is known. One that should have been written down and could not be does
    /// not stand for others: each is to be told.
    pub(super) fn add(&self, order: &Order<'_>, progress: Arc<Progress>, is_safe: bool) -> u64 {
        let mut orders = self.orders();
        let number = orders.next;
        orders.next += 1;
        let single = match order.revocations {
            [one] if is_safe => Some((*one, order.tokens.to_vec())),
            _ => None,
        };
        if let Some((one, _)) = &single {
            orders.single.insert(id_of(one), number);
        }
        orders.open.insert(number, Open { progress, single });
        number
    }

    /// It has arrived.
    pub(super) fn remove(&self, number: u64) {
        let mut orders = self.orders();
        let Some(Open { single: Some((one, _)), .. }) = orders.open.remove(&number) else { return };
        if orders.single.get(&id_of(&one)) == Some(&number) {
            orders.single.remove(&id_of(&one));
        }
    }

    /// An order that says all that this one says. Whoever asks for the same again and again while a replica is away is told how
    /// far the first one has got, and takes no memory for it.
    pub(crate) fn same_as(&self, order: &Order<'_>) -> Option<Arc<Progress>> {
        let [wanted] = order.revocations else { return None };
        let orders = self.orders();
        let open = orders.open.get(orders.single.get(&id_of(wanted))?)?;
        let (one, tokens) = open.single.as_ref()?;
        let says_all = one == wanted && order.tokens.iter().all(|token| tokens.contains(token));
        says_all.then(|| Arc::clone(&open.progress))
    }

    pub(super) fn len(&self) -> usize {
        self.orders().open.len()
    }

    pub(super) fn all(&self) -> Vec<Arc<Progress>> {
        self.orders().open.values().map(|open| Arc::clone(&open.progress)).collect()
    }

    // Orders are added and removed whole, so a poisoned lock still guards sound data.
    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u8, keep_until: u64) -> Revocation {
        let keep_until = NumericDate::new(keep_until).unwrap();
        Revocation::Entry { id: RevocationId::from_bytes([number; 16]), keep_until }
    }

    #[test]
    fn the_same_is_sent_once_as_long_as_it_is_on_its_way() {
        let (orders, token) = (OnTheirWay::default(), (TokenDigest::of(b"a"), NumericDate::LATEST));
        let (one, later) = ([entry(1, 5)], [entry(1, 6)]);
        let order = Order { revocations: &one, tokens: &[token] };
        assert!(orders.same_as(&order).is_none());
        let number = orders.add(&order, Arc::new(Progress::new(1)), true);
        assert!(orders.same_as(&order).is_some());
        assert!(orders.same_as(&Order::of(&one)).is_some(), "it says more");
        let longer = Order::of(&later);
        assert!(orders.same_as(&longer).is_none(), "until then it need not be kept");
        let other = (TokenDigest::of(b"b"), NumericDate::LATEST);
        let listing = Order { revocations: &one, tokens: &[token, other] };
        assert!(orders.same_as(&listing).is_none(), "a token that is not listed");
        let unwritten = orders.add(&longer, Arc::new(Progress::new(1)), false);
        assert!(orders.same_as(&longer).is_none(), "it could not be written down");
        orders.remove(unwritten);
        let second = orders.add(&longer, Arc::new(Progress::new(1)), true);
        orders.remove(number);
        assert!(orders.same_as(&longer).is_some() && orders.len() == 1);
        orders.remove(second);
        assert!(orders.same_as(&longer).is_none() && orders.len() == 0);
    }

    #[test]
    fn several_at_once_are_an_order_of_their_own() {
        let (orders, two) = (OnTheirWay::default(), [entry(1, 5), entry(2, 5)]);
        orders.add(&Order::of(&two), Arc::new(Progress::new(1)), true);
        assert!(orders.same_as(&Order::of(&two)).is_none());
        assert!(orders.same_as(&Order::of(&two[..1])).is_none());
    }
}
