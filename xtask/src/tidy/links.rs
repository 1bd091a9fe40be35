//! Relative links in README.md and docs/ lead to files that exist.

use std::path::Path;

use super::{File, Mistake};
use crate::project;

pub(super) fn check(files: &[File]) -> Vec<Mistake> {
    check_against(files, |path| project::root().join(path).exists())
}

fn check_against(files: &[File], exists: impl Fn(&Path) -> bool) -> Vec<Mistake> {
    let pages = files.iter().filter(|file| is_page(file));
    let links = pages.flat_map(|page| links(&page.text).map(move |link| (page, link)));
    let broken = links.filter(|(page, (_, target))| !leads_somewhere(page, target, &exists));
    broken
        .map(|(page, (line, target))| {
            let place = format!("{}:{line}", page.path);
            let remedy = "correct the link; it is relative to the page it stands on";
            Mistake::new(place, format!("links to `{target}`, which does not exist"), remedy)
        })
        .collect()
}

fn is_page(file: &File) -> bool {
    (file.path == "README.md" || file.path.starts_with("docs/")) && file.has_extension("md")
}

fn leads_somewhere(page: &File, target: &str, exists: impl Fn(&Path) -> bool) -> bool {
    let file = target.split('#').next().unwrap_or_default();
    if file.is_empty() || file.starts_with("mailto:") || file.contains("://") {
        return true;
    }
    let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
    !file.starts_with('/') && exists(&folder.join(file))
}

/// `[text](target)` and `[label]: target`, outside code, with the number of the line.
fn links(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut fenced = false;
    let lines = (1..).zip(text.lines()).filter(move |(_, line)| {
        let at_fence = line.trim_start().starts_with("```");
        fenced ^= at_fence;
        !fenced && !at_fence
    });
    lines.flat_map(|(at, line)| targets(&prose(line)).into_iter().map(move |link| (at, link)))
}

/// The line without its `code`: every second piece between backticks.
fn prose(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

fn targets(line: &str) -> Vec<String> {
    let inline = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let label = line.starts_with('[').then(|| line.split_once("]: ")).flatten();
    let all = inline.chain(label.map(|(_, target)| target));
    // What follows a space is the link's title.
    all.filter_map(|target| target.split_whitespace().next()).map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn broken(path: &str, text: &str) -> Vec<String> {
        let exists = |path: &Path| path == Path::new("docs/a.md") || path == Path::new("docs/../b");
        let mistakes = check_against(&[file(path, text)], exists);
        mistakes.into_iter().map(|mistake| mistake.place).collect()
    }

    #[test]
    fn links_are_relative_to_their_page() {
        assert!(broken("docs/x.md", "[a](a.md) [a](a.md#part \"title\") [b](../b)").is_empty());
        assert!(broken("README.md", "[a](docs/a.md)").is_empty());
        assert_eq!(broken("README.md", "\n[a](a.md)"), ["README.md:2"]);
        assert_eq!(
            broken("docs/x.md", "[a](a.md) [c](c.md)\n\n[d]: d.md"),
            ["docs/x.md:1", "docs/x.md:3"]
        );
        assert_eq!(broken("docs/x.md", "[a](/docs/a.md)"), ["docs/x.md:1"]);
    }

    #[test]
    fn the_web_anchors_and_code_are_left_alone() {
        let text = "[w](https://example.com/x) [h](#here)\n`[c](c.md)`\n```\n[d](d.md)\n```\n";
        assert!(broken("docs/x.md", text).is_empty());
        assert_eq!(broken("docs/x.md", &format!("{text}[e](e.md)")), ["docs/x.md:6"]);
        assert!(broken("crates/x.md", "[c](c.md)").is_empty());
    }
}
