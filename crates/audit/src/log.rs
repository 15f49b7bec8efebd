//! The log: what is appended is durable before anybody is told.

use crate::entry::Draft;
use crate::error::{Error, Refused};
use crate::files::{Folder, LOCK};
use crate::id::EntryId;
use crate::keys::Keys;
use crate::read::Reader;
use crate::recover::{Opened, recover};
use crate::writer::{Shared, Task, Writer};
use jiff::Timestamp;
use std::fmt;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

/// What tells the time. It may go backwards: ids still grow, and each entry says what the clock said.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What a log may hold at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLimits {
    /// Bytes of a segment; an entry that is larger has one to itself.
    pub segment_bytes: u64,
    /// Entries of a group: one write, one sync.
    pub group: usize,
    /// Bytes of a group; an entry that is larger is a group by itself.
    pub group_bytes: usize,
    /// Entries that wait.
    pub waiting: usize,
    /// Bytes that wait.
    pub waiting_bytes: usize,
}

impl Default for LogLimits {
    /// 64 MiB a segment: opening reads one, deleting writes one anew. 256 entries or 8 MiB a group; 4 096 entries or
    /// 64 MiB wait. Chosen by feel: what waits longer than its asker is worth nothing.
    fn default() -> LogLimits {
        LogLimits {
            segment_bytes: 64 << 20,
            group: 256,
            group_bytes: 8 << 20,
            waiting: 4_096,
            waiting_bytes: 64 << 20,
        }
    }
}

/// The proof that an entry is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Its id.
    pub id: EntryId,
    /// Its number in the log.
    pub sequence: u64,
    /// What the clock said.
    pub recorded: Timestamp,
}

/// A log that this process owns. Dropped, it writes what waits, and lets go.
pub struct Log {
    folder: Arc<dyn Folder>,
    shared: Arc<Shared>,
    clock: Clock,
    thread: Option<JoinHandle<()>>,
    // The last field: let go when nothing is written any more.
    _lock: Box<dyn Send + Sync>,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("durable", &self.durable()).finish_non_exhaustive()
    }
}

impl Log {
    /// Opens the log in a folder, or begins one there. What a crash left at the end is cut.
    ///
    /// # Errors
    /// [`Error::Owned`] when somebody else has it, [`Error::Damaged`] and [`Error::Missing`] when it is not what was
    /// written, [`Error::Format`], and what the system says.
    pub fn open(folder: Arc<dyn Folder>, limits: LogLimits, clock: Clock) -> Result<(Log, Opened), Error> {
        let lock = folder.lock().map_err(|error| match error.kind() {
            std::io::ErrorKind::WouldBlock => Error::Owned(LOCK),
            _ => Error::io("lock", LOCK)(error),
        })?;
        let tail = recover(&*folder)?;
        let opened = tail.opened.clone();
        let shared = Arc::new(Shared::new(limits, opened.entries));
        let writer = Writer::new(Arc::clone(&folder), Arc::clone(&clock), Arc::clone(&shared), tail);
        let thread = std::thread::Builder::new().name("lexgate-log".to_owned());
        let thread = thread.spawn(move || writer.work()).map_err(Error::io("start a thread for", "."))?;
        Ok((Log { folder, shared, clock, thread: Some(thread), _lock: lock }, opened))
    }

    /// Hands an entry in, and calls back when it is durable or refused. The callback runs on the thread that writes, and
    /// holds up whoever comes next: it should send, not work. With the sender of a `oneshot` channel in it, of any runtime, this
    /// is an append to await.
    ///
    /// # Errors
    /// [`Refused`] at once, without the callback: too much waits, or the log takes nothing more.
    pub fn submit(
        &self,
        draft: Draft,
        done: impl FnOnce(Result<Receipt, Refused>) + Send + 'static,
    ) -> Result<(), Refused> {
        self.shared.submit(Task::Append(draft.seal(), Box::new(done)))
    }

    /// Appends an entry, and returns when it is durable.
    ///
    /// # Errors
    /// [`Refused`]; nobody may be told that it is recorded then.
    pub fn append(&self, draft: Draft) -> Result<Receipt, Refused> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.submit(draft, move |done| drop(sender.send(done)))?;
        receiver.recv().unwrap_or(Err(Refused::Closed))
    }

    /// Ends the segment that is written to, so that it may be rewritten, and returns how many segments there are.
    pub(crate) fn end_segment(&self) -> Result<u64, Refused> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.shared.submit(Task::Seal(Box::new(move |done| drop(sender.send(done)))))?;
        receiver.recv().unwrap_or(Err(Refused::Closed))
    }

    /// Returns the number of the last entry that is durable; 0 for none.
    #[must_use]
    pub fn durable(&self) -> u64 {
        self.shared.durable()
    }

    /// Returns whether so much waits that an entry would be refused now.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.shared.is_full()
    }

    /// Returns why the log takes no more entries, if it does not.
    #[must_use]
    pub fn failure(&self) -> Option<Arc<Error>> {
        self.shared.failure()
    }

    /// Returns what reads the log.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.folder))
    }

    /// Returns its folder.
    pub(crate) fn folder(&self) -> &dyn Folder {
        &*self.folder
    }

    /// Returns what the clock says.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Has the idempotency keys kept of what is appended from now on.
    pub(crate) fn keep_keys(&self, keys: Arc<Mutex<Keys>>) {
        self.shared.keep_keys(keys);
    }

    /// Calls something after each group that is durable.
    pub(crate) fn watch(&self, watch: Option<Box<dyn Fn() + Send>>) {
        self.shared.watch(watch);
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.shared.close();
        if let Some(thread) = self.thread.take() {
            // What it could not write was told to whoever waited.
            let _ = thread.join();
        }
    }
}
