//! The files of a log: a header, and frames one after the other.
//!
//! ```text
//! header   0  8  LEXGLOG and a line feed      frame   0  4  e7 4c 58 01
//!          8  4  format, 1                            4  4  bytes of the entry
//!         12  4  generation: how often rewritten      8  8  sequence number
//!         16  8  number of the segment               16  8  sequence number of the first entry of its group
//!         24  8  sequence number of its first entry  24  4  CRC-32
//!         32 16  id of its first entry               28     the entry
//!         48 16  id of the log, random
//!         64 12  zero; kept for the Merkle tree
//!         76  4  CRC-32 of the 76 bytes before
//! ```
//!
//! Numbers have their little end first. The CRC of a frame also goes over the log's id, the segment's number and the place in
//! the file. So nothing passes for a frame that was written elsewhere, or by a requester who does not know the id.

use crate::error::Error;
use crate::files::{File, Folder};
use crate::id::EntryId;
use std::ops::Range;

/// The only format there is.
const FORMAT: u32 = 1;
const MAGIC: [u8; 8] = *b"LEXGLOG\n";
const MARK: [u8; 4] = [0xe7, b'L', b'X', 1];

pub(crate) const HEADER_BYTES: usize = 80;
pub(crate) const FRAME_BYTES: usize = 28;

/// How much is read at a time.
const CHUNK_BYTES: usize = 256 << 10;

/// Returns the name of a segment's file.
pub(crate) fn file_name(number: u64) -> String {
    format!("segment-{number:010}.log")
}

/// Returns the number of the segment in a file of this name.
pub(crate) fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("segment-")?.strip_suffix(".log")?;
    let number = digits.parse().ok()?;
    (file_name(number) == name).then_some(number)
}

/// Returns the numbers of the segments in a folder, all there from the first to the last.
pub(crate) fn numbers(folder: &dyn Folder) -> Result<Range<u64>, Error> {
    let names = folder.names().map_err(Error::io("list", "."))?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| number_of(name)).collect();
    numbers.sort_unstable();
    let gap = numbers.iter().zip(1..).find(|(number, expected)| *number != expected);
    if let Some((_, expected)) = gap {
        return Err(Error::Missing(file_name(expected)));
    }
    Ok(1..numbers.len() as u64 + 1)
}

/// The header of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) generation: u32,
    pub(crate) number: u64,
    pub(crate) first: u64,
    pub(crate) first_id: EntryId,
    pub(crate) log: [u8; 16],
}

impl Header {
    pub(crate) fn write(&self, to: &mut Vec<u8>) {
        let begin = to.len();
        to.extend_from_slice(&MAGIC);
        to.extend_from_slice(&FORMAT.to_le_bytes());
        to.extend_from_slice(&self.generation.to_le_bytes());
        to.extend_from_slice(&self.number.to_le_bytes());
        to.extend_from_slice(&self.first.to_le_bytes());
        to.extend_from_slice(&self.first_id.to_bytes());
        to.extend_from_slice(&self.log);
        to.extend_from_slice(&[0; 12]);
        let crc = crc32fast::hash(to.get(begin..).unwrap_or_default());
        to.extend_from_slice(&crc.to_le_bytes());
    }

    fn read(file: &str, bytes: &[u8; HEADER_BYTES]) -> Result<Header, Error> {
        let mut fields = Fields(bytes);
        let magic: [u8; 8] = fields.take();
        let version = u32::from_le_bytes(fields.take());
        let generation = u32::from_le_bytes(fields.take());
        let (number, first) = (u64::from_le_bytes(fields.take()), u64::from_le_bytes(fields.take()));
        let (first_id, log) = (EntryId::from_bytes(fields.take()), fields.take());
        let _kept: [u8; 12] = fields.take();
        let crc = u32::from_le_bytes(fields.take());
        if magic != MAGIC {
            return Err(Error::damaged(file, 0, "it does not begin as a segment does"));
        }
        if version != FORMAT {
            return Err(Error::Format { file: file.to_owned(), version, known: FORMAT });
        }
        if crc != crc32fast::hash(bytes.get(..HEADER_BYTES - 4).unwrap_or_default()) {
            return Err(Error::damaged(file, 0, "the checksum of the header is wrong"));
        }
        if number_of(file).is_some_and(|expected| expected != number) {
            return Err(Error::damaged(file, 0, format!("it is segment {number} under another name")));
        }
        Ok(Header { generation, number, first, first_id, log })
    }

    /// Adds the frame of an entry that is to lie at this place of the file.
    pub(crate) fn frame(&self, offset: u64, sequence: u64, group: u64, entry: &[u8], to: &mut Vec<u8>) {
        let begin = to.len();
        to.extend_from_slice(&MARK);
        // INVARIANT: drafts are smaller than 64 MiB.
        to.extend_from_slice(&u32::try_from(entry.len()).unwrap_or(u32::MAX).to_le_bytes());
        to.extend_from_slice(&sequence.to_le_bytes());
        to.extend_from_slice(&group.to_le_bytes());
        let crc = self.checksum(offset, to.get(begin..).unwrap_or_default(), entry);
        to.extend_from_slice(&crc.to_le_bytes());
        to.extend_from_slice(entry);
    }

    fn checksum(&self, offset: u64, front: &[u8], entry: &[u8]) -> u32 {
        let mut crc = crc32fast::Hasher::new();
        for part in [&self.log[..], &self.number.to_le_bytes(), &offset.to_le_bytes(), front, entry] {
            crc.update(part);
        }
        crc.finalize()
    }
}

/// Fields of fixed length, one after the other.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const LENGTH: usize>(&mut self) -> [u8; LENGTH] {
        // INVARIANT: whoever makes it has as many bytes as are taken.
        let Some((field, rest)) = self.0.split_first_chunk() else { return [0; LENGTH] };
        self.0 = rest;
        *field
    }
}

/// A frame that was checked.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) offset: u64,
    pub(crate) sequence: u64,
    pub(crate) group: u64,
    pub(crate) entry: &'a [u8],
}

impl Frame<'_> {
    /// Returns where the next one begins.
    pub(crate) fn end(&self) -> u64 {
        self.offset + (FRAME_BYTES + self.entry.len()) as u64
    }
}

/// What lies at a place of a segment.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    Frame(Frame<'a>),
    /// The file ends here.
    End,
    /// No frame, and why.
    Bad(&'static str),
}

/// A segment that is read.
pub(crate) struct Segment {
    pub(crate) name: String,
    pub(crate) header: Header,
    file: Box<dyn File>,
    buffer: Vec<u8>,
    /// Where in the file the buffer begins.
    begin: u64,
}

impl Segment {
    /// Opens a segment to read it. Nothing if the file is shorter than a header, as a crash can leave the last one.
    pub(crate) fn open(folder: &dyn Folder, number: u64) -> Result<Option<Segment>, Error> {
        let name = file_name(number);
        let file = folder.read(&name).map_err(Error::io("open", &name))?;
        Segment::of(name, file)
    }

    /// Opens a segment that has a header, because there are later ones or because it was read before.
    pub(crate) fn open_whole(folder: &dyn Folder, number: u64) -> Result<Segment, Error> {
        let cut = || Error::damaged(&file_name(number), 0, "it is cut in its header");
        Segment::open(folder, number)?.ok_or_else(cut)
    }

    pub(crate) fn of(name: String, file: Box<dyn File>) -> Result<Option<Segment>, Error> {
        let mut bytes = [0; HEADER_BYTES];
        let read = read_all(&*file, 0, &mut bytes).map_err(Error::io("read", &name))?;
        if read < HEADER_BYTES {
            return Ok(None);
        }
        let header = Header::read(&name, &bytes)?;
        Ok(Some(Segment { name, header, file, buffer: Vec::new(), begin: 0 }))
    }

    /// Returns what lies at a place. Lengths are checked before anything is allocated for them.
    pub(crate) fn at(&mut self, offset: u64) -> Result<Found<'_>, Error> {
        let Some(front) = self.bytes(offset, FRAME_BYTES)? else {
            return Ok(if self.bytes(offset, 1)?.is_none() {
                Found::End
            } else {
                Found::Bad("a frame is cut")
            });
        };
        let mut fields = Fields(front);
        let mark: [u8; 4] = fields.take();
        let length = u32::from_le_bytes(fields.take()) as usize;
        let (sequence, group) = (u64::from_le_bytes(fields.take()), u64::from_le_bytes(fields.take()));
        let crc = u32::from_le_bytes(fields.take());
        if mark != MARK {
            return Ok(Found::Bad("no frame begins here"));
        }
        if length > crate::entry::MOST_ENTRY_BYTES {
            return Ok(Found::Bad("a frame is longer than it may be"));
        }
        let header = self.header;
        let Some(bytes) = self.bytes(offset, FRAME_BYTES + length)? else {
            return Ok(Found::Bad("a frame is cut"));
        };
        let (front, entry) = bytes.split_at_checked(FRAME_BYTES).unwrap_or_default();
        if crc != header.checksum(offset, front.get(..FRAME_BYTES - 4).unwrap_or_default(), entry) {
            return Ok(Found::Bad("the checksum of a frame is wrong"));
        }
        Ok(Found::Frame(Frame { offset, sequence, group, entry }))
    }

    /// Returns the place of the first frame behind a place, whatever lies between, and the group it belongs to.
    pub(crate) fn next_frame(&mut self, behind: u64) -> Result<Option<(u64, u64)>, Error> {
        let mut offset = behind + 1;
        loop {
            let Some(rest) = self.some_bytes(offset)? else { return Ok(None) };
            let mark = rest.windows(MARK.len()).position(|window| window == MARK);
            match mark {
                Some(at) => {
                    offset += at as u64;
                    if let Found::Frame(frame) = self.at(offset)? {
                        return Ok(Some((offset, frame.group)));
                    }
                    offset += 1;
                }
                // A mark may begin in the last three bytes.
                None => offset += rest.len().saturating_sub(MARK.len() - 1).max(1) as u64,
            }
        }
    }

    /// Returns whether a later group was begun behind a place where an entry with this number was expected: then the place
    /// was durable once.
    pub(crate) fn has_later_group(&mut self, offset: u64, expected: u64) -> Result<bool, Error> {
        let mut from = offset;
        while let Some((at, group)) = self.next_frame(from)? {
            if group > expected {
                return Ok(true);
            }
            from = at;
        }
        Ok(false)
    }

    /// Returns how long the file is by now.
    pub(crate) fn length(&self) -> Result<u64, Error> {
        self.file.length().map_err(Error::io("measure", &self.name))
    }

    /// Forgets what was read before, because the file may have grown.
    pub(crate) fn refresh(&mut self) {
        self.buffer.clear();
    }

    /// Returns so many bytes at a place; nothing if the file ends before.
    pub(crate) fn bytes(&mut self, offset: u64, length: usize) -> Result<Option<&[u8]>, Error> {
        if self.range(offset, length).is_none() {
            let left = self.length()?.saturating_sub(offset);
            if (length as u64) > left {
                return Ok(None);
            }
            let wanted = length.max(CHUNK_BYTES).min(usize::try_from(left).unwrap_or(usize::MAX));
            self.buffer.resize(wanted, 0);
            self.begin = offset;
            let read =
                read_all(&*self.file, offset, &mut self.buffer).map_err(Error::io("read", &self.name))?;
            self.buffer.truncate(read);
        }
        Ok(self.range(offset, length).and_then(|range| self.buffer.get(range)))
    }

    /// Returns all bytes at a place that are read already, and at least one; nothing at the end.
    fn some_bytes(&mut self, offset: u64) -> Result<Option<&[u8]>, Error> {
        let least =
            usize::try_from(self.length()?.saturating_sub(offset)).unwrap_or(usize::MAX).min(MARK.len());
        if least == 0 || self.bytes(offset, least)?.is_none() {
            return Ok(None);
        }
        let from = usize::try_from(offset.saturating_sub(self.begin)).unwrap_or(usize::MAX);
        Ok(self.buffer.get(from..))
    }

    fn range(&self, offset: u64, length: usize) -> Option<Range<usize>> {
        let from = usize::try_from(offset.checked_sub(self.begin)?).ok()?;
        let to = from.checked_add(length)?;
        (to <= self.buffer.len()).then_some(from..to)
    }
}

/// Reads until the bytes are full or the file ends, and returns how many there are.
fn read_all(file: &dyn File, offset: u64, bytes: &mut [u8]) -> std::io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(offset + done as u64, rest)? {
            0 => break,
            read => done += read,
        }
    }
    Ok(done)
}
