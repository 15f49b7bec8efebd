//! Entities and persons. BODS has no headquarters, and none are made up.

use super::statement::{self, RecordType, texts};
use super::versions::Versions;
use crate::import::error::shorten;
use crate::import::fields::{Fields, MOST_PARTS, MOST_TEXTS, View, cut, day, some, unknown};
use crate::import::frame::as_of;
use crate::import::report::{Notes, Reason};
use lexgate_model::When;
use lexgate_model::request::{IsoCode, PartyKind};
use serde_json::{Value, json};

const ENTITY_KINDS: [&str; 7] = [
    "registeredEntity",
    "legalEntity",
    "arrangement",
    "anonymousEntity",
    "unknownEntity",
    "state",
    "stateBody",
];
const PERSON_KINDS: [&str; 3] = ["knownPerson", "anonymousPerson", "unknownPerson"];
const NAME_KINDS: [&str; 6] = ["legal", "translation", "transliteration", "former", "alternative", "birth"];

/// Returns the party that a record describes on the day asked about.
pub(super) fn fields(id: &str, versions: &Versions, when: When, notes: &mut Notes) -> Fields {
    let now = versions.now();
    let statement = View::new(&now.tree);
    let mut fields = Fields::new(id);
    if let Some(details) = statement.get("recordDetails") {
        match now.record_type {
            RecordType::Entity => entity(&mut fields, &details, notes),
            RecordType::Person | RecordType::Relationship => person(&mut fields, &details, notes),
        }
    }
    statement::add_source(&mut fields, &statement, notes);
    if now.closed {
        fields.fact("recordStatus", Some(json!("closed")));
    }
    if versions.is_later() {
        let says = format!("is stated only on {}, after {}", now.day(), as_of(when));
        notes.add("/statementDate", Reason::StatedLater, says);
    }
    fields
}

/// Returns a party of whom only the name of its record is known.
pub(super) fn only_named(id: &str) -> Fields {
    Fields::new(id).with("kind", Some(json!("unknownEntity")))
}

fn entity(fields: &mut Fields, details: &View<'_>, notes: &mut Notes) {
    let kind =
        kind(details.at(&["entityType", "type"]), "/recordDetails/entityType/type", &ENTITY_KINDS, notes);
    fields.set("kind", Some(json!(kind.unwrap_or("unknownEntity"))));
    let mut names: Vec<Value> = Vec::new();
    if let Some(name) = details.get("name").and_then(|name| name.text(notes)) {
        names.push(json!({ "fullName": name }));
    }
    if let Some(others) = details.get("alternateNames") {
        let others = texts(&others, None, notes).into_iter();
        names.extend(others.map(|name| json!({ "fullName": name, "kind": "alternative" })));
    }
    fields.set("names", some(cut(names, MOST_PARTS, "/recordDetails/alternateNames", notes)));
    identifiers(fields, details, notes);
    let jurisdiction = details.get("jurisdiction").and_then(|place| code(&place, notes));
    fields.set("jurisdiction", jurisdiction.map(Value::from));
    let subtype = details.at(&["entityType", "subtype"]).and_then(|subtype| subtype.text(notes));
    fields.fact("entitySubtype", subtype.map(Value::from));
    for name in ["foundingDate", "dissolutionDate"] {
        fields.fact(name, details.get(name).and_then(|date| date.date(notes)).map(day));
    }
    let listed = details.at(&["publicListing", "hasPublicListing"]).and_then(|listed| listed.flag(notes));
    fields.fact("hasPublicListing", listed.map(Value::from));
    unspecified(fields, details, "unspecifiedEntityDetails", notes);
}

fn person(fields: &mut Fields, details: &View<'_>, notes: &mut Notes) {
    let kind = kind(details.get("personType"), "/recordDetails/personType", &PERSON_KINDS, notes);
    fields.set("kind", Some(json!(kind.unwrap_or("unknownPerson"))));
    let mut names: Vec<Value> = Vec::new();
    for name in details.list_of("names", notes) {
        names.extend(person_name(&name, notes));
    }
    fields.set("names", some(cut(names, MOST_PARTS, "/recordDetails/names", notes)));
    identifiers(fields, details, notes);
    for name in ["nationalities", "taxResidencies"] {
        let countries = details.list_of(name, notes);
        fields.fact(name, some(countries_of(countries, &format!("/recordDetails/{name}"), notes)));
    }
    let addresses = details.list_of("addresses", notes);
    let homes = addresses.into_iter().filter(|address| address.tree.text_at(&["type"]) == Some("residence"));
    let homes: Vec<View<'_>> = homes.filter_map(|address| address.get("country")).collect();
    fields.fact("residence", some(countries_of(homes, "/recordDetails/addresses", notes)));
    unspecified(fields, details, "unspecifiedPersonDetails", notes);
}

fn person_name(name: &View<'_>, notes: &mut Notes) -> Option<Value> {
    let Some(full) = name.get("fullName") else {
        notes.add(&format!("{}/fullName", name.pointer), Reason::Missing, "is not there");
        return None;
    };
    let full = full.text(notes)?;
    let kind = kind(name.get("type"), "", &NAME_KINDS, notes);
    Some(match kind {
        Some(kind) => json!({ "fullName": full, "kind": kind }),
        None => json!({ "fullName": full }),
    })
}

/// Returns a code of a list. Where it must be there, `required` is its pointer.
fn kind<'t>(code: Option<View<'t>>, required: &str, list: &[&str], notes: &mut Notes) -> Option<&'t str> {
    let Some(code) = code else {
        if !required.is_empty() {
            notes.add(required, Reason::Missing, "is not there");
        }
        return None;
    };
    let text = code.text(notes)?;
    if !list.contains(&text) {
        notes.add(&code.pointer, Reason::UnknownCode, format!("`{}` is not in the codelist", shorten(text)));
        return None;
    }
    Some(text)
}

fn identifiers(fields: &mut Fields, details: &View<'_>, notes: &mut Notes) {
    let mut identifiers = Vec::new();
    for identifier in details.list_of("identifiers", notes) {
        let scheme = identifier.get("scheme").and_then(|scheme| scheme.text(notes));
        let id = identifier.get("id").and_then(|id| id.text(notes));
        match (scheme, id) {
            (Some(scheme), Some(id)) => identifiers.push(json!({ "scheme": scheme, "id": id })),
            (None, _) => notes.add(
                &identifier.pointer,
                Reason::Missing,
                "names no scheme by its code, and is left out",
            ),
            (Some(_), None) => {
                notes.add(&identifier.pointer, Reason::Missing, "has no `id`, and is left out")
            }
        }
    }
    fields.set("identifiers", some(cut(identifiers, MOST_PARTS, "/recordDetails/identifiers", notes)));
}

/// Returns the code of a country or jurisdiction.
fn code<'t>(place: &View<'t>, notes: &mut Notes) -> Option<&'t str> {
    match place.get("code") {
        Some(code) => code.place(notes),
        None => {
            notes.add(&format!("{}/code", place.pointer), Reason::Missing, "is not there");
            None
        }
    }
}

/// Returns the codes of countries. Where one has no code, its name stands there: a list that lacks it would look complete.
fn countries_of(countries: Vec<View<'_>>, pointer: &str, notes: &mut Notes) -> Vec<Value> {
    let mut codes: Vec<Value> = Vec::new();
    for country in countries {
        let code = country.get("code").and_then(|code| code.text(notes));
        let name = country.get("name").and_then(|name| name.text(notes));
        if code.is_none_or(|code| IsoCode::new(code).is_none()) {
            let says = "has no code of ISO 3166; it stands there as it is written";
            notes.add(&country.pointer, Reason::UnknownCode, says);
        }
        codes.push(Value::from(code.or(name).unwrap_or("unknown")));
    }
    cut(codes, MOST_TEXTS, pointer, notes)
}

/// Tells why somebody is not specified.
fn unspecified(fields: &mut Fields, details: &View<'_>, name: &str, notes: &mut Notes) {
    let reason = details.at(&[name, "reason"]).and_then(|reason| reason.text(notes));
    fields.fact(name, reason.and_then(unknown));
}

const _: () = assert!(PartyKind::ALL.len() == ENTITY_KINDS.len() + PERSON_KINDS.len());
