//! Files that are read again and again, never into memory: what they are, how far reading is, and where it stands.
//!
//! What a record is, is not known here. A reader says when one begins, and the tape refuses to go on if it never ends.

use super::error::{ImportError, shorten};
use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::rc::Rc;

/// Most bytes of one record. Published records have a few thousand; chosen by feel.
pub(super) const RECORD_BYTES: u64 = 1 << 20;

/// Bytes that are looked at to tell what a file is.
const HEAD_BYTES: u64 = 4 << 10;

/// Bytes between two reports of progress.
const STEP_BYTES: u64 = 1 << 20;

/// A file that can be opened as often as it takes.
pub struct Source<'a> {
    /// What it is called in messages.
    pub name: String,
    /// How many bytes it has, if that is known.
    pub bytes: Option<u64>,
    /// Opens it at its beginning.
    pub open: Box<dyn Fn() -> io::Result<Box<dyn Read>> + 'a>,
}

/// How far an import is.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// The file being read.
    pub file: &'a str,
    /// How many times files were opened, this time included.
    pub pass: u64,
    /// Bytes read of it.
    pub read: u64,
    /// Bytes it has, if that is known.
    pub bytes: Option<u64>,
}

/// Where progress is told.
pub(super) struct Watch<'w> {
    passes: u64,
    tell: &'w mut dyn FnMut(&Progress<'_>),
}

impl<'w> Watch<'w> {
    pub(super) fn new(tell: &'w mut dyn FnMut(&Progress<'_>)) -> Watch<'w> {
        Watch { passes: 0, tell }
    }
}

/// What a file is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// A JSON array.
    Array,
    /// A JSON object, or several of them.
    Objects,
    Xml,
    Csv,
}

/// Counters that the reader of a tape and its user share.
#[derive(Debug, Default)]
pub(super) struct At {
    bytes: Cell<u64>,
    line: Cell<u64>,
    line_start: Cell<u64>,
    record_start: Cell<u64>,
}

impl At {
    /// Says that what was read before this point is no part of the record that is read now.
    pub(super) fn next_record(&self) {
        self.record_start.set(self.bytes.get());
    }

    /// Returns the line, counted from 1.
    pub(super) fn line(&self) -> u64 {
        self.line.get() + 1
    }

    /// Returns the column in bytes, counted from 1.
    pub(super) fn column(&self) -> u64 {
        self.bytes.get() - self.line_start.get() + 1
    }
}

/// A file being read from beginning to end.
pub(super) struct Tape<'s, 'w> {
    input: BufReader<Box<dyn Read>>,
    at: Rc<At>,
    told: u64,
    source: &'s Source<'s>,
    watch: &'s mut Watch<'w>,
}

impl<'s, 'w> Tape<'s, 'w> {
    /// Opens a source and tells what it is; `csv` names columns by which a table is known.
    pub(super) fn open(
        source: &'s Source<'s>,
        csv: &[&str],
        expected: &'static str,
        watch: &'s mut Watch<'w>,
    ) -> Result<(Tape<'s, 'w>, Format), ImportError> {
        let failed = |error| ImportError::Read { file: source.name.clone(), source: error };
        let mut input = (source.open)().map_err(failed)?;
        let mut head = Vec::new();
        input.by_ref().take(HEAD_BYTES).read_to_end(&mut head).map_err(failed)?;
        let (format, skipped) = detect(&head, csv).map_err(|unknown| match unknown {
            Unknown::Archive(archive) => ImportError::Archive { file: source.name.clone(), archive },
            Unknown::Other => ImportError::Format {
                file: source.name.clone(),
                expected,
                begins: String::from_utf8_lossy(head.get(..40).unwrap_or(&head)).escape_debug().to_string(),
            },
        })?;
        watch.passes += 1;
        let whole: Box<dyn Read> = Box::new(Cursor::new(head).chain(input));
        let at = Rc::new(At::default());
        let mut tape = Tape { input: BufReader::with_capacity(64 << 10, whole), at, told: 0, source, watch };
        for _ in 0..skipped {
            tape.fill_buf().map_err(failed)?;
            tape.consume(1);
        }
        tape.tell();
        Ok((tape, format))
    }

    pub(super) fn at(&self) -> Rc<At> {
        Rc::clone(&self.at)
    }

    pub(super) fn file(&self) -> Rc<str> {
        Rc::from(self.source.name.as_str())
    }

    fn tell(&mut self) {
        let read = self.at.bytes.get();
        self.told = read;
        let source = self.source;
        (self.watch.tell)(&Progress {
            file: &source.name,
            pass: self.watch.passes,
            read,
            bytes: source.bytes,
        });
    }
}

impl BufRead for Tape<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at.bytes.get() - self.at.record_start.get() > RECORD_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let used = self.input.buffer().get(..amount).unwrap_or_default();
        if let Some(last) = used.iter().rposition(|&byte| byte == b'\n') {
            let feeds = used.iter().filter(|&&byte| byte == b'\n').count() as u64;
            self.at.line.set(self.at.line.get() + feeds);
            self.at.line_start.set(self.at.bytes.get() + last as u64 + 1);
        }
        self.at.bytes.set(self.at.bytes.get() + used.len() as u64);
        self.input.consume(amount);
        if self.at.bytes.get() - self.told >= STEP_BYTES {
            self.tell();
        }
    }
}

impl Read for Tape<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let count = ready.len().min(into.len());
        for (to, from) in into.iter_mut().zip(ready) {
            *to = *from;
        }
        self.consume(count);
        Ok(count)
    }
}

/// Returns the error that a failure to read stands for.
pub(super) fn read_error(file: &str, at: &At, error: io::Error) -> ImportError {
    match error.kind() {
        io::ErrorKind::FileTooLarge => ImportError::RecordTooLarge { file: file.to_owned(), line: at.line() },
        _ => ImportError::Read { file: file.to_owned(), source: error },
    }
}

enum Unknown {
    Archive(&'static str),
    Other,
}

/// Tells the format by the first bytes, and how many of them are a byte order mark or blanks.
fn detect(head: &[u8], csv: &[&str]) -> Result<(Format, usize), Unknown> {
    if head.starts_with(b"PK") {
        return Err(Unknown::Archive("zip"));
    }
    if head.starts_with(&[0x1f, 0x8b]) {
        return Err(Unknown::Archive("gzip"));
    }
    let mark = if head.starts_with(&[0xef, 0xbb, 0xbf]) { 3 } else { 0 };
    let text = head.get(mark..).unwrap_or_default();
    let blanks = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let format = match text.get(blanks) {
        Some(b'[') => Format::Array,
        Some(b'{') => Format::Objects,
        Some(b'<') => Format::Xml,
        _ => {
            let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
            let line = String::from_utf8_lossy(line);
            let names = line.split(',').map(|name| name.trim().trim_matches('"'));
            if csv.is_empty() || !names.into_iter().any(|name| csv.contains(&name)) {
                return Err(Unknown::Other);
            }
            Format::Csv
        }
    };
    Ok((format, mark + blanks))
}

#[cfg(test)]
pub(super) fn of_text(name: &str, text: impl Into<Vec<u8>>) -> Source<'static> {
    let text: Rc<[u8]> = text.into().into();
    let bytes = Some(text.len() as u64);
    let open = Box::new(move || Ok(Box::new(Cursor::new(Rc::clone(&text))) as Box<dyn Read>));
    Source { name: name.to_owned(), bytes, open }
}

/// Returns what a library says about a text, without the place, which stands before it.
pub(super) fn without_place(message: &str) -> String {
    shorten(message.split(" at line ").next().unwrap_or(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &[u8], expected: Option<(Format, usize)>) {
        assert_eq!(detect(head, &["LEI"]).ok(), expected, "{}", String::from_utf8_lossy(head));
    }

    #[test]
    fn a_format_is_told_by_the_first_bytes() {
        check(b"[{", Some((Format::Array, 0)));
        check(b"\xef\xbb\xbf \n{", Some((Format::Objects, 5)));
        check(b"<?xml", Some((Format::Xml, 0)));
        check(b"\"LEI\",\"Entity.LegalName\"\n", Some((Format::Csv, 0)));
        check(b"Name,LEI\r\nx,y", Some((Format::Csv, 0)));
        check(b"PK\x03\x04", None);
        check(b"\x1f\x8b\x08", None);
        check(b"name,address\n", None);
        check(b"", None);
    }

    #[test]
    fn a_tape_knows_line_and_column_and_stops_in_a_record_without_end() {
        let text = format!("[ab\ncd{}", " ".repeat(3 << 20));
        let source = of_text("x", text);
        let mut tell = |_: &Progress<'_>| {};
        let mut watch = Watch::new(&mut tell);
        let (mut tape, _) = Tape::open(&source, &[], "JSON", &mut watch).unwrap();
        let mut six = [0; 6];
        tape.read_exact(&mut six).unwrap();
        assert_eq!((tape.at.line(), tape.at.column()), (2, 3));
        let end = io::copy(&mut tape, &mut io::sink()).unwrap_err();
        assert_eq!(end.kind(), io::ErrorKind::FileTooLarge);
        tape.at.next_record();
        assert!(tape.read(&mut six).is_ok());
    }
}
