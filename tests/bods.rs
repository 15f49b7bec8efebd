//! Published BODS packages: what `lexgate import bods` makes of them on which day, and that it can be decided.
//!
//! The data lies beside the project and is not part of it: without it the tests say so and end.

#![expect(clippy::disallowed_methods, reason = "a test holds the authority of its user")]

mod regions;
mod shipped;

use lexgate_engine::{Binding, Engine, PolicySet};
use lexgate_kit::import::{About, Frame, Imported, Source, Wanted, bods};
use lexgate_model::decision::Enforced;
use lexgate_model::{Record, Request, RequestLimits, When, date};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::LazyLock;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new().unwrap());

/// Imports a package as of a date; nothing if it is not beside the project.
fn import(package: &str, at: &str) -> Option<Imported> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/bods/examples").join(package);
    if !path.is_file() {
        eprintln!("skipped: `{package}` is not beside the project");
        return None;
    }
    let open = Box::new(move || Ok(Box::new(File::open(&path)?) as Box<dyn Read>));
    let source = Source { name: package.to_owned(), bytes: None, open };
    let about =
        About::New { action: "supply".to_owned(), channel: None, category: Some("ai-model".to_owned()) };
    let when = When::Date(date::parse(at).unwrap());
    let frame = Frame { when, role: "endUser".to_owned(), about };
    let imported = bods(&[source], &Wanted { parties: Vec::new(), depth: 5 }, &frame, &mut |_| {});
    Some(imported.unwrap_or_else(|error| panic!("{package}: {error}")))
}

/// Returns who holds which share on the date, sorted.
fn holders(imported: &Imported, at: &str) -> Vec<String> {
    let request = imported.request.to_value();
    let mut holders = Vec::new();
    for relationship in request["relationships"].as_array().unwrap() {
        for interest in relationship["interests"].as_array().unwrap() {
            let day = |name: &str| interest[name].as_str().map(str::to_owned);
            let begun = day("start").is_none_or(|start| start.as_str() <= at);
            let ended = day("end").is_some_and(|end| end.as_str() <= at);
            if interest["kind"] == "shareholding" && begun && !ended {
                let owner = relationship["interestedParty"].as_str().unwrap();
                let parties = request["parties"].as_array().unwrap();
                let party = parties.iter().find(|party| party["recordId"] == owner).unwrap();
                let name = party["names"][0]["fullName"].as_str().unwrap();
                holders.push(format!("{name} {}", interest["share"]["exact"].as_str().unwrap()));
            }
        }
    }
    holders.sort();
    holders
}

#[test]
fn two_owners_over_time() {
    let (riyadh, declan, patrick) = ("Riyadh Byrne-Amin 50", "Declan Byrne-Amin 50", "Patrick O'Donohue 50");
    for (at, expected) in [
        ("2019-09-10", vec![]),
        ("2019-09-11", vec![patrick, riyadh]),
        ("2021-04-02", vec![patrick, riyadh]),
        ("2021-04-03", vec![declan, patrick]),
        ("2022-01-20", vec![declan, patrick]),
        ("2022-01-21", vec!["Patrick O'Donohue 100"]),
        ("2025-09-05", vec!["Patrick O'Donohue 100"]),
    ] {
        let Some(imported) = import("fermcat.json", at) else { return };
        assert_eq!(holders(&imported, at), expected, "{at}");
    }
}

#[test]
fn a_state_owns_through_a_ministry() {
    let Some(imported) = import("bods-package-fi-soe.json", "2025-09-05") else { return };
    let request = imported.request.to_value();
    let kinds: Vec<&str> =
        request["parties"].as_array().unwrap().iter().map(|party| party["kind"].as_str().unwrap()).collect();
    for kind in ["state", "stateBody", "registeredEntity"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    assert_eq!(
        holders(&imported, "2025-09-05"),
        [
            "Suomen Kaasuverkko Oy 76.5",
            "Suomen tasavalta 100",
            "Valtiovarainministerio 100",
            "Valtiovarainministerio 23.5"
        ]
    );
    let indirect: Vec<&Value> = request["relationships"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|relationship| relationship["interests"][0]["directness"] == "indirect")
        .collect();
    assert_eq!(indirect.len(), 1);
    assert_eq!(indirect[0]["facts"]["componentRecords"].as_array().unwrap().len(), 6);
}

#[test]
fn an_interest_without_a_type_stays_unknown() {
    let Some(imported) = import("indirect-ownership.json", "2025-09-05") else { return };
    let request = imported.request.to_value();
    let kinds: Vec<&Value> = request["relationships"]
        .as_array()
        .unwrap()
        .iter()
        .map(|relationship| &relationship["interests"][0]["kind"])
        .collect();
    assert!(kinds.contains(&&Value::from("unknownInterest")), "{kinds:?}");
    assert!(request["parties"].as_array().unwrap().iter().all(|party| party.get("headquarters").is_none()));
}

/// Returns the policy by a method, with a list of regions.
fn by(method: &str, list: &str) -> PolicySet {
    regions::set(&ENGINE, list, Map::from_iter([("method".to_owned(), Value::from(method))]))
}

/// Returns what owners of the regions marked `no` hold of the subject, by the policy in the sandbox.
fn attributed(imported: &Imported, set: &PolicySet) -> String {
    let request = &imported.request;
    let record: Record<Enforced> = ENGINE.decide(set, request, request.when().unwrap());
    let findings = &record.bindings[0].findings;
    let finding = findings.iter().find(|finding| finding.rule == "attribution").unwrap();
    let derived = &finding.derived[0];
    match (derived.minimum.as_str(), derived.maximum.as_str()) {
        (minimum, maximum) if minimum == maximum => minimum.to_owned(),
        (minimum, maximum) => format!("{minimum} to {maximum}"),
    }
}

#[test]
fn the_state_owns_all_of_the_company_and_not_twice() {
    for method in ["cascade", "look-through"] {
        let finland = by(method, "code,supported\nFI,no\n");
        for (at, expected) in [("2025-09-05", "100"), ("2020-01-01", "100"), ("2019-12-31", "0 to 100")] {
            let Some(imported) = import("bods-package-fi-soe.json", at) else { return };
            assert_eq!(attributed(&imported, &finland), expected, "{method} {at}");
        }
    }
}

#[test]
fn the_two_owners_hold_half_each_as_long_as_they_do() {
    for method in ["direct", "cascade", "look-through"] {
        // One of the first two is of both countries.
        let of_iraq = by(method, "code,supported\nIQ,no\nIE,yes\n");
        let of_ireland = by(method, "code,supported\nIQ,yes\nIE,no\n");
        for (at, iraq, ireland) in [
            ("2019-09-10", "0 to 100", "0 to 100"),
            ("2019-09-11", "50", "100"),
            ("2021-04-02", "50", "100"),
            ("2021-04-03", "0", "100"),
            ("2022-01-21", "0", "100"),
        ] {
            let Some(imported) = import("fermcat.json", at) else { return };
            assert_eq!(attributed(&imported, &of_iraq), iraq, "{method} {at}");
            assert_eq!(attributed(&imported, &of_ireland), ireland, "{method} {at}");
        }
    }
}

#[test]
fn every_package_is_decided_without_fault() {
    let package = shipped::package();
    let parameters = package.manifest.parameters.accept(Map::new()).unwrap();
    let policy = ENGINE.prepare(package, parameters, Vec::new()).unwrap();
    let set = PolicySet::new(vec![Binding::new("anthropic-regions", policy)]).unwrap();
    for package in ["fermcat.json", "bods-package-fi-soe.json", "indirect-ownership.json"] {
        let Some(imported) = import(package, "2025-09-05") else { return };
        let printed = serde_json::to_vec_pretty(&imported.request.to_value()).unwrap();
        let request = Request::from_json(&printed, &RequestLimits::default()).unwrap();
        let record: Record<Enforced> = ENGINE.decide(&set, &request, request.when().unwrap());
        assert_eq!(record.bindings[0].fault, None, "{package}");
        assert!(!record.bindings[0].findings.is_empty(), "{package}");
    }
}
