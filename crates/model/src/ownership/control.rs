//! Whom influence reaches by votes, appointment, contract: control, which needs no share.
//!
//! The caller says where influence starts and which interests pass it on. Links pass it on by themselves. Votes
//! and shares are added up over all holders that influence has reached, so that 30 % and 30 % are 60 %. A party is
//! *controlled* when a way leads to it from a start with control somewhere on it: a link of control, or most of the votes.
//! By shares alone it is *reached*, and not controlled.

use super::graph::{Carries, Graph, Stake};
use super::ledger::{Claims, Ledger, Level};
use super::{Gap, sorted};
use crate::decimal::Amount;
use crate::interval::{Interval, Threshold};
use crate::truth::Truth;

/// An interest that passes influence on by itself: appointment of the board, a contract, most of the votes held indirectly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Link {
    /// Who holds it; `None`, or a party outside the graph, is one that nobody specified.
    pub from: Option<u32>,
    /// The party it is in.
    pub to: u32,
    /// Whether it does: `Unknown` where the kind of interest is not stated; `False` is not counted at all.
    pub passes: Truth,
    /// Whether it is control, or passes on only what its holder has.
    pub control: bool,
    /// The caller's name for it, which evidence, paths and missing facts repeat.
    pub key: u32,
}

/// What passes influence on.
#[derive(Debug, Clone)]
pub struct Means {
    parties: u32,
    votes: Graph,
    shares: Graph,
    /// Everything by which a chain may lead to votes that are held through others, which are claims here.
    chains: Graph,
    links: Vec<Link>,
    /// By party, whether control of it may be no matter.
    perhaps_apart: Vec<bool>,
    /// By party, where its chains of links begin.
    heads: Vec<Ends>,
    next: Vec<Ends>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Ends {
    into: Option<usize>,
    out: Option<usize>,
}

/// Where votes, and shares, pass influence on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lines {
    /// Votes past this are control.
    pub votes: Threshold,
    /// Shares past this pass on what their holders have: influence, and control where one of them is controlled.
    pub shares: Threshold,
}

impl Means {
    /// Returns means between so many parties, of which there are none yet. All that are added later are all there are.
    #[must_use]
    pub fn new(parties: u32) -> Means {
        Means {
            parties,
            votes: Graph::all_stated(parties),
            shares: Graph::all_stated(parties),
            chains: Graph::all_stated(parties),
            links: Vec::new(),
            perhaps_apart: vec![false; parties as usize],
            heads: vec![Ends::default(); parties as usize],
            next: Vec::new(),
        }
    }

    /// Adds a link; one into a party outside, or of a party with itself, is ignored.
    pub fn link(&mut self, link: Link) {
        let from = link.from.filter(|&from| from < self.parties);
        if link.passes == Truth::False || from == Some(link.to) || link.to >= self.parties {
            return;
        }
        let at = self.links.len();
        let into = self.heads.get_mut(link.to as usize).and_then(|head| head.into.replace(at));
        let out =
            from.and_then(|from| self.heads.get_mut(from as usize)).and_then(|head| head.out.replace(at));
        self.chains.add(Stake {
            owner: from,
            owned: link.to,
            share: None,
            direct: Truth::True,
            key: link.key,
        });
        self.links.push(Link { from, ..link });
        self.next.push(Ends { into, out });
    }

    /// Says that control of the party may be no matter, whoever has it: it reaches the party, and perhaps no more than that.
    pub fn perhaps_apart(&mut self, party: u32) {
        if let Some(perhaps) = self.perhaps_apart.get_mut(party as usize) {
            *perhaps = true;
        }
    }

    fn is_perhaps_apart(&self, party: u32) -> bool {
        self.perhaps_apart.get(party as usize).copied().unwrap_or(false)
    }

    /// Adds votes. Those held through others are a part of what these have; where no chain accounts for them, they may make
    /// up what is not enough by itself.
    pub fn votes(&mut self, stake: Stake) {
        self.votes.add(stake);
        self.chains.add(stake);
    }

    /// Adds a share.
    pub fn share(&mut self, stake: Stake) {
        self.shares.add(stake);
        self.chains
            .add(Stake { direct: if stake.direct.possible() { Truth::True } else { return }, ..stake });
    }

    /// Finds who is reached, in time linear in parties and interests. `start` says of each party whether influence starts
    /// from it; of those beyond its end that is unknown.
    #[must_use]
    pub fn reach(&self, start: &[Truth], lines: Lines) -> Reach<'_> {
        let parties = self.parties as usize;
        let start: Vec<Truth> =
            start.iter().copied().chain(core::iter::repeat(Truth::Unknown)).take(parties).collect();
        if self.links.is_empty() && self.votes.is_empty() {
            // Shares alone control nobody.
            let (votes, shares) =
                (Ledger::none(&self.votes, lines.votes), Ledger::none(&self.shares, lines.shares));
            let none = || Marks { reached: Vec::new(), controlled: Vec::new() };
            return Reach {
                means: self,
                votes,
                shares,
                possible: none(),
                certain: none(),
                start,
                open: Vec::new(),
                lines,
            };
        }
        let votes = Ledger::new(&self.votes, lines.votes, Claims::Ignored, &start);
        let shares = Ledger::new(&self.shares, lines.shares, Claims::Ignored, &start);
        let none = || Marks { reached: vec![false; parties], controlled: vec![false; parties] };
        let open = self.chains.open_claims(Carries::Whole);
        let mut reach =
            Reach { means: self, votes, shares, possible: none(), certain: none(), start, open, lines };
        reach.spread(Level::Possible);
        reach.spread(Level::Certain);
        reach
    }

    fn links_in(&self, party: u32) -> impl Iterator<Item = &Link> {
        self.chain(party, |ends| ends.into)
    }

    fn links_of(&self, party: u32) -> impl Iterator<Item = &Link> {
        self.chain(party, |ends| ends.out)
    }

    fn chain(&self, party: u32, side: fn(&Ends) -> Option<usize>) -> impl Iterator<Item = &Link> {
        let first = self.heads.get(party as usize).and_then(side);
        core::iter::successors(first, move |&at| self.next.get(at).and_then(side))
            .filter_map(|at| self.links.get(at))
    }
}

/// Who is marked at one level.
#[derive(Debug, Clone)]
struct Marks {
    /// By any way.
    reached: Vec<bool>,
    /// By a way with control on it.
    controlled: Vec<bool>,
}

impl Marks {
    fn has(&self, party: u32, controlled: bool) -> bool {
        let marks = if controlled { &self.controlled } else { &self.reached };
        marks.get(party as usize).copied().unwrap_or(false)
    }

    /// Marks the party; returns whether that is news.
    fn set(&mut self, party: u32, controlled: bool) -> bool {
        let marks = if controlled { &mut self.controlled } else { &mut self.reached };
        marks.get_mut(party as usize).is_some_and(|mark| !core::mem::replace(mark, true))
    }
}

/// Who is reached.
#[derive(Debug, Clone)]
pub struct Reach<'m> {
    means: &'m Means,
    votes: Ledger<'m>,
    shares: Ledger<'m>,
    possible: Marks,
    certain: Marks,
    start: Vec<Truth>,
    /// By number, whether no chain accounts for votes that are held through others.
    open: Vec<bool>,
    lines: Lines,
}

/// Something on a way to a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Influence starts, or may start, from this party.
    Start(u32),
    /// The interest with this key passes it on, or may.
    Interest(u32),
}

/// A missing fact that could change whether a party is controlled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Missing {
    /// Whether influence starts from this party.
    Start(u32),
    /// Whether the link with this key is one of control.
    Passes(u32),
    /// Who holds the link with this key.
    Holder(u32),
    /// What is missing about votes or shares.
    Stake(Gap),
}

impl Reach<'_> {
    /// Returns whether a way with control on it leads to the party.
    #[must_use]
    pub fn controlled(&self, party: u32) -> Truth {
        Truth::between(self.certain.has(party, true), self.possible.has(party, true))
    }

    /// Returns what surely makes the party controlled, sorted: all starts and interests on all ways with control on them.
    #[must_use]
    pub fn evidence(&self, party: u32) -> Vec<Origin> {
        let mut found = Vec::new();
        if self.certain.has(party, true) {
            self.walk(party, Level::Certain, &mut |step| match step {
                Step::Start(party) => found.push(Origin::Start(party)),
                Step::Link(link) => found.push(Origin::Interest(link.key)),
                Step::Stakes(ledger, party) => {
                    let counted = |stake: &Stake| self.counts(stake, Level::Certain).into();
                    let adding = ledger.adding(party, &counted).into_iter();
                    found.extend(adding.map(|stake| Origin::Interest(stake.key)));
                }
                Step::Hidden(_) | Step::Apart(_) => {}
            });
        }
        sorted(found)
    }

    /// Returns the missing facts, sorted, that could change whether the party is controlled; none when that is known.
    #[must_use]
    pub fn missing(&self, party: u32) -> Vec<Missing> {
        let mut missing = Vec::new();
        if self.controlled(party) == Truth::Unknown {
            self.walk(party, Level::Possible, &mut |step| match step {
                Step::Start(party) => {
                    missing.extend((self.start(party) == Truth::Unknown).then_some(Missing::Start(party)));
                }
                Step::Apart(party) => missing.push(Missing::Start(party)),
                Step::Link(link) => {
                    missing.extend((link.passes == Truth::Unknown).then_some(Missing::Passes(link.key)));
                    missing.extend(link.from.is_none().then_some(Missing::Holder(link.key)));
                }
                Step::Stakes(ledger, party) if ledger.passes(party) == Truth::Unknown => {
                    let mut gaps = Vec::new();
                    let counted = |stake: &Stake| {
                        Truth::between(
                            self.counts(stake, Level::Certain),
                            self.counts(stake, Level::Possible),
                        )
                    };
                    ledger.gaps_at(party, &counted, &mut gaps, &mut |stake, gaps| {
                        gaps.extend(stake.owner.is_none().then_some(Gap::Owner(stake.key)));
                    });
                    missing.extend(gaps.into_iter().map(Missing::Stake));
                }
                Step::Stakes(..) => {}
                Step::Hidden(party) => {
                    missing.extend(self.hidden(party).map(|claim| Missing::Stake(Gap::Between(claim.key))));
                }
            });
        }
        sorted(missing)
    }

    /// Returns the votes in a party that holders who may be reached have through others, nobody knows through whom.
    fn hidden(&self, party: u32) -> impl Iterator<Item = &Stake> {
        let open = |at: usize| self.open.get(at).copied().unwrap_or(false);
        let claims =
            self.means.chains.claims_in(party).filter(move |(at, claim)| open(*at) && !claim.is_own());
        claims.map(|(_, claim)| claim).filter(|claim| self.counts(claim, Level::Possible))
    }

    fn start(&self, party: u32) -> Truth {
        self.start.get(party as usize).copied().unwrap_or(Truth::Unknown)
    }

    fn marks(&self, level: Level) -> &Marks {
        match level {
            Level::Possible => &self.possible,
            Level::Certain => &self.certain,
        }
    }

    /// Whether a holder counts at the level; nobody knows of one who is not specified.
    fn counts(&self, stake: &Stake, level: Level) -> bool {
        match stake.owner {
            None => level == Level::Possible,
            Some(_) if stake.is_own() => false,
            Some(owner) => self.marks(level).has(owner, false) || self.marks(level).has(owner, true),
        }
    }

    /// Marks parties at the level until none is left that belongs there: the least fixed point.
    fn spread(&mut self, level: Level) {
        let Reach { means, votes, shares, possible, certain, start, open, lines } = self;
        let marks = match level {
            Level::Possible => possible,
            Level::Certain => certain,
        };
        let means: &Means = means;
        let holds = |truth: Truth| level.reached_by(truth);
        // By party, whether a holder of its shares is controlled, which makes the influence of all of them control.
        let mut through = vec![false; means.parties as usize];
        let mut counted = through.clone();
        // By party, the votes that holders have through others, nobody knows through whom.
        let mut claimed = vec![Amount::ZERO; means.parties as usize];
        let mut next = Vec::new();
        let rise = |marks: &mut Marks, party: u32, controlled: bool, next: &mut Vec<(u32, bool)>| {
            let controlled = controlled && !(level == Level::Certain && means.is_perhaps_apart(party));
            if marks.set(party, controlled) {
                next.push((party, controlled));
            }
        };
        for (party, truth) in (0u32..).zip(&*start) {
            if holds(*truth) {
                rise(marks, party, false, &mut next);
            }
        }
        if level == Level::Possible {
            for link in means.links.iter().filter(|link| link.from.is_none()) {
                rise(marks, link.to, link.control, &mut next);
            }
        }
        // Holders nobody specified.
        for party in 0..means.parties {
            if passed(votes, party, level) {
                rise(marks, party, true, &mut next);
            }
            if passed(shares, party, level) {
                rise(marks, party, false, &mut next);
            }
        }
        while let Some((party, controlled)) = next.pop() {
            let first =
                counted.get_mut(party as usize).is_some_and(|counted| !core::mem::replace(counted, true));
            for link in means.links_of(party).filter(|link| holds(link.passes)) {
                rise(marks, link.to, controlled || link.control, &mut next);
            }
            if first {
                // Votes that are held through others, nobody knows through whom, may be others than those held directly.
                let claims = means.chains.claims_of(party).filter(|_| level == Level::Possible);
                let hidden =
                    claims.filter(|(at, claim)| !claim.is_own() && open.get(*at).copied().unwrap_or(true));
                let hidden: Vec<u32> = hidden
                    .map(|(_, claim)| {
                        if let Some(claimed) = claimed.get_mut(claim.owned as usize) {
                            *claimed = claimed.plus(claim.most().value);
                        }
                        claim.owned
                    })
                    .collect();
                let may_pass = |votes: &Ledger<'_>, to: u32| {
                    let claimed = claimed.get(to as usize).copied().unwrap_or(Amount::ZERO);
                    claimed > Amount::ZERO && with_claimed(votes, to, claimed, lines.votes)
                };
                votes.count(party, level, &mut |votes, to| {
                    if passed(votes, to, level) || may_pass(votes, to) {
                        rise(marks, to, true, &mut next);
                    }
                });
                for to in hidden.into_iter().filter(|&to| may_pass(votes, to)) {
                    rise(marks, to, true, &mut next);
                }
            }
            let mut reach_by_shares = |shares: &Ledger<'_>, to: u32| {
                if let Some(through) = through.get_mut(to as usize) {
                    *through |= controlled;
                    if passed(shares, to, level) {
                        rise(marks, to, *through, &mut next);
                    }
                }
            };
            if first {
                shares.count(party, level, &mut reach_by_shares);
            } else {
                let stakes = means.shares.stakes_of(party).filter(|stake| !stake.is_own());
                stakes.for_each(|stake| reach_by_shares(shares, stake.owned));
            }
        }
    }

    /// Goes back over every way of the level that reaches the party with control.
    fn walk<'s>(&'s self, party: u32, level: Level, visit: &mut dyn FnMut(Step<'s>)) {
        let marks = self.marks(level);
        let parties = self.start.len();
        let mut seen = Marks { reached: vec![false; parties], controlled: vec![false; parties] };
        let mut next = Vec::new();
        let enter = |seen: &mut Marks, party: u32, controlled: bool, next: &mut Vec<(u32, bool)>| {
            if marks.has(party, controlled) && seen.set(party, controlled) {
                next.push((party, controlled));
            }
        };
        enter(&mut seen, party, true, &mut next);
        while let Some((party, controlled)) = next.pop() {
            if !controlled && level.reached_by(self.start(party)) {
                visit(Step::Start(party));
                if self.start(party).certain() {
                    continue;
                }
            }
            let apart = self.means.is_perhaps_apart(party);
            if controlled && apart {
                visit(Step::Apart(party));
            }
            // It is reached by whatever control of it there is.
            let lowered = apart && level == Level::Certain;
            for link in self.means.links_in(party).filter(|link| level.reached_by(link.passes)) {
                // Control at this link leaves none to be found before it.
                let (free, bound) = (lowered || link.control == controlled, lowered || controlled);
                let has = |controlled: bool| {
                    let unspecified = level == Level::Possible && !controlled;
                    link.from.map_or(unspecified, |from| marks.has(from, controlled))
                };
                if (free && has(false)) || (bound && has(true)) {
                    visit(Step::Link(link));
                    for (leads, controlled) in [(free, false), (bound, true)] {
                        let from = link.from.filter(|_| leads);
                        from.into_iter().for_each(|from| enter(&mut seen, from, controlled, &mut next));
                    }
                }
            }
            if controlled && level == Level::Possible && self.hidden(party).next().is_some() {
                visit(Step::Hidden(party));
                for holder in self.hidden(party).filter_map(|claim| claim.owner) {
                    for controlled in [false, true] {
                        enter(&mut seen, holder, controlled, &mut next);
                    }
                }
            }
            if (controlled || lowered) && passed(&self.votes, party, level) {
                visit(Step::Stakes(&self.votes, party));
                for holder in self.means.votes.stakes_in(party).filter_map(|stake| stake.owner) {
                    for controlled in [false, true] {
                        enter(&mut seen, holder, controlled, &mut next);
                    }
                }
            }
            if passed(&self.shares, party, level) {
                let holders = || {
                    self.means
                        .shares
                        .stakes_in(party)
                        .filter(|stake| !stake.is_own())
                        .filter_map(|stake| stake.owner)
                };
                if !controlled || holders().any(|holder| marks.has(holder, true)) {
                    visit(Step::Stakes(&self.shares, party));
                    for holder in holders() {
                        for controlled in [false, controlled || lowered] {
                            enter(&mut seen, holder, controlled, &mut next);
                        }
                    }
                }
            }
        }
    }
}

/// Whether votes that are held directly may pass the line together with so many that are not.
fn with_claimed(votes: &Ledger<'_>, party: u32, claimed: Amount, line: Threshold) -> bool {
    let most = votes.held(party).maximum().value.plus(claimed);
    line.passed_by(&Interval::exact(most)).possible()
}

/// Whether holders that count pass the line; sums that cannot be pass nothing on where no holder counts.
fn passed(ledger: &Ledger<'_>, party: u32, level: Level) -> bool {
    level.reached_by(ledger.passes(party)) && ledger.held(party).maximum().value > Amount::ZERO
}

#[derive(Clone, Copy)]
enum Step<'s> {
    Start(u32),
    Link(&'s Link),
    Stakes(&'s Ledger<'s>, u32),
    /// Votes in this party are held through others, nobody knows through whom.
    Hidden(u32),
    /// Control of this party may be no matter.
    Apart(u32),
}
