//! Deleting from a log that is only appended to: by age, for each tenant, but for what is held.
//!
//! 1. What is going to be deleted is recorded: an entry of the kind `deletion` says which tenant, before which instant and
//!    why. When that entry is durable, the decisions it covers count as deleted.
//! 2. Segments that hold such decisions are written anew beside the old ones, with their heads and without their sections:
//!    id, tenant, instant, commitments stay, and so do numbers and order. The new file is made durable, put into the place of
//!    the old one, and the folder is made durable. A crash leaves the one or the other.
//! 3. What a crash left undone is done by the next sweep, because the deletions are in the log.
//!
//! A *hold* keeps decisions from being deleted: those of a tenant, of a time, or single ones. It counts for deletions that
//! are recorded after it, and for what earlier ones have not yet reached: a sweep looks before each segment, and while it
//! writes one anew, no hold is put on and none is lifted. Heads are never deleted: they show that nothing was
//! taken out, and will be the leaves of a Merkle tree. Entries of other kinds are never deleted either.
//!
//! The blocks of the old file are given back to the file system. Whether they can still be read from the device is for the
//! operator: encrypt the disk.

use crate::entry::{Draft, Entry, Head, Kind, to_json};
use crate::error::{Error, Refused};
use crate::files::{File, Folder};
use crate::id::EntryId;
use crate::log::Log;
use crate::read::{Entries, Reader};
use crate::recover::ASIDE;
use crate::segment::{Found, HEADER_BYTES, Header, Segment};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// The section of entries that are about keeping and deleting.
const TERMS: &str = "terms";

/// How much is written at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// What must not be deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hold {
    /// Its name, by which it is lifted; a second hold of the name replaces the first.
    pub name: String,
    /// Why, for people.
    pub reason: String,
    /// Who put it on.
    pub by: String,
    /// What it holds.
    pub scope: Scope,
}

/// What a hold holds, of its tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Scope {
    /// All decisions, also later ones.
    Everything,
    /// What was recorded in a time, from an instant to before another.
    Recorded {
        /// The first instant.
        from: Timestamp,
        /// The first instant behind it.
        until: Timestamp,
    },
    /// Single decisions.
    Entries(BTreeSet<EntryId>),
}

/// A hold has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HoldLifted {
    /// The name of the hold.
    pub name: String,
    /// Why, for people.
    pub reason: String,
    /// Who lifted it.
    pub by: String,
}

/// Decisions of a tenant are deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deletion {
    /// What was recorded before this instant.
    pub before: Timestamp,
    /// Why, for people.
    pub reason: String,
    /// How many decisions that were when it was recorded.
    pub decisions: u64,
}

/// How long decisions of a tenant are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// The tenant.
    pub tenant: String,
    /// For so many days of 24 hours, by the clock of the log. A clock that is wrong by years deletes too much: look first.
    pub keep_days: u32,
    /// Why no longer, for people.
    pub reason: String,
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Decisions whose sections were deleted.
    pub decisions: u64,
    /// Segments that were written anew.
    pub segments: u64,
    /// Bytes they are smaller.
    pub bytes: u64,
}

impl Hold {
    /// Returns the entry that puts it on.
    ///
    /// # Errors
    /// As [`Draft::new`].
    pub fn draft(&self, tenant: &str) -> Result<Draft, Error> {
        Draft::new(Kind::Hold, tenant, None, vec![(TERMS, to_json(self)?)])
    }
}

impl HoldLifted {
    /// Returns the entry that lifts it.
    ///
    /// # Errors
    /// As [`Draft::new`].
    pub fn draft(&self, tenant: &str) -> Result<Draft, Error> {
        Draft::new(Kind::HoldLifted, tenant, None, vec![(TERMS, to_json(self)?)])
    }
}

impl Scope {
    fn holds(&self, head: &Head<'_>) -> bool {
        match self {
            Scope::Everything => true,
            Scope::Recorded { from, until } => *from <= head.recorded && head.recorded < *until,
            Scope::Entries(ids) => ids.contains(&head.id),
        }
    }
}

/// What the log says about keeping and deleting, in its order.
#[derive(Debug, Default)]
pub struct Ledger {
    tenants: BTreeMap<String, Vec<(u64, Terms)>>,
}

#[derive(Debug)]
enum Terms {
    Hold(Hold),
    Lifted(HoldLifted),
    Deletion(Deletion),
}

impl Ledger {
    /// Reads it out of a log, all of it.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn read(reader: &Reader) -> Result<Ledger, Error> {
        let mut ledger = Ledger::default();
        for item in reader.entries(1)? {
            ledger.add(&item?.1)?;
        }
        Ok(ledger)
    }

    /// Takes in what was appended meanwhile, such as a hold, and returns whether that says anything.
    fn follow(&mut self, entries: &mut Entries) -> Result<bool, Error> {
        let mut says = false;
        for item in entries {
            says |= self.add(&item?.1)?;
        }
        Ok(says)
    }

    /// Takes in an entry, in the order of the log, and returns whether it says anything.
    fn add(&mut self, entry: &Entry) -> Result<bool, Error> {
        let terms = match entry.head.kind {
            Kind::Hold => Terms::Hold(terms(entry)?),
            Kind::HoldLifted => Terms::Lifted(terms(entry)?),
            Kind::Deletion => Terms::Deletion(terms(entry)?),
            Kind::Decision | Kind::SetPut | Kind::SetRolledBack => return Ok(false),
        };
        self.tenants.entry(entry.head.tenant.to_string()).or_default().push((entry.sequence, terms));
        Ok(true)
    }

    /// Returns the tenants that something was said about, in order.
    pub fn tenants(&self) -> impl Iterator<Item = &str> {
        self.tenants.keys().map(String::as_str)
    }

    /// Returns the holds on a tenant that are in force.
    #[must_use]
    pub fn holds(&self, tenant: &str) -> Vec<&Hold> {
        self.in_force(tenant, u64::MAX)
    }

    /// Returns the holds that were in force before an entry.
    fn in_force(&self, tenant: &str, before: u64) -> Vec<&Hold> {
        let mut holds: BTreeMap<&str, &Hold> = BTreeMap::new();
        let terms = self.tenants.get(tenant).into_iter().flatten();
        for (_, terms) in terms.take_while(|(sequence, _)| *sequence < before) {
            match terms {
                Terms::Hold(hold) => drop(holds.insert(&hold.name, hold)),
                Terms::Lifted(lifted) => drop(holds.remove(lifted.name.as_str())),
                Terms::Deletion(_) => {}
            }
        }
        holds.into_values().collect()
    }

    fn is_held(&self, head: &Head<'_>, before: u64) -> bool {
        self.in_force(&head.tenant, before).iter().any(|hold| hold.scope.holds(head))
    }

    /// Returns whether a deletion covers a decision, whatever is held now.
    #[must_use]
    pub fn covers(&self, sequence: u64, head: &Head<'_>) -> bool {
        let terms = self.tenants.get(head.tenant.as_ref()).into_iter().flatten();
        let mut deletions = terms.filter_map(|(at, terms)| match terms {
            Terms::Deletion(deletion) => Some((*at, deletion)),
            Terms::Hold(_) | Terms::Lifted(_) => None,
        });
        head.kind == Kind::Decision
            && deletions.any(|(at, deletion)| {
                sequence < at && head.recorded < deletion.before && !self.is_held(head, at)
            })
    }

    /// Returns whether a sweep may delete a decision now.
    fn deletes(&self, sequence: u64, head: &Head<'_>) -> bool {
        self.covers(sequence, head) && !self.is_held(head, u64::MAX)
    }

    /// Returns whether decisions of one of these tenants were deleted ever.
    fn may_delete(&self, tenants: &BTreeMap<String, Timestamp>) -> bool {
        let mut terms = tenants.keys().filter_map(|tenant| self.tenants.get(tenant)).flatten();
        terms.any(|(_, terms)| matches!(terms, Terms::Deletion(_)))
    }

    /// Returns whether a sweep may delete something from a segment now.
    fn deletes_from(&self, folder: &dyn Folder, number: u64) -> Result<bool, Error> {
        Ok(count(folder, number, |sequence, head| self.deletes(sequence, head))? > 0)
    }
}

fn terms<T: serde::de::DeserializeOwned>(entry: &Entry) -> Result<T, Error> {
    let section = entry.section(TERMS).map(|section| section.bytes.as_slice()).unwrap_or_default();
    serde_json::from_slice(section).map_err(|error| {
        let (id, sequence) = (entry.head.id, entry.sequence);
        Error::Invalid(format!("entry {sequence} (`{id}`) cannot be read, and deleting needs it: {error}"))
    })
}

/// Deletes what is older than the tenants keep, and what earlier deletions have not reached. Calls `rewritten` with the number
/// of each segment after it was put in place. It reads the whole log once, and what it deletes from twice more.
///
/// Whoever puts a hold on or lifts one takes `terms`. The sweep takes it while it asks what is held and writes one segment.
///
/// # Errors
/// When the log cannot be read or written. What was recorded as deleted is deleted by the next sweep.
pub(crate) fn sweep(
    log: &Log,
    retentions: &[Retention],
    terms: &Mutex<()>,
    mut rewritten: impl FnMut(u64),
) -> Result<Swept, Error> {
    let reader = log.reader();
    let mut ledger = Ledger::default();
    // For each segment, the oldest decision of each tenant that is still there.
    let mut oldest: BTreeMap<u64, BTreeMap<String, Timestamp>> = BTreeMap::new();
    let mut entries = reader.entries(1)?;
    for item in entries.by_ref() {
        let (location, entry) = item?;
        ledger.add(&entry)?;
        if entry.head.kind == Kind::Decision && !entry.is_deleted() {
            let of_segment = oldest.entry(location.segment).or_default();
            let oldest = of_segment.entry(entry.head.tenant.into_owned()).or_insert(entry.head.recorded);
            *oldest = entry.head.recorded.min(*oldest);
        }
    }

    let now = log.now();
    for retention in retentions {
        let age = SignedDuration::from_hours(i64::from(retention.keep_days) * 24);
        let Ok(before) = now.checked_sub(age) else { continue };
        let old = |tenants: &BTreeMap<String, Timestamp>| {
            tenants.get(&retention.tenant).is_some_and(|oldest| *oldest < before)
        };
        let mut decisions = 0;
        for (number, _) in oldest.iter().filter(|(_, tenants)| old(tenants)) {
            decisions += count(reader.folder(), *number, |sequence, head| {
                head.kind == Kind::Decision
                    && head.tenant == retention.tenant
                    && head.recorded < before
                    && !ledger.is_held(head, u64::MAX)
                    && !ledger.covers(sequence, head)
            })?;
        }
        if decisions > 0 {
            let deletion = Deletion { before, reason: retention.reason.clone(), decisions };
            let draft =
                Draft::new(Kind::Deletion, &retention.tenant, None, vec![(TERMS, to_json(&deletion)?)])?;
            log.append(draft).map_err(refused)?;
        }
    }
    ledger.follow(&mut entries)?;

    let mut swept = Swept::default();
    let mut ended = 0;
    for (number, tenants) in oldest {
        // Most segments are done with here, where nobody waits; between two, a hold finds its turn.
        ledger.follow(&mut entries)?;
        if !ledger.may_delete(&tenants) || !ledger.deletes_from(reader.folder(), number)? {
            continue;
        }
        if number > ended {
            // The segment that is written to is not rewritten. Ending it is cheap, and happens once.
            ended = log.end_segment().map_err(refused)?;
        }
        let (decisions, bytes) = {
            let _nothing_is_held_or_lifted = terms.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(error) = log.failure() {
                // What was read may not be durable, such as that a hold was lifted.
                return Err(refused(Refused::Failed(error)));
            }
            if ledger.follow(&mut entries)? && !ledger.deletes_from(reader.folder(), number)? {
                continue;
            }
            rewrite(log.folder(), number, &ledger)?
        };
        swept.decisions += decisions;
        swept.bytes += bytes;
        swept.segments += 1;
        rewritten(number);
    }
    Ok(swept)
}

fn refused(refused: Refused) -> Error {
    match refused {
        Refused::Busy => Error::Invalid("too many entries are waiting to be written: sweep later".to_owned()),
        other => Error::Invalid(format!("nothing was deleted: {other}")),
    }
}

/// Counts the entries of a segment that are still there and of which something holds.
fn count(folder: &dyn Folder, number: u64, holds: impl Fn(u64, &Head<'_>) -> bool) -> Result<u64, Error> {
    let mut found = 0;
    each(folder, number, |entry| {
        found += u64::from(!entry.is_deleted() && holds(entry.sequence, &entry.head));
        Ok(())
    })?;
    Ok(found)
}

/// Hands out the entries of a segment, up to where it cannot be read, and returns its header.
fn each(
    folder: &dyn Folder,
    number: u64,
    mut take: impl FnMut(&Entry) -> Result<(), Error>,
) -> Result<Header, Error> {
    let mut segment = Segment::open_whole(folder, number)?;
    let (mut offset, header) = (HEADER_BYTES as u64, segment.header);
    loop {
        let (entry, end) = match segment.at(offset)? {
            Found::Frame(frame) => (Entry::read(frame.sequence, frame.entry), frame.end()),
            Found::End => return Ok(header),
            Found::Bad(what) => return Err(Error::damaged(&segment.name, offset, what)),
        };
        take(&entry.map_err(|what| Error::damaged(&segment.name, offset, what))?)?;
        offset = end;
    }
}

/// Writes a segment anew without what the ledger deletes. Returns how many decisions and bytes that was.
fn rewrite(folder: &dyn Folder, number: u64, ledger: &Ledger) -> Result<(u64, u64), Error> {
    let name = crate::segment::file_name(number);
    let aside = format!("{name}{ASIDE}");
    let gone = folder.remove(&aside);
    if let Err(error) = gone
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(Error::io("remove", &aside)(error));
    }
    let mut old = Segment::open_whole(folder, number)?;
    let header = Header { generation: old.header.generation + 1, ..old.header };
    let file = folder.create(&aside).map_err(Error::io("create", &aside))?;
    let mut target = Target { file, name: aside, buffer: Vec::new(), begin: 0 };
    header.write(&mut target.buffer);

    let (mut offset, mut decisions, mut one) = (HEADER_BYTES as u64, 0, Vec::new());
    loop {
        let frame = match old.at(offset)? {
            Found::Frame(frame) => frame,
            Found::End => break,
            Found::Bad(what) => return Err(Error::damaged(&name, offset, what)),
        };
        let (sequence, group, end) = (frame.sequence, frame.group, frame.end());
        let entry = Entry::read(sequence, frame.entry).map_err(|what| Error::damaged(&name, offset, what))?;
        if !entry.is_deleted() && ledger.deletes(sequence, &entry.head) {
            one.clear();
            entry.write_withheld(&mut one)?;
            decisions += 1;
            target.frame(&header, sequence, group, &one)?;
        } else {
            target.frame(&header, sequence, group, frame.entry)?;
        }
        offset = end;
    }
    let length = target.finish()?;
    folder.rename(&format!("{name}{ASIDE}"), &name).map_err(Error::io("replace", &name))?;
    folder.sync().map_err(Error::io("sync", "."))?;
    Ok((decisions, offset.saturating_sub(length)))
}

/// A file that is written from the beginning.
struct Target {
    file: Box<dyn File>,
    name: String,
    buffer: Vec<u8>,
    begin: u64,
}

impl Target {
    fn frame(&mut self, header: &Header, sequence: u64, group: u64, entry: &[u8]) -> Result<(), Error> {
        let offset = self.begin + self.buffer.len() as u64;
        header.frame(offset, sequence, group, entry, &mut self.buffer);
        if self.buffer.len() >= CHUNK_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.file.write_at(self.begin, &self.buffer).map_err(Error::io("write", &self.name))?;
        self.begin += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Makes it durable, and returns its length.
    fn finish(mut self) -> Result<u64, Error> {
        self.flush()?;
        self.file.sync().map_err(Error::io("sync", &self.name))?;
        Ok(self.begin)
    }
}
