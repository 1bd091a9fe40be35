mod keys;

use std::fs;
use std::path::PathBuf;

use super::*;

const GOOD: &str = "7c1f93e5a0d84b26f9e3c7a15d08b64e2a97f0c3d5b81e46";
const OLD: &str = "b05d8e3f71c2496a8d0ef3b527c9164a6e10d7f98c3b2a54";
const OLDER: &str = "19e6c4a87d3f052b6c8ea1f7d940b35286f0e5c1a7d39b4e";

/// Variables, and a directory for the files that they name.
struct Environment {
    variables: Vec<(&'static str, OsString)>,
    files: tempfile::TempDir,
}

impl Environment {
    fn new() -> Self {
        Self { variables: Vec::new(), files: tempfile::tempdir().unwrap() }
    }

    fn set(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// Sets `name` to the path of a file with this content.
    fn file(self, name: &'static str, content: impl AsRef<[u8]>) -> Self {
        let path = self.files.path().join(name);
        fs::write(&path, content).unwrap();
        self.set(name, path)
    }

    fn load(&self, purpose: Purpose) -> Result<Settings, Mistakes> {
        Settings::load(purpose, |name| {
            let found = self.variables.iter().find(|(set, _)| *set == name);
            found.map(|(_, value)| value.clone())
        })
    }

    fn settings(&self) -> Settings {
        self.load(Purpose::Issue).unwrap()
    }

    /// The mistakes, one per line.
    fn mistakes(&self, purpose: Purpose) -> String {
        self.load(purpose).map(|_| ()).unwrap_err().to_string()
    }

    /// The variables that are complained about.
    fn blamed(&self) -> Vec<String> {
        let mistakes = self.load(Purpose::Issue).map(|_| ()).unwrap_err();
        mistakes.list().iter().map(|mistake| mistake.variable.clone()).collect()
    }
}

fn with_secret() -> Environment {
    Environment::new().set("MCP_JWT_SECRET", GOOD)
}

fn key_file(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/keys")).join(name)
}

#[test]
fn a_secret_alone_gives_the_documented_defaults() {
    let settings = with_secret().settings();
    assert_eq!(settings.algorithm(), Algorithm::Hs256);
    assert_eq!(settings.secret(), Secret::from_text(GOOD).ok().as_ref());
    assert_eq!(settings.lifetimes(), Lifetimes::default());
    assert_eq!(settings.max_grant_age(), Duration::from_hours(30 * 24));
    assert_eq!(settings.rules(), &Rules::default());
    assert_eq!(settings.keys().verifying_keys().len(), 1);
    assert_eq!(settings.warnings(), &[]);
}

#[test]
fn what_is_set_to_nothing_counts_as_not_set() {
    let empty = VARIABLES.iter().filter(|variable| variable.name != "MCP_JWT_SECRET");
    let environment =
        empty.fold(with_secret(), |environment, variable| environment.set(variable.name, ""));
    let environment = environment.set("MCP_JWT_SECRET_FILE", "");
    assert_eq!(environment.settings().rules(), &Rules::default());
}

#[test]
fn every_variable_reaches_its_setting() {
    let settings = with_secret()
        .set("MCP_JWT_ALGORITHM", "HS384")
        .set("MCP_JWT_EXPIRY_HOURS", "24")
        .set("MCP_REFRESH_TOKEN_EXPIRY_DAYS", "14")
        .set("MCP_GRANT_MAX_DAYS", "90")
        .set("MCP_MAX_TOKEN_AGE", "0")
        .set("MCP_JWT_LEEWAY_SECONDS", "120")
        .set("MCP_JWT_ISSUER", "https://auth.example.com")
        .set("MCP_JWT_AUDIENCE", "https://mcp.example.com")
        .settings();
    let hours = Duration::from_hours;
    assert_eq!(settings.algorithm(), Algorithm::Hs384);
    assert_eq!(settings.lifetimes(), Lifetimes { access: hours(24), refresh: hours(14 * 24) });
    assert_eq!(settings.max_grant_age(), hours(90 * 24));
    let rules = settings.rules();
    assert_eq!((rules.max_age(), rules.leeway()), (None, Duration::from_mins(2)));
    assert_eq!(rules.issuer(), Some("https://auth.example.com"));
    assert_eq!(rules.audience(), Some("https://mcp.example.com"));
}

#[test]
fn numbers_are_whole_and_within_their_range() {
    for variable in VARIABLES.iter().filter(|variable| variable.range.is_some()) {
        let (least, most) = variable.range.unwrap();
        let below = (least > 0).then(|| (least - 1).to_string());
        let bad = [below, Some((most + 1).to_string())].into_iter().flatten();
        let bad =
            bad.chain(["-1", "1.5", "1h", "ten", "1e3", "99999999999999999999"].map(str::to_owned));
        for text in bad {
            let mistakes = with_secret().set(variable.name, &text).mistakes(Purpose::Validate);
            let range = format!("from {least} to {most}");
            assert!(
                mistakes.starts_with(variable.name) && mistakes.ends_with(&range),
                "{mistakes}"
            );
            assert!(mistakes.contains(&format!("\"{text}\"")), "{mistakes}");
        }
        for good in [least, most] {
            with_secret().set(variable.name, good.to_string()).settings();
        }
    }
}

#[test]
fn all_mistakes_come_together_in_the_order_of_the_reference_page() {
    let environment = Environment::new()
        .set("MCP_JWT_LEEWAY_SECONDS", "121")
        .set("MCP_JWT_PREVIOUS_SECRETS", "short")
        .set("MCP_MAX_TOKEN_AGE", "-1")
        .set("MCP_JWT_EXPIRY_HOURS", "0")
        .set("MCP_GRANT_MAX_DAYS", "x")
        .set("MCP_REFRESH_TOKEN_EXPIRY_DAYS", "y");
    let expected = [
        "MCP_JWT_SECRET",
        "MCP_JWT_PREVIOUS_SECRETS, entry 1,",
        "MCP_JWT_EXPIRY_HOURS",
        "MCP_REFRESH_TOKEN_EXPIRY_DAYS",
        "MCP_GRANT_MAX_DAYS",
        "MCP_MAX_TOKEN_AGE",
        "MCP_JWT_LEEWAY_SECONDS",
    ];
    let mut blamed = environment.blamed();
    assert_eq!(blamed.len(), expected.len(), "{blamed:?}");
    assert_eq!(blamed, expected, "the order that `Mistakes::list` promises");
    blamed.sort();
    blamed.dedup();
    assert_eq!(blamed.len(), expected.len(), "each is blamed once");
}

#[test]
fn every_bad_previous_secret_is_named() {
    let list = format!("short,{OLD},also short");
    let blamed = with_secret().set("MCP_JWT_PREVIOUS_SECRETS", list).blamed();
    assert_eq!(
        blamed,
        ["MCP_JWT_PREVIOUS_SECRETS, entry 1,", "MCP_JWT_PREVIOUS_SECRETS, entry 3,"]
    );
}

#[test]
fn algorithms_are_named_exactly() {
    for name in ["hs256", "HS256 ", "none", "RS512", "ES384"] {
        let mistakes = with_secret().set("MCP_JWT_ALGORITHM", name).mistakes(Purpose::Issue);
        assert!(
            mistakes.contains(&format!("is \"{name}\", which is not one of HS256")),
            "{mistakes}"
        );
    }
}

#[test]
fn what_follows_from_a_wrong_algorithm_is_not_told() {
    let key = key_file("test-ed25519-private.pem");
    let pair = Environment::new().set("MCP_JWT_PRIVATE_KEY_FILE", key);
    assert_eq!(pair.set("MCP_JWT_ALGORITHM", "eddsa").blamed(), ["MCP_JWT_ALGORITHM"]);
    let others = Environment::new().set("MCP_JWT_PREVIOUS_SECRETS", "short");
    let others = others.set("MCP_MAX_TOKEN_AGE", "x").set("MCP_JWT_ALGORITHM", "eddsa");
    let blamed = others.blamed();
    assert_eq!(blamed.len(), 3, "what is wrong by itself is: {blamed:?}");
}

#[test]
fn what_is_about_no_variable_is_told_first() {
    let nothing = |_: &str| None;
    let mut reader = Reader::new(&nothing);
    reader.mistake("MCP_JWT_SECRET", "is not set");
    reader.mistake("the directory", "is not there");
    let mistakes = reader.finish().unwrap_err();
    assert!(mistakes.to_string().starts_with("the directory"), "{mistakes}");
}

#[test]
fn a_missing_secret_is_explained() {
    for purpose in [Purpose::Issue, Purpose::Validate] {
        let mistakes = Environment::new().mistakes(purpose);
        assert!(
            mistakes.starts_with("MCP_JWT_SECRET is not set; make a secret with"),
            "{mistakes}"
        );
    }
}

#[test]
fn a_secret_file_loses_one_line_end_and_nothing_else() {
    for end in ["", "\n", "\r\n"] {
        let settings =
            Environment::new().file("MCP_JWT_SECRET_FILE", format!("{GOOD}{end}")).settings();
        assert_eq!(settings.secret(), Secret::from_text(GOOD).ok().as_ref(), "{end:?}");
    }
    for (start, end) in [
        ("", "\n\n"),
        ("", "\r\n\r\n"),
        ("", " \n"),
        ("", "\r"),
        ("\u{feff}", "\n"),
        (" ", ""),
        ("", "\0"),
    ] {
        let environment =
            Environment::new().file("MCP_JWT_SECRET_FILE", format!("{start}{GOOD}{end}"));
        let mistakes = environment.mistakes(Purpose::Issue);
        assert!(
            mistakes.contains("begins or ends with white space"),
            "{start:?} {end:?}: {mistakes}"
        );
        assert!(mistakes.starts_with("MCP_JWT_SECRET_FILE (/"), "names the file: {mistakes}");
    }
    let variable = Environment::new().set("MCP_JWT_SECRET", format!("{GOOD}\n"));
    assert!(
        variable.mistakes(Purpose::Issue).contains("begins or ends"),
        "a variable has no line end"
    );
}

#[test]
fn files_that_are_no_secrets_are_refused_with_the_reason() {
    let huge = vec![b'a'; 65_537];
    let cases: [(&[u8], &str); 6] = [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"short\n", "5 bytes, 32 are needed"),
        (&huge, "has more than 65536 bytes"),
        (b"\xff\xfe not UTF-8 but quite long enough for a secret", "is not UTF-8 text"),
        (b"{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ\"}", "is a JSON object"),
    ];
    for (content, expected) in cases {
        let mistakes =
            Environment::new().file("MCP_JWT_SECRET_FILE", content).mistakes(Purpose::Issue);
        assert!(mistakes.contains(expected), "{mistakes} should say {expected:?}");
    }
}

#[test]
fn paths_that_lead_nowhere_are_refused_with_the_remedy() {
    let directory = tempfile::tempdir().unwrap();
    for path in [directory.path().to_owned(), directory.path().join("missing")] {
        let mistakes =
            Environment::new().set("MCP_JWT_SECRET_FILE", &path).mistakes(Purpose::Issue);
        assert!(mistakes.contains("cannot be read"), "{mistakes}");
        assert!(mistakes.contains("check the path"), "{mistakes}");
        assert_eq!(
            mistakes.lines().count(),
            1,
            "one mistake, not also a missing secret: {mistakes}"
        );
    }
}

#[test]
fn a_variable_and_its_file_exclude_each_other() {
    for name in ["MCP_JWT_SECRET_FILE", "MCP_JWT_PREVIOUS_SECRETS_FILE"] {
        let environment = with_secret().set("MCP_JWT_PREVIOUS_SECRETS", OLD).file(name, OLDER);
        let mistakes = environment.mistakes(Purpose::Issue);
        assert!(mistakes.contains(&format!("and {name} are both set")), "{mistakes}");
        assert_eq!(mistakes.lines().count(), 1, "{mistakes}");
    }
}

/// An environment for one of the asymmetric algorithms, with the halves that are named.
fn asymmetric(algorithm: &str, private: Option<&str>, public: Option<&str>) -> Environment {
    let mut environment = Environment::new().set("MCP_JWT_ALGORITHM", algorithm);
    if let Some(name) = private {
        environment = environment.set("MCP_JWT_PRIVATE_KEY_FILE", key_file(name));
    }
    if let Some(name) = public {
        environment = environment.set("MCP_JWT_PUBLIC_KEY_FILE", key_file(name));
    }
    environment
}

#[test]
fn weak_secrets_are_a_warning_and_not_a_mistake() {
    let warnings = |environment: Environment| environment.settings().warnings().to_vec();
    let weak = warnings(Environment::new().set("MCP_JWT_SECRET", "a".repeat(40)));
    assert_eq!(weak.len(), 1, "{weak:?}");
    assert_eq!(weak[0].variable, "MCP_JWT_SECRET");
    assert!(weak[0].problem.contains("easy to guess"), "{weak:?}");
    let short = warnings(with_secret().set("MCP_JWT_ALGORITHM", "HS512"));
    assert!(short[0].problem.contains("48 bytes long, but its algorithm needs 64"), "{short:?}");
    let previous = warnings(with_secret().set("MCP_JWT_PREVIOUS_SECRETS", "b".repeat(40)));
    assert_eq!(previous[0].variable, "MCP_JWT_PREVIOUS_SECRETS, entry 1,");
}

#[test]
fn what_is_not_text_is_a_mistake() {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt as _;
        let mistakes = Environment::new()
            .set("MCP_JWT_SECRET", OsString::from_vec(vec![0xff; 40]))
            .mistakes(Purpose::Issue);
        assert_eq!(mistakes.lines().count(), 1, "{mistakes}");
        assert!(mistakes.starts_with("MCP_JWT_SECRET is not UTF-8 text"), "{mistakes}");
    }
}

#[test]
fn what_settings_make_belongs_together() {
    let settings =
        with_secret().set("MCP_JWT_ISSUER", "us").set("MCP_JWT_AUDIENCE", "you").settings();
    let issued = settings.issuer().unwrap().issue(&crate::issue::NewToken::access("a")).unwrap();
    let now = issued.claims.issued_at().unwrap().timestamp();
    let header = format!("Bearer {}", issued.token.expose());
    let validator = settings.validator();
    let valid =
        validator.validate_header(Some(header.as_bytes()), crate::validate::Expect::Access, now);
    assert_eq!(valid.unwrap().claims(), &issued.claims);
}

#[test]
fn no_mistake_and_no_setting_shows_a_secret() {
    let pem = fs::read_to_string(key_file("test-ed25519-private.pem")).unwrap();
    let body = pem.lines().nth(1).unwrap().to_owned();
    let shown = |environment: Environment| match environment.load(Purpose::Issue) {
        Ok(settings) => format!("{settings:?} {settings:#?}"),
        Err(mistakes) => format!("{mistakes} {mistakes:?} {mistakes:#?}"),
    };
    let cases = [
        shown(with_secret().set("MCP_JWT_PREVIOUS_SECRETS", OLD)),
        shown(Environment::new().set("MCP_JWT_SECRET", format!("{GOOD} "))),
        shown(Environment::new().set("MCP_JWT_SECRET", &pem)),
        shown(with_secret().set("MCP_JWT_PREVIOUS_SECRETS", format!(" {OLD}"))),
        // The usual confusion: the thing itself where the path of its file is due.
        shown(Environment::new().set("MCP_JWT_SECRET_FILE", GOOD)),
        shown(with_secret().set("MCP_JWT_PREVIOUS_SECRETS_FILE", OLD)),
        shown(asymmetric("EdDSA", None, None).set("MCP_JWT_PRIVATE_KEY_FILE", &pem)),
    ];
    for text in cases {
        for hidden in [GOOD, OLD, &body] {
            assert!(!text.contains(&hidden[20..36]), "{text}");
        }
    }
}
