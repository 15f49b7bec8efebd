//! What several policies say of the same facts: one owner who holds exactly half, as of the days on which the law moved, and
//! the hour in which Washington and Seoul disagree about the date.

use crate::{Shipped, shipped};
use lexgate_model::decision::Enforced;
use lexgate_model::{Outcome, Span};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A customer of Singapore, half of whose shares are held by a listed company of China, half by a company of Singapore.
fn half_owned() -> Value {
    let listed = |list: &str| json!({ "listId": list, "program": "any" });
    let lists = ["OFAC-SDN", "BIS-EL", "EU-FREEZE", "UK-FREEZE"];
    let half = |record: &str, owner: &str| {
        json!({ "recordId": record, "subject": "customer", "interestedParty": owner, "interests": [
            { "kind": "shareholding", "directness": "direct", "share": { "exact": "50" } },
        ] })
    };
    let company = |record: &str, place: &str, listings: Vec<Value>| {
        json!({ "recordId": record, "kind": "registeredEntity", "names": [{ "fullName": record }], "jurisdiction": place,
                "headquarters": place, "identifiers": [], "ownership": "complete", "listings": listings,
                "ultimateParent": { "hasNoParent": true } })
    };
    json!({
        "action": "supply",
        "channel": "direct",
        "participants": [{ "role": "vendor", "party": "vendor" }, { "role": "endUser", "party": "customer" }],
        "parties": [
            company("vendor", "SG", vec![]),
            company("customer", "SG", vec![]),
            company("listed", "CN", lists.map(listed).into()),
            company("free", "SG", vec![]),
        ],
        "relationships": [half("r1", "listed"), half("r2", "free")],
        "resource": { "recordId": "model", "category": "ai-model" },
        "purposes": ["civil"],
    })
}

/// The outcomes of the ownership policies on a day: OFAC, BIS, EU, UK, Anthropic.
const OWNERSHIP: [&str; 5] = [
    "us-ofac-ownership",
    "us-bis-affiliates",
    "eu-ownership-control",
    "uk-ownership-control",
    "anthropic-regions",
];

#[test]
fn exactly_half_is_caught_by_who_says_half_or_more_and_only_while_they_say_it() {
    use Outcome::{Deny, LicenceRequired, Permit};
    let days = [
        // The EU said more than half until then; BIS looked at the listed alone, Anthropic at no owners.
        ("2024-07-02", [Deny, Permit, Permit, Permit, Permit]),
        ("2024-07-03", [Deny, Permit, Deny, Permit, Permit]),
        ("2025-09-04", [Deny, Permit, Deny, Permit, Permit]),
        ("2025-09-05", [Deny, Permit, Deny, Permit, Permit]),
        ("2025-09-28", [Deny, Permit, Deny, Permit, Permit]),
        ("2025-09-29", [Deny, LicenceRequired, Deny, Permit, Permit]),
        ("2025-11-09", [Deny, LicenceRequired, Deny, Permit, Permit]),
        ("2025-11-10", [Deny, Permit, Deny, Permit, Permit]),
        ("2026-11-09", [Deny, Permit, Deny, Permit, Permit]),
        ("2026-11-10", [Deny, LicenceRequired, Deny, Permit, Permit]),
    ];
    let mut differences = Vec::new();
    for (day, expected) in days {
        let mut request = half_owned();
        request["evaluationDate"] = json!(day);
        for (policy, expected) in OWNERSHIP.into_iter().zip(expected) {
            let Some(found) = verdict(policy, &request) else { continue };
            if found != Span::exactly(expected) {
                differences.push(format!("{day} {policy}: {found} where {expected} is expected"));
            }
        }
    }
    assert!(differences.is_empty(), "\n\n  {}\n", differences.join("\n  "));
}

#[test]
fn an_instant_has_the_date_of_each_policys_own_zone() {
    // 02:00 in Greenwich: still the ninth in Washington, where the rule holds its last day; already 11:00 in Seoul.
    let mut request = half_owned();
    request["evaluationTime"] = json!("2025-11-10T02:00:00Z");
    if let Some(found) = verdict("us-bis-affiliates", &request) {
        assert_eq!(found, Span::exactly(Outcome::LicenceRequired));
    }
    request["evaluationTime"] = json!("2025-11-10T05:00:00Z");
    if let Some(found) = verdict("us-bis-affiliates", &request) {
        assert_eq!(found, Span::exactly(Outcome::Permit), "midnight of the tenth in Washington");
    }
    // The last hour of June 2027 in Seoul is three in the afternoon of the thirtieth in Greenwich.
    let zones: BTreeMap<&str, [&str; 2]> = BTreeMap::from([
        ("kr-csap", ["2027-06-30", "2027-07-01"]),
        ("us-ofac-ownership", ["2027-06-30", "2027-06-30"]),
    ]);
    for (policy, dates) in zones {
        for (instant, date) in ["2027-06-30T14:59:59Z", "2027-06-30T15:00:00Z"].into_iter().zip(dates) {
            request["evaluationTime"] = json!(instant);
            if let Some(policy) = find(policy) {
                let record = default(policy).decide::<Enforced>(&request).unwrap();
                assert_eq!(record.bindings[0].date.to_string(), date, "{} at {instant}", policy.id);
            }
        }
    }
}

/// Returns the policy; nothing where another is looked at alone.
fn find(id: &str) -> Option<&'static Shipped> {
    let found = shipped().iter().find(|policy| policy.id == id);
    assert!(found.is_some() || std::env::var_os("LEXGATE_POLICY").is_some(), "there is no `{id}`");
    found
}

fn default(policy: &Shipped) -> std::sync::Arc<crate::Asked> {
    let question = lexgate_kit::cases::Question {
        id: String::new(),
        says: String::new(),
        request: Value::Null,
        parameters: Map::new(),
        datasets: Vec::new(),
        what_if: false,
    };
    policy.asked(&question)
}

fn verdict(policy: &str, request: &Value) -> Option<Span> {
    let record = default(find(policy)?).decide::<Enforced>(request).unwrap();
    Some(record.decision.span)
}
