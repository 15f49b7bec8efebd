//! `lexgate import` as its users meet it: what goes to which stream, what is refused and with which words.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may fail anywhere, and makes its own files"
)]

#[expect(dead_code, reason = "the root is for other tests")]
mod ran;

use ran::{Ran, program, run};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn lexgate(args: &[&str]) -> Ran {
    run(program(&demo()).args(args), b"")
}

/// The folder of the demo, which has a synthetic BODS package.
fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("demo")
}

const STATEMENTS: &str = "harbour-statements.json";

fn import(args: &[&str]) -> Ran {
    lexgate(&[&["import", "bods"], args].concat())
}

/// Writes a file and returns its path.
fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_request_goes_to_standard_output_and_the_report_to_standard_error() {
    let ran = import(&[STATEMENTS, "--at", "2025-09-05", "--category", "ai-model", "--channel", "direct"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, "imported 4 parties and 4 relationships\n"));
    let request: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(request["evaluationDate"], "2025-09-05");
    assert_eq!(request["participants"], json!([{ "role": "endUser", "party": "harbour" }]));
    assert_eq!(request["resource"]["category"], "ai-model");
    assert_eq!((&request["action"], &request["channel"]), (&json!("supply"), &json!("direct")));
}

#[test]
fn json_is_request_and_report_in_one() {
    let ran = import(&[STATEMENTS, "--at", "2025-09-05T16:00:00Z", "--depth", "1", "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let whole: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(whole["request"]["evaluationTime"], "2025-09-05T16:00:00Z");
    assert_eq!((&whole["report"]["parties"], &whole["report"]["entries"]), (&json!(3), &json!([])));
    let lantern =
        whole["request"]["parties"].as_array().unwrap().iter().find(|party| party["recordId"] == "lantern");
    assert_eq!(lantern.unwrap()["ownership"], json!({ "unknown": "beyondDepth" }));
}

#[test]
fn the_tree_of_the_demo() {
    let ran = import(&[STATEMENTS, "--at", "2025-09-05", "--tree"]);
    assert_eq!(
        ran.out,
        "\
Harbour Lights Pte Ltd SG
├─ Lantern Quay Holdings Ltd SG  60 % shareholding, since 2021-05-01
│  ├─ North Pier Group Co Ltd CN  more than 50 to 75 % shareholding, since 2021-05-01
│  └─ an owner who is not named (subjectUnableToConfirmOrIdentifyBeneficialOwner)  at most 50 % shareholding, since 2021-05-01
└─ Mei Example knownPerson, of SG  40 % shareholding, since 2021-05-01; boardMember, since 2021-05-01
"
    );
    let before = import(&[STATEMENTS, "--at", "2024-06-14", "--tree"]);
    assert!(
        before.out.contains("North Pier Group Co Ltd CN  25 to less than 50 % shareholding"),
        "{}",
        before.out
    );
}

#[test]
fn a_base_request_keeps_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("request.json");
    let ran = import(&[STATEMENTS, "--into", "harbour.json", "--out", out.to_str().unwrap()]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    let request: Value = serde_json::from_str(&std::fs::read_to_string(out).unwrap()).unwrap();
    assert_eq!(request["evaluationTime"], "2025-09-05T16:00:00Z");
    assert_eq!(request["participants"].as_array().unwrap().len(), 1);
    let harbour = &request["parties"][0];
    assert_eq!((&harbour["headquarters"], &harbour["jurisdiction"]), (&json!("SG"), &json!("SG")));
    assert_eq!(request["relationships"].as_array().unwrap().len(), 4);
    // What the base says otherwise is kept, and told.
    let base = std::fs::read_to_string(demo().join("harbour.json")).unwrap();
    let base = file(&folder, "base.json", &base.replacen("registeredEntity", "arrangement", 1));
    let ran = import(&[STATEMENTS, "--into", &base]);
    assert!(ran.err.contains("base kept  harbour /kind the base request says otherwise"), "{}", ran.err);
    assert!(ran.out.contains("\"kind\": \"arrangement\""), "{}", ran.out);
}

#[test]
fn what_could_not_be_used_is_told_plain_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let statements = std::fs::read_to_string(demo().join(STATEMENTS)).unwrap();
    let bad = statements.replacen("\"relationship\"", "\"rela\\u001b[2Jtion\"", 1);
    let ran = import(&[&file(&folder, "bad.json", &bad), "--at", "2025-09-05"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let words =
        "unknown code  harbour-register-statement-0000005 /recordType `rela\u{fffd}[2Jtion` is not `entity`";
    assert!(ran.err.contains(words) && ran.err.contains("bad.json line 6, record 5"), "{}", ran.err);
    assert!(!ran.err.contains('\u{1b}') && !ran.out.contains('\u{1b}'));
}

#[track_caller]
fn refuse(args: &[&str], words: &str) {
    let ran = lexgate(args);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{}", ran.err);
    assert!(ran.err.contains(words), "{}", ran.err);
}

#[test]
fn what_cannot_be_imported_is_refused_with_the_remedy() {
    refuse(
        &["import", "bods", "-"],
        "an import reads its files several times, so it cannot read standard input",
    );
    let folder = tempfile::tempdir().unwrap();
    let broken = file(&folder, "broken.json", "[{},\n{]");
    let zip = file(&folder, "rr.zip", "PK\u{3}\u{4}");
    let empty = file(&folder, "empty.json", "[]");
    let gleif = |entities: &str, relationships: &str, party: &str, words: &str| {
        refuse(
            &["import", "gleif", "--entities", entities, "--relationships", relationships, "--party", party],
            words,
        );
    };
    gleif(&empty, &zip, "5493001KJTIIGC8Y1R12", "is a zip archive; unpack it");
    gleif(&empty, &broken, "5493001KJTIIGC8Y1R12", "broken.json` line 2, column 2: not JSON");
    gleif(&empty, &empty, "5493001KJTIIGC8Y1R12", "there is nothing about `5493001KJTIIGC8Y1R12`");
    gleif(&empty, &empty, "5493001KJTIIGC8Y1R21", "is not an LEI");
    gleif(&empty, "gone.json", "5493001KJTIIGC8Y1R12", "cannot read `gone.json`");
    refuse(&["import", "bods", STATEMENTS, "--party", "nobody"], "there is nothing about `nobody`");
    refuse(&["import", "bods", STATEMENTS, "--at", "tomorrow"], "`tomorrow` is neither a date");
    refuse(
        &["import", "bods", STATEMENTS, "--into", "harbour.json", "--action", "use"],
        "cannot be used with",
    );
    refuse(&["import", "bods", STATEMENTS, "--into", STATEMENTS], "is not a request");
    refuse(&["import", "bods", "."], "does not name a file");
    let ran = import(&[STATEMENTS, "--tree", "--json"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("a tree is for people"), "{}", ran.out);
}
