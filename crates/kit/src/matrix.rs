//! The matrix: one request against policies over time. Rows are policies, and last the whole set; columns are the times
//! between the days on which something may change.
//!
//! Some of these days are declared: by rules, datasets and the request. Others are not, where a policy counts days from a
//! date it reads or finds one in a dataset; they are searched for. What may escape the search is [`UNSEEN`].

mod days;
mod html;
mod search;
mod svg;

pub use days::{Column, NoMatrix, Range};

use crate::escape::cut;
use lexgate_engine::{Binding, Engine, PolicySet};
use lexgate_model::decision::Kind;
use lexgate_model::finding::{Finding, Standing};
use lexgate_model::manifest::{Citation, Status};
use lexgate_model::{Date, Digest, Outcome, Period, Record, Request, Span, When};
use search::Search;
use serde::Serialize;
use std::collections::BTreeSet;

/// Most messages of one rule in one cell; chosen by feel. The record has them all.
const MOST_MESSAGES: usize = 4;

/// Most letters of a message that are shown; the record has it in full.
const MOST_LETTERS: usize = 600;

/// Most letters of a name or a word in the line that says what was asked.
const MOST_LETTERS_OF_A_NAME: usize = 80;

/// What a matrix does not tell.
pub const UNSEEN: &str = "Policies were asked about the first and the last day of every column, about a day ten years off where a column is open, and about days that obligations name; where two of these differ, the day of the change was searched for. A change that is undone within one column is not seen, nor is one beyond those ten years. Messages are those of one day of the column.";

/// What the policies say, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Matrix {
    /// What was asked, for people.
    pub about: String,
    /// The digest of the request as it was given.
    pub request: Digest,
    /// Whether proposed, announced and suspended rules counted as in force.
    pub what_if: bool,
    /// The times, in order.
    pub columns: Vec<Column>,
    /// The policies, in the order of the set.
    pub rows: Vec<Row>,
    /// What the whole set comes to, column by column.
    pub set: Vec<Cell>,
    /// The rules that are named in cells.
    pub rules: Vec<RuleLine>,
    /// What remains unseen: [`UNSEEN`].
    pub unseen: &'static str,
}

/// A policy over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Its id.
    pub policy: String,
    /// Its version.
    pub version: String,
    /// Its name for people.
    pub title: String,
    /// The time zone of its calendar.
    pub time_zone: String,
    /// The digest of its package.
    pub package: Digest,
    /// What it says, column by column.
    pub cells: Vec<Cell>,
}

/// What is said for one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// What it comes to.
    #[serde(flatten)]
    pub span: Span,
    /// The rules that decide.
    pub because: Vec<Said>,
    /// Rules that do not decide on these days, and would be stricter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<Said>,
    /// What policies did wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// Datasets without a version for these days.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub anachronistic: Vec<String>,
    /// How many facts are missing.
    pub missing: usize,
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The policy.
    pub policy: String,
    /// The rule.
    pub rule: String,
    /// The message code.
    pub code: String,
    /// The outcome.
    #[serde(flatten)]
    pub span: Span,
    /// The messages, each once.
    pub messages: Vec<String>,
    /// The status of the rule, as the binding has it.
    pub status: Status,
    /// Where it stands written.
    pub citation: Citation,
}

/// A rule that is named in a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleLine {
    /// The policy.
    pub policy: String,
    /// The rule.
    pub rule: String,
    /// Its status, as the binding has it.
    pub status: Status,
    /// Its days, in words.
    pub days: String,
    /// What it says, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// Where it stands written.
    pub citation: Citation,
}

/// Evaluates a request against every policy of a set by itself, and against the whole, over a range of days.
///
/// The request's own time does not matter, but where it is in the range it is one of the days asked about. `progress` hears
/// how many of how many evaluations are done; the search for undeclared days may add to them. Of [`UNSEEN`] changes the
/// matrix knows nothing.
///
/// # Errors
/// [`NoMatrix`].
pub fn matrix<M: Kind>(
    engine: &Engine,
    set: &PolicySet,
    request: &Request,
    range: &Range,
    language: &str,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Matrix, NoMatrix> {
    let mut changes = days::changes(set, request);
    let declared = days::declared(&changes, range)?;
    let alone = set.bindings().iter().map(|binding| PolicySet::new(vec![binding.clone()]));
    let alone = alone.collect::<Result<Vec<_>, _>>()?;
    let sets: Vec<&PolicySet> = alone.iter().chain([set]).collect();
    let mut done = 0_usize;
    let mut ask = |day, more: usize| {
        let all = done.saturating_add(more.saturating_add(1).saturating_mul(sets.len()));
        let mut slice = Slice::default();
        for set in &sets {
            let record: Record<M> = engine.decide(set, request, When::Date(day));
            slice.named.extend(search::named(&record));
            slice.cells.push(cell(&record, set, language));
            done = done.saturating_add(1);
            progress(done, all);
        }
        slice
    };
    let mut search = Search::run(&declared, range.otherwise, &mut ask);
    changes.extend(&search.changes);
    let mut columns = days::columns(&changes, range);
    let mut rows: Vec<Row> = set.bindings().iter().map(Row::of).collect();
    let mut whole = Vec::new();
    for column in &mut columns {
        column.unsettled = search.is_unsettled(column);
        let cells = search.answer(column.day).map(|slice| slice.cells.clone()).unwrap_or_default();
        let lists = rows.iter_mut().map(|row| &mut row.cells).chain([&mut whole]);
        lists.zip(cells).for_each(|(list, cell)| list.push(cell));
    }
    let mut matrix = Matrix {
        about: about(request),
        request: request.canonical().digest(),
        what_if: M::WHAT_IF,
        columns,
        rows,
        set: whole,
        rules: Vec::new(),
        unseen: UNSEEN,
    };
    matrix.merge();
    matrix.rules = matrix.named(set);
    Ok(matrix)
}

/// What every policy by itself and then the whole set say on a day, and the days that their obligations name.
#[derive(Default)]
struct Slice {
    cells: Vec<Cell>,
    named: BTreeSet<Date>,
}

impl search::Answer for Slice {
    fn is_alike(&self, other: &Slice) -> bool {
        self.cells.iter().zip(&other.cells).all(|(one, other)| one.is_alike(other))
    }

    fn named(&self) -> &BTreeSet<Date> {
        &self.named
    }
}

impl Row {
    fn of(binding: &Binding) -> Row {
        let head = &binding.policy.manifest().policy;
        Row {
            policy: binding.id.clone(),
            version: head.version.to_string(),
            title: head.title.clone(),
            time_zone: head.time_zone.clone(),
            package: binding.policy.identity().package,
            cells: Vec::new(),
        }
    }
}

impl Matrix {
    /// Makes one column of neighbours that decide alike in every row.
    fn merge(&mut self) {
        let alike: Vec<bool> =
            (0..self.columns.len()).map(|index| index > 0 && self.is_alike(index)).collect();
        let mut columns: Vec<Column> = Vec::new();
        for (column, &alike) in self.columns.iter().zip(&alike) {
            match columns.last_mut().filter(|_| alike) {
                Some(last) => {
                    last.until = column.until;
                    last.unsettled |= column.unsettled;
                }
                None => columns.push(*column),
            }
        }
        self.columns = columns;
        for cells in self.rows.iter_mut().map(|row| &mut row.cells).chain([&mut self.set]) {
            let mut gone = alike.iter();
            cells.retain(|_| !gone.next().copied().unwrap_or(false));
        }
    }

    /// Returns whether a column decides as the one before it does.
    fn is_alike(&self, index: usize) -> bool {
        let cells = self.rows.iter().map(|row| &row.cells).chain([&self.set]);
        let pairs = cells.map(|cells| (cells.get(index - 1), cells.get(index)));
        pairs
            .into_iter()
            .all(|(before, this)| before.zip(this).is_some_and(|(before, this)| before.is_alike(this)))
    }

    /// Returns the rules that cells name, in the order of the set and of the manifests.
    fn named(&self, set: &PolicySet) -> Vec<RuleLine> {
        let cells = self.rows.iter().flat_map(|row| &row.cells);
        let said: Vec<&Said> = cells.flat_map(|cell| cell.because.iter().chain(&cell.advice)).collect();
        let mut lines = Vec::new();
        for binding in set.bindings() {
            let is_named = |id: &str| said.iter().any(|said| said.policy == binding.id && said.rule == id);
            for rule in binding.policy.manifest().rules.iter().filter(|rule| is_named(&rule.id)) {
                let (status, period) =
                    self::rule(binding, &rule.id).unwrap_or_else(|| (rule.status, rule.period()));
                let days = match (period.from, period.until) {
                    (None, None) => "open".to_owned(),
                    (from, until) => days::in_words(from, until),
                };
                lines.push(RuleLine {
                    policy: binding.id.clone(),
                    rule: rule.id.clone(),
                    status,
                    days,
                    says: rule.says.clone(),
                    citation: rule.citation.clone(),
                });
            }
        }
        lines
    }
}

/// Returns the status and the days of a rule, as the binding has them.
fn rule(binding: &Binding, id: &str) -> Option<(Status, Period)> {
    let declared = binding.policy.manifest().rule(id)?;
    let lifted = binding.overrides.iter().find(|overridden| overridden.rule == id);
    let status = lifted.and_then(|overridden| overridden.status).unwrap_or(declared.status);
    Some((status, lifted.and_then(|overridden| overridden.period).unwrap_or_else(|| declared.period())))
}

/// Returns a status in words; of one that does not decide by itself, but does under a what-if, that it was lifted.
#[must_use]
pub fn status_in_words(status: Status, what_if: bool) -> String {
    let words = crate::catalogue::status(status);
    match status {
        Status::Proposed | Status::Announced | Status::Suspended if what_if => format!("{words}, lifted"),
        _ => words.to_owned(),
    }
}

impl Said {
    /// Returns the messages, fit to be shown.
    fn told(&self) -> String {
        self.messages.iter().map(|message| cut(message, MOST_LETTERS)).collect::<Vec<_>>().join(" · ")
    }

    /// Returns the status in words, of a rule that is not law in force.
    #[must_use]
    pub fn not_in_force(&self, what_if: bool) -> Option<String> {
        match self.status {
            Status::InForce | Status::Guidance | Status::VendorPolicy => None,
            Status::Proposed | Status::Announced | Status::Suspended | Status::Superseded => {
                Some(status_in_words(self.status, what_if))
            }
        }
    }
}

impl Cell {
    /// Returns how many facts are missing, in words, if any are.
    #[must_use]
    pub fn missing_in_words(&self) -> Option<String> {
        match self.missing {
            0 => None,
            1 => Some("1 fact missing".to_owned()),
            facts => Some(format!("{facts} facts missing")),
        }
    }

    /// Returns whether two cells decide alike: by the same rules, with the same advice, with as much
    /// missing. Messages may differ.
    fn is_alike(&self, other: &Cell) -> bool {
        let said = |list: &[Said]| -> Vec<(String, String, String, Span)> {
            list.iter().map(|s| (s.policy.clone(), s.rule.clone(), s.code.clone(), s.span)).collect()
        };
        self.span == other.span
            && said(&self.because) == said(&other.because)
            && said(&self.advice) == said(&other.advice)
            && self.faults == other.faults
            && self.anachronistic == other.anachronistic
            && self.missing == other.missing
    }

    /// Returns the outcome, or its two ends.
    #[must_use]
    pub fn outcome(&self) -> String {
        ends(self.span)
    }

    /// Returns what the strictest advice comes to.
    #[must_use]
    pub fn advised(&self) -> Option<Outcome> {
        self.advice.iter().map(|said| said.span.ceiling).max()
    }
}

/// Writes an outcome, or its two ends.
pub(super) fn ends(span: Span) -> String {
    if span.is_determinate() { span.floor.to_string() } else { format!("{}…{}", span.floor, span.ceiling) }
}

fn cell<M: Kind>(record: &Record<M>, set: &PolicySet, language: &str) -> Cell {
    let span = record.decision.span;
    let (mut because, mut advice) = (Vec::new(), Vec::new());
    let stricter = span.ceiling.max(Outcome::Permit);
    for evaluation in &record.bindings {
        let Some(binding) = set.bindings().iter().find(|binding| binding.id == evaluation.binding) else {
            continue;
        };
        let manifest = binding.policy.manifest();
        for finding in &evaluation.findings {
            let message = manifest.message(&finding.code, language, &finding.arguments);
            let message = message.unwrap_or_else(|| finding.message.clone());
            match finding.standing {
                Standing::Deciding if decides(record, &evaluation.binding, finding) => {
                    add(&mut because, binding, finding, message);
                }
                Standing::Advice(_) if finding.span.ceiling > stricter => {
                    add(&mut advice, binding, finding, message);
                }
                Standing::Deciding | Standing::Advice(_) | Standing::Record(_) => {}
            }
        }
    }
    let fault = |evaluation: &lexgate_model::record::Evaluation| {
        evaluation.fault.as_ref().map(|fault| format!("{} {fault}", evaluation.binding))
    };
    let anachronistic = |e: &lexgate_model::record::Evaluation| -> Vec<String> {
        e.anachronistic.iter().map(|name| format!("{name} of {}", e.binding)).collect()
    };
    Cell {
        span,
        because,
        advice,
        faults: record.bindings.iter().filter_map(fault).collect(),
        anachronistic: record.bindings.iter().flat_map(anachronistic).collect(),
        missing: record.decision.missing.len(),
    }
}

fn decides<M: Kind>(record: &Record<M>, binding: &str, finding: &Finding) -> bool {
    record.decision.because.iter().any(|reason| {
        let owner = &reason.owner;
        owner.binding == binding
            && owner.rule == finding.rule
            && reason.code == finding.code
            && reason.span == finding.span
    })
}

/// Adds what a finding says; findings of one rule with one code and outcome are one.
fn add(list: &mut Vec<Said>, binding: &Binding, finding: &Finding, message: String) {
    let same = |said: &&mut Said| {
        said.policy == binding.id
            && said.rule == finding.rule
            && said.code == finding.code
            && said.span == finding.span
    };
    match list.iter_mut().find(same) {
        Some(said) if said.messages.len() < MOST_MESSAGES && !said.messages.contains(&message) => {
            said.messages.push(message);
        }
        Some(_) => {}
        None => list.push(Said {
            policy: binding.id.clone(),
            rule: finding.rule.clone(),
            code: finding.code.clone(),
            span: finding.span,
            messages: vec![message],
            // INVARIANT: a finding names a rule of its manifest; of another nobody knows that it is in force.
            status: rule(binding, &finding.rule).map_or(Status::Proposed, |(status, _)| status),
            citation: finding.citation.clone(),
        }),
    }
}

/// Returns what a request asks, in a line: the action, the thing, and who takes part.
fn about(request: &Request) -> String {
    let thing = request.resource.category.as_deref().unwrap_or("something of unknown category");
    let name = |text: &str| cut(text, MOST_LETTERS_OF_A_NAME);
    let party = |index: u32| {
        let party = request.parties.get(usize::try_from(index).ok()?)?;
        Some(party.names.0.first().map_or_else(|| party.record_id.as_str(), |name| name.full_name.as_str()))
    };
    let one = |participant: &lexgate_model::request::Participant| {
        format!("{} {}", name(&participant.role), name(party(participant.party.0).unwrap_or_default()))
    };
    // More would fill the page; the request has them.
    let mut players: Vec<_> = request.participants.iter().take(6).map(one).collect();
    if request.participants.len() > players.len() {
        players.push("…".to_owned());
    }
    let players = if players.is_empty() { "nobody named".to_owned() } else { players.join(", ") };
    format!("{} of {}: {players}", name(&request.action), name(thing))
}

/// Writes a citation as people do.
fn cited(citation: &Citation) -> String {
    if citation.section.is_empty() {
        citation.instrument.clone()
    } else {
        format!("{}, {}", citation.instrument, citation.section)
    }
}

#[cfg(test)]
mod tests;
