//! The log, held to its promises: whatever fails and whenever, what was acknowledged is there, once, and the log opens.

#![expect(clippy::disallowed_methods, reason = "tests use files, processes and the environment")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests are tests"
)]

mod crash;
mod damage;
mod faulty;
mod index;
mod kill;
mod records;
mod retention;
mod watched;

use jiff::{SignedDuration, Timestamp};
use lexgate_audit::{Clock, Draft, Entry, Kind, Log, LogLimits, Reader};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, mpsc};

/// Limits that make segments and groups as small as they can be.
pub(crate) fn small() -> LogLimits {
    LogLimits { segment_bytes: 2_000, group: 4, group_bytes: 1_500, waiting: 64, waiting_bytes: 1 << 20 }
}

/// A clock that stands still, and the hand to turn it: in days since 1970.
pub(crate) fn clock(days: i64) -> (Clock, Arc<AtomicI64>) {
    let hand = Arc::new(AtomicI64::new(days));
    let day = Arc::clone(&hand);
    let clock = move || Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day.load(Ordering::SeqCst));
    (Arc::new(clock), hand)
}

/// An entry that can be told from others, of some size.
pub(crate) fn draft(tenant: &str, name: u64, size: usize) -> Draft {
    let body = format!(r#"{{"name":{name},"filling":"{}"}}"#, "x".repeat(size));
    Draft::new(Kind::Decision, tenant, Some("1"), vec![("body", body.into_bytes())]).unwrap()
}

/// Returns the name of such an entry.
pub(crate) fn name(entry: &Entry) -> u64 {
    let text = String::from_utf8(entry.section("body").unwrap().bytes.clone()).unwrap();
    text.split(['{', ':', ',']).nth(2).unwrap().parse().unwrap()
}

pub(crate) fn entries(reader: &Reader) -> Vec<Entry> {
    reader.entries(1).unwrap().map(|item| item.unwrap().1).collect()
}

/// Appends many at once, and returns the names of those that were acknowledged. The first is a group by itself: the others
/// are submitted when it is written, and the writer waits until all are, so that the groups are the same each time.
pub(crate) fn append_all(log: &Log, drafts: Vec<(u64, Draft)>) -> Vec<u64> {
    let (sender, receiver) = mpsc::channel();
    let (written, first_written) = mpsc::channel::<()>();
    let (go, wait) = mpsc::channel::<()>();
    let mut first = Some((written, wait));
    for (name, draft) in drafts {
        let (sender, first) = (sender.clone(), first.take());
        let is_first = first.is_some();
        let _ = log.submit(draft, move |done| {
            if let Some((written, wait)) = first {
                let _ = written.send(());
                let _ = wait.recv();
            }
            let _ = sender.send((name, done));
        });
        if is_first {
            // Nothing comes if it was refused.
            let _ = first_written.recv();
        }
    }
    drop((go, sender));
    receiver.into_iter().filter_map(|(name, done)| done.is_ok().then_some(name)).collect()
}
