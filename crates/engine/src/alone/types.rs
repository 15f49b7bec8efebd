//! How the types of our contract lie in memory: the fields and cases of `wit/screening.wit`, in their order.

use super::layout::{Broken, Buffer, Laid, Lay, Memory, Read, largest, records, up, variants};
use crate::v0_1::bindings::lexgate::screening::types as wit;

records! {
    both Date { year: u16, month: u8, day: u8, }
    both Decimal { coefficient: i64, exponent: i8, }
    both Bound { value: wit::Decimal, exclusive: bool, }
    laid Share { minimum: wit::Bound, maximum: wit::Bound, }
    laid QuantityParam<'a> { value: wit::Decimal, unit: &'a str, }
    laid FactParam<'a> { name: &'a str, value: wit::ValueParam<'a>, }
    laid Name<'a> { full_name: &'a str, kind: Option<&'a str>, language: Option<&'a str>, }
    laid Identifier<'a> { scheme: &'a str, id: &'a str, }
    laid Listing<'a> {
        list_id: &'a str,
        program: Option<&'a str>,
        start: Option<wit::Date>,
        end: Option<wit::Date>,
        source_version: Option<&'a str>,
    }
    laid Party<'a> {
        record_id: &'a str,
        kind: &'a str,
        names: &'a [wit::Name<'a>],
        identifiers: Option<&'a [wit::Identifier<'a>]>,
        jurisdiction: Option<&'a str>,
        headquarters: Option<&'a str>,
        ultimate_parent: wit::Parent<'a>,
        ownership: wit::Statement<'a>,
        listings: Option<&'a [wit::Listing<'a>]>,
        facts: &'a [wit::FactParam<'a>],
    }
    laid Interest<'a> {
        kind: &'a str,
        directness: wit::Directness,
        share: Option<wit::Share>,
        beneficial: Option<bool>,
        start: Option<wit::Date>,
        end: Option<wit::Date>,
        facts: &'a [wit::FactParam<'a>],
    }
    laid Relationship<'a> {
        record_id: &'a str,
        subject: u32,
        interested_party: wit::InterestedParty<'a>,
        interests: Option<&'a [wit::Interest<'a>]>,
        facts: &'a [wit::FactParam<'a>],
    }
    laid Participant<'a> { role: &'a str, party: u32, facts: &'a [wit::FactParam<'a>], }
    laid Classification<'a> {
        scheme: &'a str,
        version: Option<&'a str>,
        code: &'a str,
        facts: &'a [wit::FactParam<'a>],
    }
    laid Item<'a> {
        record_id: &'a str,
        category: Option<&'a str>,
        producer: Option<u32>,
        country_of_origin: Option<&'a str>,
        classifications: Option<&'a [wit::Classification<'a>]>,
        components: Option<&'a [u32]>,
        facts: &'a [wit::FactParam<'a>],
    }
    laid Deployment<'a> {
        operator: Option<u32>,
        infrastructure_provider: Option<u32>,
        technology_provider: Option<u32>,
        region: Option<&'a str>,
        facts: &'a [wit::FactParam<'a>],
    }
    laid Certificate<'a> {
        record_id: Option<&'a str>,
        scheme: &'a str,
        grade: Option<&'a str>,
        service_model: Option<&'a str>,
        holder: Option<u32>,
        valid_from: Option<wit::Date>,
        valid_until: Option<wit::Date>,
        underlying: Option<u32>,
        facts: &'a [wit::FactParam<'a>],
    }
    laid Authorization<'a> {
        record_id: Option<&'a str>,
        kind: &'a str,
        issuer: Option<&'a str>,
        number: Option<&'a str>,
        valid_from: Option<wit::Date>,
        valid_until: Option<wit::Date>,
        scope: Option<&'a [&'a str]>,
        facts: &'a [wit::FactParam<'a>],
    }
    laid Request<'a> {
        evaluation_date: wit::Date,
        action: &'a str,
        channel: Option<&'a str>,
        participants: &'a [wit::Participant<'a>],
        parties: &'a [wit::Party<'a>],
        relationships: Option<&'a [wit::Relationship<'a>]>,
        resource: wit::Item<'a>,
        deployment: Option<wit::Deployment<'a>>,
        certificates: Option<&'a [wit::Certificate<'a>]>,
        authorizations: Option<&'a [wit::Authorization<'a>]>,
        purposes: Option<&'a [&'a str]>,
        facts: &'a [wit::FactParam<'a>],
    }
    read QuantityResult { value: wit::Decimal, unit: String, }
    read FactResult { name: String, value: wit::ValueResult, }
    read Place { at: wit::Element, field: String, }
    read Derived { name: String, method: String, minimum: wit::Bound, maximum: wit::Bound, unit: String, }
    read Obligation {
        kind: String,
        binding: bool,
        properties: Vec<wit::FactResult>,
        fulfil_on: Vec<wit::Outcome>,
    }
    read Missing { at: wit::Place, expected: String, reason: String, }
    read Finding {
        rule: String,
        code: String,
        floor: wit::Outcome,
        ceiling: wit::Outcome,
        licensing: Option<wit::LicensingPolicy>,
        arguments: Vec<(String, String)>,
        evidence: Vec<wit::Place>,
        derived: Vec<wit::Derived>,
        obligations: Vec<wit::Obligation>,
        missing: Vec<wit::Missing>,
    }
}

variants! {
    laid ValueParam<'a> {
        0 Text(&'a str),
        1 Flag(bool),
        2 Number(wit::QuantityParam<'a>),
        3 Day(wit::Date),
        4 Texts(&'a [&'a str]),
        5 Unknown(&'a str),
    }
    laid Parent<'a> { 0 Known(u32), 1 HasNoParent, 2 Unknown(&'a str), }
    laid Statement<'a> { 0 Complete, 1 Partial, 2 Unknown(&'a str), }
    laid InterestedParty<'a> { 0 Known(u32), 1 Unknown(&'a str), }
    laid Directness { 0 Direct, 1 Indirect, 2 Unknown, }
    read ValueResult {
        0 Text(String),
        1 Flag(bool),
        2 Number(wit::QuantityResult),
        3 Day(wit::Date),
        4 Texts(Vec<String>),
        5 Unknown(String),
    }
    read Outcome {
        0 NotApplicable,
        1 Permit,
        2 PermitWithObligations,
        3 Review,
        4 LicenceRequired,
        5 Deny,
    }
    read LicensingPolicy {
        0 PresumptionOfApproval,
        1 CaseByCase,
        2 PresumptionOfDenial,
        3 PolicyOfDenial,
    }
    read Element {
        0 Request,
        1 Participant(u32),
        2 Party(u32),
        3 Relationship(u32),
        4 Interest((u32, u32)),
        5 Item,
        6 Deployment,
        7 Certificate(u32),
        8 Authorization(u32),
    }
    read Refusal { 0 InvalidRequest(String), 1 Unsupported(String), 2 Internal(String), }
}
