//! Damage is told, with its place, and never mended; what a crash may leave is mended.

use crate::faulty::Faulty;
use crate::{clock, draft, entries, small};
use lexgate_audit::{Error, Log, Reader, verify};
use std::sync::Arc;

/// Three in a segment, and two in the last.
const ENTRIES: u64 = 17;

fn open(folder: &Faulty) -> Result<Log, Error> {
    Log::open(Arc::new(folder.clone()), small(), clock(20_000).0).map(|(log, _)| log)
}

/// A log of several segments and many groups.
fn written() -> Faulty {
    let folder = Faulty::default();
    let log = open(&folder).unwrap();
    for entry in 0..ENTRIES {
        log.append(draft("acme", entry, 150)).unwrap();
    }
    folder
}

fn reader(folder: &Faulty) -> Reader {
    Reader::new(Arc::new(folder.clone()))
}

fn segments(folder: &Faulty) -> Vec<String> {
    use lexgate_audit::Folder;
    let mut names: Vec<_> = folder.names().unwrap();
    names.retain(|name| name.starts_with("segment-"));
    names
}

#[test]
fn a_changed_byte_anywhere_is_found_or_was_in_the_last_group() {
    let whole = written();
    let names = segments(&whole);
    assert!(names.len() > 2);
    for name in &names {
        let is_last = Some(name) == names.last();
        for offset in (0..whole.bytes(name).len()).step_by(7) {
            let folder = written_as(&whole);
            folder.flip(name, offset);
            let verified = verify(&reader(&folder)).unwrap();
            let unfinished: u64 = verified.segments.iter().map(|segment| segment.unfinished_bytes).sum();
            assert!(!verified.is_sound() || is_last && unfinished > 0, "{name} at {offset}");
            let problems: u64 = verified.segments.iter().map(|segment| segment.problem_count).sum();
            let read: Result<Vec<_>, _> = reader(&folder).entries(1).and_then(Iterator::collect);
            assert!(read.is_err() || is_last && unfinished > 0 || problems > 0, "{name} at {offset}");
            if is_last {
                match open(&folder) {
                    Ok(log) => {
                        assert!(entries(&log.reader()).len() as u64 >= ENTRIES - 1, "{name} at {offset}")
                    }
                    Err(error) => {
                        assert!(error.to_string().contains(name.as_str()), "{error}");
                        assert_eq!(folder.bytes(name).len(), whole.bytes(name).len());
                    }
                }
            }
        }
    }
}

fn written_as(folder: &Faulty) -> Faulty {
    folder.after(crate::faulty::Left::All)
}

#[test]
fn damage_before_the_end_says_which_file_and_where_and_changes_nothing() {
    let folder = written();
    let name = segments(&folder).pop().unwrap();
    // In the first entry of the last segment, behind which a later group lies.
    let before = folder.bytes(&name);
    folder.flip(&name, 140);
    let error = open(&folder).unwrap_err();
    assert!(matches!(&error, Error::Damaged { offset: 80, .. }), "{error}");
    assert!(error.to_string().starts_with(&format!("`{name}` is damaged at byte 80: ")), "{error}");
    assert!(error.to_string().ends_with("put this file back from a backup"), "{error}");
    folder.flip(&name, 140);
    assert_eq!(folder.bytes(&name), before);
    assert!(open(&folder).is_ok());
}

#[test]
fn a_segment_without_entries_proves_what_stands_before_it() {
    use lexgate_audit::Folder;
    let whole = written();
    let names = segments(&whole);
    let [.., before, last] = names.as_slice() else { panic!("{names:?}") };
    let (bytes, length) = (whole.bytes(last), whole.bytes(before).len());
    // As a crash leaves the last segment: cut in its header, with a header alone, with a part of its first group.
    for kept in [0, 30, 80, 140] {
        let begun = written_as(&whole);
        begun.put(last, &bytes[..kept]);
        let begun = |change: &dyn Fn(&Faulty)| {
            let folder = written_as(&begun);
            change(&folder);
            let after: Vec<_> = [before, last].map(|name| folder.bytes(name)).into();
            (open(&folder), folder, after)
        };
        let (log, folder, _) = begun(&|_| ());
        assert_eq!(entries(&log.unwrap().reader()).len() as u64, ENTRIES - 2, "{kept}");
        assert!(!folder.names().unwrap().contains(last));
        let a_byte: &dyn Fn(&Faulty) = &|folder| folder.flip(before, length - 10);
        let the_end: &dyn Fn(&Faulty) = &|folder| {
            let entry = reader(folder).entries(ENTRIES - 2).unwrap().next().unwrap().unwrap();
            folder.put(before, &folder.bytes(before)[..entry.0.offset as usize]);
        };
        let all: &dyn Fn(&Faulty) = &|folder| folder.put(before, &folder.bytes(before)[..80]);
        for (what, change) in [("a byte", a_byte), ("the end", the_end), ("all", all)] {
            if what == "the end" && kept < 80 {
                // Without a header nothing says which entry came last.
                continue;
            }
            let (error, folder, then) = begun(change);
            let error = error.map(drop).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{before}` is damaged at byte ")), "{kept}, {what}: {error}");
            assert!(
                error.contains(&format!("though `{last}` was begun behind it")),
                "{kept}, {what}: {error}"
            );
            assert_eq!([before, last].map(|name| folder.bytes(name)).as_slice(), then, "{kept}, {what}");
        }
    }
}

#[test]
fn verifying_looks_for_entries_behind_damage() {
    let folder = written();
    let first = segments(&folder).remove(0);
    let whole = verify(&reader(&folder)).unwrap();
    folder.flip(&first, 140);
    let verified = verify(&reader(&folder)).unwrap();
    assert!(whole.is_sound() && !verified.is_sound());
    assert_eq!(verified.entries(), whole.entries() - 1);
    assert_eq!(verified.segments[0].problems[0].offset, 80);
}

#[test]
fn a_segment_that_is_missing_or_misplaced_or_of_another_log_is_told() {
    use lexgate_audit::Folder;
    let names = segments(&written());
    let folder = written();
    folder.remove(&names[1]).unwrap();
    assert_eq!(
        open(&folder).unwrap_err().to_string(),
        format!("`{}` is missing, though later segments are there: put it back from a backup", names[1])
    );
    let folder = written();
    folder.put(&names[1], &folder.bytes(&names[0]));
    assert!(open(&folder).unwrap_err().to_string().contains("under another name"));
    let folder = written();
    folder.put(&names[1], &written().bytes(&names[1]));
    assert!(open(&folder).unwrap_err().to_string().contains("another log"));
    let folder = written();
    folder.put(names.last().unwrap(), &written().bytes(names.last().unwrap()));
    assert!(open(&folder).unwrap_err().to_string().contains("another log"));
    let folder = written();
    let mut newer = folder.bytes(&names[0]);
    newer[8] = 2;
    folder.put(&names[0], &newer);
    assert!(matches!(open(&folder), Err(Error::Format { version: 2, known: 1, .. })));
}

#[test]
fn a_frame_that_claims_four_gibibytes_allocates_nothing() {
    let folder = written();
    let name = segments(&folder).pop().unwrap();
    let mut bytes = folder.bytes(&name);
    let end = bytes.len();
    bytes.extend_from_slice(&[0xe7, b'L', b'X', 1, 0xff, 0xff, 0xff, 0xff]);
    bytes.extend_from_slice(&[0xff; 40]);
    folder.put(&name, &bytes);
    let log = open(&folder).unwrap();
    assert_eq!(entries(&log.reader()).len() as u64, ENTRIES);
    assert_eq!(folder.bytes(&name).len(), end);
}

#[test]
fn bytes_that_are_no_log_are_an_error_and_not_a_panic() {
    let mut random = crate::faulty::Random(1);
    for length in 0..400 {
        let folder = Faulty::default();
        let mut bytes: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
        if length > 80 && length % 2 == 0 {
            bytes[..80].copy_from_slice(&written().bytes("segment-0000000001.log")[..80]);
        }
        folder.put("segment-0000000001.log", &bytes);
        let _ = verify(&reader(&folder)).unwrap();
        let _ = reader(&folder).entries(1).map(Iterator::count);
        let _ = open(&folder);
    }
}

#[test]
fn the_folder_belongs_to_one_and_others_read_along() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = || cap_std::fs::Dir::open_ambient_dir(temporary.path(), cap_std::ambient_authority()).unwrap();
    let (log, _) = Log::open(Arc::new(dir()), small(), clock(20_000).0).unwrap();
    let error = Log::open(Arc::new(dir()), small(), clock(20_000).0).unwrap_err();
    assert!(matches!(error, Error::Owned(_)), "{error}");
    let reader = Reader::new(Arc::new(dir()));
    let mut along = reader.entries(1).unwrap();
    assert!(along.next().is_none());
    for entry in 1..40 {
        let receipt = log.append(draft("acme", entry, 300)).unwrap();
        assert_eq!(along.next().unwrap().unwrap().1.head.id, receipt.id);
        assert!(along.next().is_none());
        assert_eq!(reader.find(receipt.id).unwrap().sequence, entry);
    }
    assert_eq!(
        reader.entries(30).unwrap().map(|item| item.unwrap().1.sequence).collect::<Vec<_>>(),
        (30..40).collect::<Vec<_>>()
    );
    let mode = std::os::unix::fs::MetadataExt::mode(
        &std::fs::metadata(temporary.path().join("segment-0000000001.log")).unwrap(),
    );
    assert_eq!(mode & 0o777, 0o600);
    drop(log);
    assert!(Log::open(Arc::new(dir()), small(), clock(20_000).0).is_ok());
}
