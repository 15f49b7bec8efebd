//! Real legal entities: requests made from GLEIF records are decided and explained.
//!
//! The reader here makes requests from level 1 (who is who), level 2 (who consolidates whom) and reporting exceptions; the
//! full import is not here. The data lies beside the project and is not part of it: without it the test says so and ends.

#![expect(clippy::disallowed_methods, reason = "a test holds the authority of its user")]

mod shipped;

use lexgate_engine::{Binding, Engine, PolicySet};
use lexgate_model::decision::Enforced;
use lexgate_model::{Outcome, Record, Request, RequestLimits};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
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

/// The register, by LEI.
struct Register {
    entities: BTreeMap<String, Value>,
    /// Direct and ultimate accounting-consolidation parents.
    parents: BTreeMap<(String, &'static str), String>,
    /// Reasons why an ultimate parent is not reported.
    exceptions: BTreeMap<String, String>,
}

impl Register {
    fn read(folder: &Path) -> Register {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let entities =
            read(folder, "lei.json").into_iter().map(|entity| (text(&entity["LEI"]), entity)).collect();
        let mut parents = BTreeMap::new();
        for record in read(folder, "relationships.json") {
            let relationship = &record["Relationship"];
            let kind = match relationship["RelationshipType"].as_str().unwrap() {
                "IS_DIRECTLY_CONSOLIDATED_BY" => "direct",
                "IS_ULTIMATELY_CONSOLIDATED_BY" => "ultimate",
                _ => continue,
            };
            let (child, parent) = (&relationship["StartNode"]["NodeID"], &relationship["EndNode"]["NodeID"]);
            parents.insert((text(child), kind), text(parent));
        }
        let exceptions = read(folder, "reporting-exceptions.json")
            .iter()
            .map(|exception| (text(&exception["LEI"]), text(&exception["ExceptionReason"])))
            .collect();
        Register { entities, parents, exceptions }
    }

    /// Returns a party with what the register says of it; of a parent outside the sample only the LEI is known.
    fn party(&self, lei: &str) -> Value {
        let mut party = json!({ "recordId": lei, "kind": "registeredEntity", "identifiers": [{ "scheme": "XI-LEI", "id": lei }] });
        if let Some(entity) = self.entities.get(lei).map(|record| &record["Entity"]) {
            party["names"] = json!([{ "fullName": entity["LegalName"] }]);
            party["jurisdiction"] = entity["LegalJurisdiction"].clone();
            party["headquarters"] = entity["HeadquartersAddress"]["Country"].clone();
        }
        match (self.parents.get(&(lei.to_owned(), "ultimate")), self.exceptions.get(lei)) {
            (Some(parent), _) => party["ultimateParent"] = json!(parent),
            (None, Some(reason)) => party["ultimateParent"] = json!({ "unknown": reason }),
            (None, None) => {}
        }
        party
    }

    /// Returns the request whether this entity may be supplied, with the parents the register names.
    fn request(&self, lei: &str) -> Value {
        let mut parties = vec![self.party(lei)];
        let mut relationships = Vec::new();
        for kind in ["direct", "ultimate"] {
            let Some(parent) = self.parents.get(&(lei.to_owned(), kind)) else { continue };
            if !parties.iter().any(|party| party["recordId"] == **parent) {
                // A parent's own parents are not followed.
                let mut party = self.party(parent);
                party.as_object_mut().unwrap().remove("ultimateParent");
                parties.push(party);
            }
            // GLEIF says who consolidates whom, never how much is held.
            relationships.push(json!({ "recordId": format!("{lei}-{kind}"), "subject": lei, "interestedParty": parent,
                "interests": [{ "kind": "shareholding", "directness": if kind == "direct" { "direct" } else { "unknown" } }] }));
        }
        json!({
            "evaluationTime": "2025-09-05T16:00:00Z", "action": "supply",
            "participants": [{ "role": "endUser", "party": lei }],
            "parties": parties, "relationships": relationships,
            "resource": { "recordId": "model-api", "category": "ai-model" },
        })
    }
}

/// Returns a set with the shipped policy, whose list of regions is completed so that real places are known.
fn set(regions: &str) -> PolicySet {
    let package = shipped::package();
    let parameters = package.manifest.parameters.accept(Map::new()).unwrap();
    let bytes: std::sync::Arc<[u8]> = regions.as_bytes().into();
    let dataset = lexgate_model::package::DatasetVersion {
        name: "regions".to_owned(),
        version: "test".to_owned(),
        period: Default::default(),
        digest: lexgate_model::Digest::of(&bytes),
        bytes,
    };
    let policy = ENGINE.prepare(package, parameters, vec![dataset]).unwrap();
    PolicySet::new(vec![Binding::new("anthropic-regions", policy)]).unwrap()
}

#[test]
fn real_entities_are_decided_and_explained() {
    let Some(folder) = data() else {
        eprintln!("skipped: the GLEIF sample is not beside the project");
        return;
    };
    let register = Register::read(&folder);
    // The operator's own list for this test: whatever the sample has, but for two places.
    let places: std::collections::BTreeSet<_> = register
        .entities
        .values()
        .flat_map(|record| {
            [&record["Entity"]["LegalJurisdiction"], &record["Entity"]["HeadquartersAddress"]["Country"]]
        })
        .filter_map(|place| place.as_str()?.split('-').next())
        .collect();
    let unsupported = |place: &str| matches!(place, "CN" | "KY");
    let rows: String = places
        .iter()
        .map(|place| format!("{place},{}\n", if unsupported(place) { "no" } else { "yes" }))
        .collect();
    let set = set(&format!("code,supported\n{rows}"));
    let mut ends = BTreeMap::<(Outcome, Outcome), u32>::new();
    for (lei, record) in &register.entities {
        let json = register.request(lei);
        let request = Request::from_json(json.to_string().as_bytes(), &RequestLimits::default())
            .unwrap_or_else(|error| panic!("{lei}: {error}"));
        let decided: Record<Enforced> = ENGINE.decide(&set, &request, request.when().unwrap());
        let evaluation = &decided.bindings[0];
        assert_eq!(evaluation.fault, None, "{lei}");
        let span = decided.decision.span;
        *ends.entry((span.floor, span.ceiling)).or_default() += 1;
        let entity = &record["Entity"];
        let seats = [&entity["LegalJurisdiction"], &entity["HeadquartersAddress"]["Country"]];
        if seats.iter().any(|seat| unsupported(seat.as_str().unwrap().split('-').next().unwrap())) {
            assert_eq!(span.floor, Outcome::Deny, "{lei} is in an unsupported region");
        } else {
            // The register publishes no percentages, so a majority can never be excluded.
            assert_eq!((span.floor, span.ceiling), (Outcome::Permit, Outcome::Deny), "{lei}");
            assert!(
                decided.decision.missing.iter().any(|wanted| wanted.fact.pointer == "/parties/0/ownership"),
                "{lei}"
            );
        }
        let location = evaluation.findings.iter().find(|finding| finding.rule == "location").unwrap();
        assert!(location.message.contains(entity["LegalName"].as_str().unwrap()), "{}", location.message);
        assert!(
            location.evidence.iter().all(|evidence| evidence.pointer.starts_with("/parties/0/")),
            "{lei}"
        );
        assert!(!location.evidence.is_empty(), "{lei}");
        let parent = register.parents.get(&(lei.clone(), "ultimate"));
        assert_eq!(
            decided.request["parties"][0]["ultimateParent"].as_str(),
            parent.map(String::as_str),
            "{lei}"
        );
    }
    // The sample's children with consolidation parents have no record of their own: what is left is who consolidates whom.
    let children: std::collections::BTreeSet<_> = register.parents.keys().map(|(child, _)| child).collect();
    assert!(!children.is_empty());
    for lei in children {
        let json = register.request(lei);
        let request = Request::from_json(json.to_string().as_bytes(), &RequestLimits::default()).unwrap();
        let decided: Record<Enforced> = ENGINE.decide(&set, &request, request.when().unwrap());
        assert_eq!(decided.bindings[0].fault, None, "{lei}");
        let parent = register.parents.get(&(lei.clone(), "ultimate")).map(String::as_str);
        assert_eq!(decided.request["parties"][0]["ultimateParent"].as_str(), parent, "{lei}");
        let span = decided.decision.span;
        assert_eq!((span.floor, span.ceiling), (Outcome::Permit, Outcome::Deny), "{lei}");
        let missing: Vec<_> =
            decided.decision.missing.iter().map(|wanted| wanted.fact.pointer.as_str()).collect();
        assert!(missing.contains(&"/parties/1/headquarters"), "{lei}: {missing:?}");
    }
    eprintln!("{} entities: {ends:?}", register.entities.len());
    assert!(register.entities.len() > 5);
}
