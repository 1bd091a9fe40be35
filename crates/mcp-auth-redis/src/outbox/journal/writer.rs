//! The thread that writes the file. Orders that wait while the disk is busy share a sync.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;

use mcp_auth::store::StoreError;
use tokio::sync::oneshot;

use super::line::{self, OwnedOrder};
use super::{ENDING, Number, owner, unwritten};

/// A file without open orders begins anew beyond this size.
const LONG: u64 = 1 << 20;

/// What the thread is told.
#[derive(Debug)]
pub(super) enum Message {
    /// Write this down.
    Order(OwnedOrder, oneshot::Sender<Result<Number, StoreError>>),
    /// This has arrived.
    Done(Number),
}

/// The file and what is open in it.
#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    file: File,
    length: u64,
    last: u64,
    open: BTreeSet<u64>,
    /// Whether half a line stands at the end.
    is_torn: bool,
}

impl Writer {
    /// Makes a file that only its owner may read, and locks it.
    pub(super) fn begin(directory: &Path) -> io::Result<Self> {
        let (path, file) = create(directory)?;
        owner::give(&file, directory)?;
        // Its name must survive a crash too.
        File::open(directory)?.sync_all()?;
        Ok(Self { path, file, length: 0, last: 0, open: BTreeSet::new(), is_torn: false })
    }

    /// Works until nobody can send a message any more. A file with nothing open goes away.
    pub(super) fn run(mut self, inbox: &Receiver<Message>) {
        while let Ok(first) = inbox.recv() {
            let messages = std::iter::once(first).chain(inbox.try_iter());
            let (mut text, mut replies) = (self.beginning(), Vec::new());
            for message in messages {
                self.note(message, &mut text, &mut replies);
            }
            let written = self.write(&text, !replies.is_empty());
            for (number, reply) in replies {
                if written.is_err() {
                    self.open.remove(&number.0);
                }
                let answer = written.as_ref().map(|()| number);
                // Whoever asked may have gone away.
                let _: Result<(), _> =
                    reply.send(answer.map_err(|error| unwritten(&self.path, error)));
            }
        }
        if self.open.is_empty() {
            let _: io::Result<()> = std::fs::remove_file(&self.path);
        }
    }

    fn note(
        &mut self,
        message: Message,
        text: &mut String,
        replies: &mut Vec<(Number, oneshot::Sender<Result<Number, StoreError>>)>,
    ) {
        match message {
            Message::Order(order, reply) => {
                self.last += 1;
                self.open.insert(self.last);
                text.push_str(&line::of_order(self.last, &order));
                replies.push((Number(self.last), reply));
            }
            Message::Done(Number(number)) => {
                self.open.remove(&number);
                text.push_str(&line::of_done(number));
            }
        }
    }

    /// What is done need not be synced: an order that is sent twice does no harm.
    fn write(&mut self, text: &str, sync: bool) -> io::Result<()> {
        if self.open.is_empty() && self.length > LONG {
            self.file.set_len(0)?;
            (self.length, self.is_torn) = (0, false);
            return Ok(());
        }
        let written = self
            .file
            .write_all(text.as_bytes())
            .and_then(|()| if sync { self.file.sync_data() } else { Ok(()) });
        match written {
            Ok(()) => (self.length, self.is_torn) = (self.length + text.len() as u64, false),
            Err(_) => self.cut_off(),
        }
        written
    }

    fn cut_off(&mut self) {
        if self.file.set_len(self.length).is_ok() {
            self.is_torn = false;
            return;
        }
        // What is written behind it must not be cut off with it later.
        self.is_torn = true;
        self.length = self.file.metadata().map_or(self.length, |file| file.len());
    }

    /// Half a line that could not be cut off must not spoil the next one.
    fn beginning(&self) -> String {
        if self.is_torn { "\n".to_owned() } else { String::new() }
    }
}

fn create(directory: &Path) -> io::Result<(PathBuf, File)> {
    let mut options = OpenOptions::new();
    options.append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut attempt = 0_u32;
    loop {
        let path = directory.join(format!("{}-{attempt}.{ENDING}", std::process::id()));
        match options.open(&path) {
            // Whoever looks for abandoned files may have been quicker, and takes this one away.
            Ok(file) if file.try_lock().is_err() || !has_a_name(&file)? => attempt += 1,
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 10_000 => {
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Whether the file is still in its directory.
#[cfg(unix)]
fn has_a_name(file: &File) -> io::Result<bool> {
    Ok(std::os::unix::fs::MetadataExt::nlink(&file.metadata()?) > 0)
}

#[cfg(not(unix))]
fn has_a_name(_: &File) -> io::Result<bool> {
    Ok(true)
}
