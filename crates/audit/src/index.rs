//! The index: a SQLite file behind the log, for finding. It can be deleted at any time, and is made again.
//!
//! Nothing waits for it when something is appended. It holds for each entry where it lies and what one looks for, and how far
//! it has come, all in one transaction; so it is never ahead of itself. What is in it was taken from durable entries only.

mod boot;
mod query;
mod rows;

pub use query::{Cursor, Ends, Order, Page, Query, Row};

use crate::error::Error;
use crate::id::EntryId;
use crate::read::{Entries, Location, Reader};
use crate::segment::{Found, HEADER_BYTES, Segment};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use rows::{Known, Left};
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params,
};
use std::cell::Cell;
use std::cmp::Ordering;
use std::path::PathBuf;
use std::time::Duration;

/// What the tables are like. An index of another format is made again.
const FORMAT: i64 = 3;

/// The name of the file, and those SQLite puts beside it.
const FILES: [&str; 3] = ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"];

/// Entries of a transaction, and bytes of them. Whoever looks something up may wait for one.
const BATCH: usize = 1_000;
const BATCH_BYTES: usize = 16 << 20;

/// How long SQLite waits for a lock of another process, in milliseconds. Chosen by feel: such locks are short or wrong.
const PATIENCE_MS: u64 = 100;

/// Steps of SQLite between two looks at how many a list has taken, and most of such looks: some two seconds for a list, or
/// three million rows that are looked at and passed over.
const STEPS: i32 = 100_000;
const MOST_LOOKS: u32 = 150;

/// Pages after which SQLite writes its log into the index. Chosen by feel.
const CHECKPOINT_PAGES: u32 = 4_000;

/// How SQLite works where it writes. What was deleted is written over, but for what SQLite has moved inside a page before: that
/// stays there until the page is written anew. An index that is made again has nothing of it.
const SETTINGS: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA secure_delete = ON;
PRAGMA cache_size = -8192;
";

/// The tables. Each index is what a query begins with, see `each_index_is_what_a_query_begins_with`: everything else would be
/// paid for by every decision. Ids need none, because they sort as the entries do; instants need none, because segments know
/// theirs.
const TABLES: &str = "
CREATE TABLE about (format INTEGER NOT NULL, log BLOB, next INTEGER NOT NULL);
CREATE TABLE segments (
  number INTEGER PRIMARY KEY, generation INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  earliest INTEGER NOT NULL, latest INTEGER NOT NULL);
CREATE TABLE names (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE bunches (number INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, terms TEXT NOT NULL);
CREATE TABLE terms (what INTEGER NOT NULL, text TEXT NOT NULL, tenant INTEGER NOT NULL, bunch INTEGER NOT NULL,
  PRIMARY KEY (what, text, tenant, bunch)) WITHOUT ROWID;
CREATE TABLE entries (
  sequence INTEGER PRIMARY KEY, id BLOB NOT NULL, segment INTEGER NOT NULL, offset INTEGER NOT NULL,
  kind INTEGER NOT NULL, tenant INTEGER NOT NULL, recorded INTEGER NOT NULL, set_revision INTEGER,
  idempotency_key TEXT, key_brief INTEGER, request_id TEXT, request_brief INTEGER,
  floor INTEGER, ceiling INTEGER, what_if INTEGER, fault INTEGER, deleted INTEGER NOT NULL,
  deciding INTEGER, parties INTEGER);
CREATE INDEX by_tenant ON entries (tenant);
CREATE INDEX by_key ON entries (key_brief, tenant) WHERE key_brief IS NOT NULL;
CREATE INDEX by_request ON entries (request_brief, tenant) WHERE request_brief IS NOT NULL;
CREATE INDEX by_deciding ON entries (deciding) WHERE deciding IS NOT NULL;
CREATE INDEX by_parties ON entries (parties) WHERE parties IS NOT NULL;
";

/// Where the index lies. SQLite opens its file itself, so it needs a path; everything else goes through the folder.
#[derive(Debug)]
pub struct IndexFile {
    /// The folder.
    pub folder: Dir,
    /// The path to that folder.
    pub path: PathBuf,
    /// What tells this run of the system from all others, such as Linux' `/proc/sys/kernel/random/boot_id`. With it, SQLite
    /// leaves out syncs, and an index that another run left unsynced is made again. Without it, SQLite syncs.
    pub boot: Option<String>,
}

/// Why an index cannot go on.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Somebody else has it locked; it is tried again.
    Locked,
    /// It does not belong to the log, or is no index: it is made again.
    Worthless(String),
    /// What was looked for takes too many steps.
    TooBroad,
    /// The system or the log does not let us.
    Other(String),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Trouble {
        use rusqlite::Error;
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Trouble::Locked,
            Some(ErrorCode::OperationInterrupted) => Trouble::TooBroad,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Trouble::Worthless(error.to_string())
            }
            // Tables are not there.
            Some(ErrorCode::Unknown | ErrorCode::ConstraintViolation) => {
                Trouble::Worthless(error.to_string())
            }
            Some(_) => Trouble::Other(error.to_string()),
            None => match error {
                // Columns are not there, or what is in them is nothing that was written there.
                Error::SqlInputError { .. }
                | Error::FromSqlConversionFailure(..)
                | Error::InvalidColumnType(..)
                | Error::Utf8Error(..)
                | Error::IntegralValueOutOfRange(..) => Trouble::Worthless(error.to_string()),
                _ => Trouble::Other(error.to_string()),
            },
        }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        Trouble::Other(error.to_string())
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Error {
        match trouble {
            Trouble::Locked => Error::IndexLocked,
            Trouble::TooBroad => Error::TooBroad,
            Trouble::Worthless(what) | Trouble::Other(what) => Error::Index(what),
        }
    }
}

impl IndexFile {
    /// Removes the index.
    pub(crate) fn remove(&self) -> Result<(), Trouble> {
        for name in FILES {
            match self.folder.remove_file(name) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Trouble::Other(format!("cannot remove `{name}`: {error}")));
                }
                _ => {}
            }
        }
        self.removed()
    }

    /// Returns whether there is one.
    pub(crate) fn is_there(&self) -> bool {
        self.folder.exists(FILES[0])
    }

    /// Makes the file, readable by its owner alone, unless there is one. SQLite gives those beside it the same rights.
    fn create(&self) -> Result<(), Trouble> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        // One that is there is not opened: to close it would give up the locks that others of this process have on it.
        match self.folder.open_with(FILES[0], &options) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                Err(Trouble::Other(format!("cannot create `{}`: {error}", FILES[0])))
            }
            _ => Ok(()),
        }
    }
}

/// What an index says about itself.
struct About {
    format: i64,
    /// The log it was made of, once that had a segment.
    log: Option<[u8; 16]>,
    /// The number of the next entry.
    next: u64,
}

/// An open index.
#[derive(Debug)]
pub struct Index {
    connection: Connection,
    /// Where the log is read on, while nothing was rewritten.
    entries: Option<Entries>,
    known: Known,
    /// Whether it is marked, so that SQLite may leave out syncs.
    marked: bool,
    /// Whether a sync of it failed.
    spoiled: Cell<bool>,
}

impl Index {
    /// Opens an index to look things up, beside a process that writes it. It is as far as it is: see [`Page::indexed`].
    ///
    /// # Errors
    /// [`Error::Index`] when there is none, or none that can be read.
    pub fn open_to_read(place: &IndexFile) -> Result<Index, Error> {
        Ok(Index::try_open_to_read(place)?)
    }

    pub(crate) fn try_open_to_read(place: &IndexFile) -> Result<Index, Trouble> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        place.check()?;
        let connection = Connection::open_with_flags(place.path.join(FILES[0]), flags)?;
        connection.busy_timeout(Duration::from_millis(PATIENCE_MS))?;
        let index = Index::over(connection, false);
        match index.about()? {
            Some(About { format: FORMAT, .. }) => Ok(index),
            _ => Err(Trouble::Worthless("it is of another format".to_owned())),
        }
    }

    fn over(connection: Connection, marked: bool) -> Index {
        Index { connection, entries: None, known: Known::default(), marked, spoiled: Cell::new(false) }
    }

    /// Opens the index of a log to keep it up, or begins one. Whoever calls owns the log.
    pub(crate) fn open(place: &IndexFile, reader: &Reader, durable: u64) -> Result<Index, Trouble> {
        let marked = place.begin_unsynced()?;
        place.create()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(place.path.join(FILES[0]), flags)?;
        connection.busy_timeout(Duration::from_millis(PATIENCE_MS))?;
        connection.execute_batch(SETTINGS)?;
        let mut index = Index::over(connection, marked);
        index.begin()?;
        index.belongs_to(reader, durable)?;
        index.take_in_rewritten(reader)?;
        index.settle(place)?;
        Ok(index)
    }

    /// Makes the tables, if there are none.
    fn begin(&mut self) -> Result<(), Trouble> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let tables: i64 =
            transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if tables == 0 {
            transaction.execute_batch(TABLES)?;
            transaction.execute("INSERT INTO about (format, log, next) VALUES (?1, NULL, 1)", [FORMAT])?;
        }
        transaction.commit()?;
        Ok(())
    }

    fn about(&self) -> Result<Option<About>, Trouble> {
        let mut statement = self.connection.prepare_cached("SELECT format, log, next FROM about")?;
        let about = statement
            .query_row([], |row| Ok(About { format: row.get(0)?, log: row.get(1)?, next: row.get(2)? }));
        Ok(about.optional()?)
    }

    /// Returns how far it has come: the number of the last entry in it.
    pub(crate) fn indexed(&self) -> Result<u64, Trouble> {
        Ok(self.about()?.map_or(0, |about| about.next.saturating_sub(1)))
    }

    /// Looks whether it was made of this log, and not of one that had more.
    pub(crate) fn belongs_to(&self, reader: &Reader, durable: u64) -> Result<(), Trouble> {
        let Some(About { format: FORMAT, log, next }) = self.about()? else {
            return Err(Trouble::Worthless("it is of another format".to_owned()));
        };
        let last = next.saturating_sub(1);
        if last > durable {
            let what =
                format!("it knows entry {last}, and the log ends with {durable}: was an old copy put back?");
            return Err(Trouble::Worthless(what));
        }
        if last == 0 {
            return Ok(());
        }
        let sql = "SELECT id, segment, offset FROM entries WHERE sequence = ?1";
        let known = self.connection.query_row(sql, [last], id_and_location).optional()?;
        let Some((id, location)) = known else {
            return Err(Trouble::Worthless(format!("it lacks entry {last}")));
        };
        let there = match reader.at(location, id) {
            Ok(Some(_)) => true,
            _ => reader.find(id).is_ok_and(|entry| entry.sequence == last),
        };
        if !there || log != reader.identity()? {
            return Err(Trouble::Worthless("it was made of another log".to_owned()));
        }
        Ok(())
    }

    /// Takes in segments that were rewritten while nobody told.
    fn take_in_rewritten(&mut self, reader: &Reader) -> Result<(), Trouble> {
        let known = {
            let mut statement = self.connection.prepare("SELECT number, generation FROM segments")?;
            let rows = statement.query_map([], |row| Ok((row.get::<_, u64>(0)?, row.get::<_, u32>(1)?)))?;
            rows.collect::<Result<Vec<_>, _>>()?
        };
        for (number, generation) in known {
            if Segment::open_whole(reader.folder(), number)?.header.generation != generation {
                self.take_in_again(reader, number)?;
            }
        }
        Ok(())
    }

    /// Takes in a segment again, because it was rewritten. What was deleted is not in a table any more when it is settled.
    pub(crate) fn take_in_again(&mut self, reader: &Reader, number: u64) -> Result<(), Trouble> {
        (self.entries, self.known) = (None, Known::default());
        // A sync that fails is to be seen: SQLite tells nobody of one that it makes by the way.
        self.connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0")?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let sql = "SELECT first, last FROM segments WHERE number = ?1";
        let range = transaction.query_row(sql, [number], |row| Ok(row.get(0)?..=row.get(1)?)).optional()?;
        // What the index does not know yet it takes in later, as it is then.
        let Some(range) = range else { return Ok(()) };
        let left = Left::of(&transaction, &range)?;
        let mut known = left.known();
        let mut segment = Segment::open_whole(reader.folder(), number)?;
        let mut offset = HEADER_BYTES as u64;
        let mut taken = Taken { number, generation: segment.header.generation, range: None };
        let damaged = |what: &str| Trouble::Other(format!("segment {number} cannot be read: {what}"));
        while taken.range.as_ref().is_none_or(|taken| taken.last < *range.end()) {
            let frame = match segment.at(offset)? {
                Found::Frame(frame) => frame,
                Found::End => return Err(damaged("it ends too early")),
                Found::Bad(what) => return Err(damaged(what)),
            };
            let location = Location { segment: number, offset };
            let entry = crate::Entry::read(frame.sequence, frame.entry);
            offset = frame.end();
            let entry = entry.map_err(damaged)?;
            rows::insert(&transaction, &mut known, location, &entry)?;
            taken.add(&entry);
        }
        left.tidy(&transaction)?;
        taken.note(&transaction)?;
        // Only now is all of it of this writing: what is added to a part of another one does not make it so.
        let sql = "UPDATE segments SET generation = ?2 WHERE number = ?1";
        transaction.execute(sql, params![number, segment.header.generation])?;
        transaction.commit()?;
        Ok(())
    }

    /// Has what was deleted leave SQLite's log as well, unless somebody is reading: then it does so later.
    ///
    /// # Errors
    /// When the disk does not take it: then it is marked as one that may be damaged, and worthless.
    pub(crate) fn settle(&self, place: &IndexFile) -> Result<(), Trouble> {
        let sql = "PRAGMA synchronous = NORMAL; PRAGMA wal_checkpoint(TRUNCATE)";
        let done = self.connection.execute_batch(sql);
        let synchronous = if self.marked { "OFF" } else { "NORMAL" };
        let settings =
            format!("PRAGMA synchronous = {synchronous}; PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}");
        self.connection.execute_batch(&settings)?;
        match done {
            // That somebody reads is no error. On a full disk nothing is lost either: it stays where it is until there is room.
            Err(error) if error.sqlite_error_code() != Some(ErrorCode::DiskFull) => {
                self.spoiled.set(true);
                // At once, as whoever opens it next may be another process. Where the disk does not take that either, it is
                // tried again at the end.
                let _ = place.spoil();
                Err(Trouble::Worthless(format!("it cannot be synced: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Closes it, after everything that reads it.
    pub(crate) fn close(self, place: &IndexFile) -> Result<(), Trouble> {
        let (marked, spoiled) = (self.marked, self.spoiled.get());
        // SQLite writes what is left to the file, and removes those beside it.
        self.connection.close().map_err(|(_, error)| error)?;
        match (marked, spoiled) {
            (false, _) => Ok(()),
            (true, false) => place.end_unsynced(),
            (true, true) => place.spoil(),
        }
    }

    /// Takes in a batch of entries, up to the last that is durable, and returns whether there are more.
    pub(crate) fn catch_up(&mut self, reader: &Reader, durable: u64) -> Result<bool, Trouble> {
        let mut next = self.indexed()? + 1;
        if next > durable {
            return Ok(false);
        }
        let begun = next > 1;
        let entries = match self.entries.take() {
            Some(entries) if entries.expected() == Some(next) => entries,
            _ => reader.entries(next)?,
        };
        let entries = self.entries.insert(entries);
        // Kept only if this ends well.
        let mut known = std::mem::take(&mut self.known);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut bytes = 0;
        let mut taken = Taken { number: 0, generation: 0, range: None };
        for _ in 0..BATCH {
            if next > durable || bytes > BATCH_BYTES {
                break;
            }
            let Some(item) = entries.next() else { break };
            let (location, entry) = item?;
            if location.segment != taken.number {
                taken.note(&transaction)?;
                // Of the file that is read, which may have been put out of its place meanwhile.
                taken = Taken { number: location.segment, generation: entries.generation(), range: None };
            }
            bytes += entry.sections.iter().map(|section| section.bytes.len()).sum::<usize>();
            rows::insert(&transaction, &mut known, location, &entry)?;
            taken.add(&entry);
            next = entry.sequence + 1;
        }
        taken.note(&transaction)?;
        let sql = "UPDATE about SET next = ?1, log = coalesce(log, ?2)";
        let log = if begun { None } else { reader.identity()? };
        transaction.prepare_cached(sql)?.execute(params![next, log])?;
        transaction.commit()?;
        self.known = known;
        Ok(next <= durable)
    }

    /// Returns what a query finds, a page of it.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn list(&self, query: &Query) -> Result<Page, Error> {
        Ok(self.see(query)?)
    }

    /// Returns a page as [`Index::list`] does, unless that takes too many steps.
    pub(crate) fn look(&mut self, query: &Query) -> Result<Page, Trouble> {
        self.look_for(MOST_LOOKS, query)
    }

    fn look_for(&mut self, most_looks: u32, query: &Query) -> Result<Page, Trouble> {
        let mut looks = 0;
        let too_many = move || {
            looks += 1;
            looks > most_looks
        };
        self.connection.progress_handler(STEPS, Some(too_many))?;
        let page = self.see(query);
        self.connection.progress_handler(STEPS, None::<fn() -> bool>)?;
        page
    }

    fn see(&self, query: &Query) -> Result<Page, Trouble> {
        // All of it is seen at one time: nothing up to `indexed` is left out.
        let transaction = self.connection.unchecked_transaction()?;
        Ok(Page { indexed: self.indexed()?, ..query.run(&transaction)? })
    }

    /// Returns the entry of a tenant with an idempotency key; of several, the first.
    pub(crate) fn by_key(&self, tenant: &str, key: &str) -> Result<Option<(EntryId, Location)>, Trouble> {
        let sql = "SELECT id, segment, offset FROM entries INDEXED BY by_key WHERE key_brief = ?1 \
                   AND tenant = (SELECT number FROM names WHERE text = ?2) AND idempotency_key = ?3 \
                   ORDER BY sequence LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row(params![rows::brief(key), tenant, key], id_and_location).optional()?)
    }

    /// Returns where an entry lies.
    pub(crate) fn locate(&self, id: EntryId) -> Result<Option<Location>, Trouble> {
        // All looks see the same.
        let transaction = self.connection.unchecked_transaction()?;
        let sql = "SELECT id, segment, offset FROM entries WHERE sequence = ?1";
        let mut statement = transaction.prepare_cached(sql)?;
        let (mut low, mut high) = (1, self.indexed()? + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let found = statement.query_row([middle], id_and_location).optional()?;
            // INVARIANT: no number is left out of a log, nor of its index.
            let Some((found, location)) = found else {
                return Err(Trouble::Worthless(format!("it lacks entry {middle}")));
            };
            match found.cmp(&id) {
                Ordering::Equal => return Ok(Some(location)),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        Ok(None)
    }
}

fn id_and_location(row: &rusqlite::Row<'_>) -> rusqlite::Result<(EntryId, Location)> {
    let location = Location { segment: row.get(1)?, offset: row.get(2)? };
    Ok((EntryId::from_bytes(row.get(0)?), location))
}

/// What was taken in of a segment.
struct Taken {
    number: u64,
    /// Of which writing of it.
    generation: u32,
    range: Option<Range>,
}

/// The first and the last number, the earliest and the latest instant.
struct Range {
    first: u64,
    last: u64,
    earliest: i64,
    latest: i64,
}

impl Taken {
    fn add(&mut self, entry: &crate::Entry) {
        let (sequence, recorded) = (entry.sequence, entry.head.recorded.as_microsecond());
        let one = Range { first: sequence, last: sequence, earliest: recorded, latest: recorded };
        let range = self.range.get_or_insert(one);
        range.last = sequence;
        range.earliest = range.earliest.min(recorded);
        range.latest = range.latest.max(recorded);
    }

    fn note(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let Some(range) = &self.range else { return Ok(()) };
        let sql = "INSERT INTO segments (number, generation, first, last, earliest, latest) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (number) DO UPDATE SET \
                   generation = min(generation, excluded.generation), last = excluded.last, \
                   earliest = min(earliest, excluded.earliest), latest = max(latest, excluded.latest)";
        let Range { first, last, earliest, latest } = range;
        let values = params![self.number, self.generation, first, last, earliest, latest];
        transaction.prepare_cached(sql)?.execute(values).map(drop)
    }
}
