//! What can go wrong with a log or its index. Each says where, and what to do.

use std::io;
use std::sync::Arc;

/// What went wrong with the log, or with the index behind it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be used.
    #[error("cannot {doing} `{file}`")]
    Io {
        /// What was tried, as in "cannot read".
        doing: &'static str,
        /// The file, inside the folder of the log.
        file: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// There is no room left. What was acknowledged is there; make room, and open the log again.
    #[error("no room is left to {doing} `{file}`: make room, then open the log again")]
    Full {
        /// What was tried.
        doing: &'static str,
        /// The file, inside the folder of the log.
        file: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Another process, or another `Log` of this one, owns the folder.
    #[error("another process owns this log (`{0}` is locked): stop it first, or only read")]
    Owned(&'static str),
    /// A segment is not what was written.
    #[error(
        "`{file}` is damaged at byte {offset}: {what}; nothing was changed: put this file back from a backup"
    )]
    Damaged {
        /// The file, inside the folder of the log.
        file: String,
        /// Where, in bytes from its beginning.
        offset: u64,
        /// In what way.
        what: String,
    },
    /// A segment between others is not there.
    #[error("`{0}` is missing, though later segments are there: put it back from a backup")]
    Missing(String),
    /// Written by a version of Lexgate that this one does not know.
    #[error("`{file}` has format {version}, and this program reads format {known}: use a newer one")]
    Format {
        /// The file.
        file: String,
        /// Its format.
        version: u32,
        /// Ours.
        known: u32,
    },
    /// A query has to look at too much.
    #[error(
        "too many entries are to be looked at: say from when until when, or look for something that fewer have"
    )]
    TooBroad,
    /// There is no such entry.
    #[error("there is no entry `{0}`")]
    NoEntry(String),
    /// What was to be appended is no entry.
    #[error("{0}")]
    Invalid(String),
    /// The index cannot be used; the log goes on without it.
    #[error("the index cannot be used: {0}")]
    Index(String),
    /// The index is locked by somebody else; the log goes on, and the index is tried again.
    #[error("the index is locked by another process; it is tried again")]
    IndexLocked,
}

impl Error {
    /// Returns the error of a file.
    pub(crate) fn io(doing: &'static str, file: &str) -> impl FnOnce(io::Error) -> Error {
        let file = file.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::Full { doing, file, source },
            _ => Error::Io { doing, file, source },
        }
    }

    /// Returns that a file is damaged.
    pub(crate) fn damaged(file: &str, offset: u64, what: impl Into<String>) -> Error {
        Error::Damaged { file: file.to_owned(), offset, what: what.into() }
    }
}

/// Why an entry was not taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refused {
    /// Too much is waiting: try again later. Nothing was written.
    #[error("too many entries are waiting to be written")]
    Busy,
    /// It is no entry, or too large. Nothing was written.
    #[error("{0}")]
    Invalid(String),
    /// The log is being closed. Nothing was written.
    #[error("the log is being closed")]
    Closed,
    /// Writing failed, now or before. Whether this entry is in the log shows when it is opened again; nobody was told that
    /// it is.
    #[error("the log takes no more entries until it is opened again")]
    Failed(#[source] Arc<Error>),
}
