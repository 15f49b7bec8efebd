//! The one thread that writes: it takes what waits, writes it at once, makes it durable at once, and tells everybody.
//!
//! After a write or a sync that failed nothing more is taken. What the file holds then is not known: a system may forget
//! what it could not write, and say nothing the next time. Opening the log again reads what is there.

use crate::entry::Sealed;
use crate::error::{Error, Refused};
use crate::files::{File, Folder};
use crate::id::{EntryId, Ids};
use crate::keys::{Keyed, Keys};
use crate::log::{Clock, LogLimits, Receipt};
use crate::read::Location;
use crate::recover::Tail;
use crate::segment::{FRAME_BYTES, HEADER_BYTES, Header, file_name};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

/// What is called when an entry is durable, or is not going to be.
pub(crate) type Done<T> = Box<dyn FnOnce(Result<T, Refused>) + Send>;

pub(crate) enum Task {
    Append(Sealed, Done<Receipt>),
    /// Ends the segment, so that everything so far can be rewritten; tells its number.
    Seal(Done<u64>),
}

impl Task {
    fn refuse(self, why: Refused) {
        match self {
            Task::Append(_, done) => tell(done, Err(why)),
            Task::Seal(done) => tell(done, Err(why)),
        }
    }
}

/// Tells somebody; a panic of theirs is not ours.
fn tell<T>(done: Done<T>, what: Result<T, Refused>) {
    let _ = catch_unwind(AssertUnwindSafe(|| done(what)));
}

/// What waits, and what is durable. Both sides know it.
pub(crate) struct Shared {
    limits: LogLimits,
    queue: Mutex<Queue>,
    changed: Condvar,
    /// The number of the last entry that is durable.
    durable: AtomicU64,
    /// Called whenever that changes.
    watch: Mutex<Option<Box<dyn Fn() + Send>>>,
    /// Told of idempotency keys before whoever appended is told anything.
    keys: OnceLock<Arc<Mutex<Keys>>>,
}

#[derive(Default)]
struct Queue {
    tasks: VecDeque<Task>,
    bytes: usize,
    closed: bool,
    failed: Option<Arc<Error>>,
}

impl Shared {
    pub(crate) fn new(limits: LogLimits, durable: u64) -> Shared {
        Shared {
            limits,
            queue: Mutex::default(),
            changed: Condvar::new(),
            durable: AtomicU64::new(durable),
            watch: Mutex::default(),
            keys: OnceLock::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // INVARIANT: nothing panics while it holds the queue.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    pub(crate) fn failure(&self) -> Option<Arc<Error>> {
        self.lock().failed.clone()
    }

    pub(crate) fn watch(&self, watch: Option<Box<dyn Fn() + Send>>) {
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = watch;
    }

    /// Has keys kept, from the next entry on.
    pub(crate) fn keep_keys(&self, keys: Arc<Mutex<Keys>>) {
        // The first who asks has them.
        let _ = self.keys.set(keys);
    }

    /// Puts a task into the queue. Sealing is let in always.
    pub(crate) fn submit(&self, task: Task) -> Result<(), Refused> {
        let bytes = match &task {
            Task::Append(entry, _) => entry.bytes(),
            Task::Seal(_) => 0,
        };
        let mut queue = self.lock();
        if let Some(error) = &queue.failed {
            return Err(Refused::Failed(Arc::clone(error)));
        }
        if queue.closed {
            return Err(Refused::Closed);
        }
        let full = queue.tasks.len() >= self.limits.waiting
            || !queue.tasks.is_empty() && queue.bytes + bytes > self.limits.waiting_bytes;
        if full && matches!(task, Task::Append(..)) {
            return Err(Refused::Busy);
        }
        queue.bytes += bytes;
        queue.tasks.push_back(task);
        drop(queue);
        self.changed.notify_one();
        Ok(())
    }

    pub(crate) fn is_full(&self) -> bool {
        let queue = self.lock();
        queue.tasks.len() >= self.limits.waiting || queue.bytes >= self.limits.waiting_bytes
    }

    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    /// Lets nobody wait any longer: there is no writer.
    fn abandon(&self) {
        let mut queue = self.lock();
        queue.closed = true;
        let waiting = std::mem::take(&mut queue.tasks);
        drop(queue);
        waiting.into_iter().for_each(|task| task.refuse(Refused::Closed));
    }

    /// Waits for tasks, and returns those of one group: entries, or one that seals. None once the log is closed.
    fn take(&self) -> Option<Vec<Task>> {
        let mut queue = self.lock();
        while queue.tasks.is_empty() {
            if queue.closed {
                return None;
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let (mut group, mut bytes) = (Vec::new(), 0);
        while let Some(task) = queue.tasks.pop_front() {
            let size = match &task {
                Task::Append(entry, _) => entry.bytes(),
                Task::Seal(_) => self.limits.group_bytes,
            };
            bytes += size;
            if !group.is_empty() && (bytes > self.limits.group_bytes || group.len() >= self.limits.group) {
                queue.tasks.push_front(task);
                break;
            }
            let seals = matches!(task, Task::Seal(_));
            queue.bytes = queue.bytes.saturating_sub(if seals { 0 } else { size });
            group.push(task);
            if seals {
                break;
            }
        }
        Some(group)
    }

    fn fail(&self, error: Arc<Error>) -> VecDeque<Task> {
        let mut queue = self.lock();
        queue.failed = Some(error);
        queue.bytes = 0;
        std::mem::take(&mut queue.tasks)
    }
}

/// The writing side of a log.
pub(crate) struct Writer {
    folder: Arc<dyn Folder>,
    clock: Clock,
    shared: Arc<Shared>,
    log: Option<[u8; 16]>,
    ids: Ids,
    /// The number of the next entry.
    next: u64,
    /// How many segments there are.
    segments: u64,
    current: Option<Current>,
    buffer: Vec<u8>,
}

struct Current {
    header: Header,
    file: Box<dyn File>,
    length: u64,
}

impl Writer {
    pub(crate) fn new(folder: Arc<dyn Folder>, clock: Clock, shared: Arc<Shared>, tail: Tail) -> Writer {
        Writer {
            folder,
            clock,
            shared,
            log: tail.log,
            ids: Ids::after(tail.last_id),
            next: tail.opened.entries + 1,
            segments: tail.opened.segments,
            current: tail.current.map(|(header, file, length)| Current { header, file, length }),
            buffer: Vec::new(),
        }
    }

    /// Writes until the log is closed and nothing waits. Should it panic, nobody is left waiting.
    pub(crate) fn work(mut self) {
        struct Leaving(Arc<Shared>);
        impl Drop for Leaving {
            fn drop(&mut self) {
                self.0.abandon();
            }
        }
        let _leaving = Leaving(Arc::clone(&self.shared));
        while let Some(group) = self.shared.take() {
            let mut entries = Vec::new();
            for task in group {
                match task {
                    Task::Append(entry, done) => entries.push((entry, done)),
                    Task::Seal(done) => {
                        self.append(std::mem::take(&mut entries));
                        if let Some(error) = self.shared.failure() {
                            tell(done, Err(Refused::Failed(error)));
                        } else {
                            self.current = None;
                            tell(done, Ok(self.segments));
                        }
                    }
                }
            }
            self.append(entries);
        }
    }

    fn append(&mut self, entries: Vec<(Sealed, Done<Receipt>)>) {
        if entries.is_empty() {
            return;
        }
        let written = match self.shared.failure() {
            Some(error) => Err(error),
            None => self.write(&entries).map_err(Arc::new),
        };
        match written {
            Ok(receipts) => {
                if let Some(last) = receipts.last() {
                    self.shared.durable.store(last.sequence, Ordering::Release);
                }
                for ((_, done), receipt) in entries.into_iter().zip(receipts) {
                    tell(done, Ok(receipt));
                }
                if let Some(watch) = &*self.shared.watch.lock().unwrap_or_else(PoisonError::into_inner) {
                    watch();
                }
            }
            Err(error) => {
                let waiting = self.shared.fail(Arc::clone(&error));
                for (_, done) in entries {
                    tell(done, Err(Refused::Failed(Arc::clone(&error))));
                }
                waiting.into_iter().for_each(|task| task.refuse(Refused::Failed(Arc::clone(&error))));
            }
        }
    }

    /// Writes a group and makes it durable.
    fn write(&mut self, entries: &[(Sealed, Done<Receipt>)]) -> Result<Vec<Receipt>, Error> {
        let recorded = (self.clock)();
        let milliseconds = u64::try_from(recorded.as_millisecond()).unwrap_or(0);
        let ids = self.ids_for(entries.len(), milliseconds)?;
        let first = *ids.first().ok_or_else(|| Error::Invalid("a group has no entry".to_owned()))?;
        let bytes: usize = entries.iter().map(|(entry, _)| entry.bytes() + FRAME_BYTES).sum();
        let mut current = self.current_for(bytes as u64, first)?;
        let name = file_name(current.header.number);

        self.buffer.clear();
        let group = self.next;
        let mut receipts = Vec::with_capacity(entries.len());
        let mut one = Vec::new();
        let mut keyed = Vec::new();
        for ((entry, _), id) in entries.iter().zip(ids) {
            one.clear();
            entry.write(id, recorded, &mut one)?;
            let offset = current.length + self.buffer.len() as u64;
            current.header.frame(offset, self.next, group, &one, &mut self.buffer);
            if let Some(key) = entry.key() {
                let location = Location { segment: current.header.number, offset };
                keyed.push(Keyed { sequence: self.next, id, location, key });
            }
            receipts.push(Receipt { id, sequence: self.next, recorded });
            self.next += 1;
        }
        current.file.write_at(current.length, &self.buffer).map_err(Error::io("write", &name))?;
        current.file.sync().map_err(Error::io("sync", &name))?;
        if let Some(keys) = self.shared.keys.get() {
            let mut keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
            keyed.into_iter().for_each(|entry| keys.add(entry));
        }
        current.length += self.buffer.len() as u64;
        self.current = Some(current);
        Ok(receipts)
    }

    fn ids_for(&mut self, count: usize, milliseconds: u64) -> Result<Vec<EntryId>, Error> {
        let mut random = vec![[0; 10]; count];
        getrandom::fill(random.as_flattened_mut()).map_err(no_random)?;
        Ok(random.into_iter().map(|random| self.ids.next(milliseconds, random)).collect())
    }

    /// Returns the segment for a group of so many bytes, which is a new one if the last is full. Its header is durable, and
    /// so is its name.
    fn current_for(&mut self, bytes: u64, first_id: EntryId) -> Result<Current, Error> {
        let room = |current: &Current| {
            current.length <= HEADER_BYTES as u64
                || current.length + bytes <= self.shared.limits.segment_bytes
        };
        if let Some(current) = self.current.take_if(|current| room(current)) {
            return Ok(current);
        }
        let log = match self.log {
            Some(log) => log,
            None => {
                let mut log = [0; 16];
                getrandom::fill(&mut log).map_err(no_random)?;
                log
            }
        };
        let header = Header { generation: 0, number: self.segments + 1, first: self.next, first_id, log };
        let name = file_name(header.number);
        let file = self.folder.create(&name).map_err(Error::io("create", &name))?;
        let mut bytes = Vec::new();
        header.write(&mut bytes);
        file.write_at(0, &bytes).map_err(Error::io("write", &name))?;
        file.sync().map_err(Error::io("sync", &name))?;
        self.folder.sync().map_err(Error::io("sync", "."))?;
        (self.log, self.segments) = (Some(log), header.number);
        Ok(Current { header, file, length: bytes.len() as u64 })
    }
}

fn no_random(error: getrandom::Error) -> Error {
    Error::Invalid(format!("the system gives no random bytes for an id: {error}"))
}
