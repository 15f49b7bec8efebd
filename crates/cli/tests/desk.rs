//! `lexgate facts` as its users meet it, with manifests that declare facts.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may fail anywhere, and makes its own files"
)]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a run of the program came to.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn lexgate(args: &[&str]) -> Ran {
    lexgate_in(&root(), args)
}

fn lexgate_in(folder: &Path, args: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_lexgate")).args(args).current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
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
