//! Places in a request, as policies name them, and the pointers they stand for.

use super::parts::Request;
use super::reader::escape;

/// A record of a request, as the contract's `element`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Element {
    /// The request itself.
    Request,
    /// Index into `participants`.
    Participant(u32),
    /// Index into `parties`.
    Party(u32),
    /// Index into `relationships`.
    Relationship(u32),
    /// Index into `relationships`, then into its `interests`.
    Interest(u32, u32),
    /// The resource.
    Item,
    /// The deployment.
    Deployment,
    /// Index into `certificates`.
    Certificate(u32),
    /// Index into `authorizations`.
    Authorization(u32),
}

impl Element {
    /// Returns the RFC 6901 pointer of the record in the canonical JSON.
    #[must_use]
    pub fn pointer(self) -> String {
        match self {
            Element::Request => String::new(),
            Element::Participant(index) => format!("/participants/{index}"),
            Element::Party(index) => format!("/parties/{index}"),
            Element::Relationship(index) => format!("/relationships/{index}"),
            Element::Interest(index, interest) => format!("/relationships/{index}/interests/{interest}"),
            Element::Item => "/resource".to_owned(),
            Element::Deployment => "/deployment".to_owned(),
            Element::Certificate(index) => format!("/certificates/{index}"),
            Element::Authorization(index) => format!("/authorizations/{index}"),
        }
    }
}

impl Request {
    /// Returns whether the request has the record.
    #[must_use]
    pub fn has(&self, record: Element) -> bool {
        let index = |index: u32| usize::try_from(index).unwrap_or(usize::MAX);
        let is_in = |one: u32, count: Option<usize>| index(one) < count.unwrap_or_default();
        match record {
            Element::Request | Element::Item => true,
            Element::Participant(one) => is_in(one, Some(self.participants.len())),
            Element::Party(one) => is_in(one, Some(self.parties.len())),
            Element::Relationship(one) => is_in(one, self.relationships.as_ref().map(Vec::len)),
            Element::Interest(one, interest) => {
                let relationship = self.relationships.as_ref().and_then(|list| list.get(index(one)));
                is_in(interest, relationship.and_then(|one| one.interests.as_ref()).map(Vec::len))
            }
            Element::Deployment => self.deployment.is_some(),
            Element::Certificate(one) => is_in(one, self.certificates.as_ref().map(Vec::len)),
            Element::Authorization(one) => is_in(one, self.authorizations.as_ref().map(Vec::len)),
        }
    }
}

/// A place in a request: a record, and a path relative to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The record.
    pub at: Element,
    /// The path in JSON names, tokens escaped as RFC 6901 does, without a leading slash; empty for the record itself.
    pub field: String,
}

impl Place {
    /// Returns the place of a fact of a record.
    #[must_use]
    pub fn fact(at: Element, name: &str) -> Place {
        Place { at, field: format!("facts/{}", escape(name)) }
    }

    /// Returns the RFC 6901 pointer into the canonical JSON.
    #[must_use]
    pub fn pointer(&self) -> String {
        let record = self.at.pointer();
        if self.field.is_empty() { record } else { format!("{record}/{}", self.field) }
    }
}
