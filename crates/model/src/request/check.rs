//! What a request must be beyond its fields: references resolve, ids are unique, periods are in order.

use super::codes::RecordId;
use super::json::{Json, Reference};
use super::parts::Request;
use super::reader::{BadRequest, Met, Problem, Referred, nearest, shorten};
use crate::date::Date;
use indexmap::IndexSet;
use std::collections::BTreeMap;

/// A name that no record bears.
pub(super) struct Dangling {
    pub(super) what: Referred,
    /// Its number among the names met.
    pub(super) number: u32,
    pub(super) problem: Problem,
}

/// Why references cannot be resolved.
pub(super) enum Unresolved {
    Bad(BadRequest),
    Dangling(Dangling),
}

/// Replaces every reference by the index of its record.
pub(super) fn resolve(request: &mut Request, met: &Met) -> Result<(), Unresolved> {
    let ids = request.parties.iter().map(|party| Some(&party.record_id));
    let parties = indices(Referred::Party, &met.parties, ids, "/parties")?;
    let ids = request.certificates.iter().flatten().map(|certificate| certificate.record_id.as_ref());
    let certificates = indices(Referred::Certificate, &met.certificates, ids, "/certificates")?;
    request.resolve(&mut |reference| {
        let (number, table) = match reference {
            Reference::Party(number) => (number, &parties),
            Reference::Certificate(number) => (number, &certificates),
        };
        // INVARIANT: `indices` has an entry for every name met, or has refused the request.
        *number = usize::try_from(*number).ok().and_then(|n| table.get(n)).copied().unwrap_or(u32::MAX);
    });
    Ok(())
}

/// Most names among which the one that was probably meant is looked for.
const MOST_LOOKED_AT: usize = 1_000;

/// Returns, for every name met, the index of the record that bears it.
fn indices<'a>(
    what: Referred,
    names: &IndexSet<String>,
    ids: impl Iterator<Item = Option<&'a RecordId>>,
    list: &str,
) -> Result<Vec<u32>, Unresolved> {
    let mut index_of: BTreeMap<&str, u32> = BTreeMap::new();
    for (index, id) in (0u32..).zip(ids) {
        let Some(id) = id.map(RecordId::as_str) else { continue };
        if index_of.insert(id, index).is_some() {
            let problem = Problem::Duplicate(shorten(id));
            let pointer = format!("{list}/{index}/recordId");
            return Err(Unresolved::Bad(BadRequest { pointer, problem }));
        }
    }
    let find = |(name, number): (&String, u32)| {
        index_of.get(name.as_str()).copied().ok_or_else(|| {
            // Looking at thousands of names takes longer than all the rest.
            let few = index_of.len() <= MOST_LOOKED_AT;
            let near = few.then(|| nearest(name, index_of.keys())).flatten().map(|near| (*near).to_owned());
            let problem = Problem::Dangling(what.as_str(), shorten(name), near);
            Unresolved::Dangling(Dangling { what, number, problem })
        })
    };
    names.iter().zip(0u32..).map(find).collect()
}

/// Checks what needs more than one field.
pub(super) fn check(request: &Request) -> Result<(), BadRequest> {
    let bad = |pointer: String, value: &str, rule: &str| {
        Err(BadRequest { pointer, problem: Problem::Value(shorten(value), rule.to_owned()) })
    };
    if request.evaluation_time.is_some() && request.evaluation_date.is_some() {
        let rule = "and `evaluationTime` are both given; keep one";
        return bad("/evaluationDate".to_owned(), "evaluationDate", rule);
    }
    let relationships = request.relationships.as_deref().unwrap_or_default();
    let mut ids = std::collections::HashSet::new();
    for (index, relationship) in relationships.iter().enumerate() {
        if !ids.insert(&relationship.record_id) {
            let problem = Problem::Duplicate(shorten(relationship.record_id.as_str()));
            return Err(BadRequest { pointer: format!("/relationships/{index}/recordId"), problem });
        }
        for (number, interest) in relationship.interests.iter().flatten().enumerate() {
            let at = || format!("/relationships/{index}/interests/{number}/end");
            in_order(interest.start, interest.end, at)?;
        }
    }
    for (index, party) in request.parties.iter().enumerate() {
        for (number, listing) in party.listings.iter().flatten().enumerate() {
            in_order(listing.start, listing.end, || format!("/parties/{index}/listings/{number}/end"))?;
        }
    }
    for (index, certificate) in request.certificates.iter().flatten().enumerate() {
        let at = || format!("/certificates/{index}/validUntil");
        in_order(certificate.valid_from, certificate.valid_until, at)?;
    }
    for (index, authorization) in request.authorizations.iter().flatten().enumerate() {
        let at = || format!("/authorizations/{index}/validUntil");
        in_order(authorization.valid_from, authorization.valid_until, at)?;
    }
    Ok(())
}

fn in_order(first: Option<Date>, last: Option<Date>, at: impl FnOnce() -> String) -> Result<(), BadRequest> {
    match first.zip(last) {
        Some((first, last)) if first > last => Err(BadRequest {
            pointer: at(),
            problem: Problem::Value(last.to_string(), format!("lies before the first day, {first}")),
        }),
        _ => Ok(()),
    }
}
