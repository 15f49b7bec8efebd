//! Who reaches whom by control: paths of interests, as far as the facts go.
//!
//! The policy says which interests pass influence on, as control or by shares ([`Passes`]), and where influence starts. A
//! party is controlled when a path leads to it from there with control at one link at least. Facts that are missing make
//! links, and so paths, possible only.

use crate::contract::Missing;
use crate::ownership::owners;
use crate::place::Evidence;
use crate::view::{Interest, Party, Relationship, Request};
use alloc::vec;
use alloc::vec::Vec;
use lexgate_model::Truth;

/// Whether an interest passes influence on, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passes {
    /// As control.
    Control(Truth),
    /// By shares alone.
    Shares(Truth),
    /// Not at all.
    Not,
}

/// The links between parties on the date of the request.
#[derive(Debug, Clone)]
pub struct Links<'a> {
    request: Request<'a>,
    links: Vec<Link<'a>>,
    /// Links into and out of each party.
    into: Vec<Vec<usize>>,
    out: Vec<Vec<usize>>,
}

#[derive(Debug, Clone, Copy)]
struct Link<'a> {
    /// Nobody is one who is not specified.
    from: Option<u32>,
    to: Party<'a>,
    passes: Truth,
    control: bool,
    source: Source<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    Interest(Relationship<'a>, Interest<'a>),
    /// A relationship that states no interests.
    Silent(Relationship<'a>),
    /// Owners that the request does not name.
    Unnamed,
}

impl<'a> Links<'a> {
    /// Returns the links of a request; `passes` judges interests of known kind by that kind.
    ///
    /// Links into an `origin` are left out: who controls it adds nothing to the influence it has of itself.
    #[must_use]
    pub fn of(
        request: Request<'a>,
        origin: impl Fn(Party<'a>) -> bool,
        passes: impl Fn(&str, Interest<'a>) -> Passes,
    ) -> Links<'a> {
        let parties = request.parties().len();
        let nothing = vec![Vec::new(); parties];
        let mut links = Links { request, links: Vec::new(), into: nothing.clone(), out: nothing };
        let relationships = request.relationships().value();
        for relationship in relationships.iter().flat_map(|list| list.iter()) {
            if let Some(to) = relationship.subject().filter(|to| !origin(*to)) {
                links.add_all(relationship, to, &passes);
            }
        }
        let open = |party: &Party<'a>| !party.cannot_be_owned() && !origin(*party);
        for party in request.parties().iter().filter(open) {
            if relationships.is_none() || !party.all_owners_stated() {
                links.add(None, party, Passes::Control(Truth::Unknown), Source::Unnamed);
            }
        }
        links
    }

    fn add_all(
        &mut self,
        relationship: Relationship<'a>,
        to: Party<'a>,
        passes: impl Fn(&str, Interest<'a>) -> Passes,
    ) {
        let from = relationship.interested_party().value().map(|party| party.index());
        let Some(interests) = relationship.interests().value() else {
            self.add(from, to, Passes::Control(Truth::Unknown), Source::Silent(relationship));
            return;
        };
        let date = self.request.date();
        for interest in interests.iter().filter(|interest| interest.holds_on(date)) {
            let kind = interest.kind().value();
            let passes = kind.map_or(Passes::Control(Truth::Unknown), |kind| passes(kind, interest));
            self.add(from, to, passes, Source::Interest(relationship, interest));
        }
    }

    fn add(&mut self, from: Option<u32>, to: Party<'a>, passes: Passes, source: Source<'a>) {
        let (passes, control) = match passes {
            Passes::Control(truth) => (truth, true),
            Passes::Shares(truth) => (truth, false),
            Passes::Not => return,
        };
        if passes == Truth::False || from == Some(to.index()) {
            return;
        }
        let at = self.links.len();
        if let Some(into) = self.into.get_mut(to.index() as usize) {
            into.push(at);
        }
        if let Some(out) = from.and_then(|from| self.out.get_mut(from as usize)) {
            out.push(at);
        }
        self.links.push(Link { from, to, passes, control, source });
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
                level.rise(link.to.index(), link.control, &mut next);
            }
        }
        while let Some((party, controlled)) = next.pop() {
            for link in self.at(&self.out, party).filter(|link| at_level(link.passes)) {
                level.rise(link.to.index(), controlled || link.control, &mut next);
            }
        }
        level
    }

    fn at<'l>(&'l self, lists: &'l [Vec<usize>], party: u32) -> impl Iterator<Item = &'l Link<'a>> {
        lists.get(party as usize).into_iter().flatten().filter_map(|&at| self.links.get(at))
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
    fn passes(&self, link: &Link<'_>) -> bool {
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
            Step::Link(Link { source: Source::Interest(_, interest), .. }) => {
                interests.push(interest.evidence())
            }
            Step::Link(_) => {}
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
            Step::Link(link) => link.missing(self.links.request, &mut missing),
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
            for link in self.links.at(&self.links.into, party).filter(|link| level.passes(link)) {
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
    Link(&'s Link<'a>),
    Start(Party<'a>),
}

impl<'a> Link<'a> {
    fn missing(&self, request: Request<'a>, missing: &mut Vec<Missing>) {
        match self.source {
            Source::Unnamed => missing.push(owners(request, self.to)),
            Source::Silent(relationship) => {
                missing.extend(relationship.interests().missing("the interests and their kinds"));
                missing.extend(relationship.interested_party().missing("who holds the interests"));
            }
            Source::Interest(relationship, interest) => {
                missing.extend(relationship.interested_party().missing("who holds the interest"));
                if self.passes == Truth::Unknown {
                    let share = || {
                        interest
                            .share()
                            .place()
                            .missing("the share, narrow enough to compare", crate::NOT_SUPPLIED)
                    };
                    missing
                        .push(interest.kind().missing("what kind of interest it is").unwrap_or_else(share));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
