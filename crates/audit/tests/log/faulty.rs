//! A folder in memory that loses power: at any call, everything that is not durable is gone, or parts of it are there.
//!
//! It is as mean as a file system may be. Bytes are safe after a sync of their file, names after a sync of the folder. What
//! is not may be there in part, 512 bytes at a time, in any order. After a sync that failed, what was to be synced is
//! forgotten, though whoever reads it sees it until the power is lost.

use lexgate_audit::{File, Folder};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Error, ErrorKind, Result};
use std::sync::{Arc, Mutex};

const SECTOR: usize = 512;

/// What is left when the power comes back.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Left {
    /// Only what was durable.
    Durable,
    /// Everything, as when only the process is killed.
    All,
    /// Parts, by a random number.
    Parts(u64),
}

#[derive(Debug, Clone, Default)]
struct Node {
    /// What is read.
    seen: Vec<u8>,
    /// What is durable.
    safe: Vec<u8>,
    /// The sectors that are written to the disk by themselves some time, or by a sync.
    dirty: BTreeSet<usize>,
}

#[derive(Debug, Default)]
struct State {
    nodes: Vec<Node>,
    names: BTreeMap<String, usize>,
    safe_names: BTreeMap<String, usize>,
    /// Names as they were after each change since they were durable.
    changes: Vec<BTreeMap<String, usize>>,
    /// Calls that change something, so far.
    calls: u64,
    /// The power is lost in this call.
    dies_at: Option<u64>,
    dead: bool,
    /// The sync of a file that fails, counted from now.
    failing_sync: Option<u64>,
    /// Bytes that there is room for.
    room: Option<usize>,
    locked: Arc<()>,
}

/// A folder that can lose power.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faulty(Arc<Mutex<State>>);

impl Faulty {
    pub(crate) fn calls(&self) -> u64 {
        self.0.lock().unwrap().calls
    }

    /// Has the power lost in a call, counted from now: 0 is the next.
    pub(crate) fn die_in(&self, calls: u64) {
        let mut state = self.0.lock().unwrap();
        state.dies_at = Some(state.calls + calls);
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.0.lock().unwrap().dead
    }

    /// Has the n-th sync of a file from now fail.
    pub(crate) fn fail_sync_in(&self, syncs: u64) {
        self.0.lock().unwrap().failing_sync = Some(syncs);
    }

    /// Sets how many bytes there is room for beside those that are there.
    pub(crate) fn room(&self, more: Option<usize>) {
        let mut state = self.0.lock().unwrap();
        let used: usize = state.names.values().map(|node| state.nodes[*node].seen.len()).sum();
        state.room = more.map(|more| used + more);
    }

    /// Returns what is left when the power comes back.
    pub(crate) fn after(&self, left: Left) -> Faulty {
        let state = self.0.lock().unwrap();
        let mut random = Random(match left {
            Left::Parts(seed) => seed,
            Left::Durable | Left::All => 0,
        });
        let names = match left {
            Left::Durable => state.safe_names.clone(),
            Left::All => state.names.clone(),
            Left::Parts(_) => {
                let histories = state.changes.len() as u64 + 1;
                match random.below(histories) {
                    0 => state.safe_names.clone(),
                    some => state.changes[some as usize - 1].clone(),
                }
            }
        };
        let mut new = State::default();
        for (name, node) in &names {
            let bytes = state.nodes[*node].left(left, &mut random);
            new.nodes.push(Node { seen: bytes.clone(), safe: bytes, dirty: BTreeSet::new() });
            new.names.insert(name.clone(), new.nodes.len() - 1);
        }
        new.safe_names = new.names.clone();
        Faulty(Arc::new(Mutex::new(new)))
    }

    /// Changes a byte of a file.
    pub(crate) fn flip(&self, name: &str, offset: usize) {
        let mut state = self.0.lock().unwrap();
        let node = state.names[name];
        state.nodes[node].seen[offset] ^= 0x20;
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        let state = self.0.lock().unwrap();
        state.nodes[state.names[name]].seen.clone()
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        let mut state = self.0.lock().unwrap();
        state.nodes.push(Node { seen: bytes.to_vec(), safe: bytes.to_vec(), dirty: BTreeSet::new() });
        let node = state.nodes.len() - 1;
        state.names.insert(name.to_owned(), node);
        state.safe_names.insert(name.to_owned(), node);
    }

    fn node(&self, name: &str) -> Result<Box<dyn File>> {
        let state = self.0.lock().unwrap();
        let node = *state.names.get(name).ok_or(ErrorKind::NotFound)?;
        Ok(Box::new(Handle { folder: self.clone(), node }))
    }

    /// Does something that changes the folder, unless the power is lost; in the call in which it is, that is done that
    /// may be lost.
    fn change<T>(&self, act: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        let mut state = self.0.lock().unwrap();
        if state.dead {
            return Err(Error::other("the power is lost"));
        }
        let dies = state.dies_at == Some(state.calls);
        state.calls += 1;
        let done = act(&mut state);
        if dies {
            state.dead = true;
            return Err(Error::other("the power is lost"));
        }
        done
    }
}

impl Node {
    fn left(&self, left: Left, random: &mut Random) -> Vec<u8> {
        match left {
            Left::Durable => self.safe.clone(),
            Left::All => self.seen.clone(),
            Left::Parts(_) => {
                // The length is the old one, the new one, or between, and what was not written is zero.
                let (short, long) =
                    (self.safe.len().min(self.seen.len()), self.safe.len().max(self.seen.len()));
                let length = match random.below(3) {
                    0 => short + random.below((long - short) as u64 + 1) as usize,
                    _ => self.seen.len(),
                };
                let mut bytes = self.safe.clone();
                bytes.resize(length, 0);
                for sector in &self.dirty {
                    if random.below(2) == 0 {
                        continue;
                    }
                    for at in sector * SECTOR..(sector + 1) * SECTOR {
                        if let (Some(byte), Some(seen)) = (bytes.get_mut(at), self.seen.get(at)) {
                            *byte = *seen;
                        }
                    }
                }
                bytes
            }
        }
    }
}

impl State {
    fn renamed(&mut self) {
        self.changes.push(self.names.clone());
    }
}

impl Folder for Faulty {
    fn names(&self) -> Result<Vec<String>> {
        Ok(self.0.lock().unwrap().names.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> Result<Box<dyn File>> {
        self.node(name)
    }

    fn write(&self, name: &str) -> Result<Box<dyn File>> {
        self.node(name)
    }

    fn create(&self, name: &str) -> Result<Box<dyn File>> {
        self.change(|state| {
            if state.names.contains_key(name) {
                return Err(ErrorKind::AlreadyExists.into());
            }
            state.nodes.push(Node::default());
            state.names.insert(name.to_owned(), state.nodes.len() - 1);
            state.renamed();
            Ok(())
        })?;
        self.node(name)
    }

    fn rename(&self, from: &str, to: &str) -> Result<()> {
        self.change(|state| {
            let node = state.names.remove(from).ok_or(ErrorKind::NotFound)?;
            state.names.insert(to.to_owned(), node);
            state.renamed();
            Ok(())
        })
    }

    fn remove(&self, name: &str) -> Result<()> {
        if !self.0.lock().unwrap().names.contains_key(name) {
            return Err(ErrorKind::NotFound.into());
        }
        self.change(|state| {
            state.names.remove(name).ok_or(ErrorKind::NotFound)?;
            state.renamed();
            Ok(())
        })
    }

    fn sync(&self) -> Result<()> {
        // The power is lost before it is done, so that `change` may not do it.
        self.before_sync()?;
        let mut state = self.0.lock().unwrap();
        state.safe_names = state.names.clone();
        state.changes.clear();
        Ok(())
    }

    fn lock(&self) -> Result<Box<dyn Send + Sync>> {
        let state = self.0.lock().unwrap();
        if Arc::strong_count(&state.locked) > 1 {
            return Err(ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(Arc::clone(&state.locked)))
    }
}

impl Faulty {
    fn before_sync(&self) -> Result<()> {
        self.change(|_| Ok(()))
    }
}

struct Handle {
    folder: Faulty,
    node: usize,
}

impl File for Handle {
    fn length(&self) -> Result<u64> {
        Ok(self.folder.0.lock().unwrap().nodes[self.node].seen.len() as u64)
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> Result<usize> {
        let state = self.folder.0.lock().unwrap();
        let seen = &state.nodes[self.node].seen;
        let from = seen.get(offset as usize..).unwrap_or_default();
        // Fewer than there is room for, as a file may do.
        let length = from.len().min(bytes.len()).min(1000);
        bytes[..length].copy_from_slice(&from[..length]);
        Ok(length)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.folder.change(|state| {
            let used: usize = state.names.values().map(|node| state.nodes[*node].seen.len()).sum();
            let node = &mut state.nodes[self.node];
            let offset = offset as usize;
            let end = offset + bytes.len();
            let more = end.saturating_sub(node.seen.len());
            let fits = match state.room {
                Some(room) if used + more > room => bytes.len() - (used + more - room).min(bytes.len()),
                _ => bytes.len(),
            };
            let end = offset + fits;
            if node.seen.len() < end {
                node.seen.resize(end, 0);
            }
            node.seen[offset..end].copy_from_slice(&bytes[..fits]);
            node.dirty.extend(offset / SECTOR..=end / SECTOR);
            if fits < bytes.len() { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
        })
    }

    fn cut(&self, length: u64) -> Result<()> {
        self.folder.change(|state| {
            state.nodes[self.node].seen.truncate(length as usize);
            Ok(())
        })
    }

    fn sync(&self) -> Result<()> {
        self.folder.before_sync()?;
        let mut state = self.folder.0.lock().unwrap();
        let fails = state.failing_sync.is_some_and(|left| left == 0);
        state.failing_sync = state.failing_sync.and_then(|left| left.checked_sub(1));
        let node = &mut state.nodes[self.node];
        let dirty = std::mem::take(&mut node.dirty);
        if fails {
            // What was dirty counts as clean, and will never be written.
            return Err(Error::other("the disk could not write"));
        }
        let (seen, safe) = (&node.seen, &mut node.safe);
        safe.resize(seen.len(), 0);
        for sector in dirty {
            let range = sector * SECTOR..((sector + 1) * SECTOR).min(seen.len());
            if range.start < range.end {
                safe[range.clone()].copy_from_slice(&seen[range]);
            }
        }
        Ok(())
    }
}

/// Numbers that look random, the same each time (splitmix64).
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ bits >> 31) % end
    }
}
