//! Reading a log, also while another process writes it: what is seen is a prefix of what will have been written.
//!
//! The end of the last segment may be a group that is being written and not yet durable. Who needs to know that an entry is
//! durable asks the [`Log`](crate::Log).

use crate::entry::Entry;
use crate::error::Error;
use crate::files::Folder;
use crate::id::EntryId;
use crate::recover::check_follows;
use crate::segment::{Found, HEADER_BYTES, Segment, numbers};
use std::sync::Arc;

/// Where an entry lies. Deleting moves entries, so that a place may be out of date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Location {
    /// The number of the segment.
    pub segment: u64,
    /// The place of its frame, in bytes from the beginning of the file.
    pub offset: u64,
}

/// Reads a log, of which it needs nothing but the files.
#[derive(Clone)]
pub struct Reader {
    folder: Arc<dyn Folder>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

impl Reader {
    /// Returns the reader of the log in a folder.
    #[must_use]
    pub fn new(folder: Arc<dyn Folder>) -> Reader {
        Reader { folder }
    }

    pub(crate) fn folder(&self) -> &dyn Folder {
        &*self.folder
    }

    /// Returns the id of the log, once it has a segment.
    pub(crate) fn identity(&self) -> Result<Option<[u8; 16]>, Error> {
        if numbers(self.folder())?.is_empty() {
            return Ok(None);
        }
        Ok(Segment::open(self.folder(), 1)?.map(|segment| segment.header.log))
    }

    /// Returns all entries from a number on, oldest first. At the end the iterator gives `None`, and goes on when it is asked
    /// again after more was written.
    ///
    /// # Errors
    /// When the beginning cannot be found; damage further on is an item.
    pub fn entries(&self, from: u64) -> Result<Entries, Error> {
        let number = self.segment_where(|segment| segment.header.first <= from)?.unwrap_or(1);
        let mut entries = Entries::new(Arc::clone(&self.folder), number);
        entries.from = from.max(1);
        Ok(entries)
    }

    /// Returns the entry with an id.
    ///
    /// # Errors
    /// [`Error::NoEntry`], and when the log cannot be read.
    pub fn find(&self, id: EntryId) -> Result<Entry, Error> {
        let none = || Error::NoEntry(id.to_string());
        let number = self.segment_where(|segment| segment.header.first_id <= id)?.ok_or_else(none)?;
        for item in Entries::new(Arc::clone(&self.folder), number) {
            let (location, entry) = item?;
            if entry.head.id == id {
                return Ok(entry);
            }
            if entry.head.id > id || location.segment > number {
                break;
            }
        }
        Err(none())
    }

    /// Returns the entry at a place, if it is the one with this id.
    ///
    /// # Errors
    /// When the log cannot be read there.
    pub fn at(&self, location: Location, id: EntryId) -> Result<Option<Entry>, Error> {
        let mut segment = Segment::open_whole(self.folder(), location.segment)?;
        let Found::Frame(frame) = segment.at(location.offset)? else { return Ok(None) };
        Ok(Entry::read(frame.sequence, frame.entry).ok().filter(|entry| entry.head.id == id))
    }

    /// Returns the last segment for which something holds, if it holds for a segment only when for all before it.
    fn segment_where(&self, holds: impl Fn(&Segment) -> bool) -> Result<Option<u64>, Error> {
        let all = numbers(self.folder())?;
        let (mut low, mut high) = (all.start, all.end);
        while low < high {
            let middle = low + (high - low) / 2;
            // The last segment may have no header yet.
            let segment = Segment::open(self.folder(), middle)?;
            if segment.is_some_and(|segment| holds(&segment)) { low = middle + 1 } else { high = middle }
        }
        Ok(low.checked_sub(1).filter(|number| *number > 0))
    }
}

/// Entries of a log, one after the other.
pub struct Entries {
    folder: Arc<dyn Folder>,
    number: u64,
    segment: Option<Segment>,
    offset: u64,
    /// The number of the next entry, once one was read.
    expected: Option<u64>,
    /// Entries before this are passed over.
    from: u64,
    failed: bool,
}

impl std::fmt::Debug for Entries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entries")
            .field("segment", &self.number)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

impl Iterator for Entries {
    type Item = Result<(Location, Entry), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            match self.step() {
                Ok(Some((_, entry))) if entry.sequence < self.from => {}
                Ok(found) => return found.map(Ok),
                Err(error) => {
                    // Damage does not go away by asking again.
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

impl Entries {
    fn new(folder: Arc<dyn Folder>, number: u64) -> Entries {
        Entries {
            folder,
            number,
            segment: None,
            offset: HEADER_BYTES as u64,
            expected: None,
            from: 0,
            failed: false,
        }
    }

    /// Returns the number of the next entry, once one was read.
    pub(crate) fn expected(&self) -> Option<u64> {
        self.expected
    }

    /// Returns how often the segment that is read was rewritten.
    pub(crate) fn generation(&self) -> u32 {
        self.segment.as_ref().map_or(0, |segment| segment.header.generation)
    }

    fn step(&mut self) -> Result<Option<(Location, Entry)>, Error> {
        loop {
            if self.segment.is_none() && !self.open()? {
                return Ok(None);
            }
            let location = Location { segment: self.number, offset: self.offset };
            let Some(segment) = &mut self.segment else { return Ok(None) };
            let expected = self.expected.unwrap_or(segment.header.first);
            let what = match segment.at(self.offset)? {
                Found::Frame(frame) => {
                    let (sequence, end) = (frame.sequence, frame.end());
                    let entry = Entry::read(sequence, frame.entry);
                    if sequence != expected {
                        let what = format!("entry {sequence} stands where {expected} belongs");
                        return Err(Error::damaged(&segment.name, self.offset, what));
                    }
                    let entry = entry.map_err(|what| Error::damaged(&segment.name, self.offset, what))?;
                    (self.offset, self.expected) = (end, Some(expected + 1));
                    return Ok(Some((location, entry)));
                }
                Found::End => None,
                Found::Bad(what) => Some(what),
            };
            // Whether a later segment is there is looked up before this one is read again: by then it was whole.
            let later = numbers(&*self.folder)?.contains(&(self.number + 1));
            segment.refresh();
            if let Found::Frame(_) = segment.at(self.offset)? {
                continue;
            }
            match what {
                None if later => {
                    (self.number, self.segment, self.offset) = (self.number + 1, None, HEADER_BYTES as u64)
                }
                None => return Ok(None),
                Some(what) => {
                    if later || segment.has_later_group(self.offset, expected)? {
                        segment.refresh();
                        if let Found::Frame(_) = segment.at(self.offset)? {
                            continue;
                        }
                        return Err(Error::damaged(&segment.name, self.offset, what));
                    }
                    return Ok(None);
                }
            }
        }
    }

    /// Opens the segment whose turn it is, if it is there by now.
    fn open(&mut self) -> Result<bool, Error> {
        let all = numbers(&*self.folder)?;
        if !all.contains(&self.number) {
            return Ok(false);
        }
        let Some(segment) = Segment::open(&*self.folder, self.number)? else { return Ok(false) };
        if self.number == 1 {
            check_follows(None, &segment.header, &segment.name)?;
        }
        if self.expected.is_some_and(|expected| expected != segment.header.first) {
            let what = format!("it begins with entry {}, which is not the next", segment.header.first);
            return Err(Error::damaged(&segment.name, 24, what));
        }
        self.segment = Some(segment);
        Ok(true)
    }
}
