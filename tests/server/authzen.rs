//! AuthZEN 1.0: what its certification scenario asks for, and the traps of it.

use super::*;

const ONE: &str = "/access/v1/evaluation";
const MANY: &str = "/access/v1/evaluations";

fn host() -> Host {
    let host = Host::start();
    host.put("demo", &shipped::policy("tests/authzen").bytes);
    host
}

fn subject(id: &str) -> Value {
    json!({ "type": "user", "id": id })
}

fn record(id: &str) -> Value {
    json!({ "type": "record", "id": id })
}

fn call(subject: &Value, action: &Value, resource: &Value) -> Value {
    json!({ "subject": subject, "action": action, "resource": resource })
}

fn reads(id: &str) -> Value {
    call(&subject("alice"), &json!({ "name": "read" }), &record(id))
}

#[test]
fn the_eight_rules_of_the_fixture_are_decided() {
    let host = host();
    let named = |name: &str| json!({ "name": name });
    let soft = |soft: bool| json!({ "name": "delete", "properties": { "soft": soft } });
    let archived = json!({ "type": "record", "id": "record-1", "properties": { "status": "archived" } });
    let admin = json!({ "type": "user", "id": "bob", "properties": { "role": "admin" } });
    let cases = [
        (call(&subject("alice"), &named("read"), &record("record-1")), true),
        (call(&subject("alice"), &named("write"), &record("record-1")), true),
        (call(&subject("bob"), &named("read"), &record("record-1")), true),
        (call(&subject("bob"), &named("write"), &record("record-1")), false),
        (call(&subject("alice"), &named("write"), &archived), false),
        (call(&admin, &named("write"), &archived), true),
        (call(&subject("alice"), &soft(true), &record("record-1")), true),
        (call(&subject("alice"), &soft(false), &record("record-1")), false),
    ];
    for path in [ONE, "/v1/tenants/demo/access/v1/evaluation"] {
        for (number, (call, expected)) in cases.iter().enumerate() {
            let answer = host.json("POST", path, call);
            // Nothing but the decision: callers compare answers whole.
            assert_eq!(answer.is(200), json!({ "decision": expected }), "rule {}", number + 1);
            assert_eq!(answer.header("content-type"), Some("application/json"));
        }
    }
    let calls: Vec<_> = cases.iter().map(|(call, _)| call.clone()).collect();
    let answers = host.json("POST", MANY, &json!({ "evaluations": calls })).is(200);
    let expected: Vec<_> = cases.iter().map(|(_, expected)| json!({ "decision": expected })).collect();
    assert_eq!(answers, json!({ "evaluations": expected }));
    let repeated = host.json("POST", MANY, &json!({ "evaluations": calls }));
    assert_eq!(repeated.is(200), answers);
}

#[test]
fn each_evaluation_is_a_decision_that_is_recorded() {
    let host = host();
    let headers = [("content-type", "application/json; charset=utf-8"), ("x-request-id", "pep-1")];
    let answer = host.send("POST", ONE, &headers, reads("record-1").to_string().as_bytes());
    assert_eq!(answer.header("x-request-id"), Some("pep-1"));
    let id = answer.header("lexgate-decision-id").unwrap().to_owned();
    let told = host.get(&format!("/v1/tenants/demo/decisions/{id}")).is(200);
    assert_eq!(told["permitted"], true);
    assert_eq!(told["record"]["request"]["parties"][0]["recordId"], "alice");
    assert_eq!(
        host.get("/v1/tenants/demo/decisions?party=alice&requestId=pep-1").is(200)["decisions"][0]["id"],
        id
    );
    let explained = host.json("POST", &format!("{ONE}?explain=true"), &reads("record-1")).is(200);
    assert_eq!(
        explained["context"]["reason_admin"]["rules/fixture"],
        "The rules of the fixture were applied."
    );
}

#[test]
fn whatever_else_is_said_is_accepted() {
    let host = host();
    let mut call = reads("record-1");
    call["context"] = json!({ "time": "2026-01-01T00:00:00Z", "ip": "::1", "nothing": null, "time-of": "x" });
    call["unknown"] = json!({ "a": [1, { "b": 2 }] });
    call["subject"]["properties"] =
        json!({ "department": "Sales", "age": 41.5, "tags": ["a", "b"], "on": true });
    call["subject"]["extra"] = json!([[]]);
    call["options"] = json!({ "evaluations_semantic": "execute_all", "other": 1 });
    assert_eq!(host.json("POST", ONE, &call).is(200)["decision"], true);
    // The order of members does not matter.
    let turned = br#"{"resource":{"id":"record-1","type":"record"},"action":{"name":"read"},"subject":{"id":"alice","type":"user"}}"#;
    let answer = host.send("POST", ONE, &[("content-type", "application/json")], turned);
    assert_eq!(answer.is(200)["decision"], true);
}

#[test]
fn what_is_wrong_with_a_call_is_400_and_a_text() {
    let host = host();
    let check = |path: &str, kind: Option<&str>, body: &[u8], why: &str| {
        let headers: Vec<_> = kind.into_iter().map(|kind| ("content-type", kind)).collect();
        let answer = host.send("POST", path, &headers, body);
        assert_eq!(answer.status, 400, "{}: {answer:?}", String::from_utf8_lossy(body));
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        assert!(answer.text.contains(why), "{}", answer.text);
    };
    let good = reads("record-1").to_string();
    for path in [ONE, MANY] {
        check(path, Some("text/plain"), good.as_bytes(), "application/json");
        check(path, None, good.as_bytes(), "application/json");
        check(path, Some("application/json"), b"", "EOF");
        check(path, Some("application/json"), b"{\"subject\":", "EOF");
        check(path, Some("application/json"), b"[]", "an object");
        check(path, Some("application/json"), br#"{"action":{},"action":{}}"#, "twice");
        for (name, member) in [
            ("subject", "type"),
            ("subject", "id"),
            ("action", "name"),
            ("resource", "type"),
            ("resource", "id"),
        ] {
            let mut call = reads("record-1");
            call[name].as_object_mut().unwrap().remove(member);
            check(
                path,
                Some("application/json"),
                call.to_string().as_bytes(),
                &format!("`{name}.{member}` is missing"),
            );
            call[name][member] = json!(7);
            check(
                path,
                Some("application/json"),
                call.to_string().as_bytes(),
                &format!("`{name}.{member}` is not a text"),
            );
            call[name] = json!("text");
            check(
                path,
                Some("application/json"),
                call.to_string().as_bytes(),
                &format!("`{name}` is not an object"),
            );
            call.as_object_mut().unwrap().remove(name);
            check(
                path,
                Some("application/json"),
                call.to_string().as_bytes(),
                &format!("`{name}` is missing"),
            );
        }
        let mut call = reads("record-1");
        call["subject"]["properties"] = json!({ "deep": { "er": 1 } });
        check(path, Some("application/json"), call.to_string().as_bytes(), "authzen.subject.deep");
        call["subject"]["properties"] = json!("x");
        check(path, Some("application/json"), call.to_string().as_bytes(), "not an object");
    }
    let list = json!({ "evaluations": {} }).to_string();
    check(MANY, Some("application/json"), list.as_bytes(), "not a list");
    let semantic =
        json!({ "evaluations": [reads("record-1")], "options": { "evaluations_semantic": "all" } });
    check(MANY, Some("application/json"), semantic.to_string().as_bytes(), "execute_all");
    let default = json!({ "evaluations": [reads("record-1")], "subject": "alice" });
    check(MANY, Some("application/json"), default.to_string().as_bytes(), "`subject` is not an object");
    assert_eq!(host.get(ONE).status, 405);
}

#[test]
fn evaluations_take_what_they_do_not_say_from_the_call() {
    let host = host();
    let ask = |call: &Value| host.json("POST", MANY, call).is(200);
    let mut call = reads("record-1");
    // None: as a single one.
    assert_eq!(ask(&call), json!({ "decision": true }));
    call["evaluations"] = json!([]);
    assert_eq!(ask(&call), json!({ "decision": true }));
    let write = json!({ "name": "write" });
    let default = json!({ "type": "user", "id": "bob", "properties": { "role": "admin" } });
    let call = json!({
        "subject": default, "action": write, "resource": record("record-2"),
        "evaluations": [
            {},
            // A whole entity, not its members: this bob is no administrator.
            { "subject": subject("bob") },
            { "action": { "name": "read" }, "subject": subject("bob") },
            { "resource": record("record-1") },
            { "subject": subject("alice"), "resource": record("record-1") },
        ],
    });
    let decisions: Vec<_> =
        [true, false, true, false, true].map(|decision| json!({ "decision": decision })).into();
    assert_eq!(ask(&call), json!({ "evaluations": decisions }));
}

#[test]
fn a_bad_evaluation_is_a_false_of_its_own() {
    let host = host();
    let call = json!({
        "subject": subject("alice"), "action": { "name": "read" },
        "evaluations": [
            { "resource": record("record-1") },
            {},
            { "resource": { "type": "record" } },
            { "resource": record("record-1"), "subject": { "id": "x" } },
            { "resource": record("record-1"), "context": [] },
            7,
            { "resource": { "type": "record", "id": "r", "properties": { "x": [[1]] } } },
            { "resource": record("record-2") },
        ],
    });
    let answer = host.json("POST", MANY, &call).is(200);
    let decisions: Vec<_> = [true, false, false, false, false, false, false, true]
        .map(|decision| json!({ "decision": decision }))
        .into();
    assert_eq!(answer, json!({ "evaluations": decisions }));
    let why = host.json("POST", &format!("{MANY}?explain=true"), &call).is(200);
    assert_eq!(
        why["evaluations"][1]["context"]["error"],
        json!({ "status": 400, "message": "`resource` is missing" })
    );
}

#[test]
fn the_three_semantics_end_where_they_say() {
    let host = host();
    let write = |id: &str| json!({ "subject": subject(id), "action": { "name": "write" }, "resource": record("record-1") });
    let ask = |semantic: &str, ids: &[&str]| -> Vec<bool> {
        let evaluations: Vec<_> = ids.iter().map(|id| write(id)).collect();
        let call = json!({ "evaluations": evaluations, "options": { "evaluations_semantic": semantic } });
        let answer = host.json("POST", MANY, &call).is(200);
        answer["evaluations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["decision"].as_bool().unwrap())
            .collect()
    };
    let ids = ["alice", "bob", "alice", "bob"];
    assert_eq!(ask("execute_all", &ids), [true, false, true, false]);
    assert_eq!(ask("deny_on_first_deny", &ids), [true, false]);
    assert_eq!(ask("permit_on_first_permit", &ids), [true]);
    assert_eq!(ask("permit_on_first_permit", &["bob", "bob"]), [false, false]);
    // What was not answered was not decided: 4 + 2 + 1 + 2.
    let listed = host.get("/v1/tenants/demo/decisions").is(200);
    assert_eq!(listed["decisions"].as_array().unwrap().len(), 9);
}

#[test]
fn the_metadata_names_the_decision_point_it_is_asked_of() {
    let host = host();
    let check = |path: &str, point: &str| {
        let expected = json!({
            "policy_decision_point": point,
            "access_evaluation_endpoint": format!("{point}/access/v1/evaluation"),
            "access_evaluations_endpoint": format!("{point}/access/v1/evaluations"),
        });
        assert_eq!(host.get(path).is(200), expected);
    };
    check("/.well-known/authzen-configuration", "https://pdp.example");
    check("/.well-known/authzen-configuration/v1/tenants/demo", "https://pdp.example/v1/tenants/demo");
}

#[test]
fn what_evaluations_have_in_common_is_not_multiplied_without_end() {
    let host = host();
    let context = json!({ "note": "x".repeat(30_000) });
    let several = |count: usize| {
        let mut call = call(&subject("alice"), &json!({ "name": "can_read" }), &record("1"));
        call["context"] = context.clone();
        call["evaluations"] = vec![json!({}); count].into();
        host.json("POST", "/access/v1/evaluations", &call)
    };
    let answer = several(500);
    assert_eq!(answer.status, 413, "{answer:?}");
    assert!(answer.text.contains("8388608 at most"), "{answer:?}");
    assert_eq!(several(3).is(200)["evaluations"].as_array().unwrap().len(), 3);
}
