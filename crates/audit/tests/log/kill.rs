//! The process is killed under load, at a moment of chance.

use crate::faulty::Random;
use crate::{clock, draft, entries, small};
use lexgate_audit::{EntryId, Log, LogLimits, verify};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

const FOLDER: &str = "LEXGATE_AUDIT_KILLED_IN";
const KILLS: u64 = 50;

fn open(path: &Path) -> Log {
    let dir = cap_std::fs::Dir::open_ambient_dir(path, cap_std::ambient_authority()).unwrap();
    let limits = LogLimits { segment_bytes: 40_000, ..small() };
    Log::open(Arc::new(dir), limits, clock(20_000).0).unwrap().0
}

/// What is killed: it appends with four threads, and says what was acknowledged. As a test of its own it does nothing.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let log = open(Path::new(&folder));
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let log = &log;
            scope.spawn(move || {
                for number in 0.. {
                    let size = usize::try_from((number * 37 + thread * 11) % 900).unwrap();
                    let receipt = log.append(draft("acme", number, size)).unwrap();
                    // One write for a line, so that lines of threads do not mix.
                    let line = format!("acknowledged {}\n", receipt.id);
                    if std::io::stdout().lock().write_all(line.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
}

#[test]
fn a_process_that_is_killed_loses_nothing_that_it_acknowledged() {
    let temporary = tempfile::tempdir().unwrap();
    let mut random = Random(11);
    let mut acknowledged: Vec<EntryId> = Vec::new();
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child", "--nocapture", "--test-threads", "1"])
            .env(FOLDER, temporary.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut wanted = 1 + random.below(60);
        let mut take = |line: std::io::Result<String>| {
            let line = line.unwrap();
            let id: Option<EntryId> = line.split_once("acknowledged ").and_then(|(_, id)| id.parse().ok());
            acknowledged.extend(id);
            id.is_some()
        };
        while wanted > 0 {
            wanted -= u64::from(take(lines.next().expect("the child ended by itself")));
        }
        child.kill().unwrap();
        // What it said before it was killed counts as well.
        lines.for_each(|line| _ = take(line));
        child.wait().unwrap();

        let log = open(temporary.path());
        let mut times: BTreeMap<EntryId, u32> = BTreeMap::new();
        entries(&log.reader()).iter().for_each(|entry| *times.entry(entry.head.id).or_default() += 1);
        assert!(times.values().all(|times| *times == 1), "kill {kill}: an entry is there twice");
        let lost: Vec<_> = acknowledged.iter().filter(|id| !times.contains_key(id)).collect();
        assert!(lost.is_empty(), "kill {kill}: lost {lost:?}");
    }
    let log = open(temporary.path());
    assert!(acknowledged.len() as u64 > KILLS);
    assert!(verify(&log.reader()).unwrap().is_sound());
}
