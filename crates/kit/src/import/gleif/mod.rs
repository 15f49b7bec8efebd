//! GLEIF's golden copy: level 1 (who is who), level 2 (who consolidates whom, who manages which fund) and the reasons why
//! a parent is not reported. CSV, XML, and JSON as it is published or flattened.
//!
//! The register publishes no percentages. What level 2 says is control, not a share.

mod entity;
mod exception;
mod link;

use super::Wanted;
use super::error::ImportError;
use super::fields::{Fields, View, unknown};
use super::frame::{Found, Frame, Imported, as_of, request};
use super::lei::is_lei;
use super::records::{Kind, Met, each};
use super::report::{Note, Notes, Place, Reason, Report};
use super::source::{Progress, Source, Watch};
use super::steps::Steps;
use super::tree::Tree;
use lexgate_model::Date;
use link::{Link, LinkKind};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The files of the register.
pub struct Register<'a> {
    /// Level 1: who is who.
    pub entities: Source<'a>,
    /// Level 2: relationships.
    pub relationships: Source<'a>,
    /// Level 2: why a parent is not reported.
    pub exceptions: Option<Source<'a>>,
}

const ENTITIES: Kind = Kind {
    expected: "level 1 of the golden copy, as JSON, XML or CSV",
    element: Some("LEIRecord"),
    columns: &["LEI", "Entity.LegalName"],
    keys: &["LEI"],
    wanted: &[
        "LEI",
        "Entity.LegalName",
        "Entity.OtherEntityNames.",
        "Entity.TransliteratedOtherEntityNames.",
        "Entity.HeadquartersAddress.Region",
        "Entity.HeadquartersAddress.Country",
        "Entity.RegistrationAuthority.",
        "Entity.LegalJurisdiction",
        "Entity.EntityCategory",
        "Entity.EntityStatus",
        "Registration.RegistrationStatus",
        "Registration.LastUpdateDate",
    ],
    object_is_record: false,
};

const RELATIONSHIPS: Kind = Kind {
    expected: "relationships of the golden copy, as JSON, XML or CSV",
    element: Some("RelationshipRecord"),
    columns: &[
        "Relationship.StartNode.NodeID",
        "Relationship.EndNode.NodeID",
        "Relationship.RelationshipType",
        "Relationship.RelationshipStatus",
    ],
    keys: &["Relationship.StartNode.NodeID", "Relationship.EndNode.NodeID"],
    wanted: &[
        "Relationship.StartNode.",
        "Relationship.EndNode.",
        "Relationship.RelationshipType",
        "Relationship.RelationshipStatus",
        "Relationship.Period.",
        "Registration.RegistrationStatus",
    ],
    object_is_record: false,
};

const EXCEPTIONS: Kind = Kind {
    expected: "reporting exceptions of the golden copy, as JSON, XML or CSV",
    element: Some("Exception"),
    columns: &["LEI", "Exception.Category", "Exception.Reason.1"],
    keys: &["LEI"],
    wanted: &["LEI", "Exception."],
    object_is_record: false,
};

/// Imports what the register says of the neighbourhood of some LEIs.
///
/// # Errors
/// [`ImportError`] when a file cannot be read as what it should be, when a party asked for is in none of them, or when the
/// neighbourhood is too large for a request.
pub fn gleif(
    register: &Register<'_>,
    wanted: &Wanted,
    frame: &Frame,
    tell: &mut dyn FnMut(&Progress<'_>),
) -> Result<Imported, ImportError> {
    if let Some(bad) = wanted.parties.iter().find(|party| !is_lei(party)) {
        return Err(ImportError::NotLei(bad.clone()));
    }
    let mut asked: Vec<String> = Vec::new();
    for party in &wanted.parties {
        if !asked.contains(party) {
            asked.push(party.clone());
        }
    }
    let mut desk = Desk {
        steps: Steps::from(asked.iter().cloned()),
        asked,
        named: BTreeSet::new(),
        links: BTreeMap::new(),
        beyond: BTreeSet::new(),
        entities: HashMap::new(),
        exceptions: BTreeMap::new(),
        report: Report::default(),
    };
    let mut watch = Watch::new(tell);
    for step in 0..=wanted.depth {
        if desk.steps.is_done() {
            break;
        }
        desk.relationships(&register.relationships, step, step == wanted.depth, &mut watch)?;
    }
    desk.entities(&register.entities, &mut watch)?;
    if let Some(exceptions) = &register.exceptions {
        desk.exceptions(exceptions, &mut watch)?;
    }
    let files = [Some(&register.entities), Some(&register.relationships), register.exceptions.as_ref()];
    if let Some(party) = desk.asked.iter().find(|party| !desk.named.contains(*party)) {
        let files: Vec<_> = files.into_iter().flatten().map(|source| format!("`{}`", source.name)).collect();
        let (party, files) = (party.clone(), files.join(", "));
        return Err(ImportError::Nowhere { party, files, hint: desk.report.first() });
    }
    let (found, report) = desk.found(as_of(frame.when));
    request(frame, found, report)
}

/// Returns the record without the object that the published JSON puts around it.
fn bare(tree: &Tree) -> &Tree {
    match tree {
        Tree::Record(members) => match members.as_slice() {
            [(name, inner)] if name.ends_with("Record") => inner,
            _ => tree,
        },
        _ => tree,
    }
}

/// What was gathered so far.
struct Desk {
    asked: Vec<String>,
    /// Those asked for of whom some record speaks.
    named: BTreeSet<String>,
    steps: Steps,
    links: BTreeMap<String, Vec<Link>>,
    /// Parties whose owners were left out because they lie too many steps up.
    beyond: BTreeSet<String>,
    entities: HashMap<String, entity::Entity>,
    exceptions: BTreeMap<(String, exception::Category), String>,
    report: Report,
}

impl Desk {
    fn name(&mut self, lei: &str) {
        if self.asked.iter().any(|asked| asked == lei) {
            self.named.insert(lei.to_owned());
        }
    }

    /// Reads the relationships once: one step up, or only whether there is one more.
    fn relationships(
        &mut self,
        source: &Source<'_>,
        step: u32,
        only_whether: bool,
        watch: &mut Watch<'_>,
    ) -> Result<(), ImportError> {
        let mut parents = BTreeSet::new();
        each(source, &RELATIONSHIPS, &self.steps.edge(), watch, &mut |met| {
            let Some((place, tree)) = self.record(met, step == 0) else { return Ok(()) };
            let tree = bare(&tree);
            let start = tree.text_at(link::START);
            if step == 0
                && let Some(end) = tree.text_at(link::END)
            {
                self.name(end);
            }
            let Some(start) = start else {
                if step == 0 {
                    let note = Note::new(
                        "/Relationship/StartNode/NodeID",
                        Reason::Missing,
                        "is not there, or is no text",
                    );
                    self.report.add(Some(&place), None, note);
                }
                return Ok(());
            };
            if !self.steps.is_edge(start) {
                return Ok(());
            }
            self.name(start);
            let mut notes = Notes::default();
            let link = Link::read(&View::new(tree), &mut notes);
            if only_whether {
                self.beyond.extend(link.map(|link| link.start));
                return Ok(());
            }
            if let Some(link) = link {
                parents.insert(link.end.clone());
                let same = self.links.entry(link.record_id()).or_default();
                if same.contains(&link) {
                    notes.add("", Reason::Duplicate, "is published twice, and used once");
                } else {
                    same.push(link);
                }
            }
            self.report.extend(Some(&place), Some(start), notes);
            self.steps.keep(self.links.len(), tree.bytes())
        })?;
        if only_whether { Ok(()) } else { self.steps.up(parents) }
    }

    fn entities(&mut self, source: &Source<'_>, watch: &mut Watch<'_>) -> Result<(), ImportError> {
        each(source, &ENTITIES, &self.steps.everybody(), watch, &mut |met| {
            let Some((place, tree)) = self.record(met, true) else { return Ok(()) };
            let tree = bare(&tree);
            let Some(lei) = tree.text_at(&["LEI"]) else {
                let note = Note::new("/LEI", Reason::Missing, "is not there, or is no text");
                self.report.add(Some(&place), None, note);
                return Ok(());
            };
            if !self.steps.is_met(lei) {
                return Ok(());
            }
            self.name(lei);
            let read = entity::Entity::read(lei, &View::new(tree), place);
            match self.entities.get_mut(lei) {
                None => {
                    self.entities.insert(lei.to_owned(), read);
                }
                Some(before) => {
                    let (older, says) =
                        (read.updated < before.updated, "is published twice; the later update is used");
                    let place = if older { read.place.clone() } else { before.place.clone() };
                    self.report.add(Some(&place), Some(lei), Note::new("/LEI", Reason::Duplicate, says));
                    if !older {
                        *before = read;
                    }
                }
            }
            self.steps.keep(self.links.len(), tree.bytes())
        })
    }

    fn exceptions(&mut self, source: &Source<'_>, watch: &mut Watch<'_>) -> Result<(), ImportError> {
        each(source, &EXCEPTIONS, &self.steps.everybody(), watch, &mut |met| {
            let Some((place, tree)) = self.record(met, true) else { return Ok(()) };
            let Some(lei) = tree.text_at(&["LEI"]) else {
                let note = Note::new("/LEI", Reason::Missing, "is not there, or is no text");
                self.report.add(Some(&place), None, note);
                return Ok(());
            };
            if !self.steps.is_met(lei) {
                return Ok(());
            }
            self.name(lei);
            let mut notes = Notes::default();
            if let Some((category, reason)) = exception::read(&View::new(&tree), &mut notes) {
                let reason = reason.to_owned();
                let key = (lei.to_owned(), category);
                let before = self.exceptions.get(&key);
                if before.is_some_and(|before| *before != reason) {
                    let says = "gives another reason than a record before; the first in the alphabet is used";
                    notes.add("", Reason::Inconsistent, says);
                }
                if before.is_none_or(|before| reason < *before) {
                    self.exceptions.insert(key, reason);
                }
            }
            self.report.extend(Some(&place), Some(lei), notes);
            Ok(())
        })
    }

    /// Returns a record that has the shape of one. One that has not is reported, the first time it is met.
    fn record(&mut self, met: Met, first: bool) -> Option<(Place, Tree)> {
        let tree = met.tree.and_then(|tree| match tree {
            Tree::Record(_) => Ok(tree),
            other => {
                Err(Note::new("", Reason::Malformed, format!("expected an object, found {}", other.kind())))
            }
        });
        match tree {
            Ok(tree) => Some((met.place, tree)),
            Err(note) => {
                if first {
                    self.report.add(Some(&met.place), None, note);
                }
                None
            }
        }
    }

    /// Puts the parties and relationships together, as of a date.
    fn found(mut self, date: Date) -> (Found, Report) {
        let mut found = Found { asked: self.asked.clone(), ..Found::default() };
        let links: Vec<Link> = self.links.into_values().flat_map(link::merge).collect();
        let direct: BTreeSet<(&str, &str)> = links
            .iter()
            .filter(|link| link.kind == LinkKind::Direct)
            .map(|link| (link.start.as_str(), link.end.as_str()))
            .collect();
        for link in &links {
            let also_direct = direct.contains(&(link.start.as_str(), link.end.as_str()));
            let (fields, notes) = link.fields(also_direct);
            self.report.extend(None, Some(&link.start), notes);
            found.relationships.insert(link.record_id(), fields);
        }
        let everybody: BTreeSet<String> = self.steps.everybody().into_iter().collect();
        for lei in everybody {
            let mut party = match self.entities.remove(&lei) {
                Some(entity) => {
                    self.report.extend(Some(&entity.place), Some(&lei), entity.notes);
                    entity.fields
                }
                None => {
                    let says = "level 1 has no record of it; only its LEI is known, and its kind is assumed";
                    self.report.add(None, Some(&lei), Note::new("", Reason::NoRecord, says));
                    entity::only_lei(&lei)
                }
            };
            let exception = |category| self.exceptions.get(&(lei.clone(), category)).map(String::as_str);
            let ultimate = exception(exception::Category::Ultimate);
            let direct = exception(exception::Category::Direct);
            let mut notes = Notes::default();
            party.set("ultimateParent", ultimate_parent(&lei, &links, date, ultimate, &mut notes));
            party.fact("directParent", direct.and_then(unknown));
            if self.beyond.contains(&lei) {
                party.set("ownership", unknown("beyondDepth"));
            }
            self.report.extend(None, Some(&lei), notes);
            found.parties.insert(lei, party);
        }
        (found, self.report)
    }
}

/// Returns the ultimate parent on a date, or the reason why there is none.
fn ultimate_parent(
    lei: &str,
    links: &[Link],
    date: Date,
    exception: Option<&str>,
    notes: &mut Notes,
) -> Option<Value> {
    let held = links.iter().filter(|link| link.kind == LinkKind::Ultimate && link.start == lei);
    let parents: BTreeSet<&str> =
        held.filter(|link| link.holds_on(date)).map(|link| link.end.as_str()).collect();
    let parents: Vec<&str> = parents.into_iter().collect();
    match (parents.as_slice(), exception) {
        ([parent], None) => Some(json!(parent)),
        ([parent], Some(reason)) => {
            let says = format!(
                "an ultimate parent is published, and `{reason}` as the reason why there is none; the parent is used"
            );
            notes.add("/ultimateParent", Reason::Inconsistent, says);
            Some(json!(parent))
        }
        ([], reason) => reason.and_then(unknown),
        (several, _) => {
            let says = format!("{} ultimate parents are published for the same day", several.len());
            notes.add("/ultimateParent", Reason::Inconsistent, says);
            unknown("inconsistent")
        }
    }
}

/// Returns a party of whom only the LEI is set.
fn party(lei: &str) -> Fields {
    Fields::new(lei)
}

#[cfg(test)]
mod tests;
