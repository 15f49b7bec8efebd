//! Where policies that were made ready are kept for the next start, and for other processes.
//!
//! What is in there is native code that this process will run. Therefore the folder is private, and every entry carries a
//! message authentication code whose key lies elsewhere; the bytes that were checked are the bytes that are loaded. An
//! entry that is cut, altered, of another name or not ours is removed, and made again.

use cap_std::fs::{Dir, MetadataExt, OpenOptions, OpenOptionsExt};
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of the authentication code before an entry.
const CODE_BYTES: usize = 32;

/// Most bytes of an entry; an interpreter of 64 MiB compiles to some 300.
const MOST_ENTRY_BYTES: u64 = 1 << 30;

/// How often it is looked whether the entries take too much: at the first that is written, and again after so many.
const WRITES_PER_CLEARING: u64 = 64;

/// The name of an entry: a digest of everything that what is made depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name(pub(crate) [u8; 32]);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A private folder of policies made ready.
pub struct Cache {
    folder: Dir,
    key: [u8; 32],
    most_bytes: u64,
    /// A number that no other writer has.
    writer: u64,
    written: AtomicU64,
}

impl fmt::Debug for Cache {
    /// Says nothing of the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Cache {
    /// Returns the cache in a folder that only its owner can read and write, with so many bytes at most. Whoever has the key
    /// can make this process run anything: it lies outside the folder, and is as secret as a password.
    ///
    /// # Errors
    /// When others can read or write the folder, or it belongs to somebody else.
    pub fn new(folder: Dir, key: [u8; 32], most_bytes: u64) -> Result<Cache> {
        let metadata = folder.dir_metadata()?;
        if metadata.mode() & 0o077 != 0 {
            let mode = metadata.mode() & 0o777;
            let why = format!("others may use the folder of the cache (mode {mode:o}): make it 700");
            return Err(Error::new(ErrorKind::PermissionDenied, why));
        }
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            let why = "the folder of the cache belongs to somebody else";
            return Err(Error::new(ErrorKind::PermissionDenied, why));
        }
        let writer = RandomState::new().build_hasher().finish();
        Ok(Cache { folder, key, most_bytes, writer, written: AtomicU64::new(0) })
    }

    /// Returns an entry, checked.
    pub(crate) fn get(&self, name: Name) -> Option<Entry> {
        let file = name.to_string();
        let bytes = self.read(&file).ok()?;
        let entry = Entry(bytes);
        let code = entry.0.first_chunk::<CODE_BYTES>()?;
        // The comparison takes equally long whatever differs.
        if self.code(name, entry.bytes()) == blake3::Hash::from_bytes(*code) {
            return Some(entry);
        }
        // Nobody will need it, and if it cannot be removed it is written over.
        let _ = self.folder.remove_file(&file);
        None
    }

    fn read(&self, file: &str) -> Result<Vec<u8>> {
        let file = self.folder.open(file)?;
        let length = file.metadata()?.len();
        if length > MOST_ENTRY_BYTES {
            return Err(ErrorKind::FileTooLarge.into());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        file.take(MOST_ENTRY_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Keeps an entry. It is written aside and put in place as a whole: processes that share the folder see it or do not.
    ///
    /// # Errors
    /// When it cannot be written; nothing is lost by it but the time to make it again.
    pub(crate) fn put(&self, name: Name, bytes: &[u8]) -> Result<()> {
        let file = name.to_string();
        let count = self.written.fetch_add(1, Ordering::Relaxed);
        let aside = format!("{file}.{:x}.{count}", self.writer);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let written = (|| {
            let mut target = self.folder.open_with(&aside, &options)?;
            target.write_all(self.code(name, bytes).as_bytes())?;
            target.write_all(bytes)?;
            self.folder.rename(&aside, &self.folder, &file)
        })();
        if written.is_err() {
            let _ = self.folder.remove_file(&aside);
        } else if count.is_multiple_of(WRITES_PER_CLEARING) {
            let _ = self.clear();
        }
        written
    }

    /// Removes the oldest entries until the others take three quarters of what they may, if all take more than that.
    fn clear(&self) -> Result<()> {
        let mut entries = Vec::new();
        for entry in self.folder.entries()? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            entries.push((metadata.modified()?, metadata.len(), entry.file_name()));
        }
        let mut bytes: u64 = entries.iter().map(|(_, bytes, _)| bytes).sum();
        if bytes <= self.most_bytes {
            return Ok(());
        }
        entries.sort();
        for (_, length, name) in entries {
            if bytes <= self.most_bytes / 4 * 3 {
                break;
            }
            self.folder.remove_file(name)?;
            bytes = bytes.saturating_sub(length);
        }
        Ok(())
    }

    /// The code of an entry: of its name as well, so that none can be put in another's place.
    fn code(&self, name: Name, bytes: &[u8]) -> blake3::Hash {
        blake3::Hasher::new_keyed(&self.key).update(&name.0).update(bytes).finalize()
    }
}

/// An entry with its code.
pub(crate) struct Entry(Vec<u8>);

impl Entry {
    /// Returns what was kept.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.get(CODE_BYTES..).unwrap_or_default()
    }
}
