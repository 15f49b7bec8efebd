//! The one description of each record of a request: its Rust type, its JSON reader, its JSON writer and its JSON Schema.
//!
//! [`records!`](records) derives all four from one list of fields, so that they cannot disagree.

use super::reader::{BadRequest, Reader};
use crate::date::{self, Date};
use crate::decimal::Decimal;
use jiter::Peek;
use serde_json::{Map, Value, json};

/// A type that a request is made of.
pub(super) trait Json: Sized {
    /// How many of these one list may hold.
    const CAP: usize = 256;

    /// Returns the value that an absent field stands for; none where the field is required.
    fn absent() -> Option<Self> {
        None
    }

    /// Reads the value the reader stands on.
    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest>;

    /// Returns the canonical JSON, or nothing where the canonical form leaves the field out.
    fn write(&self, names: &RecordIds<'_>) -> Option<Value>;

    /// Returns the JSON Schema, adding what it refers to.
    fn schema(definitions: &mut Map<String, Value>) -> Value;

    /// Adds the strings and list elements of this value.
    fn weigh(&self, weight: &mut Weight);

    /// Replaces numbers of names by indices.
    fn resolve(&mut self, index: &mut dyn FnMut(Reference<'_>)) {
        let _ = index;
    }
}

/// A reference inside a request: while reading the number of a name, afterwards an index.
pub(super) enum Reference<'a> {
    Party(&'a mut u32),
    Certificate(&'a mut u32),
}

/// The names that references are written as.
pub(super) struct RecordIds<'a> {
    pub(super) parties: Vec<&'a str>,
    pub(super) certificates: Vec<Option<&'a str>>,
}

/// What the size of a request is measured in for the fuel limit.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) strings: u64,
    pub(super) elements: u64,
}

impl Weight {
    pub(super) fn string(&mut self) {
        self.strings = self.strings.saturating_add(1);
    }

    pub(super) fn element(&mut self) {
        self.elements = self.elements.saturating_add(1);
    }
}

/// Declares records: for each field its documentation, Rust name, type and JSON name.
macro_rules! records {
    ($( $(#[$meta:meta])* $vis:vis record $name:ident $(cap $cap:literal)? {
        $( $(#[doc = $doc:literal])* $field:ident: $type:ty = $json:literal, )*
    } )*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        $vis struct $name {
            $( $(#[doc = $doc])* $vis $field: $type, )*
        }

        impl Json for $name {
            $( const CAP: usize = $cap; )?

            fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
                const FIELDS: &[&str] = &[$($json),*];
                $( let mut $field: Option<$type> = None; )*
                reader.object(FIELDS, |reader, met| {
                    $( if met == $json { $field = Some(Json::read(reader)?); return Ok(()); } )*
                    Ok(())
                })?;
                Ok($name { $(
                    $field: match $field.or_else(<$type as Json>::absent) {
                        Some(value) => value,
                        None => return Err(reader.bad(super::reader::Problem::MissingField($json))),
                    },
                )* })
            }

            fn write(&self, names: &RecordIds<'_>) -> Option<Value> {
                let mut object = Map::new();
                $( if let Some(value) = self.$field.write(names) { object.insert($json.to_owned(), value); } )*
                Some(Value::Object(object))
            }

            fn schema(definitions: &mut Map<String, Value>) -> Value {
                if !definitions.contains_key(stringify!($name)) {
                    definitions.insert(stringify!($name).to_owned(), Value::Null);
                    let mut properties = Map::new();
                    let mut required: Vec<Value> = Vec::new();
                    $(
                        let mut property = <$type as Json>::schema(definitions);
                        let text = [$($doc),*].join(" ");
                        if let Some(object) = property.as_object_mut() {
                            object.insert("description".to_owned(), Value::from(text.trim()));
                        }
                        properties.insert($json.to_owned(), property);
                        if <$type as Json>::absent().is_none() { required.push(Value::from($json)); }
                    )*
                    definitions.insert(stringify!($name).to_owned(), json!({
                        "type": "object",
                        "properties": properties,
                        "required": required,
                        "additionalProperties": false,
                    }));
                }
                json!({ "$ref": concat!("#/$defs/", stringify!($name)) })
            }

            fn weigh(&self, weight: &mut Weight) {
                $( self.$field.weigh(weight); )*
            }

            fn resolve(&mut self, index: &mut dyn FnMut(super::json::Reference<'_>)) {
                $( self.$field.resolve(index); )*
            }
        }
    )* };
}
pub(super) use records;

impl<T: Json> Json for Option<T> {
    fn absent() -> Option<Self> {
        Some(None)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
        T::read(reader).map(Some)
    }

    fn write(&self, names: &RecordIds<'_>) -> Option<Value> {
        self.as_ref().and_then(|value| value.write(names))
    }

    fn schema(definitions: &mut Map<String, Value>) -> Value {
        T::schema(definitions)
    }

    fn weigh(&self, weight: &mut Weight) {
        if let Some(value) = self {
            value.weigh(weight);
        }
    }

    fn resolve(&mut self, index: &mut dyn FnMut(Reference<'_>)) {
        if let Some(value) = self {
            value.resolve(index);
        }
    }
}

impl<T: Json> Json for Vec<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
        let mut list = Vec::new();
        reader.array(T::CAP, |reader| {
            list.push(T::read(reader)?);
            Ok(())
        })?;
        Ok(list)
    }

    fn write(&self, names: &RecordIds<'_>) -> Option<Value> {
        Some(Value::Array(self.iter().filter_map(|value| value.write(names)).collect()))
    }

    fn schema(definitions: &mut Map<String, Value>) -> Value {
        json!({ "type": "array", "items": T::schema(definitions), "maxItems": T::CAP })
    }

    fn weigh(&self, weight: &mut Weight) {
        for value in self {
            weight.element();
            value.weigh(weight);
        }
    }

    fn resolve(&mut self, index: &mut dyn FnMut(Reference<'_>)) {
        for value in self {
            value.resolve(index);
        }
    }
}

impl Json for String {
    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
        reader.string("a string")
    }

    fn write(&self, _: &RecordIds<'_>) -> Option<Value> {
        Some(Value::from(self.as_str()))
    }

    fn schema(_: &mut Map<String, Value>) -> Value {
        json!({ "type": "string" })
    }

    fn weigh(&self, weight: &mut Weight) {
        weight.string();
    }
}

impl Json for bool {
    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
        reader.boolean()
    }

    fn write(&self, _: &RecordIds<'_>) -> Option<Value> {
        Some(Value::from(*self))
    }

    fn schema(_: &mut Map<String, Value>) -> Value {
        json!({ "type": "boolean" })
    }

    fn weigh(&self, _: &mut Weight) {}
}

impl Json for Date {
    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
        let text = reader.string("a date as a string, such as \"2025-09-05\"")?;
        date::parse(&text)
            .ok_or_else(|| reader.value_error(&text, "is not a calendar date; write it as `2025-09-05`"))
    }

    fn write(&self, _: &RecordIds<'_>) -> Option<Value> {
        Some(Value::from(self.to_string()))
    }

    fn schema(_: &mut Map<String, Value>) -> Value {
        json!({ "type": "string", "format": "date" })
    }

    fn weigh(&self, _: &mut Weight) {}
}

impl Json for jiff::Timestamp {
    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
        let text = reader.string("an instant as a string, such as \"2025-09-05T16:00:00Z\"")?;
        let rule = "is not an instant; write it as RFC 3339 does, `2025-09-05T16:00:00Z`, years 1 to 9999";
        let instant: jiff::Timestamp = text.parse().map_err(|_| reader.value_error(&text, rule))?;
        if super::When::instant(instant).is_none() || text.contains('[') {
            return Err(reader.value_error(&text, rule));
        }
        Ok(instant)
    }

    fn write(&self, _: &RecordIds<'_>) -> Option<Value> {
        Some(Value::from(self.to_string()))
    }

    fn schema(_: &mut Map<String, Value>) -> Value {
        json!({ "type": "string", "format": "date-time" })
    }

    fn weigh(&self, _: &mut Weight) {}
}

impl Json for Decimal {
    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
        let text = reader.number_text()?;
        text.parse().map_err(|why: crate::NotDecimal| reader.value_error(&text, why.to_string()))
    }

    fn write(&self, _: &RecordIds<'_>) -> Option<Value> {
        Some(Value::from(self.to_string()))
    }

    fn schema(_: &mut Map<String, Value>) -> Value {
        json!({
            "type": ["string", "number"],
            "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$",
        })
    }

    fn weigh(&self, _: &mut Weight) {}
}

/// Reads `text`, or `{ "unknown": reason }`, or whatever else `other` allows in an object.
pub(super) fn text_or_unknown<T>(
    reader: &mut Reader<'_>,
    expected: &'static str,
    text: impl FnOnce(&mut Reader<'_>, String) -> Result<T, BadRequest>,
    unknown: impl FnOnce(String) -> T,
) -> Result<T, BadRequest> {
    match reader.peek()? {
        Peek::String => {
            let value = reader.string(expected)?;
            text(reader, value)
        }
        Peek::Object => {
            let Unknown { unknown: reason } = Unknown::read(reader)?;
            Ok(unknown(reason))
        }
        other => Err(reader.type_error(expected, other)),
    }
}

records! {
    /// `{ "unknown": reason }`.
    pub(super) record Unknown {
        /// Why it is not known: BODS `unspecifiedReason`, GLEIF `ExceptionReason`, `inconsistent` or `stale`.
        unknown: String = "unknown",
    }
}

/// The reason of what is not supplied at all; the canonical form leaves it out.
pub const NOT_SUPPLIED: &str = "notSupplied";

/// Returns the canonical JSON of an unknown.
pub(super) fn write_unknown(reason: &str) -> Option<Value> {
    (reason != NOT_SUPPLIED).then(|| json!({ "unknown": reason }))
}
