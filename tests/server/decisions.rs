//! Decisions: recorded before they are answered, explained, found again.

use super::*;

const DECISIONS: &str = "/v1/tenants/demo/decisions";

#[test]
fn a_decision_is_explained_recorded_and_there_after_a_restart() {
    let host = Host::start();
    let revision = host.put("demo", &finding("deny"));
    let answer = host.json("POST", DECISIONS, &request());
    let told = answer.is(200);
    assert_eq!(told["permitted"], false);
    assert_eq!((&told["decision"]["floor"], &told["decision"]["ceiling"]), (&json!("deny"), &json!("deny")));
    assert_eq!(told["revision"], revision.as_str());
    assert_eq!(told["explanation"][0]["message"], "Looked.");
    assert_eq!(told["explanation"][0]["decides"], true);
    assert_eq!(told["bindings"][0]["policy"]["id"], "guest");
    let id = told["id"].as_str().unwrap().to_owned();
    let host = host.again();
    let again = host.get(&format!("{DECISIONS}/{id}")).is(200);
    assert_eq!(again["record"]["request"]["action"], "supply");
    let mut without = again.clone();
    without.as_object_mut().unwrap().remove("record");
    assert_eq!(without, told);
}

#[test]
fn a_shipped_policy_decides_over_http() {
    let host = Host::start();
    host.put("demo", &shipped::package().bytes);
    let told = host.json("POST", DECISIONS, &request()).is(200);
    assert_eq!(told["bindings"][0]["policy"]["id"], "anthropic-regions");
    assert!(told["explanation"][0]["citation"]["instrument"].is_string(), "{told}");
}

#[test]
fn a_fault_is_data_and_denies() {
    let host = Host::start();
    host.put("demo", &trapping());
    let told = host.json("POST", DECISIONS, &request()).is(200);
    assert_eq!(told["bindings"][0]["fault"]["kind"], "trap");
    assert_eq!((&told["permitted"], &told["decision"]["floor"]), (&json!(false), &json!("deny")));
}

#[test]
fn obligations_are_for_callers_that_declare_to_fulfil_them() {
    let host = Host::start();
    host.put("demo", &finding("permit-with-obligations"));
    let told = host.json("POST", DECISIONS, &request()).is(200);
    assert_eq!(told["permitted"], false);
    // The binding that asks for it, and that it is binding, are two things.
    let action = &told["decision"]["actions"][0];
    assert_eq!((&action["binding"], &action["obligation"]["binding"]), (&json!("rules"), &json!(true)));
    let fulfilled = format!("{DECISIONS}?obligations=fulfilled");
    assert_eq!(host.json("POST", &fulfilled, &request()).is(200)["permitted"], true);
    host.json("POST", &format!("{DECISIONS}?obligation=fulfilled"), &request()).is(400);
}

#[test]
fn bad_requests_say_where_and_what() {
    let host = Host::start();
    host.put("demo", &finding("permit"));
    let check = |body: &[u8], status: u16, pointer: &str, detail: &str| {
        let answer = host.send("POST", DECISIONS, &[("content-type", "application/json")], body);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let problem = answer.is(status);
        assert_eq!((&problem["pointer"], &problem["status"]), (&json!(pointer), &json!(status)), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{problem}");
        assert!(problem["type"].as_str().unwrap().starts_with("urn:lexgate:problem:"));
    };
    let with = |name: &str, value: Value| {
        let mut request = request();
        request[name] = value;
        request.to_string().into_bytes()
    };
    check(b"", 400, "", "not JSON");
    check(b"{", 400, "", "not JSON");
    check(b"\xff", 400, "", "UTF-8");
    check(b"[]", 400, "", "expected");
    check(br#"{"action":"a","action":"b"}"#, 400, "", "given twice");
    check(&with("acton", json!("x")), 400, "", "did you mean `action`");
    check(&with("action", json!(1)), 400, "/action", "expected");
    check(
        &with("resource", json!({ "recordId": "r", "producer": "nobody" })),
        400,
        "/resource/producer",
        "nobody",
    );
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    check(deep.as_bytes(), 400, "", "expected");
    let long = with("action", json!("x".repeat(9_000)));
    check(&long, 413, "/action", "at most");
    let answer =
        host.send("POST", DECISIONS, &[("content-type", "application/json")], &vec![b' '; (1 << 20) + 1]);
    answer.is(413);
    let answer = host.send("POST", DECISIONS, &[("content-type", "text/plain")], b"{}");
    answer.is(415);
    host.json("POST", "/v1/tenants/nobody/decisions", &request()).is(404);
    host.json("POST", "/v1/tenants/No%2Fbody/decisions", &request()).is(404);
    host.get(&format!("{DECISIONS}/x")).is(404);
    host.get("/nothing").is(404);
    host.json("PATCH", DECISIONS, &json!({})).is(405);
}

#[test]
fn an_idempotency_key_means_one_decision() {
    let host = Host::start();
    host.put("demo", &finding("permit"));
    let mut request = request();
    request.as_object_mut().unwrap().remove("evaluationDate");
    let ask = |key: &str, request: &Value| {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        host.send("POST", DECISIONS, &headers, request.to_string().as_bytes())
    };
    let first = ask("k1", &request).is(200);
    let again = ask("k1", &request);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.is(200), first);
    assert_ne!(ask("k2", &request).is(200)["id"], first["id"]);
    let mut other = request.clone();
    other["action"] = json!("export");
    ask("k1", &other).is(422);
    // Nor is it the same for somebody who fulfils obligations.
    let headers = [("content-type", "application/json"), ("idempotency-key", "k1")];
    let fulfilled = format!("{DECISIONS}?obligations=fulfilled");
    host.send("POST", &fulfilled, &headers, request.to_string().as_bytes()).is(422);
    ask("", &request).is(400);
    ask(&"k".repeat(129), &request).is(400);
    // Another tenant's key is its own.
    host.put("other", &finding("permit"));
    let headers = [("content-type", "application/json"), ("idempotency-key", "k1")];
    let answer = host.send("POST", "/v1/tenants/other/decisions", &headers, request.to_string().as_bytes());
    assert_ne!(answer.is(200)["id"], first["id"]);
}

#[test]
fn many_at_once_with_one_key_are_one_decision() {
    let host = Host::start();
    host.put("demo", &finding("permit"));
    let (host, request) = (&host, &request());
    let ids: Vec<_> = std::thread::scope(|scope| {
        let ask = move || loop {
            let headers = [("content-type", "application/json"), ("idempotency-key", "storm")];
            let answer = host.send("POST", DECISIONS, &headers, request.to_string().as_bytes());
            if answer.status == 200 {
                return answer.json()["id"].as_str().unwrap().to_owned();
            }
            assert_eq!((answer.status, answer.header("retry-after")), (409, Some("1")));
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[test]
fn a_request_id_is_echoed_and_found() {
    let host = Host::start();
    host.put("demo", &finding("permit"));
    let headers = [("content-type", "application/json"), ("x-request-id", "mine-7")];
    let answer = host.send("POST", DECISIONS, &headers, request().to_string().as_bytes());
    assert_eq!(answer.header("x-request-id"), Some("mine-7"));
    let id = answer.is(200)["id"].clone();
    let found = host.get(&format!("{DECISIONS}?requestId=mine-7")).is(200);
    assert_eq!(found["decisions"][0]["id"], id);
    assert!(host.json("POST", DECISIONS, &json!({})).header("x-request-id").is_some());
}

#[test]
fn decisions_are_listed_by_filters_and_pages() {
    let host = Host::start();
    host.put("demo", &finding("permit"));
    host.put("other", &finding("deny"));
    let ids: Vec<_> =
        (0..5).map(|_| host.json("POST", DECISIONS, &request()).is(200)["id"].clone()).collect();
    let theirs = host.json("POST", "/v1/tenants/other/decisions", &request()).is(200)["id"].clone();
    host.put("demo", &finding("review"));
    let last = host.json("POST", DECISIONS, &request()).is(200)["id"].clone();
    let list = |query: &str| host.get(&format!("{DECISIONS}?{query}")).is(200);
    let found = |query: &str| {
        let list = list(query);
        list["decisions"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(found("outcome=review"), std::slice::from_ref(&last));
    assert_eq!(found("atLeast=review&policy=guest"), std::slice::from_ref(&last));
    assert_eq!(found("outcome=permit&order=oldest-first"), ids);
    assert_eq!(found("party=e&limit=1"), [last]);
    assert_eq!(
        found("party=x").len() + found("from=2100-01-01T00:00:00Z").len() + found("fault=true").len(),
        0
    );
    let page = list("limit=4&order=oldest-first");
    assert_eq!(page["decisions"].as_array().unwrap().len(), 4);
    let next = page["next"].as_str().unwrap();
    assert_eq!(found(&format!("order=oldest-first&after={next}")).len(), 2);
    // Another tenant's is not there, by whatever address.
    host.get(&format!("{DECISIONS}/{}", theirs.as_str().unwrap())).is(404);
    for bad in
        ["limit=0", "limit=x", "outcome=maybe", "outcome=deny&open=true", "from=now", "after=x", "colour=red"]
    {
        host.get(&format!("{DECISIONS}?{bad}")).is(400);
    }
}

#[test]
fn a_what_if_has_a_route_of_its_own_and_is_no_decision() {
    let host = Host::start();
    host.put("demo", &finding("permit"));
    let told = host.json("POST", "/v1/tenants/demo/what-if", &request()).is(200);
    assert_eq!((&told["whatIf"], &told["wouldBe"]["floor"]), (&json!(true), &json!("permit")));
    for absent in ["id", "decision", "permitted"] {
        assert!(told.get(absent).is_none(), "{absent}");
    }
    assert_eq!(host.get(DECISIONS).is(200)["decisions"], json!([]));
}

#[test]
fn it_says_how_it_does() {
    let host = Host::start();
    host.put("demo", &trapping());
    host.json("POST", DECISIONS, &request()).is(200);
    assert_eq!(host.get("/healthz").is(200)["alive"], true);
    assert_eq!(host.get("/readyz").is(200)["ready"], true);
    let text = host.get("/metrics").text;
    for line in [
        "lexgate_decisions_total{tenant=\"demo\",floor=\"deny\",ceiling=\"deny\"} 1",
        "lexgate_faults_total{policy=\"guest\",fault=\"trap\"} 1",
        "lexgate_decision_seconds_count 1",
        "lexgate_log_durable 2",
        "lexgate_tenants 1",
        "# EOF",
    ] {
        assert!(text.lines().any(|have| have == line), "{line}\n{text}");
    }
}

#[test]
fn hostile_http_is_refused_and_others_are_served() {
    let host = Host::with(Arc::new(tempfile::tempdir().unwrap()), |config| {
        config.limits.head_ms = 500;
        config.limits.body_ms = 500;
    });
    host.put("demo", &finding("permit"));
    let post =
        "POST /v1/tenants/demo/decisions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let check = |bytes: &str, expected: &str| {
        let answer = host.raw(bytes.as_bytes());
        assert!(answer.starts_with(expected), "{bytes:.80}: {answer}");
    };
    // A request inside another: two lengths that disagree, or a length beside chunks.
    check(&format!("{post}content-length: 3\r\ncontent-length: 4\r\n\r\n{{}}"), "HTTP/1.1 400");
    let both = format!(
        "{post}content-length: 4\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n0\r\n\r\n"
    );
    check(&both, "HTTP/1.1 400");
    let huge = "x".repeat(100_000);
    check(&format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: {huge}\r\n\r\n"), "HTTP/1.1 431");
    check("GET /healthz HTTP/1.1\r\nhost: loc", "");
    check(&format!("{post}content-length: 900\r\nconnection: close\r\n\r\n{{"), "HTTP/1.1 408");
    host.json("POST", DECISIONS, &request()).is(200);
}

#[test]
fn what_was_begun_is_answered_when_the_server_stops() {
    let mut host = Host::start();
    host.put("demo", &finding("permit"));
    let mut stream = TcpStream::connect(host.address).unwrap();
    let body = request().to_string();
    let head = format!(
        "POST {DECISIONS} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let stop = host.stop.take();
    drop(stop);
    std::thread::sleep(Duration::from_millis(200));
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    host.end();
    assert!(TcpStream::connect(host.address).is_err());
}
