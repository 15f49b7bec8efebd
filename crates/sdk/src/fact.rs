//! Three-valued facts: known with a value, or missing with a reason; either way with their place.

use crate::contract;
use crate::place::{Evidence, Gap, Place};
use lexgate_model::{Date, Decimal, Truth};

/// Why a fact is missing that nobody supplied.
pub const NOT_SUPPLIED: &str = "notSupplied";
/// Why a fact is missing that contradicts others, or is of another type than it must be.
pub const INCONSISTENT: &str = "inconsistent";

/// What the request says at one place, or why it does not say it.
///
/// A policy cannot take a missing fact for a value: [`Fact::value`] is an `Option`, [`Fact::test`] three-valued.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fact<'a, T> {
    place: Place<'a>,
    state: Result<T, &'a str>,
}

/// A number with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity<'a> {
    /// The number.
    pub value: Decimal,
    /// UCUM code where one exists; empty for a pure number.
    pub unit: &'a str,
}

impl<'a, T: Copy> Fact<'a, T> {
    pub(crate) fn known(place: Place<'a>, value: T) -> Fact<'a, T> {
        Fact { place, state: Ok(value) }
    }

    pub(crate) fn unknown(place: Place<'a>, reason: &'a str) -> Fact<'a, T> {
        Fact { place, state: Err(reason) }
    }

    pub(crate) fn optional(place: Place<'a>, value: Option<T>) -> Fact<'a, T> {
        Fact { place, state: value.ok_or(NOT_SUPPLIED) }
    }

    /// Returns the value, if it is known.
    #[must_use]
    pub fn value(&self) -> Option<T> {
        self.state.ok()
    }

    /// Returns why it is missing, if it is.
    #[must_use]
    pub fn reason(&self) -> Option<&'a str> {
        self.state.as_ref().err().copied()
    }

    /// Returns where it stands, or would stand.
    #[must_use]
    pub fn place(&self) -> Place<'a> {
        self.place
    }

    /// Returns the place as evidence, if something known stands there.
    #[must_use]
    pub fn evidence(&self) -> Option<Evidence<'a>> {
        self.value().map(|_| Evidence::seen(self.place))
    }

    /// Returns the missing fact, if it is missing; `expected` says what should stand there.
    #[must_use]
    pub fn missing(&self, expected: &str) -> Option<contract::Missing> {
        self.reason().map(|reason| self.place.missing(expected, reason))
    }

    /// Returns the missing fact to be weighed, if it is missing.
    #[must_use]
    pub fn gap(&self, expected: &'a str) -> Option<Gap<'a>> {
        self.reason().map(|reason| self.place.gap(expected, reason))
    }

    /// Returns the value in another form.
    pub fn map<U: Copy>(self, form: impl FnOnce(T) -> U) -> Fact<'a, U> {
        Fact { place: self.place, state: self.state.map(form) }
    }

    /// Returns the value in another form; without such a form the fact is inconsistent.
    pub fn read<U: Copy>(self, form: impl FnOnce(T) -> Option<U>) -> Fact<'a, U> {
        Fact { place: self.place, state: self.state.and_then(|value| form(value).ok_or(INCONSISTENT)) }
    }

    /// Returns whether the value passes the test; of a missing one that is unknown.
    pub fn test<U: Into<Truth>>(&self, test: impl FnOnce(T) -> U) -> Truth {
        self.value().map_or(Truth::Unknown, |value| test(value).into())
    }
}

impl Fact<'_, bool> {
    /// Returns whether it holds.
    #[must_use]
    pub fn truth(&self) -> Truth {
        self.value().into()
    }
}

/// The date of a contract, if it is one.
pub(crate) fn day(date: contract::Date) -> Option<Date> {
    lexgate_model::date::new(date.year, date.month, date.day)
}

/// The decimal of a contract, if it is one.
pub(crate) fn decimal(decimal: contract::Decimal) -> Option<Decimal> {
    Decimal::new(decimal.coefficient, i32::from(decimal.exponent)).ok()
}
