//! The program as its users meet it: what it prints, what it refuses and with which words, how it ends.

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

fn lexgate_with(args: &[&str], input: &[u8]) -> Ran {
    run(program(&root()).args(args), input)
}

fn lexgate(args: &[&str]) -> Ran {
    lexgate_with(args, b"")
}

/// Returns the package of the shipped policy, built once for all tests.
fn package() -> &'static str {
    static PACKAGE: OnceLock<(tempfile::TempDir, String)> = OnceLock::new();
    let build = || {
        let out = tempfile::tempdir().unwrap();
        let path = out.path().to_str().unwrap().to_owned();
        let built = lexgate(&["build", "plugins/anthropic-regions", "--out", &path, "--json"]);
        assert_eq!(built.code, 0, "{}{}", built.out, built.err);
        let built: Value = serde_json::from_str(&built.out).unwrap();
        (out, built["file"].as_str().unwrap().to_owned())
    };
    &PACKAGE.get_or_init(build).1
}

/// A request that is permitted.
fn permitted() -> Value {
    json!({
        "evaluationDate": "2025-09-05", "action": "supply",
        "participants": [{ "role": "endUser", "party": "customer" }],
        "parties": [
            { "recordId": "customer", "kind": "registeredEntity", "names": [{ "fullName": "Example Pte Ltd" }],
              "jurisdiction": "SG", "headquarters": "SG", "ownership": "complete" },
            { "recordId": "parent", "kind": "registeredEntity", "headquarters": "CN", "ownership": "complete" },
        ],
        "relationships": [],
        "resource": { "recordId": "api", "category": "ai-model" },
    })
}

/// The same with an owner headquartered in China who holds this share; the rest is held by a fund of Singapore.
fn owned(share: &str) -> Value {
    let mut request = permitted();
    let fund = json!({ "recordId": "fund", "kind": "registeredEntity", "headquarters": "SG", "ownership": "complete" });
    request["parties"].as_array_mut().unwrap().push(fund);
    let held = |id: &str, owner: &str, share: &str| {
        json!({ "recordId": id, "subject": "customer", "interestedParty": owner,
            "interests": [{ "kind": "shareholding", "directness": "direct", "share": { "exact": share } }] })
    };
    let left = 100 - share.parse::<u32>().unwrap();
    request["relationships"] = json!([held("r1", "parent", share), held("r2", "fund", &left.to_string())]);
    request
}

fn evaluate(request: &str, more: &[&str]) -> Ran {
    let args = [&["evaluate", "--policy", package(), "--request", "-"], more].concat();
    lexgate_with(&args, request.as_bytes())
}

#[track_caller]
fn check_exit(request: &Value, more: &[&str], code: i32, words: &str) {
    let ran = evaluate(&request.to_string(), more);
    assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains(words), "{}", ran.out);
}

#[test]
fn the_exit_code_tells_the_decision() {
    check_exit(&permitted(), &[], 0, "PERMIT\n");
    check_exit(&owned("60"), &[], 2, "DENY\n");
    check_exit(&owned("50"), &[], 0, "PERMIT\n");
    let mut open = owned("60");
    open["relationships"][0]["interests"][0]["share"] = json!({ "minimum": "25", "maximum": "75" });
    check_exit(&open, &[], 3, "INFORMATION-REQUIRED [PERMIT, DENY]\n");
    let mut other = permitted();
    other["resource"]["category"] = json!("storage");
    check_exit(&other, &[], 4, "NOT-APPLICABLE\n");
}

#[test]
fn a_what_if_never_ends_with_zero() {
    check_exit(&permitted(), &["--what-if"], 5, "PERMIT (what if");
    check_exit(&owned("60"), &["--what-if"], 5, "DENY (what if");
}

#[test]
fn an_explanation_quotes_rule_citation_facts_and_cost() {
    let ran = evaluate(&owned("60").to_string(), &[]);
    for words in [
        "majority",
        "Updating restrictions of sales to unsupported regions",
        "/parties/1/headquarters = \"CN\"",
        "/relationships/0/interests/0",
        "ownedByUnsupportedRegions = 60 %",
        "by cascade",
        " fuel",
        "on 2025-09-05 in America/Los_Angeles",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    assert!(!ran.out.contains('\u{1b}'), "no colour in a pipe");
    let korean = evaluate(&owned("60").to_string(), &["--language", "ko-KR"]);
    assert!(korean.out.contains("지원되지 않는 지역"), "{}", korean.out);
}

#[test]
fn json_is_the_record() {
    let ran = evaluate(&owned("60").to_string(), &["--json"]);
    let record: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(record["decision"]["floor"], "deny");
    assert_eq!(record["whatIf"], false);
    assert_eq!(record["bindings"][0]["policy"]["id"], "anthropic-regions");
    assert!(record["bindings"][0]["used"]["fuel"].as_u64().unwrap() > 0);
    assert_eq!(record["bindings"][0]["date"], "2025-09-05");
    let again = evaluate(&owned("60").to_string(), &["--json"]);
    assert_eq!(again.out, ran.out, "the same request gives the same bytes");
}

#[test]
fn parameters_datasets_and_shadows_are_bound_by_policy_id() {
    check_exit(&owned("50"), &["--parameters", "anthropic-regions={\"strict\":false}"], 2, "DENY");
    check_exit(&owned("60"), &["--shadow", "anthropic-regions"], 4, "NOT-APPLICABLE");
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("regions.csv");
    std::fs::write(&list, "code,supported\nSG,no\nCN,yes\n").unwrap();
    let option = format!("anthropic-regions/regions={},2025-01-01,2025-12-31", list.display());
    check_exit(&permitted(), &["--dataset", &option], 2, "DENY");
}

/// Checks that the program cannot answer and says why.
#[track_caller]
fn refuse(args: &[&str], input: &str, words: &[&str]) {
    let ran = lexgate_with(args, input.as_bytes());
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    for word in words {
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
    }
}

#[test]
fn what_cannot_be_bound_is_refused_with_the_remedy() {
    let evaluate = ["evaluate", "--policy", package(), "--request", "-"];
    let refuse_with =
        |more: &[&str], words: &[&str]| refuse(&[&evaluate, more].concat(), &permitted().to_string(), words);
    refuse_with(
        &["--parameters", "anthropic-regions={\"thresold\":\"50\"}"],
        &["anthropic-regions", "thresold"],
    );
    refuse_with(&["--parameters", "anthropic-regions={\"threshold\":\"half\"}"], &["/threshold", "half"]);
    refuse_with(&["--parameters", "anthropic-regions={\"threshold\":50.5}"], &["/threshold", "as strings"]);
    refuse_with(
        &["--parameters", "anthropic={}"],
        &["`anthropic` is not one of the policies given: anthropic-regions"],
    );
    refuse_with(&["--parameters", "anthropic-regions=@missing.json"], &["missing.json"]);
    refuse_with(&["--dataset", "anthropic-regions/region=Cargo.toml"], &["no dataset `region`", "regions"]);
    refuse_with(&["--dataset", "anthropic-regions/regions=Cargo.toml"], &["refuses its configuration"]);
    refuse_with(&["--at", "yesterday"], &["`yesterday` is neither a date"]);
    refuse(
        &["evaluate", "--policy", package(), package(), "--request", "-"],
        "{}",
        &["stands twice in the set"],
    );
}

#[test]
fn what_is_no_package_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let refuse_package = |package: &str, words: &[&str]| refuse(&["inspect", package], "", words);
    refuse_package(&file("text.wasm", b"hello"), &["text.wasm"]);
    refuse_package(&file("core.wasm", b"\0asm\x01\0\0\0"), &["core.wasm", "core module", "lexgate build"]);
    refuse_package("plugins/anthropic-regions", &["lexgate build plugins/anthropic-regions"]);
    refuse_package("no/such.wasm", &["no"]);
    let mut altered = std::fs::read(package()).unwrap();
    let at = altered.windows(14).rposition(|window| window == b"code,supported").unwrap();
    altered[at] = b'k';
    refuse_package(&file("altered.wasm", &altered), &["altered.wasm", "regions", "sha256:"]);
}

#[test]
fn a_bad_request_is_refused_with_its_place() {
    let evaluate = ["evaluate", "--policy", package(), "--request", "-"];
    refuse(&evaluate, "not json", &["`-` is not a request", "not JSON at line 1"]);
    refuse(&evaluate, "", &["not JSON"]);
    let mut typo = permitted();
    typo["parties"][0]["headquater"] = json!("SG");
    refuse(
        &evaluate,
        &typo.to_string(),
        &["unknown field `headquater`; did you mean `headquarters`?", "/parties/0"],
    );
    refuse(&["evaluate", "--policy", package(), "--request", "no-such.json"], "", &["no-such.json"]);
    let large = format!("{{ \"action\": \"{}\" }}", "x".repeat(2 << 20));
    refuse(&evaluate, &large, &["at most 1048576"]);
    let ran = evaluate_json(&typo);
    assert_eq!(ran["error"]["pointer"], "/parties/0");
}

fn evaluate_json(request: &Value) -> Value {
    serde_json::from_str(&evaluate(&request.to_string(), &["--json"]).out).unwrap()
}

#[test]
fn a_bad_line_is_reported_with_its_number_and_the_rest_is_decided() {
    let lines = [
        permitted().to_string(),
        "rubbish".to_owned(),
        String::new(),
        owned("60").to_string(),
        "x".repeat(2 << 20),
        permitted().to_string(),
    ];
    let ran = evaluate(&lines.join("\n"), &["--json"]);
    assert_eq!(ran.code, 1);
    let answers: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 5);
    assert_eq!(answers[0]["decision"]["floor"], "permit");
    assert_eq!((&answers[1]["line"], answers[1]["error"]["message"].is_string()), (&json!(2), true));
    assert_eq!(answers[2]["decision"]["floor"], "deny");
    assert_eq!(answers[3]["line"], 5);
    assert_eq!(answers[4]["decision"]["floor"], "permit");
    let text = evaluate(&lines.join("\n"), &[]);
    assert!(text.out.contains("line 2  error  not JSON"), "{}", text.out);
    assert!(text.out.ends_with("5 requests: 2 permitted, 2 not answered, 1 not permitted\n"), "{}", text.out);
}

#[test]
fn a_stream_ends_with_its_worst_line() {
    let stream = |requests: &[Value]| {
        let lines: Vec<_> = requests.iter().map(Value::to_string).collect();
        evaluate(&lines.join("\n"), &["--ndjson", "--json"]).code
    };
    assert_eq!(stream(&[permitted(), permitted()]), 0);
    assert_eq!(stream(&[permitted(), owned("60"), permitted()]), 2);
    let mut other = permitted();
    other["resource"]["category"] = json!("storage");
    assert_eq!(stream(&[permitted(), other]), 4);
}

#[test]
fn the_demo_shows_every_kind_of_decision() {
    let ran = lexgate(&["demo"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for words in [
        "\nDENY\n",
        "\nPERMIT\n",
        "\nINFORMATION-REQUIRED",
        "\nNOT-APPLICABLE\n",
        "\nREVIEW\n",
        "built from source",
        "└─ Mei Example knownPerson, of SG  40 % shareholding, since 2021-05-01",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
}

#[test]
fn inspect_shows_what_the_manifest_declares_without_running_it() {
    let ran = lexgate(&["inspect", package()]);
    assert_eq!(ran.code, 0);
    for words in [
        "anthropic-regions 1.0.0",
        "majority",
        "2025-09-05",
        "vendor-policy",
        "regions",
        "threshold",
        "lexgate:screening/datasets@0.1.0",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    let json: Value = serde_json::from_str(&lexgate(&["inspect", package(), "--json"]).out).unwrap();
    assert_eq!(json["manifest"]["policy"]["id"], "anthropic-regions");
    assert!(json["digest"].as_str().unwrap().starts_with("sha256:"));
}

#[test]
fn files_beside_the_policies_are_passed_over_and_a_file_alone_is_refused() {
    let only = ["--only", "R10-2", "--json"];
    let ran = lexgate(&[&["test", "plugins/README.md", "plugins/kr-csap"], &only[..]].concat());
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let ran = lexgate(&["test", "plugins/README.md"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("plugins/README.md"), "{}", ran.err);
}

#[test]
fn a_failing_case_shows_what_was_expected_and_what_came() {
    let folder = tempfile::tempdir().unwrap();
    copy(&root().join("plugins/anthropic-regions"), folder.path());
    let manifest = std::fs::read_to_string(folder.path().join("lexgate.toml")).unwrap();
    std::fs::write(
        folder.path().join("lexgate.toml"),
        format!("{manifest}\n[build]\ncomponent = \"policy.wasm\"\n"),
    )
    .unwrap();
    std::fs::write(folder.path().join("policy.wasm"), component()).unwrap();
    let case = format!(
        "- id: wrong\n  says: x\n  request: !merge [{}]\n  expect: {{ outcome: permit, codes: [majority-exceeded] }}\n",
        owned("60")
    );
    std::fs::write(folder.path().join("cases/wrong.yaml"), case).unwrap();
    let out = folder.path().join("out");
    let ran = lexgate(&[
        "test",
        folder.path().to_str().unwrap(),
        "--only",
        "wrong",
        "--out",
        out.to_str().unwrap(),
    ]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.contains("expected permit\n"), "{}", ran.out);
    assert!(ran.out.contains("found    deny\n"), "{}", ran.out);
    assert!(ran.out.contains("0 passed, 1 failed"), "{}", ran.out);
}

/// Returns the component of the shipped package without its `lexgate:` sections, as another toolchain would make one.
fn component() -> Vec<u8> {
    let package = std::fs::read(package()).unwrap();
    // The sections are appended, the manifest first.
    let name = b"lexgate:manifest";
    let at = package.windows(name.len()).rposition(|window| window == name).unwrap();
    let mut start = at - 1;
    // Back over the length of the section (LEB128) to its id, which is 0 for custom sections.
    while package[start - 1] != 0 {
        start -= 1;
    }
    package[..start - 1].to_vec()
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn the_schema_of_requests_is_published() {
    let ran = lexgate(&["schema", "request"]);
    let schema: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(schema["$defs"]["Party"]["properties"]["headquarters"].is_object());
}

#[test]
fn a_command_line_that_is_not_understood_is_no_decision() {
    assert_eq!(lexgate(&["evaluate"]).code, 1);
    assert_eq!(lexgate(&["evalute"]).code, 1);
    assert_eq!(lexgate(&["--version"]).code, 0);
}

#[test]
fn help_teaches() {
    let ran = lexgate(&["--help"]);
    assert!(ran.out.contains("Exit codes:") && ran.out.contains("lexgate demo"), "{}", ran.out);
    for command in [
        "build", "inspect", "test", "bench", "profile", "evaluate", "ask", "matrix", "import", "facts",
        "schema", "demo",
    ] {
        assert_eq!(lexgate(&[command, "--help"]).code, 0, "{command}");
    }
}

#[test]
fn building_in_two_folders_gives_one_digest() {
    let digest = |name: &str| {
        let folder = tempfile::Builder::new().prefix(name).tempdir().unwrap();
        for part in ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml"] {
            std::fs::copy(root().join(part), folder.path().join(part)).unwrap();
        }
        for part in ["crates", "plugins", "wit", "tests", "benches"] {
            std::fs::create_dir_all(folder.path().join(part)).unwrap();
            copy(&root().join(part), &folder.path().join(part));
        }
        let plugin = folder.path().join("plugins/anthropic-regions");
        let out = folder.path().join("out");
        let built = program(&root())
            .args(["build", "--json"])
            .arg(&plugin)
            .arg("--out")
            .arg(&out)
            .env("CARGO_TARGET_DIR", folder.path().join("target"))
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let built: Value = serde_json::from_slice(&built.stdout).unwrap();
        built["digest"].as_str().unwrap().to_owned()
    };
    let here: Value = serde_json::from_str(&lexgate(&["inspect", package(), "--json"]).out).unwrap();
    assert_eq!(digest("a"), here["digest"].as_str().unwrap());
    assert_eq!(digest("another-folder-"), here["digest"].as_str().unwrap());
}
