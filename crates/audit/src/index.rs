//! The index: a SQLite file behind the log, for finding. It can be deleted at any time, and is made again.
//!
//! Nothing waits for it when something is appended. It holds for each entry where it lies and what one looks for, and how far
//! it has come, all in one transaction; so it is never ahead of itself. What is in it was taken from durable entries only.

mod query;
mod rows;

pub use query::{Cursor, Ends, Order, Page, Query, Row};

use crate::error::Error;
use crate::id::EntryId;
use crate::read::{Entries, Location, Reader};
use crate::segment::{Found, HEADER_BYTES, Segment};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params,
};
use std::path::PathBuf;
use std::time::Duration;

/// What the tables are like. An index of another format is made again.
const FORMAT: i64 = 1;

/// The name of the file, and those SQLite puts beside it.
const FILES: [&str; 3] = ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"];

/// Entries of a transaction, and bytes of them. Whoever looks something up may wait for one.
const BATCH: usize = 1_000;
const BATCH_BYTES: usize = 16 << 20;

/// How long SQLite waits for a lock of another process, in milliseconds. Chosen by feel: such locks are short or wrong.
const PATIENCE_MS: u64 = 100;

const TABLES: &str = "
CREATE TABLE about (format INTEGER NOT NULL, log BLOB, next INTEGER NOT NULL);
CREATE TABLE segments (number INTEGER PRIMARY KEY, generation INTEGER NOT NULL);
CREATE TABLE entries (
  sequence INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, segment INTEGER NOT NULL, offset INTEGER NOT NULL,
  kind TEXT NOT NULL, tenant TEXT NOT NULL, recorded INTEGER NOT NULL, set_revision TEXT,
  idempotency_key TEXT, request_id TEXT,
  floor INTEGER, ceiling INTEGER, what_if INTEGER, fault INTEGER, deleted INTEGER NOT NULL);
CREATE INDEX by_tenant ON entries (tenant, sequence);
CREATE INDEX by_segment ON entries (segment);
CREATE INDEX by_time ON entries (recorded);
CREATE INDEX by_key ON entries (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX by_request ON entries (tenant, request_id) WHERE request_id IS NOT NULL;
CREATE TABLE terms (what INTEGER NOT NULL, text TEXT NOT NULL, sequence INTEGER NOT NULL,
  PRIMARY KEY (what, text, sequence)) WITHOUT ROWID;
CREATE INDEX terms_of ON terms (sequence);
";

/// Where the index lies. SQLite opens its file itself, so it needs a path; everything else goes through the folder.
#[derive(Debug)]
pub struct IndexFile {
    /// The folder.
    pub folder: Dir,
    /// The path to that folder.
    pub path: PathBuf,
}

/// Why an index cannot go on.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Somebody else has it locked; it is tried again.
    Locked,
    /// It does not belong to the log, or is no index: it is made again.
    Worthless(String),
    /// The system or the log does not let us.
    Other(String),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Trouble {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Trouble::Locked,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Trouble::Worthless(error.to_string())
            }
            // Tables or columns are not there.
            Some(ErrorCode::Unknown | ErrorCode::ConstraintViolation) => {
                Trouble::Worthless(error.to_string())
            }
            _ => Trouble::Other(error.to_string()),
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
        Ok(())
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
}

impl Index {
    /// Opens an index to look things up, beside a process that writes it. It is as far as it is: see [`Page::indexed`].
    ///
    /// # Errors
    /// [`Error::Index`] when there is none, or none that can be read.
    pub fn open_to_read(place: &IndexFile) -> Result<Index, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || {
            let connection = Connection::open_with_flags(place.path.join(FILES[0]), flags)?;
            connection.busy_timeout(Duration::from_millis(PATIENCE_MS))?;
            let index = Index { connection, entries: None };
            match index.about()? {
                Some(About { format: FORMAT, .. }) => Ok(index),
                _ => Err(Trouble::Worthless("it is of another format".to_owned())),
            }
        };
        open().map_err(Error::from)
    }

    /// Opens the index of a log to keep it up, or begins one. Whoever calls owns the log.
    pub(crate) fn open(place: &IndexFile, reader: &Reader, durable: u64) -> Result<Index, Trouble> {
        place.create()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(place.path.join(FILES[0]), flags)?;
        connection.busy_timeout(Duration::from_millis(PATIENCE_MS))?;
        // What was deleted is written over; what is lost with the power is taken from the log again.
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;",
        )?;
        let mut index = Index { connection, entries: None };
        index.begin()?;
        index.belongs_to(reader, durable)?;
        index.take_in_rewritten(reader)?;
        index.settle();
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
        let about = self.connection.query_row("SELECT format, log, next FROM about", [], |row| {
            Ok(About { format: row.get(0)?, log: row.get(1)?, next: row.get(2)? })
        });
        Ok(about.optional()?)
    }

    /// Returns how far it has come: the number of the last entry in it.
    pub(crate) fn indexed(&self) -> Result<u64, Trouble> {
        Ok(self.about()?.map_or(0, |about| about.next.saturating_sub(1)))
    }

    /// Looks whether it was made of this log, and not of one that had more.
    fn belongs_to(&self, reader: &Reader, durable: u64) -> Result<(), Trouble> {
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

    /// Takes in a segment again, because it was rewritten.
    pub(crate) fn take_in_again(&mut self, reader: &Reader, number: u64) -> Result<(), Trouble> {
        self.entries = None;
        let next = self.indexed()? + 1;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute(
            "DELETE FROM terms WHERE sequence IN (SELECT sequence FROM entries WHERE segment = ?1)",
            [number],
        )?;
        transaction.execute("DELETE FROM entries WHERE segment = ?1", [number])?;
        let mut segment = Segment::open_whole(reader.folder(), number)?;
        let mut offset = HEADER_BYTES as u64;
        while let Found::Frame(frame) = segment.at(offset)? {
            if frame.sequence >= next {
                break;
            }
            let location = Location { segment: number, offset };
            let entry = crate::Entry::read(frame.sequence, frame.entry);
            offset = frame.end();
            let entry =
                entry.map_err(|what| Trouble::Other(format!("segment {number} cannot be read: {what}")))?;
            rows::insert(&transaction, location, &entry)?;
        }
        knows(&transaction, number, segment.header.generation)?;
        transaction.commit()?;
        Ok(())
    }

    /// Has what was deleted leave SQLite's log as well, unless somebody is reading: then it does so later.
    pub(crate) fn settle(&self) {
        let _ = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    /// Takes in a batch of entries, up to the last that is durable, and returns whether there are more.
    pub(crate) fn catch_up(&mut self, reader: &Reader, durable: u64) -> Result<bool, Trouble> {
        let mut next = self.indexed()? + 1;
        if next > durable {
            return Ok(false);
        }
        let entries = match self.entries.take() {
            Some(entries) if entries.expected() == Some(next) => entries,
            _ => reader.entries(next)?,
        };
        let entries = self.entries.insert(entries);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (mut bytes, mut segment) = (0, 0);
        for _ in 0..BATCH {
            if next > durable || bytes > BATCH_BYTES {
                break;
            }
            let Some(item) = entries.next() else { break };
            let (location, entry) = item?;
            if location.segment != segment {
                segment = location.segment;
                // Of the file that is read, which may have been put out of its place meanwhile.
                knows(&transaction, segment, entries.generation())?;
            }
            bytes += entry.sections.iter().map(|section| section.bytes.len()).sum::<usize>();
            rows::insert(&transaction, location, &entry)?;
            next = entry.sequence + 1;
        }
        transaction.execute("UPDATE about SET next = ?1, log = ?2", params![next, reader.identity()?])?;
        transaction.commit()?;
        Ok(next <= durable)
    }

    /// Returns what a query finds, a page of it.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn list(&self, query: &Query) -> Result<Page, Error> {
        let page = query.run(&self.connection)?;
        Ok(Page { indexed: self.indexed()?, ..page })
    }

    /// Returns the entry of a tenant with an idempotency key; of several, the first.
    pub(crate) fn by_key(&self, tenant: &str, key: &str) -> Result<Option<(EntryId, Location)>, Trouble> {
        let sql = "SELECT id, segment, offset FROM entries \
                   WHERE tenant = ?1 AND idempotency_key = ?2 ORDER BY sequence LIMIT 1";
        Ok(self.connection.query_row(sql, [tenant, key], id_and_location).optional()?)
    }

    /// Returns where an entry lies.
    pub(crate) fn locate(&self, id: EntryId) -> Result<Option<Location>, Trouble> {
        let sql = "SELECT id, segment, offset FROM entries WHERE id = ?1";
        let found = self.connection.query_row(sql, [id.to_bytes()], id_and_location).optional()?;
        Ok(found.map(|(_, location)| location))
    }
}

fn id_and_location(row: &rusqlite::Row<'_>) -> rusqlite::Result<(EntryId, Location)> {
    let location = Location { segment: row.get(1)?, offset: row.get(2)? };
    Ok((EntryId::from_bytes(row.get(0)?), location))
}

/// Notes which writing of a segment was taken in.
fn knows(transaction: &Transaction<'_>, number: u64, generation: u32) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO segments (number, generation) VALUES (?1, ?2)";
    transaction.execute(sql, params![number, generation]).map(drop)
}
