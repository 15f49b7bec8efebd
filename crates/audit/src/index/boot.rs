//! Whether an index is what was written to it: SQLite does not sync it, so a loss of power may have damaged it.
//!
//! To sync an index costs those who wait for the log, which lies on the same disk; and whatever is lost of it is in the log. So
//! SQLite leaves syncs out (`PRAGMA synchronous = OFF`). What it wrote is then with the system, and outlives every end of the
//! process. Only an end of the system itself can lose a part of it, and SQLite need not notice which.
//!
//! So there is a mark beside the index, a file with the id of the run of the system that writes it, which the system makes
//! anew whenever it starts:
//!
//! * It is durable before the first write that is not synced. So whatever a loss of power leaves, the mark is there.
//! * It is taken away when SQLite has closed its files, nothing is left beside the index, and index and folder are synced. So
//!   without a mark, the file is what was written to it.
//! * A mark of another run, a torn one, or one that cannot be compared says that the index may be damaged. It is removed, the
//!   removal is synced, and only then the mark is taken away; the index is made of the log again.
//!
//! A mark of this run says that the system has not ended since, so nothing of what was written is lost. An index that lies
//! where another system can open it is made again there, which is right: what the first had in memory is not known.
//!
//! What is not noticed at once is a disk that loses writes under a system that goes on. A sync that fails, when something was
//! deleted or when the index is closed, leaves a mark of no run at all. What is never noticed is a folder that was put back as it was
//! at another time, on the same run of the system: who does that removes the index.

use super::{FILES, IndexFile, Trouble};
use crate::files::Folder;
use cap_std::fs::{OpenOptions, OpenOptionsExt};
use std::io::{ErrorKind, Write};

/// The name of the mark.
const MARK: &str = "index.unsynced";

fn failed(what: &'static str) -> impl Fn(std::io::Error) -> Trouble {
    move |error| Trouble::Other(format!("cannot {what} `{MARK}`: {error}"))
}

impl IndexFile {
    /// Fails if the index may be damaged.
    pub(super) fn check(&self) -> Result<(), Trouble> {
        let boot = self.boot.as_ref().map(String::as_bytes);
        match self.folder.read(MARK) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Ok(mark) if boot == Some(&mark) => Ok(()),
            Ok(_) => {
                let what = "it was not synced when the system ended, or could not be: a loss of power may have damaged it";
                Err(Trouble::Worthless(what.to_owned()))
            }
            Err(error) => Err(failed("read")(error)),
        }
    }

    /// Puts the mark, durably, on an index that is not damaged. Returns whether SQLite may leave out syncs from now on.
    pub(super) fn begin_unsynced(&self) -> Result<bool, Trouble> {
        self.check()?;
        let Some(boot) = &self.boot else { return Ok(false) };
        self.mark(boot)?;
        Ok(true)
    }

    /// Says durably that the index may be damaged, whichever run of the system looks at it.
    pub(super) fn spoil(&self) -> Result<(), Trouble> {
        self.mark("")
    }

    fn mark(&self, text: &str) -> Result<(), Trouble> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        // One that is there may say the same, but who put it may have been killed before it was durable. It is never empty
        // in between: on a full disk that would cost a good index.
        let mut mark = self.folder.open_with(MARK, &options).map_err(failed("create"))?;
        mark.write_all(text.as_bytes()).map_err(failed("write"))?;
        mark.set_len(u64::try_from(text.len()).unwrap_or(u64::MAX)).map_err(failed("write"))?;
        mark.sync_all().map_err(failed("sync"))?;
        Folder::sync(&self.folder).map_err(failed("sync"))
    }

    /// Takes the mark away, when no connection of this process is open any more.
    pub(super) fn end_unsynced(&self) -> Result<(), Trouble> {
        let [index, beside @ ..] = FILES;
        // Somebody else reads it, and has SQLite keep what is to be written over the index.
        if beside.iter().any(|name| self.folder.exists(name)) {
            return Ok(());
        }
        if let Err(error) = self.folder.open(index).and_then(|index| index.sync_all()) {
            self.spoil()?;
            return Err(failed("remove")(error));
        }
        self.removed()
    }

    /// Makes names durable, and takes the mark away.
    pub(super) fn removed(&self) -> Result<(), Trouble> {
        Folder::sync(&self.folder).map_err(failed("remove"))?;
        if !self.folder.exists(MARK) {
            return Ok(());
        }
        self.folder.remove_file(MARK).map_err(failed("remove"))
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests use files")]
mod tests {
    use super::*;
    use crate::index::Index;
    use crate::read::Reader;
    use cap_std::fs::Dir;
    use std::sync::Arc;

    #[test]
    fn only_an_index_that_is_marked_goes_without_syncs_and_deleting_syncs() {
        for (boot, level) in [(Some("a"), 0), (None, 1)] {
            let temporary = tempfile::tempdir().unwrap();
            let dir = || Dir::open_ambient_dir(temporary.path(), cap_std::ambient_authority()).unwrap();
            let path = temporary.path().to_owned();
            let place = IndexFile { folder: dir(), path, boot: boot.map(str::to_owned) };
            let reader = Reader::new(Arc::new(dir()));
            let mut index = Index::open(&place, &reader, 0).unwrap();
            let synchronous = |index: &Index| {
                let level = index.connection.query_row("PRAGMA synchronous", [], |row| row.get::<_, i64>(0));
                level.unwrap()
            };
            assert_eq!(synchronous(&index), level);
            assert_eq!(temporary.path().join(MARK).exists(), boot.is_some());
            index.take_in_again(&reader, 1).unwrap();
            assert_eq!(synchronous(&index), 1);
            index.settle(&place).unwrap();
            assert_eq!(synchronous(&index), level);
            index.close(&place).unwrap();
            assert!(!temporary.path().join(MARK).exists());
        }
    }
}
