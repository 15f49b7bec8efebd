//! Prepared policies in memory: so many at a time, the others are loaded again when they are asked.

use crate::artifact::Start;
use crate::code::Code;
use crate::prepare::Inner;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// How much of what was prepared is kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Policies. Each takes a file descriptor and, once it ran, some kernel maps; of these a process has 65 530.
    pub policies: usize,
    /// Bytes of compiled code and initial memory.
    pub bytes: usize,
}

impl Default for Room {
    /// 512 policies with 256 MiB, so that they fit beside everything else into the 1 024 descriptors that a process has by
    /// default.
    fn default() -> Room {
        Room { policies: 512, bytes: 256 << 20 }
    }
}

/// What runs.
pub(crate) struct Loaded {
    pub(crate) start: Start,
    pub(crate) code: Code,
    bytes: usize,
    counted: Arc<Counted>,
}

impl Drop for Loaded {
    fn drop(&mut self) {
        self.counted.policies.fetch_sub(1, Ordering::Relaxed);
        self.counted.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// What a prepared policy holds of itself in memory, if it does.
#[derive(Default)]
pub(crate) struct Slot {
    loaded: Mutex<Option<Arc<Loaded>>>,
    /// When it was last asked, in asks of all policies.
    asked: AtomicU64,
}

impl Slot {
    fn get(&self) -> Option<Arc<Loaded>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, loaded: Option<Arc<Loaded>>) {
        *self.loaded.lock().unwrap_or_else(PoisonError::into_inner) = loaded;
    }
}

#[derive(Default)]
struct Counted {
    policies: AtomicUsize,
    bytes: AtomicUsize,
}

/// The policies in memory.
pub(crate) struct Residents {
    room: Room,
    counted: Arc<Counted>,
    asks: AtomicU64,
    all: Mutex<Vec<Weak<Inner>>>,
}

impl Residents {
    pub(crate) fn new(room: Room) -> Residents {
        Residents { room, counted: Arc::default(), asks: AtomicU64::new(0), all: Mutex::default() }
    }

    /// Returns a policy that is in memory.
    pub(crate) fn get(&self, policy: &Inner) -> Option<Arc<Loaded>> {
        let loaded = policy.slot.get()?;
        // Nobody needs the order of asks to be exact.
        policy.slot.asked.store(self.asks.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Some(loaded)
    }

    /// Takes a policy that was loaded into memory, and lets go of those that were not asked for longest, if there are too
    /// many. Those that run just now keep what they run.
    pub(crate) fn put(
        &self,
        policy: &Arc<Inner>,
        (start, code): (Start, Code),
        bytes: usize,
        replaceable: bool,
    ) -> Arc<Loaded> {
        self.counted.policies.fetch_add(1, Ordering::Relaxed);
        self.counted.bytes.fetch_add(bytes, Ordering::Relaxed);
        let loaded = Arc::new(Loaded { start, code, bytes, counted: Arc::clone(&self.counted) });
        policy.slot.set(Some(Arc::clone(&loaded)));
        policy.slot.asked.store(self.asks.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        if replaceable {
            let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
            if all.len() == all.capacity() {
                // Policies that nobody has any more would stay here for ever where there is always room.
                all.retain(|policy| policy.strong_count() > 0);
            }
            all.push(Arc::downgrade(policy));
            if self.full(self.room) {
                self.let_go(&mut all, policy);
            }
        }
        loaded
    }

    fn full(&self, room: Room) -> bool {
        self.counted.policies.load(Ordering::Relaxed) > room.policies
            || self.counted.bytes.load(Ordering::Relaxed) > room.bytes
    }

    /// Lets go of some more than need be: looking for them takes a while.
    fn let_go(&self, all: &mut Vec<Weak<Inner>>, but: &Arc<Inner>) {
        let most = |count: usize| count - count / 8;
        let room = Room { policies: most(self.room.policies), bytes: most(self.room.bytes) };
        let mut by_age: Vec<_> = all.iter().filter_map(Weak::upgrade).collect();
        by_age.sort_by_key(|policy| policy.slot.asked.load(Ordering::Relaxed));
        for policy in &by_age {
            if !self.full(room) {
                break;
            }
            if !Arc::ptr_eq(policy, but) {
                policy.slot.set(None);
            }
        }
        *all = by_age.iter().filter(|policy| policy.slot.get().is_some()).map(Arc::downgrade).collect();
    }
}
