//! Requests for native tests of policies, in a few words. What does not parse is left out or dangles; tests find out.

use crate::contract::{self, Directness, InterestedParty, Statement, Value};
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use lexgate_model::Decimal;

/// A request under construction.
#[derive(Debug, Clone)]
pub struct Building(contract::Request);

/// Returns a request to supply an AI model on a date, without parties, with an empty list of relationships.
#[must_use]
pub fn request(date: &str) -> Building {
    let date = lexgate_model::date::parse(date);
    let evaluation_date = date.map_or(contract::Date { year: 0, month: 0, day: 0 }, |date| contract::Date {
        year: date.year().unsigned_abs(),
        month: date.month().unsigned_abs(),
        day: date.day().unsigned_abs(),
    });
    Building(contract::Request {
        evaluation_date,
        action: "supply".to_owned(),
        channel: None,
        participants: Vec::new(),
        parties: Vec::new(),
        relationships: Some(Vec::new()),
        resource: contract::Item {
            record_id: "resource".to_owned(),
            category: Some("ai-model".to_owned()),
            producer: None,
            country_of_origin: None,
            classifications: None,
            components: None,
            facts: Vec::new(),
        },
        deployment: None,
        certificates: None,
        authorizations: None,
        purposes: None,
        facts: Vec::new(),
    })
}

/// Returns a company with this headquarters and jurisdiction (none if empty), whose owners are all stated.
#[must_use]
pub fn company(record_id: &str, region: &str) -> contract::Party {
    let region = (!region.is_empty()).then(|| region.to_owned());
    contract::Party {
        record_id: record_id.to_owned(),
        kind: "registeredEntity".to_owned(),
        names: Vec::new(),
        identifiers: None,
        jurisdiction: region.clone(),
        headquarters: region,
        ultimate_parent: contract::Parent::Unknown("notSupplied".to_owned()),
        ownership: Statement::Complete,
        listings: None,
        facts: Vec::new(),
    }
}

/// Returns a natural person with these nationalities.
#[must_use]
pub fn person(record_id: &str, nationalities: &[&str]) -> contract::Party {
    let texts = nationalities.iter().map(|&code| code.to_owned()).collect();
    contract::Party {
        kind: "knownPerson".to_owned(),
        facts: Vec::from([fact("nationalities", Value::Texts(texts))]),
        ..company(record_id, "")
    }
}

/// Returns a fact.
#[must_use]
pub fn fact(name: &str, value: Value) -> contract::Fact {
    contract::Fact { name: name.to_owned(), value }
}

/// Returns a direct shareholding of so many percent: `60`, or a band `25..50`.
#[must_use]
pub fn shareholding(percent: &str) -> contract::Interest {
    interest("shareholding", percent)
}

/// Returns a direct interest of any kind, of so many percent; of unknown share if that is empty.
#[must_use]
pub fn interest(kind: &str, percent: &str) -> contract::Interest {
    let (minimum, maximum) = percent.split_once("..").unwrap_or((percent, percent));
    let bound = |text: &str| {
        let value: Decimal = text.parse().ok()?;
        let value = contract::Decimal { coefficient: value.coefficient(), exponent: value.exponent() };
        Some(contract::Bound { value, exclusive: false })
    };
    let share = bound(minimum).zip(bound(maximum));
    contract::Interest {
        kind: kind.to_owned(),
        directness: Directness::Direct,
        share: share.map(|(minimum, maximum)| contract::Share { minimum, maximum }),
        beneficial: None,
        start: None,
        end: None,
        facts: Vec::new(),
    }
}

impl Building {
    /// Adds parties.
    #[must_use]
    pub fn parties(mut self, parties: Vec<contract::Party>) -> Building {
        self.0.parties.extend(parties);
        self
    }

    /// Adds a party.
    #[must_use]
    pub fn party(self, party: contract::Party) -> Building {
        self.parties(Vec::from([party]))
    }

    /// Adds a participant in a role.
    #[must_use]
    pub fn participant(mut self, role: &str, record_id: &str) -> Building {
        let party = self.index(record_id).unwrap_or(u32::MAX);
        self.0.participants.push(contract::Participant { role: role.to_owned(), party, facts: Vec::new() });
        self
    }

    /// Adds a direct shareholding of so many percent; an empty owner is unknown.
    #[must_use]
    pub fn owns(self, owner: &str, owned: &str, percent: &str) -> Building {
        self.holds(owner, owned, shareholding(percent))
    }

    /// Adds an interest; an empty owner is unknown.
    #[must_use]
    pub fn holds(self, owner: &str, owned: &str, interest: contract::Interest) -> Building {
        self.related(owner, owned, Some(Vec::from([interest])))
    }

    /// Adds a relationship that states no interests.
    #[must_use]
    pub fn silent(self, owner: &str, owned: &str) -> Building {
        self.related(owner, owned, None)
    }

    /// Takes the relationships away: not supplied.
    #[must_use]
    pub fn unrelated(mut self) -> Building {
        self.0.relationships = None;
        self
    }

    /// Changes the request in a way of its own.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut contract::Request)) -> Building {
        change(&mut self.0);
        self
    }

    /// Returns the request.
    #[must_use]
    pub fn build(self) -> contract::Request {
        self.0
    }

    fn related(mut self, owner: &str, owned: &str, interests: Option<Vec<contract::Interest>>) -> Building {
        let unknown = || InterestedParty::Unknown("notSupplied".to_owned());
        let interested_party = self.index(owner).map_or_else(unknown, InterestedParty::Known);
        let subject = self.index(owned).unwrap_or(u32::MAX);
        let record_id = String::from("relationship");
        self.0.relationships.get_or_insert_default().push(contract::Relationship {
            record_id,
            subject,
            interested_party,
            interests,
            facts: Vec::new(),
        });
        self
    }

    fn index(&self, record_id: &str) -> Option<u32> {
        let at = self.0.parties.iter().position(|party| party.record_id == record_id)?;
        u32::try_from(at).ok()
    }
}
