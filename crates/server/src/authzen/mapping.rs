//! From AuthZEN's four entities to a request. Total: whatever AuthZEN allows has its place, and nothing has two.
//!
//! | AuthZEN | request |
//! | --- | --- |
//! | `subject.id` | `recordId` of the one party, who takes part in the role `subject` |
//! | `subject.type` | `kind` of that party, if it is a BODS type; `user` and `person` are `knownPerson`; else `unknownEntity` |
//! | `resource.id`, `resource.type` | `recordId` and `category` of `resource` |
//! | `action.name` | `action` |
//! | `context.time`, if it is an instant | `evaluationTime` |
//! | `subject.properties.x`, `resource.properties.x` | the fact `authzen.subject.x` of the party, `authzen.resource.x` of the resource |
//! | `action.properties.x`, `context.x` | the facts `authzen.action.x` and `authzen.context.x` of the request |
//! | `subject.type`, `subject.id`, `resource.type`, `resource.id` as they were sent | the facts `authzen.subject-type`, … of the same records |
//!
//! An id that no record can have (too long, with control characters) becomes `subject` or `resource`, and stands in its fact
//! alone. A property has the value of a fact: a text, a boolean, a number, a list of texts, or one of the objects that facts
//! are written as. `null` is as if it were left out. Other values are refused. Members that AuthZEN does not name are ignored.

use crate::object::Object;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The types of BODS that a subject can have by its own name.
const KINDS: [&str; 10] = [
    "registeredEntity",
    "legalEntity",
    "arrangement",
    "anonymousEntity",
    "unknownEntity",
    "state",
    "stateBody",
    "knownPerson",
    "anonymousPerson",
    "unknownPerson",
];

/// Bytes of the name of a fact.
const MOST_NAME_BYTES: usize = 128;

type Facts = BTreeMap<String, Box<RawValue>>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Mapped<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluation_time: Option<Timestamp>,
    action: &'a str,
    participants: [Participant<'a>; 1],
    parties: [Party<'a>; 1],
    resource: Item<'a>,
    facts: Facts,
}

#[derive(Serialize)]
struct Participant<'a> {
    role: &'static str,
    party: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Party<'a> {
    record_id: &'a str,
    kind: &'a str,
    facts: Facts,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    record_id: &'a str,
    category: &'a str,
    facts: Facts,
}

/// A subject or a resource.
struct Named {
    kind: String,
    id: String,
    facts: Facts,
}

/// Returns the JSON of the request that an evaluation asks.
pub(super) fn request<'a>(entity: impl Fn(&str) -> Option<&'a RawValue>) -> Result<String, String> {
    let required = |name: &str| entity(name).ok_or_else(|| format!("`{name}` is missing"));
    let subject = named("subject", required("subject")?)?;
    let (action, mut facts) = action(required("action")?)?;
    let resource = named("resource", required("resource")?)?;
    let (evaluation_time, context) = entity("context").map(context).transpose()?.unwrap_or_default();
    facts.extend(context);
    let party = record_id(&subject.id, "subject");
    let mapped = Mapped {
        evaluation_time,
        action: &action,
        participants: [Participant { role: "subject", party }],
        parties: [Party { record_id: party, kind: kind(&subject.kind), facts: subject.facts }],
        resource: Item {
            record_id: record_id(&resource.id, "resource"),
            category: &resource.kind,
            facts: resource.facts,
        },
        facts,
    };
    serde_json::to_string(&mapped).map_err(|error| error.to_string())
}

/// Returns what is wrong with an entity that stands by itself.
pub(super) fn check(name: &str, entity: &RawValue) -> Result<(), String> {
    match name {
        "action" => action(entity).map(drop),
        "context" => context(entity).map(drop),
        name => named(name, entity).map(drop),
    }
}

fn object(name: &str, value: &RawValue) -> Result<Object, String> {
    let text = value.get();
    if !text.starts_with('{') {
        return Err(format!("`{name}` is not an object"));
    }
    serde_json::from_str(text).map_err(|error| format!("`{name}`: {error}"))
}

fn text(of: &str, name: &str, object: &Object) -> Result<String, String> {
    let value = object.get(name).ok_or_else(|| format!("`{of}.{name}` is missing"))?;
    serde_json::from_str(value.get()).map_err(|_| format!("`{of}.{name}` is not a text"))
}

fn named(name: &str, value: &RawValue) -> Result<Named, String> {
    let object = object(name, value)?;
    let (kind, id) = (text(name, "type", &object)?, text(name, "id", &object)?);
    let mut facts = properties(name, &object)?;
    for (member, value) in [("type", &kind), ("id", &id)] {
        facts.insert(format!("authzen.{name}-{member}"), raw(value)?);
    }
    Ok(Named { kind, id, facts })
}

fn action(value: &RawValue) -> Result<(String, Facts), String> {
    let object = object("action", value)?;
    Ok((text("action", "name", &object)?, properties("action", &object)?))
}

fn context(value: &RawValue) -> Result<(Option<Timestamp>, Facts), String> {
    let mut object = object("context", value)?;
    let time = object.get("time").and_then(|time| serde_json::from_str::<String>(time.get()).ok());
    let time = time.and_then(|time| time.parse().ok());
    if time.is_some() {
        object.0.remove("time");
    }
    Ok((time, facts("context", object)?))
}

fn properties(of: &str, entity: &Object) -> Result<Facts, String> {
    match entity.get("properties") {
        None => Ok(Facts::new()),
        Some(value) if value.get() == "null" => Ok(Facts::new()),
        Some(value) => facts(of, object(&format!("{of}.properties"), value)?),
    }
}

fn facts(of: &str, members: Object) -> Result<Facts, String> {
    let mut facts = Facts::new();
    for (member, value) in members.0 {
        if value.get() == "null" {
            continue;
        }
        let name = format!("authzen.{of}.{member}");
        if name.len() > MOST_NAME_BYTES {
            return Err(format!(
                "`{name}` is longer than the name of a fact may be, {MOST_NAME_BYTES} bytes"
            ));
        }
        facts.insert(name, value);
    }
    Ok(facts)
}

fn raw(text: &str) -> Result<Box<RawValue>, String> {
    serde_json::value::to_raw_value(text).map_err(|error| error.to_string())
}

fn record_id<'a>(id: &'a str, otherwise: &'static str) -> &'a str {
    let fits = !id.is_empty() && id.len() <= 256 && !id.chars().any(char::is_control);
    if fits { id } else { otherwise }
}

fn kind(of: &str) -> &'static str {
    match KINDS.iter().find(|kind| **kind == of) {
        Some(kind) => kind,
        None if of == "user" || of == "person" => "knownPerson",
        None => "unknownEntity",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lexgate_model::{Request, RequestLimits};

    fn map(call: &str) -> Result<Request, String> {
        let call: Object = serde_json::from_str(call).unwrap();
        let text = request(|name| call.get(name))?;
        Request::from_json(text.as_bytes(), &RequestLimits::default()).map_err(|bad| bad.to_string())
    }

    fn call(subject: &str, more: &str) -> String {
        format!(
            r#"{{"subject":{subject},"action":{{"name":"read"}},"resource":{{"type":"record","id":"r1"}}{more}}}"#
        )
    }

    #[test]
    fn every_member_has_its_place() {
        let request = map(
            r#"{"subject":{"type":"user","id":"alice","properties":{"role":"admin","age":41.50,"tags":["a"],"x":null}},
                "action":{"name":"write","properties":{"soft":true}},
                "resource":{"type":"record","id":"record-1","properties":{"status":"active"},"ignored":{}},
                "context":{"time":"1985-10-26T01:22-07:00","ip":"::1"},"ignored":1}"#,
        )
        .unwrap();
        let expected = serde_json::json!({
            "action": "write", "evaluationTime": "1985-10-26T08:22:00Z",
            "facts": { "authzen.action.soft": true, "authzen.context.ip": "::1" },
            "participants": [{ "role": "subject", "party": "alice" }],
            "parties": [{ "recordId": "alice", "kind": "knownPerson", "facts": {
                "authzen.subject.role": "admin", "authzen.subject.age": { "number": "41.5", "unit": "" },
                "authzen.subject.tags": ["a"],
                "authzen.subject-type": "user", "authzen.subject-id": "alice" } }],
            "resource": { "recordId": "record-1", "category": "record", "facts": {
                "authzen.resource.status": "active",
                "authzen.resource-type": "record", "authzen.resource-id": "record-1" } },
        });
        let mut value = request.to_value();
        value["parties"][0]["facts"]["authzen.subject.age"] =
            expected["parties"][0]["facts"]["authzen.subject.age"].clone();
        for (name, value) in value.as_object().unwrap() {
            if expected.get(name).is_some() {
                for (inner, value) in value.as_object().into_iter().flatten() {
                    assert_eq!(*value, expected[name][inner], "{name}.{inner}");
                }
            }
        }
        assert_eq!(value["parties"][0]["facts"], expected["parties"][0]["facts"]);
    }

    #[test]
    fn no_property_can_pass_for_what_the_entity_is() {
        let subject = r#"{"type":"user","id":"a","properties":{"type":"admin","id":"b"}}"#;
        let request = map(&call(subject, "")).unwrap();
        let value = request.to_value();
        let facts = &value["parties"][0]["facts"];
        assert_eq!(
            (facts["authzen.subject-id"].as_str(), facts["authzen.subject.id"].as_str()),
            (Some("a"), Some("b"))
        );
    }

    #[test]
    fn whatever_the_id_is_there_is_a_request() {
        for id in ["", "\\n", "é", &"x".repeat(1_000)] {
            let subject = format!(r#"{{"type":"","id":"{id}"}}"#);
            map(&call(&subject, r#","context":{"time":"never"}"#)).unwrap();
        }
    }

    #[test]
    fn wrong_types_and_values_that_no_fact_can_hold_are_refused() {
        let check = |subject: &str, more: &str, why: &str| {
            let error = map(&call(subject, more)).unwrap_err();
            assert!(error.contains(why), "{error}");
        };
        let alice = r#"{"type":"user","id":"alice"}"#;
        check(r#""alice""#, "", "`subject` is not an object");
        check("null", "", "`subject` is not an object");
        check(r#"["user","alice"]"#, "", "`subject` is not an object");
        check(r#"{"id":"alice"}"#, "", "`subject.type` is missing");
        check(r#"{"type":"user","id":7}"#, "", "`subject.id` is not a text");
        check(r#"{"type":"user","id":"a","id":"b"}"#, "", "twice");
        check(r#"{"type":"user","id":"a","properties":[]}"#, "", "`subject.properties` is not an object");
        check(r#"{"type":"user","id":"a","properties":{"x":{"deep":1}}}"#, "", "authzen.subject.x");
        check(r#"{"type":"user","id":"a","properties":{"x":[1]}}"#, "", "authzen.subject.x");
        check(alice, r#","context":"now""#, "`context` is not an object");
    }
}
