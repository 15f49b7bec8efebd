//! Makes a request of the parties and relationships that were found, alone or added to a base.

use super::error::ImportError;
use super::fields::Fields;
use super::report::{Note, Reason, Report};
use lexgate_model::request::Problem;
use lexgate_model::{Date, Request, RequestLimits, When};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What the request says beside what is imported.
#[derive(Debug, Clone)]
pub struct Frame {
    /// When the request asks; what the register says is taken as of then.
    pub when: When,
    /// The role of the parties asked for, such as `endUser`.
    pub role: String,
    /// What is to be decided.
    pub about: About,
}

/// What is to be decided.
#[derive(Debug, Clone)]
pub enum About {
    /// A request of its own.
    New {
        /// `supply`, `export`, …
        action: String,
        /// `direct`, `reseller`, …
        channel: Option<String>,
        /// Category of the resource.
        category: Option<String>,
    },
    /// This request; its fields are kept and the rest is added.
    Base(Box<Request>),
}

/// What came of an import.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The request.
    pub request: Request,
    /// What could not be used, and where.
    pub report: Report,
}

/// Returns the date as of which a register is read: that of an instant is the one in UTC.
pub(super) fn as_of(when: When) -> Date {
    match when {
        When::Date(date) => date,
        When::Instant(instant) => instant.to_zoned(jiff::tz::TimeZone::UTC).date(),
    }
}

/// What was found around the parties asked for.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Record ids of the parties asked for, in the order asked.
    pub(super) asked: Vec<String>,
    pub(super) parties: BTreeMap<String, Fields>,
    pub(super) relationships: BTreeMap<String, Fields>,
}

/// Makes the request.
pub(super) fn request(frame: &Frame, mut found: Found, mut report: Report) -> Result<Imported, ImportError> {
    report.parties = found.parties.len();
    report.relationships = found.relationships.len();
    let known: BTreeSet<String> = found.parties.keys().cloned().collect();
    let first: Vec<_> = found.asked.iter().filter_map(|id| found.parties.remove(id)).collect();
    let parties = first.into_iter().chain(found.parties.into_values()).map(Fields::into_value);
    let relationships = found.relationships.into_values().map(Fields::into_value);
    let mut whole = match &frame.about {
        About::New { action, channel, category } => {
            let mut whole = json!({
                "action": action, "participants": [], "parties": [], "resource": { "recordId": "resource" },
            });
            insert(&mut whole, "channel", channel.as_deref());
            if let Some(resource) = whole.get_mut("resource") {
                insert(resource, "category", category.as_deref());
            }
            whole
        }
        About::Base(base) => {
            let mut base = (**base).clone();
            base.set_when(frame.when);
            base.to_value()
        }
    };
    match frame.when {
        When::Instant(instant) => insert(&mut whole, "evaluationTime", Some(&instant.to_string())),
        When::Date(date) => insert(&mut whole, "evaluationDate", Some(&date.to_string())),
    }
    if report.has_lost() {
        doubt(&mut whole, &known, &mut report);
    }
    add_records(&mut whole, "parties", parties, &mut report);
    add_records(&mut whole, "relationships", relationships, &mut report);
    add_participants(&mut whole, &found.asked, &frame.role);
    let limits = RequestLimits::default();
    let request = Request::from_json(whole.to_string().as_bytes(), &limits);
    let request = request.map_err(|bad| match bad.problem {
        Problem::Limit(what, most) => ImportError::TooMuch { what, most },
        _ => ImportError::Refused(bad),
    })?;
    // What is written for people is larger than what was read, and is to be accepted as it stands.
    let written = serde_json::to_string_pretty(&request.to_value()).map_or(usize::MAX, |text| text.len());
    if written >= limits.bytes {
        return Err(ImportError::TooMuch { what: "bytes of the request", most: limits.bytes });
    }
    Ok(Imported { request, report })
}

fn insert(object: &mut Value, name: &str, text: Option<&str>) {
    if let (Some(object), Some(text)) = (object.as_object_mut(), text) {
        object.insert(name.to_owned(), Value::from(text));
    }
}

/// Returns the list of that name, made if it is missing.
fn list<'a>(whole: &'a mut Value, name: &str) -> Option<&'a mut Vec<Value>> {
    let list = whole.as_object_mut()?.entry(name).or_insert_with(|| Value::Array(Vec::new()));
    list.as_array_mut()
}

fn record_id(record: &Value) -> Option<&str> {
    record.get("recordId").and_then(Value::as_str)
}

/// Takes back that all owners of these parties are stated, where records that may name more of them were not used.
fn doubt(whole: &mut Value, parties: &BTreeSet<String>, report: &mut Report) {
    let Some(list) = list(whole, "parties") else { return };
    for party in list {
        let Some(id) = record_id(party).filter(|id| parties.contains(*id)).map(str::to_owned) else {
            continue;
        };
        if let Some(stated) = party.get_mut("ownership").filter(|stated| **stated == "complete") {
            *stated = json!({ "unknown": "recordsNotUsed" });
            let says = "was `complete` in the base request; records that may name more owners were not used";
            report.add(None, Some(&id), Note::new("/ownership", Reason::Inconsistent, says));
        }
    }
}

/// Adds records. One that the base has already keeps what the base says, and gets what the base leaves open.
fn add_records(whole: &mut Value, name: &str, records: impl Iterator<Item = Value>, report: &mut Report) {
    let mut records = records.peekable();
    // An empty list would state that there are none.
    if records.peek().is_none() {
        return;
    }
    let Some(list) = list(whole, name) else { return };
    let known: BTreeMap<String, usize> = list
        .iter()
        .enumerate()
        .filter_map(|(at, record)| Some((record_id(record)?.to_owned(), at)))
        .collect();
    for record in records {
        let there = record_id(&record).and_then(|id| known.get(id)).and_then(|&at| list.get_mut(at));
        match (there, record) {
            (Some(Value::Object(there)), Value::Object(record)) => {
                let id = there.get("recordId").and_then(Value::as_str).unwrap_or_default().to_owned();
                let mut kept = BTreeSet::new();
                complete(there, record, "", &mut kept);
                for pointer in kept {
                    let says = format!("the base request says otherwise of `{id}`, and is kept");
                    report.add(None, Some(&id), Note::new(pointer, Reason::BaseKept, says));
                }
            }
            (_, record) => list.push(record),
        }
    }
}

/// Adds the members that an object lacks; facts one by one. Collects where the two differ.
fn complete(there: &mut Map<String, Value>, more: Map<String, Value>, at: &str, kept: &mut BTreeSet<String>) {
    for (name, value) in more {
        match (there.get_mut(&name), value) {
            (None, value) => {
                there.insert(name, value);
            }
            (Some(Value::Object(facts)), Value::Object(more)) if name == "facts" => {
                complete(facts, more, "/facts", kept);
            }
            (Some(before), value) if *before == value => {}
            _ => {
                kept.insert(format!("{at}/{name}"));
            }
        }
    }
}

/// Adds the parties asked for to the participants, unless the base names them.
fn add_participants(whole: &mut Value, asked: &[String], role: &str) {
    let Some(participants) = list(whole, "participants") else { return };
    for id in asked {
        let named = |participant: &Value| participant.get("party").and_then(Value::as_str) == Some(id);
        if !participants.iter().any(named) {
            participants.push(json!({ "role": role, "party": id }));
        }
    }
}
