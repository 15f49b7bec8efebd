//! What a policy reports, and what the host makes of it: findings whose places resolve, whose rule and message stand in
//! the manifest, and of which it is known whether they may decide.

mod check;

pub use check::{Context, Malformed, check};

use crate::decimal::Decimal;
use crate::manifest::{Citation, Status};
use crate::request::{Fact, Place, Quoted};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// What follows from a rule, in order of restriction; the bottom says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The rule has nothing to say.
    NotApplicable,
    /// The rule was in force, looked, and has no objection.
    Permit,
    /// Allowed if the obligations are met.
    PermitWithObligations,
    /// A person must look.
    Review,
    /// Only with a licence.
    LicenceRequired,
    /// Not allowed.
    Deny,
}

impl Outcome {
    /// All outcomes, least restrictive first.
    pub const ALL: [Outcome; 6] = [
        Outcome::NotApplicable,
        Outcome::Permit,
        Outcome::PermitWithObligations,
        Outcome::Review,
        Outcome::LicenceRequired,
        Outcome::Deny,
    ];

    /// Returns the word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::NotApplicable => "not-applicable",
            Outcome::Permit => "permit",
            Outcome::PermitWithObligations => "permit-with-obligations",
            Outcome::Review => "review",
            Outcome::LicenceRequired => "licence-required",
            Outcome::Deny => "deny",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How an authority treats applications, strictest last. EAR part 742 review policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LicensingPolicy {
    /// Approval is presumed.
    PresumptionOfApproval,
    /// Each on its merits.
    CaseByCase,
    /// Denial is presumed.
    PresumptionOfDenial,
    /// Always denied.
    PolicyOfDenial,
}

/// An outcome that is known (equal ends) or still open: what it is if the missing facts turn out well, and badly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// If they turn out well.
    pub floor: Outcome,
    /// If they turn out badly.
    pub ceiling: Outcome,
}

impl Span {
    /// Says nothing: neutral when joining.
    pub const NEUTRAL: Span = Span::exactly(Outcome::NotApplicable);

    /// Returns the span of a known outcome.
    #[must_use]
    pub const fn exactly(outcome: Outcome) -> Span {
        Span { floor: outcome, ceiling: outcome }
    }

    /// Returns the stricter of both, end by end.
    #[must_use]
    pub fn join(self, other: Span) -> Span {
        Span { floor: self.floor.max(other.floor), ceiling: self.ceiling.max(other.ceiling) }
    }

    /// Returns whether no missing fact can change it.
    #[must_use]
    pub fn is_determinate(self) -> bool {
        self.floor == self.ceiling
    }

    /// Returns how many steps of the chain lie between the ends.
    #[must_use]
    pub fn width(self) -> usize {
        (self.ceiling as usize).saturating_sub(self.floor as usize)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_determinate() {
            return write!(f, "{}", self.floor);
        }
        write!(f, "information-required [{}, {}]", self.floor, self.ceiling)
    }
}

/// A finding as the guest reported it: hostile until [`check()`] has seen it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// A rule id of the manifest.
    pub rule: String,
    /// A message code of the manifest.
    pub code: String,
    /// If the missing facts turn out well.
    pub floor: Outcome,
    /// If they turn out badly.
    pub ceiling: Outcome,
    /// How applications are treated.
    pub licensing: Option<LicensingPolicy>,
    /// Values for the placeholders of the message.
    pub arguments: Vec<(String, String)>,
    /// The facts it rests on.
    pub evidence: Vec<Place>,
    /// The values it computed.
    pub derived: Vec<ReportedDerived>,
    /// What must be done.
    pub obligations: Vec<ReportedObligation>,
    /// The facts it could not find.
    pub missing: Vec<ReportedMissing>,
}

/// A computed value as reported: decimals as the guest's pairs of coefficient and exponent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedDerived {
    /// What it is.
    pub name: String,
    /// The method that gives it.
    pub method: String,
    /// Lower end: value, and whether it lies outside.
    pub minimum: (Option<Decimal>, bool),
    /// Upper end: value, and whether it lies outside.
    pub maximum: (Option<Decimal>, bool),
    /// UCUM code.
    pub unit: String,
}

/// An obligation as reported. A fact is nothing where its number or date was none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedObligation {
    /// What kind.
    pub kind: String,
    /// Whether the permission hangs on it.
    pub binding: bool,
    /// Its details.
    pub properties: Vec<Option<Fact>>,
    /// The outcomes on which it is due.
    pub fulfil_on: Vec<Outcome>,
}

/// A missing fact as reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedMissing {
    /// Where it would be.
    pub at: Place,
    /// What is expected there.
    pub expected: String,
    /// Why it is missing.
    pub reason: String,
}

/// What one rule says about one request, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The rule.
    pub rule: String,
    /// The message code.
    pub code: String,
    /// The outcome.
    #[serde(flatten)]
    pub span: Span,
    /// Whether it may decide, and if not, why.
    pub standing: Standing,
    /// How applications are treated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licensing: Option<LicensingPolicy>,
    /// The message in English, filled.
    pub message: String,
    /// Values for the placeholders of the message.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arguments: BTreeMap<String, String>,
    /// Where the rule stands written.
    pub citation: Citation,
    /// The facts it rests on, quoted from the canonical request, in order of place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// The values it computed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub derived: Vec<Derived>,
    /// What must be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obligations: Vec<Obligation>,
    /// The facts it could not find, in order of place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
    /// What was wrong with it without making it worthless, such as evidence that does not resolve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub defects: Vec<String>,
}

/// Whether a finding may decide. The guest reports; this is the host's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is", content = "because")]
pub enum Standing {
    /// The rule is in force on the date: it decides.
    Deciding,
    /// It is shown as advice.
    Advice(Because),
    /// It stays in the record only.
    Record(Because),
}

/// Why a finding does not decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// The rule's period has not begun.
    NotYet,
    /// The rule's period has ended.
    NoLonger,
    /// The rule has this status.
    #[serde(untagged)]
    Status(Status),
}

/// A fact a finding rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// RFC 6901 pointer into the canonical request.
    pub pointer: String,
    /// What stands there.
    pub value: Quoted,
}

/// A value the policy computed, rounded outward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Derived {
    /// What it is.
    pub name: String,
    /// The method that gives it.
    pub method: String,
    /// Lower end, decimal text.
    pub minimum: String,
    /// Upper end, decimal text.
    pub maximum: String,
    /// Whether the lower end lies outside.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exclusive_minimum: bool,
    /// Whether the upper end lies outside.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exclusive_maximum: bool,
    /// UCUM code; empty for a pure number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
}

/// What must be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Obligation {
    /// What kind, such as `migrate-by`.
    pub kind: String,
    /// Whether the permission hangs on it.
    pub binding: bool,
    /// Its details, values as facts have them in JSON.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Value>,
    /// The outcomes on which it is due; empty: on all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fulfil_on: Vec<Outcome>,
}

/// A fact that is not there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Missing {
    /// RFC 6901 pointer to where it would be in the canonical request.
    pub pointer: String,
    /// What is expected there.
    pub expected: String,
    /// Why it is missing.
    pub reason: String,
}

#[cfg(test)]
pub(crate) mod tests;
