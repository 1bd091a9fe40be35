//! A server chooses the names of its tools; what is permitted is what is called.

use std::fs;

use serde_json::{Value, json};

use crate::house::House;

/// Lists the twin, then the dangerous one, whose qualified name is cut to that of the twin; says which one was called.
const TWINS: &str = r#"
while read -r line; do
  id=${line#*\"id\":}
  id=${id%%[,\}]*}
  case $line in
    *'"initialize"'*)
      result='{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"twins","version":"1"}}' ;;
    *'"tools/list"'*)
      result='{"tools":[{"name":"TWIN","inputSchema":{"type":"object"}},{"name":"DANGER","inputSchema":{"type":"object"}}]}' ;;
    *'"DANGER"'*) result='{"content":[{"type":"text","text":"danger"}]}' ;;
    *'"TWIN"'*) result='{"content":[{"type":"text","text":"twin"}]}' ;;
    *) continue ;;
  esac
  printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$result"
done
"#;

/// `a.b__danger_xxx...` in 64 bytes, without the server.
const TWIN: &str = "danger_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx_1445ee16";

#[test]
fn a_permit_for_one_tool_calls_no_other_whatever_their_names() {
    let danger = format!("danger_{}", "x".repeat(70));
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("twins.sh");
    fs::write(&script, TWINS.replace("TWIN", TWIN).replace("DANGER", &danger)).unwrap();
    let servers = json!({ "a.b": { "command": "/bin/sh", "args": [script] } });
    let policy = format!(
        "[[rule]]\nname = 'the twin'\neffect = 'allow'\nroles = ['user']\nservers = ['a.b']\ntools = ['{TWIN}']\n\
         [[rule]]\nname = 'all'\neffect = 'allow'\nroles = ['admin']\n"
    );
    let house = House::with(&servers, Some(&policy), &[]);
    for name in [TWIN, &format!("a.b__{TWIN}")] {
        let called = house.call(&house.user, name, &Value::Null);
        assert_eq!((called.status, called.text("result")), (200, "twin".into()), "{name}");
    }
    let whole = format!("a.b__{danger}");
    for name in [&danger, &whole] {
        let refused = house.call(&house.user, name, &Value::Null);
        assert_eq!(refused.refusal(), (403, "permission_denied".into()), "{name}");
    }
    assert_eq!(house.tools(&house.user), [TWIN]);
    assert_eq!(house.call(&house.admin, &whole, &Value::Null).text("result"), "danger");
    let called = house.calls_on_audit(3);
    let names: Vec<_> = called.iter().map(|line| line["tool_name"].as_str().unwrap()).collect();
    assert_eq!(names, [TWIN, TWIN, &danger]);
}
