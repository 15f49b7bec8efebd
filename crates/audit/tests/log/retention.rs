//! Deleting by age, with holds; what is deleted stays deleted, and nothing else, whenever the power is lost.

use crate::faulty::{Faulty, Left};
use crate::watched::Watched;
use crate::{clock, draft, entries, small};
use lexgate_audit::{
    Clock, Draft, Folder, Hold, HoldLifted, Kind, Ledger, Reader, Records, Retention, Scope, Swept, verify,
};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, mpsc};

fn open(folder: &Faulty, clock: &Clock) -> Result<Records, lexgate_audit::Error> {
    Records::open(Arc::new(folder.clone()), None, small(), Arc::clone(clock)).map(|(records, _)| records)
}

fn keep(tenant: &str, keep_days: u32) -> Retention {
    Retention { tenant: tenant.to_owned(), keep_days, reason: "a test".to_owned() }
}

/// Entries 1 to 12: acme and other by turns, one a day.
fn written() -> (Faulty, Clock, Arc<AtomicI64>) {
    let (clock, hand) = clock(20_000);
    let folder = Faulty::default();
    let records = open(&folder, &clock).unwrap();
    for entry in 1..=12 {
        hand.store(20_000 + entry, Ordering::SeqCst);
        let tenant = if entry % 2 == 1 { "acme" } else { "other" };
        records.log().append(draft(tenant, entry as u64, 300)).unwrap();
    }
    (folder, clock, hand)
}

fn deleted(folder: &Faulty) -> Vec<u64> {
    let all = entries(&Reader::new(Arc::new(folder.clone())));
    all.iter().filter(|entry| entry.is_deleted()).map(|entry| entry.sequence).collect()
}

fn court(name: &str, scope: Scope) -> Hold {
    Hold { name: name.to_owned(), reason: "a court".to_owned(), by: "ops".to_owned(), scope }
}

fn hold(name: &str, scope: Scope) -> Draft {
    court(name, scope).draft("acme").unwrap()
}

fn settled(name: &str) -> HoldLifted {
    HoldLifted { name: name.to_owned(), reason: "settled".to_owned(), by: "ops".to_owned() }
}

fn lifted(name: &str) -> Draft {
    settled(name).draft("acme").unwrap()
}

#[test]
fn what_is_older_than_a_tenant_keeps_is_deleted_and_that_is_recorded() {
    let (folder, clock, hand) = written();
    let records = open(&folder, &clock).unwrap();
    hand.store(20_020, Ordering::SeqCst);
    let before = entries(&records.log().reader());
    // Older than 13 days are those of the days 1 to 6.
    let swept = records.sweep(&[keep("acme", 13), keep("nobody", 0)]).unwrap();
    assert_eq!(swept.decisions, 3);
    assert_eq!(deleted(&folder), [1, 3, 5]);
    let after = entries(&records.log().reader());
    assert_eq!(after.len(), 13);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!((before.digest(), &before.head), (after.digest(), &after.head));
    }
    assert_eq!(after[12].head.kind, Kind::Deletion);
    let terms = String::from_utf8(after[12].sections[0].bytes.clone()).unwrap();
    assert_eq!(terms, r#"{"before":"2024-10-11T00:00:00Z","reason":"a test","decisions":3}"#);
    assert!(verify(&records.log().reader()).unwrap().is_sound());
    assert_eq!(records.sweep(&[keep("acme", 13)]).unwrap(), Swept::default());
    assert_eq!(records.log().durable(), 13);
}

#[test]
fn what_is_held_stays_until_the_hold_is_lifted() {
    let (folder, clock, hand) = written();
    let records = open(&folder, &clock).unwrap();
    let third = entries(&records.log().reader())[2].head.id;
    let (from, until) = {
        let day = |day: i64| {
            hand.store(20_000 + day, Ordering::SeqCst);
            clock()
        };
        (day(7), day(9))
    };
    records.log().append(hold("one", Scope::Entries([third].into()))).unwrap();
    records.log().append(hold("days", Scope::Recorded { from, until })).unwrap();
    hand.store(20_100, Ordering::SeqCst);
    records.sweep(&[keep("acme", 1)]).unwrap();
    assert_eq!(deleted(&folder), [1, 5, 9, 11]);
    records.log().append(lifted("one")).unwrap();
    records.sweep(&[keep("acme", 1)]).unwrap();
    assert_eq!(deleted(&folder), [1, 3, 5, 9, 11]);
    records.log().append(hold("all", Scope::Everything)).unwrap();
    records.log().append(lifted("days")).unwrap();
    records.sweep(&[keep("acme", 1)]).unwrap();
    assert_eq!(deleted(&folder), [1, 3, 5, 9, 11]);
    let ledger = Ledger::read(&records.log().reader()).unwrap();
    assert_eq!(ledger.holds("acme").iter().map(|hold| hold.name.as_str()).collect::<Vec<_>>(), ["all"]);
    assert!(ledger.holds("other").is_empty());
    assert!(verify(&records.log().reader()).unwrap().is_sound());
}

#[test]
fn power_lost_at_any_call_of_a_sweep_deletes_nothing_else_and_the_next_sweep_goes_on() {
    let sweep = |folder: &Faulty, clock: &Clock| {
        open(folder, clock).and_then(|records| records.sweep(&[keep("acme", 13), keep("other", 15)]))
    };
    let (whole, clock, hand) = written();
    hand.store(20_020, Ordering::SeqCst);
    let begin = whole.calls();
    sweep(&whole, &clock).unwrap();
    let expected = [1, 2, 3, 4, 5];
    assert_eq!(deleted(&whole), expected);
    assert_eq!(deleted(&whole.after(Left::Durable)), expected);
    let heads: Vec<_> =
        entries(&Reader::new(Arc::new(whole.clone()))).iter().map(|entry| entry.sequence).collect();
    assert_eq!(heads.len(), 14);
    for dies in 0..whole.calls() - begin {
        let (folder, clock, hand) = written();
        hand.store(20_020, Ordering::SeqCst);
        folder.die_in(dies);
        let _ = sweep(&folder, &clock);
        for left in [Left::Durable, Left::All].into_iter().chain((0..8).map(Left::Parts)) {
            let what = format!("died at {dies}, left {left:?}");
            let folder = folder.after(left);
            drop(open(&folder, &clock).unwrap_or_else(|error| panic!("{what}: {error}")));
            let gone: BTreeSet<u64> = deleted(&folder).into_iter().collect();
            assert!(gone.iter().all(|entry| expected.contains(entry)), "{what}: {gone:?}");
            let reader = Reader::new(Arc::new(folder.clone()));
            let verified = verify(&reader).unwrap();
            assert!(verified.is_sound(), "{what}: {verified:?}");
            assert!(entries(&reader).len() >= 12, "{what}");
            sweep(&folder, &clock).unwrap();
            assert_eq!(deleted(&folder), expected, "{what}");
            assert!(verify(&reader).unwrap().is_sound(), "{what}");
            assert!(!folder.names().unwrap().iter().any(|name| name.ends_with(".new")), "{what}");
        }
    }
}

#[test]
fn a_hold_also_keeps_what_a_deletion_has_not_reached() {
    let (folder, clock, hand) = written();
    hand.store(20_020, Ordering::SeqCst);
    let mut calls = 0;
    let folder = loop {
        // The power is lost as soon as the deletion is durable.
        let folder = folder.after(Left::All);
        folder.die_in(calls);
        let _ = open(&folder, &clock).map(|records| records.sweep(&[keep("acme", 13)]));
        let folder = folder.after(Left::Durable);
        if entries(&Reader::new(Arc::new(folder.clone()))).len() == 13 {
            break folder;
        }
        calls += 1;
    };
    assert_eq!(deleted(&folder), [] as [u64; 0]);
    let records = open(&folder, &clock).unwrap();
    let third = entries(&records.log().reader())[2].head.id;
    records.log().append(hold("late", Scope::Entries([third].into()))).unwrap();
    assert_eq!(records.sweep(&[]).unwrap().decisions, 2);
    assert_eq!(deleted(&folder), [1, 5]);
    records.log().append(lifted("late")).unwrap();
    assert_eq!(records.sweep(&[]).unwrap().decisions, 1);
    assert_eq!(deleted(&folder), [1, 3, 5]);
    assert!(verify(&records.log().reader()).unwrap().is_sound());
}

fn records(folder: &Watched, clock: &Clock) -> Arc<Records> {
    Arc::new(Records::open(Arc::new(folder.clone()), None, small(), Arc::clone(clock)).unwrap().0)
}

#[test]
fn a_hold_that_is_put_on_between_two_segments_keeps_what_is_in_the_later_ones() {
    let (folder, clock, hand) = written();
    hand.store(20_100, Ordering::SeqCst);
    let watched = Watched::over(&folder);
    let records = records(&watched, &clock);
    let (late, again) = (Arc::clone(&records), watched.clone());
    watched.before("replace segment-0000000001.log", move || {
        again.before("read segment-0000000002.log", move || {
            late.hold("acme", &court("late", Scope::Everything)).unwrap();
        });
    });
    let swept = records.sweep(&[keep("acme", 1), keep("other", 1)]).unwrap();
    // Two in a segment; what the hold does not hold is deleted all the same.
    assert_eq!(deleted(&folder), [1, 2, 4, 6, 8, 10, 12]);
    assert_eq!((swept.decisions, swept.segments), (7, 6));
    assert!(verify(&records.log().reader()).unwrap().is_sound());
    records.lift("acme", &settled("late")).unwrap();
    records.sweep(&[]).unwrap();
    assert_eq!(deleted(&folder), (1..=12).collect::<Vec<_>>());
}

#[test]
fn what_is_there_when_a_hold_is_acknowledged_stays() {
    let (folder, clock, hand) = written();
    hand.store(20_100, Ordering::SeqCst);
    let watched = Watched::over(&folder);
    let records = records(&watched, &clock);
    let (sender, receiver) = mpsc::channel();
    let (late, before) = (Arc::clone(&records), folder.clone());
    watched.before("replace segment-0000000003.log", move || {
        let durable = late.log().durable();
        let (log, holds) = (Arc::clone(&late), before.clone());
        std::thread::spawn(move || {
            late.hold("acme", &court("late", Scope::Everything)).unwrap();
            sender.send(deleted(&holds)).unwrap();
        });
        // Time for a hold that waits for nobody.
        for _ in 0..10_000 {
            if log.log().durable() > durable {
                break;
            }
            std::thread::yield_now();
        }
    });
    records.sweep(&[keep("acme", 1)]).unwrap();
    let then = receiver.recv().unwrap();
    assert_eq!(deleted(&folder), then);
    assert!(then.contains(&5), "{then:?}");
}

#[test]
fn entries_that_were_emptied_without_a_deletion_are_found() {
    let (folder, clock, hand) = written();
    let last = "segment-0000000006.log";
    assert!(folder.names().unwrap().contains(&last.to_owned()));
    hand.store(20_020, Ordering::SeqCst);
    let records = open(&folder, &clock).unwrap();
    records.sweep(&[keep("acme", 13)]).unwrap();
    drop(records);
    // Somebody takes the deletion away again, which stands in a segment of its own.
    let mut names: Vec<_> = folder.names().unwrap();
    names.retain(|name| name.starts_with("segment-"));
    let newest = names.pop().unwrap();
    assert!(entries(&Reader::new(Arc::new(folder.clone()))).last().unwrap().head.kind == Kind::Deletion);
    folder.remove(&newest).unwrap();
    let verified = verify(&Reader::new(Arc::new(folder.clone()))).unwrap();
    let problems: Vec<_> =
        verified.segments.iter().flat_map(|segment| &segment.problems).map(|problem| &problem.what).collect();
    assert!(
        problems.iter().any(|what| what.ends_with("was emptied, and no deletion covers it")),
        "{problems:?}"
    );
}
