//! Who reaches whom by control: paths of interests, as far as the facts go.
//!
//! The policy says which interests pass influence on, as control or by shares ([`Passes`]), and where influence starts. A
//! party is controlled when a path leads to it from there with control at one link at least. Facts that are missing make
//! links, and so paths, possible only.

use crate::contract::{self, Missing};
use crate::fact::NOT_SUPPLIED;
use crate::finding::MOST_PLACES;
use crate::ownership::owners;
use crate::place::Evidence;
use crate::view::{Interest, Party, Relationship, Request, parties};
use alloc::vec;
use alloc::vec::Vec;
use lexgate_model::{Threshold, Truth};

/// Whether interests of a kind pass influence on, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passes {
    /// As control.
    Control,
    /// As control, if the share passes the threshold.
    ControlFrom(Threshold),
    /// By shares alone, if they pass the threshold.
    SharesFrom(Threshold),
    /// Not at all.
    Not,
}

/// The links between parties on the date of the request.
#[derive(Debug, Clone)]
pub struct Links<'a> {
    request: Request<'a>,
    links: Vec<Link>,
    /// By party, where its chains of links begin.
    chains: Vec<Chains>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Chains {
    into: Option<usize>,
    out: Option<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Link {
    /// Nobody is one who is not specified.
    from: Option<u32>,
    to: u32,
    passes: Truth,
    control: bool,
    source: Source,
    /// The next of the links into the same party, and out of the same.
    next: Chains,
}

/// What a link was read from, by position.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// An interest of a relationship.
    Interest(u32, u32),
    /// A relationship that states no interests.
    Silent(u32),
    /// Owners that the request does not name.
    Unnamed,
}

impl<'a> Links<'a> {
    /// Returns the links of a request; `passes` says what interests of a kind do.
    ///
    /// Links into an `origin` are left out: who controls it adds nothing to the influence it has of itself. Without any
    /// link of control nobody is controlled, and there are none by shares either.
    #[must_use]
    pub fn of(
        request: Request<'a>,
        origin: impl Fn(Party<'a>) -> bool,
        passes: impl Fn(&str) -> Passes,
    ) -> Links<'a> {
        let chains = vec![Chains::default(); request.parties().len()];
        let mut links = Links { request, links: Vec::new(), chains };
        let relationships = request.record().raw().relationships.as_deref();
        let open = |party: &Party<'a>| !party.cannot_be_owned() && !origin(*party);
        for party in request.parties().iter().filter(open) {
            if relationships.is_none() || !party.all_owners_stated() {
                links.add(None, party.index(), (Truth::Unknown, true), Source::Unnamed);
            }
        }
        for control in [true, false] {
            for (number, relationship) in (0..).zip(relationships.unwrap_or_default()) {
                if request.party(relationship.subject).is_some_and(|to| !origin(to)) {
                    links.add_all(number, relationship, control, &passes);
                }
            }
            if links.links.is_empty() {
                break;
            }
        }
        links
    }

    /// Adds the links of control, or those by shares.
    fn add_all(
        &mut self,
        number: u32,
        relationship: &contract::Relationship,
        control: bool,
        passes: impl Fn(&str) -> Passes,
    ) {
        let (from, to) = (parties::holder(relationship), relationship.subject);
        let Some(interests) = &relationship.interests else {
            if control {
                self.add(from, to, (Truth::Unknown, true), Source::Silent(number));
            }
            return;
        };
        let date = self.request.date();
        for (index, interest) in (0..).zip(interests).filter(|(_, interest)| parties::is_held(interest, date))
        {
            let passed = |line: Threshold| {
                parties::share(interest).map_or(Truth::Unknown, |share| line.passed_by(&share))
            };
            let truth = match (parties::known_kind(interest).map(&passes), control) {
                (None, true) => Truth::Unknown,
                (Some(Passes::Control), true) => Truth::True,
                (Some(Passes::ControlFrom(line)), true) | (Some(Passes::SharesFrom(line)), false) => {
                    passed(line)
                }
                _ => Truth::False,
            };
            self.add(from, to, (truth, control), Source::Interest(number, index));
        }
    }

    fn add(&mut self, from: Option<u32>, to: u32, (passes, control): (Truth, bool), source: Source) {
        if passes == Truth::False || from == Some(to) {
            return;
        }
        let at = self.links.len();
        let into = self.chains.get_mut(to as usize).and_then(|to| to.into.replace(at));
        let out =
            from.and_then(|from| self.chains.get_mut(from as usize)).and_then(|from| from.out.replace(at));
        self.links.push(Link { from, to, passes, control, source, next: Chains { into, out } });
    }

    /// Finds who is reached from where influence starts, in time linear in parties and links.
    #[must_use]
    pub fn from(&self, start: impl Fn(Party<'a>) -> Truth) -> Reach<'_, 'a> {
        let start: Vec<_> = self.request.parties().iter().map(start).collect();
        let certain = self.spread(&start, Truth::certain);
        let possible = self.spread(&start, Truth::possible);
        Reach { links: self, start, certain, possible }
    }

    fn spread(&self, start: &[Truth], at_level: fn(Truth) -> bool) -> Level {
        let mut level = Level::new(at_level, start.len());
        let mut next = Vec::new();
        for (party, truth) in (0u32..).zip(start) {
            if at_level(*truth) {
                level.rise(party, false, &mut next);
            }
        }
        for link in self.links.iter().filter(|link| link.from.is_none()) {
            if level.passes(link) {
                level.rise(link.to, link.control, &mut next);
            }
        }
        while let Some((party, controlled)) = next.pop() {
            for link in self.chain(party, |chains| chains.out).filter(|link| at_level(link.passes)) {
                level.rise(link.to, controlled || link.control, &mut next);
            }
        }
        level
    }

    /// The links into a party, or out of it.
    fn chain(&self, party: u32, side: fn(&Chains) -> Option<usize>) -> impl Iterator<Item = &Link> {
        let link = |at: usize| self.links.get(at);
        let first = self.chains.get(party as usize).and_then(side).and_then(link);
        core::iter::successors(first, move |last| side(&last.next).and_then(link))
    }
}

/// Who is reached if only what is certain counts, or all that is possible.
#[derive(Debug, Clone)]
struct Level {
    holds: fn(Truth) -> bool,
    reached: Vec<bool>,
    controlled: Vec<bool>,
}

impl Level {
    /// Nobody is reached yet.
    fn new(holds: fn(Truth) -> bool, parties: usize) -> Level {
        Level { holds, reached: vec![false; parties], controlled: vec![false; parties] }
    }

    /// Marks the party, and sends the search on from it if that is news.
    fn rise(&mut self, party: u32, controlled: bool, next: &mut Vec<(u32, bool)>) {
        let marks = if controlled { &mut self.controlled } else { &mut self.reached };
        if let Some(mark) = marks.get_mut(party as usize)
            && !core::mem::replace(mark, true)
        {
            next.push((party, controlled));
        }
    }

    /// Whether influence that begins at this link counts; nobody knows whether one who is not specified has any.
    fn passes(&self, link: &Link) -> bool {
        (self.holds)(link.passes.and(if link.from.is_some() { Truth::True } else { Truth::Unknown }))
    }

    /// Whether the party is reached by a path, with control on it or not.
    fn has(&self, party: u32, controlled: bool) -> bool {
        let marked = |marks: &[bool]| marks.get(party as usize).copied().unwrap_or(false);
        marked(&self.controlled) || (!controlled && marked(&self.reached))
    }
}

/// Who is reached from where influence starts.
#[derive(Debug, Clone)]
pub struct Reach<'l, 'a> {
    links: &'l Links<'a>,
    start: Vec<Truth>,
    certain: Level,
    possible: Level,
}

impl<'a> Reach<'_, 'a> {
    /// Returns whether a path with control at one link at least leads to the party.
    #[must_use]
    pub fn controlled(&self, party: Party<'a>) -> Truth {
        let at = party.index();
        Truth::between(self.certain.has(at, true), self.possible.has(at, true))
    }

    /// Returns the interests on the certain paths to the party, and the parties they start from.
    #[must_use]
    pub fn evidence(&self, party: Party<'a>) -> (Vec<Evidence<'a>>, Vec<Party<'a>>) {
        let (mut interests, mut starts) = (Vec::new(), Vec::new());
        self.walk(party, &self.certain, |step| match step {
            Step::Link(link) => interests.extend(self.links.evidence(link)),
            Step::Start(party) => starts.push(party),
        });
        (interests, starts)
    }

    /// Returns the facts that could change whether the party is controlled.
    ///
    /// `start` returns those that decide whether influence starts from a party.
    #[must_use]
    pub fn missing<I: IntoIterator<Item = Missing>>(
        &self,
        party: Party<'a>,
        start: impl Fn(Party<'a>) -> I,
    ) -> Vec<Missing> {
        let mut missing = Vec::new();
        self.walk(party, &self.possible, |step| match step {
            _ if missing.len() >= MOST_PLACES => {}
            Step::Link(link) => missing.extend(self.links.missing(link).into_iter().flatten()),
            Step::Start(party) if self.start(party.index()) == Truth::Unknown => missing.extend(start(party)),
            Step::Start(_) => {}
        });
        missing
    }

    fn start(&self, party: u32) -> Truth {
        self.start.get(party as usize).copied().unwrap_or(Truth::Unknown)
    }

    /// Goes back over every path of the level that reaches the party with control.
    fn walk<'s>(&'s self, party: Party<'a>, level: &Level, mut visit: impl FnMut(Step<'s, 'a>)) {
        let mut seen = Level::new(level.holds, self.start.len());
        let mut next = Vec::new();
        seen.rise(party.index(), true, &mut next);
        while let Some((party, controlled)) = next.pop() {
            let start = self.start(party);
            if !controlled && (level.holds)(start) {
                self.links.request.party(party).into_iter().for_each(|party| visit(Step::Start(party)));
                if start.certain() {
                    continue;
                }
            }
            for link in self.links.chain(party, |chains| chains.into).filter(|link| level.passes(link)) {
                // Control at this link leaves none to be found before it.
                let before =
                    |controlled: bool| link.from.map_or(!controlled, |from| level.has(from, controlled));
                let free = (!controlled || link.control) && before(false);
                let bound = controlled && before(true);
                if free || bound {
                    visit(Step::Link(link));
                }
                for (_, controlled) in [(free, false), (bound, true)].into_iter().filter(|(leads, _)| *leads)
                {
                    link.from.into_iter().for_each(|from| seen.rise(from, controlled, &mut next));
                }
            }
        }
    }
}

enum Step<'s, 'a> {
    Link(&'s Link),
    Start(Party<'a>),
}

impl<'a> Links<'a> {
    fn relationship(&self, number: u32) -> Option<Relationship<'a>> {
        self.request.relationships().value()?.get(number)
    }

    fn interest(&self, number: u32, index: u32) -> Option<Interest<'a>> {
        self.relationship(number)?.interests().value()?.get(index)
    }

    fn evidence(&self, link: &Link) -> Option<Evidence<'a>> {
        match link.source {
            Source::Interest(number, index) => Some(self.interest(number, index)?.evidence()),
            Source::Silent(_) | Source::Unnamed => None,
        }
    }

    /// What is not known about a link: who holds it, and whether it passes influence on.
    fn missing(&self, link: &Link) -> [Option<Missing>; 2] {
        let holder = |number| self.relationship(number)?.interested_party().missing("who holds the interest");
        match link.source {
            Source::Unnamed => [self.request.party(link.to).map(|party| owners(self.request, party)), None],
            Source::Silent(number) => {
                let interests = self.relationship(number).map(|relationship| relationship.interests());
                [interests.and_then(|fact| fact.missing("the interests and their kinds")), holder(number)]
            }
            Source::Interest(number, index) => {
                let unclear = self.interest(number, index).filter(|_| link.passes == Truth::Unknown);
                [unclear.map(what_is_unclear), holder(number)]
            }
        }
    }
}

fn what_is_unclear(interest: Interest<'_>) -> Missing {
    let share = || interest.share().place().missing("the share, narrow enough to compare", NOT_SUPPLIED);
    interest.kind().missing("what kind of interest it is").unwrap_or_else(share)
}

#[cfg(test)]
mod tests;
