//! What follows from requirements: of several the strictest, the mildest, or one of which it is not known which.
//!
//! A [`Weighed`] is what a requirement comes to, with the facts behind it. Put together it keeps what matters: missing
//! facts that cannot change the whole are dropped, and evidence that did not bring it about.

use crate::contract::Outcome;
use crate::fact::Fact;
use crate::finding::{Answer, Finding, Findings, MOST_PLACES};
use crate::place::{Evidence, Gap};
use alloc::vec::Vec;

/// What follows if the missing facts turn out well, and if they turn out badly; with the facts behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighed<'a> {
    floor: Answer,
    ceiling: Answer,
    evidence: Vec<Evidence<'a>>,
    missing: Vec<Gap<'a>>,
}

impl<'a> Weighed<'a> {
    /// Returns what is known to follow, and the facts that show it.
    #[must_use]
    pub fn settled(answer: Answer, evidence: impl IntoIterator<Item = Evidence<'a>>) -> Weighed<'a> {
        let evidence = collected(evidence, MOST_PLACES);
        Weighed { floor: answer.clone(), ceiling: answer, evidence, missing: Vec::new() }
    }

    /// Returns what follows if the missing facts turn out well, and if they turn out badly.
    ///
    /// Ends in the wrong order are swapped. Where both are the same nothing is missing.
    #[must_use]
    pub fn open(ends: (Answer, Answer), missing: impl IntoIterator<Item = Gap<'a>>) -> Weighed<'a> {
        let (floor, ceiling) = if ends.0.outcome() > ends.1.outcome() { (ends.1, ends.0) } else { ends };
        let most = if floor.outcome() == ceiling.outcome() { 0 } else { MOST_PLACES };
        let missing = collected(missing, most);
        Weighed { floor, ceiling, evidence: Vec::new(), missing }
    }

    /// Returns what follows from a fact that must pass a test: a permit, or `otherwise`; open between them if it is
    /// missing. `expected` says what should stand there.
    #[must_use]
    pub fn needs<T: Copy>(
        fact: Fact<'a, T>,
        expected: &'a str,
        test: impl FnOnce(T) -> bool,
        otherwise: Answer,
    ) -> Weighed<'a> {
        match fact.value() {
            Some(value) if test(value) => Weighed::settled(Answer::Permit, fact.evidence()),
            Some(_) => Weighed::settled(otherwise, fact.evidence()),
            None => Weighed::open((Answer::Permit, otherwise), fact.gap(expected)),
        }
    }

    /// Returns what follows where all count: the strictest. Of nothing, nothing follows.
    #[must_use]
    pub fn strictest(parts: impl IntoIterator<Item = Weighed<'a>>) -> Weighed<'a> {
        Weighed::strictest_of(&collected(parts, usize::MAX))
    }

    fn strictest_of(parts: &[Weighed<'a>]) -> Weighed<'a> {
        let floor = strict(floors(parts), Answer::NotApplicable);
        let ceiling = strict(ceilings(parts), Answer::NotApplicable);
        let low = floor.outcome();
        let causes = |part: &Weighed<'_>| part.floor.outcome() == low;
        let can_change = |part: &Weighed<'_>| part.ceiling.outcome() > low;
        Weighed::put_together((floor, ceiling), parts, &causes, &can_change)
    }

    /// Returns what follows where one is enough: the mildest. Of nothing a deny follows.
    #[must_use]
    pub fn mildest(parts: impl IntoIterator<Item = Weighed<'a>>) -> Weighed<'a> {
        Weighed::mildest_of(&collected(parts, usize::MAX))
    }

    fn mildest_of(parts: &[Weighed<'a>]) -> Weighed<'a> {
        let floor = mild(floors(parts), Answer::Deny);
        let ceiling = mild(ceilings(parts), Answer::Deny);
        let high = ceiling.outcome();
        let causes = |part: &Weighed<'_>| part.ceiling.outcome() == high;
        let can_change = |part: &Weighed<'_>| part.floor.outcome() < high;
        Weighed::put_together((floor, ceiling), parts, &causes, &can_change)
    }

    /// Returns what follows where one of these is the case and the `deciding` facts would tell which.
    ///
    /// If they all come to the same, the deciding facts are not asked for.
    #[must_use]
    pub fn one_of(
        parts: impl IntoIterator<Item = Weighed<'a>>,
        deciding: impl IntoIterator<Item = Gap<'a>>,
    ) -> Weighed<'a> {
        Weighed::either(&collected(parts, usize::MAX), collected(deciding, MOST_PLACES))
    }

    fn either(parts: &[Weighed<'a>], deciding: Vec<Gap<'a>>) -> Weighed<'a> {
        let floor = mild(floors(parts), Answer::NotApplicable);
        let ceiling = strict(ceilings(parts), Answer::NotApplicable);
        let alike = parts.windows(2).all(|pair| match pair {
            [one, other] => one.ends() == other.ends() && one.missing == other.missing,
            _ => true,
        });
        let mut whole = Weighed::put_together((floor, ceiling), parts, &|_| true, &|_| true);
        if whole.outcome().is_none() && !alike {
            let mut missing = deciding;
            missing.append(&mut whole.missing);
            whole.missing = missing;
        }
        whole
    }

    /// Returns the same, shown by these facts too.
    #[must_use]
    pub fn shown_by(mut self, evidence: impl IntoIterator<Item = Evidence<'a>>) -> Weighed<'a> {
        let mut shown = collected(evidence, MOST_PLACES.saturating_sub(self.evidence.len()));
        if !shown.is_empty() {
            shown.append(&mut self.evidence);
            self.evidence = shown;
        }
        self
    }

    /// Returns both outcomes: if the missing facts turn out well, and badly.
    #[must_use]
    pub fn ends(&self) -> (Outcome, Outcome) {
        (self.floor.outcome(), self.ceiling.outcome())
    }

    /// Returns the outcome, if no missing fact can change it.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        let (floor, ceiling) = self.ends();
        (floor == ceiling).then_some(floor)
    }

    /// Returns the facts that show it.
    pub fn evidence(&self) -> impl Iterator<Item = Evidence<'a>> {
        self.evidence.iter().copied()
    }

    /// Returns the facts that would narrow it.
    pub fn missing(&self) -> impl Iterator<Item = Gap<'a>> {
        self.missing.iter().copied()
    }

    /// Takes from the parts the evidence of those that bring a settled whole about, or of all, and the missing facts of
    /// those that can still change it.
    fn put_together(
        (floor, ceiling): (Answer, Answer),
        parts: &[Weighed<'a>],
        causes: &dyn Fn(&Weighed<'a>) -> bool,
        can_change: &dyn Fn(&Weighed<'a>) -> bool,
    ) -> Weighed<'a> {
        let settled = floor.outcome() == ceiling.outcome();
        let (mut evidence, mut missing) = (Vec::new(), Vec::new());
        for part in parts {
            if !settled || causes(part) {
                add(&mut evidence, &part.evidence);
            }
            if !settled && can_change(part) {
                add(&mut missing, &part.missing);
            }
        }
        Weighed { floor, ceiling, evidence, missing }
    }
}

/// Adds places as far as there is room.
fn add<T: Copy>(places: &mut Vec<T>, more: &[T]) {
    let room = MOST_PLACES.saturating_sub(places.len());
    places.extend_from_slice(more.get(..room).unwrap_or(more));
}

fn once<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut once = Vec::new();
    for one in all {
        if !once.contains(&one) {
            once.push(one);
        }
    }
    once
}

/// Collects as many as that, with as little code as possible: it is compiled for every kind of list.
fn collected<T>(items: impl IntoIterator<Item = T>, most: usize) -> Vec<T> {
    let items = items.into_iter();
    let mut collected = Vec::with_capacity(items.size_hint().0.min(most));
    for item in items {
        if collected.len() >= most {
            break;
        }
        collected.push(item);
    }
    collected
}

fn floors<'p>(parts: &'p [Weighed<'_>]) -> impl Iterator<Item = &'p Answer> {
    parts.iter().map(|part| &part.floor)
}

fn ceilings<'p>(parts: &'p [Weighed<'_>]) -> impl Iterator<Item = &'p Answer> {
    parts.iter().map(|part| &part.ceiling)
}

fn strict<'p>(answers: impl Iterator<Item = &'p Answer>, of_none: Answer) -> Answer {
    answers.max_by_key(|answer| answer.outcome()).cloned().unwrap_or(of_none)
}

fn mild<'p>(answers: impl Iterator<Item = &'p Answer>, of_none: Answer) -> Answer {
    answers.min_by_key(|answer| answer.outcome()).cloned().unwrap_or(of_none)
}

impl Findings {
    /// Adds what a rule says as it was weighed, with its evidence and its missing facts.
    pub fn weighed(&mut self, rule: &str, code: &str, weighed: &Weighed<'_>) -> Finding<'_> {
        let ends = (weighed.floor.clone(), weighed.ceiling.clone());
        // Texts are made of each once: a fact is often asked for by several parts.
        let missing = once(weighed.missing()).into_iter().map(|gap| gap.to_contract());
        self.between(rule, code, ends, missing).evidence(once(weighed.evidence()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{company, request};
    use crate::view::Request;
    use Outcome::{Deny, NotApplicable, Permit, Review};

    /// A company that says where it is, and one that does not.
    fn with_parts(check: impl FnOnce([Weighed<'_>; 4])) {
        let raw =
            request("2025-01-01").parties(vec![company("here", "KR"), company("somewhere", "")]).build();
        let request = Request::new(&raw).unwrap();
        let seat = |index| request.party(index).unwrap().headquarters();
        let part = |index, code: &'static str, otherwise| {
            Weighed::needs(seat(index), "a country", move |seat| seat == code, otherwise)
        };
        check([
            part(0, "KR", Answer::Deny),
            part(0, "JP", Answer::Deny),
            part(1, "KR", Answer::Deny),
            part(1, "KR", Answer::Review),
        ]);
    }

    #[track_caller]
    fn check(whole: &Weighed<'_>, ends: (Outcome, Outcome), evidence: usize, missing: usize) {
        assert_eq!(
            (whole.ends(), whole.evidence().count(), whole.missing().count()),
            (ends, evidence, missing)
        );
    }

    #[test]
    fn a_fact_passes_or_not_or_is_asked_for() {
        with_parts(|[met, unmet, open, mild]| {
            check(&met, (Permit, Permit), 1, 0);
            check(&unmet, (Deny, Deny), 1, 0);
            check(&open, (Permit, Deny), 0, 1);
            check(&mild, (Permit, Review), 0, 1);
        });
        let swapped = Weighed::open((Answer::Deny, Answer::Permit), []);
        check(&swapped, (Permit, Deny), 0, 0);
        let raw = request("2025-01-01").party(company("somewhere", "")).build();
        let seat = Request::new(&raw).unwrap().party(0).unwrap().headquarters();
        check(&Weighed::needs(seat, "a country", |_| true, Answer::Permit), (Permit, Permit), 0, 0);
    }

    #[test]
    fn of_all_that_count_the_strictest_stays() {
        with_parts(|[met, unmet, open, mild]| {
            let all = |parts: Vec<&Weighed<'_>>, ends, evidence, missing| {
                check(&Weighed::strictest(parts.into_iter().cloned()), ends, evidence, missing);
            };
            all(vec![&met, &open], (Permit, Deny), 1, 1);
            all(vec![&met, &unmet, &open], (Deny, Deny), 1, 0);
            all(vec![&open, &mild], (Permit, Deny), 0, 2);
            all(vec![], (NotApplicable, NotApplicable), 0, 0);
        });
    }

    #[test]
    fn a_missing_fact_that_cannot_change_the_whole_is_not_asked_for() {
        with_parts(|[_, _, open, mild]| {
            let review = Weighed::settled(Answer::Review, []);
            check(&Weighed::strictest([review.clone(), mild.clone()]), (Review, Review), 0, 0);
            check(&Weighed::strictest([review.clone(), mild.clone(), open.clone()]), (Review, Deny), 0, 1);
            let permit = Weighed::settled(Answer::Permit, []);
            check(&Weighed::mildest([permit, open.clone()]), (Permit, Permit), 0, 0);
            check(&Weighed::mildest([review, open]), (Permit, Review), 0, 1);
        });
    }

    #[test]
    fn where_one_is_enough_the_mildest_stays() {
        with_parts(|[met, unmet, open, _]| {
            check(&Weighed::mildest([met, unmet.clone(), open.clone()]), (Permit, Permit), 1, 0);
            check(&Weighed::mildest([unmet.clone(), unmet.clone()]), (Deny, Deny), 2, 0);
            check(&Weighed::mildest([unmet, open]), (Permit, Deny), 1, 1);
            check(&Weighed::mildest([]), (Deny, Deny), 0, 0);
        });
    }

    #[test]
    fn where_it_is_not_known_which_the_ends_span_all() {
        with_parts(|[met, unmet, open, _]| {
            let which = |request: Vec<Weighed<'_>>, ends, evidence, missing| {
                let raw = crate::testing::request("2025-01-01").build();
                let deciding = Request::new(&raw).unwrap().deployment().gap("which").unwrap();
                check(&Weighed::one_of(request, [deciding]), ends, evidence, missing);
            };
            which(vec![met.clone(), unmet.clone()], (Permit, Deny), 2, 1);
            which(vec![unmet.clone(), unmet.clone()], (Deny, Deny), 2, 0);
            which(vec![open.clone(), unmet], (Permit, Deny), 1, 2);
            which(vec![open.clone(), open], (Permit, Deny), 0, 2);
        });
    }

    #[test]
    fn a_finding_takes_over_what_was_weighed() {
        with_parts(|[met, _, open, _]| {
            let mut findings = Findings::new();
            findings.weighed("rule", "open", &Weighed::strictest([met, open]));
            let finding = findings.into_contract().remove(0);
            assert_eq!((finding.floor, finding.ceiling), (Permit, Deny));
            assert_eq!((finding.evidence.len(), finding.missing.len()), (1, 1));
        });
    }
}
