//! Retention: what is older than a tenant keeps is deleted, what is held is not, and both are recorded.

use super::*;
use lexgate_audit::{Ledger, Reader, verify};
use lexgate_server::Retention;
use std::sync::atomic::{AtomicI64, Ordering};

const DECISIONS: &str = "/v1/tenants/demo/decisions";
const HOLDS: &str = "/v1/tenants/demo/holds";
const DAY_S: i64 = 24 * 60 * 60;

/// A server that keeps decisions of the tenant `demo` for ten days, and its clock, in seconds.
fn host(every_ms: u64) -> (Host, Arc<AtomicI64>) {
    let now = Arc::new(AtomicI64::new(1_800_000_000));
    let clock = Arc::clone(&now);
    let host = Host::with(Arc::new(tempfile::tempdir().unwrap()), move |config| {
        let seconds = move || jiff::Timestamp::from_second(clock.load(Ordering::Relaxed)).unwrap();
        config.clock = Arc::new(seconds);
        config.limits.sweep_ms = every_ms;
        let reason = "ten days are enough".to_owned();
        config.retention = vec![Retention { tenant: "demo".to_owned(), keep_days: 10, reason }];
    });
    host.put("demo", &finding("permit"));
    host.put("other", &finding("permit"));
    (host, now)
}

fn decide(host: &Host, tenant: &str) -> String {
    let told = host.json("POST", &format!("/v1/tenants/{tenant}/decisions"), &request()).is(200);
    told["id"].as_str().unwrap().to_owned()
}

fn sweep(host: &Host) -> u64 {
    host.json("POST", "/v1/sweep", &json!({})).is(200)["decisions"].as_u64().unwrap()
}

#[test]
fn what_is_older_than_a_tenant_keeps_is_deleted_and_that_is_recorded() {
    let (host, now) = host(u64::MAX);
    let (old, theirs) = (decide(&host, "demo"), decide(&host, "other"));
    now.fetch_add(11 * DAY_S, Ordering::Relaxed);
    let young = decide(&host, "demo");
    assert_eq!(sweep(&host), 1);
    host.get(&format!("{DECISIONS}/{old}")).is(410);
    host.get(&format!("{DECISIONS}/{young}")).is(200);
    host.get(&format!("/v1/tenants/other/decisions/{theirs}")).is(200);
    assert_eq!(sweep(&host), 0);
    let log = Dir::open_ambient_dir(host.folder.path().join("log"), ambient_authority()).unwrap();
    let reader = Reader::new(Arc::new(log));
    let deletions: Vec<_> = reader
        .entries(1)
        .unwrap()
        .map(|item| item.unwrap().1)
        .filter(|entry| entry.head.kind == lexgate_audit::Kind::Deletion)
        .collect();
    assert_eq!(deletions.len(), 1);
    let terms: Value = serde_json::from_slice(&deletions[0].sections[0].bytes).unwrap();
    assert_eq!((&terms["reason"], &terms["decisions"]), (&json!("ten days are enough"), &json!(1)));
    assert!(verify(&reader).unwrap().is_sound());
}

#[test]
fn what_is_held_stays_until_the_hold_is_lifted() {
    let (host, now) = host(u64::MAX);
    let (held, free) = (decide(&host, "demo"), decide(&host, "demo"));
    let put = host.json(
        "PUT",
        &format!("{HOLDS}/case-7"),
        &json!({ "reason": "a court asks", "scope": { "decisions": [held] } }),
    );
    assert_eq!(put.is(200)["hold"]["by"], "loopback");
    // What is shown can be put on again as it is shown.
    let scope = &host.get(HOLDS).is(200)["holds"][0]["scope"];
    assert_eq!(scope, &json!({ "decisions": [held] }));
    host.json("PUT", &format!("{HOLDS}/case-7"), &json!({ "reason": "a court asks", "scope": scope }))
        .is(200);
    let shown = host.get(HOLDS).is(200);
    assert_eq!(shown["keep"], json!({ "days": 10, "reason": "ten days are enough" }));
    assert_eq!(
        (&shown["holds"][0]["name"], &shown["holds"][0]["reason"]),
        (&json!("case-7"), &json!("a court asks"))
    );
    now.fetch_add(11 * DAY_S, Ordering::Relaxed);
    assert_eq!(sweep(&host), 1);
    host.get(&format!("{DECISIONS}/{free}")).is(410);
    host.get(&format!("{DECISIONS}/{held}")).is(200);

    host.json("POST", &format!("{HOLDS}/case-7/lift"), &json!({ "reason": "settled" })).is(200);
    assert_eq!(host.get(HOLDS).is(200)["holds"], json!([]));
    assert_eq!(sweep(&host), 1);
    host.get(&format!("{DECISIONS}/{held}")).is(410);

    let bad = |method: &str, path: &str, body: Value, status: u16| {
        host.json(method, &format!("{HOLDS}/{path}"), &body).is(status);
    };
    bad("POST", "case-7/lift", json!({ "reason": "again" }), 404);
    bad("PUT", "x", json!({}), 400);
    bad("PUT", "x", json!({ "reason": " " }), 400);
    bad("PUT", "x", json!({ "reason": "r", "scope": { "decisions": ["x"] } }), 400);
    // A decision that is not there, is of another kind or is deleted already would be held by nothing.
    let entry = put.is(200)["entry"].clone();
    for ids in [json!([]), json!(["01932f6e-7a3b-7c4d-8e5f-0123456789ab"]), json!([entry]), json!([free])] {
        bad("PUT", "x", json!({ "reason": "r", "scope": { "decisions": ids } }), 422);
    }
    let both = json!({ "reason": "r", "scope": { "decisions": [], "from": "2026-01-01T00:00:00Z" } });
    bad("PUT", "x", both, 400);
    bad("PUT", "x", json!({ "reason": "r", "scope": { "from": "2026-01-01T00:00:00Z" } }), 200);
    bad("PUT", "x", json!({ "reason": "r" }), 200);
    let log = Dir::open_ambient_dir(host.folder.path().join("log"), ambient_authority()).unwrap();
    let ledger = Ledger::read(&Reader::new(Arc::new(log))).unwrap();
    assert_eq!(ledger.holds("demo").len(), 1);
}

#[test]
fn a_server_sweeps_by_itself() {
    let (host, now) = host(1);
    let old = decide(&host, "demo");
    now.fetch_add(11 * DAY_S, Ordering::Relaxed);
    // Asked until it is gone; were nothing swept, this would not end.
    while host.get(&format!("{DECISIONS}/{old}")).status == 200 {}
    host.get(&format!("{DECISIONS}/{old}")).is(410);
}
