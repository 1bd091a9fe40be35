//! What the file looks like, version by version. The version is SQLite's `user_version`.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::failure::Failure;

/// Step *n* makes version *n* + 1 of version *n*. A step that was released never changes.
const STEPS: &[&str] = &[include_str!("migration/1.sql")];

/// Says in the file whose it is (`application_id`): `mcpa` in ASCII.
const APPLICATION: i64 = 0x6d63_7061;

/// Brings a file to the newest version. Several processes may do so at once: all but one find it done.
pub(crate) fn migrate(connection: &Connection) -> Result<(), Failure> {
    migrate_by(connection, STEPS)
}

/// Refuses a file that another version of this program has moved on since it was opened.
pub(crate) fn check(connection: &Connection) -> Result<(), Failure> {
    match number(connection, "user_version")? {
        version if version == newest(STEPS) => Ok(()),
        found => Err(Failure::Version { found, newest: newest(STEPS) }),
    }
}

fn migrate_by(connection: &Connection, steps: &[&str]) -> Result<(), Failure> {
    // Most starts find the newest version, and need not wait for a writer to learn that.
    if number(connection, "user_version")? == newest(steps) {
        return check_owner(connection);
    }
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    check_owner(&transaction)?;
    for step in missing(&transaction, steps)? {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", newest(steps))?;
    Ok(transaction.commit()?)
}

fn missing<'a>(connection: &Connection, steps: &'a [&'a str]) -> Result<&'a [&'a str], Failure> {
    let found = number(connection, "user_version")?;
    let done = usize::try_from(found).ok().and_then(|done| steps.get(done..));
    done.ok_or(Failure::Version { found, newest: newest(steps) })
}

/// A file of another program is left as it is.
fn check_owner(connection: &Connection) -> Result<(), Failure> {
    let is_empty = "SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)";
    let owned = number(connection, "application_id")? == APPLICATION
        || connection.query_row(is_empty, (), |row| row.get(0))?;
    if owned { Ok(()) } else { Err(Failure::Foreign) }
}

fn number(connection: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, pragma, |row| row.get(0))
}

fn newest(steps: &[&str]) -> i64 {
    i64::try_from(steps.len()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAKE: &[&str] = &["CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y DEFAULT 2"];

    fn file() -> Connection {
        Connection::open_in_memory().unwrap()
    }

    fn version(connection: &Connection) -> i64 {
        number(connection, "user_version").unwrap()
    }

    #[test]
    fn an_empty_file_gets_every_step_once() {
        let file = file();
        migrate_by(&file, FAKE).unwrap();
        migrate_by(&file, FAKE).unwrap();
        assert_eq!(version(&file), 2);
        assert_eq!(number(&file, "application_id"), Ok(APPLICATION));
        file.execute("INSERT INTO a VALUES (1, 2)", ()).unwrap();
    }

    #[test]
    fn an_older_file_keeps_its_rows() {
        let file = file();
        migrate_by(&file, &FAKE[..1]).unwrap();
        file.execute("INSERT INTO a VALUES (1)", ()).unwrap();
        migrate_by(&file, FAKE).unwrap();
        let row = file.query_row("SELECT x, y FROM a", (), |row| <(i64, i64)>::try_from(row));
        assert_eq!((version(&file), row), (2, Ok((1, 2))));
    }

    #[test]
    fn version_1_is_brought_up_to_date() {
        let file = file();
        migrate_by(&file, &STEPS[..1]).unwrap();
        let row = "INSERT INTO tombstones VALUES ('alice', 3, 5, 100, 200)";
        file.execute(row, ()).unwrap();
        migrate(&file).unwrap();
        check(&file).unwrap();
        let kept = "SELECT generation FROM tombstones WHERE user_id = 'alice'";
        assert_eq!(file.query_row(kept, (), |row| row.get::<_, i64>(0)), Ok(3));
    }

    #[test]
    fn a_step_that_fails_leaves_nothing_behind() {
        let file = file();
        assert!(migrate_by(&file, &[FAKE[0], "no SQL"]).is_err());
        assert_eq!(version(&file), 0);
        migrate_by(&file, FAKE).unwrap();
    }

    #[test]
    fn a_newer_file_and_one_of_another_program_are_refused() {
        let newer = file();
        migrate_by(&newer, FAKE).unwrap();
        let refused = migrate_by(&newer, &FAKE[..1]);
        assert!(matches!(refused, Err(Failure::Version { found: 2, newest: 1 })), "{refused:?}");
        let foreign = file();
        foreign.execute_batch("CREATE TABLE theirs (x)").unwrap();
        assert!(matches!(migrate_by(&foreign, FAKE), Err(Failure::Foreign)));
        foreign.pragma_update(None, "user_version", 2).unwrap();
        assert!(matches!(migrate_by(&foreign, FAKE), Err(Failure::Foreign)));
    }
}
