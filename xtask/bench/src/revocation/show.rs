//! The suite's tables.

use std::fmt;

use super::growth;
use super::latency::Latency;
use super::{Results, admission, held, spread};
use crate::table::Table;

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "revocation: {}", self.check)?;
        writeln!(f, "holding revocations, in bytes for each; a node is ready with all of them\n")?;
        writeln!(f, "{}", held(&self.held))?;
        let growth::Results { from, to, seconds, .. } = self.growth;
        writeln!(
            f,
            "a verdict while the set grows from {from} to {to} within {seconds:.1} s, us\n"
        )?;
        writeln!(f, "{}", growth(&self.growth))?;
        writeln!(f, "from one node to another, journals and engines synced to disk, ms\n")?;
        writeln!(f, "{}", spread(&self.spread))?;
        writeln!(f, "admissions a second, both modes in turn\n")?;
        writeln!(f, "{}", admissions(&self.admission))?;
        self.targets.iter().try_for_each(|target| writeln!(f, "{target}"))?;
        writeln!(f)
    }
}

fn held(lines: &[held::Line]) -> Table {
    let mut table = Table::new(["store", "held", "ready s", "node", "at most", "store's"]);
    let each = |bytes: Option<f64>| bytes.map_or("-".to_owned(), |bytes| format!("{bytes:.1}"));
    for line in lines {
        table.row([
            line.size.store.to_owned(),
            line.size.held.to_string(),
            format!("{:.2}", line.ready_seconds),
            each(line.node_bytes_each),
            each(line.node_most_bytes_each),
            each(line.store_bytes_each),
        ]);
    }
    table
}

fn growth(found: &growth::Results) -> Table {
    let mut table = Table::new(["another thread", "p50", "p99", "max"]);
    for (name, latency) in [("adds to it", found.growing), ("works elsewhere", found.at_rest)] {
        let Latency { p50, p99, max } = latency;
        table.row([name.to_owned(), format!("{p50:.2}"), format!("{p99:.2}"), format!("{max:.0}")]);
    }
    table
}

fn spread(lines: &[spread::Line]) -> Table {
    let heading = [
        "engine",
        "replicas",
        "revocations",
        "refused elsewhere p50",
        "p99",
        "max",
        "revoke p50",
        "p99",
        "max",
        "less promised",
    ];
    let mut table = Table::new(heading);
    for line in lines {
        let [p50, p99, max] = milliseconds(line.refused_elsewhere);
        let [revoke, revoke_p99, revoke_max] = milliseconds(line.revoke);
        table.row([
            line.engine.clone(),
            line.replicas.to_string(),
            line.revocations.to_string(),
            p50,
            p99,
            max,
            revoke,
            revoke_p99,
            revoke_max,
            line.less_promised.to_string(),
        ]);
    }
    table
}

fn admissions(lines: &[admission::Line]) -> Table {
    let mut table = Table::new(["callers", "replicated", "direct", "replicated / direct"]);
    for line in lines {
        table.row([
            line.callers.to_string(),
            format!("{:.0}", line.replicated.median),
            format!("{:.0}", line.direct.median),
            format!("{:.1}", 1.0 / line.direct_to_replicated),
        ]);
    }
    table
}

fn milliseconds(Latency { p50, p99, max }: Latency) -> [String; 3] {
    [p50, p99, max].map(|microseconds| format!("{:.2}", microseconds / 1e3))
}
