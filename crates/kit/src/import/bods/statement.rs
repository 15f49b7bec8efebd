//! What every BODS statement says of itself: which record it is about, since when, and where it comes from.

use crate::import::error::shorten;
use crate::import::fields::{Fields, MOST_TEXTS, View, cut, day, some};
use crate::import::report::{Note, Notes, Reason};
use crate::import::tree::Tree;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use lexgate_model::date;
use serde_json::Value;

pub(super) const SUBJECT: &[&str] = &["recordDetails", "subject"];
pub(super) const INTERESTED_PARTY: &[&str] = &["recordDetails", "interestedParty"];

/// The version of the standard that is read.
const VERSION: &str = "0.4";

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordType {
    Entity,
    Person,
    Relationship,
}

/// What a statement must say to be used.
#[derive(Debug)]
pub(super) struct Head<'t> {
    pub(super) id: &'t str,
    pub(super) record_id: &'t str,
    pub(super) record_type: RecordType,
    /// When it was declared; a date is its first instant in UTC.
    pub(super) stamp: Timestamp,
    /// Whether it is the last of its record.
    pub(super) closed: bool,
}

impl<'t> Head<'t> {
    /// Reads it, or says why the statement cannot be used.
    pub(super) fn read(tree: &'t Tree) -> Result<Head<'t>, Note> {
        let Tree::Record(_) = tree else {
            let says = format!("expected an object, found {}", tree.kind());
            return Err(Note::new("", Reason::Malformed, says));
        };
        if tree.get("statementType").is_some() || tree.get("statementID").is_some() {
            let says = format!("has the shape of BODS 0.3 or older; only {VERSION} is read");
            return Err(Note::new("", Reason::OtherVersion, says));
        }
        if let Some(version) = tree.get("publicationDetails").and_then(|details| details.get("bodsVersion"))
            && version.text() != Some(VERSION)
        {
            let written = version.text().unwrap_or_else(|| version.kind());
            let says = format!("is written in BODS `{}`; only {VERSION} is read", shorten(written));
            return Err(Note::new("/publicationDetails/bodsVersion", Reason::OtherVersion, says));
        }
        let id = required(tree, "statementId")?;
        let record_id = required(tree, "recordId")?;
        let record_type = match required(tree, "recordType")? {
            "entity" => RecordType::Entity,
            "person" => RecordType::Person,
            "relationship" => RecordType::Relationship,
            other => {
                let says = format!("`{}` is not `entity`, `person` or `relationship`", shorten(other));
                return Err(Note::new("/recordType", Reason::UnknownCode, says));
            }
        };
        let date = required(tree, "statementDate")?;
        let Some(stamp) = stamp(date) else {
            let says = format!("`{}` is neither a date nor an instant", shorten(date));
            return Err(Note::new("/statementDate", Reason::BadValue, says));
        };
        match tree.get("recordDetails") {
            Some(Tree::Record(_)) => {}
            Some(other) => {
                let says = format!("expected an object, found {}", other.kind());
                return Err(Note::new("/recordDetails", Reason::BadValue, says));
            }
            None => return Err(Note::new("/recordDetails", Reason::Missing, "is not there")),
        }
        let unspecified = record_type == RecordType::Relationship && tree.text_at(SUBJECT).is_none();
        if unspecified {
            let says = match tree.text_at(&["recordDetails", "subject", "reason"]) {
                Some(reason) => {
                    format!("the subject is unspecified (`{}`), so it is about nobody", shorten(reason))
                }
                None => "does not name a subject, so it is about nobody".to_owned(),
            };
            return Err(Note::new("/recordDetails/subject", Reason::Unspecified, says));
        }
        let closed = tree.text_at(&["recordStatus"]) == Some("closed");
        Ok(Head { id, record_id, record_type, stamp, closed })
    }
}

fn required<'t>(tree: &'t Tree, name: &str) -> Result<&'t str, Note> {
    let pointer = || format!("/{name}");
    match tree.get(name) {
        None => Err(Note::new(pointer(), Reason::Missing, "is not there")),
        Some(value) => value.text().filter(|_| matches!(value, Tree::Text(_))).ok_or_else(|| {
            let found = if matches!(value, Tree::Text(_)) { "an empty one" } else { value.kind() };
            Note::new(pointer(), Reason::BadValue, format!("expected a text, found {found}"))
        }),
    }
}

/// Reads a date, or an instant as RFC 3339 writes it.
fn stamp(text: &str) -> Option<Timestamp> {
    match date::parse(text) {
        Some(date) => Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp()),
        None => text.parse().ok().filter(|_| !text.contains('[')),
    }
}

/// Returns whether a statement gives its record this identifier, written as `SCHEME:ID`.
pub(super) fn is_identified_by(tree: &Tree, party: &str) -> bool {
    let Some((scheme, id)) = party.split_once(':') else { return false };
    match tree.get("recordDetails").and_then(|details| details.get("identifiers")) {
        Some(Tree::List(list)) => list
            .iter()
            .any(|one| one.text_at(&["scheme"]) == Some(scheme) && one.text_at(&["id"]) == Some(id)),
        _ => false,
    }
}

/// Adds the facts that tell where a record comes from.
pub(super) fn add_source(fields: &mut Fields, statement: &View<'_>, notes: &mut Notes) {
    let id = statement.get("statementId").and_then(|id| id.text(notes));
    fields.fact("statementId", id.map(Value::from));
    let Some(source) = statement.get("source") else { return };
    let types = source.get("type").map(|types| texts(&types, None, notes)).unwrap_or_default();
    fields.fact("source.type", some(types));
    let names =
        source.get("assertedBy").map(|agents| texts(&agents, Some("name"), notes)).unwrap_or_default();
    fields.fact("source.assertedBy", some(names));
    if let Some(retrieved) = source.get("retrievedAt").and_then(|at| at.text(notes)) {
        fields.fact(
            "source.retrievedAt",
            Some(date::parse(retrieved).map_or_else(|| Value::from(retrieved), day)),
        );
    }
}

/// Returns the texts of a list, or of a member of its elements.
pub(super) fn texts(list: &View<'_>, member: Option<&str>, notes: &mut Notes) -> Vec<Value> {
    let elements = list.list(notes);
    let of = |element: &View<'_>, notes: &mut Notes| match member {
        Some(member) => element.get(member)?.text(notes).map(Value::from),
        None => element.text(notes).map(Value::from),
    };
    let texts: Vec<Value> = elements.iter().filter_map(|element| of(element, notes)).collect();
    cut(texts, MOST_TEXTS, &list.pointer, notes)
}
