//! Every hostile token of the library's list meets its one code here too.

use super::*;
use mcp_auth::refusal::RefusalCode;
use mcp_auth::testing::attacks;
use mcp_auth::validate::Expect;

#[test]
fn every_attack_is_refused_with_its_code() {
    for attack in attacks(SECRET, now()) {
        let variables = attack.setting.variables(SECRET);
        let run = variables
            .into_iter()
            .fold(without_settings(), |run, (name, value)| run.variable(name, value));
        let kind = match attack.setting.expect {
            Expect::Access => "access",
            Expect::Refresh => "refresh",
            Expect::Any => "any",
        };
        // A file's end of line is cut, so it gets one that may be.
        let file = run.file("t", [attack.token.as_slice(), b"\n"].concat());
        let ended = file.with(&format!("--token-file t --type {kind} --json"));
        if attack.token.is_empty() {
            assert_eq!(ended.exit, i32::from(RefusalCode::TokenMissing.exit_code()));
            continue;
        }
        assert_eq!(ended.exit, i32::from(attack.expected.exit_code()), "{attack:?}: {ended:?}");
        let json = ended.json();
        assert_eq!(json["code"], attack.expected.name(), "{attack:?}");
        assert_eq!(json["valid"], false, "{attack:?}");
        if json["verified"] == false {
            assert!(json["payload"].is_null(), "{attack:?}");
        }
    }
}
