//! What stands somewhere in a request, as the text that the canonical form has there.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use std::fmt;

/// Canonical JSON, kept as text: most of it is only ever written down.
#[derive(Clone)]
pub struct Quoted(Box<RawValue>);

impl Quoted {
    // INVARIANT: what is quoted can always be written, see `Written`; null can.
    pub(super) fn of(value: &(impl Serialize + ?Sized)) -> Quoted {
        Quoted(to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }

    /// Returns it as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Returns it as a value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        serde_json::from_str(self.0.get()).unwrap_or_default()
    }
}

impl From<&Value> for Quoted {
    fn from(value: &Value) -> Quoted {
        Quoted::of(value)
    }
}

impl PartialEq for Quoted {
    fn eq(&self, other: &Quoted) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Quoted {}

impl fmt::Debug for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Quoted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'d> Deserialize<'d> for Quoted {
    /// Reads any value; it is written as the canonical form has it.
    fn deserialize<D: Deserializer<'d>>(deserializer: D) -> Result<Quoted, D::Error> {
        Value::deserialize(deserializer).map(|value| Quoted::of(&value))
    }
}
