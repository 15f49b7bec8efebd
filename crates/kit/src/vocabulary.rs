//! The vocabulary: every fact that the rules of some policies read, as their manifests declare it, each once with all who
//! read it.
//!
//! Named facts are the open part of a request, so two policies may mean different things by one name. Where their types or
//! units differ that is a [`Conflict`]: no request could satisfy both.

use crate::escape::{markdown, markdown_code};
use lexgate_model::manifest::{FactType, Part, RecordKind, Spot};
use lexgate_model::{Manifest, Request};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What some policies read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Vocabulary {
    /// The facts, in the order of the contract: by record, named facts before fields, then by name.
    pub facts: Vec<Entry>,
    /// The facts of which policies say different things.
    pub conflicts: Vec<Conflict>,
    /// The policies that declare no facts.
    pub silent: Vec<String>,
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The record it stands on.
    pub of: RecordKind,
    /// The name of a named fact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name of a field of the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The type of a named fact, as the first of its policies has it.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<FactType>,
    /// UCUM code, as the first of its policies has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The words it may be, of all its policies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// What it tells, each wording once; of a field of which no policy says anything, what the contract says.
    pub says: Vec<String>,
    /// Who reads it.
    pub readers: Vec<Reader>,
}

/// A policy that reads a fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reader {
    /// The policy.
    pub policy: String,
    /// The rules of it.
    pub rules: Vec<String>,
}

/// A named fact of which policies say different things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// The record it stands on.
    pub of: RecordKind,
    /// Its name.
    pub name: String,
    /// What it is said to be, and by whom.
    pub readings: Vec<Reading>,
}

/// What some policies take a named fact for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// The type.
    #[serde(rename = "type")]
    pub kind: Option<FactType>,
    /// The unit.
    pub unit: Option<String>,
    /// The policies.
    pub policies: Vec<String>,
}

impl Vocabulary {
    /// Returns what these policies read.
    #[must_use]
    pub fn of<'m, D: 'm>(manifests: impl IntoIterator<Item = &'m Manifest<D>>) -> Vocabulary {
        let mut facts: BTreeMap<Key, (Entry, Vec<Reading>)> = BTreeMap::new();
        let mut silent = Vec::new();
        for manifest in manifests {
            let policy = &manifest.policy.id;
            if manifest.facts.is_empty() {
                silent.push(policy.clone());
            }
            for fact in &manifest.facts {
                let (entry, readings) = facts.entry(Key::of(&fact.spot())).or_insert_with(|| {
                    let entry = Entry {
                        of: fact.of,
                        name: fact.name.clone(),
                        field: fact.field.clone(),
                        kind: fact.kind,
                        unit: fact.unit.clone(),
                        values: Vec::new(),
                        says: Vec::new(),
                        readers: Vec::new(),
                    };
                    (entry, Vec::new())
                });
                add_new(&mut entry.values, &fact.values);
                add_new(&mut entry.says, fact.says.as_slice());
                entry.readers.push(Reader { policy: policy.clone(), rules: fact.rules.clone() });
                match readings.iter_mut().find(|r| r.kind == fact.kind && r.unit == fact.unit) {
                    Some(reading) => reading.policies.push(policy.clone()),
                    None => readings.push(Reading {
                        kind: fact.kind,
                        unit: fact.unit.clone(),
                        policies: vec![policy.clone()],
                    }),
                }
            }
        }
        let schema = Request::json_schema();
        let (mut entries, mut conflicts) = (Vec::new(), Vec::new());
        for (mut entry, readings) in facts.into_values() {
            if entry.says.is_empty()
                && let Some(field) = &entry.field
            {
                entry.says.extend(contract(&schema, entry.of, field).map(str::to_owned));
            }
            if let (Some(name), 2..) = (&entry.name, readings.len()) {
                conflicts.push(Conflict { of: entry.of, name: name.clone(), readings });
            }
            entries.push(entry);
        }
        Vocabulary { facts: entries, conflicts, silent }
    }

    /// Returns the facts as a page of Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = INTRODUCTION.to_owned();
        for of in RecordKind::ALL {
            let facts: Vec<&Entry> = self.facts.iter().filter(|fact| fact.of == of).collect();
            if facts.is_empty() {
                continue;
            }
            let _ = write!(text, "\n## {}\n", heading(of));
            let (named, fields): (Vec<&Entry>, Vec<&Entry>) =
                facts.into_iter().partition(|f| f.name.is_some());
            if !named.is_empty() {
                text.push_str("\n| fact | type | tells | read by |\n| --- | --- | --- | --- |\n");
            }
            for fact in named {
                let (name, tells) = (markdown_code(fact.called()), fact.tells());
                let _ = writeln!(text, "| {name} | {} | {tells} | {} |", fact.kind(), fact.read_by());
            }
            if !fields.is_empty() {
                text.push_str("\n| field | tells | read by |\n| --- | --- | --- |\n");
            }
            for field in fields {
                let (name, tells) = (markdown_code(field.called()), field.tells());
                let _ = writeln!(text, "| {name} | {tells} | {} |", field.read_by());
            }
        }
        if !self.conflicts.is_empty() {
            text.push_str("\n## Conflicts\n\nOf these facts policies say different things.\n\n");
            text.push_str("| fact | is | for |\n| --- | --- | --- |\n");
        }
        for conflict in &self.conflicts {
            for reading in &conflict.readings {
                let name = markdown_code(&conflict.name);
                let policies: Vec<_> = reading.policies.iter().map(|policy| markdown_code(policy)).collect();
                let kind = markdown(&reading.to_string());
                let _ = writeln!(
                    text,
                    "| {name} of {} | {kind} | {} |",
                    called(conflict.of),
                    policies.join(", ")
                );
            }
        }
        text
    }
}

const INTRODUCTION: &str = "\
# The facts that policies read

What to supply, and for whom. This page is made of the manifests of the policies; nobody writes it by hand.

A named fact stands under `facts` of its record. A field has its own place in the record. How each type is written:

| type | in JSON |
| --- | --- |
| text | `\"high\"` |
| flag | `true` or `false` |
| number | `5`, or with its unit `{ \"number\": \"1.5\", \"unit\": \"GB/s\" }` |
| date | `{ \"date\": \"2025-09-05\" }` |
| texts | `[\"KR\", \"SG\"]` |
| any of them that is not known | `{ \"unknown\": \"why\" }` |

What is not there is not supplied; it never counts as false.
";

impl Entry {
    /// Returns its name, of a named fact or of a field.
    #[must_use]
    pub fn called(&self) -> &str {
        self.name.as_deref().or(self.field.as_deref()).unwrap_or_default()
    }

    /// Returns its type in words, with the unit; empty for a field, whose type stands in the contract.
    #[must_use]
    pub fn type_in_words(&self) -> String {
        typed(self.kind, self.unit.as_deref())
    }

    fn kind(&self) -> String {
        markdown(&self.type_in_words())
    }

    fn tells(&self) -> String {
        let mut text: Vec<String> = self.says.iter().map(|says| markdown(says)).collect();
        if !self.values.is_empty() {
            let values: Vec<_> = self.values.iter().map(|value| markdown_code(value)).collect();
            text.push(format!("One of {}.", values.join(", ")));
        }
        text.join("; ").replace(".; ", ". ").replace("; One of ", ". One of ")
    }

    fn read_by(&self) -> String {
        let one = |reader: &Reader| {
            let rules: Vec<_> = reader.rules.iter().map(|rule| markdown_code(rule)).collect();
            format!("{}: {}", markdown_code(&reader.policy), rules.join(", "))
        };
        self.readers.iter().map(one).collect::<Vec<_>>().join("; ")
    }
}

impl std::fmt::Display for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&typed(self.kind, self.unit.as_deref()))
    }
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` of {} is ", self.name, called(self.of))?;
        for (number, reading) in self.readings.iter().enumerate() {
            let separator = if number == 0 { "" } else { ", but " };
            write!(f, "{separator}{reading} for {}", reading.policies.join(", "))?;
        }
        Ok(())
    }
}

/// Returns what the contract says of a field of a record; `schema` is that of requests.
#[must_use]
pub fn contract<'s>(schema: &'s Value, of: RecordKind, field: &str) -> Option<&'s str> {
    let record = schema.get("$defs")?.get(match of {
        RecordKind::Request => "Request",
        RecordKind::Participant => "Participant",
        RecordKind::Party => "Party",
        RecordKind::Listing => "Listing",
        RecordKind::Relationship => "Relationship",
        RecordKind::Interest => "Interest",
        RecordKind::Resource => "Item",
        RecordKind::Classification => "Classification",
        RecordKind::Deployment => "Deployment",
        RecordKind::Certificate => "Certificate",
        RecordKind::Authorization => "Authorization",
    })?;
    record.get("properties")?.get(field)?.get("description")?.as_str()
}

/// Returns a record in words: `a party`.
#[must_use]
pub fn called(of: RecordKind) -> &'static str {
    match of {
        RecordKind::Request => "the request",
        RecordKind::Participant => "a participant",
        RecordKind::Party => "a party",
        RecordKind::Listing => "a listing",
        RecordKind::Relationship => "a relationship",
        RecordKind::Interest => "an interest",
        RecordKind::Resource => "the resource",
        RecordKind::Classification => "a classification",
        RecordKind::Deployment => "the deployment",
        RecordKind::Certificate => "a certificate",
        RecordKind::Authorization => "an authorization",
    }
}

fn heading(of: RecordKind) -> &'static str {
    match of {
        RecordKind::Request => "The request",
        RecordKind::Participant => "Participants (`participants`)",
        RecordKind::Party => "Parties (`parties`)",
        RecordKind::Listing => "Listings of a party (`listings`)",
        RecordKind::Relationship => "Relationships (`relationships`)",
        RecordKind::Interest => "Interests of a relationship (`interests`)",
        RecordKind::Resource => "The resource (`resource`)",
        RecordKind::Classification => "Classifications of the resource (`classifications`)",
        RecordKind::Deployment => "The deployment (`deployment`)",
        RecordKind::Certificate => "Certificates (`certificates`)",
        RecordKind::Authorization => "Authorizations (`authorizations`)",
    }
}

pub(crate) fn typed(kind: Option<FactType>, unit: Option<&str>) -> String {
    match (kind, unit) {
        (Some(kind), Some(unit)) => format!("{} in {unit}", kind.as_str()),
        (Some(kind), None) => kind.as_str().to_owned(),
        (None, _) => String::new(),
    }
}

/// The order of facts: by record, named ones first, then by name.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key(RecordKind, u8, String);

impl Key {
    fn of(spot: &Spot) -> Key {
        match &spot.part {
            Part::Fact(name) => Key(spot.of, 0, name.clone()),
            Part::Field(name) => Key(spot.of, 1, name.clone()),
            Part::Whole => Key(spot.of, 2, String::new()),
        }
    }
}

fn add_new<'a>(list: &mut Vec<String>, more: impl IntoIterator<Item = &'a String>) {
    for one in more {
        if !list.contains(one) {
            list.push(one.clone());
        }
    }
}

#[cfg(test)]
mod tests;
