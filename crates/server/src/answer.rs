//! What a caller is told of a decision: made of the JSON of its record, whether it was just decided or is read again.

use crate::problem::Problem;
use jiff::Timestamp;
use lexgate_audit::{Entry, EntryId};
use lexgate_model::combine::{Obligations, Otherwise, Projection};
use lexgate_model::decision::Mode;
use lexgate_model::finding::Standing;
use lexgate_model::manifest::Citation;
use lexgate_model::{Fault, Span};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The section of an entry that says what a yes-or-no caller was told.
pub(crate) const PROJECTION: &str = "projection";

/// What of a record an answer is made of.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Told<'a> {
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
    findings: Vec<Finding>,
    fault: Option<Fault>,
}

#[derive(Deserialize)]
struct Used {
    fuel: u64,
}

#[derive(Deserialize)]
struct Finding {
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
struct Evaluated<'a> {
    binding: &'a str,
    mode: Mode,
    policy: &'a RawValue,
    date: &'a str,
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

impl Told<'_> {
    pub(crate) fn read(record: &[u8]) -> Result<Told<'_>, Problem> {
        serde_json::from_slice(record).map_err(|error| Problem::internal(&error))
    }

    /// Returns `"decision":…,"explanation":…,"bindings":…`, with another name for what is only a what-if.
    pub(crate) fn members(&self, decision: &str) -> Result<String, Problem> {
        let internal = |error: serde_json::Error| Problem::internal(&error);
        let (mut explanation, mut bindings) = (Vec::new(), Vec::new());
        for binding in &self.bindings {
            let shown = binding.findings.iter().filter(|f| !matches!(f.standing, Standing::Record(_)));
            explanation.extend(shown.map(|finding| Explained {
                binding: &binding.binding,
                rule: &finding.rule,
                span: finding.span,
                decides: binding.mode == Mode::Enforce && finding.standing == Standing::Deciding,
                message: &finding.message,
                citation: &finding.citation,
            }));
            bindings.push(Evaluated {
                binding: &binding.binding,
                mode: binding.mode,
                policy: binding.policy,
                date: &binding.date,
                verdict: binding.verdict,
                fuel: binding.used.fuel,
                fault: &binding.fault,
            });
        }
        // What decides first, the strictest before the others.
        explanation.sort_by_key(|e| (!e.decides, std::cmp::Reverse((e.span.ceiling, e.span.floor))));
        let explanation = serde_json::to_string(&explanation).map_err(internal)?;
        let bindings = serde_json::to_string(&bindings).map_err(internal)?;
        let told = self.decision.get();
        Ok(format!("\"{decision}\":{told},\"explanation\":{explanation},\"bindings\":{bindings}"))
    }
}

/// The head of an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Head<'a> {
    pub(crate) id: EntryId,
    pub(crate) tenant: &'a str,
    pub(crate) revision: &'a str,
    pub(crate) recorded: Timestamp,
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
    let section = entry.section(PROJECTION).map(|section| section.bytes.as_slice());
    let projected = serde_json::from_slice(section.unwrap_or_default());
    let head = Head {
        id: entry.head.id,
        tenant: &entry.head.tenant,
        revision: entry.head.set_revision.as_deref().unwrap_or_default(),
        recorded: entry.head.recorded,
        projected: projected.map_err(|error| Problem::internal(&error))?,
    };
    let members = Told::read(&record)?.members("decision")?;
    join(&head, &members, with_record.then_some(&record))
}
