//! What a validation and an issue cost in memory, counted.

use std::sync::Arc;

use allocation_counter::{AllocationInfo, measure};
use mcp_auth::clock::Timestamp;
use mcp_auth::issue::{Issuer, NewToken};
use mcp_auth::keys::{Algorithm, KeyRing, SigningKey};
use mcp_auth::secret::{Secret, SecretError};
use mcp_auth::testing::FixedClock;
use mcp_auth::validate::{Expect, Rules, Validator};
use mcp_auth::{Gate, Origin};

const NOW: u64 = 1_671_420_030;

fn ring() -> Result<Arc<KeyRing>, SecretError> {
    let secret =
        Secret::from_text("23d870daea97fc5aa67b9d237329f8f6f927903ec1b1ae6cd87b097537e8525f")?;
    let key = SigningKey::from_secret(Algorithm::Hs256, &secret).map_err(|_| SecretError::Empty)?;
    Ok(Arc::new(KeyRing::new(key)))
}

/// The guide's payload, as PyJWT signed it.
const GUIDE: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjoiYWRtaW4iLCJ1c2VybmFtZSI6ImFkbWluIiwicm9sZSI6ImFkbWluIiwidG9rZW5fdHlwZSI6ImFjY2VzcyIsImV4cCI6MTY3MTQyMzYwMCwiaWF0IjoxNjcxNDIwMDAwfQ.Wo202mOo5Vs40UtQFWBfW2WYdjE0EHZUYTKwCGR7OFA";

/// What judging `Bearer <token>` costs, and whether it was accepted.
fn cost(validator: &Validator, token: &str) -> (AllocationInfo, bool) {
    let header = format!("Bearer {token}");
    let now = Timestamp::from_unix_seconds(NOW);
    let mut accepted = false;
    // Once before, so that what is set up on the first use is not counted.
    let _ = validator.validate_header(Some(header.as_bytes()), Expect::Access, now);
    let info = measure(|| {
        accepted = validator.validate_header(Some(header.as_bytes()), Expect::Access, now).is_ok();
    });
    (info, accepted)
}

#[test]
fn a_validation_costs_at_most_eight_allocations() {
    let (info, accepted) = cost(&Validator::new(ring().unwrap(), Rules::default()), GUIDE);
    assert!(accepted);
    println!("validation: {} allocations, {} bytes", info.count_total, info.bytes_total);
    assert!(info.count_total <= 8, "{info:?}");
    assert!(info.bytes_max <= 2048, "{info:?}");
    assert_eq!((info.count_current, info.bytes_current), (0, 0), "{info:?}");
}

#[test]
fn a_gate_and_its_clones_know_a_token_again_without_an_allocation() {
    let validator = Validator::new(ring().unwrap(), Rules::default());
    let gate = Gate::new(validator).with_clock(Arc::new(FixedClock::at(NOW)));
    let header = format!("Bearer {GUIDE}");
    let ask = |gate: &Gate| {
        assert!(gate.authenticate(Some(header.as_bytes()), &Origin::default()).is_ok());
    };
    let clone = gate.clone().with_rules(Rules::default());
    let counts = [&gate, &clone, &gate, &clone].map(|gate| measure(|| ask(gate)).count_total);
    println!("a gate's first four sights of a token: {counts:?} allocations");
    let [first, second, again @ ..] = counts;
    assert!(first <= 8 && second <= first + 3, "{counts:?}");
    assert_eq!(again, [0, 0]);
    let other = gate.clone().with_validator(Validator::new(ring().unwrap(), Rules::default()));
    assert!(measure(|| ask(&other)).count_total > 0, "other keys, although they are the same");
}

/// Makes a token of about so many bytes.
type Shape = fn(usize) -> String;

#[test]
fn what_is_refused_costs_no_more_when_it_is_larger() {
    let validator = Validator::new(ring().unwrap(), Rules::default());
    let sizes = [9 * 1024, 64 * 1024, 1024 * 1024];
    let shapes: [(&str, Shape); 4] = [
        ("letters", |size| "a".repeat(size)),
        ("dots", |size| ".".repeat(size)),
        ("payload", |size| GUIDE.replacen('.', &format!(".{}", "e".repeat(size)), 1)),
        ("header", |size| format!("{}.e30.AA", "e".repeat(size))),
    ];
    for (shape, make) in shapes {
        let costs = sizes.map(|size| {
            let (info, accepted) = cost(&validator, &make(size));
            assert!(!accepted, "{shape}");
            (info.count_total, info.bytes_total)
        });
        println!("refused {shape}: {:?} allocations and bytes", costs[0]);
        assert!(costs.iter().all(|cost| *cost == costs[0]), "{shape}: {costs:?}");
        assert!(costs[0].0 <= 4 && costs[0].1 <= 512, "{shape}: {costs:?}");
    }
}

#[test]
fn what_is_within_the_bounds_costs_little_even_when_it_is_hostile() {
    let validator = Validator::new(ring().unwrap(), Rules::default());
    let hostile = [
        ("header of 1 KiB", format!("{}.e30.AA", "e".repeat(1024))),
        ("8192 dots", ".".repeat(8192)),
        ("8192 letters", "a".repeat(8192)),
        ("payload of 8000", format!("{}.{}.{}", &GUIDE[..36], "e".repeat(8000), "A".repeat(43))),
    ];
    for (shape, token) in hostile {
        let (info, accepted) = cost(&validator, &token);
        assert!(!accepted, "{shape}");
        println!("refused {shape}: {} allocations, {} bytes", info.count_total, info.bytes_total);
        assert!(info.count_total <= 8 && info.bytes_max <= 4096, "{shape}: {info:?}");
    }
}

#[test]
fn issuing_is_bounded_too() {
    let issuer = Issuer::new(ring().unwrap()).unwrap().with_clock(Arc::new(FixedClock::at(NOW)));
    let request = NewToken::access("admin");
    let _ = issuer.issue(&request);
    let info = measure(|| drop(issuer.issue(&request)));
    println!("issue: {} allocations, {} bytes", info.count_total, info.bytes_total);
    assert!(info.count_total <= 24 && info.bytes_max <= 4096, "{info:?}");
    assert_eq!((info.count_current, info.bytes_current), (0, 0), "{info:?}");
}
