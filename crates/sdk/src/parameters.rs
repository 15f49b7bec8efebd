//! Parameters: what a binding sets, checked by the host against the schema of the manifest.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use core::cell::Cell;
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

    /// Returns the parameters as the type of the policy: structs, lists, unit variants, texts, whole numbers, flags. A type
    /// that takes anything (`serde_json::Value`, untagged enums) cannot be read so; [`Parameters::as_str`] has the text.
    ///
    /// # Errors
    /// When they do not fit it, in words for the operator.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, String> {
        REFUSED.take();
        // Texts with escapes are unescaped here; none is longer than all.
        let mut room = vec![0; self.0.len()];
        let parsed = serde_json_core::from_str_escaped(&self.0, &mut room);
        parsed.map(|(value, _)| value).map_err(|error| match REFUSED.take() {
            Some(why) => format!("parameters: {why}"),
            None => format!("parameters do not fit the type that the policy reads them as: {error}"),
        })
    }
}

/// An exact decimal as parameters write it: a string, such as `"0.5"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exact(pub Decimal);

/// A share as parameters write it: a decimal of 0 to 100 percent, such as `"50"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent(pub Amount);

struct ExactText;

std::thread_local! {
    /// Why a value was refused last: the reader of the JSON keeps no words, which would cost every policy 40 KB of code.
    static REFUSED: Cell<Option<String>> = const { Cell::new(None) };
}

/// Returns an error for a value that is refused for this reason.
fn refused<E: Error>(why: String) -> E {
    REFUSED.set(Some(why));
    E::custom("refused")
}

impl Visitor<'_> for ExactText {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal number as a string, such as \"50.1\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Decimal, E> {
        text.parse().map_err(|error| refused(format!("`{text}` {error}")))
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Exact, D::Error> {
        deserializer.deserialize_str(ExactText).map(Exact)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Percent, D::Error> {
        let Exact(value) = Exact::deserialize(deserializer)?;
        let share = (Decimal::ZERO..=Decimal::HUNDRED).contains(&value).then(|| Amount::try_from(value).ok());
        let no_share = || refused(format!("`{value}` is not a share: 0 to 100 percent"));
        share.flatten().map(Percent).ok_or_else(no_share)
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
        check("50", Err("do not fit the type that the policy reads them as"));
        check(r#""half""#, Err("`half` is not a decimal number"));
        check(r#""100.1""#, Err("`100.1` is not a share"));
        check(r#""-1""#, Err("is not a share"));
        check(r#""5\u0030""#, Ok("50"));
    }
}
