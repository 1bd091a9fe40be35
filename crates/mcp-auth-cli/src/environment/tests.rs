use std::fs;

use super::*;
use crate::exit;

/// An environment of a directory with these files, where the process says `REAL=process`.
fn load(files: &[(&str, &[u8])]) -> Result<Environment, Failure> {
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(directory.path().join(name), content).unwrap();
    }
    Environment::load_from(directory.path(), |name| (name == "REAL").then(|| "process".into()))
}

fn get(environment: &Environment, name: &str) -> Option<String> {
    environment.get(name).map(|value| value.into_string().unwrap())
}

#[test]
fn the_process_comes_first_then_local_then_env() {
    let environment =
        load(&[(".env", b"REAL=1\nA_=env\nB_=env\n"), (".env.local", b"REAL=2\nB_=local\n")])
            .unwrap();
    let seen = ["REAL", "A_", "B_", "C_"].map(|name| get(&environment, name));
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(seen, [some("process"), some("env"), some("local"), None]);
    let origins = ["REAL", "A_", "B_", "C_"].map(|name| environment.origin(name));
    assert_eq!(origins, [Some("the environment"), Some(".env"), Some(".env.local"), None]);
}

#[test]
fn no_files_are_fine() {
    assert_eq!(get(&load(&[]).unwrap(), "A_"), None);
    assert_eq!(get(&load(&[(".env", b"")]).unwrap(), "A_"), None);
}

#[test]
fn the_usual_spellings_are_understood() {
    let text =
        b"\xef\xbb\xbf# don't trip\r\nexport A_=\"one two\"\r\nB_='a$b # c'\r\n\nC_=x # y\nC_=z";
    let environment = load(&[(".env", text)]).unwrap();
    for (name, value) in [("A_", "one two"), ("B_", "a$b # c"), ("C_", "z")] {
        assert_eq!(get(&environment, name).as_deref(), Some(value));
    }
}

#[test]
fn a_reference_to_itself_leads_to_the_weaker_file_or_nowhere() {
    let reference: &[u8] = b"MCP_TEST_X=\"${MCP_TEST_X}\"\n";
    let alone = load(&[(".env", reference)]).unwrap();
    assert_eq!(get(&alone, "MCP_TEST_X").as_deref(), Some(""));
    let over = load(&[(".env", b"MCP_TEST_X=below\n"), (".env.local", reference)]).unwrap();
    assert_eq!(get(&over, "MCP_TEST_X").as_deref(), Some("below"));
}

#[test]
fn a_mistake_names_its_place_and_not_its_text() {
    let good: &[u8] = b"A_=1\n";
    for (files, place) in [
        (&[(".env", &b"A_=1\n\nMY SECRET\n"[..])][..], ".env, line 3,"),
        (&[(".env", b"A_=MY SECRET\nB_=1")], ".env, line 1,"),
        (&[(".env", b"A_=1\nB_=\"MY SECRET\n\nC_=1\n")], ".env, line 2,"),
        (&[(".env", good), (".env.local", b"#\nMY-SECRET=1\n")], ".env.local, line 2,"),
        (&[(".env", b"A_=\"MY SECRET\n"), (".env.local", b"B_=\"1\n")], ".env, line 1,"),
        (&[(".env", b"A_=1\nB_=SECRET\xff\n")], ".env, line 2,"),
    ] {
        let failure = load(files).unwrap_err();
        assert_eq!(failure.exit(), exit::CONFIGURATION);
        assert!(failure.message().starts_with(place), "{failure:?}");
        assert!(!format!("{failure:?}").contains("SECRET"), "{failure:?}");
    }
}

#[test]
fn a_secret_that_would_be_altered_is_refused() {
    for text in ["MY_SECRET=ab$cd", "MY_SECRET=\"ab$cd-\"", "MY_SECRET=$OTHER_ONE"] {
        let failure = load(&[(".env", format!("A_=$B\n{text}\n").as_bytes())]).unwrap_err();
        assert!(failure.message().starts_with(".env, line 2: the `$` in MY_SECRET"), "{failure:?}");
        assert!(!failure.message().contains("cd"), "{failure:?}");
    }
    for (text, value) in [("'ab$cd'", "ab$cd"), ("ab\\$cd", "ab$cd"), ("${REAL_NOT_SET}", "")] {
        let environment = load(&[(".env", format!("MY_SECRET={text}").as_bytes())]).unwrap();
        assert_eq!(get(&environment, "MY_SECRET").as_deref(), Some(value));
    }
}

#[test]
fn a_secret_that_would_become_shorter_is_refused() {
    for text in [
        "MY_SECRET=zq${NOT_SET_1}cd",
        "# x\n\nMY_SECRET=\"zq${NOT_SET_1:-x}\"",
        "MY_SECRET=\"zq\n${NOT_SET_1}\"",
        "MY_SECRET=zq${MY_SECRET}",
    ] {
        let failure = load(&[(".env", format!("A_=1\n{text}\n").as_bytes())]).unwrap_err();
        assert_eq!(failure.exit(), exit::CONFIGURATION);
        let line = if text.starts_with('#') { 4 } else { 2 };
        let start = format!(".env, line {line}: a `${{...}}` in MY_SECRET names a variable");
        assert!(failure.message().starts_with(&start), "{failure:?}");
        assert!(!failure.message().contains("zq"), "{failure:?}");
    }
    for (text, value) in [
        ("'zq${NOT_SET_1}'", "zq${NOT_SET_1}"),
        ("\"zq\\${NOT_SET_1}\"", "zq${NOT_SET_1}"),
        ("\"zq${A_}\"", "zq1"),
        ("\"zq${B_}\"", "zq"),
    ] {
        let text = format!("A_=1\nB_=\n# ${{NOT_SET_1}}\nMY_SECRET={text}");
        let environment = load(&[(".env", text.as_bytes())]).unwrap();
        assert_eq!(get(&environment, "MY_SECRET").as_deref(), Some(value));
    }
}

/// `A0`, then lines of six references each to the one before.
fn bomb(lines: usize) -> String {
    let line = |i: usize| format!("A{i}=\"{}\"\n", format!("${{A{}}}", i - 1).repeat(6));
    "A0=xxxxxxxxxxxxxxxx\n".to_owned() + &(1..=lines).map(line).collect::<String>()
}

#[test]
fn references_cannot_fill_the_memory() {
    let plain = bomb(24).replace(['{', '}', '"'], "");
    let split = bomb(24).replace("}$", "}\n$");
    let wide = format!("A0={}\n{}", "x".repeat(1000), "B=$A0\n".repeat(2000));
    for text in [bomb(24), plain, split, wide] {
        for file in FILES {
            let failure = load(&[(file, text.as_bytes())]).unwrap_err();
            assert_eq!(failure.exit(), exit::CONFIGURATION);
            assert!(failure.message().starts_with(&format!("{file}, line ")), "{failure:?}");
            assert!(failure.message().ends_with("refer to more than 1048576 bytes"), "{failure:?}");
            assert!(failure.hint().is_some());
        }
    }
    let small = load(&[(".env", bomb(5).as_bytes())]).unwrap();
    assert_eq!(get(&small, "A5").unwrap().len(), 16 * 6_usize.pow(5));
}

#[test]
fn what_is_no_file_of_variables_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join(".env")).unwrap();
    let failure = Environment::load_from(directory.path(), |_| None).unwrap_err();
    assert!(failure.message().starts_with(".env cannot be read"), "{failure:?}");
    let failure = load(&[(".env.local", &vec![b'#'; 1024 * 1024 + 1])]).unwrap_err();
    assert!(failure.message().starts_with(".env.local has more than"), "{failure:?}");
}

#[test]
fn no_formatter_shows_a_value() {
    let environment = Environment::of(&[("MCP_JWT_SECRET", "hush")]);
    assert!(!format!("{environment:?} {environment:#?}").contains("hush"));
}
