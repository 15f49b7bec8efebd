//! A log with its index: what a server holds.

use crate::entry::{Draft, Entry};
use crate::error::{Error, Refused};
use crate::files::Folder;
use crate::id::EntryId;
use crate::index::{Index, IndexFile, Page, Query, Trouble};
use crate::keys::{Keys, MOST_KEYS};
use crate::log::{Clock, Log, LogLimits, Receipt};
use crate::read::Reader;
use crate::recover::Opened;
use crate::retention::{Hold, HoldLifted, Retention, Swept, sweep};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How many batches whoever looks something up takes in before, at most: some thousands of entries.
const MOST_BATCHES: usize = 4;

/// How long the index is left alone after trouble, in milliseconds. Chosen by feel.
const REST_MS: u64 = 1_000;

/// How far the thread of the index stands back: it gets a tenth of a processor that others want.
const INDEX_NICE: i32 = 10;

/// How long the index waits for more before it takes in what there is, in milliseconds: many entries cost little more than one
/// then. Chosen by feel; who looks something up does not wait for it.
const GATHER_MS: u64 = 50;

/// A log, and the index behind it.
///
/// Appending goes to [`Records::log`] and never waits for the index. Without an index, or while it cannot be used, entries
/// are still found by their id, and everything else is refused with [`Error::Index`].
pub struct Records {
    log: Arc<Log>,
    behind: Arc<Behind>,
    thread: Option<JoinHandle<()>>,
    sweeping: Mutex<()>,
    /// Taken by whoever puts a hold on or lifts one, and by a sweep while it writes a segment anew.
    terms: Mutex<()>,
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("log", &self.log).finish_non_exhaustive()
    }
}

/// How the index does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IndexState {
    /// The number of the last entry in it, as far as is known.
    pub indexed: u64,
    /// The number of the last entry that is durable.
    pub durable: u64,
    /// Why it cannot be used at the moment.
    pub trouble: Option<String>,
    /// Why it was made again, if it was, since the log was opened.
    pub remade: Option<String>,
}

/// What follows the log.
struct Behind {
    reader: Reader,
    place: Option<IndexFile>,
    // Closed before what writes, which is to be the last and tidies up.
    lists: Readers,
    lookups: Readers,
    /// What writes the index. Whoever has it may be reading a segment: only what needs that waits for it.
    slot: Mutex<Option<Index>>,
    /// How often the index was opened.
    openings: AtomicU64,
    /// Whether it may be read: it was opened, so it is of this log, and it was not removed since.
    readable: AtomicBool,
    /// Which opening of it those that read found worthless, and why.
    found_worthless: Mutex<Option<(u64, String)>>,
    /// Held for no longer than it takes to look at it.
    state: Mutex<IndexState>,
    keys: Arc<Mutex<Keys>>,
    wake: Mutex<Wake>,
    changed: Condvar,
}

#[derive(Default)]
struct Wake {
    wanted: bool,
    closed: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is only a cache of what is on disk, so a panic leaves nothing that must not be seen.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Connections that only read: more than one tenant may use. Who finds all taken waits for the first.
#[derive(Default)]
struct Readers([Mutex<Option<(u64, Index)>>; 4]);

impl Readers {
    fn any(&self) -> MutexGuard<'_, Option<(u64, Index)>> {
        let [first, ..] = &self.0;
        let free = |reader| match Mutex::try_lock(reader) {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        };
        self.0.iter().find_map(free).unwrap_or_else(|| lock(first))
    }

    /// Waits until nobody reads, and lets nobody begin.
    fn none(&self) -> [MutexGuard<'_, Option<(u64, Index)>>; 4] {
        self.0.each_ref().map(lock)
    }
}

impl Behind {
    /// Takes in a batch, and returns whether there are more. An index that is worthless is made again.
    fn step(&self, slot: &mut Option<Index>, durable: u64) -> Result<bool, Trouble> {
        let found = lock(&self.found_worthless).take();
        let done = match found.filter(|(opening, _)| *opening == self.openings.load(Ordering::Acquire)) {
            Some((_, why)) => Err(Trouble::Worthless(why)),
            None => self.try_step(slot, durable),
        };
        let done = match done {
            Err(Trouble::Worthless(why)) => self.remake(slot, durable, why),
            done => done,
        };
        lock(&self.state).trouble = match &done {
            Ok(_) => None,
            Err(Trouble::Locked) => Some(Error::IndexLocked.to_string()),
            Err(Trouble::TooBroad) => Some(Error::TooBroad.to_string()),
            Err(Trouble::Worthless(why) | Trouble::Other(why)) => Some(why.clone()),
        };
        if matches!(done, Err(Trouble::Worthless(_) | Trouble::Other(_))) {
            *slot = None;
        }
        done
    }

    fn remake(&self, slot: &mut Option<Index>, durable: u64, why: String) -> Result<bool, Trouble> {
        *slot = None;
        if let Err(error) = self.remove(why.clone()) {
            // It is still there, and whoever opens it to write may not come by what is wrong with it.
            self.found(self.openings.load(Ordering::Acquire), why);
            return Err(error);
        }
        self.try_step(slot, durable)
    }

    /// Removes the index. Nobody reads any until the next is opened, also if this fails.
    fn remove(&self, why: String) -> Result<(), Trouble> {
        // SQLite opens what lies beside an index by its name, so nobody may begin while names change.
        let readers = [self.lists.none(), self.lookups.none()];
        self.readable.store(false, Ordering::Release);
        readers.into_iter().flatten().for_each(|mut reader| *reader = None);
        self.place()?.remove()?;
        lock(&self.state).remade = Some(why);
        Ok(())
    }

    /// Has the index made again, unless it was opened again meanwhile.
    fn found(&self, opening: u64, why: String) {
        *lock(&self.found_worthless) = Some((opening, why));
        self.wake();
    }

    fn opened(&self) {
        self.openings.fetch_add(1, Ordering::AcqRel);
        self.readable.store(true, Ordering::Release);
    }

    /// Opens the index to write it. Where somebody else has it locked, it may be read if it is of this log.
    fn open(&self, place: &IndexFile, durable: u64) -> Result<Index, Trouble> {
        let opened = Index::open(place, &self.reader, durable);
        let is_locked = matches!(opened, Err(Trouble::Locked)) && !self.readable.load(Ordering::Acquire);
        let is_ours = || Index::try_open_to_read(place)?.belongs_to(&self.reader, durable);
        if opened.is_ok() || is_locked && is_ours().is_ok() {
            self.opened();
        }
        opened
    }

    fn place(&self) -> Result<&IndexFile, Trouble> {
        self.place.as_ref().ok_or_else(|| Trouble::Other("this log has no index".to_owned()))
    }

    fn try_step(&self, slot: &mut Option<Index>, durable: u64) -> Result<bool, Trouble> {
        let place = self.place()?;
        if slot.is_some() && !place.is_there() {
            *slot = None;
            // What is left beside it is not of the next.
            self.remove("somebody removed it".to_owned())?;
        }
        let mut index = match slot.take() {
            Some(index) => index,
            None => self.open(place, durable)?,
        };
        let more = index.catch_up(&self.reader, durable);
        let indexed = index.indexed();
        *slot = Some(index);
        let indexed = indexed?;
        // In this order: whoever sees that an entry is indexed need not look for its key elsewhere.
        lock(&self.keys).forget(indexed);
        lock(&self.state).indexed = indexed;
        more
    }

    /// Takes in as much as may be waited for, and lets others in between.
    fn catch_up(&self, durable: u64) -> Result<(), Trouble> {
        for _ in 0..MOST_BATCHES {
            if !self.step(&mut lock(&self.slot), durable)? {
                break;
            }
        }
        Ok(())
    }

    /// Reads the index as far as it has come, whoever writes it.
    fn read<T>(
        &self,
        readers: &Readers,
        act: impl FnOnce(&mut Index) -> Result<T, Trouble>,
    ) -> Result<T, Error> {
        let place = self.place()?;
        let mut connection = readers.any();
        let opening = self.openings.load(Ordering::Acquire);
        if !self.readable.load(Ordering::Acquire) {
            return Err(Error::Index("it is not opened yet: ask later".to_owned()));
        }
        let index = match connection.take() {
            Some((of, index)) if of == opening => Ok(index),
            _ => Index::try_open_to_read(place),
        };
        let done = index.and_then(|mut index| {
            let done = act(&mut index)?;
            // After trouble it is opened again.
            *connection = Some((opening, index));
            Ok(done)
        });
        drop(connection);
        if let Err(Trouble::Worthless(why)) = &done {
            // Whoever writes it does not come by what is damaged there.
            self.found(opening, why.clone());
        }
        Ok(done?)
    }

    /// Follows the log until it is closed.
    fn follow(&self, log: &std::sync::Weak<Log>) {
        // Nobody waits for this thread: whoever decides goes first, where the system lets it be so.
        let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), INDEX_NICE);
        loop {
            let Some(durable) = log.upgrade().map(|log| log.durable()) else { return };
            let done = self.step(&mut lock(&self.slot), durable);
            let mut wake = lock(&self.wake);
            match done {
                Ok(true) => {}
                Ok(false) => {
                    while !wake.wanted && !wake.closed {
                        wake = self.changed.wait(wake).unwrap_or_else(PoisonError::into_inner);
                    }
                    let gather = Duration::from_millis(GATHER_MS);
                    let waited = self.changed.wait_timeout_while(wake, gather, |wake| !wake.closed);
                    wake = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                Err(_) if wake.closed => {}
                Err(_) => {
                    let rest = Duration::from_millis(REST_MS);
                    let waited = self.changed.wait_timeout_while(wake, rest, |wake| !wake.closed);
                    wake = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
            if wake.closed {
                return;
            }
            wake.wanted = false;
        }
    }

    /// Says that there is more.
    fn wake(&self) {
        let wanted = std::mem::replace(&mut lock(&self.wake).wanted, true);
        // Whoever gathers is not disturbed.
        if !wanted {
            self.changed.notify_all();
        }
    }

    fn close(&self) {
        lock(&self.wake).closed = true;
        self.changed.notify_all();
    }
}

impl Records {
    /// Opens a log as [`Log::open`] does, and the index behind it. What is wrong with the index is no error: it is made
    /// again, or done without, see [`Records::index_state`].
    ///
    /// # Errors
    /// As [`Log::open`].
    pub fn open(
        folder: Arc<dyn Folder>,
        index: Option<IndexFile>,
        limits: LogLimits,
        clock: Clock,
    ) -> Result<(Records, Opened), Error> {
        let (log, opened) = Log::open(folder, limits, clock)?;
        let log = Arc::new(log);
        let has_index = index.is_some();
        let keys = Arc::new(Mutex::new(Keys::new(opened.entries + 1, MOST_KEYS)));
        let behind = Arc::new(Behind {
            reader: log.reader(),
            place: index,
            lists: Readers::default(),
            lookups: Readers::default(),
            slot: Mutex::default(),
            openings: AtomicU64::new(0),
            readable: AtomicBool::new(false),
            found_worthless: Mutex::default(),
            state: Mutex::default(),
            keys: Arc::clone(&keys),
            wake: Mutex::default(),
            changed: Condvar::new(),
        });
        let mut records =
            Records { log, behind, thread: None, sweeping: Mutex::default(), terms: Mutex::default() };
        if has_index {
            records.log.keep_keys(keys);
            let (behind, log) = (Arc::clone(&records.behind), Arc::downgrade(&records.log));
            let thread = std::thread::Builder::new().name("lexgate-index".to_owned());
            let thread = thread.spawn(move || behind.follow(&log));
            records.thread = Some(thread.map_err(Error::io("start a thread for", "."))?);
            let behind = Arc::clone(&records.behind);
            records.log.watch(Some(Box::new(move || behind.wake())));
        }
        Ok((records, opened))
    }

    /// Returns the log: what is appended, and what reads it.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Returns how the index does. It waits for nothing.
    #[must_use]
    pub fn index_state(&self) -> IndexState {
        let durable = self.log.durable();
        IndexState { durable, ..lock(&self.behind.state).clone() }
    }

    /// Returns what a query finds, a page of it. The index is brought up some thousand entries first; [`Page::indexed`] says
    /// how far it is then.
    ///
    /// # Errors
    /// [`Error::Index`] and [`Error::IndexLocked`], when it cannot be used; [`Error::TooBroad`] after some two seconds.
    pub fn list(&self, query: &Query) -> Result<Page, Error> {
        self.behind.catch_up(self.log.durable())?;
        self.behind.read(&self.behind.lists, |index| index.look(query))
    }

    /// Returns the decision that a tenant asked for with an idempotency key; of several, the first. Every entry that was
    /// acknowledged before the call is looked at, also those that the index has not taken in yet.
    ///
    /// # Errors
    /// [`Error::Index`] and [`Error::IndexLocked`], when that cannot be known: the index cannot be used, or is still being
    /// made of what was there when the log was opened.
    pub fn by_idempotency_key(&self, tenant: &str, key: &str) -> Result<Option<Entry>, Error> {
        // In this order: what is not kept any more is in the index.
        let (kept, needed) = lock(&self.behind.keys).find(tenant, key);
        let look = || {
            self.behind.read(&self.behind.lookups, |index| {
                if index.indexed()? < needed {
                    return Err(Trouble::Other("it is still being made: ask later".to_owned()));
                }
                index.by_key(tenant, key)
            })
        };
        let found = match look() {
            Ok(found) => found,
            Err(_) => {
                // What cannot be written may be far enough to be read.
                let caught_up = self.behind.catch_up(self.log.durable());
                look().or_else(|error| caught_up.map_err(Error::from).and(Err(error)))?
            }
        };
        found.or(kept).map(|(id, location)| self.at(location, id)).transpose()
    }

    /// Returns the entry with an id. Without an index a segment is searched.
    ///
    /// # Errors
    /// [`Error::NoEntry`], and when the log cannot be read.
    pub fn entry(&self, id: EntryId) -> Result<Entry, Error> {
        let durable = self.log.durable();
        let locate = || {
            self.behind.read(&self.behind.lookups, |index| {
                let all = index.indexed()? >= durable;
                Ok(index.locate(id)?.map_or(if all { Place::Nowhere } else { Place::Unknown }, Place::At))
            })
        };
        let mut found = locate();
        if let (Ok(Place::Unknown), Ok(mut slot)) = (&found, self.behind.slot.try_lock()) {
            // It may be among the last, which is less to read than a segment.
            if slot.is_some() {
                let _ = self.behind.step(&mut slot, durable);
                found = locate();
            }
        }
        match found {
            Ok(Place::At(location)) => self.at(location, id),
            // All that was durable is known: no segment need be read for an id that somebody made up.
            Ok(Place::Nowhere) => Err(Error::NoEntry(id.to_string())),
            Ok(Place::Unknown) | Err(_) => self.behind.reader.find(id),
        }
    }

    fn at(&self, location: crate::Location, id: EntryId) -> Result<Entry, Error> {
        // A segment that was just rewritten has its entries elsewhere.
        match self.behind.reader.at(location, id)? {
            Some(entry) => Ok(entry),
            None => self.behind.reader.find(id),
        }
    }

    /// Makes the index again, and returns how many entries are in it.
    ///
    /// # Errors
    /// [`Error::Index`] and [`Error::IndexLocked`].
    pub fn reindex(&self) -> Result<u64, Error> {
        let durable = self.log.durable();
        let why = "somebody asked for it".to_owned();
        let mut more = self.behind.remake(&mut lock(&self.behind.slot), durable, why)?;
        while more {
            more = self.behind.step(&mut lock(&self.behind.slot), durable)?;
        }
        Ok(lock(&self.behind.state).indexed)
    }

    /// Puts a hold on decisions of a tenant. When this returns, a sweep that is under way keeps what it has not deleted yet.
    /// It waits for the segment that the sweep is at. A hold that is appended to the log by other ways counts for later
    /// sweeps alone.
    ///
    /// # Errors
    /// As [`Log::append`]; [`Refused::Invalid`] for what is no entry.
    pub fn hold(&self, tenant: &str, hold: &Hold) -> Result<Receipt, Refused> {
        self.say(hold.draft(tenant))
    }

    /// Lifts a hold. Whether there is one is not looked at.
    ///
    /// # Errors
    /// As [`Records::hold`].
    pub fn lift(&self, tenant: &str, lifted: &HoldLifted) -> Result<Receipt, Refused> {
        self.say(lifted.draft(tenant))
    }

    fn say(&self, draft: Result<Draft, Error>) -> Result<Receipt, Refused> {
        let draft = draft.map_err(|error| Refused::Invalid(error.to_string()))?;
        let _no_segment_is_rewritten = lock(&self.terms);
        self.log.append(draft)
    }

    /// Deletes what is older than tenants keep, as a [`Deletion`](crate::Deletion) says that is recorded first; also what an
    /// earlier sweep did not reach. It reads the whole log.
    ///
    /// # Errors
    /// When the log cannot be read or written. The next sweep goes on.
    pub fn sweep(&self, retentions: &[Retention]) -> Result<Swept, Error> {
        let _one_at_a_time = lock(&self.sweeping);
        sweep(&self.log, retentions, &self.terms, |number| {
            let mut slot = lock(&self.behind.slot);
            let Some(mut index) = slot.take() else { return };
            // Where that fails, the index is looked through when it is opened again.
            if index.take_in_again(&self.behind.reader, number).is_ok() {
                let _lists = self.behind.lists.none();
                let _lookups = self.behind.lookups.none();
                let settled = self.behind.place().and_then(|place| index.settle(place));
                *slot = Some(index);
                if let Err(Trouble::Worthless(why)) = settled {
                    self.behind.found(self.behind.openings.load(Ordering::Acquire), why);
                }
            }
        })
    }
}

/// Where an entry is, as far as the index knows.
enum Place {
    At(crate::Location),
    Nowhere,
    Unknown,
}

impl Drop for Records {
    fn drop(&mut self) {
        self.log.watch(None);
        self.behind.close();
        if let Some(thread) = self.thread.take() {
            // What it could not take in is taken in when the log is opened again.
            let _ = thread.join();
        }
        for connection in self.behind.lists.0.iter().chain(&self.behind.lookups.0) {
            *lock(connection) = None;
        }
        if let (Ok(place), Some(index)) = (self.behind.place(), lock(&self.behind.slot).take()) {
            // One that is not closed well is marked: after a loss of power it is made again.
            let _ = index.close(place);
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests use files")]
mod tests {
    use super::*;
    use cap_std::fs::Dir;

    fn open(path: &std::path::Path) -> Records {
        let dir = || Dir::open_ambient_dir(path, cap_std::ambient_authority()).unwrap();
        let place = IndexFile { folder: dir(), path: path.to_owned(), boot: None };
        let clock: Clock = Arc::new(|| jiff::Timestamp::UNIX_EPOCH);
        Records::open(Arc::new(dir()), Some(place), LogLimits::default(), clock).unwrap().0
    }

    fn append(records: &Records, key: &str) -> Receipt {
        let caller = format!(r#"{{"idempotencyKey":"{key}"}}"#).into_bytes();
        let sections = vec![(crate::CALLER, caller)];
        records.log().append(Draft::new(crate::Kind::Decision, "acme", None, sections).unwrap()).unwrap()
    }

    #[test]
    fn an_index_that_is_locked_from_the_start_is_read_if_it_is_of_this_log() {
        let (own, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for folder in [&own, &other] {
            let records = open(folder.path());
            append(&records, "one");
            records.list(&Query::default()).unwrap();
        }
        let file = |folder: &tempfile::TempDir| folder.path().join("index.sqlite");
        for is_of_this_log in [true, false] {
            if !is_of_this_log {
                std::fs::copy(file(&other), file(&own)).unwrap();
            }
            let somebody = rusqlite::Connection::open(file(&own)).unwrap();
            somebody.execute_batch("BEGIN IMMEDIATE").unwrap();
            let records = open(own.path());
            let found = records.by_idempotency_key("acme", "one");
            assert!(matches!(records.list(&Query::default()), Err(Error::IndexLocked)));
            if is_of_this_log {
                assert_eq!(found.unwrap().unwrap().sequence, 1);
            } else {
                // Perhaps it was decided: nobody can say.
                assert!(matches!(found, Err(Error::IndexLocked)), "{found:?}");
            }
        }
    }

    #[test]
    fn a_list_that_takes_long_holds_up_no_lookup_and_no_indexing() {
        let temporary = tempfile::tempdir().unwrap();
        let records = open(temporary.path());
        append(&records, "one");
        records.list(&Query { rows: 1, ..Query::default() }).unwrap();
        // As if there were as many lists under way as there may be.
        let lists = records.behind.lists.none();
        let two = append(&records, "two");
        while records.index_state().indexed < 2 {
            std::thread::yield_now();
        }
        assert!(lock(&records.behind.keys).find("acme", "two").0.is_none());
        assert_eq!(records.by_idempotency_key("acme", "two").unwrap().unwrap().head.id, two.id);
        assert_eq!(records.entry(two.id).unwrap().sequence, 2);
        drop(lists);
    }
}
