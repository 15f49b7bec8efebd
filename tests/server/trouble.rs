//! What goes wrong around a server that runs: its index, its clock, its readers, its log.

use super::*;
use std::sync::atomic::{AtomicI64, Ordering};

const DECISIONS: &str = "/v1/tenants/demo/decisions";

fn decide(host: &Host) -> String {
    host.json("POST", DECISIONS, &request()).is(200)["id"].as_str().unwrap().to_owned()
}

fn listed(host: &Host) -> usize {
    host.get(DECISIONS).is(200)["decisions"].as_array().unwrap().len()
}

#[test]
fn an_index_that_is_deleted_is_made_again() {
    let host = Host::start();
    host.put("demo", &finding("permit"));
    decide(&host);
    assert_eq!(listed(&host), 1);
    for entry in std::fs::read_dir(host.folder.path().join("index")).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let id = decide(&host);
    assert_eq!(listed(&host), 2);
    host.get(&format!("{DECISIONS}/{id}")).is(200);
}

#[test]
fn an_index_that_is_locked_delays_no_decision() {
    let host = Host::start();
    host.put("demo", &finding("permit"));
    decide(&host);
    assert_eq!(listed(&host), 1);
    let locker = rusqlite::Connection::open(host.folder.path().join("index/index.sqlite")).unwrap();
    locker.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let id = decide(&host);
    // What is found by id needs no index; what is searched for is told to come back.
    host.get(&format!("{DECISIONS}/{id}")).is(200);
    let refused = host.get(DECISIONS).is(503);
    assert!(refused["detail"].as_str().unwrap().contains("locked"), "{refused}");
    assert_eq!(host.get("/readyz").is(200)["ready"], true);
    locker.execute_batch("ROLLBACK").unwrap();
    while host.get(DECISIONS).status == 503 {}
    assert_eq!(listed(&host), 2);
}

#[test]
fn a_clock_that_goes_backwards_loses_and_doubles_nothing() {
    let now = Arc::new(AtomicI64::new(1_800_000_000));
    let clock = Arc::clone(&now);
    let host = Host::with(Arc::new(tempfile::tempdir().unwrap()), move |config| {
        let seconds = move || jiff::Timestamp::from_second(clock.load(Ordering::Relaxed)).unwrap();
        config.clock = Arc::new(seconds);
    });
    host.put("demo", &finding("permit"));
    let mut ids = Vec::new();
    for step in [0, -1, -86_400, 3_600, -86_400 * 400] {
        now.fetch_add(step, Ordering::Relaxed);
        ids.push(decide(&host));
    }
    // Ids go on growing, so that they sort as they were written; each says what the clock said.
    assert!(ids.is_sorted(), "{ids:?}");
    let found = host.get(&format!("{DECISIONS}?order=oldest-first")).is(200);
    let rows = found["decisions"].as_array().unwrap();
    assert_eq!(rows.iter().map(|row| row["id"].as_str().unwrap()).collect::<Vec<_>>(), ids);
    assert_eq!(host.get("/metrics").status, 200);
    host.put("demo", &finding("deny"));
    assert_eq!(host.json("POST", DECISIONS, &request()).is(200)["permitted"], false);
}

#[test]
fn one_broken_package_in_a_set_of_ten_leaves_the_old_set_serving() {
    let host = Host::start();
    let revision = host.put("demo", &finding("permit"));
    let good = host.upload(&finding("deny"));
    let refusing = Guest { configure: json!({ "err": "not today" }).into(), ..Guest::new(wit()) }.package();
    let refusing = host.upload(&refusing);
    let ids: Vec<String> = (0..10).map(|number| format!("rules-{number}")).collect();
    for broken in [0, 6, 9] {
        let package = |number: usize| if number == broken { refusing.as_str() } else { good.as_str() };
        let bindings: Vec<_> = (0..10).map(|number| (ids[number].as_str(), package(number))).collect();
        let problem = host.json("PUT", "/v1/tenants/demo/set", &set(&bindings)).is(422);
        assert_eq!(problem["pointer"], format!("/bindings/{broken}/package"));
        let told = host.json("POST", DECISIONS, &request()).is(200);
        assert_eq!((&told["revision"], &told["permitted"]), (&json!(revision), &json!(true)));
    }
}

#[test]
fn whoever_never_reads_the_answer_does_not_keep_the_place() {
    let host = Host::with(Arc::new(tempfile::tempdir().unwrap()), |config| {
        config.limits.connections = 1;
        config.limits.write_ms = 100;
    });
    let mut stream = TcpStream::connect(host.address).unwrap();
    // Should the server wait for ever, this fails instead of waiting as well.
    stream.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
    let asked = b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(100);
    let ended = loop {
        if let Err(error) = stream.write_all(&asked) {
            break error.kind();
        }
    };
    assert!(
        [std::io::ErrorKind::BrokenPipe, std::io::ErrorKind::ConnectionReset].contains(&ended),
        "the server ended the connection: {ended:?}"
    );
    // The one place is free, though the other end is still open.
    assert_eq!(host.get("/healthz").status, 200);
}

#[test]
fn texts_that_two_readers_take_for_two_things_are_refused_everywhere() {
    let host = Host::start();
    host.put("demo", &finding("permit"));
    let digest = host.upload(&finding("permit"));
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let twice = format!(
        "{{\"otherwise\":\"deny\",\"otherwise\":\"permit\",\"bindings\":[{{\"id\":\"a\",\"package\":\"{digest}\"}}]}}"
    );
    let deep_set = format!(
        "{{\"otherwise\":\"deny\",\"bindings\":[{{\"id\":\"a\",\"package\":\"{digest}\",\"parameters\":{{\"a\":{deep}}}}}]}}"
    );
    let json = [("content-type", "application/json")];
    for (path, method) in [
        (DECISIONS, "POST"),
        ("/v1/tenants/demo/what-if", "POST"),
        ("/v1/tenants/demo/set", "PUT"),
        ("/v1/tenants/demo/set/rollback", "POST"),
        ("/v1/tenants/demo/holds/x", "PUT"),
        ("/access/v1/evaluation", "POST"),
        ("/access/v1/evaluations", "POST"),
    ] {
        for body in
            [deep.as_bytes(), b"{\"a\xff\":1}", twice.as_bytes(), deep_set.as_bytes(), b"\xef\xbb\xbf{}", b""]
        {
            let answer = host.send(method, path, &json, body);
            assert_eq!(
                answer.status,
                400,
                "{method} {path} {:.40}: {answer:?}",
                String::from_utf8_lossy(body)
            );
        }
    }
    assert_eq!(host.get("/healthz").status, 200);
}
