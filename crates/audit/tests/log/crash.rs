//! The power is lost at every call that changes a file; the disk is full; a sync fails; the clock goes backwards.

use crate::faulty::{Faulty, Left, Random};
use crate::{append_all, clock, draft, entries, name, small};
use lexgate_audit::{Error, Log, Refused, verify};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};

fn open(folder: &Faulty) -> Result<Log, Error> {
    Log::open(Arc::new(folder.clone()), small(), clock(20_000).0).map(|(log, _)| log)
}

/// Opens the log, appends groups of several sizes, and returns what was acknowledged before the power was lost.
fn work(folder: &Faulty, names: &mut u64) -> Vec<u64> {
    let Ok(log) = open(folder) else { return Vec::new() };
    let mut acknowledged = Vec::new();
    for (count, size) in [(1, 10), (6, 200), (3, 700), (1, 3_000), (5, 5)] {
        let drafts = (0..count).map(|_| {
            *names += 1;
            (*names, draft("acme", *names, size))
        });
        acknowledged.extend(append_all(&log, drafts.collect()));
    }
    acknowledged
}

/// Holds a folder to its promises after the power came back.
fn check(folder: &Faulty, acknowledged: &[u64], what: &str) {
    let log = open(folder).unwrap_or_else(|error| panic!("{what}: {error}"));
    let all = entries(&log.reader());
    let names: Vec<u64> = all.iter().map(name).collect();
    let set: BTreeSet<u64> = names.iter().copied().collect();
    assert_eq!(set.len(), names.len(), "{what}: twice");
    let ids: BTreeSet<_> = all.iter().map(|entry| entry.head.id).collect();
    assert_eq!(ids.len(), all.len(), "{what}: an id twice");
    let lost: Vec<_> = acknowledged.iter().filter(|name| !set.contains(name)).collect();
    assert!(lost.is_empty(), "{what}: lost {lost:?} of {names:?}");
    assert!(all.iter().map(|entry| entry.sequence).eq(1..=all.len() as u64), "{what}");
    let receipt = log.append(draft("acme", 1_000_000, 5)).unwrap();
    assert_eq!(receipt.sequence, all.len() as u64 + 1, "{what}");
    let verified = verify(&log.reader()).unwrap();
    assert!(verified.is_sound(), "{what}: {verified:?}");
    assert_eq!(verified.entries(), all.len() as u64 + 1);
}

const LEFT: [Left; 2] = [Left::Durable, Left::All];

#[test]
fn power_lost_at_any_call_loses_nothing_that_was_acknowledged() {
    let whole = Faulty::default();
    let all = work(&whole, &mut 0);
    assert_eq!(all.len(), 16);
    for dies in 0..whole.calls() {
        let folder = Faulty::default();
        folder.die_in(dies);
        let acknowledged = work(&folder, &mut 0);
        assert!(folder.is_dead());
        let parts = (0..12).map(|seed| Left::Parts(dies << 16 | seed));
        for left in LEFT.into_iter().chain(parts) {
            check(&folder.after(left), &acknowledged, &format!("died at {dies}, left {left:?}"));
        }
    }
}

#[test]
fn power_lost_again_while_the_log_is_mended_loses_nothing_either() {
    let mut random = Random(7);
    for dies in 0..60 {
        let folder = Faulty::default();
        folder.die_in(dies);
        let mut names = 0;
        let acknowledged = work(&folder, &mut names);
        for again in 0..25 {
            let folder = folder.after(Left::Parts(random.below(1 << 40)));
            folder.die_in(again);
            let mut acknowledged = acknowledged.clone();
            acknowledged.extend(work(&folder, &mut names));
            for left in LEFT.into_iter().chain([Left::Parts(random.below(1 << 40))]) {
                check(
                    &folder.after(left),
                    &acknowledged,
                    &format!("died at {dies}, then {again}, left {left:?}"),
                );
            }
        }
    }
}

#[test]
fn a_sync_that_fails_is_told_to_all_and_what_was_acknowledged_later_stays() {
    for fails in 0..14 {
        let folder = Faulty::default();
        folder.fail_sync_in(fails);
        let mut names = 0;
        let mut acknowledged = work(&folder, &mut names);
        assert!(acknowledged.len() < 16, "{fails}");
        // No power was lost: the log is opened again over what the system still shows, though it is not on the disk.
        acknowledged.extend(work(&folder, &mut names));
        for left in LEFT.into_iter().chain((0..10).map(Left::Parts)) {
            check(&folder.after(left), &acknowledged, &format!("sync {fails} failed, left {left:?}"));
        }
    }
}

#[test]
fn what_a_failed_sync_left_is_durable_before_the_next_segment_begins() {
    for fails in 0..14 {
        let folder = Faulty::default();
        folder.fail_sync_in(fails);
        let acknowledged = work(&folder, &mut 0);
        // Too large for what is there, so it begins a segment of its own.
        open(&folder).unwrap().append(draft("acme", 900, 4_000)).unwrap();
        let acknowledged = [acknowledged, vec![900]].concat();
        for left in LEFT.into_iter().chain((0..10).map(Left::Parts)) {
            check(&folder.after(left), &acknowledged, &format!("sync {fails} failed, left {left:?}"));
        }
    }
}

#[test]
fn after_a_failure_everything_is_refused_until_the_log_is_opened_again() {
    let folder = Faulty::default();
    let log = open(&folder).unwrap();
    log.append(draft("acme", 1, 5)).unwrap();
    folder.fail_sync_in(0);
    for entry in 2..5 {
        let refused = log.append(draft("acme", entry, 5)).unwrap_err();
        assert!(matches!(refused, Refused::Failed(_)), "{refused}");
    }
    assert_eq!(log.durable(), 1);
    assert!(log.failure().unwrap().to_string().starts_with("cannot sync `segment-"));
    drop(log);
    assert_eq!(open(&folder).unwrap().append(draft("acme", 9, 5)).unwrap().sequence, 3);
}

#[test]
fn a_full_disk_is_told_and_the_log_goes_on_when_there_is_room() {
    for room in (0..3_000).step_by(37) {
        let folder = Faulty::default();
        let log = open(&folder).unwrap();
        folder.room(Some(room));
        let mut acknowledged = Vec::new();
        let refused = (1..).find_map(|entry| match log.append(draft("acme", entry, 100)) {
            Ok(_) => {
                acknowledged.push(entry);
                None
            }
            Err(refused) => Some(refused),
        });
        let Some(Refused::Failed(error)) = refused else { panic!("{refused:?}") };
        assert!(matches!(*error, Error::Full { .. }), "{error}");
        assert!(error.to_string().contains("make room, then open the log again"));
        drop(log);
        folder.room(None);
        check(&folder, &acknowledged, &format!("room for {room}"));
    }
}

#[test]
fn opening_on_a_full_disk_keeps_what_is_there() {
    let folder = Faulty::default();
    let acknowledged = work(&folder, &mut 0);
    folder.room(Some(0));
    let log = open(&folder).unwrap();
    assert_eq!(entries(&log.reader()).len(), 16);
    assert!(log.append(draft("acme", 17, 5)).is_err());
    drop(log);
    folder.room(None);
    check(&folder, &acknowledged, "opened full");
}

#[test]
fn a_clock_that_goes_backwards_disturbs_no_order() {
    let (clock, hand) = clock(20_000);
    let folder = Faulty::default();
    let mut ids = Vec::new();
    for (opening, days) in [[20_000, 19_000, 20_001], [3, 4, 20_000], [-5, 0, 30_000]].into_iter().enumerate()
    {
        let (log, opened) = Log::open(Arc::new(folder.clone()), small(), Arc::clone(&clock)).unwrap();
        assert_eq!(opened.entries, opening as u64 * 3);
        for day in days {
            hand.store(day, Ordering::SeqCst);
            let receipt = log.append(draft("acme", 1, 5)).unwrap();
            assert_eq!(receipt.recorded.as_second(), day * 86_400);
            ids.push(receipt.id);
        }
    }
    assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] < pair[1]));
    let reader = lexgate_audit::Reader::new(Arc::new(folder));
    assert!(ids.iter().all(|id| reader.find(*id).unwrap().head.id == *id));
    assert!(verify(&reader).unwrap().is_sound());
}

#[test]
fn who_hands_in_too_much_is_told_at_once() {
    let folder = Faulty::default();
    let log = open(&folder).unwrap();
    let (entered, wait) = (mpsc::channel(), mpsc::channel::<()>());
    // The callback holds the thread that writes; what is handed in meanwhile waits.
    log.submit(draft("acme", 0, 5), move |_| {
        entered.0.send(()).unwrap();
        let _ = wait.1.recv();
    })
    .unwrap();
    entered.1.recv().unwrap();
    let (sender, done) = mpsc::channel();
    let mut taken = 0;
    let refused = (1..).find_map(|entry| {
        let sender = sender.clone();
        let refused =
            log.submit(draft("acme", entry, 5), move |done| sender.send(done.is_ok()).unwrap()).err();
        taken += u64::from(refused.is_none());
        refused
    });
    assert!(matches!(refused, Some(Refused::Busy)), "{refused:?}");
    assert_eq!(taken, 64);
    drop((wait.0, sender));
    assert_eq!(done.into_iter().filter(|done| *done).count(), 64);
}

#[test]
fn a_callback_that_panics_stops_nobody() {
    let folder = Faulty::default();
    let log = open(&folder).unwrap();
    log.submit(draft("acme", 1, 5), |_| panic!("of the caller")).unwrap();
    assert_eq!(log.append(draft("acme", 2, 5)).unwrap().sequence, 2);
}

#[test]
fn what_waits_is_written_when_the_log_is_closed() {
    let folder = Faulty::default();
    let log = open(&folder).unwrap();
    for entry in 1..30 {
        log.submit(draft("acme", entry, 5), |_| {}).unwrap();
    }
    drop(log);
    assert_eq!(entries(&open(&folder).unwrap().reader()).len(), 29);
}
