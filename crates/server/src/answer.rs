//! What a caller is told of a decision: the same whether it was just made or its record is read again.

use crate::problem::Problem;
use jiff::Timestamp;
use lexgate_audit::{Entry, EntryId};
use lexgate_model::combine::{Obligations, Otherwise, Projection};
use lexgate_model::decision::{Kind as Counts, Mode};
use lexgate_model::finding::{Finding, Standing};
use lexgate_model::manifest::Citation;
use lexgate_model::record::Evaluation;
use lexgate_model::{Decision, Fault, Span};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt::Display;

/// The section of an entry that says what a yes-or-no caller was told.
pub(crate) const PROJECTION: &str = "projection";

/// Bytes that the members of most answers stay below.
const MEMBERS_BYTES: usize = 4 << 10;

/// What of a recorded record an answer is made of.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    #[serde(borrow)]
    bindings: Vec<Binding<'a>>,
    #[serde(borrow)]
    decision: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Binding<'a> {
    binding: String,
    mode: Mode,
    #[serde(borrow)]
    policy: &'a RawValue,
    date: String,
    used: Used,
    verdict: Span,
    findings: Vec<FindingTold>,
    fault: Option<Fault>,
}

#[derive(Deserialize)]
struct Used {
    fuel: u64,
}

#[derive(Deserialize)]
struct FindingTold {
    rule: String,
    #[serde(flatten)]
    span: Span,
    standing: Standing,
    message: String,
    citation: Citation,
}

/// Why: what a rule says, in words.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Explained<'a> {
    binding: &'a str,
    rule: &'a str,
    #[serde(flatten)]
    span: Span,
    decides: bool,
    message: &'a str,
    citation: &'a Citation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Evaluated<'a, P> {
    binding: &'a str,
    mode: Mode,
    policy: &'a P,
    #[serde(serialize_with = "as_text")]
    date: &'a dyn Display,
    verdict: Span,
    fuel: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: &'a Option<Fault>,
}

/// What a yes-or-no caller is told, and on which terms. Recorded with the decision.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Projected {
    pub(crate) permitted: bool,
    pub(crate) projection: Projection,
    pub(crate) otherwise: Otherwise,
    pub(crate) fulfils_obligations: bool,
}

impl Projected {
    /// Reads what was told when an entry was recorded.
    pub(crate) fn recorded(entry: &Entry) -> Result<Projected, Problem> {
        let section = entry.section(PROJECTION).map(|section| section.bytes.as_slice());
        serde_json::from_slice(section.unwrap_or_default()).map_err(|error| Problem::internal(&error))
    }

    pub(crate) fn of(span: Span, otherwise: Otherwise, obligations: Obligations) -> Projected {
        let projection = Projection::of(span, otherwise, obligations);
        Projected {
            permitted: projection.is_yes(otherwise),
            projection,
            otherwise,
            fulfils_obligations: obligations == Obligations::Fulfilled,
        }
    }
}

fn as_text<S: Serializer>(text: &&dyn Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(text)
}

/// Returns `"decision":…,"explanation":…,"bindings":…`, with another name for what is only a what-if.
pub(crate) fn members<M: Counts>(
    decision: &Decision<M>,
    evaluations: &[Evaluation],
    name: &str,
) -> Result<String, Problem> {
    let (mut explanation, mut bindings) = (Vec::new(), Vec::new());
    for evaluation in evaluations {
        let Evaluation { binding, mode, policy, date, verdict, findings, fault, .. } = evaluation;
        explanation.extend(findings.iter().filter_map(|finding| {
            let Finding { rule, span, standing, message, citation, .. } = finding;
            explained(binding, *mode, (rule, *span, *standing), message, citation)
        }));
        let fuel = evaluation.used.fuel;
        bindings.push(Evaluated { binding, mode: *mode, policy, date, verdict: *verdict, fuel, fault });
    }
    write(name, decision, explanation, &bindings)
}

fn recorded_members(record: &[u8]) -> Result<String, Problem> {
    let told: Told<'_> = serde_json::from_slice(record).map_err(|error| Problem::internal(&error))?;
    let (mut explanation, mut bindings) = (Vec::new(), Vec::new());
    for Binding { binding, mode, policy, date, used, verdict, findings, fault } in &told.bindings {
        explanation.extend(findings.iter().filter_map(|finding| {
            let FindingTold { rule, span, standing, message, citation } = finding;
            explained(binding, *mode, (rule, *span, *standing), message, citation)
        }));
        let fuel = used.fuel;
        bindings.push(Evaluated { binding, mode: *mode, policy, date, verdict: *verdict, fuel, fault });
    }
    write("decision", told.decision, explanation, &bindings)
}

/// Returns what is told of a finding: nothing if it only stands in the record.
fn explained<'a>(
    binding: &'a str,
    mode: Mode,
    (rule, span, standing): (&'a str, Span, Standing),
    message: &'a str,
    citation: &'a Citation,
) -> Option<Explained<'a>> {
    let decides = mode == Mode::Enforce && standing == Standing::Deciding;
    let told = !matches!(standing, Standing::Record(_));
    told.then_some(Explained { binding, rule, span, decides, message, citation })
}

fn write<P: Serialize>(
    name: &str,
    decision: &(impl Serialize + ?Sized),
    mut explanation: Vec<Explained<'_>>,
    bindings: &[Evaluated<'_, P>],
) -> Result<String, Problem> {
    // What decides first, the strictest before the others.
    explanation.sort_by_key(|e| (!e.decides, std::cmp::Reverse((e.span.ceiling, e.span.floor))));
    let mut text = Vec::with_capacity(MEMBERS_BYTES);
    let internal = |error: serde_json::Error| Problem::internal(&error);
    text.extend_from_slice(format!("\"{name}\":").as_bytes());
    serde_json::to_writer(&mut text, decision).map_err(internal)?;
    text.extend_from_slice(b",\"explanation\":");
    serde_json::to_writer(&mut text, &explanation).map_err(internal)?;
    text.extend_from_slice(b",\"bindings\":");
    serde_json::to_writer(&mut text, bindings).map_err(internal)?;
    String::from_utf8(text).map_err(|error| Problem::internal(&error))
}

/// The head of an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Head<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<EntryId>,
    pub(crate) tenant: &'a str,
    pub(crate) revision: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recorded: Option<Timestamp>,
    #[serde(flatten)]
    pub(crate) projected: Projected,
}

/// Returns an object of a head, members, and the record where it is asked for.
pub(crate) fn join(head: &impl Serialize, members: &str, record: Option<&[u8]>) -> Result<String, Problem> {
    let mut text = serde_json::to_string(head).map_err(|error| Problem::internal(&error))?;
    text.pop();
    if text.len() > 1 {
        text.push(',');
    }
    text.push_str(members);
    if let Some(record) = record {
        text.push_str(",\"record\":");
        text.push_str(&String::from_utf8_lossy(record));
    }
    text.push('}');
    Ok(text)
}

/// Returns the answer that was given, made of the entry that was recorded.
pub(crate) fn of_entry(entry: &Entry, with_record: bool) -> Result<String, Problem> {
    let record = entry.record()?;
    let head = Head {
        id: Some(entry.head.id),
        tenant: &entry.head.tenant,
        revision: entry.head.set_revision.as_deref().unwrap_or_default(),
        recorded: Some(entry.head.recorded),
        projected: Projected::recorded(entry)?,
    };
    let members = recorded_members(&record)?;
    join(&head, &members, with_record.then_some(&record))
}
