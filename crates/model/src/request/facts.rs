//! Facts: named, three-valued statements, the open part of the vocabulary.

use super::json::{
    Json, NOT_SUPPLIED, Records, Unknown, Weight, Written, first_token, records, write_member,
};
use super::reader::{BadRequest, Problem, Reader};
use crate::date::Date;
use crate::decimal::Decimal;
use jiter::Peek;
use serde::Serializer;
use serde::ser::SerializeMap;
use serde_json::{Map, Value, json};

/// A number with its unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantity {
    /// The number.
    pub value: Decimal,
    /// UCUM code where one exists; empty for a pure number.
    pub unit: String,
}

/// What a fact says. In JSON: a string, a boolean, a number or `{ "number": "1.5", "unit": "GB/s" }`,
/// `{ "date": "2025-09-05" }`, an array of strings, or `{ "unknown": reason }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactValue {
    /// A text or a code.
    Text(String),
    /// True or false.
    Flag(bool),
    /// A number with its unit.
    Number(Quantity),
    /// A calendar date.
    Day(Date),
    /// Several texts or codes.
    Texts(Vec<String>),
    /// Stated to be unknown, with a reason.
    Unknown(String),
}

/// One named statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Its name, 1 to 128 bytes.
    pub name: String,
    /// What is stated.
    pub value: FactValue,
}

/// The facts of one record, ordered by name, each name once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts(Vec<Fact>);

impl Facts {
    /// How many facts one record may carry.
    const CAP: usize = 256;

    /// Returns the facts, ordered by name.
    #[must_use]
    pub fn as_slice(&self) -> &[Fact] {
        &self.0
    }

    /// Returns the value stated under a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&FactValue> {
        self.0.iter().find(|fact| fact.name == name).map(|fact| &fact.value)
    }
}

impl FactValue {
    /// Returns the canonical JSON.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Written(self, Records::NONE).value()
    }
}

records! {
    /// `{ "number": …, "unit": … }`, `{ "date": … }` or `{ "unknown": … }`.
    record Structured {
        /// The number.
        number: Option<Decimal> = "number",
        /// Its unit.
        unit: Option<String> = "unit",
        /// A calendar date.
        date: Option<Date> = "date",
        /// Why it is not known.
        unknown: Option<String> = "unknown",
    }
}

/// Integers up to 2^53 keep their value in every JSON reader.
const SMALL_INTEGER: i64 = 1 << 53;

impl Json for FactValue {
    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
        let one_of = "exactly one of `number` (with `unit`), `date` and `unknown`";
        match reader.peek()? {
            Peek::String => Ok(FactValue::Text(reader.string("a string")?)),
            Peek::True | Peek::False => Ok(FactValue::Flag(reader.boolean()?)),
            Peek::Array => Vec::read(reader).map(FactValue::Texts),
            Peek::Object => match Structured::read(reader)? {
                Structured { number: Some(value), unit, date: None, unknown: None } => {
                    Ok(FactValue::Number(Quantity { value, unit: unit.unwrap_or_default() }))
                }
                Structured { number: None, unit: None, date: Some(date), unknown: None } => {
                    Ok(FactValue::Day(date))
                }
                Structured { number: None, unit: None, date: None, unknown: Some(reason) } => {
                    Ok(FactValue::Unknown(reason))
                }
                _ => Err(reader.value_error("{…}", format!("must have {one_of}"))),
            },
            other if other.is_num() => {
                Ok(FactValue::Number(Quantity { value: Decimal::read(reader)?, unit: String::new() }))
            }
            other => Err(reader
                .type_error("a fact: a string, a boolean, a number, a list of strings or an object", other)),
        }
    }

    fn write<S: Serializer>(&self, records: Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            FactValue::Text(text) => text.write(records, serializer),
            FactValue::Flag(flag) => flag.write(records, serializer),
            FactValue::Texts(texts) => texts.write(records, serializer),
            FactValue::Day(date) => write_member("date", &Written(date, records), serializer),
            FactValue::Unknown(reason) => write_member("unknown", reason, serializer),
            FactValue::Number(Quantity { value, unit }) if unit.is_empty() => {
                match value.to_integer().filter(|n| n.abs() <= SMALL_INTEGER) {
                    Some(integer) => serializer.serialize_i64(integer),
                    None => write_member("number", &Written(value, records), serializer),
                }
            }
            FactValue::Number(Quantity { value, unit }) => {
                let mut object = serializer.serialize_map(Some(2))?;
                object.serialize_entry("number", &Written(value, records))?;
                object.serialize_entry("unit", unit)?;
                object.end()
            }
        }
    }

    fn at(&self, pointer: &str, records: Records<'_>) -> Option<super::Quoted> {
        match self {
            // Nothing of a long value is copied that is not pointed to.
            FactValue::Text(text) => text.at(pointer, records),
            FactValue::Texts(texts) => texts.at(pointer, records),
            _ if pointer.is_empty() => Some(super::Quoted::of(&Written(self, records))),
            _ => self.to_value().pointer(pointer).map(super::Quoted::from),
        }
    }

    fn schema(definitions: &mut Map<String, Value>) -> Value {
        json!({ "anyOf": [
            { "type": ["string", "boolean", "number"] },
            { "type": "array", "items": { "type": "string" }, "maxItems": String::CAP },
            { "type": "object", "properties": { "number": Decimal::schema(definitions), "unit": { "type": "string" } },
              "required": ["number"], "additionalProperties": false },
            { "type": "object", "properties": { "date": Date::schema(definitions) },
              "required": ["date"], "additionalProperties": false },
            Unknown::schema(definitions),
        ] })
    }

    fn weigh(&self, weight: &mut Weight) {
        match self {
            FactValue::Texts(texts) => texts.weigh(weight),
            FactValue::Text(_) | FactValue::Unknown(_) | FactValue::Number(_) => weight.string(),
            FactValue::Flag(_) | FactValue::Day(_) => {}
        }
    }
}

impl Json for Facts {
    fn absent() -> Option<Self> {
        Some(Facts::default())
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
        let mut facts: Vec<Fact> = Vec::new();
        reader.map(|reader, name| {
            if name.is_empty() || name.len() > 128 || name.chars().any(char::is_control) {
                return Err(reader
                    .value_error(&name, "is not a fact name: 1 to 128 bytes without control characters"));
            }
            if facts.len() >= Facts::CAP {
                return Err(reader.bad(Problem::Limit("facts of one record", Facts::CAP)));
            }
            let value = FactValue::read(reader)?;
            if value == FactValue::Unknown(NOT_SUPPLIED.to_owned()) {
                return Err(
                    reader.value_error(NOT_SUPPLIED, "is what an absent fact means; leave the fact out")
                );
            }
            facts.push(Fact { name, value });
            Ok(())
        })?;
        facts.sort_by(|a, b| a.name.encode_utf16().cmp(b.name.encode_utf16()));
        let twice = facts.windows(2).find_map(|pair| match pair {
            [a, b] if a.name == b.name => Some(a.name.clone()),
            _ => None,
        });
        match twice {
            Some(name) => Err(reader.bad(Problem::Duplicate(name))),
            None => Ok(Facts(facts)),
        }
    }

    fn is_left_out(&self) -> bool {
        self.0.is_empty()
    }

    fn write<S: Serializer>(&self, records: Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|fact| (&fact.name, Written(&fact.value, records))))
    }

    fn at(&self, pointer: &str, records: Records<'_>) -> Option<super::Quoted> {
        let Some((token, rest)) = first_token(pointer) else {
            return pointer.is_empty().then(|| super::Quoted::of(&Written(self, records)));
        };
        self.get(&token)?.at(rest, records)
    }

    fn schema(definitions: &mut Map<String, Value>) -> Value {
        if !definitions.contains_key("Fact") {
            let fact = FactValue::schema(definitions);
            definitions.insert("Fact".to_owned(), fact);
        }
        json!({
            "type": "object",
            "additionalProperties": { "$ref": "#/$defs/Fact" },
            "propertyNames": { "minLength": 1, "maxLength": 128 },
            "maxProperties": Facts::CAP,
        })
    }

    fn weigh(&self, weight: &mut Weight) {
        for fact in &self.0 {
            weight.element();
            weight.string();
            fact.value.weigh(weight);
        }
    }
}
