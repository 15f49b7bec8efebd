//! Makes a request from parts: files and objects, each merged into what stands before it.
//!
//! Objects merge member by member and `null` takes a member away, as in RFC 7396; lists of records that have a `recordId`
//! merge record by record, other lists are replaced.

use serde::Deserialize;
use serde_json::Value;

/// A part of a request.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Part {
    /// A file of the folder, JSON.
    File(String),
    /// The members themselves.
    Members(serde_json::Map<String, Value>),
}

/// Returns the merged request.
pub(super) fn merge(parts: &[Part], read: &dyn Fn(&str) -> Result<String, String>) -> Result<Value, String> {
    let mut merged = Value::Object(serde_json::Map::new());
    for part in parts {
        let part = match part {
            Part::Members(members) => Value::Object(members.clone()),
            Part::File(file) => {
                serde_json::from_str(&read(file)?).map_err(|error| format!("`{file}`: {error}"))?
            }
        };
        into(&mut merged, part);
    }
    if let Some(number) = fraction(&merged) {
        return Err(format!("{number} is not exact here; write it as a string, \"{number}\""));
    }
    Ok(merged)
}

fn into(target: &mut Value, part: Value) {
    match (target, part) {
        (Value::Object(target), Value::Object(part)) => {
            for (name, value) in part {
                if value.is_null() {
                    target.remove(&name);
                } else {
                    into(target.entry(name).or_insert(Value::Null), value);
                }
            }
        }
        (Value::Array(target), Value::Array(part))
            if part.iter().all(|value| id(value).is_some()) && !part.is_empty() =>
        {
            for value in part {
                match target.iter_mut().find(|known| id(known) == id(&value)) {
                    Some(known) => into(known, value),
                    None => target.push(value),
                }
            }
        }
        (target, part) => *target = part,
    }
}

fn id(value: &Value) -> Option<&str> {
    value.get("recordId")?.as_str()
}

/// Returns the first number that is not an integer: YAML and JSON readers make floats of those.
fn fraction(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) if !number.is_i64() && !number.is_u64() => Some(number.to_string()),
        Value::Array(list) => list.iter().find_map(fraction),
        Value::Object(object) => object.values().find_map(fraction),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(base: Value, part: Value, merged: Result<Value, &str>) {
        let parts = [Part::File("base.json".to_owned()), Part::Members(part.as_object().unwrap().clone())];
        let found = merge(&parts, &|_| Ok(base.to_string()));
        assert_eq!(found, merged.map_err(str::to_owned));
    }

    #[test]
    fn members_merge_and_null_takes_away() {
        check(
            json!({ "a": { "b": 1, "c": 2 } }),
            json!({ "a": { "b": null, "d": 3 } }),
            Ok(json!({ "a": { "c": 2, "d": 3 } })),
        );
        check(json!({ "a": ["x"] }), json!({ "a": ["y"] }), Ok(json!({ "a": ["y"] })));
        check(json!({ "a": ["x"] }), json!({ "a": [] }), Ok(json!({ "a": [] })));
    }

    #[test]
    fn records_merge_by_their_id() {
        let base = json!({ "p": [{ "recordId": "a", "x": 1 }, { "recordId": "b" }] });
        let part = json!({ "p": [{ "recordId": "a", "y": 2 }, { "recordId": "c" }] });
        let merged =
            json!({ "p": [{ "recordId": "a", "x": 1, "y": 2 }, { "recordId": "b" }, { "recordId": "c" }] });
        check(base, part, Ok(merged));
    }

    #[test]
    fn numbers_with_a_fraction_must_be_quoted() {
        check(
            json!({}),
            json!({ "a": [50.1] }),
            Err("50.1 is not exact here; write it as a string, \"50.1\""),
        );
    }
}
