//! Real legal entities: what `lexgate import gleif` makes of GLEIF's records is decided and explained.
//!
//! The data lies beside the project and is not part of it: without it the test says so and ends.

#![expect(clippy::disallowed_methods, reason = "a test holds the authority of its user")]

mod regions;
mod shipped;

use lexgate_engine::{Engine, PolicySet};
use lexgate_kit::import::{About, Frame, Imported, Reason, Register, Source, Wanted, gleif};
use lexgate_model::decision::Enforced;
use lexgate_model::{Outcome, Record, Request, RequestLimits, When};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new().unwrap());

fn data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/gleif");
    folder.is_dir().then_some(folder)
}

fn read(folder: &Path, file: &str) -> Vec<Value> {
    serde_json::from_str(&std::fs::read_to_string(folder.join(file)).unwrap()).unwrap()
}

fn source(folder: &Path, file: &str) -> Source<'static> {
    let path = folder.join(file);
    let open = Box::new(move || Ok(Box::new(File::open(&path)?) as Box<dyn Read>));
    Source { name: file.to_owned(), bytes: None, open }
}

/// Imports what the sample says of one legal entity.
fn import(folder: &Path, lei: &str) -> Imported {
    let register = Register {
        entities: source(folder, "lei.json"),
        relationships: source(folder, "relationships.json"),
        exceptions: Some(source(folder, "reporting-exceptions.json")),
    };
    let about =
        About::New { action: "supply".to_owned(), channel: None, category: Some("ai-model".to_owned()) };
    let when = When::Instant("2025-09-05T16:00:00Z".parse().unwrap());
    let wanted = Wanted { parties: vec![lei.to_owned()], depth: 3 };
    let imported = gleif(&register, &wanted, &Frame { when, role: "endUser".to_owned(), about }, &mut |_| {});
    imported.unwrap_or_else(|error| panic!("{lei}: {error}"))
}

/// Returns what the relationships of the sample say: parents by child and type.
fn parents(folder: &Path) -> BTreeMap<(String, String), String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let relationships = read(folder, "relationships.json");
    let parent = |record: &Value| {
        let relationship = &record["Relationship"];
        let child = text(&relationship["StartNode"]["NodeID"]);
        ((child, text(&relationship["RelationshipType"])), text(&relationship["EndNode"]["NodeID"]))
    };
    relationships.iter().map(parent).collect()
}

/// Returns the parties of the request by record id.
fn parties(imported: &Imported) -> BTreeMap<String, Value> {
    let request = imported.request.to_value();
    let list = request["parties"].as_array().unwrap().clone();
    list.into_iter().map(|party| (party["recordId"].as_str().unwrap().to_owned(), party)).collect()
}

/// Decides, after checking that the printed request is accepted as it stands.
fn decide(set: &PolicySet, imported: &Imported) -> Record<Enforced> {
    let printed = serde_json::to_vec_pretty(&imported.request.to_value()).unwrap();
    let request = Request::from_json(&printed, &RequestLimits::default()).unwrap();
    assert_eq!(request, imported.request);
    ENGINE.decide(set, &request, request.when().unwrap())
}

/// Returns the shipped policy with a list of its operator: whatever the sample has is supported, but for two places.
fn policy(folder: &Path) -> PolicySet {
    let records = read(folder, "lei.json");
    let seats = |record: &Value| {
        let entity = &record["Entity"];
        [&entity["LegalJurisdiction"], &entity["HeadquartersAddress"]["Country"]].map(country)
    };
    let places: BTreeSet<String> = records.iter().flat_map(seats).collect();
    let row = |place: &String| format!("{place},{}\n", if is_unsupported(place) { "no" } else { "yes" });
    let list = format!("code,supported\n{}", places.iter().map(row).collect::<String>());
    regions::set(&ENGINE, &list, Map::new())
}

fn country(place: &Value) -> String {
    place.as_str().unwrap().split('-').next().unwrap().to_owned()
}

fn is_unsupported(place: &str) -> bool {
    matches!(place, "CN" | "KY")
}

#[test]
fn real_entities_are_decided_and_explained() {
    let Some(folder) = data() else {
        eprintln!("skipped: the GLEIF sample is not beside the project");
        return;
    };
    let set = policy(&folder);
    let parents = parents(&folder);
    let records = read(&folder, "lei.json");
    let mut ends = BTreeMap::<(Outcome, Outcome), u32>::new();
    for record in &records {
        let lei = record["LEI"].as_str().unwrap();
        let imported = import(&folder, lei);
        let stated = parents.keys().filter(|(child, _)| child == lei).count();
        let decided = decide(&set, &imported);
        let evaluation = &decided.bindings[0];
        assert_eq!(evaluation.fault, None, "{lei}");
        let span = decided.decision.span;
        *ends.entry((span.floor, span.ceiling)).or_default() += 1;
        let entity = &record["Entity"];
        let seats = [&entity["LegalJurisdiction"], &entity["HeadquartersAddress"]["Country"]].map(country);
        if seats.iter().any(|seat| is_unsupported(seat)) {
            assert_eq!(span.floor, Outcome::Deny, "{lei} is in an unsupported region");
        } else {
            // The register publishes no percentages, so a majority can never be excluded.
            assert_eq!((span.floor, span.ceiling), (Outcome::Permit, Outcome::Deny), "{lei}");
            let missing =
                |wanted: &str| decided.decision.missing.iter().any(|one| one.fact.pointer == wanted);
            // Nothing is stated of its owners, or not whether that is all.
            let wanted = if stated == 0 { "/relationships" } else { "/parties/0/ownership" };
            assert!(missing(wanted), "{lei}");
        }
        let location = evaluation.findings.iter().find(|finding| finding.rule == "location").unwrap();
        assert!(location.message.contains(entity["LegalName"].as_str().unwrap()), "{}", location.message);
        assert!(!location.evidence.is_empty(), "{lei}");
        assert!(
            location.evidence.iter().all(|evidence| evidence.pointer.starts_with("/parties/0/")),
            "{lei}"
        );
        let request = decided.request.to_value();
        let party = &request["parties"][0];
        assert_eq!(party["jurisdiction"], entity["LegalJurisdiction"], "{lei}");
        let seat = &entity["HeadquartersAddress"];
        assert!([&seat["Region"], &seat["Country"]].contains(&&party["headquarters"]), "{lei}");
        assert_eq!(party["facts"]["gleifEntityStatus"], entity["EntityStatus"], "{lei}");
        assert_eq!(
            party["facts"]["gleifRegistrationStatus"], record["Registration"]["RegistrationStatus"],
            "{lei}"
        );
        // Every relationship of the sample that starts here is there, and nothing else.
        assert_eq!(imported.report.relationships, stated, "{lei}");
        assert_eq!(
            imported.report.counts.keys().filter(|reason| **reason != Reason::NoRecord).count(),
            0,
            "{lei}"
        );
    }
    eprintln!("{} entities: {ends:?}", records.len());
    assert!(records.len() > 5);
}

#[test]
fn parents_and_exceptions_come_out_as_published() {
    let Some(folder) = data() else {
        eprintln!("skipped: the GLEIF sample is not beside the project");
        return;
    };
    let parents = parents(&folder);
    let exceptions: BTreeMap<String, (Value, Value)> = read(&folder, "reporting-exceptions.json")
        .iter()
        .map(|record| {
            let lei = record["LEI"].as_str().unwrap().to_owned();
            (lei, (record["ExceptionCategory"].clone(), record["ExceptionReason"].clone()))
        })
        .collect();
    for (lei, (category, reason)) in &exceptions {
        let party = parties(&import(&folder, lei)).remove(lei).unwrap();
        assert_eq!(category, "DIRECT_ACCOUNTING_CONSOLIDATION_PARENT", "the sample has only direct ones");
        assert_eq!(party["facts"]["directParent"], json!({ "unknown": reason }), "{lei}");
        assert_eq!(
            party.get("ultimateParent"),
            None,
            "{lei}: nothing is published about its ultimate parent"
        );
    }
    let mut ultimate = 0;
    for ((child, kind), parent) in &parents {
        let imported = import(&folder, child);
        let request = imported.request.to_value();
        let id = format!("{child}-{kind}-{parent}");
        let relationships = request["relationships"].as_array().unwrap();
        let relationship = relationships.iter().find(|one| one["recordId"] == id.as_str()).unwrap();
        assert_eq!(relationship["interestedParty"], parent.as_str());
        assert_eq!(relationship["facts"]["gleifRelationshipType"], kind.as_str());
        let interest = &relationship["interests"][0];
        let expected =
            if kind == "IS_FUND-MANAGED_BY" { "rightsGrantedByContract" } else { "otherInfluenceOrControl" };
        assert_eq!((&interest["kind"], &interest["share"]), (&json!(expected), &Value::Null), "{id}");
        if kind == "IS_ULTIMATELY_CONSOLIDATED_BY" {
            ultimate += 1;
            assert_eq!(parties(&imported)[child]["ultimateParent"], parent.as_str());
            assert_eq!(interest["directness"], "indirect");
            assert_eq!(
                imported.report.counts[&Reason::Lapsed],
                2,
                "both registrations have lapsed, which is told"
            );
        }
    }
    assert!(ultimate > 0 && !exceptions.is_empty());
}

#[test]
fn an_entity_of_which_only_its_parents_are_known_is_decided() {
    let Some(folder) = data() else {
        eprintln!("skipped: the GLEIF sample is not beside the project");
        return;
    };
    let set = policy(&folder);
    let children: BTreeSet<String> = parents(&folder).into_keys().map(|(child, _)| child).collect();
    let known: BTreeSet<String> =
        read(&folder, "lei.json").iter().map(|record| record["LEI"].as_str().unwrap().to_owned()).collect();
    let unknown: Vec<_> = children.difference(&known).collect();
    assert!(!unknown.is_empty());
    for lei in unknown {
        let decided = decide(&set, &import(&folder, lei));
        assert_eq!(decided.bindings[0].fault, None, "{lei}");
        let span = decided.decision.span;
        assert_eq!((span.floor, span.ceiling), (Outcome::Permit, Outcome::Deny), "{lei}");
        let missing: Vec<_> = decided.decision.missing.iter().map(|one| one.fact.pointer.as_str()).collect();
        assert!(missing.contains(&"/parties/1/headquarters"), "{lei}: {missing:?}");
    }
}
