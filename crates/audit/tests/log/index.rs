//! The index is behind the log: it finds, follows, and may be lost, locked, stale or worthless.

use crate::faulty::Faulty;
use crate::records::{CASE, Case, decision, record};
use crate::watched::Watched;
use crate::{clock, draft, small};
use cap_std::fs::Dir;
use lexgate_audit::{
    Cursor, Ends, EntryId, Error, Index, IndexFile, Kind, LogLimits, Order, Query, Reader, Records,
    Retention, Row, join, verify,
};
use lexgate_model::{Outcome, Span};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};

fn dir(path: &Path) -> Dir {
    Dir::open_ambient_dir(path, cap_std::ambient_authority()).unwrap()
}

fn place(path: &Path) -> IndexFile {
    IndexFile { folder: dir(path), path: path.to_owned(), boot: Some("a".to_owned()) }
}

fn open(path: &Path) -> Records {
    Records::open(Arc::new(dir(path)), Some(place(path)), small(), clock(20_000).0).unwrap().0
}

fn all() -> Query {
    Query { order: Order::OldestFirst, rows: 1_000, ..Query::default() }
}

fn sequences(records: &Records, query: Query) -> Vec<u64> {
    let page = records.list(&query).unwrap();
    assert_eq!(page.indexed, records.log().durable());
    page.rows.iter().map(|row| row.sequence).collect()
}

#[test]
fn a_record_is_found_by_what_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let records = open(folder.path());
    let open = Span { floor: Outcome::Permit, ceiling: Outcome::Deny };
    for case in [
        CASE,
        Case { tenant: "other", party: "supplier", ..CASE },
        Case { span: open, policy: "kr-csap", fault: true, ..CASE },
        Case {
            span: Span::exactly(Outcome::Deny),
            identifier: "5493001KJTIIGC8Y1R12",
            key: Some("k"),
            ..CASE
        },
    ] {
        records.log().append(decision(case)).unwrap();
    }
    records.log().append(draft("acme", 5, 5)).unwrap();
    let text = |text: &str| Some(text.to_owned());
    let check = |query: Query, expected: &[u64]| {
        assert_eq!(sequences(&records, query.clone()), expected, "{query:?}")
    };
    check(all(), &[1, 2, 3, 4, 5]);
    check(Query { order: Order::NewestFirst, ..all() }, &[5, 4, 3, 2, 1]);
    check(Query { tenant: text("other"), ..all() }, &[2]);
    check(Query { party: text("supplier"), ..all() }, &[2]);
    check(Query { party: text("nobody"), ..all() }, &[]);
    check(Query { identifier: text("5493001KJTIIGC8Y1R12"), ..all() }, &[4]);
    check(Query { policy: text("kr-csap"), ..all() }, &[3]);
    check(Query { binding: text("b-us-ofac-ownership"), tenant: text("acme"), ..all() }, &[1, 4]);
    check(Query { ends: Some(Ends::Open), ..all() }, &[3]);
    check(Query { ends: Some(Ends::Exactly(Outcome::Permit)), ..all() }, &[1, 2]);
    check(Query { ends: Some(Ends::OrStricter(Outcome::Review)), ..all() }, &[3, 4]);
    check(Query { fault: Some(true), ..all() }, &[3]);
    check(Query { what_if: Some(true), ..all() }, &[]);
    check(Query { kind: Some(Kind::Hold), ..all() }, &[]);
    let (day, _) = clock(20_000);
    check(Query { until: Some(day()), ..all() }, &[]);
    check(Query { from: Some(day()), tenant: text("acme"), ..all() }, &[1, 3, 4, 5]);
}

#[test]
fn pages_go_on_where_the_last_one_ended() {
    let folder = tempfile::tempdir().unwrap();
    let records = open(folder.path());
    for entry in 0..10 {
        records.log().append(draft("acme", entry, 5)).unwrap();
    }
    for order in [Order::OldestFirst, Order::NewestFirst] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = records.list(&Query { rows: 4, order, after, ..Query::default() }).unwrap();
            found.extend(page.rows.iter().map(|row| row.sequence));
            // What is appended between pages moves none of them.
            if found.len() < 5 && order == Order::NewestFirst {
                records.log().append(draft("acme", 11, 5)).unwrap();
            }
            let Some(next) = page.next else { break };
            after = Some(next.to_string().parse::<Cursor>().unwrap());
        }
        match order {
            Order::OldestFirst => assert_eq!(found, (1..=10).collect::<Vec<_>>()),
            Order::NewestFirst => assert_eq!(found, (1..=10).rev().collect::<Vec<_>>()),
        }
    }
}

#[test]
fn an_entry_gives_the_record_back_byte_for_byte_and_is_found_by_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let records = open(folder.path());
    let receipt = records.log().append(decision(Case { key: Some("order-17"), ..CASE })).unwrap();
    let entry = records.by_idempotency_key("acme", "order-17").unwrap().unwrap();
    assert_eq!(entry.head.id, receipt.id);
    assert_eq!(entry.record().unwrap(), serde_json::to_vec(&record(CASE)).unwrap());
    assert_eq!(join(&entry.sections).unwrap(), entry.record().unwrap());
    assert_eq!(entry.head.set_revision.as_deref(), Some("7"));
    assert_eq!(entry.caller().idempotency_key.as_deref(), Some("order-17"));
    assert_eq!(records.by_idempotency_key("other", "order-17").unwrap(), None);
    assert_eq!(records.entry(receipt.id).unwrap(), entry);
    assert!(verify(&records.log().reader()).unwrap().is_sound());
}

#[test]
fn an_index_that_is_deleted_is_made_again_also_while_the_log_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let records = open(folder.path());
    for entry in 0..20 {
        records.log().append(draft("acme", entry, 5)).unwrap();
    }
    let before = records.list(&all()).unwrap();
    for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
        std::fs::remove_file(folder.path().join(name)).unwrap();
    }
    assert_eq!(records.list(&all()).unwrap(), before);
    assert_eq!(records.index_state().remade.as_deref(), Some("somebody removed it"));
    drop(records);
    std::fs::remove_file(folder.path().join("index.sqlite")).unwrap();
    let records = open(folder.path());
    assert_eq!(records.list(&all()).unwrap(), before);
    assert_eq!(records.reindex().unwrap(), 20);
    assert_eq!(records.list(&all()).unwrap(), before);
}

#[test]
fn an_index_that_is_worthless_or_of_another_log_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    for path in [folder.path(), other.path()] {
        let records = open(path);
        for entry in 0..20 {
            records.log().append(draft("acme", entry, 5)).unwrap();
        }
        records.list(&all()).unwrap();
    }
    let before = open(folder.path()).list(&all()).unwrap();
    let file = folder.path().join("index.sqlite");
    let sound = std::fs::read(&file).unwrap();
    let torn: Vec<u8> =
        sound.iter().enumerate().map(|(at, byte)| if at > 4_096 { 0xaa } else { *byte }).collect();
    let foreign = std::fs::read(other.path().join("index.sqlite")).unwrap();
    for (what, bytes) in [
        ("no database", vec![b'x'; 9_000]),
        ("torn", torn),
        ("of another log", foreign),
        ("cut", sound[..5_000].to_vec()),
    ] {
        std::fs::write(&file, bytes).unwrap();
        let records = open(folder.path());
        assert_eq!(records.list(&all()).unwrap(), before, "{what}");
        assert!(records.index_state().remade.is_some(), "{what}");
        assert_eq!(records.log().append(draft("acme", 1, 5)).unwrap().sequence, 21);
        drop(records);
        // The log as it was.
        let last = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let last = last.filter(|path| path.extension().is_some_and(|ending| ending == "log")).max().unwrap();
        let reader = Reader::new(Arc::new(dir(folder.path())));
        let entry = reader.entries(21).unwrap().next().unwrap().unwrap();
        let length = entry.0.offset;
        std::fs::OpenOptions::new().write(true).open(last).unwrap().set_len(length).unwrap();
        // Which an index finds out that has come further.
        let records = open(folder.path());
        records.list(&all()).unwrap();
        let remade = records.index_state().remade;
        assert!(
            remade.is_none() || remade.as_ref().is_some_and(|why| why.contains("the log ends with 20")),
            "{remade:?}"
        );
    }
}

/// Returns the page that is first below the root of an index of keys: what nobody reads but who looks for one of them.
fn page_of_keys(index: &Path) -> usize {
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'by_key'";
    let root = rusqlite::Connection::open(index).unwrap().query_row(sql, [], |row| row.get::<_, usize>(0));
    let bytes = std::fs::read(index).unwrap();
    let root = &bytes[(root.unwrap() - 1) * 4_096..];
    // A page of pages: behind its header of 12 bytes stands where its cells are, and each begins with a page's number.
    assert_eq!(root[0], 2);
    let cell = usize::from(u16::from_be_bytes([root[12], root[13]]));
    u32::from_be_bytes(root[cell..cell + 4].try_into().unwrap()).try_into().unwrap()
}

#[test]
fn an_index_whose_damage_only_readers_come_by_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("index.sqlite");
    let keys: Vec<String> = (0..400).map(|number| format!("{number:0>60}")).collect();
    let records = open(folder.path());
    for key in &keys {
        records.log().append(decision(Case { key: Some(key), ..CASE })).unwrap();
    }
    records.list(&all()).unwrap();
    drop(records);
    let page = page_of_keys(&file);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[(page - 1) * 4_096..page * 4_096].fill(0xaa);
    std::fs::write(&file, bytes).unwrap();

    let records = open(folder.path());
    records.list(&Query { rows: 1, ..all() }).unwrap();
    assert_eq!(records.index_state().remade, None);
    for (sequence, key) in (1..).zip(&keys) {
        // Who comes by it first may be told to ask later.
        let found = records.by_idempotency_key("acme", key).or_else(|_| {
            records.list(&Query { rows: 1, ..all() }).unwrap();
            records.by_idempotency_key("acme", key)
        });
        assert_eq!(found.unwrap().map(|entry| entry.sequence), Some(sequence), "{key}");
    }
    assert!(records.index_state().remade.is_some_and(|why| why.contains("malformed")));
}

#[test]
fn an_id_that_somebody_made_up_reads_no_segment() {
    let folder = Watched::over(&Faulty::default());
    let files = tempfile::tempdir().unwrap();
    let opened = Records::open(Arc::new(folder.clone()), Some(place(files.path())), small(), clock(20_000).0);
    let records = opened.unwrap().0;
    let id = records.log().append(draft("acme", 1, 5)).unwrap().id;
    records.list(&all()).unwrap();
    let mut bytes = id.to_bytes();
    bytes[15] ^= 1;
    let (told, was_read) = mpsc::channel();
    folder.before("read segment-0000000001.log", move || told.send(()).unwrap());
    let error = records.entry(EntryId::from_bytes(bytes)).unwrap_err();
    assert!(matches!(error, Error::NoEntry(_)), "{error}");
    assert!(was_read.try_recv().is_err());
}

#[test]
fn damage_in_a_segment_that_was_rewritten_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, hand) = clock(20_000);
    let log = Arc::new(dir(folder.path()));
    let (records, _) = Records::open(log, Some(place(folder.path())), small(), clock).unwrap();
    for _ in 0..3 {
        records.log().append(decision(CASE)).unwrap();
    }
    records.list(&all()).unwrap();
    let before = left(folder.path());
    hand.store(20_100, Ordering::SeqCst);
    let keep = Retention { tenant: "acme".into(), keep_days: 30, reason: "privacy notice 4".into() };
    records.sweep(std::slice::from_ref(&keep)).unwrap();
    records.log().append(decision(CASE)).unwrap();
    drop(records);
    // The process ended when the segment was rewritten and the index did not know of it; then the disk lost a bit.
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        if file.file_name().to_string_lossy().ends_with(".log") {
            std::fs::copy(file.path(), before.path().join(file.file_name())).unwrap();
        }
    }
    let segment = before.path().join("segment-0000000001.log");
    let mut bytes = std::fs::read(&segment).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let records = open(before.path());
    let error = records.list(&all()).unwrap_err().to_string();
    assert!(error.contains("segment 1 cannot be read"), "{error}");
    assert!(records.index_state().trouble.is_some());
}

/// Returns a copy of a folder, as an end of the process leaves it.
fn left(path: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(path).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    copy
}

fn open_under(path: &Path, boot: Option<&str>) -> Records {
    let place = IndexFile { boot: boot.map(str::to_owned), ..place(path) };
    Records::open(Arc::new(dir(path)), Some(place), small(), clock(20_000).0).unwrap().0
}

const MARK: &str = "index.unsynced";

#[test]
fn an_index_that_a_loss_of_power_may_have_damaged_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let records = open_under(folder.path(), Some("a"));
    for party in ["customer", "supplier", "customer"] {
        records.log().append(decision(Case { party, key: Some(party), ..CASE })).unwrap();
    }
    let before = records.list(&all()).unwrap();
    // A part of what was written is lost, and nothing in the file tells.
    let lost = |path: &Path| {
        let index = rusqlite::Connection::open(path.join("index.sqlite")).unwrap();
        index.execute_batch("UPDATE entries SET parties = NULL, key_brief = 0 WHERE sequence < 3").unwrap();
    };
    let suppliers = || Query { party: Some("supplier".to_owned()), ..all() };
    for (boot, made_again) in [(Some("a"), false), (Some("b"), true), (Some(""), true), (None, true)] {
        let copy = left(folder.path());
        lost(copy.path());
        if made_again {
            let place = IndexFile { boot: boot.map(str::to_owned), ..place(copy.path()) };
            assert!(Index::open_to_read(&place).is_err(), "{boot:?}");
        }
        let records = open_under(copy.path(), boot);
        assert_eq!(records.list(&all()).unwrap(), before, "{boot:?}");
        let expected: &[u64] = if made_again { &[2] } else { &[] };
        assert_eq!(sequences(&records, suppliers()), expected, "{boot:?}");
        let key = records.by_idempotency_key("acme", "customer").unwrap();
        assert_eq!(key.map(|entry| entry.sequence), Some(if made_again { 1 } else { 3 }), "{boot:?}");
        let id = before.rows[1].id;
        assert_eq!(records.entry(id).unwrap().sequence, 2, "{boot:?}");
        let why = records.index_state().remade;
        assert_eq!(why.is_some_and(|why| why.contains("loss of power")), made_again, "{boot:?}");
        assert_eq!(std::fs::read(copy.path().join(MARK)).ok().as_deref(), boot.map(str::as_bytes));
    }
    // A mark that is torn.
    let copy = left(folder.path());
    lost(copy.path());
    std::fs::write(copy.path().join(MARK), "").unwrap();
    assert_eq!(sequences(&open_under(copy.path(), Some("a")), suppliers()), [2]);
}

#[test]
fn an_index_that_was_closed_or_synced_is_kept_whatever_ended() {
    let folder = tempfile::tempdir().unwrap();
    for boot in [Some("a"), Some("b"), None] {
        let records = open_under(folder.path(), boot);
        records.log().append(decision(CASE)).unwrap();
        records.list(&all()).unwrap();
        assert_eq!(records.index_state().remade, None, "{boot:?}");
        assert_eq!(folder.path().join(MARK).exists(), boot.is_some());
        if boot.is_none() {
            // SQLite syncs, so that no end of the system damages it.
            let copy = left(folder.path());
            let records = open_under(copy.path(), Some("c"));
            assert_eq!(sequences(&records, all()), [1, 2, 3]);
            assert_eq!(records.index_state().remade, None);
        }
        drop(records);
        let names = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name());
        let names = names.filter(|name| name.to_string_lossy().starts_with("index."));
        assert_eq!(names.collect::<Vec<_>>(), ["index.sqlite"], "{boot:?}");
    }
    // Whoever reads it has SQLite keep a file beside it: then it was not closed.
    let records = open_under(folder.path(), Some("a"));
    records.list(&all()).unwrap();
    let other = Index::open_to_read(&place(folder.path())).unwrap();
    other.list(&all()).unwrap();
    drop(records);
    assert!(folder.path().join(MARK).exists());
}

#[test]
fn instants_are_found_also_where_the_clock_went_backwards() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, hand) = clock(20_000);
    let day = |days: i64| {
        let (day, _) = crate::clock(days);
        Some(day())
    };
    let log = Arc::new(dir(folder.path()));
    let (records, _) = Records::open(log, Some(place(folder.path())), small(), clock).unwrap();
    let days = [20_000, 20_005, 20_001, 20_001, 20_009, 19_000, 20_010];
    for days in days {
        hand.store(days, Ordering::SeqCst);
        records.log().append(draft("acme", 1, 400)).unwrap();
    }
    for from in 18_999..20_012 {
        for until in [from, from + 1, from + 4, 20_011] {
            let expected = (1..).zip(days).filter(|(_, day)| (from..until).contains(day));
            let expected: Vec<u64> = expected.map(|(sequence, _)| sequence).collect();
            if expected.is_empty() && from % 100 != 0 {
                continue;
            }
            let within = Query { from: day(from), until: day(until), ..all() };
            assert_eq!(sequences(&records, within.clone()), expected, "{from} {until}");
            let newest = Query { order: Order::NewestFirst, rows: 1, ..within };
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = records.list(&Query { after, ..newest.clone() }).unwrap();
                found.extend(page.rows.iter().map(|row| row.sequence));
                let Some(next) = page.next else { break };
                after = Some(next);
            }
            found.reverse();
            assert_eq!(found, expected, "{from} {until}");
        }
    }
}

#[test]
fn while_the_index_is_locked_the_log_goes_on_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let records = open(folder.path());
    records.log().append(decision(CASE)).unwrap();
    assert_eq!(sequences(&records, all()), [1]);
    let locker = rusqlite::Connection::open(folder.path().join("index.sqlite")).unwrap();
    locker.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let receipt = records.log().append(decision(Case { key: Some("k"), ..CASE })).unwrap();
    for _ in 0..20 {
        records.log().append(decision(CASE)).unwrap();
    }
    let locked = "the index is locked by another process; it is tried again";
    assert_eq!(records.list(&all()).unwrap_err().to_string(), locked);
    // So it is by a key, which is remembered until the index has it; and that there is none is known as well.
    assert_eq!(records.by_idempotency_key("acme", "k").unwrap().unwrap().sequence, 2);
    assert_eq!(records.by_idempotency_key("acme", "other").unwrap(), None);
    assert_eq!(records.index_state().trouble.as_deref(), Some(locked));
    // By id it is found without the index.
    assert_eq!(records.entry(receipt.id).unwrap().sequence, 2);
    locker.execute_batch("ROLLBACK").unwrap();
    assert_eq!(records.by_idempotency_key("acme", "k").unwrap().unwrap().sequence, 2);
    assert_eq!(sequences(&records, all()).len(), 22);
    assert_eq!(records.index_state().trouble, None);
    assert_eq!(records.index_state().remade, None);
}

#[test]
fn while_the_index_takes_something_in_keys_are_found_and_its_state_is_told() {
    let index = tempfile::tempdir().unwrap();
    let folder = Watched::over(&Faulty::default());
    let log = Arc::new(folder.clone());
    let (records, _) = Records::open(log, Some(place(index.path())), small(), clock(20_000).0).unwrap();
    let records = Arc::new(records);
    let keyed = |key| decision(Case { key: Some(key), ..CASE });
    records.log().append(keyed("one")).unwrap();
    assert_eq!(sequences(&records, all()), [1]);
    let (sender, receiver) = mpsc::channel();
    let meanwhile = Arc::clone(&records);
    // The index reads what it takes in between the beginning and the end of a batch.
    folder.before("read segment-0000000002.log", move || {
        let found = ["one", "two", "three"].map(|key| {
            let entry = meanwhile.by_idempotency_key("acme", key).unwrap();
            entry.map(|entry| entry.sequence)
        });
        let state = meanwhile.index_state();
        drop(meanwhile);
        sender.send((found, state.indexed, state.durable)).unwrap();
    });
    let two = records.log().append(keyed("two")).unwrap();
    assert_eq!(receiver.recv().unwrap(), ([Some(1), Some(2), None], 1, 2));
    // The first of several stays the first, whether it is in the index or not.
    records.log().append(keyed("one")).unwrap();
    records.log().append(keyed("two")).unwrap();
    for asked in 0..2 {
        assert_eq!(records.by_idempotency_key("acme", "one").unwrap().unwrap().sequence, 1, "{asked}");
        assert_eq!(records.by_idempotency_key("acme", "two").unwrap().unwrap().head.id, two.id, "{asked}");
        records.list(&all()).unwrap();
    }
}

#[test]
fn where_the_index_cannot_be_made_the_log_goes_on_without() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("index.sqlite")).unwrap();
    let records = open(folder.path());
    let receipt = records.log().append(decision(CASE)).unwrap();
    assert!(records.list(&all()).unwrap_err().to_string().starts_with("the index cannot be used: "));
    assert_eq!(records.entry(receipt.id).unwrap().sequence, 1);
    drop(records);
    let (records, _) = Records::open(Arc::new(dir(folder.path())), None, small(), clock(1).0).unwrap();
    assert!(records.list(&all()).unwrap_err().to_string().ends_with("this log has no index"));
    assert_eq!(records.entry(receipt.id).unwrap().sequence, 1);
}

#[test]
fn the_index_follows_by_itself_and_others_read_it_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let records = open(folder.path());
    records.log().append(decision(CASE)).unwrap();
    records.list(&all()).unwrap();
    let other = Index::open_to_read(&place(folder.path())).unwrap();
    for _ in 0..3_000 {
        records
            .log()
            .submit(draft("acme", 1, 5), |_| {})
            .or_else(|_| records.log().append(draft("acme", 1, 5)).map(drop))
            .ok();
    }
    let last = loop {
        match records.log().append(draft("acme", 1, 5)) {
            Ok(receipt) => break receipt.sequence,
            Err(_) => std::thread::yield_now(),
        }
    };
    // Nobody asks `records`: the thread behind the log takes them in.
    while other.list(&all()).unwrap().indexed < last {
        std::thread::yield_now();
    }
    // Its state waits for nothing, and is told right after.
    while records.index_state().indexed < last {
        std::thread::yield_now();
    }
}

#[test]
fn what_is_deleted_is_gone_from_log_and_index() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, hand) = clock(20_000);
    let open = || {
        Records::open(Arc::new(dir(folder.path())), Some(place(folder.path())), small(), Arc::clone(&clock))
            .unwrap()
            .0
    };
    let records = open();
    let party = "unmistakable-7QX";
    let case = Case { party, key: Some("k-7QX"), ..CASE };
    let old = records.log().append(decision(case)).unwrap();
    for _ in 0..5 {
        records.log().append(decision(Case { tenant: "other", ..CASE })).unwrap();
    }
    hand.store(20_100, Ordering::SeqCst);
    let new = records.log().append(decision(CASE)).unwrap();
    let about = |party: &str| Query { party: Some(party.to_owned()), ..all() };
    assert_eq!(sequences(&records, about(party)), [1]);
    let keep = Retention { tenant: "acme".into(), keep_days: 30, reason: "privacy notice 4".into() };
    let swept = records.sweep(std::slice::from_ref(&keep)).unwrap();
    assert_eq!((swept.decisions, swept.segments), (1, 1));
    assert!(swept.bytes > 1_000);
    assert_eq!(records.sweep(std::slice::from_ref(&keep)).unwrap().decisions, 0);
    assert_eq!(sequences(&records, about(party)), [] as [u64; 0]);
    assert_eq!(sequences(&records, Query { kind: Some(Kind::Deletion), ..all() }), [8]);
    assert_eq!(records.by_idempotency_key("acme", "k-7QX").unwrap(), None);
    assert!(records.entry(old.id).unwrap().is_deleted());
    assert!(records.entry(old.id).unwrap().record().unwrap_err().to_string().ends_with("is withheld"));
    assert!(!records.entry(new.id).unwrap().is_deleted());
    let rows = |records: &Records| -> Vec<Row> { records.list(&all()).unwrap().rows };
    let before = rows(&records);
    assert!(before[0].deleted && before[0].span.is_none());
    // The index that was kept up is the index that is made of the log.
    records.reindex().unwrap();
    assert_eq!(rows(&records), before);
    assert!(verify(&records.log().reader()).unwrap().is_sound());
    drop(records);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(party.len()).any(|window| window == party.as_bytes()), "{}", path.display());
    }
}

#[test]
fn what_others_share_with_what_is_deleted_is_still_found() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, hand) = clock(20_000);
    let limits = LogLimits { segment_bytes: 1 << 20, ..small() };
    let log = Arc::new(dir(folder.path()));
    let (records, _) = Records::open(log, Some(place(folder.path())), limits, clock).unwrap();
    let unmistakable = Case { party: "unmistakable-7QX", ..CASE };
    for case in [CASE, Case { tenant: "other", ..CASE }, unmistakable] {
        records.log().append(decision(case)).unwrap();
    }
    hand.store(20_100, Ordering::SeqCst);
    records.log().append(decision(CASE)).unwrap();
    let text = |text: &str| Some(text.to_owned());
    let check = |deleted: bool| {
        let expected: [&[u64]; 2] = if deleted { [&[2, 4], &[2, 4]] } else { [&[1, 2, 4], &[1, 2, 3, 4]] };
        let [customer, every] = expected;
        let only = if deleted { vec![] } else { vec![3] };
        assert_eq!(sequences(&records, Query { party: text("customer"), ..all() }), customer);
        assert_eq!(sequences(&records, Query { party: text(unmistakable.party), ..all() }), only);
        assert_eq!(sequences(&records, Query { identifier: text(CASE.identifier), ..all() }), every);
        assert_eq!(sequences(&records, Query { policy: text(CASE.policy), ..all() }), every);
    };
    check(false);
    let keep = Retention { tenant: "acme".into(), keep_days: 30, reason: "privacy notice 4".into() };
    assert_eq!(records.sweep(std::slice::from_ref(&keep)).unwrap().decisions, 2);
    check(true);
    // Of each tenant one bunch of what decided and one of parties: those that stay kept theirs, and no other is left.
    let count = |table: &str| {
        let index = rusqlite::Connection::open(folder.path().join("index.sqlite")).unwrap();
        let sql = format!("SELECT count(*) FROM {table}");
        index.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!((count("bunches"), count("terms")), (4, 8));
    records.reindex().unwrap();
    check(true);
    assert_eq!((count("bunches"), count("terms")), (4, 8));
}
