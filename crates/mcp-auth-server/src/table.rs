//! Tables for people: aligned columns, every value made safe to show. And the same for programs.

use mcp_auth::text::Escaped;
use mcp_auth_cli::output;
use serde_json::Value;

/// A table with a heading.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty one.
    pub(crate) fn new(heading: &[&str]) -> Self {
        Self { rows: vec![heading.iter().map(|&name| name.to_owned()).collect()] }
    }

    /// Adds a row. An absent value is a dash.
    pub(crate) fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        let shown =
            |cell: &str| if cell.is_empty() { "-".to_owned() } else { Escaped(cell).to_string() };
        self.rows.push(cells.into_iter().map(shown).collect());
    }

    /// The lines, without space at their ends.
    pub(crate) fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell: &String| cell.chars().count())
                .max()
        };
        let widths: Vec<_> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
        };
        self.rows.iter().map(line).collect()
    }
}

/// JSON in which nothing is that a terminal would obey.
pub(crate) fn json(value: &Value) -> String {
    output::harmless(&format!("{value:#}")) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_values_are_harmless() {
        let mut table = Table::new(&["NAME", "ROLE"]);
        table.row(["a\x1b[2Jb", "user"]);
        table.row(["ü", ""]);
        assert_eq!(table.text(), "NAME         ROLE\na\\u{1b}[2Jb  user\nü            -\n");
    }

    #[test]
    fn a_value_without_end_is_cut() {
        let mut table = Table::new(&["NAME"]);
        table.row([&*"x".repeat(10_000)]);
        assert!(table.text().lines().all(|line| line.chars().count() < 200));
    }
}
