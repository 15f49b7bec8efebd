//! The request: may this be done with this, between these, on this date?
//!
//! JSON in, typed out. Reading checks everything that can be checked without knowing a policy: syntax, fields, codes,
//! dates, shares, references, caps. What comes out has one canonical form, and reading that gives the same request.

mod check;
mod codes;
mod facts;
mod json;
mod limits;
mod parts;
mod place;
mod quoted;
mod reader;

pub use codes::{InterestKind, IsoCode, PartyKind, RecordId};
pub use facts::{Fact, FactValue, Facts, Quantity};
pub use json::NOT_SUPPLIED;
pub use limits::RequestLimits;
pub use parts::*;
pub use place::{Element, Place};
pub use quoted::Quoted;
pub(crate) use reader::shorten;
pub use reader::{BadRequest, Problem, nearest};

use crate::date::Date;
use crate::digest::Digest;
use check::{Dangling, Unresolved};
use jiff::Timestamp;
use json::{Json, Records, Weight, Written};
use reader::Reader;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// When a request asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// An instant: every policy gets the date its own time zone has then.
    Instant(Timestamp),
    /// A date, the same for every policy.
    Date(Date),
}

impl When {
    /// Returns the instant, if every time zone has a date within the contract's years then: a day is left at both ends.
    #[must_use]
    pub fn instant(instant: Timestamp) -> Option<When> {
        let year = instant.to_zoned(jiff::tz::TimeZone::UTC).year();
        (2..9999).contains(&year).then_some(When::Instant(instant))
    }
}

impl Request {
    /// Reads a request from JSON text.
    ///
    /// # Errors
    /// [`BadRequest`] with the place and the remedy.
    ///
    /// ```
    /// use lexgate_model::{Request, RequestLimits};
    /// let text = r#"{ "evaluationDate": "2025-09-05", "action": "supply", "participants": [], "parties": [],
    ///                 "resource": { "recordId": "api", "catgory": "ai-model" } }"#;
    /// let error = Request::from_json(text.as_bytes(), &RequestLimits::default()).unwrap_err();
    /// assert_eq!(error.to_string(), "unknown field `catgory`; did you mean `category`? (at /resource)");
    /// ```
    pub fn from_json(text: &[u8], limits: &RequestLimits) -> Result<Request, BadRequest> {
        let top = |problem| BadRequest { pointer: String::new(), problem };
        if text.len() > limits.bytes {
            return Err(top(Problem::Limit("bytes of the request", limits.bytes)));
        }
        if let Err(error) = std::str::from_utf8(text) {
            let before = text.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
            let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
            return Err(top(Problem::Syntax(line, column, "the text is not UTF-8".to_owned())));
        }
        let mut reader = Reader::new(text, limits);
        let mut request = Request::read(&mut reader)?;
        reader.finish()?;
        match check::resolve(&mut request, &reader.met) {
            Ok(()) => {}
            Err(Unresolved::Bad(error)) => return Err(error),
            Err(Unresolved::Dangling(Dangling { what, number, problem })) => {
                let mut reader = Reader::seeking(text, limits, what, number);
                Request::read(&mut reader)?;
                return Err(BadRequest { pointer: reader.found(), problem });
            }
        }
        check::check(&request)?;
        Ok(request)
    }

    /// Returns when the request asks; nothing if the host is to say.
    #[must_use]
    pub fn when(&self) -> Option<When> {
        match (self.evaluation_time, self.evaluation_date) {
            (Some(instant), _) => Some(When::Instant(instant)),
            (None, Some(date)) => Some(When::Date(date)),
            (None, None) => None,
        }
    }

    /// Sets when the request asks.
    pub fn set_when(&mut self, when: When) {
        (self.evaluation_time, self.evaluation_date) = match when {
            When::Instant(instant) => (Some(instant), None),
            When::Date(date) => (None, Some(date)),
        };
    }

    /// Returns the canonical JSON as a value: what pointers point into.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Written(self, Records::of(self)).value()
    }

    /// Returns what stands at an RFC 6901 pointer into the canonical JSON.
    #[must_use]
    pub fn at(&self, pointer: &str) -> Option<Quoted> {
        Json::at(self, pointer, Records::of(self))
    }

    /// Returns the canonical form.
    #[must_use]
    pub fn canonical(&self) -> Canonical {
        Canonical(Written(self, Records::of(self)).text())
    }

    /// Returns how many strings and list elements the request has: what the fuel limit of an evaluation scales with.
    #[must_use]
    pub fn size(&self) -> u64 {
        let mut weight = Weight::default();
        self.weigh(&mut weight);
        weight.strings.saturating_add(weight.elements)
    }

    /// Returns the JSON Schema (2020-12) of requests.
    #[must_use]
    pub fn json_schema() -> Value {
        let mut definitions = Map::new();
        let reference = Request::schema(&mut definitions);
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Lexgate request",
            "description": "May this be done with this, between these, on this date? Names follow BODS 0.4, GLEIF, EAR and AuthZEN; absent means not supplied, empty means stated to be none.",
            "$ref": reference.get("$ref").cloned(),
            "$defs": definitions,
        })
    }
}

/// The text of the one canonical form of a request (RFC 8785, decimals as strings).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical(String);

impl Canonical {
    /// Returns the text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Returns its digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }

    /// Returns the JSON value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        // INVARIANT: the text was written as JSON.
        serde_json::from_str(&self.0).unwrap_or(Value::Null)
    }
}

impl Serialize for Canonical {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json: &RawValue = serde_json::from_str(&self.0).map_err(S::Error::custom)?;
        json.serialize(serializer)
    }
}

#[cfg(test)]
mod tests;
