//! Reading files while requests are served.
//!
//! A file may lie on a network that is cut, or be a pipe into which nobody writes. So whoever serves reads on a thread of
//! its own, waits only so long, and takes regular files only.

use std::fmt;
use std::fs;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use mcp_auth_cli::redact::ShownPath;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

/// How long files may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Most threads that wait for files which do not answer.
const MOST: usize = 4;

/// Reads aside from the runtime, which must not wait for a file.
#[derive(Debug)]
pub(crate) struct Reading(Arc<Semaphore>);

/// What was to be read did not answer in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Late;

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patience = PATIENCE.as_secs();
        write!(f, "files did not answer within {patience} s; see whether the file system is there")
    }
}

impl Reading {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(MOST)))
    }

    /// What `read` returns. One that is late goes on where it is, and what it returns is thrown away.
    ///
    /// # Errors
    /// When it takes too long, or too many others do.
    pub(crate) async fn aside<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Late> {
        timeout(PATIENCE, self.begin(read)).await.unwrap_or(Err(Late))
    }

    /// The thread is none of the runtime's, which waits for its own when it ends.
    async fn begin<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Late> {
        let place = Arc::clone(&self.0).acquire_owned().await.map_err(|_| Late)?;
        let (done, result) = oneshot::channel();
        let work = move || {
            let _ = done.send(read());
            drop(place);
        };
        thread::Builder::new().name("files".to_owned()).spawn(work).map_err(|_| Late)?;
        result.await.map_err(|_| Late)
    }
}

/// Refuses what is there and is no regular file. What is not there is for the reader to tell.
///
/// # Errors
/// What it is instead.
pub(crate) fn check_regular(path: &Path) -> Result<(), String> {
    // Reading it ends at once, and some mean by it that there is nothing.
    let is_null = fs::canonicalize(path).is_ok_and(|path| path == Path::new("/dev/null"));
    let Ok(metadata) = fs::metadata(path) else { return Ok(()) };
    let kind = metadata.file_type();
    let found = match () {
        () if kind.is_file() || is_null => return Ok(()),
        () if kind.is_fifo() => "a named pipe",
        () if kind.is_dir() => "a directory",
        () if kind.is_socket() => "a socket",
        () => "a device",
    };
    let path = ShownPath(path);
    Err(format!(
        "{path} is {found}, which a running server does not read; put a regular file there"
    ))
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn what_does_not_answer_is_late_and_holds_few_threads() {
        let reading = Reading::new();
        assert_eq!(reading.aside(|| 1).await, Ok(1));
        tokio::time::pause();
        let (go, waits) = mpsc::channel::<()>();
        let waits = Arc::new(std::sync::Mutex::new(waits));
        let began = Arc::new(());
        for _ in 0..MOST * 3 {
            let (waits, began) = (Arc::clone(&waits), Arc::clone(&began));
            let stuck = move || {
                let _ = waits.lock().unwrap().recv();
                drop(began);
            };
            assert_eq!(reading.aside(stuck).await, Err(Late));
        }
        assert_eq!(Arc::strong_count(&began), 1 + MOST);
        tokio::time::resume();
        drop(go);
        while reading.0.available_permits() < MOST {
            thread::yield_now();
        }
        assert_eq!(reading.aside(|| 2).await, Ok(2));
    }

    #[test]
    fn only_regular_files_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("file"), "x").unwrap();
        assert!(Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
        std::os::unix::fs::symlink(path("pipe"), path("link")).unwrap();
        for good in [path("file"), path("nothing"), "/dev/null".into()] {
            assert_eq!(check_regular(&good), Ok(()));
        }
        for (bad, what) in [
            (path("pipe"), "a named pipe"),
            (path("link"), "a named pipe"),
            (path(""), "a directory"),
            ("/dev/zero".into(), "a device"),
        ] {
            let problem = check_regular(&bad).unwrap_err();
            assert!(problem.contains(what) && problem.contains("regular file"), "{problem}");
        }
    }
}
