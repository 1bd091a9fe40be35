//! The files that hold the secrets of a data directory: `jwt_secret`, and `jwt_previous_secrets` with one a line, the
//! newest first.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use mcp_auth::keys::KeyRing;
use mcp_auth::random::{Randomness, SystemRandom};
use zeroize::Zeroizing;

use crate::data_dir::DataDir;
use crate::files;

/// Most secrets that still verify: a ring holds no more besides the current one.
const MOST: usize = KeyRing::MAX_KEYS - 1;

/// 32 random bytes in hex, as `openssl rand -hex 32` makes them.
pub(crate) fn random(randomness: &dyn Randomness) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; 32]);
    randomness.fill(&mut *bytes);
    Zeroizing::new(hex::encode(*bytes))
}

/// Creates the file with a new secret.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`] where there is one.
pub(crate) fn create(path: &Path) -> io::Result<()> {
    files::create(path, &lines([random(&SystemRandom).as_str()]))
}

/// Puts a new secret in the place of the current one, which goes on verifying. How many do so now.
///
/// A crash on the way leaves the current secret listed as a previous one as well, and nothing lost.
///
/// # Errors
/// When a file cannot be read or written. Whoever reads the files meanwhile sees a legal pair.
pub(crate) fn rotate(data_dir: &DataDir) -> io::Result<usize> {
    let _alone = files::lock(data_dir.path())?;
    let current = Zeroizing::new(fs::read_to_string(data_dir.secret())?);
    let current = current.trim_end_matches(['\r', '\n']);
    let older = read_previous(data_dir)?;
    let older = older.lines().filter(|line| !line.is_empty() && *line != current);
    let previous: Vec<_> = std::iter::once(current).chain(older).take(MOST).collect();
    let kept = previous.len();
    files::replace(&data_dir.previous_secrets(), &lines(previous))?;
    files::replace(&data_dir.secret(), &lines([random(&SystemRandom).as_str()]))?;
    Ok(kept)
}

/// Forgets the secrets that still verify; how many they were.
///
/// # Errors
/// When the file cannot be read or removed.
pub(crate) fn drop_previous(data_dir: &DataDir) -> io::Result<usize> {
    let _alone = files::lock(data_dir.path())?;
    let dropped = read_previous(data_dir)?.lines().filter(|line| !line.is_empty()).count();
    files::remove(&data_dir.previous_secrets())?;
    Ok(dropped)
}

fn read_previous(data_dir: &DataDir) -> io::Result<Zeroizing<String>> {
    match fs::read_to_string(data_dir.previous_secrets()) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Zeroizing::default()),
        text => text.map(Zeroizing::new),
    }
}

fn lines<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::new());
    for secret in secrets {
        text.push_str(secret);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> Vec<String> {
        fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn each_rotation_keeps_the_older_ones_the_newest_first() {
        let directory = tempfile::tempdir().unwrap();
        let data_dir = DataDir::at(Some(directory.path().into()));
        create(&data_dir.secret()).unwrap();
        let mut expected = Vec::new();
        for kept in 1..=MOST + 3 {
            expected.insert(0, read(&data_dir.secret()).remove(0));
            expected.truncate(MOST);
            assert_eq!(rotate(&data_dir).unwrap(), kept.min(MOST));
            assert_eq!(read(&data_dir.previous_secrets()), expected);
            assert!(!expected.contains(&read(&data_dir.secret())[0]));
        }
        assert_eq!(drop_previous(&data_dir).unwrap(), MOST);
        assert_eq!(drop_previous(&data_dir).unwrap(), 0);
        assert!(!data_dir.previous_secrets().exists());
    }

    #[test]
    fn rotations_at_once_lose_no_secret() {
        let directory = tempfile::tempdir().unwrap();
        let data_dir = DataDir::at(Some(directory.path().into()));
        create(&data_dir.secret()).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| rotate(&data_dir).unwrap());
            }
        });
        assert_eq!(read(&data_dir.previous_secrets()).len(), 8);
    }

    #[test]
    fn a_rotation_that_was_cut_off_is_done_again_without_a_double() {
        let directory = tempfile::tempdir().unwrap();
        let data_dir = DataDir::at(Some(directory.path().into()));
        create(&data_dir.secret()).unwrap();
        let current = read(&data_dir.secret()).remove(0);
        fs::write(data_dir.previous_secrets(), format!("{current}\nolder\n")).unwrap();
        assert_eq!(rotate(&data_dir).unwrap(), 2);
        assert_eq!(read(&data_dir.previous_secrets()), [current, "older".to_owned()]);
    }
}
