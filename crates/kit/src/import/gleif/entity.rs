//! Level 1 records: who a legal entity is.

use crate::import::error::shorten;
use crate::import::fields::{Fields, MOST_PARTS, View, cut, some};
use crate::import::report::{Notes, Place, Reason};
use lexgate_model::request::IsoCode;
use serde_json::{Value, json};

/// What level 1 says of one legal entity.
pub(super) struct Entity {
    pub(super) fields: Fields,
    pub(super) notes: Notes,
    pub(super) place: Place,
    /// When its record was updated.
    pub(super) updated: Option<String>,
}

impl Entity {
    /// Reads a record.
    pub(super) fn read(lei: &str, record: &View<'_>, place: Place) -> Entity {
        let mut notes = Notes::default();
        let mut fields = super::party(lei);
        let category = text(record, &["Entity", "EntityCategory"], &mut notes);
        fields.set("kind", Some(json!(kind(category, &mut notes))));
        fields.set("names", some(names(record, &mut notes)));
        fields.set("identifiers", Some(identifiers(lei, record, &mut notes)));
        let jurisdiction =
            record.at(&["Entity", "LegalJurisdiction"]).and_then(|code| code.place(&mut notes));
        fields.set("jurisdiction", jurisdiction.map(Value::from));
        fields.set("headquarters", headquarters(record, &mut notes).map(Value::from));
        fields.fact("gleifEntityCategory", category.map(Value::from));
        let status = text(record, &["Entity", "EntityStatus"], &mut notes);
        fields.fact("gleifEntityStatus", status.map(Value::from));
        let registration = text(record, &["Registration", "RegistrationStatus"], &mut notes);
        if let Some(code @ ("ANNULLED" | "DUPLICATE" | "CANCELLED")) = registration {
            let says = format!("the registration is `{code}`; the party is used all the same");
            notes.add("/Registration/RegistrationStatus", Reason::Remark, says);
        }
        fields.fact("gleifRegistrationStatus", registration.map(Value::from));
        let updated = text(record, &["Registration", "LastUpdateDate"], &mut notes).map(str::to_owned);
        Entity { fields, notes, place, updated }
    }
}

/// Returns a party of whom only the LEI is known. That it is registered, the LEI says.
pub(super) fn only_lei(lei: &str) -> Fields {
    let identifiers = json!([{ "scheme": "XI-LEI", "id": lei }]);
    super::party(lei).with("kind", Some(json!("registeredEntity"))).with("identifiers", Some(identifiers))
}

fn text<'t>(record: &View<'t>, path: &[&str], notes: &mut Notes) -> Option<&'t str> {
    record.at(path)?.text(notes)
}

/// Returns the BODS type of a category. The register says nothing of the legal form of funds that would tell more.
fn kind(category: Option<&str>, notes: &mut Notes) -> &'static str {
    const AT: &str = "/Entity/EntityCategory";
    match category {
        Some("GENERAL" | "FUND" | "BRANCH" | "SOLE_PROPRIETOR") => "registeredEntity",
        Some("RESIDENT_GOVERNMENT_ENTITY") => "stateBody",
        Some("INTERNATIONAL_ORGANIZATION") => "legalEntity",
        Some(other) => {
            let says = format!("`{}` is not a category; a registered entity is assumed", shorten(other));
            notes.add(AT, Reason::UnknownCode, says);
            "registeredEntity"
        }
        None => {
            notes.add(AT, Reason::Missing, "is not there; a registered entity is assumed");
            "registeredEntity"
        }
    }
}

fn names(record: &View<'_>, notes: &mut Notes) -> Vec<Value> {
    let mut names = Vec::new();
    match record.at(&["Entity", "LegalName"]) {
        Some(legal) => names.extend(name(&legal, &legal, "legal", notes)),
        None => notes.add("/Entity/LegalName", Reason::Missing, "is not there"),
    }
    for (list, item) in [
        ("OtherEntityNames", "OtherEntityName"),
        ("TransliteratedOtherEntityNames", "TransliteratedOtherEntityName"),
    ] {
        let Some(all) = record.at(&["Entity", list]) else { continue };
        let all = all.get(item).unwrap_or(all);
        for entry in all.each() {
            let code = entry.get("@type").or_else(|| entry.get("type")).and_then(|code| code.text(notes));
            let kind = match code {
                Some("PREVIOUS_LEGAL_NAME") => "former",
                Some("TRADING_OR_OPERATING_NAME") => "alternative",
                Some("ALTERNATIVE_LANGUAGE_LEGAL_NAME") => "translation",
                Some(
                    "PREFERRED_ASCII_TRANSLITERATED_LEGAL_NAME" | "AUTO_ASCII_TRANSLITERATED_LEGAL_NAME",
                ) => "transliteration",
                None => "alternative",
                Some(other) => {
                    let says =
                        format!("`{}` is not a type of names; it is taken as alternative", shorten(other));
                    notes.add(&entry.pointer, Reason::UnknownCode, says);
                    "alternative"
                }
            };
            let value = entry.get(item).unwrap_or_else(|| entry.clone());
            names.extend(name(&value, &entry, kind, notes));
        }
    }
    cut(names, MOST_PARTS, "/Entity/OtherEntityNames", notes)
}

/// Returns a name with its kind and its language.
fn name(value: &View<'_>, entry: &View<'_>, kind: &str, notes: &mut Notes) -> Option<Value> {
    let full = value.text(notes)?;
    let language = ["@xml:lang", "@lang", "xmllang"].into_iter().find_map(|name| entry.get(name));
    let mut name = json!({ "fullName": full, "kind": kind });
    if let (Some(language), Some(name)) = (language.and_then(|tag| tag.text(notes)), name.as_object_mut()) {
        name.insert("language".to_owned(), Value::from(language));
    }
    Some(name)
}

fn identifiers(lei: &str, record: &View<'_>, notes: &mut Notes) -> Value {
    let mut identifiers = vec![json!({ "scheme": "XI-LEI", "id": lei })];
    let authority = |name: &str, notes: &mut Notes| {
        record.at(&["Entity", "RegistrationAuthority", name]).and_then(|view| view.text(notes))
    };
    let scheme = authority("RegistrationAuthorityID", notes);
    let id = authority("RegistrationAuthorityEntityID", notes);
    if let (Some(scheme), Some(id)) = (scheme, id) {
        identifiers.push(json!({ "scheme": scheme, "id": id }));
    }
    Value::Array(identifiers)
}

/// Returns the subdivision of the headquarters if it is one of the country, else the country.
fn headquarters<'t>(record: &View<'t>, notes: &mut Notes) -> Option<&'t str> {
    let address = record.at(&["Entity", "HeadquartersAddress"])?;
    let country = address.get("Country").and_then(|country| country.place(notes));
    let region =
        address.get("Region").and_then(|region| region.text(notes).map(|text| (region.pointer, text)));
    let Some((pointer, region)) = region else { return country };
    let within = country.is_none_or(|country| region.split('-').next() == Some(country));
    if within && IsoCode::new(region).is_some() {
        return Some(region);
    }
    notes.add(
        &pointer,
        Reason::UnknownCode,
        format!("`{}` is no subdivision of the country in ISO 3166-2", shorten(region)),
    );
    country
}
