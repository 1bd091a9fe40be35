//! What the demo plays, scene by scene.

use std::time::Duration;

#[derive(Debug, Clone, Copy)]
pub(super) struct Scene {
    pub(super) title: &'static str,
    pub(super) says: &'static str,
    pub(super) program: &'static str,
    pub(super) args: &'static [&'static str],
    pub(super) secret: Secret,
    pub(super) env: &'static [(&'static str, &'static str)],
    pub(super) stdin: Text,
    /// Slept before the command, where time itself is the subject.
    pub(super) pause: Duration,
    pub(super) exit: i32,
    /// Words that must be said, on either stream.
    pub(super) expects: &'static [&'static str],
    /// The name under which later scenes find the token of this one.
    pub(super) keeps: Option<&'static str>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Secret {
    Ours,
    Another,
    Short,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Text {
    Nothing,
    Token(&'static str),
    Spliced { claims: &'static str, signature: &'static str },
}

/// A scene in which a good token is shown to the validator.
pub(super) const PLAIN: Scene = Scene {
    title: "",
    says: "",
    program: "mcp-token-validate",
    args: &["--token", "-"],
    secret: Secret::Ours,
    env: &[],
    stdin: Text::Token("admin"),
    pause: Duration::ZERO,
    exit: 0,
    expects: &[],
    keeps: None,
};

pub(super) const SCENES: &[Scene] = &[
    Scene {
        title: "An administrator's token",
        says: "A fresh random secret is in MCP_JWT_SECRET. A token for `admin` lives for an hour.",
        program: "mcp-token-gen",
        args: &["--user-id", "admin", "--expiry", "1"],
        stdin: Text::Nothing,
        expects: &["User ID:    admin", "Role:       admin", "Expires In: 1 hour", "Token:"],
        keeps: Some("admin"),
        ..PLAIN
    },
    Scene {
        title: "Is it good?",
        says: "The validator reads the token from its input, so that no shell history keeps it.",
        args: &["--token", "-", "--verbose"],
        expects: &["Valid:", "User ID:         admin", "Checks", "signature"],
        ..PLAIN
    },
    Scene {
        title: "The same for a pipeline",
        says: "--json says everything a script may want to know; the exit code says it shortest.",
        args: &["--token", "-", "--json"],
        expects: &["\"valid\"", "\"payload\"", "\"admin\""],
        ..PLAIN
    },
    Scene {
        title: "A token for a build robot",
        says: "An ordinary role, 90 minutes, and nothing but the token on the output.",
        program: "mcp-token-gen",
        args: &["--user-id", "build-bot", "--role", "user", "--expiry", "90m", "--quiet"],
        stdin: Text::Nothing,
        expects: &["eyJ"],
        keeps: Some("build-bot"),
        ..PLAIN
    },
    Scene {
        title: "A forged token",
        says: "The administrator's claims under the robot's signature: refused, and it says why.",
        stdin: Text::Spliced { claims: "admin", signature: "build-bot" },
        exit: 3,
        expects: &["signature"],
        ..PLAIN
    },
    Scene {
        title: "The wrong secret",
        says: "A server that was given another secret must not accept our token.",
        secret: Secret::Another,
        args: &["--token", "-", "--verbose"],
        exit: 3,
        expects: &["signature", "MCP_JWT_SECRET"],
        ..PLAIN
    },
    Scene {
        title: "Too old",
        says: "With MCP_MAX_TOKEN_AGE=1 a token is too old after a second, whatever its expiry says. \
               We wait three.",
        args: &["--token", "-", "--verbose"],
        env: &[("MCP_MAX_TOKEN_AGE", "1")],
        pause: Duration::from_secs(3),
        exit: 4,
        expects: &["MCP_MAX_TOKEN_AGE"],
        ..PLAIN
    },
    Scene {
        title: "A secret that is too short",
        says: "A weak foundation is a configuration error, told with its remedy before any token is \
               looked at.",
        secret: Secret::Short,
        exit: 8,
        expects: &["MCP_JWT_SECRET", "32"],
        ..PLAIN
    },
];
