//! `cargo xtask demo`: the main job from beginning to end, for a person to read along. It checks what
//! it shows: an unexpected answer ends it with an error.

mod act;
mod http;
mod script;
mod server;
mod tools;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::project::{self, Profile};
use crate::run;
use script::{SCENES, Scene, Secret, Text};

pub(crate) fn run() -> Result<()> {
    // Without optimisation: the programs work for a millisecond, and building them so is far faster.
    let programs = project::build_programs(Profile::Debug)?;
    run::stream(&mut run::cargo(&["build", "--package", "demo-server"]))?;
    let mut stage = Stage::new(programs)?;
    let (first, second) = (SCENES.len(), server::SCENES);
    let total = first + second + tools::SCENES;
    for (at, scene) in (1..).zip(SCENES) {
        println!("\n--- {at}/{total} {}\n{}\n", scene.title, scene.says);
        stage
            .play(scene)
            .with_context(|| format!("the demo failed at scene {at}, {}", scene.title))?;
    }
    server::play(&stage.programs, first, total)?;
    tools::play(&stage.programs, first + second, total)?;
    println!("\nThe demo ran to its end: all {total} scenes gave the expected answers.");
    Ok(())
}

/// What the scenes share. Everything is fresh: the secrets, and a folder where no `.env` lies.
struct Stage {
    programs: PathBuf,
    folder: TempDir,
    ours: String,
    other: String,
    tokens: BTreeMap<&'static str, String>,
}

impl Stage {
    fn new(programs: PathBuf) -> Result<Self> {
        let folder = tempfile::tempdir().context("the demo needs a temporary folder")?;
        let (ours, other) = (random_secret(), random_secret());
        Ok(Self { programs, folder, ours, other, tokens: BTreeMap::new() })
    }

    fn play(&mut self, scene: &Scene) -> Result<()> {
        let input = self.text(scene.stdin)?;
        println!("{}", typed(scene));
        thread::sleep(scene.pause);
        let output = self.perform(scene, &input)?;
        let said = show(&output);
        expect(scene, &output, &said)?;
        if let Some(name) = scene.keeps {
            let token = said.lines().find(|line| line.starts_with("eyJ"));
            self.tokens.insert(name, token.context("no line begins with `eyJ`")?.to_owned());
        }
        Ok(())
    }

    fn perform(&self, scene: &Scene, input: &str) -> Result<Output> {
        let mut command = Command::new(self.programs.join(scene.program));
        run::without_our_settings(&mut command);
        command.args(scene.args).envs(scene.env.iter().copied());
        command.env("MCP_JWT_SECRET", self.secret(scene.secret)).env("NO_COLOR", "1");
        feed(command.current_dir(self.folder.path()), input)
    }

    fn secret(&self, secret: Secret) -> &str {
        match secret {
            Secret::Ours => &self.ours,
            Secret::Another => &self.other,
            Secret::Short => "hunter2",
        }
    }

    fn text(&self, text: Text) -> Result<String> {
        Ok(match text {
            Text::Nothing => String::new(),
            Text::Token(name) => self.token(name)?.to_owned(),
            Text::Spliced { claims, signature } => {
                splice(self.token(claims)?, self.token(signature)?)?
            }
        })
    }

    fn token(&self, name: &str) -> Result<&str> {
        let token = self.tokens.get(name);
        Ok(token.with_context(|| format!("no earlier scene kept a token `{name}`"))?)
    }
}

fn random_secret() -> String {
    format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>())
}

/// The forger's token: somebody's claims under somebody else's signature.
fn splice(claims: &str, signature: &str) -> Result<String> {
    let claims = claims.rsplit_once('.').context("the token has no parts")?.0;
    let signature = signature.rsplit_once('.').context("the token has no parts")?.1;
    Ok(format!("{claims}.{signature}"))
}

fn feed(command: &mut Command, input: &str) -> Result<Output> {
    let program = Path::new(command.get_program()).display().to_string();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{program} could not be started"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that reads no input has closed it, which is its right.
        stdin.write_all(input.as_bytes()).ok();
    }
    child.wait_with_output().with_context(|| format!("{program} could not be waited for"))
}

/// The command as a person would type it.
fn typed(scene: &Scene) -> String {
    let secret = match scene.secret {
        Secret::Ours => "",
        Secret::Another => "MCP_JWT_SECRET=$ANOTHER_SECRET ",
        Secret::Short => "MCP_JWT_SECRET=hunter2 ",
    };
    let env = scene.env.iter().map(|(name, value)| format!("{name}={value} "));
    let env = env.collect::<Vec<_>>().concat();
    let input = match scene.stdin {
        Text::Nothing => String::new(),
        Text::Token(name) => format!(" < {name}.token"),
        Text::Spliced { .. } => " < forged.token".into(),
    };
    format!("$ {secret}{env}{} {}{input}", scene.program, scene.args.join(" "))
}

/// Prints both streams and answers with all that was said.
fn show(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    let said = [out.trim_end(), err.trim_end()].join("\n");
    println!("{}", said.trim_matches('\n'));
    said
}

fn expect(scene: &Scene, output: &Output, said: &str) -> Result<()> {
    let Some(code) = output.status.code() else {
        bail!("{} was ended: {}", scene.program, output.status);
    };
    println!("(exit code {code})");
    let wanted = scene.exit;
    ensure!(code == wanted, "{} ended with exit code {code}, expected {wanted}", scene.program);
    for word in scene.expects {
        ensure!(said.contains(word), "{} did not say `{word}`", scene.program);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;

    fn ended(code: i32) -> Output {
        let status = ExitStatus::from_raw(code << 8);
        Output { status, stdout: b"Valid".to_vec(), stderr: Vec::new() }
    }

    #[test]
    fn a_wrong_exit_code_or_a_missing_word_fails_the_demo() {
        let scene = Scene { exit: 3, expects: &["Valid"], ..script::PLAIN };
        assert!(expect(&scene, &ended(3), "Valid").is_ok());
        let error = expect(&scene, &ended(0), "Valid").unwrap_err().to_string();
        assert!(error.ends_with("ended with exit code 0, expected 3"), "{error}");
        let error = expect(&scene, &ended(3), "Invalid").unwrap_err().to_string();
        assert!(error.ends_with("did not say `Valid`"), "{error}");
    }

    #[test]
    fn a_spliced_token_has_one_head_and_the_others_tail() {
        assert_eq!(splice("a.b.c", "d.e.f").unwrap(), "a.b.f");
        assert!(splice("abc", "d.e.f").is_err());
    }

    #[test]
    fn tokens_are_kept_before_they_are_used() {
        let mut kept = Vec::new();
        for scene in SCENES {
            let used = match scene.stdin {
                Text::Nothing => vec![],
                Text::Token(name) => vec![name],
                Text::Spliced { claims, signature } => vec![claims, signature],
            };
            assert!(used.iter().all(|name| kept.contains(name)), "{}", scene.title);
            kept.extend(scene.keeps);
        }
    }

    #[test]
    fn secrets_are_fresh_and_long_enough() {
        assert_eq!(random_secret().len(), 64);
        assert_ne!(random_secret(), random_secret());
    }
}
