//! Relationships: who holds which interests, by the statement in effect; until when, by the latest one.

use super::share::share;
use super::statement::{self, texts};
use super::versions::{Version, Versions};
use crate::import::error::shorten;
use crate::import::fields::{Fields, MOST_PARTS, View, cut, is_record_id, some, unknown};
use crate::import::frame::as_of;
use crate::import::report::{Notes, Reason};
use crate::import::tree::Tree;
use lexgate_model::request::InterestKind;
use lexgate_model::{Date, When};
use serde_json::{Map, Value, json};

/// Returns the relationship as of the day asked about; nothing, with a remark, if it cannot be used.
pub(super) fn fields(id: &str, versions: &Versions, when: When, notes: &mut Notes) -> Option<Fields> {
    if !is_record_id(id) {
        notes.bad(
            "/recordId",
            id,
            "is no record id for a request: 1 to 256 bytes without control characters",
        );
        return None;
    }
    let (now, last) = (versions.now(), versions.last());
    let statement = View::new(&now.tree);
    let details = statement.get("recordDetails")?;
    let mut fields = Fields::new(id);
    fields.set("subject", now.tree.text_at(statement::SUBJECT).map(Value::from));
    fields.set("interestedParty", interested_party(&details, notes));
    fields.set("interests", interests(now, last, notes));
    let components =
        details.get("componentRecords").map(|list| texts(&list, None, notes)).unwrap_or_default();
    fields.fact("componentRecords", some(components));
    statement::add_source(&mut fields, &statement, notes);
    if versions.is_later() {
        let says = format!("is stated only on {}, after {}", now.day(), as_of(when));
        notes.add("/statementDate", Reason::StatedLater, says);
    }
    Some(fields)
}

/// Returns who holds the interests, or the reason why that is not specified.
fn interested_party(details: &View<'_>, notes: &mut Notes) -> Option<Value> {
    const AT: &str = "/recordDetails/interestedParty";
    let Some(party) = details.get("interestedParty") else {
        notes.add(AT, Reason::Missing, "is not there; who holds the interests is not known");
        return None;
    };
    match party.tree {
        Tree::Text(id) if is_record_id(id.trim()) => Some(Value::from(id.trim())),
        Tree::Text(id) => {
            notes.bad(AT, id, "is no record id for a request: 1 to 256 bytes without control characters");
            unknown("unusable")
        }
        Tree::Record(_) => match party.get("reason").and_then(|reason| reason.text(notes)) {
            Some(reason) => unknown(reason),
            None => {
                notes.add(&format!("{AT}/reason"), Reason::Missing, "is not there");
                None
            }
        },
        _ => party.wrong("a record id or a reason", notes),
    }
}

/// What parts one interest of a relationship from another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    kind: &'static str,
    directness: &'static str,
    start: Option<Date>,
}

/// An interest as one statement has it.
struct Interest<'t> {
    key: Key,
    end: Option<Date>,
    view: View<'t>,
}

/// Returns the interests; nothing if they are not stated. An empty list is not taken as a statement that there are none.
fn interests(now: &Version, last: &Version, notes: &mut Notes) -> Option<Value> {
    let stated = of(now, notes);
    // What is wrong with later statements matters only where they are in effect.
    let later = of(last, &mut Notes::default());
    let mut list = Vec::new();
    for (index, interest) in stated.iter().enumerate() {
        let same = stated.iter().take(index).filter(|other| other.key == interest.key).count();
        let latest = later.iter().filter(|other| other.key == interest.key).nth(same);
        // One that the latest statement no longer has ends as it was stated last.
        let mut end = latest.map_or(interest.end, |latest| latest.end);
        if end.is_none() && last.closed {
            end = Some(last.day());
            let says =
                format!("states no end; its record is closed on {}, which is taken as its end", last.day());
            notes.add(&interest.view.pointer, Reason::EndOfRecord, says);
        }
        list.push(written(interest, end, notes));
    }
    some(cut(list, MOST_PARTS, "/recordDetails/interests", notes))
}

fn of<'t>(version: &'t Version, notes: &mut Notes) -> Vec<Interest<'t>> {
    let details = View::new(&version.tree).at(&["recordDetails", "interests"]);
    let list = details.map(|list| list.list(notes)).unwrap_or_default();
    list.into_iter().filter_map(|view| interest(view, notes)).collect()
}

fn interest<'t>(view: View<'t>, notes: &mut Notes) -> Option<Interest<'t>> {
    if !matches!(view.tree, Tree::Record(_)) {
        return view.wrong("an interest", notes);
    }
    let kind = match view.get("type") {
        None => None,
        Some(code) => code.text(notes).and_then(|text| {
            let known = InterestKind::new(text);
            if known.is_none() {
                let says = format!("`{}` is not a type of interest; it is taken as unknown", shorten(text));
                notes.add(&code.pointer, Reason::UnknownCode, says);
            }
            known
        }),
    };
    let directness =
        match view.get("directOrIndirect").and_then(|code| Some((code.text(notes)?, code.pointer))) {
            Some(("direct", _)) => "direct",
            Some(("indirect", _)) => "indirect",
            Some(("unknown", _)) | None => "unknown",
            Some((other, pointer)) => {
                let says = format!("`{}` is not `direct`, `indirect` or `unknown`", shorten(other));
                notes.add(&pointer, Reason::UnknownCode, says);
                "unknown"
            }
        };
    let start = view.get("startDate").and_then(|date| date.date(notes));
    let end = view.get("endDate").and_then(|date| date.date(notes));
    let kind = kind.map_or("unknownInterest", |kind| kind.as_str());
    Some(Interest { key: Key { kind, directness, start }, end, view })
}

/// Returns the interest of the request.
fn written(interest: &Interest<'_>, end: Option<Date>, notes: &mut Notes) -> Value {
    let Interest { key, view, .. } = interest;
    let (start, end) = match (key.start, end) {
        (Some(first), Some(last)) if first > last => {
            let says = format!("ends on {last}, before it begins on {first}; both days are left out");
            notes.add(&view.pointer, Reason::Inconsistent, says);
            (None, None)
        }
        days => days,
    };
    let mut fields = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(name.to_owned(), value);
        }
    };
    set("kind", Some(json!(key.kind)));
    set("directness", Some(json!(key.directness)));
    set("share", view.get("share").and_then(|value| share(&value, notes)));
    set(
        "beneficial",
        view.get("beneficialOwnershipOrControl").and_then(|flag| flag.flag(notes)).map(Value::from),
    );
    set("start", start.map(|date| Value::from(date.to_string())));
    set("end", end.map(|date| Value::from(date.to_string())));
    let details = view.get("details").and_then(|details| details.text(notes));
    set("facts", details.map(|details| json!({ "details": details })));
    Value::Object(fields)
}
