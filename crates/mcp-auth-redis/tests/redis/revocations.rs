//! Revocations: the contract, and what several processes see of each other.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth::store::{Durability, RevokedBy, Verdict};
use mcp_auth::testing::{StoreUnderTest, revocation_contract};
use mcp_auth_rig::{Engine, Options, until};

use crate::common::{Place, Tokens, now, open, revoke};

const REVOKED: Verdict = Verdict::Revoked(RevokedBy::Token);

#[tokio::test(flavor = "multi_thread")]
async fn revocations_keep_the_contract() {
    for engine in Engine::all() {
        let place = Place::on(&engine);
        let fresh = async || {
            let store = Arc::new(place.fresh());
            StoreUnderTest { store: store.clone(), view: Some(store) }
        };
        revocation_contract(fresh, now()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_revokes_the_other_refuses() {
    for engine in Engine::all() {
        let node = Options::new(&engine).start().unwrap();
        let (one, other, tokens) = (open(&node.url()), open(&node.url()), Tokens::new());
        let receipt = revoke(&one, "a").await.unwrap();
        assert_eq!(receipt.durability, Durability::All);
        assert!(!receipt.pending && receipt.bound.is_some());
        assert_eq!(tokens.ask(&one, "a"), Ok(REVOKED), "at once here");
        until("the other one refuses", Duration::from_secs(5), || {
            anyhow::ensure!(tokens.ask(&other, "a")? == REVOKED, "it is live");
            Ok(())
        })
        .unwrap();
        assert_eq!(tokens.ask(&other, "b"), Ok(Verdict::Live));
        let third = open(&node.url());
        assert_eq!(tokens.ask(&third, "a"), Ok(REVOKED), "and so does one that starts later");
    }
}
