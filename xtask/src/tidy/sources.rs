//! Loose ends in the sources, files that grew too long, and paths that exist on one machine only.

use super::{File, Mistake};

/// More than fits into one head at a time.
const LONG: usize = 400;

/// Files that may be longer, each with a reason one would say aloud.
const MAY_BE_LONG: &[(&str, &str)] = &[];

/// Loose ends and what to do about them. Cut in two here, or this file would find itself.
const LOOSE_ENDS: &[(&str, &str)] = &[
    (concat!("todo", "!("), "do it, or leave it out and say so in the documentation"),
    (concat!("unimplemented", "!("), "do it, or make the state impossible by a type"),
    (concat!("#[ig", "nore"), "a test that does not run tells nothing: make it run or remove it"),
];

const ALLOW: &[&str] = &[concat!("#[al", "low("), concat!("#![al", "low(")];

const MACHINE_PATHS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/ro", "ot/")];

pub(super) fn check(files: &[File]) -> Vec<Mistake> {
    let mut mistakes: Vec<Mistake> =
        files.iter().filter(|file| file.has_extension("rs")).flat_map(check_file).collect();
    mistakes.extend(MAY_BE_LONG.iter().filter_map(|(path, _)| stale_exception(path, files)));
    mistakes
}

pub(super) fn machine_paths(files: &[File]) -> Vec<Mistake> {
    let lines = files.iter().flat_map(numbered);
    let found = lines.filter_map(|(place, line)| Some((place, machine_path(line)?)));
    let remedy = "name it relative to the project, or take a temporary directory";
    found.map(|(place, path)| Mistake::new(place, format!("names `{path}`"), remedy)).collect()
}

fn check_file(file: &File) -> Vec<Mistake> {
    let mut mistakes: Vec<Mistake> = numbered(file).filter_map(loose_end).collect();
    mistakes.extend(unexplained(file));
    let length = file.text.lines().count();
    if length > LONG && !MAY_BE_LONG.iter().any(|(path, _)| *path == file.path) {
        let problem = format!("has {length} lines, more than {LONG}");
        let remedy = "split it, or give the reason in MAY_BE_LONG in xtask/src/tidy/sources.rs";
        mistakes.push(Mistake::new(&file.path, problem, remedy));
    }
    mistakes
}

fn loose_end((place, line): (String, &str)) -> Option<Mistake> {
    let (end, remedy) = LOOSE_ENDS.iter().find(|(end, _)| line.contains(end))?;
    Some(Mistake::new(place, format!("has `{end}`"), *remedy))
}

/// Lint exceptions without a reason. Rust accepts them over several lines, so this reads the whole.
fn unexplained(file: &File) -> Vec<Mistake> {
    let starts = ALLOW.iter().flat_map(|start| file.text.match_indices(start));
    let bare = starts.filter(|(at, _)| {
        let rest = file.text.get(*at..).unwrap_or_default();
        !rest.split(")]").next().is_some_and(|attribute| attribute.contains("reason"))
    });
    bare.map(|(at, start)| {
        let line = file.text.get(..at).unwrap_or_default().matches('\n').count() + 1;
        let remedy = "say `#[expect(.., reason = \"..\")]`";
        Mistake::new(format!("{}:{line}", file.path), format!("`{start}` gives no reason"), remedy)
    })
    .collect()
}

fn stale_exception(path: &str, files: &[File]) -> Option<Mistake> {
    let is_long = files.iter().any(|file| file.path == path && file.text.lines().count() > LONG);
    let remedy = "remove it from MAY_BE_LONG in xtask/src/tidy/sources.rs";
    (!is_long).then(|| Mistake::new(path, "needs no exception for its length", remedy))
}

/// A path counts where it begins; the same letters further down some other path mean nothing.
fn machine_path(line: &str) -> Option<&'static str> {
    let begins = |at: usize| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|c| !c.is_alphanumeric() && !"/._-}~$".contains(c))
    };
    MACHINE_PATHS.iter().copied().find(|path| line.match_indices(path).any(|(at, _)| begins(at)))
}

fn numbered(file: &File) -> impl Iterator<Item = (String, &str)> {
    (1..).zip(file.text.lines()).map(|(at, line)| (format!("{}:{at}", file.path), line))
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn places(mistakes: &[Mistake]) -> Vec<&str> {
        mistakes.iter().map(|mistake| mistake.place.as_str()).collect()
    }

    #[test]
    fn loose_ends_are_found_in_sources_only() {
        for (end, _) in LOOSE_ENDS {
            let text = format!("fn a() {{\n    {end}\n}}\n");
            assert_eq!(places(&check(&[file("a.rs", &text)])), ["a.rs:2"], "{end}");
            assert!(check(&[file("a.md", &text)]).is_empty());
        }
    }

    #[test]
    fn an_exception_needs_its_reason_on_whichever_line() {
        for start in ALLOW {
            let bare = format!("//! a\n{start}dead_code)]\nfn a() {{}}\n// reason\n");
            assert_eq!(places(&check(&[file("a.rs", &bare)])), ["a.rs:2"], "{start}");
            let explained = format!("{start}\n    dead_code,\n    reason = \"b\"\n)]\n");
            assert!(check(&[file("a.rs", &explained)]).is_empty(), "{start}");
        }
    }

    #[test]
    fn a_file_may_have_400_lines_and_no_more() {
        assert!(check(&[file("a.rs", &"\n".repeat(400))]).is_empty());
        assert_eq!(places(&check(&[file("a.rs", &"\n".repeat(401))])), ["a.rs"]);
        assert!(stale_exception("a.rs", &[file("a.rs", "")]).is_some());
        assert!(stale_exception("a.rs", &[file("a.rs", &"\n".repeat(401))]).is_none());
    }

    #[test]
    fn machine_paths_count_where_they_begin() {
        for path in MACHINE_PATHS {
            for line in [format!("see `{path}x`"), format!("{path}x"), format!("cd={path}")] {
                assert!(machine_path(&line).is_some(), "{line}");
            }
            for line in [format!("docs{path}x"), format!("${{X}}{path}x"), "https://a/b".into()] {
                assert_eq!(machine_path(&line), None, "{line}");
            }
        }
    }
}
