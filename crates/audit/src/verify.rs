//! Checking a whole log: every checksum, number, id, commitment and digest, and that what is missing was deleted.

use crate::entry::{Entry, Kind};
use crate::error::Error;
use crate::read::Reader;
use crate::recover::check_follows;
use crate::retention::Ledger;
use crate::section::{META, REQUEST};
use crate::segment::{Found, HEADER_BYTES, Header, Segment, file_name, numbers};
use lexgate_model::Digest;
use serde::{Deserialize, Serialize};

/// Most problems of a segment that are told one by one.
const MOST_PROBLEMS: usize = 100;

/// What was found out about a log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// The segments, in order.
    pub segments: Vec<SegmentReport>,
}

impl Verified {
    /// Returns whether there is no problem.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.segments.iter().all(|segment| segment.problem_count == 0)
    }

    /// Returns how many entries were read.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.segments.iter().map(|segment| segment.entries).sum()
    }
}

/// What was found out about a segment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SegmentReport {
    /// The file, inside the folder of the log.
    pub file: String,
    /// Its bytes.
    pub bytes: u64,
    /// How often it was rewritten to delete from it.
    pub generation: u32,
    /// The number of its first entry.
    pub first: u64,
    /// Its entries.
    pub entries: u64,
    /// Those of them whose sections were deleted.
    pub deleted: u64,
    /// Bytes at the end that are no entry; of the last segment only. A writer may be writing them, or a crash have left them.
    pub unfinished_bytes: u64,
    /// How many problems there are.
    pub problem_count: u64,
    /// The first hundred.
    pub problems: Vec<Problem>,
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// In bytes from the beginning of the file.
    pub offset: u64,
    /// What.
    pub what: String,
}

impl SegmentReport {
    fn problem(&mut self, offset: u64, what: impl Into<String>) {
        self.problem_count += 1;
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(Problem { offset, what: what.into() });
        }
    }
}

/// What is carried from segment to segment.
#[derive(Default)]
struct Walk {
    before: Option<Header>,
    expected: u64,
    /// Read when it is needed first; what could not be read is an error, told with each entry that needs it.
    ledger: Option<Result<Ledger, String>>,
    last: Option<crate::id::EntryId>,
}

/// Checks a log from its first byte to its last. Damage is in the report; entries behind it are looked for.
///
/// # Errors
/// When files cannot be read, or one is missing.
pub fn verify(reader: &Reader) -> Result<Verified, Error> {
    let all = numbers(reader.folder())?;
    let last = all.end.saturating_sub(1);
    let mut walk = Walk { expected: 1, ..Walk::default() };
    let segments = all.map(|number| segment(reader, number, number == last, &mut walk));
    Ok(Verified { segments: segments.collect::<Result<_, Error>>()? })
}

fn segment(reader: &Reader, number: u64, is_last: bool, walk: &mut Walk) -> Result<SegmentReport, Error> {
    let mut report = SegmentReport { file: file_name(number), ..SegmentReport::default() };
    let mut segment = match Segment::open(reader.folder(), number) {
        Ok(Some(segment)) => segment,
        Ok(None) if is_last => return Ok(report),
        Ok(None) => {
            report.problem(0, "it is cut in its header");
            return Ok(report);
        }
        Err(error @ (Error::Damaged { .. } | Error::Format { .. })) => {
            report.problem(0, error.to_string());
            return Ok(report);
        }
        Err(error) => return Err(error),
    };
    let header = segment.header;
    (report.bytes, report.generation, report.first) = (segment.length()?, header.generation, header.first);
    if let Err(error) = check_follows(walk.before.as_ref(), &header, &report.file) {
        report.problem(0, error.to_string());
    }
    if header.first != walk.expected {
        report.problem(24, format!("it begins with entry {} where {} belongs", header.first, walk.expected));
        walk.expected = header.first;
    }
    walk.before = Some(header);
    let mut offset = HEADER_BYTES as u64;
    loop {
        let what = match segment.at(offset)? {
            Found::End => break,
            Found::Frame(frame) => {
                let (sequence, end) = (frame.sequence, frame.end());
                let entry = Entry::read(sequence, frame.entry);
                if sequence != walk.expected {
                    report
                        .problem(offset, format!("entry {sequence} stands where {} belongs", walk.expected));
                }
                match entry {
                    Ok(entry) => {
                        if report.entries == 0 && entry.head.id != header.first_id {
                            report.problem(offset, "the header names another first entry");
                        }
                        check(reader, &entry, offset, walk, &mut report);
                    }
                    Err(what) => report.problem(offset, what),
                }
                report.entries += 1;
                (offset, walk.expected) = (end, sequence + 1);
                continue;
            }
            Found::Bad(what) => what,
        };
        if is_last && !segment.has_later_group(offset, walk.expected)? {
            report.unfinished_bytes = report.bytes.saturating_sub(offset);
            break;
        }
        report.problem(offset, what);
        match segment.next_frame(offset)? {
            Some((next, _)) => offset = next,
            None => break,
        }
    }
    Ok(report)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    request_digest: Option<Digest>,
}

fn check(reader: &Reader, entry: &Entry, offset: u64, walk: &mut Walk, report: &mut SegmentReport) {
    let number = entry.sequence;
    if walk.last.is_some_and(|last| last >= entry.head.id) {
        report.problem(offset, format!("the id of entry {number} is not larger than the one before"));
    }
    walk.last = Some(entry.head.id);
    for name in entry.broken() {
        report.problem(
            offset,
            format!("the section `{name}` of entry {number} is not what its head commits to"),
        );
    }
    if entry.is_deleted() {
        report.deleted += 1;
        let ledger =
            walk.ledger.get_or_insert_with(|| Ledger::read(reader).map_err(|error| error.to_string()));
        match ledger {
            Ok(ledger) if ledger.covers(number, &entry.head) => {}
            Ok(_) => report.problem(offset, format!("entry {number} was emptied, and no deletion covers it")),
            Err(error) => {
                report.problem(offset, format!("whether entry {number} was deleted is not known: {error}"))
            }
        }
    }
    if entry.head.kind == Kind::Decision
        && let (Some(request), Some(meta)) = (entry.section(REQUEST), entry.section(META))
    {
        let said = serde_json::from_slice::<Meta>(&meta.bytes).ok().and_then(|meta| meta.request_digest);
        if said != Some(Digest::of(&request.bytes)) {
            report.problem(offset, format!("the digest of the request of entry {number} is wrong"));
        }
    }
}
