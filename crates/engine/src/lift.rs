//! Lifts what a guest returned into the model's types, unchecked: what it means is for [`lexgate_model::finding::check`].

use crate::v0_1::bindings::lexgate::screening::types as wit;
use lexgate_model::fault::Refusal;
use lexgate_model::finding::{
    LicensingPolicy, Outcome, Reported, ReportedDerived, ReportedMissing, ReportedObligation,
};
use lexgate_model::request::{Element, Fact, FactValue, Place, Quantity};
use lexgate_model::{Decimal, date};

pub(crate) fn refusal(refusal: wit::Refusal) -> Refusal {
    match refusal {
        wit::Refusal::InvalidRequest(text) => Refusal::InvalidRequest(text),
        wit::Refusal::Unsupported(text) => Refusal::Unsupported(text),
        wit::Refusal::Internal(text) => Refusal::Internal(text),
    }
}

pub(crate) fn finding(finding: wit::Finding) -> Reported {
    Reported {
        rule: finding.rule,
        code: finding.code,
        floor: outcome(finding.floor),
        ceiling: outcome(finding.ceiling),
        licensing: finding.licensing.map(licensing),
        arguments: finding.arguments,
        evidence: finding.evidence.into_iter().map(place).collect(),
        derived: finding.derived.into_iter().map(derived).collect(),
        obligations: finding.obligations.into_iter().map(obligation).collect(),
        missing: finding.missing.into_iter().map(missing).collect(),
    }
}

fn outcome(outcome: wit::Outcome) -> Outcome {
    match outcome {
        wit::Outcome::NotApplicable => Outcome::NotApplicable,
        wit::Outcome::Permit => Outcome::Permit,
        wit::Outcome::PermitWithObligations => Outcome::PermitWithObligations,
        wit::Outcome::Review => Outcome::Review,
        wit::Outcome::LicenceRequired => Outcome::LicenceRequired,
        wit::Outcome::Deny => Outcome::Deny,
    }
}

fn licensing(policy: wit::LicensingPolicy) -> LicensingPolicy {
    match policy {
        wit::LicensingPolicy::PresumptionOfApproval => LicensingPolicy::PresumptionOfApproval,
        wit::LicensingPolicy::CaseByCase => LicensingPolicy::CaseByCase,
        wit::LicensingPolicy::PresumptionOfDenial => LicensingPolicy::PresumptionOfDenial,
        wit::LicensingPolicy::PolicyOfDenial => LicensingPolicy::PolicyOfDenial,
    }
}

fn place(place: wit::Place) -> Place {
    let at = match place.at {
        wit::Element::Request => Element::Request,
        wit::Element::Participant(index) => Element::Participant(index),
        wit::Element::Party(index) => Element::Party(index),
        wit::Element::Relationship(index) => Element::Relationship(index),
        wit::Element::Interest((relationship, interest)) => Element::Interest(relationship, interest),
        wit::Element::Item => Element::Item,
        wit::Element::Deployment => Element::Deployment,
        wit::Element::Certificate(index) => Element::Certificate(index),
        wit::Element::Authorization(index) => Element::Authorization(index),
    };
    Place { at, field: place.field }
}

fn decimal(value: wit::Decimal) -> Option<Decimal> {
    Decimal::from_canonical(value.coefficient, value.exponent)
}

fn derived(derived: wit::Derived) -> ReportedDerived {
    ReportedDerived {
        name: derived.name,
        method: derived.method,
        minimum: (decimal(derived.minimum.value), derived.minimum.exclusive),
        maximum: (decimal(derived.maximum.value), derived.maximum.exclusive),
        unit: derived.unit,
    }
}

fn obligation(obligation: wit::Obligation) -> ReportedObligation {
    ReportedObligation {
        kind: obligation.kind,
        binding: obligation.binding,
        properties: obligation.properties.into_iter().map(fact).collect(),
        fulfil_on: obligation.fulfil_on.into_iter().map(outcome).collect(),
    }
}

fn fact(fact: wit::FactResult) -> Option<Fact> {
    let value = match fact.value {
        wit::ValueResult::Text(text) => FactValue::Text(text),
        wit::ValueResult::Flag(flag) => FactValue::Flag(flag),
        wit::ValueResult::Number(quantity) => {
            FactValue::Number(Quantity { value: decimal(quantity.value)?, unit: quantity.unit })
        }
        wit::ValueResult::Day(day) => FactValue::Day(date::new(day.year, day.month, day.day)?),
        wit::ValueResult::Texts(texts) => FactValue::Texts(texts),
        wit::ValueResult::Unknown(reason) => FactValue::Unknown(reason),
    };
    Some(Fact { name: fact.name, value })
}

fn missing(missing: wit::Missing) -> ReportedMissing {
    ReportedMissing { at: place(missing.at), expected: missing.expected, reason: missing.reason }
}
