//! Ownership in the sandbox: large graphs stay within the limits, and neither the order of parties nor that of
//! relationships shows in the decision.

mod shipped;

use lexgate_engine::{Binding, Engine, PolicySet};
use lexgate_model::decision::Enforced;
use lexgate_model::{Record, Request, RequestLimits};
use serde_json::{Value, json};
use std::sync::LazyLock;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new().unwrap());

/// The shipped policy by each method.
static SETS: LazyLock<Vec<(&str, PolicySet)>> = LazyLock::new(|| {
    let set = |method| {
        let package = shipped::package();
        let parameters = json!({ "method": method }).as_object().unwrap().clone();
        let parameters = package.manifest.parameters.accept(parameters).unwrap();
        let policy = ENGINE.prepare(package, parameters, Vec::new()).unwrap();
        (method, PolicySet::new(vec![Binding::new("b", policy)]).unwrap())
    };
    ["direct", "cascade", "look-through"].map(set).into()
});

/// Numbers without pattern, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn shuffle(&mut self, list: &mut [Value]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.roll(last + 1));
        }
    }
}

/// Returns a request about the first of so many companies, of which none is owned by more than all of it.
fn request(parties: usize, stakes: usize, rings: bool) -> Value {
    let mut dice = Dice(2026);
    let company = |number: usize, seat: &str| json!({ "recordId": format!("p{number}"), "kind": "registeredEntity", "headquarters": seat, "ownership": "complete" });
    let seats = ["SG", "SG", "KR", "CN"];
    let companies: Vec<_> = (0..parties)
        .map(|number| company(number, if number == 0 { "SG" } else { seats[dice.roll(4)] }))
        .collect();
    let mut left = vec![100; parties];
    let mut relationships = Vec::new();
    for number in 0..stakes {
        let owned = dice.roll(parties - 1);
        // A chain through all of them first, so that all are upstream.
        let owned = if number < parties - 1 { number } else { owned };
        let any = if rings { dice.roll(parties) } else { owned + 1 + dice.roll(parties - owned - 1) };
        let owner = if number < parties - 1 { number + 1 } else { any };
        let share = (1 + dice.roll(40)).min(left[owned]);
        if share == 0 || owner == owned {
            continue;
        }
        left[owned] -= share;
        relationships.push(json!({
            "recordId": format!("r{number}"), "subject": format!("p{owned}"), "interestedParty": format!("p{owner}"),
            "interests": [{ "kind": "shareholding", "directness": "direct", "share": { "exact": share.to_string() } }],
        }));
    }
    json!({
        "evaluationDate": "2025-11-10", "action": "supply",
        "participants": [{ "role": "endUser", "party": "p0" }],
        "parties": companies, "relationships": relationships,
        "resource": { "recordId": "api", "category": "ai-model" },
    })
}

fn decide(set: &PolicySet, request: &Value) -> Record<Enforced> {
    let request = Request::from_json(request.to_string().as_bytes(), &RequestLimits::default()).unwrap();
    ENGINE.decide(set, &request, request.when().unwrap())
}

/// Checks that every method answers within half of the limits.
#[track_caller]
fn check(request: &Value) {
    for (method, set) in &*SETS {
        let record = decide(set, request);
        let evaluation = &record.bindings[0];
        assert_eq!(evaluation.fault, None, "{method}");
        let (used, limit) = (evaluation.used.fuel, evaluation.limits.fuel);
        assert!(used < limit / 10 * 9, "{method}: {used} of {limit}");
    }
}

#[test]
fn large_graphs_without_rings_stay_within_the_limits() {
    check(&request(400, 1_200, false));
}

#[test]
fn large_rings_stay_within_the_limits() {
    for (parties, stakes) in [(8, 30), (24, 80), (60, 200), (400, 1_200)] {
        check(&request(parties, stakes, true));
    }
}

#[test]
fn no_order_shows_in_a_decision() {
    let mut dice = Dice(7);
    for (parties, stakes, rings) in [(3, 6, true), (12, 40, true), (40, 120, false), (60, 200, true)] {
        let plain = request(parties, stakes, rings);
        for (method, set) in &*SETS {
            let told = |request: &Value| {
                let record = decide(set, request);
                let finding =
                    |finding: &lexgate_model::Finding| (finding.rule.clone(), finding.message.clone());
                let findings: Vec<_> = record.bindings[0].findings.iter().map(finding).collect();
                (record.decision.span, findings)
            };
            let expected = told(&plain);
            for _ in 0..4 {
                let mut shuffled = plain.clone();
                for list in ["parties", "relationships"] {
                    dice.shuffle(shuffled[list].as_array_mut().unwrap());
                }
                assert_eq!(told(&shuffled), expected, "{method}, {parties} parties");
            }
        }
    }
}
