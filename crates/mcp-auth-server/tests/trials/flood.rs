//! Many sign-ins at once, and what a sign-in that fails tells.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mcp_auth::roles::Role;
use serde_json::json;

use crate::client::{Answer, Ask};
use crate::process::{peak, resident, size};
use crate::server::{PASSWORD, Server};

const VARIABLES: &[(&str, &str)] = &[("MCP_TRUSTED_PROXIES", "127.0.0.1"), ("LOG_LEVEL", "ERROR")];

/// A sign-in from an address that nobody has used before, so that no throttle is in its way.
fn sign_in(username: &str, password: &str) -> Ask {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let address = format!("198.18.{}.{}", count / 250, count % 250);
    let who = json!({ "username": username, "password": password });
    Ask::post("/api/v1/auth/token").header("X-Forwarded-For", address).json(&who)
}

#[test]
fn tokens_are_validated_while_fifty_sign_in() {
    let server = Server::with(VARIABLES);
    let token = server.token_of("somebody", Role::User);
    let me = Ask::get("/api/v1/auth/me").bearer(&token);
    assert_eq!(server.ask(&me).status, 200);
    let (before, address, is_over) = (resident(&server), server.address, AtomicBool::new(false));
    let (statuses, (answered, slowest)) = thread::scope(|scope| {
        let flood: Vec<_> = (0..50)
            .map(|at| {
                let (name, password) = [("admin", PASSWORD), ("nobody", "wrong")][at % 2];
                let name = if name == "admin" { name.to_owned() } else { format!("{name}-{at}") };
                let ask = sign_in(&name, password);
                scope.spawn(move || ask.send(address).status)
            })
            .collect();
        let (me, is_over) = (&me, &is_over);
        let probe = scope.spawn(move || {
            let (mut answered, mut slowest) = (0, Duration::ZERO);
            while !is_over.load(Ordering::Relaxed) {
                let began = Instant::now();
                assert_eq!(me.send(address).status, 200);
                (answered, slowest) = (answered + 1, began.elapsed().max(slowest));
            }
            (answered, slowest)
        });
        let statuses: Vec<_> = flood.into_iter().map(|it| it.join().unwrap()).collect();
        is_over.store(true, Ordering::Relaxed);
        (statuses, probe.join().unwrap())
    });
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    let highest = peak(&server);
    println!(
        "50 sign-ins: {} signed in, {} refused, {} told to come again; meanwhile {answered} tokens validated, the \
         slowest in {slowest:.0?}; {before} MiB before, {highest} MiB at most",
        count(200),
        count(401),
        count(429) + count(503)
    );
    // 429: more than five at once for one account are throttled, right or wrong.
    assert_eq!(count(200) + count(401) + count(429) + count(503), 50, "{statuses:?}");
    assert!(count(200) > 0 && answered > 10, "{statuses:?}, {answered} validated");
    let workers = thread::available_parallelism().unwrap().get().div_ceil(2);
    assert!(highest - before < 19 * workers + 64, "{before} MiB, then {highest} MiB");
}

/// An account that is disabled, and one that is not; both with the same password.
fn accounts(server: &Server, many: usize) {
    let root = server.token_of("root", Role::Superadmin);
    for at in 0..many {
        for name in [format!("here-{at}"), format!("gone-{at}")] {
            let new = json!({ "username": name, "password": PASSWORD });
            let created = server.ask(&Ask::post("/api/v1/auth/users").bearer(&root).json(&new));
            assert_eq!(created.status, 201, "{created:?}");
        }
        let path = format!("/api/v1/auth/users/gone-{at}");
        let change = Ask::new("PATCH", &path).bearer(&root).json(&json!({ "active": false }));
        assert_eq!(server.ask(&change).status, 200);
    }
}

/// A wrong password, a disabled account with the right one, and no account.
fn failures(at: usize) -> [(String, &'static str); 3] {
    let of = |name: &str| format!("{name}-{at}");
    [(of("here"), "wrong password"), (of("gone"), PASSWORD), (of("none"), PASSWORD)]
}

#[test]
fn who_fails_learns_nothing_of_why() {
    let server = Server::with(VARIABLES);
    accounts(&server, 1);
    let without_ids = |mut answer: Answer| {
        answer.headers.retain(|(name, _)| name != "date" && name != "x-request-id");
        let mut body = answer.json();
        body.as_object_mut().unwrap().remove("error_id").unwrap();
        (answer.status, answer.headers, body)
    };
    // The sixth time each is throttled, account or none.
    for turn in 0..7 {
        let asked = failures(0).map(|(name, password)| server.ask(&sign_in(&name, password)));
        assert_eq!(asked[0].status, if turn < 6 { 401 } else { 429 }, "{turn}: {:?}", asked[0]);
        let [wrong, disabled, unknown] = asked.map(|mut answer| {
            answer.headers.retain(|(name, _)| name != "retry-after");
            without_ids(answer)
        });
        assert_eq!(wrong, disabled, "{turn}");
        assert_eq!(wrong, unknown, "{turn}");
    }
}

/// Reports: times are no condition of a test on a machine that does other things.
#[test]
fn how_long_failures_take() {
    let many = size(1, 20);
    let server = Server::with(VARIABLES);
    accounts(&server, many);
    let mut times: [Vec<Duration>; 3] = Default::default();
    for turn in 0..5 * many {
        let mut asked: Vec<_> = failures(turn % many).into_iter().enumerate().collect();
        asked.rotate_left(turn % 3);
        for (kind, (name, password)) in asked {
            let began = Instant::now();
            assert_eq!(server.ask(&sign_in(&name, password)).status, 401);
            times[kind].push(began.elapsed());
        }
    }
    for (kind, times) in ["wrong", "disabled", "unknown"].iter().zip(&mut times) {
        times.sort_unstable();
        let [p10, median, p90] = [1, 5, 9].map(|tenth| times[times.len() * tenth / 10]);
        let count = times.len();
        println!("{kind}: median {median:.1?}, p10 {p10:.1?}, p90 {p90:.1?} of {count}");
    }
}
