//! Whatever is done to a log is found, by the verdict that it belongs to.

use std::fs;
use std::sync::LazyLock;

use mcp_auth_audit::{Cut, Defect, Verification, Verifier};
use proptest::prelude::*;

use crate::house::{House, event, write};

/// A log of 60 lines with checkpoints at several places, and its checkpoint file.
static SOUND: LazyLock<(House, Vec<u8>)> = LazyLock::new(|| {
    let mut house = House::new();
    house.options.checkpoint_lines = 10;
    let log = house.open();
    for user in 0..53 {
        log.append_blocking(&event(&format!("user {user}"))).unwrap();
    }
    log.close().unwrap();
    let content = house.content();
    (house, content)
});

fn verdict_on(content: &[u8]) -> Verification {
    let (house, _) = &*SOUND;
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), content).unwrap();
    let checkpoints = house.options.checkpoint_path.as_deref();
    Verifier::new(&house.options.keys).verify(file.path(), checkpoints).unwrap()
}

fn sound_lines() -> Vec<Vec<u8>> {
    SOUND.1.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

const LINES: usize = 60;

#[test]
fn what_was_not_touched_is_clean() {
    let verdict = verdict_on(&SOUND.1);
    assert!(verdict.is_clean(), "{verdict:#?}");
    assert_eq!((verdict.lines, verdict.last_seq, verdict.vouched_seq), (60, 60, 59));
    assert_eq!(sound_lines().len(), LINES);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_byte_is_found(at in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let mut content = SOUND.1.clone();
        let at = at.index(content.len());
        content[at] ^= change;
        let verdict = verdict_on(&content);
        let is_last = at + 1 == content.len();
        prop_assert!(!verdict.integrity.is_clean() || is_last && !verdict.tail.is_clean(), "{:?}", verdict);
    }

    #[test]
    fn a_removed_line_is_a_gap_or_a_cut_end(at in 0..LINES) {
        let mut lines = sound_lines();
        lines.remove(at);
        let verdict = verdict_on(&lines.concat());
        prop_assert!(verdict.integrity.is_clean(), "{:?}", verdict);
        // Nothing vouches for the last checkpoint itself, and nothing is lost with it.
        prop_assert_eq!(verdict.gaps.is_clean(), at == LINES - 1, "{:?}", verdict);
    }

    #[test]
    fn a_line_doubled_or_put_elsewhere_is_a_gap(from in 0..LINES, to in 0..LINES, keep in any::<bool>()) {
        prop_assume!(keep || from != to);
        let mut lines = sound_lines();
        let line = lines[from].clone();
        if !keep {
            lines.remove(from);
        }
        lines.insert(to, line);
        prop_assert!(!verdict_on(&lines.concat()).gaps.is_clean());
    }

    #[test]
    fn two_lines_swapped_are_a_gap(a in 0..LINES, b in 0..LINES) {
        prop_assume!(a != b);
        let mut lines = sound_lines();
        lines.swap(a, b);
        prop_assert!(!verdict_on(&lines.concat()).gaps.is_clean());
    }

    #[test]
    fn an_inserted_line_is_found(at in 0..=LINES, line in "[ -~]{0,80}") {
        let mut lines = sound_lines();
        lines.insert(at, (line + "\n").into_bytes());
        prop_assert!(!verdict_on(&lines.concat()).integrity.is_clean());
    }

    #[test]
    fn a_cut_end_is_found(at in any::<prop::sample::Index>()) {
        let cut = &SOUND.1[..at.index(SOUND.1.len())];
        let without_last: usize = sound_lines()[..LINES - 1].iter().map(Vec::len).sum();
        let verdict = verdict_on(cut);
        prop_assert!(verdict.integrity.is_clean() && verdict.gaps.is_clean(), "{:?}", verdict);
        prop_assert_eq!(verdict.tail.is_clean(), cut.len() == without_last, "{:?}", verdict);
    }
}

#[test]
fn each_kind_of_damage_has_its_name() {
    let lines = sound_lines();
    let text = |at: usize| String::from_utf8(lines[at].clone()).unwrap();
    let with = |at: usize, line: String| {
        let mut lines = lines.clone();
        lines[at] = line.into_bytes();
        verdict_on(&lines.concat()).integrity.first[0]
    };
    let changed = with(4, text(4).replace("user 3", "user 9"));
    assert_eq!((changed.line, changed.seq, changed.defect), (5, Some(5), Defect::Hash));
    assert_eq!(
        changed.to_string(),
        "line 5 (seq 5) was changed, or was not written with these keys: its hash is wrong"
    );
    let broken = with(4, "{}\n".into());
    assert_eq!((broken.line, broken.seq, broken.defect), (5, None, Defect::Form));
}

#[test]
fn missing_lines_are_named() {
    let lines = sound_lines();
    let verdict = verdict_on(&[&lines[..3], &lines[9..]].concat().concat());
    let [gap] = verdict.gaps.first.as_slice() else { panic!("{verdict:?}") };
    assert_eq!(gap.to_string(), "line 4: seq 4 to 9 are missing");
    assert_eq!(verdict.last_seq, 60);
}

#[test]
fn a_cut_end_is_found_without_the_secret_keys_too() {
    let (house, content) = &*SOUND;
    let verifier = Verifier::without_secrets(house.options.keys.public_key());
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), content).unwrap();
    let checkpoints = house.options.checkpoint_path.as_deref();
    let sound = verifier.verify(file.path(), checkpoints).unwrap();
    assert!(sound.is_clean() && !sound.hashes_checked, "{sound:?}");
    fs::write(file.path(), sound_lines()[..40].concat()).unwrap();
    let cut = verifier.verify(file.path(), checkpoints).unwrap();
    assert!(matches!(cut.tail.first[..], [Cut::Beyond { seq: 59, .. }]), "{cut:?}");
}

/// Who has the keys can cut the end and go on; the second place still shows it.
#[test]
fn an_end_that_was_cut_and_written_anew_is_found() {
    let house = House::with_lines(&["a", "b", "c"]);
    let lines = house.content();
    let lines: Vec<_> = lines.split_inclusive(|byte| *byte == b'\n').collect();
    fs::write(house.path(), lines[..2].concat()).unwrap();
    let log = house.open();
    write(&log, &["x"; 9]);
    log.close().unwrap();
    let verdict = house.verify();
    assert!(verdict.integrity.is_clean() && verdict.gaps.is_clean());
    assert!(matches!(verdict.tail.first[..], [Cut::Rewritten { seq: 4, .. }]), "{verdict:?}");
}

#[test]
fn a_log_replaced_by_another_of_the_same_keys_leaves_foreign_checkpoints() {
    let house = House::with_lines(&["a"]);
    fs::remove_file(house.path()).unwrap();
    let log = house.open();
    log.append_blocking(&event("b")).unwrap();
    log.close().unwrap();
    let verdict = house.verify();
    assert!(verdict.is_clean(), "one log alone: {verdict:?}");
    assert_eq!((verdict.foreign_checkpoints, verdict.vouched_seq), (1, 2));
    fs::write(house.path(), "").unwrap();
    assert!(!house.verify().tail.is_clean(), "an emptied log");
}

#[test]
fn a_forged_or_misplaced_checkpoint_is_found() {
    let (house, content) = &*SOUND;
    let sound = fs::read_to_string(house.options.checkpoint_path.as_ref().unwrap()).unwrap();
    let lines: Vec<&str> = sound.lines().collect();
    let verdict = |checkpoints: String| {
        let (log, file) =
            (tempfile::NamedTempFile::new().unwrap(), tempfile::NamedTempFile::new().unwrap());
        fs::write(log.path(), content).unwrap();
        fs::write(file.path(), checkpoints).unwrap();
        Verifier::new(&house.options.keys).verify(log.path(), Some(file.path())).unwrap()
    };
    let forged = verdict(sound.replacen("\"seq\":1", "\"seq\":2", 1));
    assert!(matches!(forged.tail.first[..], [Cut::Forged { line: 1 }]), "{forged:?}");
    let swapped = verdict([lines[1], lines[0], ""].join("\n"));
    assert!(matches!(swapped.tail.first[..], [Cut::Disordered { line: 2 }]), "{swapped:?}");
    let unreadable = verdict(format!("nonsense\n{sound}torn"));
    assert!(unreadable.is_clean());
    assert_eq!(unreadable.unreadable_checkpoints, 2);
    assert_eq!(verdict(String::new()).vouched_seq, 0);
}
