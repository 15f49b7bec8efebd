//! The files of a log, as little of them as it needs: so that tests can lose power at every boundary.
//!
//! What a [`Folder`] promises is what a careful file system promises, and no more: bytes are safe after [`File::sync`],
//! names after [`Folder::sync`], and a rename is seen as a whole or not at all. Everything else may be lost, in parts.

use cap_std::fs::{Dir, FileExt, OpenOptions, OpenOptionsExt};
use std::io::{Error, ErrorKind, Result};

/// The name of the file that says who owns a log.
pub(crate) const LOCK: &str = "lock";

/// A folder of files.
pub trait Folder: Send + Sync {
    /// Returns the names of its files, in any order.
    ///
    /// # Errors
    /// What the system says.
    fn names(&self) -> Result<Vec<String>>;

    /// Opens a file to read it.
    ///
    /// # Errors
    /// What the system says; `NotFound` if there is none.
    fn read(&self, name: &str) -> Result<Box<dyn File>>;

    /// Opens a file to write it.
    ///
    /// # Errors
    /// What the system says; `NotFound` if there is none.
    fn write(&self, name: &str) -> Result<Box<dyn File>>;

    /// Makes a file, which only its owner can read.
    ///
    /// # Errors
    /// What the system says; `AlreadyExists` if there is one.
    fn create(&self, name: &str) -> Result<Box<dyn File>>;

    /// Puts a file into the place of another.
    ///
    /// # Errors
    /// What the system says.
    fn rename(&self, from: &str, to: &str) -> Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// What the system says.
    fn remove(&self, name: &str) -> Result<()>;

    /// Makes names durable: what was created, renamed and removed.
    ///
    /// # Errors
    /// What the system says.
    fn sync(&self) -> Result<()>;

    /// Takes the folder for its own, until what is returned is dropped.
    ///
    /// # Errors
    /// What the system says; `WouldBlock` if somebody has it.
    fn lock(&self) -> Result<Box<dyn Send + Sync>>;
}

/// An open file.
pub trait File: Send + Sync {
    /// Returns its length in bytes.
    ///
    /// # Errors
    /// What the system says.
    fn length(&self) -> Result<u64>;

    /// Reads at a place. Fewer bytes than there is room for need not mean the end; none do.
    ///
    /// # Errors
    /// What the system says.
    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> Result<usize>;

    /// Writes all bytes at a place.
    ///
    /// # Errors
    /// What the system says; a part may have been written.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()>;

    /// Cuts it to a length in bytes.
    ///
    /// # Errors
    /// What the system says.
    fn cut(&self, length: u64) -> Result<()>;

    /// Makes its bytes and its length durable.
    ///
    /// # Errors
    /// What the system says. What was not yet durable may then be lost, even if a later call succeeds.
    fn sync(&self) -> Result<()>;
}

impl Folder for Dir {
    fn names(&self) -> Result<Vec<String>> {
        self.entries()?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn read(&self, name: &str) -> Result<Box<dyn File>> {
        Ok(Box::new(self.open(name)?))
    }

    fn write(&self, name: &str) -> Result<Box<dyn File>> {
        Ok(Box::new(self.open_with(name, OpenOptions::new().read(true).write(true))?))
    }

    fn create(&self, name: &str) -> Result<Box<dyn File>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        Ok(Box::new(self.open_with(name, &options)?))
    }

    fn rename(&self, from: &str, to: &str) -> Result<()> {
        Dir::rename(self, from, self, to)
    }

    fn remove(&self, name: &str) -> Result<()> {
        self.remove_file(name)
    }

    fn sync(&self) -> Result<()> {
        self.open(".")?.sync_all()
    }

    fn lock(&self) -> Result<Box<dyn Send + Sync>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).mode(0o600);
        let file = self.open_with(LOCK, &options)?.into_std();
        file.try_lock().map_err(Error::from)?;
        Ok(Box::new(file))
    }
}

impl File for cap_std::fs::File {
    fn length(&self) -> Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> Result<usize> {
        loop {
            match FileExt::read_at(self, bytes, offset) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        FileExt::write_all_at(self, bytes, offset)
    }

    fn cut(&self, length: u64) -> Result<()> {
        self.set_len(length)
    }

    fn sync(&self) -> Result<()> {
        self.sync_data()
    }
}
