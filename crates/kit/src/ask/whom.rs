//! Whom or what a place in a request is about, by the names that the request has for them.

use serde_json::Value;

/// Returns whom or what a pointer into a canonical request is about.
pub(super) fn whom(request: &Value, pointer: &str) -> String {
    let tokens: Vec<&str> = pointer.split('/').skip(1).collect();
    let record = |list: &str, index: &str| request.get(list)?.get(index.parse::<usize>().ok()?);
    match tokens.as_slice() {
        ["parties", index, ..] => record("parties", index).map_or("another party".to_owned(), party),
        ["participants", index, ..] => {
            record("participants", index).map_or("another participant".to_owned(), |participant| {
                let role = text(participant, "role").unwrap_or_default();
                format!(
                    "{} as {role}",
                    text(participant, "party").map_or_else(String::new, |id| named(request, id))
                )
            })
        }
        ["relationships", index, ..] => {
            record("relationships", index).map_or("another relationship".to_owned(), |held| {
                let of = |field: &str| text(held, field).map(|id| named(request, id));
                let owner = of("interestedParty").unwrap_or_else(|| "an owner who is not named".to_owned());
                format!("{owner} in {}", of("subject").unwrap_or_default())
            })
        }
        ["certificates", index, ..] => {
            record("certificates", index).map_or("another certificate".to_owned(), |held| {
                let holder = text(held, "holder").map(|id| format!(" of {}", named(request, id)));
                format!(
                    "certificate {}{}",
                    text(held, "scheme").unwrap_or_default(),
                    holder.unwrap_or_default()
                )
            })
        }
        ["authorizations", index, ..] => {
            record("authorizations", index).map_or("another authorization".to_owned(), |held| {
                let number = text(held, "number").map(|number| format!(" {number}"));
                format!("{}{}", text(held, "kind").unwrap_or_default(), number.unwrap_or_default())
            })
        }
        ["resource", ..] => {
            let id = request.get("resource").and_then(|resource| text(resource, "recordId"));
            format!("the resource {}", id.unwrap_or_default())
        }
        ["deployment", ..] => "the deployment".to_owned(),
        _ => "the request".to_owned(),
    }
}

/// Returns the name of the party with this record id.
fn named(request: &Value, id: &str) -> String {
    let parties = request.get("parties").and_then(Value::as_array);
    let found = parties.into_iter().flatten().find(|party| text(party, "recordId") == Some(id));
    found.map_or_else(|| id.to_owned(), party)
}

fn party(party: &Value) -> String {
    let full_name = party.get("names").and_then(|names| text(names.get(0)?, "fullName"));
    full_name.or_else(|| text(party, "recordId")).unwrap_or_default().to_owned()
}

fn text<'v>(record: &'v Value, field: &str) -> Option<&'v str> {
    record.get(field)?.as_str()
}
