//! Disks that are full or read-only: what cannot be kept is refused, and goes on by itself when there is room.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mcp_auth::roles::Role;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::attempt::jti;
use crate::client::{Answer, Ask};
use crate::process::after;
use crate::server::{PASSWORD, Server, eventually, initialised, program};

const REVOKE: &str = "/api/v1/auth/revoke";
const REFRESH: &str = "/api/v1/auth/refresh";

/// Lets the server write no file beyond this length.
fn limit_files(server: &Server, bytes: Option<u64>) {
    let id = Pid::from_raw(i32::try_from(server.child.id()).unwrap());
    prlimit(id, Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
}

/// What a client does before, while and after nothing can be written.
struct Client<'a> {
    server: &'a Server,
    root: String,
    access: String,
    refresh: String,
    /// Revoked, and that was acknowledged.
    revoked: Vec<String>,
}

impl<'a> Client<'a> {
    fn new(server: &'a Server) -> Self {
        let (access, refresh) = server.admin();
        let root = server.token_of("root", Role::Superadmin);
        Self { server, root, access, refresh, revoked: Vec::new() }
    }

    fn revoke(&mut self) -> Answer {
        let token = self.server.token_of("robot", Role::User);
        let ask = Ask::post(REVOKE).bearer(&self.root).json(&json!({ "token": token }));
        let answer = self.server.ask(&ask);
        if answer.status == 200 {
            self.revoked.push(token);
        }
        answer
    }

    fn refresh(&self) -> Answer {
        self.server.ask(&Ask::post(REFRESH).json(&json!({ "refresh_token": self.refresh })))
    }

    fn revocations_hold(&self) {
        for token in &self.revoked {
            let refused = self.server.ask(&Ask::get("/api/v1/auth/me").bearer(token));
            assert_eq!(refused.refusal(), (401, "token_revoked".into()));
            let id = jti(token);
            assert!(self.server.audit().contains(&format!("\"target\":\"{id}\"")), "{id}");
        }
    }

    /// Every change is refused in the same words, and the probes say what is the matter.
    fn is_refused(&mut self) {
        let server = self.server;
        eventually("a change is refused", || self.revoke().status == 503);
        let user = Ask::new("PATCH", "/api/v1/auth/users/admin").bearer(&self.root);
        for refused in [
            self.revoke(),
            self.refresh(),
            server.sign_in("admin", PASSWORD),
            server.sign_in("admin", "wrong"),
            server.ask(&user.json(&json!({ "role": "user" }))),
            server.ask(&Ask::post("/api/v1/auth/logout").bearer(&self.access)),
        ] {
            assert_eq!(refused.refusal(), (503, "store_unavailable".into()));
            assert_eq!(refused.text("detail"), "Authentication is temporarily unavailable");
            assert!(refused.header("retry-after").is_some(), "{refused:?}");
        }
        assert_eq!(server.ask(&Ask::get("/health")).status, 200);
        let ready = server.ask(&Ask::get("/ready"));
        assert_eq!((ready.status, ready.text("status")), (503, "not_ready".into()), "{ready:?}");
    }

    fn goes_on(&mut self) {
        let server = self.server;
        eventually("it is ready again", || server.ask(&Ask::get("/ready")).status == 200);
        assert_eq!(self.revoke().status, 200);
        let tokens = self.refresh();
        assert_eq!(tokens.status, 200, "{tokens:?}");
        let (access, _) = server.admin();
        let me = server.ask(&Ask::get("/api/v1/auth/me").bearer(&access));
        assert_eq!((me.status, me.text("role")), (200, "admin".into()));
        self.revocations_hold();
    }
}

#[test]
fn what_cannot_be_written_is_refused_until_it_can() {
    let directory = initialised();
    // Where a file is too long the signal would end the program before it could say so.
    let command = after("trap '' XFSZ", directory.path(), &["env"]);
    let server = Server::run(directory, command);
    let mut client = Client::new(&server);
    for _ in 0..2 {
        assert_eq!(client.revoke().status, 200);
        limit_files(&server, Some(0));
        client.is_refused();
        limit_files(&server, None);
        client.goes_on();
        client = Client { revoked: client.revoked, ..Client::new(&server) };
    }
    assert!(server.audit().contains("\"event\":\"audit_interrupted\""));
    verify(&server);
}

fn verify(server: &Server) {
    let verify = program(server.directory.path(), &[]).args(["audit", "verify"]).output().unwrap();
    assert!(verify.status.success(), "{verify:?}");
}

#[test]
fn a_read_only_disk_is_named_at_the_start() {
    let Some(unshare) = unshare() else { return };
    let directory = initialised();
    let mount = "mount --bind data data && mount -o remount,bind,ro data";
    let output = after(mount, directory.path(), &unshare).arg("serve").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(8), "{told}");
    assert!(told.contains("ead-only") && told.contains("data/"), "{told}");
}

/// A server whose data lies on a small file system of its own.
fn on_a_small_disk(unshare: &[&str], variables: &[(&str, &str)]) -> (Server, PathBuf) {
    let directory: TempDir = initialised();
    let mount = "mkdir disk && mount -t tmpfs -o size=3m none disk && cp -a data/. disk/";
    let mut command = after(mount, directory.path(), unshare);
    command.env("MCP_DATA_DIR", directory.path().join("disk")).envs(variables.iter().copied());
    let server = Server::run(directory, command);
    let root = PathBuf::from(format!("/proc/{}/root", server.child.id()));
    let disk = server.directory.path().join("disk");
    (server, root.join(disk.strip_prefix("/").unwrap()))
}

#[test]
fn a_full_disk_refuses_until_there_is_room() {
    let Some(unshare) = unshare() else { return };
    let (server, disk) = on_a_small_disk(&unshare, &[]);
    let mut client = Client::new(&server);
    assert_eq!(client.revoke().status, 200);
    fill(&disk);
    client.is_refused();
    fs::remove_file(disk.join("filler")).unwrap();
    eventually("it is ready again", || server.ask(&Ask::get("/ready")).status == 200);
    assert_eq!(client.refresh().status, 200);
    assert_eq!(server.ask(&Ask::get("/api/v1/auth/me").bearer(&client.revoked[0])).status, 401);
}

#[test]
fn a_store_that_cannot_be_written_is_not_ready() {
    let Some(unshare) = unshare() else { return };
    let elsewhere = tempfile::tempdir().unwrap();
    let path = |name: &str| elsewhere.path().join(name).to_str().unwrap().to_owned();
    let (log, checkpoints) = (path("audit.log"), path("checkpoints"));
    let variables =
        [("MCP_AUDIT_LOG_PATH", log.as_str()), ("MCP_AUDIT_CHECKPOINT_FILE", checkpoints.as_str())];
    let (server, disk) = on_a_small_disk(&unshare, &variables);
    let mut client = Client::new(&server);
    fill(&disk);
    client.is_refused();
    let ready: Value = server.ask(&Ask::get("/ready")).json();
    assert_eq!(ready["checks"]["audit"], "ok", "{ready}");
    fs::remove_file(disk.join("filler")).unwrap();
    eventually("it is ready again", || server.ask(&Ask::get("/ready")).status == 200);
    assert_eq!(client.revoke().status, 200);
    assert_eq!(client.refresh().status, 200);
}

/// Takes all the room that is left, to the last byte.
fn fill(disk: &Path) {
    use std::io::Write as _;
    let mut filler = fs::File::create(disk.join("filler")).unwrap();
    for size in [64 * 1024, 4096, 1] {
        while filler.write_all(&vec![0; size]).is_ok() {}
    }
}

/// How to get a view of the file system of one's own.
fn unshare() -> Option<Vec<&'static str>> {
    let root = vec!["unshare", "--mount"];
    let user = vec!["unshare", "--mount", "--user", "--map-root-user"];
    let works = |it: &[&str]| {
        Command::new(it[0]).args(&it[1..]).arg("true").status().is_ok_and(|it| it.success())
    };
    let found = [root, user].into_iter().find(|it| works(it));
    if found.is_none() {
        println!("SKIPPED a disk of its own: run as root, or allow user namespaces");
    }
    found
}
