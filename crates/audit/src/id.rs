//! Ids of entries: UUIDs of version 7 (RFC 9562), each larger than the one before, whatever the clock does.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// The bits behind time and version that count up: 12 of `rand_a`, 62 of `rand_b`.
const COUNTING_BITS: u32 = 74;

/// The id of an entry. Ids sort as the entries were written; the first 48 bits are about the millisecond of that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntryId(Uuid);

impl EntryId {
    /// Returns the id of these bytes, big end first.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> EntryId {
        EntryId(Uuid::from_bytes(bytes))
    }

    /// Returns its bytes, big end first.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not an [`EntryId`].
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not the id of an entry: expected a UUID like 01932f6e-7a3b-7c4d-8e5f-0123456789ab")]
pub struct NotEntryId(String);

impl FromStr for EntryId {
    type Err = NotEntryId;

    fn from_str(text: &str) -> Result<EntryId, NotEntryId> {
        Uuid::try_parse(text).map(EntryId).map_err(|_| NotEntryId(text.chars().take(80).collect()))
    }
}

/// Gives out ids.
#[derive(Debug)]
pub(crate) struct Ids {
    milliseconds: u64,
    count: u128,
}

impl Ids {
    /// Returns the ids after the last that was given out.
    pub(crate) fn after(last: Option<EntryId>) -> Ids {
        let Some(EntryId(last)) = last else { return Ids { milliseconds: 0, count: 0 } };
        let bits = last.as_u128();
        let (a, b) = ((bits >> 64) & 0xfff, bits & (u128::MAX >> 66));
        Ids { milliseconds: (bits >> 80) as u64, count: a << 62 | b }
    }

    /// Returns the next id: of this millisecond, or of the last id's where the clock has not passed it. Among ids of one
    /// millisecond the next is larger by a random number, so that nobody guesses it from the last.
    pub(crate) fn next(&mut self, milliseconds: u64, random: [u8; 10]) -> EntryId {
        let random = random.iter().fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
        // The top bit is left free to count into.
        let fresh = random >> (80 - (COUNTING_BITS - 1));
        let step = (random & u128::from(u32::MAX)) + 1;
        if milliseconds > self.milliseconds {
            (self.milliseconds, self.count) = (milliseconds, fresh);
        } else {
            self.count += step;
            if self.count >> COUNTING_BITS != 0 {
                (self.milliseconds, self.count) = (self.milliseconds + 1, fresh);
            }
        }
        let (a, b) = (self.count >> 62, self.count & (u128::MAX >> 66));
        EntryId(Uuid::from_u128(u128::from(self.milliseconds) << 80 | 7 << 76 | a << 64 | 2 << 62 | b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_whatever_the_clock_does_and_after_opening_again() {
        let mut ids = Ids::after(None);
        let mut last = ids.next(5, [0; 10]);
        for (step, clock) in [7, 7, 3, 0, 7, 8, 2, 1 << 40, 9, 9].into_iter().enumerate() {
            if step % 3 == 0 {
                ids = Ids::after(Some(last));
            }
            let id = ids.next(clock, [step as u8 * 25; 10]);
            assert!(id > last, "{id} after {last}");
            assert_eq!((id.0.get_version_num(), id.0.get_variant()), (7, uuid::Variant::RFC4122));
            assert_eq!(id.to_string().parse::<EntryId>().unwrap(), id);
            last = id;
        }
    }

    #[test]
    fn a_millisecond_that_is_full_runs_into_the_next() {
        let mut ids = Ids { milliseconds: 5, count: (1 << COUNTING_BITS) - 1 };
        let before = Ids { milliseconds: 5, count: (1 << COUNTING_BITS) - 1 }.milliseconds;
        let id = ids.next(5, [0xff; 10]);
        assert_eq!((before, ids.milliseconds), (5, 6));
        assert!(id > Ids { milliseconds: 5, count: 0 }.next(5, [0xff; 10]));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for bad in ["", "x", "01932f6e-7a3b-7c4d-8e5f-0123456789a"] {
            assert!(bad.parse::<EntryId>().is_err(), "{bad}");
        }
    }
}
