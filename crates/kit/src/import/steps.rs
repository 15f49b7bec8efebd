//! Which parties were met, how many steps up, and whose owners are to be looked for next.

use super::error::ImportError;
use std::collections::{HashMap, HashSet};

/// Most parties and relationships of a request.
const MOST_PARTIES: usize = 10_000;
const MOST_RELATIONSHIPS: usize = 20_000;

/// Most bytes of records that are kept. A request has room for 1 MiB; records are wordier. Chosen by feel.
const MOST_KEPT_BYTES: u64 = 64 << 20;

/// Parties that were met, and the edge of what was.
#[derive(Debug, Default)]
pub(super) struct Steps {
    met: HashSet<String>,
    edge: HashSet<String>,
    kept_bytes: u64,
}

impl Steps {
    /// Begins with the parties asked for.
    pub(super) fn from(parties: impl IntoIterator<Item = String>) -> Steps {
        let edge: HashSet<String> = parties.into_iter().collect();
        Steps { met: edge.clone(), edge, kept_bytes: 0 }
    }

    /// Returns whether the owners of this party are looked for now.
    pub(super) fn is_edge(&self, party: &str) -> bool {
        self.edge.contains(party)
    }

    /// Returns whose owners are looked for now.
    pub(super) fn edge(&self) -> HashSet<String> {
        self.edge.clone()
    }

    /// Returns whether nobody is left whose owners could be looked for.
    pub(super) fn is_done(&self) -> bool {
        self.edge.is_empty()
    }

    pub(super) fn is_met(&self, party: &str) -> bool {
        self.met.contains(party)
    }

    /// Goes one step up, to those of these parties that were not met yet.
    pub(super) fn up(&mut self, parties: impl IntoIterator<Item = String>) -> Result<(), ImportError> {
        self.edge = parties.into_iter().filter(|party| !self.met.contains(party)).collect();
        self.met.extend(self.edge.iter().cloned());
        within("parties", self.met.len(), MOST_PARTIES)
    }

    /// Returns everybody who was met.
    pub(super) fn everybody(&self) -> HashSet<String> {
        self.met.clone()
    }

    /// Counts off what is no longer kept.
    pub(super) fn forget(&mut self, bytes: u64) {
        self.kept_bytes = self.kept_bytes.saturating_sub(bytes);
    }

    /// Counts a record that is kept.
    pub(super) fn keep(&mut self, relationships: usize, bytes: u64) -> Result<(), ImportError> {
        self.kept_bytes = self.kept_bytes.saturating_add(bytes);
        within("relationships", relationships, MOST_RELATIONSHIPS)?;
        let kept = usize::try_from(self.kept_bytes).unwrap_or(usize::MAX);
        let most = usize::try_from(MOST_KEPT_BYTES).unwrap_or(usize::MAX);
        within("bytes of the records it is made from", kept, most)
    }
}

fn within(what: &'static str, count: usize, most: usize) -> Result<(), ImportError> {
    if count > most { Err(ImportError::TooMuch { what, most }) } else { Ok(()) }
}

/// Identifiers of statements that were kept, to notice those that stand twice.
#[derive(Debug, Default)]
pub(super) struct Seen {
    numbers: HashMap<String, u64>,
    told: HashSet<u64>,
}

/// What is known of a statement that is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    /// Nothing.
    New,
    /// It was met before.
    Again,
    /// Another one has its identifier; this is the first time that it is noticed of this one.
    Twice,
}

impl Seen {
    /// Most statements about the parties asked for. Chosen by feel: ten for each party of the largest request.
    const MOST: usize = 100_000;

    /// Meets a statement; `number` tells the statements of the files apart.
    pub(super) fn meet(&mut self, id: &str, number: u64) -> Result<Met, ImportError> {
        match self.numbers.get(id) {
            Some(&before) if before == number => Ok(Met::Again),
            Some(_) if self.told.insert(number) => Ok(Met::Twice),
            Some(_) => Ok(Met::Again),
            None => {
                within(
                    "statements about these parties",
                    self.numbers.len() + self.told.len() + 1,
                    Seen::MOST,
                )?;
                self.numbers.insert(id.to_owned(), number);
                Ok(Met::New)
            }
        }
    }
}
