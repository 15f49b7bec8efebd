//! Why nothing was imported. What merely could not be used is not here: it stands in the report.

use super::source::RECORD_BYTES;
use lexgate_model::BadRequest;
use std::io;

/// Why nothing was imported: which file, where in it, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file cannot be read.
    #[error("cannot read `{file}`")]
    Read {
        /// The file.
        file: String,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// A file is an archive.
    #[error("`{file}` is a {archive} archive; unpack it and import what is in it")]
    Archive {
        /// The file.
        file: String,
        /// Of which kind.
        archive: &'static str,
    },
    /// A file has a format that is not known here.
    #[error("`{file}` is not {expected}; {}", beginning(begins))]
    Format {
        /// The file.
        file: String,
        /// What it could be.
        expected: &'static str,
        /// What it begins with.
        begins: String,
    },
    /// A file breaks the rules of its format.
    #[error("`{file}` line {line}, column {column}: not {format}: {why}")]
    Syntax {
        /// The file.
        file: String,
        /// Line, counted from 1.
        line: u64,
        /// Column in bytes, counted from 1.
        column: u64,
        /// JSON, XML or CSV.
        format: &'static str,
        /// What is wrong there.
        why: String,
    },
    /// A record is too large.
    #[error("`{file}` line {line}: a record here has more than {RECORD_BYTES} bytes; that is no register")]
    RecordTooLarge {
        /// The file.
        file: String,
        /// Line where it goes too far, counted from 1.
        line: u64,
    },
    /// A file of records of another kind.
    #[error("`{file}` holds no {expected}: {why}")]
    Content {
        /// The file.
        file: String,
        /// What it should hold.
        expected: &'static str,
        /// What it holds, or lacks.
        why: String,
    },
    /// The party asked for has no valid LEI.
    #[error("`{0}` is not an LEI: 18 letters and digits and two check digits (ISO 17442)")]
    NotLei(String),
    /// The party asked for is not in the files.
    #[error("there is nothing about `{party}` in {files}{hint}")]
    Nowhere {
        /// The party.
        party: String,
        /// Where it was looked for.
        files: String,
        /// What could be the matter; begins with a sign of its own.
        hint: String,
    },
    /// An identifier that several records bear.
    #[error("`{party}` identifies several records ({records}); ask for one of them by its record id")]
    Ambiguous {
        /// The party as it was asked for.
        party: String,
        /// The records.
        records: String,
    },
    /// Nobody said which party.
    #[error("say which party: the statements declare {subjects}")]
    WhichParty {
        /// The subjects declared.
        subjects: String,
    },
    /// More than a request may hold.
    #[error("too much for one request: {what}, at most {most}; lower the depth, or ask for fewer parties")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much is allowed.
        most: usize,
    },
    /// The model refuses what was made.
    #[error("the request that was made is refused")]
    Refused(#[source] BadRequest),
}

/// Returns the beginning of a text, to be quoted.
pub(super) fn shorten(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn beginning(begins: &str) -> String {
    if begins.is_empty() { "it is empty".to_owned() } else { format!("it begins with `{begins}`") }
}
