//! What is different between two sets: bindings are matched by their ids, members by their names.

use crate::explain::{DIM, GREEN, RED, YELLOW, plain};
use lexgate_server::SetDocument;
use serde::Serialize;
use serde_json::{Map, Value};

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Difference {
    /// The id of the binding it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) binding: Option<String>,
    /// The member, and within it the names down to what is different; a whole binding if it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) member: Option<String>,
    /// What it was; absent if it was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<Value>,
    /// What it becomes; absent if it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<Value>,
}

/// Returns the differences, those of the set as a whole first.
pub(crate) fn diff(from: Option<&SetDocument>, to: &SetDocument) -> Vec<Difference> {
    let mut found = Vec::new();
    let (from_head, from_bindings) = parts(from);
    let (to_head, to_bindings) = parts(Some(to));
    members(None, "", &from_head, &to_head, &mut found);
    let order = |from: &[(String, Value)], others: &[(String, Value)]| -> Vec<Value> {
        let both = from.iter().filter(|(id, _)| others.iter().any(|(other, _)| other == id));
        both.map(|(id, _)| Value::from(id.as_str())).collect()
    };
    let (before, after) = (order(&from_bindings, &to_bindings), order(&to_bindings, &from_bindings));
    if before != after {
        let (from, to) = (Some(Value::Array(before)), Some(Value::Array(after)));
        found.push(Difference { binding: None, member: Some("order".to_owned()), from, to });
    }
    let of = |all: &[(String, Value)], id: &str| {
        all.iter().find(|(other, _)| other == id).map(|(_, value)| value.clone())
    };
    for (id, value) in &to_bindings {
        let binding = Some(id.clone());
        match of(&from_bindings, id) {
            Some(before) => values(binding.as_ref(), "", Some(&before), Some(value), &mut found),
            None => found.push(Difference { binding, member: None, from: None, to: Some(value.clone()) }),
        }
    }
    for (id, value) in from_bindings.iter().filter(|(id, _)| of(&to_bindings, id).is_none()) {
        let (binding, from) = (Some(id.clone()), Some(value.clone()));
        found.push(Difference { binding, member: None, from, to: None });
    }
    found
}

/// Returns the members of a set without its bindings, and those by their ids.
fn parts(set: Option<&SetDocument>) -> (Map<String, Value>, Vec<(String, Value)>) {
    let mut head = match set.map(serde_json::to_value) {
        Some(Ok(Value::Object(head))) => head,
        _ => Map::new(),
    };
    let bindings = match head.remove("bindings") {
        Some(Value::Array(bindings)) => bindings,
        _ => Vec::new(),
    };
    let id = |binding: &Value| binding.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    (head, bindings.into_iter().map(|binding| (id(&binding), binding)).collect())
}

fn values(
    binding: Option<&String>,
    place: &str,
    from: Option<&Value>,
    to: Option<&Value>,
    found: &mut Vec<Difference>,
) {
    match (from, to) {
        (from, to) if from == to => {}
        (Some(Value::Object(from)), Some(Value::Object(to))) => members(binding, place, from, to, found),
        (from, to) => found.push(Difference {
            binding: binding.cloned(),
            member: Some(place.to_owned()),
            from: from.cloned(),
            to: to.cloned(),
        }),
    }
}

fn members(
    binding: Option<&String>,
    place: &str,
    from: &Map<String, Value>,
    to: &Map<String, Value>,
    found: &mut Vec<Difference>,
) {
    let names = from.keys().chain(to.keys().filter(|name| !from.contains_key(*name)));
    for name in names {
        let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
        values(binding, &place, from.get(name), to.get(name), found);
    }
}

/// Returns the differences as lines for people.
pub(crate) fn lines(differences: &[Difference]) -> String {
    let mut text = String::new();
    for Difference { binding, member, from, to } in differences {
        let (sign, colour) = match (from, to) {
            (None, _) => ("+", GREEN),
            (_, None) => ("-", RED),
            _ => ("~", YELLOW),
        };
        let subject = match (binding, member) {
            (Some(binding), Some(member)) => format!("binding `{}`: {}", plain(binding), plain(member)),
            (Some(binding), None) => format!("binding `{}`", plain(binding)),
            (None, member) => plain(member.as_deref().unwrap_or_default()),
        };
        let shown = |value: &Value| match value {
            Value::String(text) => plain(text),
            other => plain(&other.to_string()),
        };
        let what = match (from, to) {
            (Some(from), Some(to)) => format!("{} {DIM}->{DIM:#} {}", shown(from), shown(to)),
            (Some(one), None) | (None, Some(one)) => shown(one),
            (None, None) => String::new(),
        };
        text.push_str(&format!("{colour}{sign}{colour:#} {subject}  {what}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn set(json: &Value) -> SetDocument {
        SetDocument::read(json.to_string().as_bytes()).unwrap()
    }

    fn binding(id: &str, digit: &str, more: Value) -> Value {
        let mut binding = json!({ "id": id, "package": format!("sha256:{}", digit.repeat(64)) });
        for (name, value) in more.as_object().unwrap() {
            binding[name] = value.clone();
        }
        binding
    }

    #[test]
    fn sets_that_are_equal_have_no_difference() {
        let one = set(&json!({ "otherwise": "deny", "bindings": [binding("a", "1", json!({}))] }));
        // What is usual may be said or not.
        let two = set(&json!({ "otherwise": "deny",
            "bindings": [binding("a", "1", json!({ "mode": "enforce", "parameters": {} }))] }));
        assert_eq!(diff(Some(&one), &two), []);
    }

    #[test]
    fn each_difference_says_where_and_what() {
        let one = set(&json!({ "otherwise": "deny", "bindings": [
            binding("a", "1", json!({ "parameters": { "strict": true, "deep": { "x": 1, "y": 2 } } })),
            binding("b", "2", json!({ "mode": "shadow" })),
            binding("c", "3", json!({})),
        ] }));
        let two = set(&json!({ "otherwise": "permit", "bindings": [
            binding("b", "2", json!({})),
            binding("a", "4", json!({ "parameters": { "strict": false, "deep": { "x": 1 } } })),
            binding("d", "5", json!({})),
        ] }));
        let found = diff(Some(&one), &two);
        let found: Vec<_> = found
            .iter()
            .map(|d| format!("{}/{}", d.binding.as_deref().unwrap_or(""), d.member.as_deref().unwrap_or("")))
            .collect();
        let expected = [
            "/otherwise",
            "/order",
            "b/mode",
            "a/package",
            "a/parameters.deep.y",
            "a/parameters.strict",
            "d/",
            "c/",
        ];
        let sorted = |mut list: Vec<String>| {
            list.sort();
            list
        };
        assert_eq!(sorted(found), sorted(expected.map(str::to_owned).to_vec()));
        assert!(diff(None, &one).iter().all(|difference| difference.from.is_none()));
    }
}
