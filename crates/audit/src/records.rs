//! A log with its index: what a server holds.

use crate::entry::{Draft, Entry};
use crate::error::{Error, Refused};
use crate::files::Folder;
use crate::id::EntryId;
use crate::index::{Index, IndexFile, Page, Query, Trouble};
use crate::log::{Clock, Log, LogLimits, Receipt};
use crate::read::Reader;
use crate::recover::Opened;
use crate::retention::{Hold, HoldLifted, Retention, Swept, sweep};
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How many batches whoever looks something up takes in before, at most: some thousands of entries.
const MOST_BATCHES: usize = 4;

/// How long the index is left alone after trouble, in milliseconds. Chosen by feel.
const REST_MS: u64 = 1_000;

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
    slot: Mutex<Slot>,
    wake: Mutex<Wake>,
    changed: Condvar,
}

#[derive(Default)]
struct Wake {
    wanted: bool,
    closed: bool,
}

struct Slot {
    place: Option<IndexFile>,
    index: Option<Index>,
    state: IndexState,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is only a cache of what is on disk, so a panic leaves nothing that must not be seen.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Slot {
    /// Takes in a batch, and returns whether there are more. An index that is worthless is made again.
    fn step(&mut self, reader: &Reader, durable: u64) -> Result<bool, Trouble> {
        let done = match self.try_step(reader, durable) {
            Err(Trouble::Worthless(why)) => self.remake(reader, durable, why),
            done => done,
        };
        self.state.durable = durable;
        self.state.trouble = match &done {
            Ok(_) => None,
            Err(Trouble::Locked) => Some(Error::IndexLocked.to_string()),
            Err(Trouble::Worthless(why) | Trouble::Other(why)) => Some(why.clone()),
        };
        if matches!(done, Err(Trouble::Worthless(_) | Trouble::Other(_))) {
            self.index = None;
        }
        done
    }

    fn remake(&mut self, reader: &Reader, durable: u64, why: String) -> Result<bool, Trouble> {
        self.index = None;
        self.place()?.remove()?;
        self.state.remade = Some(why);
        self.try_step(reader, durable)
    }

    fn place(&self) -> Result<&IndexFile, Trouble> {
        self.place.as_ref().ok_or_else(|| Trouble::Other("this log has no index".to_owned()))
    }

    fn try_step(&mut self, reader: &Reader, durable: u64) -> Result<bool, Trouble> {
        let place = self.place.as_ref().ok_or_else(|| Trouble::Other("this log has no index".to_owned()))?;
        if self.index.is_some() && !place.is_there() {
            self.index = None;
            self.state.remade = Some("somebody removed it".to_owned());
        }
        let mut index = match self.index.take() {
            Some(index) => index,
            None => Index::open(place, reader, durable)?,
        };
        let more = index.catch_up(reader, durable);
        let indexed = index.indexed();
        self.index = Some(index);
        self.state.indexed = indexed?;
        more
    }
}

impl Behind {
    /// Follows the log until it is closed.
    fn follow(&self, log: &std::sync::Weak<Log>) {
        loop {
            let Some(durable) = log.upgrade().map(|log| log.durable()) else { return };
            let done = lock(&self.slot).step(&self.reader, durable);
            let mut wake = lock(&self.wake);
            match done {
                Ok(true) => {}
                Ok(false) => {
                    while !wake.wanted && !wake.closed {
                        wake = self.changed.wait(wake).unwrap_or_else(PoisonError::into_inner);
                    }
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

    fn wake(&self, change: impl FnOnce(&mut Wake)) {
        change(&mut lock(&self.wake));
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
        let slot = Slot { place: index, index: None, state: IndexState::default() };
        let behind = Arc::new(Behind {
            reader: log.reader(),
            slot: Mutex::new(slot),
            wake: Mutex::default(),
            changed: Condvar::new(),
        });
        let mut records =
            Records { log, behind, thread: None, sweeping: Mutex::default(), terms: Mutex::default() };
        if has_index {
            let (behind, log) = (Arc::clone(&records.behind), Arc::downgrade(&records.log));
            let thread = std::thread::Builder::new().name("lexgate-index".to_owned());
            let thread = thread.spawn(move || behind.follow(&log));
            records.thread = Some(thread.map_err(Error::io("start a thread for", "."))?);
            let behind = Arc::clone(&records.behind);
            records.log.watch(Some(Box::new(move || behind.wake(|wake| wake.wanted = true))));
        }
        Ok((records, opened))
    }

    /// Returns the log: what is appended, and what reads it.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Returns how the index does.
    #[must_use]
    pub fn index_state(&self) -> IndexState {
        let durable = self.log.durable();
        IndexState { durable, ..lock(&self.behind.slot).state.clone() }
    }

    /// Returns what a query finds, a page of it. The index is brought up some thousand entries first; [`Page::indexed`] says
    /// how far it is then.
    ///
    /// # Errors
    /// [`Error::Index`] and [`Error::IndexLocked`], when it cannot be used.
    pub fn list(&self, query: &Query) -> Result<Page, Error> {
        self.with_index(|index, _| index.list(query))
    }

    /// Returns the decision that a tenant asked for with an idempotency key; of several, the first. Every entry that was
    /// acknowledged before the call is looked at.
    ///
    /// # Errors
    /// [`Error::Index`] and [`Error::IndexLocked`], when that cannot be known, also because the index is still being made.
    pub fn by_idempotency_key(&self, tenant: &str, key: &str) -> Result<Option<Entry>, Error> {
        let found = self.with_index(|index, behind| {
            if behind {
                return Err(Error::Index("it is still being made: ask later".to_owned()));
            }
            Ok(index.by_key(tenant, key)?)
        })?;
        found.map(|(id, location)| self.at(location, id)).transpose()
    }

    /// Returns the entry with an id. Without an index a segment is searched.
    ///
    /// # Errors
    /// [`Error::NoEntry`], and when the log cannot be read.
    pub fn entry(&self, id: EntryId) -> Result<Entry, Error> {
        let location =
            lock(&self.behind.slot).index.as_ref().and_then(|index| index.locate(id).ok().flatten());
        match location {
            Some(location) => self.at(location, id),
            None => self.behind.reader.find(id),
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
        let mut slot = lock(&self.behind.slot);
        let mut more = slot.remake(&self.behind.reader, durable, "somebody asked for it".to_owned())?;
        while more {
            more = slot.step(&self.behind.reader, durable)?;
        }
        Ok(slot.state.indexed)
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
            let Some(mut index) = slot.index.take() else { return };
            // Where that fails, the index is looked through when it is opened again.
            if index.take_in_again(&self.behind.reader, number).is_ok() {
                slot.index = Some(index);
            }
        })
    }

    /// Does something with the index, brought up as far as may be waited for; tells whether it is still behind.
    fn with_index<T>(&self, act: impl FnOnce(&Index, bool) -> Result<T, Error>) -> Result<T, Error> {
        let durable = self.log.durable();
        let mut slot = lock(&self.behind.slot);
        let mut behind = true;
        for _ in 0..MOST_BATCHES {
            behind = slot.step(&self.behind.reader, durable)?;
            if !behind {
                break;
            }
        }
        let index = slot.index.as_ref().ok_or_else(|| Error::Index("it is not open".to_owned()))?;
        act(index, behind)
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        self.log.watch(None);
        self.behind.wake(|wake| wake.closed = true);
        if let Some(thread) = self.thread.take() {
            // What it could not take in is taken in when the log is opened again.
            let _ = thread.join();
        }
    }
}
