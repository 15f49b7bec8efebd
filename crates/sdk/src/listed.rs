//! Listed parties: who of a request stands on lists that a rule means, and what such parties own and control.
//!
//! Ownership rules of sanctions and export law ask the same of everybody: are you listed, do listed parties own
//! you, do they control you? They differ in the lists, the line and in what follows, and those a policy says. Two
//! datasets tell who is listed: [`Lists`], which lists and programmes the rule means, and [`Members`], identifiers
//! of listed parties, which a binding may attach.

mod lists;

pub use lists::{Lists, Members};

use crate::contract::{Missing, Refusal};
use crate::fact::Fact;
use crate::finding::{Answer, Finding, Findings};
use crate::influence::{Lines, Links, Passes, Reach};
use crate::ownership::{Held, Ownership};
use crate::place::Evidence;
use crate::view::{Listing, Party, Request};
use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::vec::Vec;
use lexgate_model::{Amount, Decimal, Threshold, Truth};

/// Returns everybody who takes part, in whatever role, and who runs the service that is dealt in, each once: these rules ask
/// with whom one deals. Where nobody takes part there is nobody.
///
/// # Errors
/// When they are more than `most`, or when the request states somebody twice: two of its parties, who need not take part, have
/// an identifier in common. What one record says of listings and owners would then not be held against the other.
pub fn screened(request: Request<'_>, most: usize) -> Result<Vec<Party<'_>>, Refusal> {
    if let Some([one, other]) = stated_twice(request) {
        let (one, other) = (one.record_id(), other.record_id());
        let why = ["the parties `", one, "` and `", other, "` have an identifier in common: state one party"];
        return Err(Refusal::InvalidRequest(why.concat()));
    }
    let mut screened = request.players(|_| true);
    if let (Some(deployment), false) = (request.deployment().value(), screened.is_empty()) {
        let (operator, owner) = (deployment.operator(), deployment.infrastructure_provider());
        for party in [operator, owner, deployment.technology_provider()].iter().filter_map(Fact::value) {
            if !screened.iter().any(|known| known.index() == party.index()) {
                screened.push(party);
            }
        }
    }
    match screened.len() > most {
        true => Err(Refusal::Unsupported("more parties to screen than findings can tell of".into())),
        false => Ok(screened),
    }
}

fn stated_twice(request: Request<'_>) -> Option<[Party<'_>; 2]> {
    let mut known = BTreeMap::new();
    for party in request.parties().iter() {
        for identifier in party.identifiers().value().unwrap_or_default() {
            let key = lists::key(&identifier.scheme, &identifier.id);
            let first = *known.entry(key).or_insert(party);
            if first.index() != party.index() {
                return Some([first, party]);
            }
        }
    }
    None
}

/// Who of a request is listed, on its date.
#[derive(Debug, Clone)]
pub struct Listed<'r, 'a> {
    request: Request<'a>,
    lists: &'r Lists,
    members: &'r Members,
    /// By party.
    is: Vec<Truth>,
}

impl<'r, 'a> Listed<'r, 'a> {
    /// Looks every party up, once.
    #[must_use]
    pub fn new(request: Request<'a>, lists: &'r Lists, members: &'r Members) -> Listed<'r, 'a> {
        let mut listed = Listed { request, lists, members, is: Vec::new() };
        let standing = |party: Party<'a>| listed.by_listings(party).or(listed.by_identifiers(party));
        listed.is = request.parties().iter().map(standing).collect();
        listed
    }

    /// Returns the request.
    #[must_use]
    pub fn request(&self) -> Request<'a> {
        self.request
    }

    /// Returns whether a party is listed. Of one whose listings are not stated that is unknown, unless its
    /// identifiers tell.
    #[must_use]
    pub fn is(&self, party: Party<'a>) -> Truth {
        self.is.get(party.index() as usize).copied().unwrap_or(Truth::Unknown)
    }

    /// Returns the lists and programmes, as the datasets or the request have them, on which a party surely counts.
    #[must_use]
    pub fn on(&self, party: Party<'a>) -> Vec<(&str, &str)> {
        let stated = self.counting(party).map(|listing| {
            let program = listing.program().value().unwrap_or_default();
            (listing.list_id(), program)
        });
        let mut on: Vec<(&str, &str)> = stated.collect();
        on.extend(self.identified(party));
        on.sort_unstable();
        on.dedup();
        on
    }

    /// Returns what shows whether a party is listed: the listings that count, else all, and what it was looked up by.
    #[must_use]
    pub fn evidence(&self, party: Party<'a>) -> Vec<Evidence<'a>> {
        let mut evidence: Vec<_> = self.counting(party).map(|listing| listing.evidence()).collect();
        if !self.is(party).certain() {
            evidence.extend(party.listings().evidence());
        }
        evidence.extend(party.identifiers().evidence());
        evidence
    }

    /// Returns what is missing to tell whether a party is listed.
    #[must_use]
    pub fn missing(&self, party: Party<'a>) -> Option<Missing> {
        if self.is(party) != Truth::Unknown {
            return None;
        }
        let listings = party.listings();
        let unclear = |listing: &Listing<'a>| self.counts(listing) == Truth::Unknown;
        let unclear = listings.value().and_then(|listings| listings.iter().find(unclear));
        let of_listing = |listing: Listing<'a>| match self.lists.knows(listing.list_id()) {
            false => {
                let expected = "a list of which the policy's lists tell whether it is meant";
                listing.list_as_fact().place().missing(expected, "unknown")
            }
            true => {
                let expected = "a programme of which the policy's lists tell whether it is meant";
                let program = listing.program();
                program.place().missing(expected, program.reason().unwrap_or("unknown"))
            }
        };
        listings
            .missing("the lists it is on; an empty list, if it is on none")
            .or_else(|| unclear.map(of_listing))
            .or_else(|| party.identifiers().missing("its identifiers, to look it up among listed parties"))
    }

    /// Returns what a rule says of a party that is listed itself.
    #[must_use]
    pub fn grade(&self, party: Party<'a>, code: &'static str, answer: Answer) -> Grade {
        Grade { code, answer, truth: self.is(party), missing: self.missing(party).into_iter().collect() }
    }

    /// Tells in a finding on which lists a party is, and what shows it.
    pub fn explain<'f>(&self, finding: Finding<'f>, party: Party<'a>) -> Finding<'f> {
        let mut lists: Vec<&str> = self.on(party).into_iter().map(|(list, _)| list).collect();
        lists.dedup();
        finding
            .argument("party", party.called())
            .argument("lists", lists.join(", "))
            .evidence(self.evidence(party))
    }

    fn by_listings(&self, party: Party<'a>) -> Truth {
        party.listings().test(|listings| {
            listings.iter().map(|listing| self.counts(&listing)).fold(Truth::False, Truth::or)
        })
    }

    /// What nobody is known by cannot be looked up, where there is something to look it up in.
    fn by_identifiers(&self, party: Party<'a>) -> Truth {
        if self.members.is_empty() {
            return Truth::False;
        }
        party.identifiers().test(|_| !self.identified(party).is_empty())
    }

    fn counts(&self, listing: &Listing<'a>) -> Truth {
        if !listing.holds_on(self.request.date()) {
            return Truth::False;
        }
        self.lists.has(listing.list_id(), listing.program().value())
    }

    fn counting(&self, party: Party<'a>) -> impl Iterator<Item = Listing<'a>> {
        let listings = party.listings().value();
        let listings = listings.into_iter().flat_map(|listings| listings.iter());
        listings.filter(|listing| self.counts(listing).certain())
    }

    /// The lists on which the attached dataset has a party. One that the policy's lists do not know counts:
    /// somebody meant it.
    fn identified(&self, party: Party<'a>) -> Vec<(&'r str, &'r str)> {
        let (lists, members) = (self.lists, self.members);
        let identifiers = party.identifiers().value().unwrap_or_default();
        let on = identifiers.iter().flat_map(|identifier| members.of(&identifier.scheme, &identifier.id));
        on.filter(|(list, program)| {
            let program = Some(*program).filter(|program| !program.is_empty());
            lists.has(list, program).possible()
        })
        .collect()
    }
}

/// What listed parties own of everybody: direct stakes added up, and whole stakes of those who are owned enough
/// (the cascade).
#[derive(Debug, Clone)]
pub struct Owned<'o, 'r, 'a> {
    listed: &'o Listed<'r, 'a>,
    held: Held<'o, 'a>,
    threshold: Threshold,
    /// By party, whether it is one of the listed parties whose stakes are added up.
    counted: Vec<Truth>,
}

impl<'o, 'r, 'a> Owned<'o, 'r, 'a> {
    /// Adds up what all listed parties own.
    #[must_use]
    pub fn new(
        listed: &'o Listed<'r, 'a>,
        ownership: &'o Ownership<'a>,
        threshold: Threshold,
    ) -> Owned<'o, 'r, 'a> {
        Owned::by(listed, ownership, threshold, |party| listed.is(party))
    }

    /// Adds up what some of them own.
    #[must_use]
    pub fn by(
        listed: &'o Listed<'r, 'a>,
        ownership: &'o Ownership<'a>,
        threshold: Threshold,
        counts: impl Fn(Party<'a>) -> Truth,
    ) -> Owned<'o, 'r, 'a> {
        let counted: Vec<Truth> = listed.request.parties().iter().map(counts).collect();
        let base = |party: Party<'a>| counted.get(party.index() as usize).copied().unwrap_or(Truth::Unknown);
        let held = ownership.held_by_cascade(base, threshold);
        Owned { listed, held, threshold, counted }
    }

    /// Returns who is listed.
    #[must_use]
    pub fn listed(&self) -> &'o Listed<'r, 'a> {
        self.listed
    }

    /// Returns whether they own enough of a party.
    #[must_use]
    pub fn passes(&self, party: Party<'a>) -> Truth {
        self.held.passes(party)
    }

    /// Returns the listed parties whose stakes surely add to what is owned of a party.
    pub fn owners(&self, party: Party<'a>) -> impl Iterator<Item = Party<'a>> {
        let owners = self.held.evidence(party).filter_map(|(_, owner)| owner);
        owners.filter(|owner| self.listed.is(*owner).certain())
    }

    /// Returns what a rule says of a party of which they own enough.
    #[must_use]
    pub fn grade(&self, party: Party<'a>, code: &'static str, answer: Answer) -> Grade {
        Grade { code, answer, truth: self.passes(party), missing: self.missing(party).collect() }
    }

    /// Tells in a finding how much they own of a party, and on which facts that rests.
    pub fn explain<'f>(&self, finding: Finding<'f>, party: Party<'a>) -> Finding<'f> {
        let share = self.held.share(party);
        let sign = match self.threshold {
            Threshold::AtLeast(_) => "≥ ",
            Threshold::MoreThan(_) => "> ",
        };
        let line = [sign, &self.threshold.amount().to_string()].concat();
        finding
            .argument("party", party.called())
            .argument("line", line)
            .interval("share", &share)
            .derived("ownedByListedParties", "cascade", &share, "%")
            .evidence(owners_stated(party))
            .evidence(self.evidence(party))
    }

    fn evidence(&self, party: Party<'a>) -> impl Iterator<Item = Evidence<'a>> {
        self.held.evidence(party).flat_map(|(interest, owner)| {
            let owner = owner.into_iter().flat_map(|owner| self.listed.evidence(owner));
            core::iter::once(interest).chain(owner)
        })
    }

    fn missing(&self, party: Party<'a>) -> impl Iterator<Item = Missing> {
        self.held.missing(party, |owner| self.listed.missing(owner))
    }

    fn starts(&self, party: Party<'a>) -> Truth {
        let counted = self.counted.get(party.index() as usize).copied().unwrap_or(Truth::Unknown);
        counted.or(self.passes(party))
    }
}

/// Whom listed parties control, themselves or through those they own.
#[derive(Debug, Clone)]
pub struct Controlled<'o, 'r, 'a> {
    owned: &'o Owned<'o, 'r, 'a>,
    reach: Reach<'o, 'a>,
}

impl<'o, 'r, 'a> Controlled<'o, 'r, 'a> {
    /// Finds whom those reach whose stakes are added up in `owned`, and whoever they own enough of.
    #[must_use]
    pub fn new(links: &'o Links<'a>, owned: &'o Owned<'o, 'r, 'a>) -> Controlled<'o, 'r, 'a> {
        Controlled { owned, reach: links.from(|party| owned.starts(party)) }
    }

    /// Returns whether they control a party.
    #[must_use]
    pub fn controls(&self, party: Party<'a>) -> Truth {
        self.reach.controlled(party)
    }

    /// Returns what a rule says of a party that they control.
    #[must_use]
    pub fn grade(&self, party: Party<'a>, code: &'static str, answer: Answer) -> Grade {
        let listed = self.owned.listed;
        let start = |start| {
            let own = listed.missing(start);
            own.into_iter().chain(self.owned.missing(start)).collect::<Vec<_>>()
        };
        Grade { code, answer, truth: self.controls(party), missing: self.reach.missing(party, start) }
    }

    /// Tells in a finding on which facts that rests.
    pub fn explain<'f>(&self, finding: Finding<'f>, party: Party<'a>) -> Finding<'f> {
        let (interests, starts) = self.reach.evidence(party);
        let of_start = |start: Party<'a>| {
            let listed = self.owned.listed.evidence(start).into_iter();
            listed.chain(self.owned.evidence(start)).collect::<Vec<_>>()
        };
        finding
            .argument("party", party.called())
            .evidence(owners_stated(party))
            .evidence(interests)
            .evidence(starts.into_iter().flat_map(of_start))
    }
}

/// What there is of control between the parties: `shares` is the line past which shares pass on what their holders
/// have.
#[must_use]
pub fn links<'a>(listed: &Listed<'_, 'a>, shares: Threshold, passes: fn(&str) -> Passes) -> Links<'a> {
    let lines = Lines { votes: Threshold::MoreThan(fifty()), shares };
    // Links into listed parties stay: who controls one may have what it holds, besides its own.
    Links::of(listed.request, lines, |_| Truth::False, passes)
}

/// Interests that are control: appointing the board, most of the votes, contracts, articles, legal frameworks, and
/// what a request calls other influence or control, which is how control in fact is stated.
#[must_use]
pub fn control(kind: &str) -> Passes {
    match kind {
        "shareholding" => Passes::Shares,
        "votingRights" => Passes::Votes,
        "appointmentOfBoard"
        | "otherInfluenceOrControl"
        | "rightsGrantedByContract"
        | "controlViaCompanyRulesOrArticles"
        | "controlByLegalFramework" => Passes::Control,
        _ => Passes::Not,
    }
}

/// Interests that may be control: those, and every other, of a trustee, a chair, a manager, a nominee.
#[must_use]
pub fn perhaps_control(kind: &str) -> Passes {
    match control(kind) {
        Passes::Not => Passes::Control,
        passes => passes,
    }
}

/// Half, in percent: what these rules hold shares against.
#[must_use]
pub fn fifty() -> Amount {
    // INVARIANT: fifty is in range of an amount.
    Amount::try_from(Decimal::from(50)).unwrap_or(Amount::HUNDRED)
}

/// One thing that may be so of a party, and what a rule says then.
#[derive(Debug, Clone)]
pub struct Grade {
    /// The message code.
    pub code: &'static str,
    /// What follows if it is so.
    pub answer: Answer,
    /// Whether it is.
    pub truth: Truth,
    /// The facts that would tell.
    pub missing: Vec<Missing>,
}

/// Adds what a rule says of a party: the strictest of the grades that are so, a permit if none is; open while some
/// may be. `codes` are for the permit and for the open answer.
pub fn tell<'f>(
    findings: &'f mut Findings,
    rule: &str,
    codes: (&str, &str),
    grades: impl IntoIterator<Item = Grade>,
) -> Finding<'f> {
    let (clear, open) = codes;
    let (mut low, mut high) = ((Answer::Permit, clear), Answer::Permit);
    let mut possible = Vec::new();
    for grade in grades.into_iter().filter(|grade| grade.truth.possible()) {
        if grade.truth.certain() && grade.answer.outcome() > low.0.outcome() {
            low = (grade.answer.clone(), grade.code);
        }
        if grade.answer.outcome() > high.outcome() {
            high = grade.answer.clone();
        }
        possible.push(grade);
    }
    let (floor, code) = low;
    if floor.outcome() == high.outcome() {
        return findings.say(rule, code, floor);
    }
    let least = floor.outcome();
    let asking = possible.into_iter().filter(|grade| grade.answer.outcome() > least);
    findings.between(rule, open, (floor, high), asking.flat_map(|grade| grade.missing))
}

/// Whether all owners are stated; of whom nobody can own, what it is.
fn owners_stated(party: Party<'_>) -> Option<Evidence<'_>> {
    let kind = party.cannot_be_owned().then(|| party.kind_as_fact().evidence()).flatten();
    kind.or_else(|| party.ownership().evidence())
}

#[cfg(test)]
mod tests;
