//! Records in JSON: the elements of a list, the list in an object, or objects one after the other (NDJSON).
//!
//! `serde_json` reads the file as a stream and hands each record over as text. What is in a record is read by `tree`, so
//! that a bad record is told from a broken file.

use super::error::ImportError;
use super::records::{Met, Visit};
use super::report::{Note, Place, Reason};
use super::source::{At, Tape, read_error, without_place};
use super::tree::Tree;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::rc::Rc;

/// Reads a list of records.
pub(super) fn array(tape: Tape<'_, '_>, visit: &mut Visit<'_>) -> Result<(), ImportError> {
    whole(tape, visit, false)
}

/// Reads an object of which some member is the list of records.
pub(super) fn wrapped(tape: Tape<'_, '_>, visit: &mut Visit<'_>) -> Result<(), ImportError> {
    whole(tape, visit, true)
}

fn whole(tape: Tape<'_, '_>, visit: &mut Visit<'_>, wrapped: bool) -> Result<(), ImportError> {
    let mut hand = Hand::new(&tape, visit);
    let mut json = serde_json::Deserializer::from_reader(tape);
    let read = if wrapped {
        json.deserialize_map(Wrapper(&mut hand))
    } else {
        json.deserialize_seq(List(&mut hand))
    };
    let read = read.and_then(|()| json.end());
    read.map_err(|error| hand.failure(error))
}

/// Reads objects one after the other, with or without lines between them.
pub(super) fn objects(tape: Tape<'_, '_>, visit: &mut Visit<'_>) -> Result<(), ImportError> {
    let mut hand = Hand::new(&tape, visit);
    let mut stream = serde_json::Deserializer::from_reader(tape).into_iter::<Box<RawValue>>();
    loop {
        match stream.next() {
            None => return Ok(()),
            Some(Ok(record)) => hand.over(&record)?,
            Some(Err(error)) => return Err(hand.failure(error)),
        }
    }
}

/// Hands records over, and remembers why it was told to stop.
struct Hand<'v, 'f> {
    visit: &'v mut Visit<'f>,
    file: Rc<str>,
    at: Rc<At>,
    records: u64,
    stopped: Option<ImportError>,
}

impl<'v, 'f> Hand<'v, 'f> {
    fn new(tape: &Tape<'_, '_>, visit: &'v mut Visit<'f>) -> Hand<'v, 'f> {
        Hand { visit, file: tape.file(), at: tape.at(), records: 0, stopped: None }
    }

    fn over(&mut self, record: &RawValue) -> Result<(), ImportError> {
        self.at.next_record();
        self.records += 1;
        let text = record.get();
        let feeds = text.bytes().filter(|&byte| byte == b'\n').count() as u64;
        let line = self.at.line().saturating_sub(feeds);
        let place = Place { file: Rc::clone(&self.file), record: self.records, line };
        let tree = Tree::from_json(text).map_err(|why| Note::new("", Reason::Malformed, why));
        (self.visit)(Met { place, tree })
    }

    fn failure(&mut self, error: serde_json::Error) -> ImportError {
        if let Some(stopped) = self.stopped.take() {
            return stopped;
        }
        if let Some(kind) = error.io_error_kind() {
            return read_error(&self.file, &self.at, kind.into());
        }
        ImportError::Syntax {
            file: self.file.to_string(),
            line: error.line() as u64,
            column: error.column() as u64,
            format: "JSON",
            why: without_place(&error.to_string()),
        }
    }
}

struct List<'h, 'v, 'f>(&'h mut Hand<'v, 'f>);

impl<'de> Visitor<'de> for List<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.0.at.next_record();
        while let Some(record) = list.next_element::<Box<RawValue>>()? {
            if let Err(stopped) = self.0.over(&record) {
                self.0.stopped = Some(stopped);
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

struct Wrapper<'h, 'v, 'f>(&'h mut Hand<'v, 'f>);

impl<'de> Visitor<'de> for Wrapper<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a list of records")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while members.next_key::<IgnoredAny>()?.is_some() {
            members.next_value_seed(Member(&mut *self.0))?;
            self.0.at.next_record();
        }
        Ok(())
    }
}

/// A member of the object around the records: the list of them, or something that is read past.
struct Member<'h, 'v, 'f>(&'h mut Hand<'v, 'f>);

impl<'de> DeserializeSeed<'de> for Member<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Member<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records, or a header")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        List(self.0).visit_seq(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
