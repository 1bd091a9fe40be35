//! `user`

use super::*;

fn user(host: &Host, id: &str) -> Value {
    let list = host.run("user list --json").json();
    list.as_array().unwrap().iter().find(|it| it["user_id"] == id).unwrap().clone()
}

#[test]
fn an_account_goes_through_its_life() {
    let host = Host::initialised();
    host.feed("user add alice --password-stdin", PASSWORD)
        .says(0, "alice was created with role user.");
    assert_eq!(
        (&user(&host, "alice")["role"], &user(&host, "alice")["active"]),
        (&"user".into(), &true.into())
    );
    host.run("user role alice superadmin").says(0, "alice got the role superadmin.");
    host.run("user passwd alice --password-file password").says(0, "alice got a new password.");
    host.run("user disable alice").says(0, "alice was disabled.");
    assert_eq!(user(&host, "alice")["active"], false);
    host.run("user enable alice").says(0, "alice was enabled.");
    host.run("user delete alice --yes").says(0, "alice was deleted");
    assert_eq!(host.run("user list --json").json().as_array().unwrap().len(), 1);
    let events = host.audit();
    let about = events.iter().filter(|it| it["target"] == "alice");
    let about: Vec<_> =
        about.map(|it| (it["event"].as_str().unwrap(), it["reason"].as_str().unwrap())).collect();
    insta::assert_debug_snapshot!(about);
    assert!(events.iter().all(|it| it.get("user_id").is_none()), "nobody of the house did it");
    host.run("audit verify").says(0, "ok    integrity");
}

#[test]
fn mistakes_are_told_with_what_to_do() {
    let host = Host::initialised();
    host.feed("user add admin --password-stdin", PASSWORD)
        .says(2, "there is an account with the name admin already");
    host.run("user disable bob").says(2, "no account has the name bob").says(2, "user list");
    host.run("user add bob")
        .says(2, "there is no terminal to ask for the password at")
        .says(2, "--password-stdin");
    host.feed("user add bob --password-stdin", "short").says(2, "fewer than 8 bytes");
    host.feed("user add bob --password-stdin --password-file password", PASSWORD)
        .says(2, "cannot be used with");
    for (name, reason) in [
        ("alice ", "the name begins or ends with white space; leave that out"),
        ("alice\u{200b}", "the name holds a character that nobody sees"),
        ("eyJhbGci.eyJ1c2Vy.c2ln", "the name may be a token; choose a name"),
    ] {
        let added = host.args(&["user", "add", name, "--password-stdin"], PASSWORD);
        added.says(2, reason);
    }
    host.run("user add bob --role Chief --password-file password").says(2, "is not a legal role");
    host.run("user delete admin").says(2, "add --yes");
    assert_eq!(host.run("user list --json").json().as_array().unwrap().len(), 1);
}

#[test]
fn the_last_admin_does_not_go_unnoticed() {
    let host = Host::initialised();
    host.run("user disable admin").says(0, "warning: no active account has role admin");
    host.run("doctor").says(0, "no active account has role admin or superadmin");
    host.run("user enable admin").says(0, "admin was enabled.");
}

#[test]
fn no_argument_can_carry_a_password() {
    let host = Host::initialised();
    for arguments in [
        &["user", "add", "bob", "--password", PASSWORD][..],
        &["user", "add", "bob", PASSWORD],
        &["user", "passwd", "admin", PASSWORD],
        &["init", "--password", PASSWORD],
    ] {
        let command: Vec<_> = arguments.to_vec();
        let mut run = Command::new(env!("CARGO_BIN_EXE_mcp-auth-server"));
        let output = run.env_clear().current_dir(host.path("")).args(&command).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{command:?}");
    }
}
