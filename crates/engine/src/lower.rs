//! Lowers a request to the contract's types: texts by reference, lists in an arena that lives for one call.

use crate::v0_1::bindings::lexgate::screening::types as wit;
use bumpalo::Bump;
use lexgate_model::date::Date;
use lexgate_model::request as model;
use lexgate_model::{Decimal, Request};

/// Returns the list with every element lowered.
fn list<'a, T, U>(values: &'a [T], arena: &'a Bump, lower: impl FnMut(&'a T) -> U) -> &'a [U] {
    arena.alloc_slice_fill_iter(values.iter().map(lower))
}

/// Returns the optional list with every element lowered: absence stays absence.
fn optional<'a, T, U>(
    values: Option<&'a Vec<T>>,
    arena: &'a Bump,
    lower: impl FnMut(&'a T) -> U,
) -> Option<&'a [U]> {
    values.map(|values| list(values, arena, lower))
}

fn texts<'a>(texts: Option<&'a Vec<String>>, arena: &'a Bump) -> Option<&'a [&'a str]> {
    optional(texts, arena, |text| text.as_str())
}

pub(crate) fn date(date: Date) -> wit::Date {
    // INVARIANT: dates of requests and manifests lie in the years 1 to 9999.
    let part = |value: i8| u8::try_from(value).unwrap_or(1);
    wit::Date {
        year: u16::try_from(date.year()).unwrap_or(1),
        month: part(date.month()),
        day: part(date.day()),
    }
}

fn decimal(value: Decimal) -> wit::Decimal {
    wit::Decimal { coefficient: value.coefficient(), exponent: value.exponent() }
}

fn code(code: Option<&model::IsoCode>) -> Option<&str> {
    code.map(model::IsoCode::as_str)
}

fn id(id: Option<&model::RecordId>) -> Option<&str> {
    id.map(model::RecordId::as_str)
}

fn party_index(party: Option<model::PartyRef>) -> Option<u32> {
    party.map(|party| party.0)
}

pub(crate) fn request<'a>(request: &'a Request, evaluation_date: Date, arena: &'a Bump) -> wit::Request<'a> {
    wit::Request {
        evaluation_date: date(evaluation_date),
        action: &request.action,
        channel: request.channel.as_deref(),
        participants: list(&request.participants, arena, |participant| wit::Participant {
            role: &participant.role,
            party: participant.party.0,
            facts: facts(&participant.facts, arena),
        }),
        parties: list(&request.parties, arena, |value| party(value, arena)),
        relationships: optional(request.relationships.as_ref(), arena, |value| relationship(value, arena)),
        resource: item(&request.resource, arena),
        deployment: request.deployment.as_ref().map(|deployment| wit::Deployment {
            operator: party_index(deployment.operator),
            infrastructure_provider: party_index(deployment.infrastructure_provider),
            technology_provider: party_index(deployment.technology_provider),
            region: code(deployment.region.as_ref()),
            facts: facts(&deployment.facts, arena),
        }),
        certificates: optional(request.certificates.as_ref(), arena, |value| certificate(value, arena)),
        authorizations: optional(request.authorizations.as_ref(), arena, |value| authorization(value, arena)),
        purposes: texts(request.purposes.as_ref(), arena),
        facts: facts(&request.facts, arena),
    }
}

fn facts<'a>(facts: &'a model::Facts, arena: &'a Bump) -> &'a [wit::FactParam<'a>] {
    list(facts.as_slice(), arena, |fact| wit::FactParam {
        name: &fact.name,
        value: match &fact.value {
            model::FactValue::Text(text) => wit::ValueParam::Text(text),
            model::FactValue::Flag(flag) => wit::ValueParam::Flag(*flag),
            model::FactValue::Number(quantity) => wit::ValueParam::Number(wit::QuantityParam {
                value: decimal(quantity.value),
                unit: &quantity.unit,
            }),
            model::FactValue::Day(day) => wit::ValueParam::Day(date(*day)),
            model::FactValue::Texts(texts) => {
                wit::ValueParam::Texts(list(texts, arena, |text| text.as_str()))
            }
            model::FactValue::Unknown(reason) => wit::ValueParam::Unknown(reason),
        },
    })
}

fn party<'a>(party: &'a model::Party, arena: &'a Bump) -> wit::Party<'a> {
    wit::Party {
        record_id: party.record_id.as_str(),
        kind: party.kind.as_str(),
        names: list(&party.names.0, arena, |name| wit::Name {
            full_name: &name.full_name,
            kind: name.kind.as_deref(),
            language: name.language.as_deref(),
        }),
        identifiers: optional(party.identifiers.as_ref(), arena, |identifier| wit::Identifier {
            scheme: &identifier.scheme,
            id: &identifier.id,
        }),
        jurisdiction: code(party.jurisdiction.as_ref()),
        headquarters: code(party.headquarters.as_ref()),
        ultimate_parent: match &party.ultimate_parent {
            model::Parent::Known(parent) => wit::Parent::Known(parent.0),
            model::Parent::HasNoParent => wit::Parent::HasNoParent,
            model::Parent::Unknown(reason) => wit::Parent::Unknown(reason),
        },
        ownership: match &party.ownership {
            model::Statement::Complete => wit::Statement::Complete,
            model::Statement::Partial => wit::Statement::Partial,
            model::Statement::Unknown(reason) => wit::Statement::Unknown(reason),
        },
        listings: optional(party.listings.as_ref(), arena, |listing| wit::Listing {
            list_id: &listing.list_id,
            program: listing.program.as_deref(),
            start: listing.start.map(date),
            end: listing.end.map(date),
            source_version: listing.source_version.as_deref(),
        }),
        facts: facts(&party.facts, arena),
    }
}

fn relationship<'a>(relationship: &'a model::Relationship, arena: &'a Bump) -> wit::Relationship<'a> {
    wit::Relationship {
        record_id: relationship.record_id.as_str(),
        subject: relationship.subject.0,
        interested_party: match &relationship.interested_party {
            model::InterestedParty::Known(party) => wit::InterestedParty::Known(party.0),
            model::InterestedParty::Unknown(reason) => wit::InterestedParty::Unknown(reason),
        },
        interests: optional(relationship.interests.as_ref(), arena, |interest| wit::Interest {
            kind: interest.kind.as_str(),
            directness: match interest.directness {
                model::Directness::Direct => wit::Directness::Direct,
                model::Directness::Indirect => wit::Directness::Indirect,
                model::Directness::Unknown => wit::Directness::Unknown,
            },
            share: interest
                .share
                .map(|share| wit::Share { minimum: bound(share.minimum), maximum: bound(share.maximum) }),
            beneficial: interest.beneficial,
            start: interest.start.map(date),
            end: interest.end.map(date),
            facts: facts(&interest.facts, arena),
        }),
        facts: facts(&relationship.facts, arena),
    }
}

fn bound(bound: model::Bound) -> wit::Bound {
    wit::Bound { value: decimal(bound.value), exclusive: bound.exclusive }
}

fn item<'a>(item: &'a model::Item, arena: &'a Bump) -> wit::Item<'a> {
    wit::Item {
        record_id: item.record_id.as_str(),
        category: item.category.as_deref(),
        producer: party_index(item.producer),
        country_of_origin: code(item.country_of_origin.as_ref()),
        classifications: optional(item.classifications.as_ref(), arena, |classification| {
            wit::Classification {
                scheme: &classification.scheme,
                version: classification.version.as_deref(),
                code: &classification.code,
                facts: facts(&classification.facts, arena),
            }
        }),
        components: optional(item.components.as_ref(), arena, |party| party.0),
        facts: facts(&item.facts, arena),
    }
}

fn certificate<'a>(certificate: &'a model::Certificate, arena: &'a Bump) -> wit::Certificate<'a> {
    wit::Certificate {
        record_id: id(certificate.record_id.as_ref()),
        scheme: &certificate.scheme,
        grade: certificate.grade.as_deref(),
        service_model: certificate.service_model.as_deref(),
        holder: party_index(certificate.holder),
        valid_from: certificate.valid_from.map(date),
        valid_until: certificate.valid_until.map(date),
        underlying: certificate.underlying.map(|certificate| certificate.0),
        facts: facts(&certificate.facts, arena),
    }
}

fn authorization<'a>(authorization: &'a model::Authorization, arena: &'a Bump) -> wit::Authorization<'a> {
    wit::Authorization {
        record_id: id(authorization.record_id.as_ref()),
        kind: &authorization.kind,
        issuer: authorization.issuer.as_deref(),
        number: authorization.number.as_deref(),
        valid_from: authorization.valid_from.map(date),
        valid_until: authorization.valid_until.map(date),
        scope: texts(authorization.scope.as_ref(), arena),
        facts: facts(&authorization.facts, arena),
    }
}
