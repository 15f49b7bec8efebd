//! What a tenant may use up, and what others notice of it.

use super::*;
use jiff::{SignedDuration, Timestamp};
use lexgate_server::Quota;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicI64, Ordering};

fn decisions(tenant: &str) -> String {
    format!("/v1/tenants/{tenant}/decisions")
}

#[test]
fn a_tenant_without_fuel_waits_and_others_do_not() {
    let seconds = Arc::new(AtomicI64::new(0));
    let hand = Arc::clone(&seconds);
    let begin = Timestamp::now();
    let host = Host::with(Arc::new(tempfile::tempdir().unwrap()), |config| {
        config.clock = Arc::new(move || begin + SignedDuration::from_secs(hand.load(Ordering::SeqCst)));
        // A decision uses more than ten seconds give.
        let quota = Quota { fuel_per_s: NonZeroU64::new(1), ..Quota::default() };
        config.quotas.named.insert("greedy".parse().unwrap(), quota);
    });
    for tenant in ["greedy", "quiet"] {
        host.put(tenant, &finding("permit"));
    }
    host.json("POST", &decisions("greedy"), &request()).is(200);
    for path in [decisions("greedy"), "/v1/tenants/greedy/what-if".to_owned()] {
        let refused = host.json("POST", &path, &request());
        assert!(refused.is(429)["detail"].as_str().unwrap().contains("1 units a second"));
        assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() > 100);
    }
    host.json("POST", &decisions("quiet"), &request()).is(200);
    // What was said is true.
    let refused = host.json("POST", &decisions("greedy"), &request());
    let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    seconds.store(wait, Ordering::SeqCst);
    host.json("POST", &decisions("greedy"), &request()).is(200);
}

#[test]
fn where_nothing_is_recorded_an_answer_has_no_id() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let host = Host::with(Arc::clone(&folder), |config| config.recording = Recording::Nothing);
    let revision = host.put("demo", &finding("deny"));
    let told = host.json("POST", &decisions("demo"), &request()).is(200);
    assert_eq!((&told["permitted"], &told["revision"]), (&json!(false), &json!(revision)));
    assert_eq!(told["explanation"][0]["message"], "Looked.");
    assert_eq!((told.get("id"), told.get("recorded")), (None, None));
    assert_eq!(host.get(&decisions("demo")).is(200)["decisions"], json!([]));
    let headers = [("content-type", "application/json"), ("idempotency-key", "k")];
    let keyed = host.send("POST", &decisions("demo"), &headers, request().to_string().as_bytes());
    assert!(keyed.is(422)["detail"].as_str().unwrap().contains("records no decisions"));
    // A change of the set is recorded all the same.
    let log = Dir::open_ambient_dir(folder.path().join("log"), ambient_authority()).unwrap();
    let entries = lexgate_audit::Reader::new(Arc::new(log)).entries(1).unwrap();
    let kinds: Vec<_> = entries.map(|entry| entry.unwrap().1.head.kind).collect();
    assert_eq!(kinds, [lexgate_audit::Kind::SetPut]);
}
