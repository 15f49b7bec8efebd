//! How many entries a second the log takes in, beside what the disk takes for a sync; and how fast the index follows.
//!
//! `cargo bench --package lexgate-audit`, in a folder of the disk that matters (`TMPDIR`). Figures of two disks, or of one on
//! two days, are not comparable; ratios inside a run are.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock and uses files")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark that fails may end so")]

use cap_std::fs::Dir;
use jiff::Timestamp;
use lexgate_audit::{BINDINGS, DECISION, Draft, IndexFile, Kind, Log, LogLimits, META, REQUEST, Records};
use lexgate_model::Digest;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// How long each part is measured.
const SPAN: Duration = Duration::from_secs(3);

/// Entries that are written before the index is measured.
const INDEXED: u64 = 20_000;

fn dir(path: &Path) -> Dir {
    Dir::open_ambient_dir(path, cap_std::ambient_authority()).unwrap()
}

fn draft(number: u64) -> Draft {
    let request = format!(
        r#"{{"parties":[{{"recordId":"vendor"}},{{"recordId":"customer-{}","identifiers":[{{"scheme":"XI-LEI","id":"{number:020}"}}]}}],"filling":"{}"}}"#,
        number % 1_000,
        "x".repeat(1_500)
    );
    let bindings = format!(
        r#"[{{"binding":"a","policy":{{"id":"us-ofac-ownership"}},"findings":"{}"}},{{"binding":"b","policy":{{"id":"kr-csap"}}}}]"#,
        "y".repeat(2_000)
    );
    let decision = br#"{"floor":"permit","ceiling":"permit","because":[],"actions":[],"missing":[]}"#;
    let digest = Digest::of(request.as_bytes());
    let meta = format!(r#"{{"lexgate":"0.1.0","whatIf":false,"requestDigest":"{digest}"}}"#);
    let sections = vec![
        (META, meta.into_bytes()),
        (REQUEST, request.into_bytes()),
        (BINDINGS, bindings.into_bytes()),
        (DECISION, decision.to_vec()),
    ];
    Draft::new(Kind::Decision, "acme", Some("1"), sections).unwrap()
}

/// Prints what the disk takes to append 4 KiB and sync them.
fn disk(path: &Path) {
    let file = dir(path).create("sync").unwrap().into_std();
    let (begin, mut times) = (Instant::now(), Vec::new());
    while begin.elapsed() < SPAN {
        let at = (times.len() * 4096) as u64;
        let one = Instant::now();
        std::os::unix::fs::FileExt::write_all_at(&file, &[7; 4096], at).unwrap();
        file.sync_data().unwrap();
        times.push(one.elapsed());
    }
    times.sort_unstable();
    let (middle, last) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    println!("disk: 4 KiB and fdatasync, p50 {middle:?}, p99 {last:?}, {} of them", times.len());
}

/// Keeps so many entries waiting, and prints how many are acknowledged a second.
fn log(path: &Path, group: usize) {
    let limits = LogLimits { group, ..LogLimits::default() };
    let (log, _) = Log::open(Arc::new(dir(path)), limits, Arc::new(Timestamp::now)).unwrap();
    let (sender, receiver) = mpsc::channel();
    let begin = Instant::now();
    let (mut submitted, mut done) = (0, 0u64);
    while begin.elapsed() < SPAN {
        while submitted < done + 2 * group as u64 {
            let sender = sender.clone();
            log.submit(draft(submitted), move |one| _ = sender.send(one.is_ok())).unwrap();
            submitted += 1;
        }
        assert!(receiver.recv().unwrap());
        done += 1;
    }
    let second = u128::from(done) * 1_000 / begin.elapsed().as_millis();
    println!("log: groups of {group}: {second} entries of 4 KB a second");
}

fn index(path: &Path) {
    let open = |index| {
        Records::open(Arc::new(dir(path)), index, LogLimits::default(), Arc::new(Timestamp::now)).unwrap().0
    };
    let records = open(None);
    let (sender, receiver) = mpsc::channel();
    for number in 0..INDEXED {
        let sender = sender.clone();
        records.log().submit(draft(number), move |one| _ = sender.send(one.is_ok())).unwrap();
        if number >= 1_000 {
            receiver.recv().unwrap();
        }
    }
    drop(sender);
    receiver.iter().for_each(|done| assert!(done));
    drop(records);
    let begin = Instant::now();
    let boot = Some("this run".to_owned());
    let records = open(Some(IndexFile { folder: dir(path), path: path.to_owned(), boot }));
    while records.index_state().indexed < INDEXED {
        std::thread::sleep(Duration::from_millis(2));
    }
    let took = begin.elapsed();
    println!("index: {} entries a second, {INDEXED} of them", u128::from(INDEXED) * 1_000 / took.as_millis());
    let begin = Instant::now();
    let verified = lexgate_audit::verify(&records.log().reader()).unwrap();
    assert!(verified.is_sound());
    let bytes: u64 = verified.segments.iter().map(|segment| segment.bytes).sum();
    println!("verify: {} MB in {:?}", bytes / 1_000_000, begin.elapsed());
}

fn main() {
    let folder = || tempfile::tempdir().unwrap();
    disk(folder().path());
    for group in [1, 16, 256] {
        log(folder().path(), group);
    }
    index(folder().path());
}
