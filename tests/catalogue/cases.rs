//! Every case of every policy passes in the sandbox, and each stays small.

use crate::{Shipped, engine, shipped};
use lexgate_engine::Engine;
use lexgate_kit::cases::{self, CaseResult};
use std::time::Duration;

/// The cases of the catalogue of rules, by policy and rule. A case of two dates has its number twice, the first with a word
/// behind it: `R05-4-before`, `R05-4`.
const CATALOGUE: [(&str, &str, &[u32]); 17] = [
    ("us-advanced-chips", "R01", &[1, 2, 4, 5, 6, 7, 8, 10, 11, 14]),
    ("us-cloud-licensing", "R02", &[1, 2, 3, 5, 6, 8, 9]),
    ("us-icts-cloud", "R03", &[1, 2, 3, 4, 7, 8]),
    ("cn-cii-procurement", "R04", &[1, 2, 3, 4, 5, 7, 9]),
    ("cn-dual-use-minerals", "R05", &[1, 2, 3, 4, 5, 7, 9, 10, 12]),
    ("anthropic-regions", "R06", &[1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 13, 14, 17]),
    ("cn-generative-ai", "R07", &[1, 2, 3, 4, 6]),
    ("fr-state-visio", "R08", &[1, 2, 3, 5, 6, 7, 9, 10, 12]),
    ("eu-digital-markets", "R09", &[6, 7, 8]),
    ("eu-cloud-sovereignty", "R09", &[1, 2, 4, 5]),
    ("kr-csap", "R10", &[1, 2, 3, 4, 5, 7, 9, 10, 11, 13]),
    ("kr-csap-operator", "R11", &[1, 2, 3, 6]),
    ("kr-nis-verification", "R12", &[1, 3, 4, 6]),
    ("us-ofac-ownership", "X1", &[1, 3, 6]),
    ("us-bis-affiliates", "X2", &[]),
    ("eu-ownership-control", "X3", &[]),
    ("uk-ownership-control", "X4", &[]),
];

/// Most fuel of an evaluation in any case.
const MOST_FUEL: u64 = 1_000_000;
/// Most bytes of a package.
const MOST_BYTES: usize = 300 << 10;
/// Most lines of the source of a policy, without its tests, comments and blank lines.
const MOST_LINES: usize = 330;

#[test]
fn all_cases_pass_within_the_fuel_of_the_catalogue() {
    let mut failed = Vec::new();
    for policy in shipped() {
        let results = run(policy);
        for result in results {
            let id = &result.id;
            failed
                .extend((!result.passed()).then(|| format!("{} {id}: {:?}", policy.id, result.differences)));
            failed.extend(
                (result.fuel > MOST_FUEL).then(|| format!("{} {id}: {} fuel", policy.id, result.fuel)),
            );
        }
    }
    assert!(failed.is_empty(), "\n\n  {}\n", failed.join("\n  "));
}

#[test]
fn every_policy_has_the_cases_of_the_catalogue() {
    for policy in shipped() {
        let listed = CATALOGUE.iter().find(|(id, ..)| *id == policy.id);
        let (_, rule, numbers) = listed.unwrap_or_else(|| panic!("`{}` is not in the catalogue", policy.id));
        for number in *numbers {
            let id = format!("{rule}-{number}");
            let has = |known: &str| known == id || known.starts_with(&format!("{id}-"));
            assert!(policy.questions.iter().any(|question| has(&question.id)), "{}: no case {id}", policy.id);
        }
    }
}

/// Runs the cases of a policy, once for all tests that look at them.
pub(crate) fn run(policy: &Shipped) -> &[CaseResult] {
    policy.results.get_or_init(|| {
        let dir = cap_std::fs::Dir::open_ambient_dir(&policy.folder, cap_std::ambient_authority()).unwrap();
        cases::run(engine(), &policy.package, &dir, None, &|| Duration::ZERO, &mut |_| {}).unwrap()
    })
}

#[test]
fn every_policy_is_one_module_and_says_the_same_as_a_component() {
    let components = Engine::builder().components().start().unwrap();
    for policy in shipped() {
        let dir = cap_std::fs::Dir::open_ambient_dir(&policy.folder, cap_std::ambient_authority()).unwrap();
        let others =
            cases::run(&components, &policy.package, &dir, None, &|| Duration::ZERO, &mut |_| {}).unwrap();
        let question = policy.questions.first().unwrap();
        let is_alone = |engine: &Engine| {
            policy.prepared(engine, question).set.bindings().iter().all(|binding| binding.policy.is_alone())
        };
        assert_eq!((is_alone(engine()), is_alone(&components)), (true, false), "{}", policy.id);
        for (one, other) in run(policy).iter().zip(&others) {
            let (said, differences) = ((&one.id, one.span, &one.differences), &other.differences);
            assert_eq!(said, (&other.id, other.span, differences), "{}", policy.id);
            // It asks the guest for one block, and for nothing but that.
            assert!(one.fuel < other.fuel, "{} {}: {} fuel, {}", policy.id, one.id, one.fuel, other.fuel);
        }
    }
}

#[test]
fn packages_and_sources_stay_small() {
    let mut large = Vec::new();
    for policy in shipped() {
        let bytes = policy.package.bytes.len();
        large.extend(
            (bytes > MOST_BYTES).then(|| format!("{}: {bytes} bytes, at most {MOST_BYTES}", policy.id)),
        );
        let lines = lines(&policy.folder.join("src"));
        large.extend(
            (lines > MOST_LINES).then(|| format!("{}: {lines} lines, at most {MOST_LINES}", policy.id)),
        );
    }
    assert!(large.is_empty(), "\n\n  {}\n", large.join("\n  "));
}

/// Returns how many lines the sources of a policy have that are neither blank nor comments, without tests.
pub(crate) fn lines(folder: &std::path::Path) -> usize {
    let mut lines = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() || path.ends_with("tests.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
        lines += code.lines().filter(is_code).count();
    }
    lines
}
