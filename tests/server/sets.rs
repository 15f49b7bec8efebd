//! Policy sets: put as a whole, swapped at once, kept, rolled back; packages are named by their bytes.

use super::*;
use std::sync::atomic::{AtomicBool, Ordering};

const SET: &str = "/v1/tenants/demo/set";
const DECISIONS: &str = "/v1/tenants/demo/decisions";

#[test]
fn packages_are_verified_named_by_their_bytes_and_listed() {
    let host = Host::start();
    let package = finding("permit");
    let digest = host.upload(&package);
    assert_eq!(host.upload(&package), digest);
    let wasm = [("content-type", "application/wasm")];
    host.send("PUT", &format!("/v1/packages/{digest}"), &wasm, &package).is(201);
    host.send("PUT", &format!("/v1/packages/{digest}"), &wasm, &trapping()).is(422);
    let refused = host.send("POST", "/v1/packages", &wasm, b"not a policy").is(422);
    assert!(refused["detail"].as_str().unwrap().contains("WebAssembly"), "{refused}");
    let listed = host.get("/v1/packages").is(200);
    assert_eq!(listed["packages"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&listed["packages"][0]["policy"], &listed["packages"][0]["digest"]),
        (&json!("guest"), &json!(digest))
    );
}

#[test]
fn a_set_is_put_shown_and_there_after_a_restart() {
    let host = Host::start();
    host.get(SET).is(404);
    let revision = host.put("demo", &finding("permit"));
    let answer = host.get(SET);
    assert_eq!(answer.header("etag"), Some(format!("\"{revision}\"").as_str()));
    assert_eq!(answer.is(200)["set"]["bindings"][0]["id"], "rules");
    let host = host.again();
    assert_eq!(host.get(SET).is(200)["revision"], revision.as_str());
    assert_eq!(host.json("POST", DECISIONS, &request()).is(200)["revision"], revision.as_str());
    assert_eq!(
        host.get("/v1/tenants").is(200)["tenants"],
        json!([{ "tenant": "demo", "revision": revision, "serves": true }])
    );
}

#[test]
fn a_set_that_cannot_be_used_says_every_reason_and_leaves_the_old_one() {
    let host = Host::start();
    let revision = host.put("demo", &finding("permit"));
    let good = host.upload(&finding("deny"));
    let refusing = Guest { configure: json!({ "err": "not today" }).into(), ..Guest::new(wit()) }.package();
    let refusing = host.upload(&refusing);
    let gone = format!("sha256:{}", "0".repeat(64));
    let broken = set(&[("a", &good), ("b", &gone), ("c", &refusing)]);
    let problem = host.json("PUT", SET, &broken).is(422);
    let pointers: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|at| at["pointer"].clone()).collect();
    assert_eq!(pointers, ["/bindings/1/package", "/bindings/2/package"]);
    assert!(problem["errors"][1]["detail"].as_str().unwrap().contains("not today"), "{problem}");
    let check = |set: Value, status: u16, pointer: &str, detail: &str| {
        let problem = host.json("PUT", SET, &set).is(status);
        assert_eq!(problem["pointer"], pointer, "{problem}");
        assert!(problem.to_string().contains(detail), "{problem}");
    };
    let binding = |member: &str, value: Value| {
        let mut set = set(&[("a", &good)]);
        set["bindings"][0][member] = value;
        set
    };
    check(json!({ "bindings": [] }), 400, "", "otherwise");
    check(binding("mode", json!("open")), 400, "/bindings/0/mode", "unknown variant");
    check(binding("id", json!("")), 422, "/bindings/0/id", "1 to 128");
    check(binding("parameters", json!({ "x": 1 })), 422, "/bindings/0/parameters", "x");
    check(binding("limits", json!({ "deadlineMs": 60_000 })), 422, "/bindings/0/limits", "500 at most");
    check(binding("period", json!({ "from": "soon" })), 422, "/bindings/0/period", "not a date");
    check(binding("overrides", json!([{ "rule": "r9" }])), 422, "/bindings/0/overrides", "no rule `r9`");
    check(
        binding("datasets", json!([{ "name": "d", "version": "1", "digest": gone }])),
        422,
        "/bindings/0/datasets",
        "no dataset",
    );
    check(set(&[("a", &good), ("a", &good)]), 422, "/bindings/1/id", "twice");
    assert_eq!(host.get(SET).is(200)["revision"], revision.as_str());
    assert_eq!(host.json("POST", DECISIONS, &request()).is(200)["permitted"], true);
    host.json("PUT", "/v1/tenants/No/set", &set(&[])).is(400);
}

#[test]
fn whoever_read_an_older_revision_overwrites_nothing() {
    let host = Host::start();
    let digest = host.upload(&finding("permit"));
    let body = set(&[("a", &digest)]).to_string();
    let put = |name: &str, value: &str| {
        let headers = [("content-type", "application/json"), (name, value)];
        host.send("PUT", SET, &headers, body.as_bytes())
    };
    put("if-match", "*").is(412);
    put("if-match", "\"1-000000000000\"").is(412);
    let first = put("if-none-match", "*").is(201)["revision"].as_str().unwrap().to_owned();
    put("if-none-match", "*").is(412);
    let second = put("if-match", &format!("\"{first}\"")).is(200)["revision"].as_str().unwrap().to_owned();
    let stale = put("if-match", &format!("\"{first}\"")).is(412);
    assert!(stale["detail"].as_str().unwrap().contains(&second), "{stale}");
    put("if-match", &format!("\"x\", \"{second}\"")).is(200);
    put("if-match", &format!("W/\"{second}\"")).is(412);
    put("if-match", "unquoted").is(400);
}

#[test]
fn a_rollback_is_a_new_revision_with_an_old_set() {
    let host = Host::start();
    let first = host.put("demo", &finding("permit"));
    let second = host.put("demo", &finding("deny"));
    assert_eq!(host.json("POST", DECISIONS, &request()).is(200)["permitted"], false);
    let third = host.json("POST", &format!("{SET}/rollback"), &json!({ "to": first })).is(200);
    assert_eq!(third["rollbackTo"], first.as_str());
    assert_eq!(host.json("POST", DECISIONS, &request()).is(200)["permitted"], true);
    let host = host.again();
    let history = host.get(&format!("{SET}/revisions")).is(200);
    let names: Vec<_> =
        history["revisions"].as_array().unwrap().iter().map(|r| r["revision"].clone()).collect();
    assert_eq!(names, [third["revision"].clone(), json!(second), json!(first)]);
    let old = host.get(&format!("{SET}/revisions/{second}")).is(200);
    assert_eq!(old["number"], 2);
    host.get(&format!("{SET}/revisions/2-000000000000")).is(404);
    host.get(&format!("{SET}/revisions/x")).is(404);
    host.json("POST", &format!("{SET}/rollback"), &json!({ "to": "9-000000000000" })).is(404);
}

#[test]
fn a_shadow_is_recorded_and_never_decides() {
    let host = Host::start();
    let (permit, deny) = (host.upload(&finding("permit")), host.upload(&finding("deny")));
    let mut both = set(&[("rules", &permit), ("stricter", &deny)]);
    both["bindings"][1]["mode"] = json!("shadow");
    host.put_set("demo", &both);
    let told = host.json("POST", DECISIONS, &request()).is(200);
    assert_eq!((&told["permitted"], &told["decision"]["ceiling"]), (&json!(true), &json!("permit")));
    assert_eq!(
        (&told["bindings"][1]["mode"], &told["bindings"][1]["verdict"]["floor"]),
        (&json!("shadow"), &json!("deny"))
    );
    let shadow = &told["explanation"][1];
    assert_eq!((&shadow["binding"], &shadow["decides"]), (&json!("stricter"), &json!(false)));
}

#[test]
fn the_otherwise_of_the_set_answers_where_nobody_does() {
    let host = Host::start();
    let silent = host.upload(&Guest::new(wit()).package());
    for (otherwise, permitted) in [("permit", true), ("deny", false)] {
        let mut set = set(&[("rules", &silent)]);
        set["otherwise"] = json!(otherwise);
        host.put_set("demo", &set);
        assert_eq!(host.json("POST", DECISIONS, &request()).is(200)["permitted"], permitted);
    }
}

#[test]
fn a_thousand_swaps_under_load_fail_no_request_and_mix_no_revisions() {
    let host = Host::start();
    // Small ones, because a thousand sets are prepared: what is asked here is what is swapped.
    let sets = ["deny", "permit"].map(|outcome| {
        let digest = host.upload(&finding(outcome));
        set(&[("one", &digest), ("two", &digest)])
    });
    let put = |number: usize| {
        let revision = host.put_set("demo", &sets[number % 2]);
        assert_eq!(revision["number"], number);
    };
    put(1);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (host, done) = (&host, &done);
        let ask = move || {
            let (body, mut seen) = (request(), [0u64; 2]);
            while !done.load(Ordering::Relaxed) {
                let told = host.json("POST", DECISIONS, &body).is(200);
                let number = told["revision"].as_str().unwrap().split('-').next().unwrap();
                // Both bindings permit in revisions with odd numbers, and deny in the others.
                let odd = number.parse::<u64>().unwrap() % 2;
                let ceiling = if odd == 1 { "permit" } else { "deny" };
                for binding in told["bindings"].as_array().unwrap() {
                    assert_eq!(binding["verdict"]["ceiling"], ceiling, "{told}");
                }
                assert_eq!(told["permitted"], odd == 1, "{told}");
                seen[usize::from(odd == 1)] += 1;
            }
            seen
        };
        let askers: Vec<_> = (0..2).map(|_| scope.spawn(ask)).collect();
        (2..=1_001).for_each(put);
        done.store(true, Ordering::Relaxed);
        for asker in askers {
            assert!(asker.join().unwrap().iter().all(|seen| *seen > 0), "both sets were asked");
        }
    });
}

#[test]
fn a_dataset_takes_the_place_of_the_package_s_own() {
    let host = Host::start();
    let digest = host.upload(&shipped::package().bytes);
    let list = file("plugins/anthropic-regions/data/regions.csv");
    let answer = host.send("POST", "/v1/datasets", &[("content-type", "text/csv")], &list).is(201);
    let mut with = set(&[("regions", &digest)]);
    with["bindings"][0]["datasets"] = json!([
        { "name": "regions", "version": "ours", "digest": answer["digest"], "period": { "from": "2020-01-01" } }
    ]);
    host.put_set("demo", &with);
    let id = host.json("POST", DECISIONS, &request()).is(200)["id"].as_str().unwrap().to_owned();
    let record = host.get(&format!("{DECISIONS}/{id}")).is(200);
    assert_eq!(record["record"]["bindings"][0]["datasets"][0]["version"], "ours");
}

#[test]
fn bindings_are_counted_before_any_is_prepared() {
    let host = Host::start();
    let digest = format!("sha256:{}", "0".repeat(64));
    let put = |ids: &mut dyn Iterator<Item = String>| {
        let bindings: Vec<_> = ids.map(|id| json!({ "id": id, "package": digest })).collect();
        let answer = host.json("PUT", SET, &json!({ "otherwise": "deny", "bindings": bindings }));
        answer.is(422)["errors"].clone()
    };
    let many = put(&mut (0..257).map(|number| number.to_string()));
    assert_eq!(many, json!([{ "pointer": "/bindings", "detail": "the set has 257 bindings, at most 256" }]));
    // Nor is there a tenant yet, also after a restart.
    let none = |host: &Host| assert_eq!(host.get("/v1/tenants").is(200)["tenants"], json!([]));
    none(&host);
    let twice = put(&mut ["a", "b", "a"].map(str::to_owned).into_iter());
    assert_eq!(twice, json!([{ "pointer": "/bindings/2/id", "detail": "the id stands twice in the set" }]));
    none(&host.again());
}
