//! `lexgate facts`, `ask` and `matrix` as their users meet them, with manifests that declare facts.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test may fail anywhere, and makes its own files"
)]

mod ran;

use ran::{Ran, program, root, run};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::OnceLock;

fn lexgate(args: &[&str]) -> Ran {
    lexgate_in(&root(), args)
}

fn lexgate_in(folder: &Path, args: &[&str]) -> Ran {
    run(program(folder).args(args), b"")
}

/// A policy of which only the manifest matters.
fn folder(at: &tempfile::TempDir, id: &str, facts: &str) -> String {
    let folder = at.path().join(id);
    std::fs::create_dir_all(&folder).unwrap();
    let text = format!(
        r#"
        policy = {{ id = "{id}", version = "1.0.0", title = "T", contract = "lexgate:screening@0.1.0",
                    time-zone = "Asia/Seoul", authority = "A" }}
        rules = [{{ id = "a", status = "in-force", citation = {{ instrument = "I" }}, source = "S" }}]
        {facts}
        "#
    );
    std::fs::write(folder.join("lexgate.toml"), text).unwrap();
    folder.to_str().unwrap().to_owned()
}

fn fact(name: &str, kind: &str) -> String {
    format!(
        "[[facts]]\nof = \"party\"\nname = \"{name}\"\ntype = \"{kind}\"\nsays = \"what {name} is\"\nrules = [\"a\"]\n"
    )
}

#[test]
fn a_fact_is_shown_once_with_all_of_its_readers() {
    let at = tempfile::tempdir().unwrap();
    let one = folder(&at, "one", &fact("militaryEndUser", "flag"));
    let two = folder(&at, "two", &fact("militaryEndUser", "flag"));
    let none = folder(&at, "none", "");
    let ran = lexgate(&["facts", "--policy", &one, &two, &none]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(
        ran.out,
        "\
a party
  name             type  tells                    read by
  militaryEndUser  flag  what militaryEndUser is  one: a; two: a

none declares no facts
"
    );
    let ran = lexgate(&["facts", "--json", "--policy", &one, &two]);
    let vocabulary: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        vocabulary["facts"],
        json!([{
            "of": "party", "name": "militaryEndUser", "type": "flag", "says": ["what militaryEndUser is"],
            "readers": [{ "policy": "one", "rules": ["a"] }, { "policy": "two", "rules": ["a"] }],
        }])
    );
    let ran = lexgate(&["facts", "--markdown", "--policy", &one]);
    assert!(ran.out.starts_with("# The facts that policies read\n"), "{}", ran.out);
    assert!(
        ran.out.contains("| `militaryEndUser` | flag | what militaryEndUser is | `one`: `a` |\n"),
        "{}",
        ran.out
    );
}

#[test]
fn two_types_of_one_fact_are_a_conflict_in_every_form() {
    let at = tempfile::tempdir().unwrap();
    let one = folder(&at, "one", &fact("served", "flag"));
    let two = folder(&at, "two", &fact("served", "date"));
    let ran = lexgate(&["facts", "--policy", &one, &two]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (1, "conflict  `served` of a party is flag for one, but date for two\n")
    );
    let ran = lexgate(&["facts", "--markdown", "--policy", &one, &two]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("\n## Conflicts\n"), "{}", ran.out);
    let ran = lexgate(&["facts", "--json", "--policy", &one, &two]);
    let vocabulary: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(ran.code, 1);
    assert_eq!(vocabulary["conflicts"][0]["name"], "served");
}

#[test]
fn without_packages_facts_says_how_to_get_some() {
    let at = tempfile::tempdir().unwrap();
    let ran = lexgate_in(at.path(), &["facts"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("no packages in `target/lexgate`") && ran.err.contains("lexgate build"),
        "{}",
        ran.err
    );
    let one = folder(&at, "one", "");
    for (args, words) in [
        (vec!["facts", "--policy", &one, &one], "policy `one` is given twice"),
        (vec!["facts", "--policy", "no/such.wasm"], "no"),
        (vec!["facts", "--policy", "plugins"], "for the policies in it write `plugins/*`"),
        (vec!["inspect", "plugins"], "`plugins` is a folder; expected a package"),
        (vec!["facts", "--policy", &one, "--markdown", "--json"], "give one"),
    ] {
        let ran = lexgate(&args);
        assert_eq!(ran.code, 1, "{args:?}");
        assert!(format!("{}{}", ran.err, ran.out).contains(words), "{args:?}: {}", ran.err);
    }
    let bad = folder(&at, "bad", &fact("x", "flag").replace("[\"a\"]", "[\"b\"]"));
    let ran = lexgate(&["facts", "--policy", &bad]);
    assert!(ran.code == 1 && ran.err.contains("`b` is no rule of this policy"), "{}", ran.err);
}

/// Returns a package of `kr-csap` that declares some facts, built once for all tests: its component is the shipped one.
fn package() -> &'static str {
    static PACKAGE: OnceLock<(tempfile::TempDir, String)> = OnceLock::new();
    let build = || {
        let at = tempfile::tempdir().unwrap();
        let out = at.path().join("out").to_str().unwrap().to_owned();
        let built = lexgate(&["build", "plugins/kr-csap", "--out", &out]);
        assert_eq!(built.code, 0, "{}{}", built.out, built.err);
        let folder = at.path().join("kr-csap");
        std::fs::create_dir_all(folder.join("data")).unwrap();
        let source = root().join("plugins/kr-csap");
        for entry in std::fs::read_dir(source.join("data")).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), folder.join("data").join(entry.file_name())).unwrap();
        }
        let manifest = std::fs::read_to_string(source.join("lexgate.toml")).unwrap();
        let manifest = format!("{}{FACTS}[build]\ncomponent = \"policy.wasm\"\n", without_facts(&manifest));
        std::fs::write(folder.join("lexgate.toml"), manifest).unwrap();
        let shipped = std::fs::read(Path::new(&out).join("kr-csap.wasm")).unwrap();
        std::fs::write(folder.join("policy.wasm"), component(&shipped)).unwrap();
        let built = lexgate(&["build", folder.to_str().unwrap(), "--out", &out, "--json"]);
        assert_eq!(built.code, 0, "{}{}", built.out, built.err);
        let built: Value = serde_json::from_str(&built.out).unwrap();
        let file = built["file"].as_str().unwrap().to_owned();
        (at, file)
    };
    &PACKAGE.get_or_init(build).1
}

const FACTS: &str = r#"
[[facts]]
of = "deployment"
name = "networkSeparation"
type = "text"
values = ["physical", "logical", "none"]
says = "how its networks are separated"
rules = ["csap", "csap-ungraded"]

[[facts]]
of = "deployment"
name = "personalData"
type = "flag"
says = "whether it holds personal data"
rules = ["csap"]
"#;

/// Returns a manifest without the facts it declares.
fn without_facts(manifest: &str) -> String {
    let mut inside = false;
    let mut text = String::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.starts_with("[[facts]]");
        }
        if !inside {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// Returns the component of a package without its `lexgate:` sections.
fn component(package: &[u8]) -> &[u8] {
    // The sections are appended, the manifest first.
    let name = b"lexgate:manifest";
    let mut start = package.windows(name.len()).rposition(|window| window == name).unwrap() - 1;
    // Back over the length of the section (LEB128) to its id, which is 0 for custom sections.
    while package[start - 1] != 0 {
        start -= 1;
    }
    &package[..start - 1]
}

/// A public body of Korea that is supplied with a system of low grade, of which one thing is not said.
fn request() -> Value {
    json!({
        "evaluationDate": "2025-09-05", "action": "supply",
        "participants": [{ "role": "endUser", "party": "office" }, { "role": "operator", "party": "cloud" }],
        "parties": [
            { "recordId": "office", "kind": "stateBody", "names": [{ "fullName": "Seoul Office" }], "jurisdiction": "KR", "headquarters": "KR" },
            { "recordId": "cloud", "kind": "registeredEntity", "names": [{ "fullName": "Cloud Co" }], "headquarters": "KR" },
        ],
        "resource": { "recordId": "compute", "category": "compute", "facts": { "serviceModel": "IaaS" } },
        "deployment": { "operator": "cloud", "region": "KR", "facts": {
            "dataClassification.scheme": "CSAP", "dataClassification.level": "low", "personalData": false,
            "operationsCountry": "KR" } },
        "certificates": [{ "scheme": "CSAP", "grade": "low", "serviceModel": "IaaS", "holder": "cloud",
                           "validFrom": "2024-03-01", "validUntil": "2026-02-28" }],
    })
}

/// Writes a request and returns its path.
fn file(at: &tempfile::TempDir, request: &Value) -> String {
    let path = at.path().join("request.json");
    std::fs::write(&path, request.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

fn ask(request: &Value, more: &[&str]) -> Ran {
    let at = tempfile::tempdir().unwrap();
    lexgate(&[&["ask", "--policy", package(), "--request", &file(&at, request)], more].concat())
}

#[test]
fn ask_shows_the_fact_with_what_its_policy_says_of_it() {
    let ran = ask(&request(), &[]);
    assert_eq!((ran.code, ran.err.as_str()), (3, ""));
    assert!(ran.out.starts_with("INFORMATION-REQUIRED [PERMIT, DENY]\n"), "{}", ran.out);
    for words in [
        "1. one fact: at most permit if it turns out well, at least deny if badly\n",
        "   /deployment/facts/networkSeparation  the deployment\n",
        "     tells      how its networks are separated\n     type       text\n     one of     physical, logical, none\n",
        "     needed by  csap of kr-csap\n",
        "   settles  csap of kr-csap  information-required [permit, deny]  ",
        "Answer with your own value, for example --answer '/deployment/facts/networkSeparation=\"physical\"'\n",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
}

#[test]
fn what_ask_shows_as_an_answer_can_be_pasted() {
    let ran = ask(&request(), &[]);
    let shown = ran.out.split("--answer '").nth(1).unwrap().trim_end().trim_end_matches('\'');
    assert_eq!(ask(&request(), &["--answer", shown]).code, 0, "{shown}");
    let mut two = request();
    two["deployment"]["facts"].as_object_mut().unwrap().remove("personalData");
    let ran = ask(&two, &[]);
    assert!(ran.out.contains(" 2 facts, asked together; fewer may settle it: "), "{}", ran.out);
}

#[test]
fn answers_are_put_in_and_the_completed_request_decides_alike() {
    let at = tempfile::tempdir().unwrap();
    let out = at.path().join("completed.json");
    let answer = "/deployment/facts/networkSeparation=\"logical\"";
    let ran = ask(&request(), &["--answer", answer, "--out", out.to_str().unwrap()]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let head = "before the answers: information-required [permit, deny]\nPERMIT\n";
    assert!(
        ran.out.starts_with(head) && ran.out.ends_with("no missing fact can change this\n"),
        "{}",
        ran.out
    );
    let again = lexgate(&["evaluate", "--policy", package(), "--request", out.to_str().unwrap()]);
    assert_eq!(again.code, 0, "{}", again.out);
    assert_eq!(ask(&request(), &["--answer", &answer.replace("logical", "none")]).code, 2);
    assert_eq!(ask(&request(), &["--what-if", "--answer", answer]).code, 5);
}

#[test]
fn the_json_of_ask_has_questions_and_the_record() {
    let ran = ask(&request(), &["--json"]);
    let whole: Value = serde_json::from_str(&ran.out).unwrap();
    let question = &whole["questions"][0];
    assert_eq!((&question["well"], &question["badly"]), (&json!("permit"), &json!("deny")));
    let fact = &question["facts"][0];
    assert_eq!(
        (&fact["pointer"], &fact["type"]),
        (&json!("/deployment/facts/networkSeparation"), &json!("text"))
    );
    assert_eq!(fact["neededBy"], json!([{ "binding": "kr-csap", "rule": "csap" }]));
    assert_eq!(whole["record"]["decision"]["floor"], "permit");
    assert_eq!(whole["before"], Value::Null);
}

#[test]
fn what_cannot_be_asked_or_answered_is_refused_with_the_remedy() {
    let refuse = |more: &[&str], words: &str| {
        let ran = ask(&request(), more);
        assert_eq!(ran.code, 1, "{more:?}: {}", ran.out);
        assert!(ran.err.contains(words), "{more:?}: {}", ran.err);
    };
    refuse(
        &["--answer", "/deployment/facts/networkSeperation=\"logical\""],
        "did you mean `networkSeparation`?",
    );
    refuse(&["--answer", "/deployment/facts/networkSeparation=\"logcal\""], "did you mean `logical`?");
    refuse(&["--answer", "/deployment/facts/personalData=\"no\""], "write `true` or `false`");
    refuse(&["--answer", "/deployment/regoin=\"KR\""], "did you mean `region`? (at /deployment)");
    refuse(&["--answer", "/deployment/region=KR"], "a text stands in double quotes");
    refuse(&["--answer", "/x"], "is not of the form POINTER=JSON");
    refuse(&["--at", "yesterday"], "neither a date");
    let ran = ask(&request(), &["--json", "--answer", "/deployment/regoin=\"KR\""]);
    let error: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &error["error"]["pointer"]), (1, &json!("/deployment")));
    let remark = ask(&request(), &["--answer", "/deployment/facts/colour=\"red\""]);
    assert!(
        remark.code == 3 && remark.err.contains("remark") && remark.err.contains("`colour`"),
        "{}",
        remark.err
    );
    let mut bad = request();
    bad["deployment"]["regoin"] = json!("KR");
    let ran = ask(&bad, &[]);
    assert!(ran.code == 1 && ran.err.contains("is not a request"), "{}", ran.err);
}

fn matrix(request: &Value, more: &[&str]) -> Ran {
    let at = tempfile::tempdir().unwrap();
    lexgate(&[&["matrix", "--policy", package(), "--request", &file(&at, request)], more].concat())
}

/// Returns the columns of a matrix as their days and what the whole set comes to in them.
fn columns(ran: &Ran) -> Vec<String> {
    let matrix: Value = serde_json::from_str(&ran.out).unwrap();
    let day = |value: &Value| value.as_str().unwrap_or("…").to_owned();
    let columns = matrix["columns"].as_array().unwrap().iter().zip(matrix["set"].as_array().unwrap());
    columns
        .map(|(column, cell)| {
            let ends = [day(&cell["floor"]), day(&cell["ceiling"])].join(" ");
            format!("{} {}: {ends}", day(&column["from"]), day(&column["until"]))
        })
        .collect()
}

#[test]
fn the_matrix_tells_when_the_answer_changes() {
    let ran = matrix(&request(), &["--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let all = [
        "… 2023-01-30: deny deny",
        "2023-01-31 2024-02-29: deny deny",
        "2024-03-01 2026-02-28: permit deny",
        "2026-03-01 2027-06-30: deny deny",
        "2027-07-01 …: deny deny",
    ];
    assert_eq!(columns(&ran), all);
    let mut timed = request();
    timed.as_object_mut().unwrap().remove("evaluationDate");
    timed["evaluationTime"] = json!("2019-01-01T23:00:00Z");
    assert_eq!(columns(&matrix(&timed, &["--json"])), all, "the request's own time does not matter");
    let part = matrix(&request(), &["--json", "--from", "2026-01-01", "--until", "2026-03-01"]);
    assert_eq!(columns(&part), ["2026-01-01 2026-02-28: permit deny", "2026-03-01 2026-03-01: deny deny"]);
    let what_if = matrix(&request(), &["--json", "--what-if"]);
    assert_eq!(what_if.code, 5);
    let ran = matrix(&request(), &[]);
    for words in ["until 2023-01-30", "permit…deny", "csap-ungraded", "the whole set", "Asia/Seoul"] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    assert!(!ran.out.contains('\u{1b}'), "no colour in a pipe");
}

#[test]
fn a_column_says_what_evaluate_says_on_its_first_and_last_day() {
    for (day, code) in [("2024-02-29", 2), ("2024-03-01", 3), ("2026-02-28", 3), ("2026-03-01", 2)] {
        let mut request = request();
        request["evaluationDate"] = json!(day);
        let at = tempfile::tempdir().unwrap();
        let ran = lexgate(&["evaluate", "--policy", package(), "--request", &file(&at, &request)]);
        assert_eq!(ran.code, code, "{day}: {}", ran.out);
    }
}

/// Returns a shipped package, built once for all tests.
fn shipped(id: &str) -> String {
    static OUT: OnceLock<tempfile::TempDir> = OnceLock::new();
    let build = || {
        let at = tempfile::tempdir().unwrap();
        let out = at.path().to_str().unwrap();
        let built = lexgate(&["build", "plugins/fr-state-visio", "plugins/eu-digital-markets", "--out", out]);
        assert_eq!(built.code, 0, "{}{}", built.out, built.err);
        at
    };
    OUT.get_or_init(build).path().join(format!("{id}.wasm")).to_str().unwrap().to_owned()
}

#[test]
fn a_day_that_stands_in_a_dataset_alone_begins_a_column() {
    let request = json!({
        "evaluationDate": "2026-04-01", "action": "procure", "channel": "direct",
        "participants": [{ "role": "vendor", "party": "vendor" }, { "role": "purchaser", "party": "body" }],
        "parties": [
            { "recordId": "vendor", "kind": "registeredEntity", "names": [{ "fullName": "Zoom" }], "jurisdiction": "US-WA", "headquarters": "US" },
            { "recordId": "body", "kind": "stateBody", "names": [{ "fullName": "CNRS" }], "jurisdiction": "FR", "headquarters": "FR-IDF",
              "facts": { "publicSectorLevel": "state" } },
        ],
        "resource": { "recordId": "tool", "category": "videoconference", "facts": { "productName": "Zoom" } },
        "deployment": { "operator": "vendor", "infrastructureProvider": "vendor", "facts": {
            "dataClassification.scheme": "SecNumCloud", "dataClassification.level": "ordinary", "commercialCloud": true,
            "immuneFromNonEuLaw": false } },
        "certificates": [], "authorizations": [],
    });
    let (at, package) = (tempfile::tempdir().unwrap(), shipped("fr-state-visio"));
    let all = ["matrix", "--policy", &package, "--request", &file(&at, &request), "--what-if", "--json"];
    let ran = lexgate(&all);
    assert_eq!(
        columns(&ran),
        [
            "… 2023-05-30: not-applicable not-applicable",
            "2023-05-31 2026-01-25: permit permit",
            "2026-01-26 2026-03-31: permit-with-obligations permit-with-obligations",
            "2026-04-01 2027-12-31: deny deny",
            "2028-01-01 …: deny deny",
        ]
    );
    assert!(ran.out.contains("A change that is undone within one column is not seen"), "{}", ran.out);
    let text = lexgate(&all[..all.len() - 1]).out;
    for words in ["own-deadline (announced, lifted)", "visio-transition (announced, lifted)"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let part = [&all[..], &["--from", "2026-03-01", "--until", "2026-04-30"]].concat();
    assert_eq!(
        columns(&lexgate(&part)),
        [
            "2026-03-01 2026-03-31: permit-with-obligations permit-with-obligations",
            "2026-04-01 2026-04-30: deny deny",
        ]
    );
}

#[test]
fn a_day_that_a_policy_counts_begins_a_column() {
    let request = json!({
        "evaluationDate": "2026-06-25", "action": "supply", "channel": "direct",
        "participants": [{ "role": "vendor", "party": "vendor" }, { "role": "purchaser", "party": "customer" }],
        "parties": [
            { "recordId": "vendor", "kind": "registeredEntity", "names": [{ "fullName": "Example Platform" }], "headquarters": "US" },
            { "recordId": "customer", "kind": "registeredEntity", "jurisdiction": "DE", "headquarters": "DE-BE" },
        ],
        "resource": { "recordId": "service", "category": "compute", "facts": {
            "corePlatformService": true, "productName": "Example Service" } },
    });
    let at = tempfile::tempdir().unwrap();
    let list = at.path().join("list.csv");
    std::fs::write(&list, "name,of,designated-on,scheme,id\nExample Platform,example,2023-09-05,,\n")
        .unwrap();
    let dataset = format!("eu-digital-markets/designations={}", list.to_str().unwrap());
    let package = shipped("eu-digital-markets");
    let request = file(&at, &request);
    let args = ["matrix", "--policy", &package, "--dataset", &dataset, "--request", &request, "--json"];
    let ran = lexgate(&args);
    let columns = columns(&ran);
    assert!(columns.iter().any(|column| column.starts_with("2024-03-05 ")), "{columns:?}: {}", ran.out);
}

#[test]
fn the_page_and_the_picture_are_written() {
    let at = tempfile::tempdir().unwrap();
    let path = |name: &str| at.path().join(name).to_str().unwrap().to_owned();
    let mut hostile = request();
    hostile["parties"][0]["names"][0]["fullName"] = json!("<script>alert(1)</script>");
    let ran = matrix(&hostile, &["--html", &path("m.html"), "--svg", &path("m.svg"), "--language", "ko"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let page = std::fs::read_to_string(path("m.html")).unwrap();
    let picture = std::fs::read_to_string(path("m.svg")).unwrap();
    assert!(page.starts_with("<!doctype html>") && picture.starts_with("<svg "), "{page}");
    assert!(!page.contains("<script") && !picture.contains("<script"));
    assert!(page.contains("인증"), "the messages are in the language asked for");
}

#[test]
fn where_there_is_no_matrix_it_says_why() {
    for (more, words) in [
        (
            vec!["--from", "2026-01-01", "--until", "2025-01-01"],
            "the range ends on 2025-01-01, before it begins",
        ),
        (vec!["--from", "tomorrow"], "`tomorrow` is not a date"),
        (vec!["--html", "no/such/folder/m.html"], "no/such/folder"),
    ] {
        let ran = matrix(&request(), &more);
        assert!(ran.code == 1 && ran.err.contains(words), "{more:?}: {}", ran.err);
    }
    let mut bad = request();
    bad["resorce"] = json!({});
    let ran = matrix(&bad, &["--json"]);
    let error: Value = serde_json::from_str(&ran.out).unwrap();
    assert!(
        ran.code == 1 && error["error"]["message"].as_str().unwrap().contains("did you mean `resource`?")
    );
}
