//! Checks what a guest reported, as design 3 says: bad structure is the fault `output`, a bad place only a defect of the
//! finding that is recorded with it.

use super::{
    Because, Derived, Evidence, Finding, Missing, Obligation, Outcome, Reported, ReportedDerived,
    ReportedMissing, ReportedObligation, Span, Standing,
};
use crate::date::{Date, Within};
use crate::manifest::{Citation, Manifest, Rule, Status, message};
use crate::request::{NOT_SUPPLIED, Place, Request, shorten};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Why what a guest returned is worthless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "what", content = "detail")]
pub enum Malformed {
    /// It broke the canonical ABI: a pointer, a length, a text or an enum value that is none.
    #[error("it breaks the canonical ABI: {0}")]
    Abi(String),
    /// More findings than allowed.
    #[error("it returned {0} findings, at most {1}")]
    Findings(u64, u64),
    /// More bytes than allowed.
    #[error("it returned more than {0} bytes")]
    Bytes(u64),
    /// Findings that come to more bytes than allowed with what the host adds to them.
    #[error("its findings come to more than {0} bytes with messages, citations and quoted facts")]
    Added(u64),
    /// A rule that the manifest does not declare.
    #[error("rule `{0}` is not in its manifest")]
    Rule(String),
    /// A message code that the manifest does not declare.
    #[error("message code `{0}` is not in its manifest")]
    Code(String),
    /// A finding of this rule contradicts itself.
    #[error("the finding of rule `{0}` {1}")]
    Finding(String, String),
}

/// What a finding is checked against.
pub struct Context<'a> {
    /// What the policy declares.
    pub manifest: &'a Manifest,
    /// The request.
    pub request: &'a Request,
    /// The policy's local date.
    pub date: Date,
    /// What the operator overrides.
    pub overrides: &'a [crate::decision::Override],
    /// Whether proposed, announced and suspended rules count as in force.
    pub what_if: bool,
}

/// Checks the findings a policy reported, and says of each whether it may decide.
///
/// # Errors
/// [`Malformed`] at the first finding whose structure is bad.
pub fn check(reported: Vec<Reported>, context: &Context<'_>) -> Result<Vec<Finding>, Malformed> {
    let mut room = Room(MOST_ADDED_BYTES);
    let mut findings = reported
        .into_iter()
        .map(|finding| one(finding, context, &mut room))
        .collect::<Result<Vec<_>, _>>()?;
    // The order a guest reports in says nothing.
    let key = |finding: &Finding| {
        (finding.rule.clone(), finding.code.clone(), finding.evidence.first().map(|e| e.pointer.clone()))
    };
    findings.sort_by_cached_key(key);
    Ok(findings)
}

/// Most bytes of messages, citations and quoted facts that the host adds to the findings of one evaluation, so that a few
/// words of a guest do not become a flood. Chosen by feel: sixty-four times what the findings themselves may weigh.
const MOST_ADDED_BYTES: u64 = 4 << 20;

/// What a quoted fact takes besides its text, in bytes.
const VALUE_BYTES: usize = 32;

/// How many bytes the host may still add.
struct Room(u64);

impl Room {
    fn take(&mut self, bytes: usize) -> Result<(), Malformed> {
        let left = u64::try_from(bytes).ok().and_then(|bytes| self.0.checked_sub(bytes));
        self.0 = left.ok_or(Malformed::Added(MOST_ADDED_BYTES))?;
        Ok(())
    }

    fn take_citation(&mut self, citation: &Citation) -> Result<(), Malformed> {
        let Citation { instrument, section, url } = citation;
        self.take(instrument.len() + section.len() + url.as_ref().map_or(0, String::len))
    }

    /// Adds a defect to those of a finding.
    fn note(&mut self, defects: &mut Vec<String>, defect: String) -> Result<(), Malformed> {
        self.take(defect.len())?;
        defects.push(defect);
        Ok(())
    }
}

fn one(reported: Reported, context: &Context<'_>, room: &mut Room) -> Result<Finding, Malformed> {
    let Reported {
        rule,
        code,
        floor,
        ceiling,
        licensing,
        arguments,
        evidence,
        derived,
        obligations,
        missing,
    } = reported;
    let declared = context.manifest.rule(&rule).ok_or_else(|| Malformed::Rule(shorten(&rule)))?;
    let catalogue = context.manifest.messages.get(&code).ok_or_else(|| Malformed::Code(shorten(&code)))?;
    let bad = |why: &str| Malformed::Finding(declared.id.clone(), why.to_owned());
    if floor > ceiling {
        return Err(bad(&format!("has a floor ({floor}) above its ceiling ({ceiling})")));
    }
    if floor != ceiling && missing.is_empty() {
        return Err(bad("has unequal ends but names no missing fact"));
    }
    let can_be = |outcome| floor == outcome || ceiling == outcome;
    if can_be(Outcome::PermitWithObligations) && !obligations.iter().any(is_due) {
        return Err(bad("is permit-with-obligations but has no binding obligation"));
    }
    if can_be(Outcome::LicenceRequired) && licensing.is_none() {
        return Err(bad("is licence-required but names no licensing policy"));
    }
    let mut defects = Vec::new();
    let derived =
        derived.into_iter().map(|value| computed(value).map_err(bad_str(&rule))).collect::<Result<_, _>>()?;
    let obligations = obligations
        .into_iter()
        .map(|value| obligation(value).map_err(bad_str(&rule)))
        .collect::<Result<_, _>>()?;
    let arguments: BTreeMap<_, _> = arguments.into_iter().collect();
    let english = catalogue.get("en").map_or("", String::as_str);
    room.take(english.len())?;
    room.take(message::rendered_bytes(english, &arguments))?;
    room.take_citation(&declared.citation)?;
    for name in message::placeholders(english).into_iter().filter(|name| !arguments.contains_key(*name)) {
        room.note(&mut defects, format!("message `{code}` has no value for `{name}`"))?;
    }
    Ok(Finding {
        message: message::render(english, &arguments),
        span: Span { floor, ceiling },
        standing: standing(declared, context),
        citation: declared.citation.clone(),
        evidence: quoted(&evidence, context.request, &bad, &mut defects, room)?,
        missing: absent(missing, context.request, &bad)?,
        rule,
        code,
        licensing,
        arguments,
        derived,
        obligations,
        defects,
    })
}

/// Whether an obligation binds a permit.
fn is_due(obligation: &ReportedObligation) -> bool {
    let due = &obligation.fulfil_on;
    obligation.binding && (due.is_empty() || due.contains(&Outcome::PermitWithObligations))
}

fn bad_str(rule: &str) -> impl Fn(&'static str) -> Malformed {
    let rule = rule.to_owned();
    move |why| Malformed::Finding(rule.clone(), why.to_owned())
}

/// Quotes the facts at the places of the evidence.
fn quoted(
    places: &[Place],
    request: &Request,
    bad: &dyn Fn(&str) -> Malformed,
    defects: &mut Vec<String>,
    room: &mut Room,
) -> Result<Vec<Evidence>, Malformed> {
    let mut pointers = Vec::with_capacity(places.len());
    for place in places {
        record_exists(place, request, bad)?;
        pointers.push(place.pointer());
    }
    pointers.sort_unstable();
    pointers.dedup();
    let mut evidence = Vec::with_capacity(pointers.len());
    for pointer in pointers {
        match request.at(&pointer) {
            Some(value) => {
                room.take(VALUE_BYTES + value.as_str().len())?;
                evidence.push(Evidence { value, pointer });
            }
            None => room.note(defects, format!("evidence `{}` does not resolve", shorten(&pointer)))?,
        }
    }
    Ok(evidence)
}

fn absent(
    missing: Vec<ReportedMissing>,
    request: &Request,
    bad: &dyn Fn(&str) -> Malformed,
) -> Result<Vec<Missing>, Malformed> {
    let mut facts = BTreeSet::new();
    for ReportedMissing { at, expected, reason } in missing {
        // A deployment that was not supplied can lack facts all the same.
        if at.at != crate::request::Element::Deployment {
            record_exists(&at, request, bad)?;
        }
        let reason = if reason.is_empty() { NOT_SUPPLIED.to_owned() } else { reason };
        facts.insert(Missing { pointer: at.pointer(), expected, reason });
    }
    Ok(facts.into_iter().collect())
}

fn record_exists(place: &Place, request: &Request, bad: &dyn Fn(&str) -> Malformed) -> Result<(), Malformed> {
    if request.has(place.at) {
        return Ok(());
    }
    Err(bad(&format!("points to `{}`, which the request does not have", place.at.pointer())))
}

fn computed(derived: ReportedDerived) -> Result<Derived, &'static str> {
    let ReportedDerived { name, method, minimum, maximum, unit } = derived;
    let (Some(low), Some(high)) = (minimum.0, maximum.0) else {
        return Err("computed a decimal that is not canonical");
    };
    if low > high {
        return Err("computed a value whose minimum lies above its maximum");
    }
    Ok(Derived {
        name,
        method,
        minimum: low.to_string(),
        maximum: high.to_string(),
        exclusive_minimum: minimum.1,
        exclusive_maximum: maximum.1,
        unit,
    })
}

fn obligation(obligation: ReportedObligation) -> Result<Obligation, &'static str> {
    let ReportedObligation { kind, binding, properties, mut fulfil_on } = obligation;
    fulfil_on.sort_unstable();
    fulfil_on.dedup();
    let mut named = BTreeMap::new();
    for property in properties {
        let property = property.ok_or("has an obligation with a number or a date that is none")?;
        let value = property.value.to_value();
        if named.insert(property.name, value).is_some() {
            return Err("has an obligation with a property given twice");
        }
    }
    Ok(Obligation { kind, binding, properties: named, fulfil_on })
}

/// Returns whether a finding of the rule may decide on the date.
fn standing(rule: &Rule, context: &Context<'_>) -> Standing {
    let lifted = context.overrides.iter().find(|o| o.rule == rule.id);
    let status = lifted.and_then(|o| o.status).unwrap_or(rule.status);
    let period = lifted.and_then(|o| o.period).unwrap_or_else(|| rule.period());
    match (period.place(context.date), status) {
        (Within::NoLonger, _) => Standing::Record(Because::NoLonger),
        (_, Status::Superseded) => Standing::Record(Because::Status(status)),
        (Within::NotYet, _) => Standing::Advice(Because::NotYet),
        (Within::Now, Status::InForce | Status::Guidance | Status::VendorPolicy) => Standing::Deciding,
        (Within::Now, Status::Proposed | Status::Announced | Status::Suspended) if context.what_if => {
            Standing::Deciding
        }
        (Within::Now, Status::Proposed | Status::Announced | Status::Suspended) => {
            Standing::Advice(Because::Status(status))
        }
    }
}
