//! TLS, and certificates that change while the server runs.

use std::fs;
use std::os::unix::fs::symlink;

use rustls::pki_types::CertificateDer;

use crate::certified::{certify, connect, serve_with};
use crate::client::{Answer, Ask};
use crate::reload::pipe;
use crate::server::{Server, curl, eventually};

/// The answer to somebody who trusts this certificate only; `None` when another is shown.
fn ask(server: &Server, trusted: &CertificateDer<'static>, protocol: &str) -> Option<Answer> {
    Some(Ask::get("/health").send_on(&mut connect(server.address, trusted, protocol)?))
}

#[test]
fn a_new_certificate_is_shown_and_a_broken_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let first = certify(directory.path());
    let server = serve_with(directory.path());
    assert_eq!(ask(&server, &first, "http/1.1").unwrap().status, 200);

    let second = certify(directory.path());
    eventually("the new certificate is shown", || ask(&server, &second, "http/1.1").is_some());
    assert!(ask(&server, &first, "http/1.1").is_none());

    fs::write(directory.path().join("cert.pem"), "nonsense").unwrap();
    server.signal("HUP");
    eventually("it is on the audit", || server.audit().contains("\"success\":false"));
    assert!(ask(&server, &second, "http/1.1").is_some(), "the last good one goes on");
}

#[test]
fn a_pipe_in_place_of_a_certificate_holds_nobody_up() {
    let directory = tempfile::tempdir().unwrap();
    let (path, pipe_path) = (directory.path().join("cert.pem"), directory.path().join("pipe"));
    let first = certify(directory.path());
    let server = serve_with(directory.path());
    pipe(&pipe_path);
    fs::remove_file(&path).unwrap();
    symlink(&pipe_path, &path).unwrap();
    server.signal("HUP");
    eventually("it is on the audit", || server.audit().contains("cert.pem is a named pipe"));
    for _ in 0..8 {
        assert_eq!(ask(&server, &first, "http/1.1").unwrap().status, 200);
    }
    fs::remove_file(&path).unwrap();
    let second = certify(directory.path());
    eventually("the new certificate is shown", || ask(&server, &second, "http/1.1").is_some());
}

#[test]
fn http_2_is_spoken_where_it_is_agreed_on() {
    let directory = tempfile::tempdir().unwrap();
    certify(directory.path());
    let server = serve_with(directory.path());
    let url = format!("https://localhost:{}/health", server.address.port());
    let trusted = directory.path().join("cert.pem").into_os_string().into_string().unwrap();
    let told = ["--http2", "--write-out", " %{http_version}", "--cacert", &trusted, &url];
    if let Some(answer) = curl(&told) {
        assert_eq!(answer, r#"{"status":"ok"} 2"#);
    }
}
