//! Rust code on a page that the compiler never sees is a copy of code that it does see.

use std::path::Path;

use super::{File, Mistake};

/// Each page, and where its Rust blocks are compiled: a page of the crate's doc tests, or a source file.
const COPIES: &[(&str, &str)] = &[
    ("README.md", "crates/mcp-auth/README.md"),
    ("docs/guides/embed.md", "crates/mcp-auth/examples/embed.rs"),
    ("docs/guides/embed-axum.md", "examples/embed-axum/src/main.rs"),
    ("docs/guides/embed-rmcp.md", "examples/embed-rmcp/src/main.rs"),
];

pub(super) fn check(files: &[File]) -> Vec<Mistake> {
    let text = |path: &str| files.iter().find(|file| file.path == path).map(|file| &*file.text);
    let differ = COPIES.iter().filter(|(page, source)| match (text(page), text(source)) {
        (Some(page), Some(text)) => rust_blocks(page) != code(source, text),
        _ => true,
    });
    differ
        .map(|(page, source)| {
            let problem = format!("its Rust blocks are not the code of {source}");
            Mistake::new(*page, problem, "copy the code; it is compiled there and not here")
        })
        .collect()
}

fn code(path: &str, text: &str) -> String {
    let is_page = Path::new(path).extension().is_some_and(|extension| extension == "md");
    if is_page { rust_blocks(text) } else { text.to_owned() }
}

/// The lines of all blocks, with an empty line between two blocks.
fn rust_blocks(page: &str) -> String {
    let blocks = page.split("\n```rust\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    blocks.map(|block| format!("{block}\n")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn the_blocks_of_a_page_are_the_source() {
        let page = "a\n```rust\nfn a() {}\n```\nb\n```sh\nls\n```\n```rust\nfn b() {}\n```\n";
        assert_eq!(rust_blocks(page), "fn a() {}\n\nfn b() {}\n");
        assert_eq!(code("a.rs", "fn a() {}\n"), "fn a() {}\n");
    }

    #[test]
    fn a_page_that_differs_or_is_missing_is_named() {
        let of = |page: &str, source: &str| [file(COPIES[0].0, page), file(COPIES[0].1, source)];
        let block = "\n```rust\nfn a() {}\n```\n";
        let places = |files: &[File]| check(files).into_iter().map(|m| m.place).collect::<Vec<_>>();
        let all: Vec<_> = COPIES.iter().map(|(page, _)| *page).collect();
        assert_eq!(places(&of(block, block)), all[1..]);
        assert_eq!(places(&of(block, "")), all);
    }
}
