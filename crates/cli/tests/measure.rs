//! `lexgate bench` and `lexgate profile` as their users meet them; and that the program answers alike in every process.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test may fail anywhere, and makes its own files"
)]

mod ran;

use lexgate_kit::cases;
use ran::{Ran, program, root, run};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

fn lexgate(args: &[&str]) -> Ran {
    run(program(&root()).args(args), b"")
}

/// A folder with packages of all policies we ship, and a request; made once for all tests.
struct Desk {
    folder: tempfile::TempDir,
    packages: Vec<PathBuf>,
}

fn desk() -> &'static Desk {
    static DESK: OnceLock<Desk> = OnceLock::new();
    DESK.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let mut build = program(&root());
        build.args(["build", "--json", "--out"]).arg(folder.path()).args(plugins());
        let built = run(&mut build, b"");
        assert_eq!(built.code, 0, "{}{}", built.out, built.err);
        let file = |line: &str| serde_json::from_str::<Value>(line).unwrap()["file"].as_str().unwrap().into();
        let packages: Vec<PathBuf> = built.out.lines().map(file).collect();
        std::fs::write(folder.path().join("request.json"), request().to_string()).unwrap();
        Desk { folder, packages }
    })
}

impl Desk {
    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }
}

/// Returns the folders of the policies we ship.
fn plugins() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("plugins")).unwrap();
    let mut folders: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.join("lexgate.toml").is_file());
    folders.sort();
    folders
}

fn request() -> Value {
    json!({
        "evaluationDate": "2025-11-10", "action": "supply",
        "participants": [{ "role": "endUser", "party": "customer" }],
        "parties": [{ "recordId": "customer", "kind": "registeredEntity", "jurisdiction": "SG",
                      "headquarters": "SG", "ownership": "complete" }],
        "relationships": [],
        "resource": { "recordId": "api", "category": "ai-model" },
    })
}

fn json_of(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(ran.err, "", "no progress in a pipe");
    serde_json::from_str(&ran.out).unwrap()
}

/// Returns the fuel that `lexgate evaluate` says a policy uses.
fn evaluated(package: &str, more: &[&str]) -> u64 {
    let request = desk().path("request.json");
    let args = [&["evaluate", "--json", "--request", &request, "--policy", package], more].concat();
    let record: Value = serde_json::from_str(&lexgate(&args).out).unwrap();
    record["bindings"][0]["used"]["fuel"].as_u64().unwrap()
}

#[test]
fn a_request_is_measured_in_fuel_memory_and_time() {
    let (package, request) = (desk().path("anthropic-regions.wasm"), desk().path("request.json"));
    let measured = json_of(&lexgate(&["bench", &package, "--request", &request, "--json"]));
    assert_eq!(measured["policy"]["id"], "anthropic-regions");
    assert_eq!(measured["packageBytes"], std::fs::metadata(&package).unwrap().len());
    assert_eq!((&measured["start"], &measured["alone"]), (&json!({ "from": "snapshot" }), &json!(true)));
    assert!(measured["configuring"]["fuel"].as_u64().unwrap() > 0);
    assert!(measured["preparing"]["coldMicros"].as_u64() > measured["preparing"]["warmMicros"].as_u64());
    assert!(measured["preparing"]["warmMicros"].is_u64());
    let one = &measured["measured"][0];
    assert_eq!(measured["measured"].as_array().unwrap().len(), 1);
    assert_eq!(one["used"]["fuel"], evaluated(&package, &[]));
    assert!(one["used"]["memoryBytes"].as_u64().unwrap() > 0);
    assert!(one["evaluations"].as_u64().unwrap() > 1, "{one}");
    let (p50, p99) = (one["p50Nanos"].as_u64().unwrap(), one["p99Nanos"].as_u64().unwrap());
    assert!(0 < p50 && p50 <= p99, "{one}");
    assert_eq!((&one["case"], &one["fault"]), (&Value::Null, &Value::Null));
}

#[test]
fn what_was_measured_is_told_to_people_too() {
    let (package, request) = (desk().path("anthropic-regions.wasm"), desk().path("request.json"));
    let args = ["bench", &package, "--request", &request];
    let ran = lexgate(&args);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for words in [
        "anthropic-regions 1.0.0",
        "starts       from a snapshot, as one module",
        "configuring  ",
        "where it is made, ",
        "from the cache",
        "a fresh evaluation\n",
        " p50, ",
        "host calls  0",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    assert!(!ran.out.contains("cases"), "{}", ran.out);
    let without = run(program(&root()).args(args).env("LEXGATE_CACHE_DIR", ""), b"");
    assert!(without.out.contains("there is no cache"), "{}{}", without.out, without.err);
}

#[test]
fn the_cases_of_a_folder_are_its_requests_and_the_most_expensive_are_shown() {
    let out = desk().path("out");
    let folder = "plugins/cn-generative-ai";
    let measured = json_of(&lexgate(&["bench", folder, "--out", &out, "--json"]));
    let cases = json_of(&lexgate(&["test", folder, "--out", &out, "--json"]));
    let cases = cases["policies"][0]["cases"].as_array().unwrap().clone();
    let mut fuel: Vec<u64> = cases.iter().map(|case| case["fuel"].as_u64().unwrap()).collect();
    fuel.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(measured["requests"], cases.len());
    let shown = measured["measured"].as_array().unwrap();
    let shown_fuel: Vec<u64> = shown.iter().map(|one| one["used"]["fuel"].as_u64().unwrap()).collect();
    assert_eq!(shown_fuel, fuel[..5]);
    let text = lexgate(&["bench", folder, "--out", &out]);
    assert_eq!((text.code, text.err.as_str()), (0, ""));
    let title = format!("the most expensive of {} cases", cases.len());
    let first = format!("a fresh evaluation of {}", shown[0]["case"]["id"].as_str().unwrap());
    assert!(text.out.contains(&title) && text.out.contains(&first), "{}", text.out);
}

#[test]
fn parameters_and_datasets_are_bound_to_what_is_measured() {
    let (package, request) = (desk().path("anthropic-regions.wasm"), desk().path("request.json"));
    let lenient = ["--parameters", "anthropic-regions={\"strict\":false}"];
    let args = [&["bench", &package, "--request", &request, "--json"], &lenient[..]].concat();
    let fuel = json_of(&lexgate(&args))["measured"][0]["used"]["fuel"].clone();
    assert_eq!(fuel, evaluated(&package, &lenient));
    let args = [&["profile", &package, "--request", &request, "--json"], &lenient[..]].concat();
    assert_eq!(json_of(&lexgate(&args))["fuel"], fuel);
    let list = desk().path("regions.csv");
    std::fs::write(&list, "code,supported\nSG,yes\n").unwrap();
    let short = ["--dataset", &format!("anthropic-regions/regions={list}")];
    let args = [&["bench", &package, "--request", &request, "--json"], &short[..]].concat();
    let few = json_of(&lexgate(&args))["configuring"]["fuel"].as_u64().unwrap();
    let all = lexgate(&["profile", &package, "--configure", "--json"]);
    assert!(few < json_of(&all)["fuel"].as_u64().unwrap(), "a short list is read sooner");
}

/// Checks that the program cannot answer and says why.
#[track_caller]
fn refuse(args: &[&str], words: &[&str]) {
    let ran = lexgate(args);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    for word in words {
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
    }
}

#[test]
fn what_cannot_be_measured_is_refused_with_the_remedy() {
    let (package, request) = (&*desk().path("anthropic-regions.wasm"), &*desk().path("request.json"));
    let folder = "plugins/anthropic-regions";
    refuse(
        &["bench", package],
        &["is a package, which has no cases", "--request FILE", "folder of the policy"],
    );
    refuse(&["bench", "no/such.wasm"], &["no"]);
    refuse(&["bench", folder, "--parameters", "anthropic-regions={}"], &["are for a `--request`"]);
    refuse(&["bench", package, "--request", "no-such.json"], &["no-such.json"]);
    refuse(&["bench", package, "--request", package], &["is not a request"]);
    let other = ["--parameters", "kr-csap={}"];
    let words = ["`kr-csap` is not the policy given: anthropic-regions"];
    refuse(&[&["bench", package, "--request", request], &other[..]].concat(), &words);
    refuse(&[&["profile", package, "--request", request], &other[..]].concat(), &words);
    refuse(&["profile", package], &["--request"]);
    refuse(&["profile", package, "--configure", "--request", request], &["--request"]);
    refuse(&["profile", request, "--configure"], &["request.json"]);
}

#[test]
fn a_profile_shows_functions_and_adds_up_to_the_fuel_of_the_evaluation() {
    let (package, request) = (desk().path("anthropic-regions.wasm"), desk().path("request.json"));
    let svg = desk().path("flame.svg");
    let args = ["profile", &package, "--request", &request];
    let profile = json_of(&lexgate(&[&args, &["--json"][..]].concat()));
    let fuel = evaluated(&package, &[]);
    let sum = |list: &str, part: &str| -> u64 {
        profile[list].as_array().unwrap().iter().map(|one| one[part].as_u64().unwrap()).sum()
    };
    assert_eq!(profile["fuel"], fuel);
    assert_eq!((sum("stacks", "fuel"), sum("functions", "own")), (fuel, fuel));
    let ran = lexgate(&[&args, &["--out", &svg, "--top", "3"][..]].concat());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for words in [
        "anthropic-regions 1.0.0  `evaluate` used ",
        "flame graph in ",
        "functions, most fuel by themselves; ",
        "functions, most fuel with those they called; ",
        "#evaluate",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    let picture = std::fs::read_to_string(&svg).unwrap();
    assert!(picture.starts_with("<svg ") && picture.contains("#evaluate: "), "{picture}");
    assert!(!picture.contains("<script") && !picture.contains("href"), "it needs nothing else");
    let again = lexgate(&[&args, &["--out", &svg, "--top", "3"][..]].concat());
    assert_eq!((again.out, std::fs::read_to_string(&svg).unwrap()), (ran.out, picture));
}

#[test]
fn configuring_is_profiled_and_costs_what_the_bench_says() {
    let (package, request) = (desk().path("kr-csap.wasm"), desk().path("request.json"));
    let profile = json_of(&lexgate(&["profile", &package, "--configure", "--json"]));
    let measured = json_of(&lexgate(&["bench", &package, "--request", &request, "--json"]));
    assert_eq!(profile["of"], "configure");
    assert_eq!(profile["fuel"], measured["configuring"]["fuel"]);
    let text = lexgate(&["profile", &package, "--configure"]);
    assert!(text.out.contains("`configure` used ") && text.out.contains("#configure"), "{}", text.out);
}

/// Which of the cases of a policy are asked of all policies in every process; asking them all takes minutes, and the tests
/// of the catalogue do, in one process.
const EVERY: usize = 10;

#[test]
fn every_process_gives_the_same_records_with_a_cache_or_without() {
    let desk = desk();
    let mut requests = String::new();
    for folder in plugins() {
        let dir = cap_std::fs::Dir::open_ambient_dir(folder, cap_std::ambient_authority()).unwrap();
        for question in cases::questions(&dir).unwrap().iter().step_by(EVERY) {
            requests += &format!("{}\n", question.request);
        }
    }
    let own = tempfile::tempdir().unwrap();
    let cache = own.path().join("cache");
    let decided = |cache: &Path| {
        let mut command = program(&root());
        command.args(["evaluate", "--json", "--ndjson", "--request", "-", "--policy"]).args(&desk.packages);
        let ran = run(command.env("LEXGATE_CACHE_DIR", cache), requests.as_bytes());
        assert_eq!((ran.out.lines().count(), ran.err.as_str()), (requests.lines().count(), ""));
        ran.out
    };
    let without = decided(Path::new(""));
    assert!(!cache.exists());
    let filling = decided(&cache);
    assert_eq!(std::fs::read_dir(&cache).unwrap().count(), desk.packages.len());
    let filled = decided(&cache);
    let mut compared = 0;
    for (number, line) in without.lines().enumerate() {
        let others = [filling.lines().nth(number).unwrap(), filled.lines().nth(number).unwrap()];
        // A record says so itself where a busy machine was part of the answer.
        if [line, others[0], others[1]].iter().any(|line| line.contains("\"replayable\":false")) {
            continue;
        }
        assert_eq!(others, [line, line], "line {}", number + 1);
        compared += 1;
    }
    assert!(compared > requests.lines().count() / 2, "{compared} records could be compared");
}
