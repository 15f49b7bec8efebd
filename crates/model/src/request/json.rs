//! The one description of each record of a request: its Rust type, its JSON reader, its JSON writer and its JSON Schema.
//!
//! [`records!`](records) derives all four from one list of fields, so that they cannot disagree.

use super::parts::{Certificate, Party, Request};
use super::quoted::Quoted;
use super::reader::{BadRequest, Reader};
use crate::date::{self, Date};
use crate::decimal::Decimal;
use jiter::Peek;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

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

    /// Whether the canonical form leaves it out.
    fn is_left_out(&self) -> bool {
        false
    }

    /// Writes the canonical JSON: members in order of their names, decimals as strings.
    fn write<S: Serializer>(&self, records: Records<'_>, serializer: S) -> Result<S::Ok, S::Error>;

    /// Returns the canonical JSON at an RFC 6901 pointer that begins here.
    fn at(&self, pointer: &str, records: Records<'_>) -> Option<Quoted> {
        let written = Written(self, records);
        if pointer.is_empty() {
            Some(Quoted::of(&written))
        } else {
            written.value().pointer(pointer).map(Quoted::from)
        }
    }

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

/// The records whose names references are written as.
#[derive(Clone, Copy)]
pub(super) struct Records<'a> {
    pub(super) parties: &'a [Party],
    pub(super) certificates: &'a [Certificate],
}

impl Records<'_> {
    /// For what refers to nothing.
    pub(super) const NONE: Records<'static> = Records { parties: &[], certificates: &[] };

    pub(super) fn of(request: &Request) -> Records<'_> {
        let certificates = request.certificates.as_deref().unwrap_or_default();
        Records { parties: &request.parties, certificates }
    }
}

/// A value and the records it may refer to: what is written.
pub(super) struct Written<'a, T>(pub(super) &'a T, pub(super) Records<'a>);

impl<T: Json> Serialize for Written<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(self.1, serializer)
    }
}

impl<T: Json> Written<'_, T> {
    // INVARIANT: `write` gives strings, booleans, lists, objects and small integers only, and those can always be written.
    pub(super) fn value(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }

    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Takes the first token off a pointer: the token without its escapes, and the rest.
pub(super) fn first_token(pointer: &str) -> Option<(Cow<'_, str>, &str)> {
    let path = pointer.strip_prefix('/')?;
    let (token, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    let token = if token.contains('~') {
        Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(token)
    };
    Some((token, rest))
}

/// Returns the places of the names in the order of RFC 8785; all are ASCII.
pub(super) fn in_order(names: &[&str]) -> Box<[usize]> {
    let mut places: Vec<(&str, usize)> = names.iter().copied().zip(0..).collect();
    places.sort_unstable();
    places.into_iter().map(|(_, place)| place).collect()
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
                    let mut place = 0..;
                    $( if place.next() == Some(met) { $field = Some(Json::read(reader)?); return Ok(()); } )*
                    Ok(())
                })?;
                Ok($name { $(
                    $field: match $field.or_else(<$type as Json>::absent) {
                        Some(value) => value,
                        None => return Err(reader.bad(super::reader::Problem::MissingField($json))),
                    },
                )* })
            }

            fn write<S: serde::Serializer>(
                &self,
                records: super::json::Records<'_>,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                static ORDER: std::sync::LazyLock<Box<[usize]>> =
                    std::sync::LazyLock::new(|| super::json::in_order(&[$($json),*]));
                let mut object = serializer.serialize_map(None)?;
                for &next in ORDER.iter() {
                    let mut place = 0..;
                    $( if place.next() == Some(next) && !self.$field.is_left_out() {
                        let value = super::json::Written(&self.$field, records);
                        serde::ser::SerializeMap::serialize_entry(&mut object, $json, &value)?;
                    } )*
                }
                serde::ser::SerializeMap::end(object)
            }

            fn at(&self, pointer: &str, records: super::json::Records<'_>) -> Option<super::Quoted> {
                let Some((token, rest)) = super::json::first_token(pointer) else {
                    return pointer.is_empty().then(|| super::Quoted::of(&super::json::Written(self, records)));
                };
                $( if token == $json {
                    return if self.$field.is_left_out() { None } else { self.$field.at(rest, records) };
                } )*
                None
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

    fn is_left_out(&self) -> bool {
        self.as_ref().is_none_or(Json::is_left_out)
    }

    fn write<S: Serializer>(&self, records: Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.write(records, serializer),
            None => serializer.serialize_none(),
        }
    }

    fn at(&self, pointer: &str, records: Records<'_>) -> Option<Quoted> {
        self.as_ref()?.at(pointer, records)
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

    fn write<S: Serializer>(&self, records: Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|value| Written(value, records)))
    }

    fn at(&self, pointer: &str, records: Records<'_>) -> Option<Quoted> {
        let Some((token, rest)) = first_token(pointer) else {
            return pointer.is_empty().then(|| Quoted::of(&Written(self, records)));
        };
        let is_index = token == "0" || (!token.starts_with(['0', '+']));
        token.parse().ok().filter(|_| is_index).and_then(|index: usize| self.get(index)?.at(rest, records))
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

    fn write<S: Serializer>(&self, _: Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }

    fn at(&self, pointer: &str, _: Records<'_>) -> Option<Quoted> {
        pointer.is_empty().then(|| Quoted::of(self))
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

    fn write<S: Serializer>(&self, _: Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*self)
    }

    fn schema(_: &mut Map<String, Value>) -> Value {
        json!({ "type": "boolean" })
    }

    fn weigh(&self, _: &mut Weight) {}
}

impl Json for Date {
    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
        let rule = |_: &str| "is not a calendar date; write it as `2025-09-05`".to_owned();
        reader.code("a date as a string, such as \"2025-09-05\"", date::parse, rule)
    }

    fn write<S: Serializer>(&self, _: Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }

    fn schema(_: &mut Map<String, Value>) -> Value {
        json!({ "type": "string", "format": "date" })
    }

    fn weigh(&self, _: &mut Weight) {}
}

impl Json for jiff::Timestamp {
    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
        let instant = |text: &str| {
            let instant: jiff::Timestamp = text.parse().ok()?;
            (super::When::instant(instant).is_some() && !text.contains('[')).then_some(instant)
        };
        let rule = "is not an instant; write it as RFC 3339 does, `2025-09-05T16:00:00Z`, years 1 to 9999";
        let expected = "an instant as a string, such as \"2025-09-05T16:00:00Z\"";
        reader.code(expected, instant, |_| rule.to_owned())
    }

    fn write<S: Serializer>(&self, _: Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }

    fn schema(_: &mut Map<String, Value>) -> Value {
        json!({ "type": "string", "format": "date-time" })
    }

    fn weigh(&self, _: &mut Weight) {}
}

impl Json for Decimal {
    fn read(reader: &mut Reader<'_>) -> Result<Self, BadRequest> {
        reader.number(str::parse)
    }

    fn write<S: Serializer>(&self, _: Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
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
    text: impl FnOnce(&mut Reader<'_>) -> Result<T, BadRequest>,
    unknown: impl FnOnce(String) -> T,
) -> Result<T, BadRequest> {
    match reader.peek()? {
        Peek::String => text(reader),
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

/// Writes `{ "unknown": reason }`, or another object with one member.
pub(super) fn write_member<S: Serializer>(
    name: &str,
    value: &(impl Serialize + ?Sized),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_map(Some(1))?;
    object.serialize_entry(name, value)?;
    object.end()
}
