//! To which region an owner belongs.

use lexgate_sdk::contract::Missing;
use lexgate_sdk::{Evidence, Fact, Party, Regions, Request, Truth};

/// The parties of a request, seen with the list of its date.
pub(crate) struct Owners<'r, 'a> {
    pub(crate) request: Request<'a>,
    pub(crate) regions: &'r Regions,
    /// By party, whether its seat is unsupported: looked up once.
    unsupported: Vec<Truth>,
}

impl<'r, 'a> Owners<'r, 'a> {
    pub(crate) fn new(request: Request<'a>, regions: &'r Regions) -> Owners<'r, 'a> {
        let mut owners = Owners { request, regions, unsupported: Vec::new() };
        let of = |party: Party<'a>| owners.seat(party).test(|code| unsupported(regions, code));
        owners.unsupported = request.parties().iter().map(of).collect();
        owners
    }

    /// Returns where a party belongs: where it is headquartered; a state, and a body of one wherever it sits, where its law
    /// is from.
    pub(crate) fn seat(&self, party: Party<'a>) -> Fact<'a, &'a str> {
        let of_a_state = matches!(party.kind(), "state" | "stateBody");
        if of_a_state { party.jurisdiction() } else { party.headquarters() }
    }

    /// Returns whether natural persons are among the parties. Without them the same owners count for every rule.
    pub(crate) fn has_persons(&self) -> bool {
        self.request.parties().iter().any(|party| party.is_person())
    }

    /// Returns whether it is a company headquartered in an unsupported region. Natural persons are no companies.
    pub(crate) fn is_company(&self, party: Party<'a>) -> Truth {
        if party.is_person() {
            return Truth::False;
        }
        self.unsupported.get(party.index() as usize).copied().unwrap_or(Truth::Unknown)
    }

    /// Returns whether it is such a company whose region the list has under this code.
    pub(crate) fn is_company_of(&self, party: Party<'a>, listed: &str) -> Truth {
        let here = self.seat(party).test(|code| self.regions.listed_as(code) == Some(listed));
        match self.is_company(party) {
            Truth::True => here,
            unknown => unknown,
        }
    }

    /// Returns the codes of the unsupported regions in which companies of the request are headquartered.
    pub(crate) fn regions_present(&self) -> Vec<&str> {
        let companies = self.request.parties().iter().filter(|party| self.is_company(*party).certain());
        let mut present: Vec<&str> = Vec::new();
        for listed in companies.filter_map(|company| self.regions.listed_as(self.seat(company).value()?)) {
            // In order, so that it does not matter in which one the parties stand.
            if let Err(at) = present.binary_search(&listed) {
                present.insert(at, listed);
            }
        }
        present
    }

    /// Returns whether its ownership is attributable to an unsupported region: by headquarters, of a natural person by
    /// any of the nationalities.
    pub(crate) fn is_attributable(&self, party: Party<'a>) -> Truth {
        if !party.is_person() {
            return self.is_company(party);
        }
        party.texts("nationalities").test(|codes| {
            codes.iter().map(|code| unsupported(self.regions, code)).fold(Truth::False, Truth::or)
        })
    }

    /// Returns what is known about the region it belongs to.
    pub(crate) fn evidence(&self, party: Party<'a>) -> Vec<Evidence<'a>> {
        let mut known: Vec<_> = self.seat(party).evidence().into_iter().collect();
        known.extend(party.texts("nationalities").evidence());
        known
    }

    /// Returns what is missing to tell to which region it is attributable.
    pub(crate) fn missing_region(&self, party: Party<'a>) -> Option<Missing> {
        if !party.is_person() {
            let state = party.is_state_body();
            let expected = if state { "the state it is a body of" } else { "where it is headquartered" };
            return self.regions.missing(&self.seat(party), &format!("{expected} (ISO 3166)"));
        }
        let nationalities = party.texts("nationalities");
        let unknown = |codes: &[String]| codes.iter().find_map(|code| self.regions.unknown(code));
        match nationalities.value() {
            None => nationalities.missing("the nationalities (ISO 3166)"),
            Some(codes) => unknown(codes).map(|expected| nationalities.place().missing(&expected, "unknown")),
        }
    }
}

/// Returns whether a region is unsupported. The list is an allow-list in the vendor's words, of which we know a part.
pub(crate) fn unsupported(regions: &Regions, code: &str) -> Truth {
    !regions.has(code)
}
