//! The idempotency keys of entries that are durable and may not be in the index yet: looking one up waits for no index.

use crate::id::EntryId;
use crate::read::Location;
use std::collections::{BTreeMap, VecDeque};

/// Most keys that are kept, which with their tenants are some tens of MiB. Chosen by feel.
pub(crate) const MOST_KEYS: usize = 100_000;

/// A tenant, and a key of its.
type Key = (String, String);

/// An entry that was asked for with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keyed {
    pub(crate) sequence: u64,
    pub(crate) id: EntryId,
    pub(crate) location: Location,
    pub(crate) key: Key,
}

/// Keys, in the order of the log.
#[derive(Debug)]
pub(crate) struct Keys {
    /// What has a lower number is in the index, or has to be awaited there. All others are here.
    from: u64,
    most: usize,
    entries: VecDeque<Keyed>,
    /// For each key, the number of the first entry here that has it.
    first: BTreeMap<Key, u64>,
}

impl Keys {
    /// Begins with the entry that has this number.
    pub(crate) fn new(from: u64, most: usize) -> Keys {
        Keys { from, most, entries: VecDeque::new(), first: BTreeMap::new() }
    }

    /// Takes in the next entry that has a key.
    pub(crate) fn add(&mut self, entry: Keyed) {
        self.first.entry(entry.key.clone()).or_insert(entry.sequence);
        self.entries.push_back(entry);
        if self.entries.len() > self.most
            && let Some(oldest) = self.entries.front()
        {
            self.forget(oldest.sequence);
        }
    }

    /// Forgets what has come into the index: everything up to a number.
    pub(crate) fn forget(&mut self, last: u64) {
        while let Some(entry) = self.entries.pop_front_if(|entry| entry.sequence <= last) {
            // Whoever has the same key later is not the first, which the index knows.
            self.first.remove(&entry.key);
        }
        self.from = self.from.max(last + 1);
    }

    /// Returns the first entry here with a key, and how far the index must have come to know all that are not here.
    pub(crate) fn find(&self, tenant: &str, key: &str) -> (Option<(EntryId, Location)>, u64) {
        let first = self.first.get(&(tenant.to_owned(), key.to_owned())).and_then(|sequence| {
            let at = self.entries.binary_search_by_key(sequence, |entry| entry.sequence).ok()?;
            self.entries.get(at).map(|entry| (entry.id, entry.location))
        });
        (first, self.from.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyed(sequence: u64, key: &str) -> Keyed {
        let location = Location { segment: 1, offset: sequence };
        Keyed { sequence, id: EntryId::from_bytes([7; 16]), location, key: ("acme".into(), key.into()) }
    }

    #[test]
    fn of_equal_keys_the_first_is_found_until_the_index_has_it() {
        let mut keys = Keys::new(5, 10);
        let place = |keys: &Keys, key| {
            let (found, index) = keys.find("acme", key);
            (found.map(|(_, location)| location.offset), index)
        };
        assert_eq!(place(&keys, "a"), (None, 4));
        for (sequence, key) in [(6, "a"), (8, "b"), (9, "a")] {
            keys.add(keyed(sequence, key));
        }
        assert_eq!(place(&keys, "a"), (Some(6), 4));
        assert_eq!(keys.find("other", "a").0, None);
        keys.forget(7);
        assert_eq!(place(&keys, "a"), (None, 7));
        assert_eq!(place(&keys, "b"), (Some(8), 7));
        // An index that is made again has come less far; what was forgotten stays forgotten.
        keys.forget(2);
        assert_eq!(place(&keys, "b"), (Some(8), 7));
    }

    #[test]
    fn what_is_too_much_has_to_be_awaited() {
        let mut keys = Keys::new(1, 2);
        for (sequence, key) in [(1, "a"), (4, "b"), (6, "c")] {
            keys.add(keyed(sequence, key));
        }
        assert_eq!(keys.find("acme", "a"), (None, 1));
        assert_eq!(keys.find("acme", "b").0.map(|(_, location)| location.offset), Some(4));
    }
}
