//! What of an entry is looked for, and how it stands in the tables.

use crate::entry::{Entry, Kind};
use crate::read::Location;
use crate::section::{BINDINGS, DECISION, META, REQUEST};
use lexgate_model::{Outcome, Span};
use rusqlite::{Transaction, params};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::collections::BTreeSet;

/// What a text is of an entry. The numbers stand in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Term {
    Binding = 1,
    Policy = 2,
    Party = 3,
    Identifier = 4,
}

#[derive(Deserialize)]
struct Bound {
    binding: String,
    policy: Named,
    #[serde(default)]
    fault: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize, Default)]
struct Asked {
    #[serde(default)]
    parties: Vec<Party>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Party {
    record_id: String,
    #[serde(default)]
    identifiers: Vec<Identifier>,
}

#[derive(Deserialize)]
struct Identifier {
    id: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Meta {
    #[serde(default)]
    what_if: Option<bool>,
}

/// Returns a section; nothing where it was deleted, or is not what a record has there: the log keeps what it is given.
fn read<T: DeserializeOwned>(entry: &Entry, section: &str) -> Option<T> {
    serde_json::from_slice(&entry.section(section)?.bytes).ok()
}

/// Returns the number of an outcome in the index.
pub(crate) fn number(outcome: Outcome) -> i64 {
    outcome as i64
}

/// Returns the outcome of a number.
pub(crate) fn outcome(number: i64) -> Option<Outcome> {
    Outcome::ALL.get(usize::try_from(number).ok()?).copied()
}

/// Puts an entry into the tables.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    location: Location,
    entry: &Entry,
) -> rusqlite::Result<()> {
    let is_decision = entry.head.kind == Kind::Decision;
    let span = read::<Span>(entry, DECISION).filter(|_| is_decision);
    let bound = read::<Vec<Bound>>(entry, BINDINGS).filter(|_| is_decision);
    let fault = bound.as_ref().map(|bound| bound.iter().any(|bound| bound.fault.is_some()));
    let what_if = read::<Meta>(entry, META).filter(|_| is_decision).and_then(|meta| meta.what_if);
    let caller = entry.caller();
    let sql = "INSERT INTO entries (sequence, id, segment, offset, kind, tenant, recorded, set_revision, \
               idempotency_key, request_id, floor, ceiling, what_if, fault, deleted) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
    transaction.prepare_cached(sql)?.execute(params![
        entry.sequence,
        entry.head.id.to_bytes(),
        location.segment,
        location.offset,
        entry.head.kind.as_str(),
        entry.head.tenant,
        entry.head.recorded.as_microsecond(),
        entry.head.set_revision,
        caller.idempotency_key,
        caller.request_id,
        span.map(|span| number(span.floor)),
        span.map(|span| number(span.ceiling)),
        what_if,
        fault,
        entry.is_deleted(),
    ])?;
    if !is_decision {
        return Ok(());
    }
    let mut terms = BTreeSet::new();
    for Bound { binding, policy, .. } in bound.into_iter().flatten() {
        terms.extend([(Term::Binding, binding), (Term::Policy, policy.id)]);
    }
    for Party { record_id, identifiers } in read::<Asked>(entry, REQUEST).unwrap_or_default().parties {
        terms.insert((Term::Party, record_id));
        terms.extend(identifiers.into_iter().map(|identifier| (Term::Identifier, identifier.id)));
    }
    let mut statement =
        transaction.prepare_cached("INSERT INTO terms (what, text, sequence) VALUES (?1, ?2, ?3)")?;
    for (what, text) in terms {
        statement.execute(params![what as i64, text, entry.sequence])?;
    }
    Ok(())
}
