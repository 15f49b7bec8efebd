//! Reads hostile JSON: one pass, exact numbers, every error with its pointer.
//!
//! The tokens are `jiter`'s; this adds what a request needs: where we are (RFC 6901), duplicate and unknown fields, caps
//! on depth and elements, numbers as decimal text.

use super::limits::RequestLimits;
use indexmap::IndexSet;
use jiter::{Jiter, JiterError, Peek};
use std::fmt;

/// Why a text is not a request: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRequest {
    /// RFC 6901 pointer to the place in the text as it was given.
    pub pointer: String,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a place of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Not JSON: line and column (from 1), and what the tokenizer says.
    Syntax(usize, usize, String),
    /// A field that a request does not have, the nearest one it has, and all it has.
    UnknownField(String, Option<&'static str>, &'static [&'static str]),
    /// A member that was given already.
    Duplicate(String),
    /// A field that must be there.
    MissingField(&'static str),
    /// Another kind of JSON value: expected, found.
    Type(&'static str, &'static str),
    /// A value outside its domain, and what would be inside.
    Value(String, String),
    /// A limit of the request: what, how much is allowed.
    Limit(&'static str, usize),
    /// A reference to a record that is not there.
    Dangling(&'static str, String, Option<String>),
}

impl fmt::Display for BadRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::Syntax(line, column, why) => {
                return write!(f, "not JSON at line {line}, column {column}: {why}");
            }
            Problem::UnknownField(name, Some(near), _) => {
                write!(f, "unknown field `{name}`; did you mean `{near}`?")?;
            }
            Problem::UnknownField(name, None, known) => {
                write!(f, "unknown field `{name}`; known here: {}", known.join(", "))?;
            }
            Problem::Duplicate(name) => write!(f, "`{name}` is given twice; keep one")?,
            Problem::MissingField(name) => write!(f, "field `{name}` is missing")?,
            Problem::Type(expected, found) => write!(f, "expected {expected}, found {found}")?,
            Problem::Value(value, rule) => write!(f, "`{value}` {rule}")?,
            Problem::Limit(what, most) => write!(f, "too much: {what}, at most {most}")?,
            Problem::Dangling(what, id, near) => {
                write!(f, "there is no {what} `{id}` in the request")?;
                if let Some(near) = near {
                    write!(f, "; did you mean `{near}`?")?;
                }
            }
        }
        let place = if self.pointer.is_empty() { "the top of the request" } else { &self.pointer };
        write!(f, " (at {place})")
    }
}

impl std::error::Error for BadRequest {}

/// One step of a pointer.
enum Step {
    Field(&'static str),
    Name(String),
    Index(usize),
}

/// What can be referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Referred {
    Party,
    Certificate,
}

impl Referred {
    /// Returns the word for it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Referred::Party => "party",
            Referred::Certificate => "certificate",
        }
    }
}

/// Names that were referred to so far, numbered in order of appearance; resolved when the whole request is read.
#[derive(Default)]
pub(super) struct Met {
    pub(super) parties: IndexSet<String>,
    pub(super) certificates: IndexSet<String>,
}

impl Met {
    pub(super) fn names(&mut self, what: Referred) -> &mut IndexSet<String> {
        match what {
            Referred::Party => &mut self.parties,
            Referred::Certificate => &mut self.certificates,
        }
    }
}

/// A cursor over the text of a request.
pub(super) struct Reader<'j> {
    json: Jiter<'j>,
    path: Vec<Step>,
    limits: &'j RequestLimits,
    elements: usize,
    pub(super) met: Met,
    /// A reference that is looked for: what, its number, and its pointer once it was met.
    sought: Option<(Referred, u32, Option<String>)>,
}

impl<'j> Reader<'j> {
    pub(super) fn new(text: &'j [u8], limits: &'j RequestLimits) -> Reader<'j> {
        Reader {
            json: Jiter::new(text),
            path: Vec::new(),
            limits,
            elements: 0,
            met: Met::default(),
            sought: None,
        }
    }

    /// Returns a reader that finds out where a name is first referred to: where the names met are read again, since keeping
    /// every pointer for the case of an error costs more than all references.
    pub(super) fn seeking(
        text: &'j [u8],
        limits: &'j RequestLimits,
        what: Referred,
        number: u32,
    ) -> Reader<'j> {
        Reader { sought: Some((what, number, None)), ..Reader::new(text, limits) }
    }

    /// Returns the pointer to what was sought.
    pub(super) fn found(self) -> String {
        self.sought.and_then(|(_, _, pointer)| pointer).unwrap_or_default()
    }

    /// Returns the error that has this problem here.
    pub(super) fn bad(&self, problem: Problem) -> BadRequest {
        BadRequest { pointer: self.pointer(), problem }
    }

    /// Returns the error that this value is outside its domain.
    pub(super) fn value_error(&self, value: &str, rule: impl Into<String>) -> BadRequest {
        self.bad(Problem::Value(shorten(value), rule.into()))
    }

    fn pointer(&self) -> String {
        self.path.iter().fold(String::new(), |mut pointer, step| {
            pointer.push('/');
            match step {
                Step::Field(name) => pointer.push_str(name),
                Step::Name(name) => pointer.push_str(&escape(name)),
                Step::Index(index) => pointer.push_str(&index.to_string()),
            }
            pointer
        })
    }

    fn syntax(&self, error: &JiterError) -> BadRequest {
        let at = self.json.error_position(error.index);
        let (line, column) = (at.line, at.column);
        self.bad(Problem::Syntax(line, column, error.error_type.to_string()))
    }

    fn within<T>(
        &mut self,
        step: Step,
        read: impl FnOnce(&mut Self) -> Result<T, BadRequest>,
    ) -> Result<T, BadRequest> {
        self.path.push(step);
        if self.path.len() > self.limits.depth {
            return Err(self.bad(Problem::Limit("levels of nesting", self.limits.depth)));
        }
        let value = read(self)?;
        self.path.pop();
        Ok(value)
    }

    /// Counts one more list element.
    fn element(&mut self) -> Result<(), BadRequest> {
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(self.bad(Problem::Limit("list elements in all", self.limits.elements)));
        }
        Ok(())
    }

    pub(super) fn peek(&mut self) -> Result<Peek, BadRequest> {
        self.json.peek().map_err(|e| self.syntax(&e))
    }

    /// Returns the error that another kind of value was expected.
    pub(super) fn type_error(&mut self, expected: &'static str, found: Peek) -> BadRequest {
        // What begins like a value need not be one: `not json` is no null.
        if !matches!(found, Peek::Array | Peek::Object)
            && let Err(error) = self.json.known_skip(found)
        {
            return self.syntax(&error);
        }
        let found = match found {
            Peek::Null => "null (leave the field out instead)",
            Peek::True | Peek::False => "a boolean",
            Peek::String => "a string",
            Peek::Array => "an array",
            Peek::Object => "an object",
            _ => "a number",
        };
        self.bad(Problem::Type(expected, found))
    }

    fn expect(&mut self, wanted: Peek, expected: &'static str) -> Result<(), BadRequest> {
        let found = self.peek()?;
        if found == wanted { Ok(()) } else { Err(self.type_error(expected, found)) }
    }

    /// Reads an object of known fields. `each` is called with the place of the field met, positioned on its value.
    pub(super) fn object(
        &mut self,
        fields: &'static [&'static str],
        mut each: impl FnMut(&mut Self, u32) -> Result<(), BadRequest>,
    ) -> Result<(), BadRequest> {
        let mut seen = 0u64;
        let known = |name: &str| match fields.iter().zip(0..).find(|(field, _)| **field == name) {
            Some((field, index)) => Ok((*field, index)),
            None => Err(name.to_owned()),
        };
        self.members(known, |reader, member| {
            let (field, index) = member.map_err(|name| {
                let near = nearest(&name, fields.iter().copied());
                reader.bad(Problem::UnknownField(shorten(&name), near, fields))
            })?;
            let bit = 1u64 << index;
            if seen & bit != 0 {
                return Err(reader.bad(Problem::Duplicate(field.to_owned())));
            }
            seen |= bit;
            reader.within(Step::Field(field), |reader| each(reader, index))
        })
    }

    /// Reads an object whose names are data. `each` is called with the name met, positioned on its value.
    pub(super) fn map(
        &mut self,
        mut each: impl FnMut(&mut Self, String) -> Result<(), BadRequest>,
    ) -> Result<(), BadRequest> {
        self.members(str::to_owned, |reader, name| {
            reader.element()?;
            let step = Step::Name(shorten(&name));
            reader.within(step, |reader| each(reader, name))
        })
    }

    /// Reads an object. `each` is called with what `of` makes of a name, positioned on its value.
    fn members<N>(
        &mut self,
        of: impl Fn(&str) -> N,
        mut each: impl FnMut(&mut Self, N) -> Result<(), BadRequest>,
    ) -> Result<(), BadRequest> {
        self.expect(Peek::Object, "an object")?;
        let mut next = self.json.known_object().map(|name| name.map(&of));
        loop {
            match next {
                Err(error) => return Err(self.syntax(&error)),
                Ok(None) => return Ok(()),
                Ok(Some(name)) => each(self, name)?,
            }
            next = self.json.next_key().map(|name| name.map(&of));
        }
    }

    /// Reads an array of at most `most` elements.
    pub(super) fn array(
        &mut self,
        most: usize,
        mut each: impl FnMut(&mut Self) -> Result<(), BadRequest>,
    ) -> Result<(), BadRequest> {
        self.expect(Peek::Array, "an array")?;
        let mut next = self.json.known_array();
        let mut index = 0;
        loop {
            match next {
                Err(error) => return Err(self.syntax(&error)),
                Ok(None) => return Ok(()),
                Ok(Some(_)) if index >= most => {
                    return Err(self.bad(Problem::Limit("elements of this list", most)));
                }
                Ok(Some(_)) => {
                    self.element()?;
                    self.within(Step::Index(index), &mut each)?;
                }
            }
            index += 1;
            next = self.json.array_step();
        }
    }

    /// Reads a string of at most [`RequestLimits::string_bytes`].
    pub(super) fn string(&mut self, expected: &'static str) -> Result<String, BadRequest> {
        self.text(expected, |text, _| text.to_owned())
    }

    /// Reads a string as a code; what is none comes back as the error that it breaks the rule.
    pub(super) fn code<T>(
        &mut self,
        expected: &'static str,
        of: impl FnOnce(&str) -> Option<T>,
        rule: impl FnOnce(&str) -> String,
    ) -> Result<T, BadRequest> {
        let code = self.text(expected, |text, _| of(text).ok_or_else(|| text.to_owned()))?;
        code.map_err(|text| self.value_error(&text, rule(&text)))
    }

    /// Reads the name of a record, and returns its number among the names of such records.
    pub(super) fn reference(&mut self, expected: &'static str, what: Referred) -> Result<u32, BadRequest> {
        let number = self.text(expected, |text, met| {
            let names = met.names(what);
            names.get_index_of(text).unwrap_or_else(|| names.insert_full(text.to_owned()).0)
        })?;
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        if matches!(&self.sought, Some((kind, sought, None)) if (*kind, *sought) == (what, number)) {
            self.sought = Some((what, number, Some(self.pointer())));
        }
        Ok(number)
    }

    fn text<T>(
        &mut self,
        expected: &'static str,
        read: impl FnOnce(&str, &mut Met) -> T,
    ) -> Result<T, BadRequest> {
        self.expect(Peek::String, expected)?;
        let most = self.limits.string_bytes;
        match self.json.known_str().map(|text| (text.len() <= most).then(|| read(text, &mut self.met))) {
            Err(error) => Err(self.syntax(&error)),
            Ok(None) => Err(self.bad(Problem::Limit("bytes of one string", most))),
            Ok(Some(value)) => Ok(value),
        }
    }

    pub(super) fn boolean(&mut self) -> Result<bool, BadRequest> {
        match self.peek()? {
            Peek::True => self.json.known_bool(Peek::True).map_err(|e| self.syntax(&e)),
            Peek::False => self.json.known_bool(Peek::False).map_err(|e| self.syntax(&e)),
            other => Err(self.type_error("true or false", other)),
        }
    }

    /// Reads a number from its text, given as a JSON number or as a string.
    pub(super) fn number<T, E: fmt::Display>(
        &mut self,
        of: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, BadRequest> {
        let expected = "a decimal number as a string, such as \"50.1\"";
        let read = |text: &str| of(text).map_err(|why| (text.to_owned(), why.to_string()));
        let number = match self.peek()? {
            Peek::String => self.text(expected, |text, _| read(text))?,
            other if other.is_num() => match self.json.known_number_bytes(other) {
                Ok(bytes) => read(&String::from_utf8_lossy(bytes)),
                Err(error) => return Err(self.syntax(&error)),
            },
            other => return Err(self.type_error(expected, other)),
        };
        number.map_err(|(text, why)| self.value_error(&text, why))
    }

    /// Checks that nothing follows.
    pub(super) fn finish(&mut self) -> Result<(), BadRequest> {
        self.json.finish().map_err(|e| self.syntax(&e))
    }
}

/// Escapes one token of a pointer as RFC 6901 does.
pub(crate) fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// Returns the candidate that was probably meant, if one is near enough.
pub fn nearest<T: AsRef<str>>(name: &str, candidates: impl Iterator<Item = T>) -> Option<T> {
    let distance = |candidate: &T| strsim::damerau_levenshtein(&shorten(name), candidate.as_ref());
    candidates
        .map(|candidate| (distance(&candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 3.min(candidate.as_ref().len() / 2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Whether a character moves the cursor or turns the direction of what follows.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Cuts a hostile text to a length fit for a message.
pub(crate) fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(64).map(|c| if steers(c) { '�' } else { c }).collect();
    if text.chars().nth(64).is_some() {
        short.push('…');
    }
    short
}
