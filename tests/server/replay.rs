//! Running recorded decisions again, from the files alone.

use super::*;
use lexgate_audit::{Draft, Kind, Reader};
use lexgate_server::{Replay, Replayed, Tally};

const DECISIONS: &str = "/v1/tenants/demo/decisions";

/// A policy that runs until somebody stops it.
fn endless() -> Vec<u8> {
    Guest { evaluate: "(loop $on (br $on)) unreachable".into(), ..Guest::new(wit()) }.package()
}

fn replay(folder: &Path) -> (Replay, Reader) {
    let data = || Dir::open_ambient_dir(folder, ambient_authority()).unwrap();
    let replay = Replay::open(data(), engine(), Default::default()).unwrap();
    (replay, Reader::new(Arc::new(data().open_dir("log").unwrap())))
}

#[test]
fn every_decision_runs_again_with_equal_findings_and_fuel() {
    let host = Host::start();
    for package in [finding("permit"), trapping(), shipped::package().bytes.to_vec(), finding("deny")] {
        host.put("demo", &package);
        for _ in 0..3 {
            host.json("POST", DECISIONS, &request()).is(200);
        }
    }
    // Beside a server that still runs.
    let (mut replay, reader) = replay(host.folder.path());
    let mut tally = Tally::default();
    for item in reader.entries(1).unwrap() {
        let (_, entry) = item.unwrap();
        if entry.head.kind == Kind::Decision {
            let replayed = replay.run(&entry);
            assert_eq!(replayed, Replayed::Equal);
            tally.count(&replayed);
        }
    }
    assert_eq!(tally, Tally { equal: 12, ..Tally::default() });
}

#[test]
fn what_was_decided_under_other_ceilings_runs_again() {
    let host = Host::with(Arc::new(tempfile::tempdir().unwrap()), |config| {
        config.limits.ceiling.base_fuel *= 50;
        config.limits.ceiling.output_bytes *= 50;
        config.limits.request.string_bytes *= 4;
    });
    let mut set = set(&[("rules", &host.upload(&finding("permit")))]);
    let usual = ServerLimits::of(NonZeroUsize::MIN).ceiling;
    set["bindings"][0]["limits"] =
        json!({ "baseFuel": usual.base_fuel * 40, "outputBytes": usual.output_bytes * 2 });
    host.put_set("demo", &set);
    let mut long = request();
    long["action"] = json!("x".repeat(20_000));
    let id = host.json("POST", DECISIONS, &long).is(200)["id"].as_str().unwrap().to_owned();
    let (mut replay, reader) = replay(host.folder.path());
    assert_eq!(replay.run(&reader.find(id.parse().unwrap()).unwrap()), Replayed::Equal);
}

#[test]
fn hundreds_of_decisions_run_again_those_of_the_machine_apart() {
    let host = Host::start();
    let (regions, slow) = (host.upload(&shipped::package().bytes), host.upload(&endless()));
    let mut line = request().to_string();
    line.push('\n');
    let batch = |count: usize| {
        let kind = [("content-type", "application/x-ndjson")];
        let answer = host.send("POST", &format!("{DECISIONS}/batch"), &kind, line.repeat(count).as_bytes());
        assert_eq!((answer.status, answer.text.lines().count()), (200, count));
    };
    host.put_set("demo", &set(&[("regions", &regions)]));
    batch(300);
    let mut with = set(&[("regions", &regions), ("slow", &slow)]);
    with["bindings"][1]["limits"] =
        json!({ "baseFuel": 100_000_000, "fuelPerElement": 50_000, "deadlineMs": 1 });
    host.put_set("demo", &with);
    batch(5);
    let (mut replay, reader) = replay(host.folder.path());
    let mut tally = Tally::default();
    for item in reader.entries(1).unwrap() {
        let (_, entry) = item.unwrap();
        if entry.head.kind == Kind::Decision {
            tally.count(&replay.run(&entry));
        }
    }
    assert_eq!(tally, Tally { equal: 300, environmental: 5, ..Tally::default() });
}

#[test]
fn what_the_machine_ended_is_told_apart() {
    let host = Host::start();
    let digest = host.upload(&endless());
    let mut slow = set(&[("slow", &digest)]);
    // So much fuel that the deadline comes first.
    slow["bindings"][0]["limits"] =
        json!({ "baseFuel": 100_000_000, "fuelPerElement": 50_000, "deadlineMs": 1 });
    host.put_set("demo", &slow);
    let told = host.json("POST", DECISIONS, &request()).is(200);
    assert_eq!(told["bindings"][0]["fault"]["kind"], "deadline");
    let (mut replay, reader) = replay(host.folder.path());
    let entry = reader.find(told["id"].as_str().unwrap().parse().unwrap()).unwrap();
    assert_eq!(replay.run(&entry), Replayed::Environmental);
}

#[test]
fn a_record_that_says_something_else_is_found_out() {
    let host = Host::start();
    let revision = host.put("demo", &finding("permit"));
    let id = host.json("POST", DECISIONS, &request()).is(200)["id"].as_str().unwrap().to_owned();
    let folder = Arc::clone(&host.folder);
    drop(host);
    let (mut replay, reader) = replay(folder.path());
    let entry = reader.find(id.parse().unwrap()).unwrap();
    // Another log, in which the same decision is written with less fuel, or with a deny.
    let check = |section: &str, old: &str, new: &str, replay: &mut Replay, expected: &str| {
        let other = tempfile::tempdir().unwrap();
        let dir = Arc::new(Dir::open_ambient_dir(other.path(), ambient_authority()).unwrap());
        let clock = Arc::new(jiff::Timestamp::now);
        let (log, _) = lexgate_audit::Log::open(dir, Default::default(), clock).unwrap();
        let sections = entry.sections.iter().map(|kept| {
            let text = String::from_utf8(kept.bytes.clone()).unwrap();
            let text = if kept.name == section { text.replace(old, new) } else { text };
            (kept.name.as_str(), text.into_bytes())
        });
        let draft = Draft::new(Kind::Decision, "demo", Some(&revision), sections.collect()).unwrap();
        let receipt = log.append(draft).unwrap();
        match replay.run(&log.reader().find(receipt.id).unwrap()) {
            Replayed::Different(what) => assert!(what.contains(expected), "{what}"),
            other => panic!("{other:?}"),
        }
    };
    check("bindings", "\"hostCalls\":0", "\"hostCalls\":1", &mut replay, "`used` of binding `rules`");
    check("bindings", "\"Looked.\"", "\"Denied.\"", &mut replay, "`findings` of binding `rules`");
    check("decision", "permit", "deny", &mut replay, "the decision");
}
