//! What to ask: of an open decision, the sets of missing facts that can still change it, the smallest first.
//!
//! A [`Question`] is the missing facts of an open finding that decides; findings that miss the same facts share one. All of
//! them settle it; whether fewer would, only the policy knows, so each answer is decided again. Facts
//! of findings that can no longer change the decision are not asked for. Putting answers in is [`put`]'s.

mod answer;
mod whom;

pub use answer::{Answer, BadAnswer, put, suits};

use crate::vocabulary::{Entry, Vocabulary, contract, typed};
use answer::Example;
use lexgate_engine::PolicySet;
use lexgate_model::decision::{Kind, Mode};
use lexgate_model::finding::{Finding, Missing, Standing};
use lexgate_model::manifest::{FactType, Part, Spot};
use lexgate_model::verdict::Owner;
use lexgate_model::{Manifest, Outcome, Record, Request, Span};
use serde::Serialize;
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Missing facts that are asked for together: all of them settle something, and fewer may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// The facts, in order of place.
    pub facts: Vec<Asked>,
    /// The open findings that miss nothing else.
    pub settles: Vec<Opened>,
    /// What the decision is at least, once they are known and turn out badly.
    pub badly: Outcome,
    /// What the decision is at most, once they are known and turn out well.
    pub well: Outcome,
}

/// A missing fact, with what its policies say of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// RFC 6901 pointer to where it would be.
    pub pointer: String,
    /// Whom or what it is about, by name.
    pub whom: String,
    /// What is expected there, in each wording.
    pub expected: Vec<String>,
    /// Why it is missing.
    pub reasons: Vec<String>,
    /// The type of a named fact.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<FactType>,
    /// UCUM code of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The words it may be, where there is a list of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// What it tells.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub says: Vec<String>,
    /// A value that may stand there, as JSON: an example of the form, not the answer.
    pub example: Value,
    /// The rules whose open findings need it, in whichever question.
    pub needed_by: Vec<Owner>,
}

impl Asked {
    /// Returns the type in words, with the unit; empty for a field, whose type stands in the contract.
    #[must_use]
    pub fn type_in_words(&self) -> String {
        typed(self.kind, self.unit.as_deref())
    }
}

/// An open finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Opened {
    /// Which rule of which binding.
    #[serde(flatten)]
    pub owner: Owner,
    /// The message code.
    pub code: String,
    /// The message.
    pub message: String,
    /// Between which ends it is.
    #[serde(flatten)]
    pub span: Span,
}

impl Question {
    /// Returns by how many steps its answers can narrow the decision, from either end.
    fn steps(&self, decision: Span) -> usize {
        let rises = Span { floor: decision.floor, ceiling: self.badly };
        let falls = Span { floor: self.well, ceiling: decision.ceiling };
        rises.width().saturating_add(falls.width())
    }
}

/// Returns the questions of a decision: the fewest facts first, then those that narrow the decision most.
#[must_use]
pub fn questions<M: Kind>(record: &Record<M>, set: &PolicySet, language: &str) -> Vec<Question> {
    let decision = record.decision.span;
    let all = deciding(record);
    let open = || all.iter().filter(|(_, finding)| can_change(finding, decision));
    let mut groups: BTreeSet<Vec<&str>> = BTreeSet::new();
    let mut needed: BTreeMap<&str, Vec<(&str, &Finding, &Missing)>> = BTreeMap::new();
    for (binding, finding) in open() {
        let places: BTreeSet<&str> = finding.missing.iter().map(|missing| missing.pointer.as_str()).collect();
        groups.insert(places.into_iter().collect());
        for missing in &finding.missing {
            needed.entry(&missing.pointer).or_default().push((binding, finding, missing));
        }
    }
    let request = record.request.to_value();
    let book = Book::of(set, &request);
    let question = |places: &Vec<&str>| {
        let known = |finding: &Finding| finding.missing.iter().all(|m| places.contains(&m.pointer.as_str()));
        let (badly, well) = settled(record, &all, &|finding| can_change(finding, decision) && known(finding));
        let facts = places
            .iter()
            .map(|place| book.asked(place, needed.get(place).map(Vec::as_slice).unwrap_or_default()));
        let opened = |(binding, finding): &(&str, &Finding)| Opened {
            owner: owner(binding, finding),
            code: finding.code.clone(),
            message: book.message(binding, finding, language),
            span: finding.span,
        };
        Question {
            facts: facts.collect(),
            settles: open().filter(|(_, finding)| known(finding)).map(opened).collect(),
            badly,
            well,
        }
    };
    let mut questions: Vec<Question> = groups.iter().map(question).collect();
    questions.sort_by_key(|question| (question.facts.len(), Reverse(question.steps(decision))));
    questions
}

/// Returns whether a finding is open, and can still raise the floor of the decision or lower its ceiling.
fn can_change(finding: &Finding, decision: Span) -> bool {
    // One that is at most what the decision is at least is outweighed whatever its facts are.
    !finding.span.is_determinate() && finding.span.ceiling > decision.floor
}

fn owner(binding: &str, finding: &Finding) -> Owner {
    Owner { binding: binding.to_owned(), rule: finding.rule.clone() }
}

/// Returns the findings that decide, with their bindings.
fn deciding<M: Kind>(record: &Record<M>) -> Vec<(&str, &Finding)> {
    let enforcing = record.bindings.iter().filter(|evaluation| evaluation.mode == Mode::Enforce);
    let findings = enforcing.flat_map(|evaluation| {
        evaluation.findings.iter().map(|finding| (evaluation.binding.as_str(), finding))
    });
    findings.filter(|(_, finding)| finding.standing == Standing::Deciding).collect()
}

/// Returns what the decision is at least if the facts of the settled findings turn out badly, and at most if well.
fn settled<M: Kind>(
    record: &Record<M>,
    all: &[(&str, &Finding)],
    settled: &dyn Fn(&Finding) -> bool,
) -> (Outcome, Outcome) {
    let decision = record.decision.span;
    let (mut badly, mut well) = (decision.floor, decision.floor);
    for (_, finding) in all {
        let is_settled = settled(finding);
        if is_settled {
            badly = badly.max(finding.span.ceiling);
        }
        well = well.max(if is_settled { finding.span.floor } else { finding.span.ceiling });
    }
    let faults = record.bindings.iter().filter(|e| e.mode == Mode::Enforce && e.fault.is_some());
    let well = faults.fold(well, |well, evaluation| well.max(evaluation.verdict.ceiling));
    (badly, well)
}

/// What the policies of a set declare, for looking facts up.
struct Book<'a> {
    manifests: BTreeMap<&'a str, &'a Manifest>,
    facts: Vec<Entry>,
    schema: Value,
    request: &'a Value,
}

impl<'a> Book<'a> {
    fn of(set: &'a PolicySet, request: &'a Value) -> Book<'a> {
        let manifests: BTreeMap<_, _> =
            set.bindings().iter().map(|binding| (binding.id.as_str(), binding.policy.manifest())).collect();
        let facts = Vocabulary::of(manifests.values().copied()).facts;
        Book { manifests, facts, schema: Request::json_schema(), request }
    }

    fn message(&self, binding: &str, finding: &Finding, language: &str) -> String {
        let manifest = self.manifests.get(binding);
        let message = manifest.and_then(|m| m.message(&finding.code, language, &finding.arguments));
        message.unwrap_or_else(|| finding.message.clone())
    }

    fn asked(&self, place: &str, needed: &[(&str, &Finding, &Missing)]) -> Asked {
        let distinct = |texts: &mut dyn Iterator<Item = &String>| -> Vec<String> {
            let mut list: Vec<String> = Vec::new();
            texts.for_each(|text| {
                if !list.contains(text) {
                    list.push(text.clone());
                }
            });
            list
        };
        let owners: BTreeSet<Owner> =
            needed.iter().map(|(binding, finding, _)| owner(binding, finding)).collect();
        let mut asked = Asked {
            pointer: place.to_owned(),
            whom: whom::whom(self.request, place),
            expected: distinct(&mut needed.iter().map(|(_, _, missing)| &missing.expected)),
            reasons: distinct(&mut needed.iter().map(|(_, _, missing)| &missing.reason)),
            kind: None,
            unit: None,
            values: Vec::new(),
            says: Vec::new(),
            example: Value::Null,
            needed_by: owners.into_iter().collect(),
        };
        if let Some(spot) = Spot::of_pointer(place) {
            self.describe(&mut asked, &spot);
        }
        let example = Example {
            schema: &self.schema,
            request: self.request,
            pointer: place,
            kind: asked.kind,
            unit: asked.unit.as_deref(),
            values: &asked.values,
        };
        asked.example = example.value();
        asked
    }

    /// Adds what policies, or else the contract, say of a place.
    fn describe(&self, asked: &mut Asked, spot: &Spot) {
        let is_it = |entry: &&Entry| match &spot.part {
            Part::Fact(name) => entry.name.as_ref() == Some(name),
            Part::Field(field) => entry.field.as_ref() == Some(field),
            Part::Whole => false,
        };
        match (self.facts.iter().filter(|entry| entry.of == spot.of).find(is_it), &spot.part) {
            (Some(entry), _) => {
                asked.kind = entry.kind;
                asked.unit.clone_from(&entry.unit);
                asked.values.clone_from(&entry.values);
                asked.says.clone_from(&entry.says);
            }
            (None, Part::Field(field)) => {
                asked.says.extend(contract(&self.schema, spot.of, field).map(str::to_owned));
            }
            (None, Part::Fact(_) | Part::Whole) => {}
        }
    }
}

#[cfg(test)]
mod tests;
