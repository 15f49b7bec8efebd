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
        self.pointer_to("")
    }

    /// Returns the pointer of a path that begins at the record.
    fn pointer_to(self, field: &str) -> String {
        let slash = if field.is_empty() { "" } else { "/" };
        match self {
            Element::Request => format!("{slash}{field}"),
            Element::Participant(index) => format!("/participants/{index}{slash}{field}"),
            Element::Party(index) => format!("/parties/{index}{slash}{field}"),
            Element::Relationship(index) => format!("/relationships/{index}{slash}{field}"),
            Element::Interest(index, interest) => {
                format!("/relationships/{index}/interests/{interest}{slash}{field}")
            }
            Element::Item => format!("/resource{slash}{field}"),
            Element::Deployment => format!("/deployment{slash}{field}"),
            Element::Certificate(index) => format!("/certificates/{index}{slash}{field}"),
            Element::Authorization(index) => format!("/authorizations/{index}{slash}{field}"),
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
        self.at.pointer_to(&self.field)
    }
}
