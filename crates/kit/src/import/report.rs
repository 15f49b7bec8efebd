//! What an import could not use as it stands, and where: for each record its place, the field, and why.

use super::error::shorten;
use serde::Serialize;
use std::collections::BTreeMap;

/// Most entries that are kept; further ones are only counted. Chosen by feel: more than a person reads.
const MOST_ENTRIES: usize = 1_000;

/// Why something was not used as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// The record has not the shape of one.
    Malformed,
    /// A field that must be there is not.
    Missing,
    /// A field holds another kind of value, or one outside its domain.
    BadValue,
    /// A code that its list does not have.
    UnknownCode,
    /// More than the request can hold in one place.
    TooMuch,
    /// The record is written in a version of the standard that is not read.
    OtherVersion,
    /// The same thing is stated twice.
    Duplicate,
    /// Statements contradict each other.
    Inconsistent,
    /// The record is withdrawn, or has ended without a day.
    NotInForce,
    /// The record says whom it is not about.
    Unspecified,
    /// It was used, though its registration has lapsed.
    Lapsed,
    /// It was used, with the day its record was closed as its end.
    EndOfRecord,
    /// It was used, though it was stated only after the date asked about.
    StatedLater,
    /// The party is only named: the files hold no record of it.
    NoRecord,
    /// The base request says something else, and keeps it.
    BaseKept,
    /// It was used, with a remark.
    Remark,
}

/// One remark about one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The file; empty for what is about no one record.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// Number of the record in the file, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<u64>,
    /// Line where the record begins, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// What the record calls itself or speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The field, as an RFC 6901 pointer into the record; empty for the whole record.
    pub pointer: String,
    /// Why, for programs.
    pub reason: Reason,
    /// Why, in words.
    pub says: String,
}

/// What could not be used, or only with a remark; and what was.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Parties in the request that come from the files.
    pub parties: usize,
    /// Relationships in the request that come from the files.
    pub relationships: usize,
    /// The first remarks, in the order they were made.
    pub entries: Vec<Entry>,
    /// How many remarks there are for each reason.
    pub counts: BTreeMap<Reason, u64>,
}

impl Report {
    /// Returns how many remarks are counted but not kept.
    #[must_use]
    pub fn not_kept(&self) -> u64 {
        let all: u64 = self.counts.values().sum();
        all.saturating_sub(self.entries.len() as u64)
    }

    /// Returns the first remark in words, with a sign before it; nothing if there is none. For errors, which end the report.
    pub(super) fn first(&self) -> String {
        self.entries.first().map_or(String::new(), |entry| {
            let at = entry.line.map_or(String::new(), |line| format!("line {line} "));
            format!("; what was read says little: {at}{} {}", entry.pointer, entry.says)
        })
    }

    /// Returns whether anything was left out that may have said who owns whom.
    pub(super) fn has_lost(&self) -> bool {
        self.counts.keys().any(|reason| match reason {
            Reason::Malformed
            | Reason::Missing
            | Reason::BadValue
            | Reason::TooMuch
            | Reason::OtherVersion
            | Reason::Duplicate
            | Reason::Inconsistent
            | Reason::Unspecified => true,
            Reason::UnknownCode
            | Reason::NotInForce
            | Reason::Lapsed
            | Reason::EndOfRecord
            | Reason::StatedLater
            | Reason::NoRecord
            | Reason::BaseKept
            | Reason::Remark => false,
        })
    }

    pub(super) fn add(&mut self, place: Option<&Place>, id: Option<&str>, note: Note) {
        *self.counts.entry(note.reason).or_default() += 1;
        if self.entries.len() < MOST_ENTRIES {
            self.entries.push(Entry {
                file: place.map(|place| place.file.to_string()).unwrap_or_default(),
                record: place.map(|place| place.record),
                line: place.map(|place| place.line),
                id: id.map(shorten),
                pointer: shorten(&note.pointer),
                reason: note.reason,
                says: note.says,
            });
        }
    }

    pub(super) fn extend(&mut self, place: Option<&Place>, id: Option<&str>, notes: Notes) {
        for note in notes.0 {
            self.add(place, id, note);
        }
    }
}

/// Where a record stands.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) file: std::rc::Rc<str>,
    pub(super) record: u64,
    pub(super) line: u64,
}

/// A remark about a field of the record at hand.
#[derive(Debug)]
pub(super) struct Note {
    pub(super) pointer: String,
    pub(super) reason: Reason,
    pub(super) says: String,
}

impl Note {
    pub(super) fn new(pointer: impl Into<String>, reason: Reason, says: impl Into<String>) -> Note {
        Note { pointer: pointer.into(), reason, says: says.into() }
    }
}

/// Remarks about the record at hand.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<Note>);

impl Notes {
    pub(super) fn add(&mut self, pointer: &str, reason: Reason, says: impl Into<String>) {
        self.0.push(Note::new(pointer, reason, says));
    }

    /// Notes that a value lies outside its domain.
    pub(super) fn bad(&mut self, pointer: &str, value: &str, rule: &str) {
        self.add(pointer, Reason::BadValue, format!("`{}` {rule}", shorten(value)));
    }

    #[cfg(test)]
    pub(super) fn told(&self) -> Vec<(&str, Reason)> {
        self.0.iter().map(|note| (note.pointer.as_str(), note.reason)).collect()
    }
}
