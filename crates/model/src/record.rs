//! The record: a decision with everything needed to make it again. Built once; what the log has.

use crate::date::Date;
use crate::decision::{Decision, Enforced, Kind, Mode, Override, Posture};
use crate::digest::Digest;
use crate::fault::{Fault, Limits};
use crate::finding::{Finding, Span};
use crate::request::Canonical;
use serde::{Deserialize, Serialize, Serializer};

/// A decision with everything needed to make it again.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", bound = "")]
pub struct Record<M: Kind = Enforced> {
    /// The version of Lexgate.
    pub lexgate: String,
    /// What fuel means here: engine version, price list, target.
    pub meter: String,
    /// The version of the time-zone data.
    pub zone_data: String,
    /// Whether proposed, announced and suspended rules counted as in force.
    #[serde(serialize_with = "what_if::<M, _>", rename = "whatIf")]
    kind: std::marker::PhantomData<M>,
    /// The digest of the canonical request.
    pub request_digest: Digest,
    /// The canonical request.
    pub request: Canonical,
    /// What each binding came to, in the order of the set.
    pub bindings: Vec<Evaluation>,
    /// The decision.
    pub decision: Decision<M>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field in by reference")]
fn what_if<M: Kind, S: Serializer>(
    _: &std::marker::PhantomData<M>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(M::WHAT_IF)
}

impl<M: Kind> Record<M> {
    /// Returns the record of a decision.
    #[must_use]
    pub fn new(
        meter: String,
        request: Canonical,
        bindings: Vec<Evaluation>,
        decision: Decision<M>,
    ) -> Record<M> {
        Record {
            lexgate: env!("CARGO_PKG_VERSION").to_owned(),
            meter,
            zone_data: crate::zone::data_version().to_owned(),
            kind: std::marker::PhantomData,
            request_digest: request.digest(),
            request,
            bindings,
            decision,
        }
    }
}

/// What one binding came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// The binding.
    pub binding: String,
    /// Whether it entered the decision.
    pub mode: Mode,
    /// What a fault counts as.
    pub posture: Posture,
    /// The policy, its version and its package.
    pub policy: PolicyIdentity,
    /// The digest of the parameters.
    pub parameters: Digest,
    /// The datasets bound.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub datasets: Vec<DatasetIdentity>,
    /// What the operator changed about its rules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// The time zone of its calendar.
    pub time_zone: String,
    /// Its local date.
    #[serde(serialize_with = "iso_date")]
    pub date: Date,
    /// What it was allowed.
    pub limits: AppliedLimits,
    /// What it used.
    pub used: Used,
    /// Datasets of which no version holds on the date.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub anachronistic: Vec<String>,
    /// What its deciding findings, or its fault, come to.
    pub verdict: Span,
    /// What its rules say.
    pub findings: Vec<Finding>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// Whether running it again must give the same; not after a deadline, a stack overflow or want of room.
    pub replayable: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field in by reference")]
fn iso_date<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(date)
}

/// Which policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyIdentity {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// The digest of its package.
    pub package: Digest,
}

/// Which version of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DatasetIdentity {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The digest of its bytes.
    pub digest: Digest,
}

/// What an evaluation was allowed: the limits, and the fuel they come to for this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppliedLimits {
    /// Units of fuel, scaled with the request.
    pub fuel: u64,
    /// The limits of the binding.
    #[serde(flatten)]
    pub limits: Limits,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field in by reference")]
fn is_zero(fuel: &u64) -> bool {
    *fuel == 0
}

/// What an evaluation used; the same again under the same meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Used {
    /// Units of fuel.
    pub fuel: u64,
    /// Bytes of linear memory, at most at one time.
    pub memory_bytes: u64,
    /// Calls of host functions, with those of configuring where every evaluation configures afresh.
    pub host_calls: u64,
    /// Units of fuel for configuring, where every evaluation does; 0 where it starts from a snapshot.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub configure_fuel: u64,
}
