//! Views of a request whose every answer knows its place.
//!
//! A [`Record`] is one record of the request with its position. What it tells comes as a [`Fact`], whose place goes into
//! findings as evidence or as a missing fact, so neither can point nowhere.

pub(crate) mod parties;
mod request;
mod supply;

pub use parties::{Owners, UltimateParent};
pub use request::Request;

use crate::contract;
use crate::fact::{Fact, INCONSISTENT, NOT_SUPPLIED, Quantity, day, decimal};
use crate::place::{Evidence, Place, Spot};
use lexgate_model::Date;

/// A record of the request, with its position.
pub struct Record<'a, T> {
    request: &'a contract::Request,
    raw: &'a T,
    spot: Spot,
}

impl<T> core::fmt::Debug for Record<'_, T> {
    /// Writes where it stands; what it says can be long.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:?}", self.spot)
    }
}

impl<T> Clone for Record<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Record<'_, T> {}

/// A party.
pub type Party<'a> = Record<'a, contract::Party>;
/// A place on a sanctions or screening list.
pub type Listing<'a> = Record<'a, contract::Listing>;
/// The interests of one party in another.
pub type Relationship<'a> = Record<'a, contract::Relationship>;
/// An interest of one party in another.
pub type Interest<'a> = Record<'a, contract::Interest>;
/// A party in its role.
pub type Participant<'a> = Record<'a, contract::Participant>;
/// What is supplied.
pub type Item<'a> = Record<'a, contract::Item>;
/// The place of an item in a classification.
pub type Classification<'a> = Record<'a, contract::Classification>;
/// How and where a service is run.
pub type Deployment<'a> = Record<'a, contract::Deployment>;
/// A certificate that somebody holds.
pub type Certificate<'a> = Record<'a, contract::Certificate>;
/// A licence, exception, derogation, mitigation agreement, …
pub type Authorization<'a> = Record<'a, contract::Authorization>;

impl<'a, T> Record<'a, T> {
    fn new(request: &'a contract::Request, raw: &'a T, spot: impl Into<Spot>) -> Record<'a, T> {
        Record { request, raw, spot: spot.into() }
    }

    /// Returns the record as the contract has it.
    #[must_use]
    pub fn raw(&self) -> &'a T {
        self.raw
    }

    /// Returns the record itself as evidence.
    #[must_use]
    pub fn evidence(&self) -> Evidence<'a> {
        Evidence::seen(Place::whole(self.spot))
    }

    fn place(&self, field: &'static str) -> Place<'a> {
        Place::named(self.spot, field)
    }

    fn optional<V: Copy>(&self, field: &'static str, value: Option<V>) -> Fact<'a, V> {
        Fact::optional(self.place(field), value)
    }

    fn text_of(&self, field: &'static str, text: &'a Option<alloc::string::String>) -> Fact<'a, &'a str> {
        self.optional(field, text.as_deref())
    }

    fn day_of(&self, field: &'static str, date: Option<contract::Date>) -> Fact<'a, Date> {
        self.optional(field, date).read(day)
    }

    fn party_of(&self, field: &'static str, index: Option<u32>) -> Fact<'a, Party<'a>> {
        let request = self.request;
        self.optional(field, index).read(|index| party_at(request, index))
    }
}

/// A record that carries facts by name.
pub trait Bearer {
    /// The facts it carries.
    fn facts(&self) -> &[contract::Fact];
}

macro_rules! bearers {
    ($($record:ident)*) => { $(
        impl Bearer for contract::$record {
            fn facts(&self) -> &[contract::Fact] {
                &self.facts
            }
        }
    )* };
}

bearers! { Request Party Relationship Interest Participant Item Classification Deployment Certificate Authorization }

impl<'a, T: Bearer> Record<'a, T> {
    /// Returns the fact of this name that is true or false.
    #[must_use]
    pub fn flag(&self, name: &'a str) -> Fact<'a, bool> {
        self.fact(name, |value| match value {
            contract::Value::Flag(flag) => Some(*flag),
            _ => None,
        })
    }

    /// Returns the fact of this name that is a text or a code.
    #[must_use]
    pub fn text(&self, name: &'a str) -> Fact<'a, &'a str> {
        self.fact(name, |value| match value {
            contract::Value::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// Returns the fact of this name that is a list of texts.
    #[must_use]
    pub fn texts(&self, name: &'a str) -> Fact<'a, &'a [alloc::string::String]> {
        self.fact(name, |value| match value {
            contract::Value::Texts(texts) => Some(texts.as_slice()),
            _ => None,
        })
    }

    /// Returns the fact of this name that is a number, with its unit.
    #[must_use]
    pub fn number(&self, name: &'a str) -> Fact<'a, Quantity<'a>> {
        self.fact(name, |value| match value {
            contract::Value::Number(number) => {
                decimal(number.value).map(|value| Quantity { value, unit: &number.unit })
            }
            _ => None,
        })
    }

    /// Returns the fact of this name that is a date.
    #[must_use]
    pub fn day(&self, name: &'a str) -> Fact<'a, Date> {
        self.fact(name, |value| match value {
            contract::Value::Day(date) => day(*date),
            _ => None,
        })
    }

    /// Reads a fact; one of another type is missing because it is inconsistent.
    fn fact<V: Copy>(
        &self,
        name: &'a str,
        read: impl FnOnce(&'a contract::Value) -> Option<V>,
    ) -> Fact<'a, V> {
        let place = Place::fact(self.spot, name);
        let raw = self.raw;
        match raw.facts().iter().find(|fact| fact.name == name).map(|fact| &fact.value) {
            None => Fact::unknown(place, NOT_SUPPLIED),
            Some(contract::Value::Unknown(reason)) => Fact::unknown(place, reason),
            Some(value) => match read(value) {
                Some(value) => Fact::known(place, value),
                None => Fact::unknown(place, INCONSISTENT),
            },
        }
    }
}

/// Records of one list of the request.
#[derive(Debug)]
pub struct List<'a, T> {
    request: &'a contract::Request,
    records: &'a [T],
    parent: Spot,
    spot: fn(Spot, u32) -> Spot,
}

impl<T> Clone for List<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for List<'_, T> {}

impl<'a, T> List<'a, T> {
    /// Returns the records in their order.
    pub fn iter(&self) -> impl Iterator<Item = Record<'a, T>> + use<'a, T> {
        let List { request, records, parent, spot } = *self;
        (0..).zip(records).map(move |(index, raw)| Record { request, raw, spot: spot(parent, index) })
    }

    /// Returns the record at this position.
    #[must_use]
    pub fn get(&self, index: u32) -> Option<Record<'a, T>> {
        let raw = self.records.get(index as usize)?;
        Some(Record { request: self.request, raw, spot: (self.spot)(self.parent, index) })
    }

    /// Returns how many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Returns whether it is stated that there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

fn party_at(request: &contract::Request, index: u32) -> Option<Party<'_>> {
    let raw = request.parties.get(index as usize)?;
    Some(Record::new(request, raw, contract::Element::Party(index)))
}

#[cfg(test)]
mod tests;
