//! Policies in Python and JavaScript: prepared as a snapshot, asked in fresh stores, and held to the limits that hold
//! everybody. What they decide is the common workload of the benchmark; `tests/languages/build` builds them.

#![expect(clippy::disallowed_methods, reason = "a test reads what was built for it")]

#[expect(dead_code, reason = "other tests have requests of their own")]
mod guests;
#[expect(dead_code, reason = "the benchmark asks the others, too")]
#[path = "../benches/peers/rounds/src/workload.rs"]
mod workload;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use guests::{Guest, Wit};
use lexgate_engine::{
    Artifact, Binding, Cache, Engine, Failed, Instances, Order, PolicySet, Prepared, Start, Workshop,
};
use lexgate_model::fault::{Fault, Limits, Refusal};
use lexgate_model::finding::{Malformed, Outcome, Span};
use lexgate_model::{Package, Record, Request, RequestLimits, Verified, date};
use lexgate_packages::{Trust, Unverified, verify};
use serde_json::{Map, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Instant;
use workload::{QUESTIONS, Question};

/// Those that everybody has, but for the deadline: the machine that runs this may be busy.
const LIMITS: Limits = Limits { deadline_ms: 60_000, configure_deadline_ms: 600_000, ..Limits::DEFAULT };

/// What misbehaves, and what comes of it.
struct Misbehaviour {
    how: &'static str,
    limits: Limits,
    ends: fn(&Fault) -> bool,
}

const MISBEHAVIOURS: [Misbehaviour; 6] = [
    Misbehaviour { how: "loop", limits: LIMITS, ends: |fault| *fault == Fault::Fuel },
    Misbehaviour {
        how: "loop",
        limits: Limits { base_fuel: u64::MAX, deadline_ms: 100, ..LIMITS },
        ends: |fault| *fault == Fault::Deadline,
    },
    Misbehaviour {
        how: "grow",
        limits: Limits { base_fuel: u64::MAX, ..LIMITS },
        ends: |fault| *fault == Fault::Memory,
    },
    Misbehaviour {
        how: "recurse",
        limits: Limits { base_fuel: u64::MAX, ..LIMITS },
        ends: |fault| matches!(fault, Fault::Stack | Fault::Trap(_)),
    },
    Misbehaviour {
        how: "lie",
        limits: LIMITS,
        ends: |fault| *fault == Fault::Output(Malformed::Rule("another".to_owned())),
    },
    Misbehaviour {
        how: "refuse",
        limits: LIMITS,
        ends: |fault| *fault == Fault::Refusal(Refusal::Unsupported("it was told to refuse".to_owned())),
    },
];

#[test]
#[ignore = "wants the package that `tests/languages/build` makes"]
fn a_policy_in_python_is_held_as_any_other() {
    hold("python");
}

#[test]
#[ignore = "wants the package that `tests/languages/build` makes"]
fn a_policy_in_javascript_is_held_as_any_other() {
    hold("javascript");
}

/// Puts a package through everything. One test for each, because preparing takes long.
fn hold(language: &str) {
    let package = package(language);
    let place = Place::new();
    let engine = Engine::builder().cache(place.cache()).start().unwrap();
    let begin = Instant::now();
    let policy = prepare(&engine, &package, false);
    println!(
        "{language}: prepared in {} ms, {} bytes in the cache",
        begin.elapsed().as_millis(),
        place.bytes()
    );
    assert_eq!(*policy.start(), Start::Snapshot);
    answers_rightly(&engine, &policy);

    let first = all_records(&engine, &policy);
    assert!(all_records(&engine, &policy) == first, "asked again it gives the same bytes, fuel included");
    let anew = Box::new(Anew(engine.clone()));
    let from_the_cache = Engine::builder().cache(place.cache()).workshop(Box::new(Idle));
    let others = [
        ("without a pool, from the cache", from_the_cache.instances(Instances::OnDemand).start().unwrap()),
        ("without a cache, made anew", Engine::builder().workshop(anew).start().unwrap()),
    ];
    for (how, other) in &others {
        assert!(all_records(other, &prepare(other, &package, false)) == first, "{how}");
    }
    misbehaves(&engine, &package, &policy);
}

/// Asks all questions of the workload.
fn answers_rightly(engine: &Engine, policy: &Prepared) {
    let mut fuel = Vec::new();
    for (number, question) in QUESTIONS.iter().enumerate() {
        let record = decide(engine, vec![bind("b", policy, LIMITS)], &request(question));
        assert_eq!(record.bindings[0].fault, None, "question {number}");
        assert_eq!(record.bindings[0].used.configure_fuel, 0);
        let (outcome, code) = (question.answer.name(), CODES[number]);
        let reason =
            json!({ "binding": "b", "rule": "supply", "code": code, "floor": outcome, "ceiling": outcome });
        let licence = json!({ "binding": "b", "rule": "supply", "certain": true, "action": "licence",
                              "policy": "case-by-case" });
        let actions = if code == "licence" { vec![licence] } else { Vec::new() };
        let expected = json!({ "floor": outcome, "ceiling": outcome, "because": [reason], "actions": actions,
                               "missing": [] });
        assert_eq!(serde_json::to_value(&record.decision).unwrap(), expected, "question {number}");
        fuel.push(record.bindings[0].used.fuel);
    }
    println!("fuel {fuel:?}");
}

/// What the policy gives for its answer to each question.
const CODES: [&str; 8] = ["licence", "clear", "clear", "owned", "licence", "clear", "place", "place"];

/// Checks that each misbehaviour comes to its fault and nothing else, and that nobody else notices: another policy, the same
/// policy asked something else, the same package with other parameters.
fn misbehaves(engine: &Engine, package: &Verified<Package>, policy: &Prepared) {
    let wit = Wit::read("wit");
    let begin = Instant::now();
    let misbehaving = prepare(engine, package, true);
    println!("with other parameters prepared in {} ms", begin.elapsed().as_millis());
    let silent = Guest::new(&wit).prepare(engine).unwrap();
    let good = [("silent", &silent), ("good", policy), ("same", &misbehaving)];
    let good = good.map(|(id, policy)| bind(id, policy, LIMITS));
    let (usual, day) = (request(&QUESTIONS[0]), date::new(2026, 3, 1).unwrap());
    let asked = |binding: &Binding| decide(engine, vec![binding.clone()], &usual);
    let alone = good.each_ref().map(asked);
    assert!(alone.iter().all(|record| record.bindings[0].fault.is_none()));
    for Misbehaviour { how, limits, ends } in &MISBEHAVIOURS {
        let request = request(&Question { category: how, ..QUESTIONS[0] });
        // By itself: a decision has a deadline of its own, which a busy machine may miss.
        let evaluate = || engine.evaluate(&misbehaving, &request, day, limits);
        let run = evaluate();
        let record = decide(engine, vec![bind("hostile", &misbehaving, *limits)], &request);
        assert_eq!(record.decision.span, Span::exactly(Outcome::Deny));
        assert!(record.bindings[0].findings.is_empty());
        // What is said of a rule is looked at when it is decided.
        let fault = run.outcome.clone().err().or(record.bindings[0].fault.clone()).unwrap();
        println!("{how}: {fault:?}, {:?}", run.used);
        assert!(ends(&fault), "{how} ends with {fault:?}");
        assert!(run.used.fuel <= limits.fuel(request.size()));
        assert!(run.used.memory_bytes <= limits.memory_bytes);
        if fault.is_deterministic() {
            let again = evaluate();
            assert_eq!((again.outcome, again.used), (run.outcome, run.used), "{how} ends the same way again");
        }
        let after = good.each_ref().map(asked);
        assert!(after == alone, "who is asked after `{how}` is undisturbed");
    }
}

/// Reads a package that was built before.
fn package(language: &str) -> Verified<Package> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let path = target.join("languages").join(format!("workload-{language}.wasm"));
    let bytes = std::fs::read(&path).unwrap_or_else(|error| {
        panic!("cannot read `{}`: {error}; run `tests/languages/build` first", path.display())
    });
    println!("{language}: a package of {} bytes", bytes.len());
    verify(Unverified::from_bytes("guest.wasm", bytes), &Trust::default()).unwrap()
}

fn prepare(engine: &Engine, package: &Verified<Package>, misbehave: bool) -> Prepared {
    let parameters = Map::from_iter([("misbehave".to_owned(), json!(misbehave))]);
    let parameters = package.manifest.parameters.accept(parameters).unwrap();
    engine.prepare(package.clone(), parameters, Vec::new()).unwrap()
}

fn bind(id: &str, policy: &Prepared, limits: Limits) -> Binding {
    Binding { limits, ..Binding::new(id, policy.clone()) }
}

fn request(question: &Question) -> Request {
    Request::from_json(&question.request(), &RequestLimits::default()).unwrap()
}

fn decide(engine: &Engine, bindings: Vec<Binding>, request: &Request) -> Record {
    engine.decide(&PolicySet::new(bindings).unwrap(), request, request.when().unwrap())
}

fn bytes(record: &Record) -> Vec<u8> {
    serde_json::to_vec(record).unwrap()
}

/// Returns the records of all questions.
fn all_records(engine: &Engine, policy: &Prepared) -> Vec<Vec<u8>> {
    let ask = |question| bytes(&decide(engine, vec![bind("b", policy, LIMITS)], &request(question)));
    QUESTIONS.iter().map(ask).collect()
}

/// A folder for a cache.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o700)).unwrap();
        Place(folder)
    }

    fn dir(&self) -> Dir {
        Dir::open_ambient_dir(self.0.path(), ambient_authority()).unwrap()
    }

    fn cache(&self) -> Cache {
        Cache::new(self.dir(), [7; 32], 1 << 30).unwrap()
    }

    fn bytes(&self) -> u64 {
        self.dir().entries().unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
    }
}

/// Makes everything anew. What its engine compiled before need not be compiled again.
struct Anew(Engine);

impl Workshop for Anew {
    fn make(&self, order: Order<'_>) -> Result<Artifact, Failed> {
        self.0.workshop().make(order)
    }
}

/// Makes nothing: what is asked of it must be in the cache.
struct Idle;

impl Workshop for Idle {
    fn make(&self, _: Order<'_>) -> Result<Artifact, Failed> {
        Err(Failed::Unmade("it is not in the cache".to_owned()))
    }
}
