//! How long a value is as JSON.

use std::io;

use serde_json::Value;

/// In bytes. Nothing is kept.
pub(crate) fn json_size(value: &Value) -> usize {
    let mut counter = Counter(0);
    // Neither the counter nor the JSON of a value can fail.
    drop(serde_json::to_writer(&mut counter, value));
    counter.0
}

struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
