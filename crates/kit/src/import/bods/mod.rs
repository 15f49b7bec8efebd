//! BODS 0.4: statements about entities, persons and relationships, as a JSON list or one a line.
//!
//! Several statements of one record are its versions. Which of them speaks for a day is for `versions`; what an interest
//! comes to, whatever the policies make of it, is not counted here.

mod party;
mod relationship;
mod share;
mod statement;
mod versions;

use super::Wanted;
use super::error::{ImportError, shorten};
use super::fields::{is_record_id, unknown};
use super::frame::{Found, Frame, Imported, request};
use super::records::{Kind, Met, each};
use super::report::{Note, Notes, Place, Reason, Report};
use super::source::{Progress, Source, Watch};
use super::steps::{self, Seen, Steps};
use super::tree::Tree;
use lexgate_model::When;
use statement::{Head, RecordType};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::rc::Rc;
use versions::{Version, Versions};

const STATEMENTS: Kind = Kind {
    expected: "BODS statements, as a JSON list or one a line",
    element: None,
    columns: &[],
    keys: &[],
    wanted: &[],
    object_is_record: true,
};

/// Most subjects that are named where there are several.
const MOST_NAMED: usize = 5;

/// Imports what BODS statements say of the neighbourhood of some parties; without any, of the one declaration subject.
///
/// # Errors
/// [`ImportError`] when a file cannot be read as BODS, when a party asked for is in none of them, when nobody says which
/// party, or when the neighbourhood is too large for a request.
pub fn bods(
    files: &[Source<'_>],
    wanted: &Wanted,
    frame: &Frame,
    tell: &mut dyn FnMut(&Progress<'_>),
) -> Result<Imported, ImportError> {
    let mut watch = Watch::new(tell);
    let mut report = Report::default();
    let asked = survey(files, wanted, &mut report, &mut watch)?;
    let mut desk = Desk {
        when: frame.when,
        steps: Steps::from(asked.iter().cloned()),
        asked,
        parties: BTreeMap::new(),
        relationships: BTreeMap::new(),
        beyond: BTreeSet::new(),
        seen: Seen::default(),
        report,
    };
    for _ in 0..wanted.depth {
        if desk.steps.is_done() {
            break;
        }
        desk.step_up(files, &mut watch)?;
    }
    desk.last_pass(files, &mut watch)?;
    let (found, report) = desk.found();
    request(frame, found, report)
}

/// A statement that can be used, and its number in all the files.
struct Statement<'t> {
    head: Head<'t>,
    tree: &'t Tree,
    place: &'t Place,
    number: u64,
}

/// Hands every statement of every file over that can be used; the others go to `bad`.
fn statements(
    files: &[Source<'_>],
    watch: &mut Watch<'_>,
    bad: &mut dyn FnMut(&Place, Option<&str>, Note),
    visit: &mut dyn FnMut(Statement<'_>) -> Result<(), ImportError>,
) -> Result<(), ImportError> {
    let mut number = 0u64;
    for file in files {
        each(file, &STATEMENTS, &HashSet::new(), watch, &mut |Met { place, tree }| {
            number += 1;
            let tree = match tree {
                Ok(tree) => tree,
                Err(note) => {
                    bad(&place, None, note);
                    return Ok(());
                }
            };
            match Head::read(&tree) {
                Ok(head) => visit(Statement { head, tree: &tree, place: &place, number }),
                Err(note) => {
                    bad(&place, tree.text_at(&["statementId"]), note);
                    Ok(())
                }
            }
        })?;
    }
    Ok(())
}

/// Finds the records asked for; reports what is no usable statement in all the files.
fn survey(
    files: &[Source<'_>],
    wanted: &Wanted,
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<Vec<String>, ImportError> {
    let mut named: BTreeSet<&str> = BTreeSet::new();
    let mut identified: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut subjects: Vec<String> = Vec::new();
    let mut bad = |place: &Place, id: Option<&str>, note| report.add(Some(place), id, note);
    statements(files, watch, &mut bad, &mut |met| {
        if let Some(subject) = met.tree.text_at(&["declarationSubject"])
            && subjects.len() <= MOST_NAMED
            && !subjects.iter().any(|known| known == subject)
        {
            subjects.push(subject.to_owned());
        }
        for party in &wanted.parties {
            let is_named = match met.head.record_type {
                RecordType::Entity | RecordType::Person => met.head.record_id == party,
                RecordType::Relationship => [statement::SUBJECT, statement::INTERESTED_PARTY]
                    .into_iter()
                    .any(|path| met.tree.text_at(path) == Some(party)),
            };
            if is_named {
                named.insert(party);
            } else if statement::is_identified_by(met.tree, party) {
                let records = identified.entry(party).or_default();
                if records.len() <= MOST_NAMED {
                    records.insert(met.head.record_id.to_owned());
                }
            }
        }
        Ok(())
    })?;
    if wanted.parties.is_empty() {
        return match subjects.as_slice() {
            [subject] => Ok(vec![subject.clone()]),
            [] => Err(ImportError::WhichParty { subjects: format!("no subject{}", hint(report)) }),
            several => {
                let names: Vec<_> =
                    several.iter().take(MOST_NAMED).map(|name| format!("`{}`", shorten(name))).collect();
                let more = if several.len() > MOST_NAMED { ", …" } else { "" };
                Err(ImportError::WhichParty { subjects: format!("{}{more}", names.join(", ")) })
            }
        };
    }
    let mut asked: Vec<String> = Vec::new();
    for party in &wanted.parties {
        let records: Vec<&String> = identified.get(party.as_str()).into_iter().flatten().collect();
        let record = match records.as_slice() {
            _ if named.contains(party.as_str()) => party,
            [record] => *record,
            [] => {
                let files: Vec<_> = files.iter().map(|file| format!("`{}`", file.name)).collect();
                let (party, files) = (shorten(party), files.join(", "));
                return Err(ImportError::Nowhere { party, files, hint: hint(report) });
            }
            several => {
                let records: Vec<_> = several.iter().map(|record| format!("`{}`", shorten(record))).collect();
                return Err(ImportError::Ambiguous { party: shorten(party), records: records.join(", ") });
            }
        };
        if !asked.contains(record) {
            asked.push(record.clone());
        }
    }
    Ok(asked)
}

/// Says that statements were passed over because of their version, if some were; else what is wrong with the first of them.
fn hint(report: &Report) -> String {
    match report.counts.get(&Reason::OtherVersion) {
        Some(count) => format!("; {count} statements are written in another version of BODS than 0.4"),
        None => report.first(),
    }
}

/// What was gathered so far.
struct Desk {
    when: When,
    asked: Vec<String>,
    steps: Steps,
    parties: BTreeMap<String, Versions>,
    relationships: BTreeMap<String, Versions>,
    /// Parties whose owners were left out because they lie too many steps up.
    beyond: BTreeSet<String>,
    seen: Seen,
    report: Report,
}

impl Desk {
    /// Reads all statements once and takes the relationships of those at the edge.
    fn step_up(&mut self, files: &[Source<'_>], watch: &mut Watch<'_>) -> Result<(), ImportError> {
        let mut touched = BTreeSet::new();
        statements(files, watch, &mut |_, _, _| {}, &mut |met| {
            let subject = met.tree.text_at(statement::SUBJECT);
            let is_wanted = met.head.record_type == RecordType::Relationship
                && subject.is_some_and(|subject| self.steps.is_edge(subject));
            if is_wanted && self.keep(&met)? {
                touched.insert(met.head.record_id.to_owned());
            }
            Ok(())
        })?;
        let owners = touched.iter().filter_map(|id| {
            let now = self.relationships.get(id)?.now();
            now.tree
                .text_at(statement::INTERESTED_PARTY)
                .filter(|party| is_record_id(party))
                .map(str::to_owned)
        });
        let owners: Vec<String> = owners.collect();
        self.steps.up(owners)
    }

    /// Reads all statements once more: who the parties are, other versions of the relationships, and whether there is
    /// one more step up.
    fn last_pass(&mut self, files: &[Source<'_>], watch: &mut Watch<'_>) -> Result<(), ImportError> {
        statements(files, watch, &mut |_, _, _| {}, &mut |met| {
            let id = met.head.record_id;
            let is_wanted = match met.head.record_type {
                RecordType::Entity | RecordType::Person => self.steps.is_met(id),
                RecordType::Relationship => {
                    if let Some(subject) = met.tree.text_at(statement::SUBJECT)
                        && self.steps.is_edge(subject)
                    {
                        self.beyond.insert(subject.to_owned());
                    }
                    self.relationships.contains_key(id)
                }
            };
            if is_wanted {
                self.keep(&met)?;
            }
            Ok(())
        })
    }

    /// Keeps a statement if it is one of those that matter of its record; returns whether it was met for the first time.
    fn keep(&mut self, met: &Statement<'_>) -> Result<bool, ImportError> {
        let head = &met.head;
        match self.seen.meet(head.id, met.number)? {
            steps::Met::Again => return Ok(false),
            steps::Met::Twice => {
                let says = "has the identifier of a statement before it, and is not used";
                let note = Note::new("/statementId", Reason::Duplicate, says);
                self.report.add(Some(met.place), Some(head.id), note);
                return Ok(false);
            }
            steps::Met::New => {}
        }
        let records = match head.record_type {
            RecordType::Entity | RecordType::Person => &mut self.parties,
            RecordType::Relationship => &mut self.relationships,
        };
        let version = Rc::new(Version {
            stamp: head.stamp,
            number: met.number,
            closed: head.closed,
            record_type: head.record_type,
            place: met.place.clone(),
            tree: met.tree.clone(),
        });
        let reached = versions::reached(self.when, version.stamp);
        let (before, now) = match records.get_mut(head.record_id) {
            Some(versions) => {
                let before = versions.bytes();
                versions.add(version, reached);
                (before, versions.bytes())
            }
            None => {
                let versions = Versions::new(version, reached);
                let now = versions.bytes();
                records.insert(head.record_id.to_owned(), versions);
                (0, now)
            }
        };
        self.steps.forget(before);
        self.steps.keep(self.relationships.len(), now)?;
        Ok(true)
    }

    /// Puts the parties and relationships together.
    fn found(mut self) -> (Found, Report) {
        let mut found = Found { asked: self.asked.clone(), ..Found::default() };
        let mut linked: BTreeSet<String> = self.asked.iter().cloned().collect();
        for (id, versions) in &self.relationships {
            let now = versions.now();
            let mut notes = Notes::default();
            let made = relationship::fields(id, versions, self.when, &mut notes);
            let subject = now.tree.text_at(statement::SUBJECT).filter(|subject| self.steps.is_met(subject));
            match (made, subject) {
                (Some(fields), Some(subject)) => {
                    linked.insert(subject.to_owned());
                    linked.extend(fields.text("interestedParty").map(str::to_owned));
                    found.relationships.insert(id.clone(), fields);
                }
                (Some(_), None) => {
                    let says = "is about another subject by the statement in effect, and is left out";
                    notes.add("/recordDetails/subject", Reason::Remark, says);
                }
                (None, _) => {}
            }
            self.report.extend(Some(&now.place), Some(id), notes);
        }
        for id in linked {
            let mut notes = Notes::default();
            let versions = self.parties.get(&id);
            let mut party = match versions {
                Some(versions) => party::fields(&id, versions, self.when, &mut notes),
                None => {
                    let says = "the files have no statement of it; only its record id is known";
                    notes.add("", Reason::NoRecord, says);
                    party::only_named(&id)
                }
            };
            if self.beyond.contains(&id) {
                party.set("ownership", unknown("beyondDepth"));
            }
            self.report.extend(versions.map(|versions| &versions.now().place), Some(&id), notes);
            found.parties.insert(id, party);
        }
        (found, self.report)
    }
}

#[cfg(test)]
mod tests;
