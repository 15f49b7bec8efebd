//! Generated requests: a case of the policy, changed at places of the vocabulary it declares.
//!
//! Whatever the request, four things hold. Supplying a missing fact never widens what a rule says, nor moves it outside what
//! it was, unless it contradicts the others. The order of what has no order does not matter. Facts that nobody declared do not matter. The same request
//! gives the same findings for the same fuel.

use crate::{Asked, Said, Shipped, shipped};
use lexgate_model::Span;
use lexgate_model::manifest::{FactRead, FactType, Part, RecordKind};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Parameters by which an operator chooses that a fact which is not stated does not matter: policy, parameter, value, fact.
const CHOSEN: [(&str, &str, &str, &str); 1] = [("kr-csap", "serviceModel", "if-stated", "serviceModel")];

/// How many requests are generated for each policy; `PROPTEST_CASES` says another number.
const REQUESTS: u32 = 150;

/// Changes at most, of one request.
const MOST_CHANGES: usize = 6;

/// A change: which of the places that the policy reads, which of the values it may have, in which of its records.
type Change = (usize, usize, usize);

#[test]
fn generated_requests_keep_the_laws() {
    let mut broken = Vec::new();
    for policy in shipped() {
        let world = World::new(policy);
        let config = Config {
            cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(REQUESTS),
            failure_persistence: None,
            max_shrink_iters: 400,
            ..Config::default()
        };
        let changes = proptest::collection::vec((0..997usize, 0..997usize, 0..97usize), 0..MOST_CHANGES);
        let strategy = (0..policy.questions.len(), changes, 0..997usize, any::<u64>());
        let outcome = TestRunner::new(config)
            .run(&strategy, |(case, changes, taken, order)| world.check(case, &changes, taken, order));
        broken.extend(outcome.err().map(|error| format!("{}: {error}", policy.id)));
    }
    assert!(broken.is_empty(), "\n\n{}\n", broken.join("\n\n"));
}

/// A policy, and what its requests may say.
struct World<'p> {
    policy: &'p Shipped,
    asked: Vec<Arc<Asked>>,
    /// By fact declared, the values it is given.
    values: Vec<(FactRead, Vec<Value>)>,
}

impl<'p> World<'p> {
    fn new(policy: &'p Shipped) -> World<'p> {
        let asked = policy.questions.iter().map(|question| policy.asked(question)).collect();
        let facts = policy.package.manifest.facts.iter().filter(|fact| may_change(fact));
        let values = facts.map(|fact| (fact.clone(), values(policy, fact))).collect();
        World { policy, asked, values }
    }

    fn check(&self, case: usize, changes: &[Change], taken: usize, order: u64) -> Result<(), TestCaseError> {
        let question = &self.policy.questions[case];
        let mut request = question.request.clone();
        for &change in changes {
            self.change(&mut request, change);
        }
        let asked = &self.asked[case];
        let says = |request: &Value| asked.says(request, question.what_if);
        // What the host refuses is not the policy's business.
        let Ok(said) = says(&request) else { return Ok(()) };
        let fail = |law: &str, other: &Value, more: String| {
            Err(TestCaseError::fail(format!("{} {law}\n{request}\n{other}\n{more}", question.id)))
        };
        if said
            .fault
            .as_ref()
            .is_some_and(|fault| !fault.starts_with("Refusal(") || fault.contains("Internal"))
        {
            return fail("faults without refusing", &Value::Null, format!("{:?}", said.fault));
        }
        let again = says(&request).unwrap();
        if again != said {
            return fail("does not answer twice alike", &Value::Null, String::new());
        }
        let shuffled = shuffled(&request, order);
        let other = says(&shuffled).unwrap();
        if told(&other) != told(&said) {
            return fail("depends on the order", &shuffled, differences(&said, &other));
        }
        let unrelated = with_unrelated_facts(&request);
        let other = says(&unrelated).unwrap();
        if placed(&other) != placed(&said) {
            return fail("reads facts it does not declare", &unrelated, differences(&said, &other));
        }
        let chosen = |name: &str| {
            CHOSEN.iter().any(|(policy, parameter, value, fact)| {
                let set = question.parameters.get(*parameter).and_then(Value::as_str);
                *policy == self.policy.id && *fact == name && set == Some(value)
            })
        };
        if let Some(less) = self.without_one(&request, taken, chosen)
            && let Ok(other) = says(&less)
            && said.fault.is_none()
            && other.fault.is_none()
            && inconsistent(&said) <= inconsistent(&other)
        {
            let (narrow, wide) = (spans(&said), spans(&other));
            let rules = narrow.keys().chain(wide.keys());
            for rule in rules.collect::<BTreeSet<_>>() {
                let silent = Span::NEUTRAL;
                let (narrow, wide) = (narrow.get(rule).unwrap_or(&silent), wide.get(rule).unwrap_or(&silent));
                if narrow.floor < wide.floor || narrow.ceiling > wide.ceiling {
                    let more = format!("rule `{rule}`: {narrow:?} with the fact, {wide:?} without it");
                    return fail("is wider for a fact supplied", &less, more);
                }
            }
        }
        Ok(())
    }

    /// Writes one value at one place that is declared, wherever its record stands.
    fn change(&self, request: &mut Value, (fact, value, record): Change) {
        let Some((fact, values)) = pick(&self.values, fact) else { return };
        let records = records(request, fact.of);
        let Some(record) = pick(&records, record).cloned() else { return };
        let value = pick(values, value).cloned();
        let Some(record) = request.pointer_mut(&record).and_then(Value::as_object_mut) else { return };
        let (members, name) = match fact.spot().part {
            Part::Fact(name) => {
                let facts = record.entry("facts").or_insert_with(|| json!({}));
                let Some(facts) = facts.as_object_mut() else { return };
                (facts, name)
            }
            Part::Field(name) => (record, name),
            Part::Whole => return,
        };
        match value {
            Some(value) => members.insert(name, value),
            None => members.remove(&name),
        };
    }

    /// Takes one fact away that is stated and may be missing.
    fn without_one(&self, request: &Value, taken: usize, chosen: impl Fn(&str) -> bool) -> Option<Value> {
        let mut stated = Vec::new();
        let may_go = |fact: &FactRead| may_be_missing(fact) && !chosen(fact.called());
        for (fact, _) in self.values.iter().filter(|(fact, _)| may_go(fact)) {
            for record in records(request, fact.of) {
                let below = match fact.spot().part {
                    Part::Fact(name) => ("facts", name),
                    Part::Field(name) => ("", name),
                    Part::Whole => continue,
                };
                // Whoever cannot be owned, or is the ultimate parent of another, has no parent, so none is missing.
                let kind = request.pointer(&record).and_then(|record| record.get("kind")?.as_str());
                let ownerless = kind.is_some_and(|kind| kind.ends_with("Person") || kind == "state")
                    || is_ultimate_parent(request, &record);
                let parent = if below.0.is_empty() { record } else { format!("{record}/{}", below.0) };
                let there = request.pointer(&parent).and_then(|parent| parent.get(&below.1));
                let known = there.is_some_and(|value| value.get("unknown").is_none() && value != "unknown");
                if known && !(ownerless && below.1 == "ultimateParent") {
                    stated.push((parent, below.1));
                }
            }
        }
        let (parent, name) = pick(&stated, taken)?;
        let mut less = request.clone();
        less.pointer_mut(parent)?.as_object_mut()?.remove(name);
        Some(less)
    }
}

/// Whether another party names the one at this place as its ultimate parent.
fn is_ultimate_parent(request: &Value, party: &str) -> bool {
    let id = request.pointer(party).and_then(|party| party.get("recordId"));
    let parties = request.get("parties").and_then(Value::as_array).into_iter().flatten();
    id.is_some() && parties.map(|party| party.get("ultimateParent")).any(|parent| parent == id)
}

fn pick<T>(items: &[T], at: usize) -> Option<&T> {
    items.get(at.checked_rem(items.len())?)
}

/// Fields without which a request is none are not changed: they are what it is about.
fn may_change(fact: &FactRead) -> bool {
    let fixed = [
        (RecordKind::Request, "participants"),
        (RecordKind::Request, "deployment"),
        (RecordKind::Request, "relationships"),
        (RecordKind::Request, "certificates"),
        (RecordKind::Request, "authorizations"),
        (RecordKind::Resource, "classifications"),
        (RecordKind::Party, "names"),
        (RecordKind::Party, "identifiers"),
        (RecordKind::Relationship, "interests"),
        (RecordKind::Relationship, "subject"),
        (RecordKind::Relationship, "interestedParty"),
        (RecordKind::Participant, "party"),
    ];
    !fixed.iter().any(|(of, field)| fact.of == *of && fact.field.as_deref() == Some(field))
        || fact.name.is_some()
}

/// What must be there, and days whose absence says something: that there is no first, or no last.
fn may_be_missing(fact: &FactRead) -> bool {
    let field = fact.field.as_deref().unwrap_or_default();
    let needed = ["action", "kind", "role", "scheme", "code", "listId"].contains(&field);
    let open_day = matches!(
        (fact.of, field),
        (RecordKind::Interest | RecordKind::Listing, "start" | "end")
            | (
                RecordKind::Certificate | RecordKind::Authorization,
                "validFrom" | "validUntil" | "underlying"
            )
    );
    !needed && !open_day
}

/// Returns the pointers of the records of a kind.
fn records(request: &Value, of: RecordKind) -> Vec<String> {
    let list = |pointer: &str| {
        let length = request.pointer(pointer).and_then(Value::as_array).map_or(0, Vec::len);
        (0..length).map(|index| format!("{pointer}/{index}")).collect::<Vec<_>>()
    };
    let below = |lists: Vec<String>, name: &str| {
        lists.iter().flat_map(|record| list(&format!("{record}/{name}"))).collect::<Vec<_>>()
    };
    let one = |pointer: &str| request.pointer(pointer).map(|_| pointer.to_owned()).into_iter().collect();
    match of {
        RecordKind::Request => vec![String::new()],
        RecordKind::Participant => list("/participants"),
        RecordKind::Party => list("/parties"),
        RecordKind::Listing => below(list("/parties"), "listings"),
        RecordKind::Relationship => list("/relationships"),
        RecordKind::Interest => below(list("/relationships"), "interests"),
        RecordKind::Resource => one("/resource"),
        RecordKind::Classification => list("/resource/classifications"),
        RecordKind::Deployment => one("/deployment"),
        RecordKind::Certificate => list("/certificates"),
        RecordKind::Authorization => list("/authorizations"),
    }
}

/// Returns the values a fact is given: those of its codelist, those of the cases, odd ones, and unknown.
fn values(policy: &Shipped, fact: &FactRead) -> Vec<Value> {
    let mut values: Vec<Value> = fact.values.iter().map(|word| json!(word)).collect();
    for question in &policy.questions {
        for record in records(&question.request, fact.of) {
            let place = match fact.spot().part {
                Part::Fact(name) => {
                    question.request.pointer(&record).and_then(|record| record.get("facts")?.get(name))
                }
                Part::Field(name) => question.request.pointer(&record).and_then(|record| record.get(name)),
                Part::Whole => None,
            };
            values.extend(place.filter(|value| !values.contains(value)).cloned());
        }
    }
    match fact.kind {
        Some(FactType::Flag) => values.extend([json!(true), json!(false), json!("yes")]),
        Some(FactType::Text) => values.extend([json!("another-word"), json!(true)]),
        Some(FactType::Texts) => values.extend([json!([]), json!(["another-word"]), json!("civil")]),
        Some(FactType::Number) => {
            let unit = fact.unit.clone().unwrap_or_default();
            let with_unit = |number: &str| json!({ "number": number, "unit": unit });
            values.extend([with_unit("0"), with_unit("1000000000"), json!("many")]);
        }
        Some(FactType::Date) => values.extend([json!({ "date": "2025-01-01" }), json!("2025-01-01")]),
        None => match fact.field.as_deref() {
            Some("headquarters" | "jurisdiction" | "region" | "countryOfOrigin") => {
                values.extend(["CN", "HK", "KR", "US", "FR", "SG", "UA"].map(|code| json!(code)));
            }
            Some("category" | "role" | "channel") => values.push(json!("another-word")),
            Some("purposes") => values.extend([json!([]), json!(["another-word"]), json!(["civil"])]),
            _ => {}
        },
    }
    if fact.name.is_some() {
        values.push(json!({ "unknown": "subjectUnableToConfirmOrIdentifyBeneficialOwner" }));
    }
    values
}

/// Returns the request with its lists in another order.
fn shuffled(request: &Value, order: u64) -> Value {
    let mut request = request.clone();
    let lists =
        ["/participants", "/parties", "/relationships", "/certificates", "/authorizations", "/purposes"];
    let mut pointers: Vec<String> = lists.map(str::to_owned).into();
    pointers.push("/resource/classifications".to_owned());
    pointers.push("/resource/components".to_owned());
    for record in records(&request, RecordKind::Relationship) {
        pointers.push(format!("{record}/interests"));
    }
    for record in records(&request, RecordKind::Party) {
        pointers.extend(["names", "identifiers", "listings"].map(|list| format!("{record}/{list}")));
    }
    let mut state = order | 1;
    for pointer in pointers {
        if let Some(list) = request.pointer_mut(&pointer).and_then(Value::as_array_mut) {
            for at in (1..list.len()).rev() {
                // A generator of Lehmer's is random enough to swap by.
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let other = usize::try_from(state >> 33).unwrap_or(0) % (at + 1);
                list.swap(at, other);
            }
        }
    }
    request
}

/// Returns the request with facts on every record that no manifest declares.
fn with_unrelated_facts(request: &Value) -> Value {
    let mut request = request.clone();
    for of in RecordKind::ALL.into_iter().filter(|of| of.has_facts()) {
        for record in records(&request, of) {
            if let Some(record) = request.pointer_mut(&record).and_then(Value::as_object_mut) {
                let facts = record.entry("facts").or_insert_with(|| Value::Object(Map::new()));
                if let Some(facts) = facts.as_object_mut() {
                    facts.insert("aaUnrelated".to_owned(), json!(true));
                    facts.insert("zzUnrelated".to_owned(), json!("x"));
                }
            }
        }
    }
    request
}

/// Returns what findings say, without the places that an order gives.
fn told(said: &Said) -> BTreeSet<String> {
    let told = |finding: &lexgate_model::finding::Finding| {
        let (missing, evidence) = (finding.missing.len(), finding.evidence.len());
        let derived = serde_json::to_string(&finding.derived).unwrap();
        format!("{} {} {:?} {missing} {evidence} {derived}", finding.rule, finding.code, finding.span)
    };
    said.findings.iter().map(told).collect()
}

/// Returns the same with the places, but without what stands there: of a whole record, that is all its facts.
fn placed(said: &Said) -> Vec<String> {
    let placed = |finding: &lexgate_model::finding::Finding| {
        let missing: Vec<_> = finding.missing.iter().map(|missing| &missing.pointer).collect();
        let evidence: Vec<_> = finding.evidence.iter().map(|evidence| &evidence.pointer).collect();
        let arguments = &finding.arguments;
        format!("{} {} {:?} {missing:?} {evidence:?} {arguments:?}", finding.rule, finding.code, finding.span)
    };
    said.findings.iter().map(placed).collect()
}

fn differences(one: &Said, other: &Said) -> String {
    let (one, other) = (told(one), told(other));
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| {
        a.difference(b).cloned().collect::<Vec<_>>().join("\n  ")
    };
    format!("only here:\n  {}\nonly there:\n  {}", only(&one, &other), only(&other, &one))
}

/// Returns how many facts contradict others. A fact that does is no fact supplied: it opens what was settled.
fn inconsistent(said: &Said) -> usize {
    let missing = said.findings.iter().flat_map(|finding| &finding.missing);
    missing.filter(|missing| missing.reason == "inconsistent").count()
}

/// Returns what each rule says in all.
fn spans(said: &Said) -> BTreeMap<String, Span> {
    let mut spans: BTreeMap<String, Span> = BTreeMap::new();
    for finding in &said.findings {
        let span = spans.entry(finding.rule.clone()).or_insert(finding.span);
        *span = span.join(finding.span);
    }
    spans
}
