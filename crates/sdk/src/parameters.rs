//! Parameters: what a binding sets, checked by the host against the schema of the manifest.

use alloc::format;
use alloc::string::String;
use core::fmt;
use lexgate_model::{Amount, Decimal};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, Visitor};

/// The parameters of a policy: a JSON object, the schema's defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters(String);

impl Parameters {
    /// Returns the parameters written as this JSON text.
    #[must_use]
    pub fn new(json: impl Into<String>) -> Parameters {
        Parameters(json.into())
    }

    /// Returns the JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the parameters as the type of the policy.
    ///
    /// # Errors
    /// When they do not fit it, in words for the operator.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_str(&self.0).map_err(|error| format!("parameters: {error}"))
    }
}

/// An exact decimal as parameters write it: a string, such as `"0.5"`, or an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exact(pub Decimal);

/// A share as parameters write it: a decimal of 0 to 100 percent, such as `"50"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent(pub Amount);

struct ExactText;

impl Visitor<'_> for ExactText {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal number as a string, such as \"50.1\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Decimal, E> {
        text.parse().map_err(|error| E::custom(format!("`{text}` {error}")))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Decimal, E> {
        Decimal::new(number, 0).map_err(|error| E::custom(format!("`{number}` {error}")))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Decimal, E> {
        let number = i64::try_from(number).map_err(E::custom)?;
        self.visit_i64(number)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Exact, D::Error> {
        deserializer.deserialize_any(ExactText).map(Exact)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Percent, D::Error> {
        let Exact(value) = Exact::deserialize(deserializer)?;
        let share = (Decimal::ZERO..=Decimal::HUNDRED).contains(&value).then(|| Amount::try_from(value).ok());
        let refused = || D::Error::custom(format!("`{value}` is not a share: 0 to 100 percent"));
        share.flatten().map(Percent).ok_or_else(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: Result<&str, &str>) {
        let percent = Parameters::new(json).parse::<Percent>();
        match expected {
            Ok(text) => assert_eq!(percent.unwrap().0.to_string(), text),
            Err(why) => assert!(percent.clone().unwrap_err().contains(why), "{percent:?}"),
        }
    }

    #[test]
    fn decimals_are_read_exactly() {
        check(r#""50""#, Ok("50"));
        check(r#""33.333333333333333""#, Ok("33.333333333333333"));
        check("50", Ok("50"));
        check("50.5", Err("a decimal number as a string"));
        check(r#""half""#, Err("`half` is not a decimal number"));
        check(r#""100.1""#, Err("`100.1` is not a share"));
        check("-1", Err("is not a share"));
    }
}
