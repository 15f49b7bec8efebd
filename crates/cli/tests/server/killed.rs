//! The server is killed under load, at a moment of chance, fifty times.

use super::*;
use lexgate_audit::{Kind, Reader, verify};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

const KILLS: u64 = 50;
const DECISIONS: &str = "/v1/tenants/demo/decisions";
const SET: &str = "/v1/tenants/demo/set";

/// What a client was told.
enum Told {
    Decided(String),
    Put(u64),
}

fn reader(data: &Path) -> Reader {
    let log = cap_std::fs::Dir::open_ambient_dir(data.join("log"), cap_std::ambient_authority()).unwrap();
    Reader::new(Arc::new(log))
}

fn number(revision: &Value) -> u64 {
    revision["number"].as_u64().unwrap()
}

/// A number that looks like chance, the same in every run.
fn chance(seed: &mut u64, below: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % below
}

/// Asks until the server is gone, each time with an id of its own.
fn ask(server: &Served, count: &AtomicU64, tell: &mpsc::Sender<Told>) {
    let body = request().to_string();
    loop {
        let id = format!("request-{}", count.fetch_add(1, Ordering::Relaxed));
        let headers = [("content-type", "application/json"), ("x-request-id", id.as_str())];
        let Some(answer) = server.try_send("POST", DECISIONS, &headers, body.as_bytes()) else { return };
        let told = Told::Decided(answer.is(200)["id"].as_str().unwrap().to_owned());
        if tell.send(told).is_err() {
            return;
        }
    }
}

/// Puts one set after the other until the server is gone.
fn put(server: &Served, sets: &[Value; 2], tell: &mpsc::Sender<Told>) {
    for set in sets.iter().cycle() {
        let kind = [("content-type", "application/json")];
        let Some(answer) = server.try_send("PUT", SET, &kind, set.to_string().as_bytes()) else { return };
        if tell.send(Told::Put(number(&answer.is(200)))).is_err() {
            return;
        }
    }
}

#[test]
fn a_server_that_is_killed_loses_nothing_that_it_answered() {
    let data = tempfile::tempdir().unwrap();
    let mut seed = 7;
    let mut served = Served::start(data.path());
    let sets = ["permit", "deny"].map(|outcome| set(&served.upload(&finding(outcome))));
    let mut put_last = number(&served.send("PUT", SET, &sets[0]).is(201));
    let (mut decided, count) = (BTreeSet::new(), AtomicU64::new(0));
    for kill in 0..KILLS {
        let (tell, told) = mpsc::channel();
        let mut take = |told: Told| match told {
            Told::Decided(id) => assert!(decided.insert(id), "kill {kill}: an id is given twice"),
            Told::Put(number) => put_last = put_last.max(number),
        };
        std::thread::scope(|scope| {
            let (server, count, sets) = (&served, &count, &sets);
            for _ in 0..2 {
                let tell = tell.clone();
                scope.spawn(move || ask(server, count, &tell));
            }
            let putting = tell.clone();
            scope.spawn(move || put(server, sets, &putting));
            drop(tell);
            for _ in 0..=chance(&mut seed, 30) {
                take(told.recv().expect("the server ended by itself"));
            }
            // The handle is shared with those who ask, so the signal is sent by the number of the process.
            let process = rustix::process::Pid::from_raw(server.child.id().try_into().unwrap()).unwrap();
            rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
            // What it answered before counts as well.
            told.iter().for_each(&mut take);
        });
        served.kill();

        served = Served::start(data.path());
        let mut times: BTreeMap<String, u32> = BTreeMap::new();
        let mut asked: BTreeMap<String, u32> = BTreeMap::new();
        for item in reader(data.path()).entries(1).unwrap() {
            let (_, entry) = item.unwrap();
            if entry.head.kind == Kind::Decision {
                *times.entry(entry.head.id.to_string()).or_default() += 1;
                let caller: Value = serde_json::from_slice(&entry.section("caller").unwrap().bytes).unwrap();
                *asked.entry(caller["requestId"].as_str().unwrap().to_owned()).or_default() += 1;
            }
        }
        assert!(
            times.values().chain(asked.values()).all(|times| *times == 1),
            "kill {kill}: one is there twice"
        );
        let lost: Vec<_> = decided.iter().filter(|id| !times.contains_key(*id)).collect();
        assert!(lost.is_empty(), "kill {kill}: lost {lost:?}");

        // The last set that was answered serves, or one that was under way behind it.
        let serves = served.get(SET).is(200);
        assert!([put_last, put_last + 1].contains(&number(&serves)), "kill {kill}: {put_last}, {serves}");
        put_last = number(&serves);
        let package = |set: &Value| set["bindings"][0]["package"].clone();
        let permits = package(&serves["set"]) == package(&sets[0]);
        let answer = served.try_send(
            "POST",
            DECISIONS,
            &[("content-type", "application/json"), ("x-request-id", &format!("after-{kill}"))],
            request().to_string().as_bytes(),
        );
        let answer = answer.unwrap().is(200);
        assert_eq!((&answer["revision"], &answer["permitted"]), (&serves["revision"], &json!(permits)));
        decided.insert(answer["id"].as_str().unwrap().to_owned());
    }
    served.kill();
    assert!(decided.len() as u64 > 2 * KILLS);
    assert!(put_last > 1);
    assert!(verify(&reader(data.path())).unwrap().is_sound());
}
