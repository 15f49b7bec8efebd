//! The request itself, and the lists of it.

use super::{Deployment, Item, List, Party, Record, party_at};
use crate::contract::{self, Element};
use crate::fact::{Fact, day};
use crate::place::Spot;
use lexgate_model::Date;

/// The question, as a policy sees it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    record: Record<'a, contract::Request>,
    date: Date,
}

impl<'a> Request<'a> {
    /// Returns the view of a request.
    ///
    /// # Errors
    /// When its date is none.
    pub fn new(raw: &'a contract::Request) -> Result<Request<'a>, contract::Refusal> {
        let record = Record::new(raw, raw, Element::Request);
        match day(raw.evaluation_date) {
            Some(date) => Ok(Request { record, date }),
            None => Err(contract::Refusal::InvalidRequest("the evaluation date is none".into())),
        }
    }

    /// Returns the date asked about, in the time zone of the policy.
    #[must_use]
    pub fn date(&self) -> Date {
        self.date
    }

    /// Returns what is to be done, such as `supply`.
    #[must_use]
    pub fn action(&self) -> &'a str {
        &self.record.raw.action
    }

    /// Returns the way it is sold, such as `cloud-marketplace`.
    #[must_use]
    pub fn channel(&self) -> Fact<'a, &'a str> {
        self.record.text_of("channel", &self.record.raw.channel)
    }

    /// Returns who takes part, in which role.
    #[must_use]
    pub fn participants(&self) -> List<'a, contract::Participant> {
        self.list(&self.record.raw.participants, |_, index| Element::Participant(index).into())
    }

    /// Returns the participants as one fact, for a finding that misses somebody.
    #[must_use]
    pub fn participation(&self) -> Fact<'a, List<'a, contract::Participant>> {
        Fact::known(self.record.place("participants"), self.participants())
    }

    /// Returns who takes part in one of the roles that the test lets pass, each party once.
    #[must_use]
    pub fn players(&self, role: impl Fn(&str) -> bool) -> alloc::vec::Vec<Party<'a>> {
        let mut players: alloc::vec::Vec<Party<'a>> = alloc::vec::Vec::new();
        for participant in self.participants().iter().filter(|participant| role(participant.role())) {
            let known = |party: &Party<'_>| players.iter().any(|player| player.index() == party.index());
            if let Some(party) = participant.party().filter(|party| !known(party)) {
                players.push(party);
            }
        }
        players
    }

    /// Returns who takes part on the other side of the supply: in any role but `vendor`, `reseller` and `operator`. A role
    /// that is not known is looked at: a misspelt one switches nothing off.
    #[must_use]
    pub fn customers(&self) -> alloc::vec::Vec<Party<'a>> {
        self.players(|role| !matches!(role, "vendor" | "reseller" | "operator"))
    }

    /// Returns what is missing where a request names no customer at all.
    #[must_use]
    pub fn nobody(&self, expected: &'a str) -> crate::place::Gap<'a> {
        self.participation().place().gap(expected, crate::fact::NOT_SUPPLIED)
    }

    /// Returns the action as a fact, for findings that rest on it.
    #[must_use]
    pub fn action_as_fact(&self) -> Fact<'a, &'a str> {
        Fact::known(self.record.place("action"), self.action())
    }

    /// Returns everybody the request speaks of.
    #[must_use]
    pub fn parties(&self) -> List<'a, contract::Party> {
        self.list(&self.record.raw.parties, |_, index| Element::Party(index).into())
    }

    /// Returns the party at this position.
    #[must_use]
    pub fn party(&self, index: u32) -> Option<Party<'a>> {
        party_at(self.record.raw, index)
    }

    /// Returns who holds what in whom.
    #[must_use]
    pub fn relationships(&self) -> Fact<'a, List<'a, contract::Relationship>> {
        let list = self.record.raw.relationships.as_deref();
        self.lists("relationships", list, |_, index| Element::Relationship(index).into())
    }

    /// Returns what is supplied.
    #[must_use]
    pub fn resource(&self) -> Item<'a> {
        Record::new(self.record.raw, &self.record.raw.resource, Element::Item)
    }

    /// Returns how it is run.
    #[must_use]
    pub fn deployment(&self) -> Fact<'a, Deployment<'a>> {
        let request = self.record.raw;
        let deployment = request.deployment.as_ref();
        self.record
            .optional("deployment", deployment)
            .map(|raw| Record::new(request, raw, Element::Deployment))
    }

    /// Returns the certificates held.
    #[must_use]
    pub fn certificates(&self) -> Fact<'a, List<'a, contract::Certificate>> {
        let list = self.record.raw.certificates.as_deref();
        self.lists("certificates", list, |_, index| Element::Certificate(index).into())
    }

    /// Returns the licences and exceptions held.
    #[must_use]
    pub fn authorizations(&self) -> Fact<'a, List<'a, contract::Authorization>> {
        let list = self.record.raw.authorizations.as_deref();
        self.lists("authorizations", list, |_, index| Element::Authorization(index).into())
    }

    /// Returns the end uses, such as `civil`.
    #[must_use]
    pub fn purposes(&self) -> Fact<'a, &'a [alloc::string::String]> {
        self.record.optional("purposes", self.record.raw.purposes.as_deref())
    }

    /// Returns the request as a record, for its facts.
    #[must_use]
    pub fn record(&self) -> Record<'a, contract::Request> {
        self.record
    }

    fn list<T>(&self, records: &'a [T], spot: fn(Spot, u32) -> Spot) -> List<'a, T> {
        List { request: self.record.raw, records, parent: self.record.spot, spot }
    }

    fn lists<T>(
        &self,
        field: &'static str,
        records: Option<&'a [T]>,
        spot: fn(Spot, u32) -> Spot,
    ) -> Fact<'a, List<'a, T>> {
        let view = *self;
        self.record.optional(field, records).map(|records| view.list(records, spot))
    }
}
