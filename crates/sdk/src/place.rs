//! Places in a request: only views make them, so that none points nowhere.

use crate::contract;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

/// Where a fact stands in the request, or would stand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place<'a> {
    record: Spot,
    field: Field<'a>,
}

/// A place at which something stands: what a finding may rest on.
///
/// Known facts and records of the request give it away, nothing else does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence<'a>(Place<'a>);

/// A fact that is missing at a place. It is cheap to copy; texts are made of it when it is reported.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap<'a> {
    place: Place<'a>,
    expected: &'a str,
    reason: &'a str,
}

/// Where a record stands: an element of the contract, or an entry of one of its lists.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spot {
    pub(crate) at: contract::Element,
    pub(crate) entry: Option<(&'static str, u32)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Field<'a> {
    Whole,
    Named(&'static str),
    Fact(&'a str),
    /// A path as the contract has it.
    Path(&'a str),
}

impl<'a> Place<'a> {
    pub(crate) fn whole(record: Spot) -> Place<'a> {
        Place { record, field: Field::Whole }
    }

    pub(crate) fn named(record: Spot, name: &'static str) -> Place<'a> {
        Place { record, field: Field::Named(name) }
    }

    pub(crate) fn fact(record: Spot, name: &'a str) -> Place<'a> {
        Place { record, field: Field::Fact(name) }
    }

    /// Returns the place as the contract has it.
    #[must_use]
    pub fn to_contract(&self) -> contract::Place {
        let entry = self.record.entry.map(|(list, index)| format!("{list}/{index}"));
        let field = match self.field {
            Field::Whole => None,
            Field::Named(name) => Some(name.to_owned()),
            Field::Fact(name) => Some(format!("facts/{}", escaped(name))),
            Field::Path(path) => Some(path.to_owned()).filter(|path| !path.is_empty()),
        };
        let field = match (entry, field) {
            (Some(entry), Some(field)) => format!("{entry}/{field}"),
            (entry, field) => entry.or(field).unwrap_or_default(),
        };
        contract::Place { at: self.record.at, field }
    }

    /// Returns a fact that is missing here: what is expected, in words an operator understands, and why it is missing.
    #[must_use]
    pub fn missing(&self, expected: &str, reason: &str) -> contract::Missing {
        contract::Missing { at: self.to_contract(), expected: expected.to_owned(), reason: reason.to_owned() }
    }

    /// Returns the same to be weighed.
    #[must_use]
    pub fn gap(&self, expected: &'a str, reason: &'a str) -> Gap<'a> {
        Gap { place: *self, expected, reason }
    }
}

impl Gap<'_> {
    /// Returns it as the contract has it.
    #[must_use]
    pub fn to_contract(&self) -> contract::Missing {
        self.place.missing(self.expected, self.reason)
    }
}

impl<'a> From<&'a contract::Missing> for Gap<'a> {
    /// Returns a fact that is known to be missing, such as one of [`ownership`](crate::ownership), to be weighed.
    fn from(missing: &'a contract::Missing) -> Gap<'a> {
        let contract::Missing { at, expected, reason } = missing;
        Place { record: at.at.into(), field: Field::Path(&at.field) }.gap(expected, reason)
    }
}

impl<'a> Evidence<'a> {
    /// INVARIANT: the caller has seen that something stands there.
    pub(crate) fn seen(place: Place<'a>) -> Evidence<'a> {
        Evidence(place)
    }

    /// Returns the place.
    #[must_use]
    pub fn place(&self) -> Place<'a> {
        self.0
    }
}

impl From<contract::Element> for Spot {
    fn from(at: contract::Element) -> Spot {
        Spot { at, entry: None }
    }
}

/// Escapes a reference token as RFC 6901 does.
fn escaped(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::Element;

    #[track_caller]
    fn check(place: Place<'_>, at: Element, field: &str) {
        assert_eq!(place.to_contract(), contract::Place { at, field: field.to_owned() });
    }

    #[test]
    fn a_place_is_a_record_and_a_path_in_json_names() {
        let party = Element::Party(3);
        check(Place::whole(party.into()), party, "");
        check(Place::named(party.into(), "headquarters"), party, "headquarters");
        check(Place::fact(party.into(), "militaryEndUser"), party, "facts/militaryEndUser");
        let listing = Spot { at: party, entry: Some(("listings", 2)) };
        check(Place::whole(listing), party, "listings/2");
        check(Place::named(listing, "end"), party, "listings/2/end");
    }

    #[test]
    fn a_missing_fact_can_be_weighed_again() {
        let place = Place::fact(Spot { at: Element::Party(3), entry: None }, "a/b");
        let missing = place.missing("it", "stale");
        assert_eq!(Gap::from(&missing).to_contract(), missing);
        check(Place { record: Element::Item.into(), field: Field::Path("") }, Element::Item, "");
    }

    #[test]
    fn names_of_facts_are_escaped() {
        let party = Element::Party(0);
        check(Place::fact(party.into(), "a/b~c"), party, "facts/a~1b~0c");
        check(Place::fact(party.into(), "~1"), party, "facts/~01");
    }
}
