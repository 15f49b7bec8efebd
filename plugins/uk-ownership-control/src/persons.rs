//! Listed persons, each alone.

use lexgate_sdk::contract::Refusal;
use lexgate_sdk::influence::Links;
use lexgate_sdk::listed::{Controlled, Listed, Owned};
use lexgate_sdk::ownership::Ownership;
use lexgate_sdk::{Party, Threshold, Truth};

/// Most listed persons that are looked at one by one; chosen by feel.
const MOST_PERSONS: usize = 32;

/// What each listed person owns alone, and what those own together of whom it is not known whether they are
/// listed: they may be one person to no lesser effect.
pub(crate) struct Persons<'o, 'r, 'a>(Vec<Owned<'o, 'r, 'a>>);

impl<'o, 'r, 'a> Persons<'o, 'r, 'a> {
    /// Looks at every listed person of the request.
    pub(crate) fn of(
        listed: &'o Listed<'r, 'a>,
        ownership: &'o Ownership<'a>,
        line: Threshold,
    ) -> Result<Persons<'o, 'r, 'a>, Refusal> {
        let parties = || listed.request().parties().iter();
        let persons: Vec<Party<'a>> = parties().filter(|party| listed.is(*party).certain()).collect();
        if persons.len() > MOST_PERSONS {
            return Err(Refusal::Unsupported("more than 32 listed persons".to_owned()));
        }
        let alone = |person: Party<'a>| {
            let counts = move |party: Party<'a>| Truth::from(party.index() == person.index());
            Owned::by(listed, ownership, line, counts)
        };
        let unclear = |party: Party<'a>| match listed.is(party) {
            Truth::Unknown => Truth::Unknown,
            _ => Truth::False,
        };
        let mut owning: Vec<_> = persons.into_iter().map(alone).collect();
        owning.push(Owned::by(listed, ownership, line, unclear));
        Ok(Persons(owning))
    }

    /// Looks at nobody: where all together come to nothing.
    pub(crate) fn nobody() -> Persons<'o, 'r, 'a> {
        Persons(Vec::new())
    }

    /// Returns what each owns.
    pub(crate) fn owning(&self) -> &[Owned<'o, 'r, 'a>] {
        &self.0
    }

    /// Returns what one owns who surely owns enough of a party alone.
    pub(crate) fn strongest(&self, party: Party<'a>) -> Option<&Owned<'o, 'r, 'a>> {
        self.0.iter().find(|owned| owned.passes(party).certain())
    }

    /// Finds whom each controls.
    pub(crate) fn controlling<'p>(&'p self, links: &'p Links<'a>) -> Vec<Controlled<'p, 'r, 'a>> {
        self.0.iter().map(|owned| Controlled::new(links, owned)).collect()
    }
}
