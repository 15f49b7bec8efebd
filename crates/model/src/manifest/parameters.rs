//! Parameters: what a binding may set, checked against the policy's JSON Schema before the policy sees them.

use crate::digest::Digest;
use jsonschema::{PatternOptions, Validator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The JSON Schema (2020-12) of a policy's parameters. Absent: the policy takes none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ParameterSchema(Value);

impl Default for ParameterSchema {
    fn default() -> ParameterSchema {
        ParameterSchema(serde_json::json!({ "type": "object", "additionalProperties": false }))
    }
}

/// Parameters that agree with their schema, its defaults filled in; canonical JSON, as the policy gets them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters(String);

impl Parameters {
    /// Returns the JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the digest of the JSON text.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

/// Why parameters are refused: pointer into them, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("parameter {}: {why}", if pointer.is_empty() { "object" } else { pointer })]
pub struct BadParameters {
    /// RFC 6901 pointer into the parameters.
    pub pointer: String,
    /// What is wrong there.
    pub why: String,
}

/// Most bytes of parameters and of their schema; chosen by feel, a list belongs into a dataset.
const MOST_BYTES: usize = 64 << 10;

impl ParameterSchema {
    /// Returns the schema.
    #[must_use]
    pub fn as_value(&self) -> &Value {
        &self.0
    }

    /// Checks that the schema is one for objects, without fractions, which no float may carry.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.0.get("type").and_then(Value::as_str) != Some("object") {
            return Err("must be a JSON Schema with `type = \"object\"`".to_owned());
        }
        if self.0.to_string().len() > MOST_BYTES {
            return Err(format!("is larger than {MOST_BYTES} bytes"));
        }
        if let Some(pointer) = fraction(&self.0) {
            return Err(format!(
                "{pointer}: write fractions as strings; numbers with a fraction are not exact"
            ));
        }
        if let Some(name) = reference(&self.0) {
            return Err(format!(
                "has a `{name}`: references can loop and multiply, write out what it stands for"
            ));
        }
        self.validator().map(drop)?;
        self.accept(Map::new()).map(drop).or_else(|error| {
            // A parameter without default may be required; every default must fit by itself all the same.
            if self.0.get("required").is_some() {
                Ok(())
            } else {
                Err(format!("its defaults do not fit it: {error}"))
            }
        })
    }

    fn validator(&self) -> Result<Validator, String> {
        jsonschema::draft202012::options()
            .with_pattern_options(PatternOptions::regex())
            .build(&self.0)
            .map_err(|error| format!("is not a JSON Schema: {error}"))
    }

    /// Returns the parameters with the schema's defaults filled in.
    ///
    /// # Errors
    /// [`BadParameters`] with the place and what the schema asks for there.
    pub fn accept(&self, given: Map<String, Value>) -> Result<Parameters, BadParameters> {
        let bad = |pointer: String, why: String| BadParameters { pointer, why };
        let mut parameters = given;
        let properties = self.0.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            if let Some(default) = property.get("default") {
                parameters.entry(name.clone()).or_insert_with(|| default.clone());
            }
        }
        let parameters = Value::Object(parameters);
        if let Some(pointer) = fraction(&parameters) {
            return Err(bad(pointer, "write fractions as strings, such as \"50.1\"".to_owned()));
        }
        let validator = self.validator().map_err(|why| bad(String::new(), why))?;
        if let Some(error) = validator.iter_errors(&parameters).next() {
            return Err(bad(error.instance_path().to_string(), error.to_string()));
        }
        let text = serde_jcs::to_string(&parameters).map_err(|e| bad(String::new(), e.to_string()))?;
        if text.len() > MOST_BYTES {
            return Err(bad(
                String::new(),
                format!("larger than {MOST_BYTES} bytes; put lists into a dataset"),
            ));
        }
        Ok(Parameters(text))
    }
}

/// Returns the first keyword of a schema that refers to another one. A parameter or a definition may be called so; a value
/// that looks so (in a default, an example) is refused with the rest.
fn reference(schema: &Value) -> Option<&str> {
    match schema {
        Value::Array(list) => list.iter().find_map(reference),
        Value::Object(object) => object.iter().find_map(|(name, value)| match (name.as_str(), value) {
            ("$ref" | "$dynamicRef" | "$recursiveRef", _) => Some(name.as_str()),
            (
                "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas",
                Value::Object(named),
            ) => named.values().find_map(reference),
            _ => reference(value),
        }),
        _ => None,
    }
}

/// Returns the pointer of the first number that is not an integer.
fn fraction(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) if !number.is_i64() && !number.is_u64() => Some(String::new()),
        Value::Array(list) => {
            list.iter().enumerate().find_map(|(index, value)| Some(format!("/{index}{}", fraction(value)?)))
        }
        Value::Object(object) => {
            object.iter().find_map(|(name, value)| Some(format!("/{name}{}", fraction(value)?)))
        }
        _ => None,
    }
}
