//! What of an entry is looked for, and how it stands in the tables.
//!
//! Entries are alike: the same tenants and revisions, the same bindings and policies, and often the same parties. So a row
//! has numbers in their place. A *bunch* is the terms that an entry has of one sort, and entries of a tenant that have the same
//! share it. What other tenants have under the same texts costs a tenant nothing.

use crate::entry::{Entry, Kind};
use crate::read::Location;
use crate::section::{BINDINGS, DECISION, META, REQUEST};
use lexgate_model::{Digest, Outcome, Span};
use rusqlite::{OptionalExtension, Transaction, params};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// Most numbers of each sort that are known without looking, and most bytes of what they stand for. Chosen by feel: with
/// everything that is 16 MiB.
const MOST_KNOWN: usize = 4_096;
const MOST_KNOWN_BYTES: usize = 2_048;

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

/// Returns the number of a kind in the index.
pub(crate) fn number_of_kind(kind: Kind) -> i64 {
    kind as i64
}

/// Returns the kind of a number.
pub(crate) fn kind(number: i64) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| number_of_kind(*kind) == number)
}

/// Returns 64 bits about a text, of its SHA-256: an index of them is a half of one of such texts. Whoever looks compares the text
/// as well; nobody can make many texts of equal bits, which would cost time.
pub(super) fn brief(text: &str) -> i64 {
    let digest = Digest::of(text.as_bytes());
    digest.as_bytes().first_chunk().map_or(0, |bits| i64::from_le_bytes(*bits))
}

/// Numbers that are known without looking. They hold if the transaction that they were given out in was committed.
#[derive(Debug, Default)]
pub(super) struct Known {
    names: BTreeMap<String, i64>,
    /// By tenant and terms.
    bunches: BTreeMap<(i64, String), i64>,
}

fn keep<K: Ord>(among: &mut BTreeMap<K, i64>, bytes: usize, key: K, number: i64) {
    if bytes <= MOST_KNOWN_BYTES {
        if among.len() >= MOST_KNOWN {
            // Those that come often are soon there again.
            among.clear();
        }
        among.insert(key, number);
    }
}

impl Known {
    /// Returns the number of the name of a tenant, or of a revision.
    fn name(&mut self, transaction: &Transaction<'_>, text: &str) -> rusqlite::Result<i64> {
        if let Some(number) = self.names.get(text) {
            return Ok(*number);
        }
        let sql = "SELECT number FROM names WHERE text = ?1";
        let number = transaction.prepare_cached(sql)?.query_row([text], |row| row.get(0)).optional()?;
        let number = match number {
            Some(number) => number,
            None => {
                transaction.prepare_cached("INSERT INTO names (text) VALUES (?1)")?.execute([text])?;
                transaction.last_insert_rowid()
            }
        };
        keep(&mut self.names, text.len(), text.to_owned(), number);
        Ok(number)
    }

    /// Returns the number of a bunch; nothing if no term is in it. One that is not known is made, even if there is an equal
    /// one: whoever looks finds both.
    fn bunch(
        &mut self,
        transaction: &Transaction<'_>,
        tenant: i64,
        terms: &BTreeSet<(i64, String)>,
    ) -> rusqlite::Result<Option<i64>> {
        if terms.is_empty() {
            return Ok(None);
        }
        let text = serde_json::to_string(terms)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        let key = (tenant, text);
        if let Some(number) = self.bunches.get(&key) {
            return Ok(Some(*number));
        }
        let sql = "INSERT INTO bunches (tenant, terms) VALUES (?1, ?2)";
        transaction.prepare_cached(sql)?.execute(params![tenant, key.1])?;
        let number = transaction.last_insert_rowid();
        let sql = "INSERT INTO terms (what, text, tenant, bunch) VALUES (?1, ?2, ?3, ?4)";
        let mut statement = transaction.prepare_cached(sql)?;
        for (what, text) in terms {
            statement.execute(params![what, text, tenant, number])?;
        }
        keep(&mut self.bunches, key.1.len(), key, number);
        Ok(Some(number))
    }
}

/// Puts an entry into the tables.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    known: &mut Known,
    location: Location,
    entry: &Entry,
) -> rusqlite::Result<()> {
    let is_decision = entry.head.kind == Kind::Decision;
    let span = read::<Span>(entry, DECISION).filter(|_| is_decision);
    let bound = read::<Vec<Bound>>(entry, BINDINGS).filter(|_| is_decision);
    let fault = bound.as_ref().map(|bound| bound.iter().any(|bound| bound.fault.is_some()));
    let what_if = read::<Meta>(entry, META).filter(|_| is_decision).and_then(|meta| meta.what_if);
    let asked = read::<Asked>(entry, REQUEST).filter(|_| is_decision).unwrap_or_default();
    let (mut deciding, mut parties) = (BTreeSet::new(), BTreeSet::new());
    for Bound { binding, policy, .. } in bound.into_iter().flatten() {
        deciding.extend([(Term::Binding as i64, binding), (Term::Policy as i64, policy.id)]);
    }
    for Party { record_id, identifiers } in asked.parties {
        parties.insert((Term::Party as i64, record_id));
        parties.extend(identifiers.into_iter().map(|identifier| (Term::Identifier as i64, identifier.id)));
    }
    let tenant = known.name(transaction, &entry.head.tenant)?;
    let revision = entry.head.set_revision.as_deref();
    let caller = entry.caller();
    let brief = |text: &Option<String>| text.as_deref().map(brief);
    let values = params![
        entry.sequence,
        entry.head.id.to_bytes(),
        location.segment,
        location.offset,
        number_of_kind(entry.head.kind),
        tenant,
        entry.head.recorded.as_microsecond(),
        revision.map(|revision| known.name(transaction, revision)).transpose()?,
        caller.idempotency_key,
        brief(&caller.idempotency_key),
        caller.request_id,
        brief(&caller.request_id),
        span.map(|span| number(span.floor)),
        span.map(|span| number(span.ceiling)),
        what_if,
        fault,
        entry.is_deleted(),
        known.bunch(transaction, tenant, &deciding)?,
        known.bunch(transaction, tenant, &parties)?,
    ];
    let sql = "INSERT INTO entries (sequence, id, segment, offset, kind, tenant, recorded, set_revision, \
               idempotency_key, key_brief, request_id, request_brief, floor, ceiling, what_if, fault, deleted, \
               deciding, parties) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)";
    transaction.prepare_cached(sql)?.execute(values).map(drop)
}

/// Bunches of entries that were taken out: their numbers, each with its tenant and its terms.
#[derive(Debug)]
pub(super) struct Left(Vec<(i64, (i64, String))>);

impl Left {
    /// Takes entries out, to be put in again, and returns what is left of them.
    pub(super) fn of(transaction: &Transaction<'_>, range: &RangeInclusive<u64>) -> rusqlite::Result<Left> {
        let (first, last) = (range.start(), range.end());
        let sql = "SELECT number, tenant, terms FROM bunches WHERE number IN ( \
                   SELECT deciding FROM entries WHERE sequence BETWEEN ?1 AND ?2 UNION \
                   SELECT parties FROM entries WHERE sequence BETWEEN ?1 AND ?2)";
        let mut statement = transaction.prepare(sql)?;
        let left = statement.query_map([first, last], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
        let left = left.collect::<rusqlite::Result<_>>()?;
        transaction.execute("DELETE FROM entries WHERE sequence BETWEEN ?1 AND ?2", [first, last])?;
        Ok(Left(left))
    }

    /// Returns what is known of them, so that entries that stay keep their bunches.
    pub(super) fn known(&self) -> Known {
        let bunches = self.0.iter().map(|(number, of)| (of.clone(), *number)).collect();
        Known { bunches, ..Known::default() }
    }

    /// Deletes those that no entry has any more: names of people may be in them.
    pub(super) fn tidy(self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        for (number, (tenant, terms)) in self.0 {
            let sql = "SELECT EXISTS (SELECT 1 FROM entries WHERE deciding = ?1) \
                       OR EXISTS (SELECT 1 FROM entries WHERE parties = ?1)";
            if transaction.prepare_cached(sql)?.query_row([number], |row| row.get(0))? {
                continue;
            }
            let terms: Vec<(i64, String)> = serde_json::from_str(&terms).map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(error))
            })?;
            let sql = "DELETE FROM terms WHERE what = ?1 AND text = ?2 AND tenant = ?3 AND bunch = ?4";
            let mut statement = transaction.prepare_cached(sql)?;
            for (what, text) in terms {
                statement.execute(params![what, text, tenant, number])?;
            }
            transaction.prepare_cached("DELETE FROM bunches WHERE number = ?1")?.execute([number])?;
        }
        Ok(())
    }
}
