//! Opening a log: what a crash may have left is told from damage, and only the former is mended.
//!
//! A group is written only after the group before it is durable. So when a crash tears something, it is in the last group of
//! the last segment; nothing in it was acknowledged, and it is cut. If a frame of a *later* group stands behind the place,
//! then the place was durable once, and is damage. A later segment, even one without entries, is such a witness too: it is
//! begun when everything before it is durable, and its header says which entry comes next. Damage is told, and never mended.
//!
//! What is left of the last group is written once more and made durable before anything is appended: after a sync that
//! failed, and after a process was killed, its bytes may be in memory alone, and a system that has told so once need not
//! tell it again.

use crate::entry::Entry;
use crate::error::Error;
use crate::files::{File, Folder};
use crate::id::EntryId;
use crate::segment::{Found, HEADER_BYTES, Header, Segment, file_name, numbers};

/// The ending of a file that is being written in place of a segment.
pub(crate) const ASIDE: &str = ".new";

/// What was found when a log was opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Opened {
    /// Segments.
    pub segments: u64,
    /// Entries. They are numbered from 1 to this.
    pub entries: u64,
    /// Bytes that a crash had left at the end, cut; no entry in them was acknowledged.
    pub cut_bytes: u64,
}

/// The end of a log, where it goes on.
pub(crate) struct Tail {
    pub(crate) opened: Opened,
    /// The id of the log, once it has a segment.
    pub(crate) log: Option<[u8; 16]>,
    pub(crate) last_id: Option<EntryId>,
    /// The last segment and its length in bytes.
    pub(crate) current: Option<(Header, Box<dyn File>, u64)>,
}

/// Opens a log to append to it. Whoever calls has the lock.
pub(crate) fn recover(folder: &dyn Folder) -> Result<Tail, Error> {
    remove_what_was_put_aside(folder)?;
    let mut numbers = numbers(folder)?;
    check_headers(folder, numbers.end)?;
    // The last segment, if nothing in it was acknowledged. It goes, as if it had never been, but only after the one before
    // was looked at: it is the witness that all of that was durable.
    let mut begun: Option<Begun> = None;
    while let Some(last) = numbers.clone().next_back() {
        let name = file_name(last);
        let file = folder.write(&name).map_err(Error::io("open", &name))?;
        match scan(&name, &*file, folder, last)? {
            Scanned::Nothing { bytes, header } => {
                if let Some(later) = &begun {
                    let what = format!("no entry is in it, though `{}` was begun behind it", later.name);
                    return Err(Error::damaged(&name, HEADER_BYTES as u64, what));
                }
                begun = Some(Begun { name, bytes, first: header.map(|header| header.first) });
                numbers.end -= 1;
            }
            Scanned::Entries { header, end, group_begin, sequence, id } => {
                let length = file.length().map_err(Error::io("measure", &name))?;
                let mut cut_bytes = length.saturating_sub(end);
                if let Some(later) = begun {
                    later.check_follows(&name, end, length, sequence)?;
                    cut_bytes += later.remove(folder)?;
                }
                if length > end {
                    file.cut(end).map_err(Error::io("cut", &name))?;
                }
                write_again(&name, folder, last, &*file, group_begin..end)?;
                file.sync().map_err(Error::io("sync", &name))?;
                folder.sync().map_err(Error::io("sync", "."))?;
                let opened = Opened { segments: last, entries: sequence, cut_bytes };
                let current = Some((header, file, end));
                return Ok(Tail { opened, log: Some(header.log), last_id: Some(id), current });
            }
        }
    }
    let cut_bytes = begun.map_or(Ok(0), |begun| begun.remove(folder))?;
    let opened = Opened { cut_bytes, ..Opened::default() };
    Ok(Tail { opened, log: None, last_id: None, current: None })
}

/// A segment that was begun, and in which nothing was acknowledged.
struct Begun {
    name: String,
    bytes: u64,
    /// The number of its first entry, if its header is whole.
    first: Option<u64>,
}

impl Begun {
    /// Returns an error unless the segment before it is whole: its length, where its entries end, and the last of them.
    fn check_follows(&self, before: &str, end: u64, length: u64, sequence: u64) -> Result<(), Error> {
        let next = sequence + 1;
        let what = match self.first {
            _ if length > end => {
                format!("no entry can be read here, though `{}` was begun behind it", self.name)
            }
            Some(first) if first != next => {
                format!(
                    "entry {next} is missing, though `{}` was begun behind it with entry {first}",
                    self.name
                )
            }
            _ => return Ok(()),
        };
        Err(Error::damaged(before, end, what))
    }

    /// Removes it, and returns how many bytes it had. Only then may something be appended to the segment before it.
    fn remove(self, folder: &dyn Folder) -> Result<u64, Error> {
        folder.remove(&self.name).map_err(Error::io("remove", &self.name))?;
        folder.sync().map_err(Error::io("sync", "."))?;
        Ok(self.bytes)
    }
}

/// Removes what a crash kept from its place.
fn remove_what_was_put_aside(folder: &dyn Folder) -> Result<(), Error> {
    for name in folder.names().map_err(Error::io("list", "."))? {
        if name.starts_with("segment-") && name.ends_with(ASIDE) {
            folder.remove(&name).map_err(Error::io("remove", &name))?;
        }
    }
    Ok(())
}

/// Looks at the headers of all segments: one log, ascending. That of the last may not be there.
fn check_headers(folder: &dyn Folder, end: u64) -> Result<(), Error> {
    let mut before: Option<Header> = None;
    for number in 1..end {
        let is_last = number + 1 == end;
        match Segment::open(folder, number) {
            Ok(Some(Segment { header, name, .. })) => {
                check_follows(before.as_ref(), &header, &name)?;
                before = Some(header);
            }
            // What it is, is found out when it is scanned.
            Ok(None) | Err(Error::Damaged { .. }) if is_last => {}
            Ok(None) => return Err(Error::damaged(&file_name(number), 0, "it is cut in its header")),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Returns an error unless one segment may follow another.
pub(crate) fn check_follows(before: Option<&Header>, header: &Header, name: &str) -> Result<(), Error> {
    match before {
        None if header.first != 1 => {
            Err(Error::damaged(name, 24, "the first segment does not begin with entry 1"))
        }
        Some(before) if before.log != header.log => {
            Err(Error::damaged(name, 48, "it belongs to another log"))
        }
        Some(before) if before.first >= header.first || before.first_id >= header.first_id => {
            Err(Error::damaged(name, 24, "it does not come after the segment before it"))
        }
        _ => Ok(()),
    }
}

enum Scanned {
    /// Nothing in the file was ever durable.
    Nothing { bytes: u64, header: Option<Header> },
    Entries {
        header: Header,
        /// Where the last entry ends.
        end: u64,
        /// Where the last group begins.
        group_begin: u64,
        /// The last entry.
        sequence: u64,
        id: EntryId,
    },
}

fn scan(name: &str, file: &dyn File, folder: &dyn Folder, number: u64) -> Result<Scanned, Error> {
    let bytes = file.length().map_err(Error::io("measure", name))?;
    let mut segment = match Segment::open(folder, number) {
        Ok(Some(segment)) => segment,
        Ok(None) => return Ok(Scanned::Nothing { bytes, header: None }),
        // The header is durable before a group is written behind it, so a file of that length never had one.
        Err(Error::Damaged { .. }) if bytes <= HEADER_BYTES as u64 => {
            return Ok(Scanned::Nothing { bytes, header: None });
        }
        Err(error) => return Err(error),
    };
    let header = segment.header;
    let mut expected = header.first;
    let (mut offset, mut last) = (HEADER_BYTES as u64, None);
    let (mut group, mut group_begin) = (0, 0);
    loop {
        match segment.at(offset)? {
            Found::Frame(frame) => {
                if frame.sequence != expected {
                    let what = format!("entry {} stands where {expected} belongs", frame.sequence);
                    return Err(Error::damaged(name, offset, what));
                }
                if frame.group != group {
                    group = frame.group;
                    group_begin = offset;
                }
                let entry = Entry::read(frame.sequence, frame.entry);
                let entry = entry.map_err(|what| Error::damaged(name, offset, what))?;
                last = Some((frame.sequence, entry.head.id));
                (offset, expected) = (frame.end(), expected + 1);
            }
            Found::End => break,
            Found::Bad(what) => {
                if segment.has_later_group(offset, expected)? {
                    return Err(Error::damaged(name, offset, format!("{what}, and entries stand behind it")));
                }
                break;
            }
        }
    }
    let Some((sequence, id)) = last else { return Ok(Scanned::Nothing { bytes, header: Some(header) }) };
    Ok(Scanned::Entries { header, end: offset, group_begin, sequence, id })
}

/// Writes what stands in a range over itself, so that the system knows that it is not durable yet.
fn write_again(
    name: &str,
    folder: &dyn Folder,
    number: u64,
    file: &dyn File,
    range: std::ops::Range<u64>,
) -> Result<(), Error> {
    let mut segment = Segment::open_whole(folder, number)?;
    let mut offset = range.start;
    while offset < range.end {
        let length = usize::try_from(range.end - offset).unwrap_or(usize::MAX).min(1 << 20);
        let bytes = segment.bytes(offset, length)?;
        let bytes =
            bytes.ok_or_else(|| Error::damaged(name, offset, "it became shorter while it was read"))?;
        file.write_at(offset, bytes).map_err(Error::io("write", name))?;
        offset += length as u64;
    }
    Ok(())
}
