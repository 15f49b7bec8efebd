//! An entry of the log: a head that stays, and sections that may be withheld.
//!
//! The bytes of an entry are the length of its head (4 bytes, little end first), the head as JSON, and for each section of
//! the head a byte: 0 where it was deleted, or 1, its salt of 32 bytes, its length (4 bytes) and its bytes. Deleting takes
//! sections and leaves the head, byte for byte. The digest of the head is therefore what a Merkle tree will have for a leaf.

use crate::error::Error;
use crate::id::EntryId;
use crate::section::{CALLER, MOST_SECTIONS, Salt, Section, commitment, is_name, sections};
use jiff::Timestamp;
use lexgate_model::decision::Kind as Counts;
use lexgate_model::{Digest, Record};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Most bytes of an entry. The record of 256 bindings that all say as much as they may has some 50 MiB.
pub const MOST_ENTRY_BYTES: usize = 64 << 20;

/// Most bytes of a head: sixteen sections, and texts.
const MOST_HEAD_BYTES: usize = 16 << 10;

/// Most bytes of a tenant's name, and of the revision of a set.
const MOST_TEXT_BYTES: usize = 256;

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A decision, with its record.
    Decision,
    /// A policy set was put.
    SetPut,
    /// A policy set was rolled back to an earlier revision.
    SetRolledBack,
    /// Decisions are deleted. See [`Deletion`](crate::Deletion).
    Deletion,
    /// Decisions must not be deleted. See [`Hold`](crate::Hold).
    Hold,
    /// A hold has ended. See [`HoldLifted`](crate::HoldLifted).
    HoldLifted,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 6] =
        [Kind::Decision, Kind::SetPut, Kind::SetRolledBack, Kind::Deletion, Kind::Hold, Kind::HoldLifted];

    /// Returns the word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Decision => "decision",
            Kind::SetPut => "set-put",
            Kind::SetRolledBack => "set-rolled-back",
            Kind::Deletion => "deletion",
            Kind::Hold => "hold",
            Kind::HoldLifted => "hold-lifted",
        }
    }
}

/// What the caller said beside the request: the section `caller`. It is deleted with the others.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Caller {
    /// With an equal key, the same tenant means the same decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// What the caller calls the request in its own logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// What is to be appended. The log adds id, instant and sequence number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    kind: Kind,
    tenant: String,
    set_revision: Option<String>,
    sections: Vec<Section>,
}

impl Draft {
    /// Returns an entry of sections: their names, and JSON for each.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty or long tenant, too many sections, names that are no names or stand twice, and
    /// when the system has no randomness for salts.
    pub fn new(
        kind: Kind,
        tenant: &str,
        set_revision: Option<&str>,
        sections: Vec<(&str, Vec<u8>)>,
    ) -> Result<Draft, Error> {
        let invalid = |why: String| Err(Error::Invalid(why));
        let long = |text: &str| text.is_empty() || text.len() > MOST_TEXT_BYTES;
        if long(tenant) {
            return invalid(format!("the name of a tenant has 1 to {MOST_TEXT_BYTES} bytes"));
        }
        if set_revision.is_some_and(long) {
            return invalid(format!("the revision of a policy set has 1 to {MOST_TEXT_BYTES} bytes"));
        }
        if sections.len() > MOST_SECTIONS {
            return invalid(format!("an entry has at most {MOST_SECTIONS} sections"));
        }
        for (number, (name, _)) in sections.iter().enumerate() {
            if !is_name(name) {
                return invalid(format!("`{name}` is no name of a section: lower-case letters and hyphens"));
            }
            if sections.iter().take(number).any(|(before, _)| before == name) {
                return invalid(format!("the section `{name}` stands twice"));
            }
        }
        let bytes: usize = sections.iter().map(|(_, bytes)| bytes.len()).sum();
        if bytes > MOST_ENTRY_BYTES - MOST_HEAD_BYTES - 1024 {
            return invalid(format!("{bytes} bytes are more than an entry may have ({MOST_ENTRY_BYTES})"));
        }
        let sections = Section::all(sections)?;
        let set_revision = set_revision.map(str::to_owned);
        Ok(Draft { kind, tenant: tenant.to_owned(), set_revision, sections })
    }

    /// Returns the entry of a decision.
    ///
    /// # Errors
    /// As [`Draft::new`].
    pub fn decision<M: Counts>(
        tenant: &str,
        set_revision: &str,
        record: &Record<M>,
        caller: &Caller,
    ) -> Result<Draft, Error> {
        let mut sections = sections(record)?;
        if *caller != Caller::default() {
            sections.push((CALLER, to_json(caller)?));
        }
        Draft::new(Kind::Decision, tenant, Some(set_revision), sections)
    }

    /// Returns about how many bytes it will have.
    pub(crate) fn bytes(&self) -> usize {
        let sections: usize = self.sections.iter().map(|section| section.bytes.len() + 128).sum();
        sections + self.tenant.len() + 256
    }

    /// Returns what is left to do when its turn comes: the commitments are made here, by whoever appends.
    pub(crate) fn seal(self) -> Sealed {
        let commitments = self.sections.iter().map(Section::commitment).collect();
        let caller = self.sections.iter().find(|section| section.name == CALLER);
        let caller = caller.and_then(|section| serde_json::from_slice::<Caller>(&section.bytes).ok());
        Sealed { key: caller.and_then(|caller| caller.idempotency_key), draft: self, commitments }
    }
}

/// Returns the JSON of something of ours.
pub(crate) fn to_json(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::Invalid(format!("cannot be written as JSON: {error}")))
}

/// A draft with the commitments to its sections.
#[derive(Debug)]
pub(crate) struct Sealed {
    draft: Draft,
    commitments: Vec<Digest>,
    /// The idempotency key.
    key: Option<String>,
}

impl Sealed {
    pub(crate) fn bytes(&self) -> usize {
        self.draft.bytes()
    }

    /// Returns the tenant, and the idempotency key, if there is one.
    pub(crate) fn key(&self) -> Option<(String, String)> {
        Some((self.draft.tenant.clone(), self.key.clone()?))
    }

    /// Adds the bytes of the entry.
    pub(crate) fn write(&self, id: EntryId, recorded: Timestamp, to: &mut Vec<u8>) -> Result<(), Error> {
        let draft = &self.draft;
        let named = draft.sections.iter().zip(&self.commitments);
        let sections = named
            .map(|(section, commitment)| Committed {
                name: Cow::Borrowed(&section.name),
                commitment: *commitment,
            })
            .collect();
        let head = Head {
            id,
            kind: draft.kind,
            tenant: Cow::Borrowed(&draft.tenant),
            recorded,
            set_revision: draft.set_revision.as_deref().map(Cow::Borrowed),
            sections,
        };
        let head = to_json(&head)?;
        write_entry(&head, draft.sections.iter().map(Some), to)
    }
}

fn write_entry<'a>(
    head: &[u8],
    sections: impl Iterator<Item = Option<&'a Section>>,
    to: &mut Vec<u8>,
) -> Result<(), Error> {
    let length = |bytes: &[u8]| {
        let long = |_| Error::Invalid("an entry has more than 4 GiB".to_owned());
        u32::try_from(bytes.len()).map(u32::to_le_bytes).map_err(long)
    };
    to.extend_from_slice(&length(head)?);
    to.extend_from_slice(head);
    for section in sections {
        let Some(section) = section else {
            to.push(0);
            continue;
        };
        to.push(1);
        to.extend_from_slice(&section.salt.0);
        to.extend_from_slice(&length(&section.bytes)?);
        to.extend_from_slice(&section.bytes);
    }
    Ok(())
}

/// What of an entry stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Head<'a> {
    /// Its id.
    pub id: EntryId,
    /// What it is about.
    pub kind: Kind,
    /// Whose it is.
    pub tenant: Cow<'a, str>,
    /// When it was written by the clock of the host, which may have gone backwards; order is the order of ids.
    pub recorded: Timestamp,
    /// The revision of the policy set that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_revision: Option<Cow<'a, str>>,
    /// Its sections.
    pub sections: Vec<Committed<'a>>,
}

/// The name of a section, and the commitment to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Committed<'a> {
    /// The name.
    pub name: Cow<'a, str>,
    /// The commitment, see [`commitment`].
    pub commitment: Digest,
}

/// An entry that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number: the first of a log is 1, and none is left out.
    pub sequence: u64,
    /// What stays.
    pub head: Head<'static>,
    /// The bytes of the head, as they were written.
    pub head_bytes: Vec<u8>,
    /// The sections that are there, in the order of the head. None of them where the entry was deleted.
    pub sections: Vec<Section>,
}

impl Entry {
    /// Reads the bytes of an entry.
    pub(crate) fn read(sequence: u64, bytes: &[u8]) -> Result<Entry, &'static str> {
        let mut rest = bytes;
        let head_bytes = take_counted(&mut rest).ok_or("the head is cut")?;
        if head_bytes.len() > MOST_HEAD_BYTES {
            return Err("the head is too long");
        }
        let head: Head<'static> = serde_json::from_slice(head_bytes).map_err(|_| "the head is no head")?;
        if head.sections.len() > MOST_SECTIONS {
            return Err("there are too many sections");
        }
        let mut sections = Vec::new();
        for Committed { name, .. } in &head.sections {
            match take(&mut rest, 1).ok_or("a section is cut")? {
                [0] => {}
                [1] => {
                    let salt = rest.split_first_chunk::<32>().ok_or("a salt is cut")?;
                    rest = salt.1;
                    let bytes = take_counted(&mut rest).ok_or("a section is cut")?.to_vec();
                    sections.push(Section { name: name.to_string(), salt: Salt(*salt.0), bytes });
                }
                _ => return Err("a section is neither there nor deleted"),
            }
        }
        if !rest.is_empty() {
            return Err("something stands behind the last section");
        }
        Ok(Entry { sequence, head, head_bytes: head_bytes.to_vec(), sections })
    }

    /// Adds the bytes of the entry without its sections.
    pub(crate) fn write_withheld(&self, to: &mut Vec<u8>) -> Result<(), Error> {
        write_entry(&self.head_bytes, self.head.sections.iter().map(|_| None), to)
    }

    /// Returns a section, unless it was deleted or never there.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// Returns the JSON of the record of a decision, with the bytes it had.
    ///
    /// # Errors
    /// When it was deleted, or is no decision.
    pub fn record(&self) -> Result<Vec<u8>, Error> {
        crate::section::join(&self.sections)
    }

    /// Returns what the caller said beside the request.
    #[must_use]
    pub fn caller(&self) -> Caller {
        let section = self.section(CALLER);
        section.and_then(|section| serde_json::from_slice(&section.bytes).ok()).unwrap_or_default()
    }

    /// Returns whether its sections were deleted.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.sections.len() < self.head.sections.len()
    }

    /// Returns the digest of its head. It commits to all sections, and stays when they are deleted.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.head_bytes)
    }

    /// Returns the sections that are not what the head says.
    pub(crate) fn broken(&self) -> impl Iterator<Item = &str> {
        self.head.sections.iter().filter_map(|committed| {
            let section = self.section(&committed.name)?;
            let same = commitment(&section.name, &section.salt, &section.bytes) == committed.commitment;
            (!same).then_some(committed.name.as_ref())
        })
    }
}

fn take<'a>(from: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(taken)
}

/// Takes a length of 4 bytes, and so many bytes.
fn take_counted<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = from.split_first_chunk::<4>()?;
    *from = rest;
    take(from, usize::try_from(u32::from_le_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Ids;

    fn written(sections: Vec<(&str, Vec<u8>)>) -> Vec<u8> {
        let draft = Draft::new(Kind::SetPut, "acme", Some("7"), sections).unwrap();
        let mut bytes = Vec::new();
        let id = Ids::after(None).next(5, [3; 10]);
        draft.seal().write(id, Timestamp::UNIX_EPOCH, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn an_entry_reads_as_it_was_written_and_holds_to_its_commitments() {
        let entry = Entry::read(9, &written(vec![("a", b"{}".to_vec()), ("b", vec![])])).unwrap();
        assert_eq!((entry.sequence, entry.head.tenant.as_ref()), (9, "acme"));
        assert_eq!(entry.section("a").unwrap().bytes, b"{}");
        assert_eq!(entry.broken().count(), 0);
        let mut altered = entry.clone();
        altered.sections[0].bytes.push(b' ');
        assert_eq!(altered.broken().collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn deleting_leaves_the_head_byte_for_byte() {
        let entry = Entry::read(9, &written(vec![("a", b"{}".to_vec())])).unwrap();
        let mut bytes = Vec::new();
        entry.write_withheld(&mut bytes).unwrap();
        let left = Entry::read(9, &bytes).unwrap();
        assert!(left.is_deleted() && !entry.is_deleted());
        assert_eq!((left.digest(), &left.head), (entry.digest(), &entry.head));
        assert!(left.sections.is_empty());
    }

    #[test]
    fn cut_or_lengthened_bytes_are_no_entry() {
        let bytes = written(vec![("a", b"{}".to_vec())]);
        for length in 0..bytes.len() {
            assert!(Entry::read(1, &bytes[..length]).is_err(), "{length}");
        }
        assert!(Entry::read(1, &[bytes.clone(), vec![0]].concat()).is_err());
        // A length of 4 GiB allocates nothing.
        assert!(Entry::read(1, &[0xff, 0xff, 0xff, 0xff, 1]).is_err());
    }

    #[test]
    fn what_is_no_entry_cannot_be_drafted() {
        let cases: [(&str, Option<&str>, Vec<&str>, &str); 6] = [
            ("", None, vec![], "name of a tenant"),
            ("t", Some(""), vec![], "revision"),
            ("t", None, vec!["a", "a"], "stands twice"),
            ("t", None, vec!["A"], "no name"),
            ("t", None, vec![""], "no name"),
            ("t", None, vec!["a"; 17], "at most 16"),
        ];
        for (tenant, revision, names, expected) in cases {
            let sections = names.into_iter().map(|name| (name, Vec::new())).collect();
            let error = Draft::new(Kind::SetPut, tenant, revision, sections).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
