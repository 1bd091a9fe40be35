//! The key file: one JSON object, readable by its owner only.
//!
//! ```json
//! {"kind":"mcp-auth-audit-keys-v1","hmac_key":"<64 hex>","signing_seed":"<64 hex>","public_key":"<64 hex>"}
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::AuditKeys;
use crate::digest;

const KIND: &str = "mcp-auth-audit-keys-v1";

/// A key file has under 300 bytes; what is longer is something else.
const MAX_BYTES: u64 = 4096;

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Content {
    kind: String,
    hmac_key: String,
    signing_seed: String,
    public_key: String,
}

/// A key file that could not be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// Something is there already. It is not overwritten: with it would go the means to verify its log.
    #[error("{} exists and is not overwritten; verify and archive the log that it belongs to first", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Others on the machine could read the keys, or change them.
    #[error(
        "{} is open to others (mode {mode:04o}); run `chmod 600 {}`, and make new keys if others may have read it",
        path.display(), path.display()
    )]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file holds something else.
    #[error("{} is not a key file of an audit log ({problem}); restore it from a backup", path.display())]
    NotKeys {
        /// The file.
        path: PathBuf,
        /// What is wrong; holds nothing of the content.
        problem: &'static str,
    },
    /// The operating system said no.
    #[error("cannot {what} {}; check that its directory exists and belongs to this user", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Its answer.
        #[source]
        source: io::Error,
    },
}

impl AuditKeys {
    /// Writes a new file that only its owner may read (0600), and makes it durable.
    ///
    /// # Errors
    /// [`KeyFileError::Exists`] when something is there; [`KeyFileError::Io`] when it cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), KeyFileError> {
        create(path, self.file_text().as_bytes()).map_err(|source| match source.kind() {
            ErrorKind::AlreadyExists => KeyFileError::Exists { path: path.to_owned() },
            _ => KeyFileError::Io { what: "write", path: path.to_owned(), source },
        })
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// [`KeyFileError::OpenToOthers`] when group or world may read or write it; [`KeyFileError::NotKeys`] when it
    /// holds something else; [`KeyFileError::Io`] when it cannot be read.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let io = |source| KeyFileError::Io { what: "read", path: path.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        refuse_open_to_others(path, &file.metadata().map_err(io)?)?;
        let mut text = Zeroizing::new(Vec::new());
        file.take(MAX_BYTES).read_to_end(&mut text).map_err(io)?;
        let not_keys = |problem| KeyFileError::NotKeys { path: path.to_owned(), problem };
        Self::from_json(&text).map_err(not_keys)
    }

    /// What [`save`](Self::save) writes, keys and all, for whoever makes the file in a way of their own: for its owner only.
    pub fn file_text(&self) -> Zeroizing<String> {
        let content = Content {
            kind: KIND.to_owned(),
            hmac_key: hex::encode(self.chain),
            signing_seed: hex::encode(self.seed),
            public_key: self.public_key().to_string(),
        };
        // Four strings serialise; there is nothing that could fail.
        Zeroizing::new(serde_json::to_string(&content).unwrap_or_default() + "\n")
    }

    fn from_json(text: &[u8]) -> Result<Self, &'static str> {
        let content: Content =
            serde_json::from_slice(text).map_err(|_| "not the JSON object that it should be")?;
        if content.kind != KIND {
            return Err("its `kind` is another");
        }
        let key = |digits: &str| digest::parse(digits.as_bytes());
        let (Some(chain), Some(seed)) = (key(&content.hmac_key), key(&content.signing_seed)) else {
            return Err("a key is not 64 lower-case hexadecimal digits");
        };
        let keys = Self { chain, seed };
        if keys.public_key().to_string() != content.public_key {
            return Err("its public key does not belong to its seed");
        }
        Ok(keys)
    }
}

fn create(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text)?;
    file.sync_all()?;
    crate::disk::sync_directory_of(path)
}

#[cfg(unix)]
fn refuse_open_to_others(path: &Path, metadata: &fs::Metadata) -> Result<(), KeyFileError> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
    match mode & 0o077 {
        0 => Ok(()),
        _ => Err(KeyFileError::OpenToOthers { path: path.to_owned(), mode }),
    }
}

#[cfg(not(unix))]
fn refuse_open_to_others(_: &Path, _: &fs::Metadata) -> Result<(), KeyFileError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use mcp_auth::random::SystemRandom;

    use super::*;

    #[test]
    fn keys_come_back_as_they_were() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit_keys");
        let keys = AuditKeys::generate(&SystemRandom);
        keys.save(&path).unwrap();
        assert_eq!(AuditKeys::load(&path).unwrap(), keys);
        assert!(matches!(keys.save(&path), Err(KeyFileError::Exists { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_refused_with_the_remedy() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit_keys");
        AuditKeys::generate(&SystemRandom).save(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = AuditKeys::load(&path).unwrap_err().to_string();
            assert!(error.contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn what_is_not_a_key_file_is_refused_and_not_quoted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit_keys");
        let sound = AuditKeys::generate(&SystemRandom).file_text();
        let other = AuditKeys::generate(&SystemRandom).public_key().to_string();
        let own = AuditKeys::from_json(sound.as_bytes()).unwrap().public_key().to_string();
        for text in
            ["", "{}", "hunter2", &sound.replace(KIND, "other"), &sound.replace(&own, &other)]
        {
            let _ = fs::remove_file(&path);
            create(&path, text.as_bytes()).unwrap();
            let error = AuditKeys::load(&path).unwrap_err();
            assert!(matches!(error, KeyFileError::NotKeys { .. }), "{text}: {error}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }
}
