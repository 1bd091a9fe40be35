//! Archives and logs that were taken away, cut or put in the place of others.

use std::fs;

use mcp_auth_audit::{Cut, Order, Verifier};

use crate::archives::{archives, found, names, small, write_all};
use crate::house::{House, write};

#[test]
fn an_archive_whose_end_was_cut_off_does_not_fit() {
    let house = small();
    write_all(&house.open(), &names(40));
    let path = archives(&house).remove(1);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    fs::write(&path, lines[..lines.len() - 2].join("\n") + "\n").unwrap();
    // Without its checkpoints nothing else would show.
    let verifier = Verifier::new(&house.options.keys);
    let all = verifier.verify_history(&house.path(), None).unwrap();
    let cut: Vec<_> = all.iter().filter(|it| !it.verification.is_clean()).collect();
    assert_eq!(cut.len(), 1);
    let seq = lines.len() as u64;
    assert_eq!(
        (&cut[0].log, &cut[0].verification.tail.first[..]),
        (&path, &[Cut::Discontinued { seq }][..])
    );
}

#[test]
fn the_oldest_archives_may_be_taken_away_and_the_rest_is_read() {
    let (house, names) = (small(), names(40));
    write_all(&house.open(), &names);
    for archive in archives(&house).split_off(1) {
        fs::remove_file(archive).unwrap();
    }
    let all = house.verify_history();
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|(_, found)| found.is_clean()), "{all:#?}");
    assert!(all[1].1.continues.is_some() && all[0].1.foreign_checkpoints > 0);
    let left = found(&house, Order::OldestFirst, usize::MAX);
    assert_eq!(left, names[names.len() - left.len()..]);
}

/// What was found at the ends of the logs, the newest first.
fn cuts(house: &House) -> Vec<Cut> {
    house.verify_history().into_iter().flat_map(|(_, found)| found.tail.first).collect()
}

#[test]
fn an_archive_that_is_missing_in_between_shows() {
    let house = small();
    write_all(&house.open(), &names(40));
    let archives = archives(&house);
    fs::remove_file(&archives[0]).unwrap();
    assert_eq!(cuts(&house), [Cut::Unreached { archives: archives.len() as u64 - 1 }]);
}

/// Whole logs are cut off where one ends and the next begins.
#[test]
fn an_end_that_was_cut_off_between_two_logs_shows() {
    for restarts in [false, true] {
        let house = small();
        write_all(&house.open(), &names(40));
        let archives = archives(&house);
        fs::remove_file(&archives[0]).unwrap();
        fs::rename(&archives[1], house.path()).unwrap();
        if restarts {
            write(&house.open(), &["goes on"]);
        }
        assert!(matches!(cuts(&house)[..], [Cut::Elsewhere { .. }]), "{:?}", cuts(&house));
    }
}

#[test]
fn a_log_that_was_taken_away_shows() {
    let house = House::with_lines(&["a"]);
    fs::remove_file(house.path()).unwrap();
    write(&house.open(), &["b"]);
    assert!(matches!(cuts(&house)[..], [Cut::Elsewhere { .. }]), "{:?}", cuts(&house));
}

#[test]
fn checkpoints_that_were_taken_away_show() {
    let house = House::with_lines(&["a"]);
    write(&house.open(), &["b"]);
    assert_eq!(cuts(&house), []);
    let checkpoints = house.options.checkpoint_path.clone().unwrap();
    fs::write(&checkpoints, "").unwrap();
    assert_eq!(cuts(&house), [Cut::Unvouched]);
    fs::remove_file(&checkpoints).unwrap();
    assert_eq!(cuts(&house), [Cut::Unvouched]);
    std::os::unix::fs::symlink("/dev/null", &checkpoints).unwrap();
    assert_eq!(cuts(&house), [Cut::Unvouched]);
}

/// Damage of one line is told as that, whatever it was in.
#[test]
fn a_damaged_first_line_is_no_more_than_that() {
    let house = small();
    write_all(&house.open(), &names(40));
    let path = archives(&house).remove(1);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("audit_log_created", "audit_log_begun", 1)).unwrap();
    let all = house.verify_history();
    let damaged: Vec<_> = all.iter().filter(|(_, found)| !found.is_clean()).collect();
    assert_eq!(damaged.len(), 1, "{damaged:#?}");
    assert_eq!((&damaged[0].0, damaged[0].1.integrity.total), (&path, 1), "{damaged:#?}");
}
