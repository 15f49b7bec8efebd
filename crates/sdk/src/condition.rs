//! Conditions: what a rule turns on, three-valued, with the facts that show it and those that are missing.
//!
//! A rule of law reads "if this and that, unless the other, then". A [`Condition`] is one of these parts; put together they
//! keep only what matters, as [`Weighed`] does, and in the end [`Condition::then`] says what follows.

use crate::fact::{Fact, INCONSISTENT};
use crate::finding::{Answer, Finding, Findings};
use crate::place::{Evidence, Gap};
use crate::view::{Party, UltimateParent};
use crate::weighed::Weighed;
use alloc::vec::Vec;
use lexgate_model::Truth;

/// Why a value is missing that is stated, but about which the policy's lists say nothing.
const NOT_LISTED: &str = "unknown";

/// Most statements of ultimate parents that are followed one after the other; chosen by feel. A sound register needs one.
const MOST_PARENTS: usize = 8;

const PARENT: &str = "the ultimate parent, which consolidates it in the end; `hasNoParent` if there is none";

/// Something that holds, does not hold, or of which that is unknown.
///
/// ```
/// # use lexgate_sdk::{Answer, Condition, Request, testing::{company, request}};
/// # let raw = request("2025-01-01").party(company("buyer", "FR")).build();
/// # let request = Request::new(&raw).unwrap();
/// # let buyer = request.party(0).unwrap();
/// let french = Condition::of(buyer.headquarters(), "where it is headquartered (ISO 3166)", |code| code == "FR");
/// let public = Condition::of(buyer.flag("isPublicSector"), "whether it is of the public sector", |public| public);
/// let weighed = Condition::all([french, public]).then(Answer::Deny, Answer::NotApplicable);
/// assert_eq!(weighed.outcome(), None, "whether it is public is not stated");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Condition<'a>(
    /// A permit where it holds, a deny where it does not.
    Weighed<'a>,
);

impl<'a> Condition<'a> {
    /// Returns whether a fact passes a test. `expected` says what should stand there if it is missing, or if the test
    /// cannot tell of the value.
    #[must_use]
    pub fn of<T: Copy, U: Into<Truth>>(
        fact: Fact<'a, T>,
        expected: &'a str,
        test: impl FnOnce(T) -> U,
    ) -> Condition<'a> {
        Condition::tested(fact.value().map(|value| test(value).into()), fact.map(|_| ()), expected)
    }

    fn tested(truth: Option<Truth>, fact: Fact<'a, ()>, expected: &'a str) -> Condition<'a> {
        match truth {
            Some(Truth::True) => Condition::holds(fact.evidence()),
            Some(Truth::False) => Condition::fails(fact.evidence()),
            Some(Truth::Unknown) => Condition::unknown([fact.place().gap(expected, NOT_LISTED)]),
            None => Condition::unknown(fact.gap(expected)),
        }
    }

    /// Returns whether who consolidates a party in the end passes a test.
    ///
    /// A parent that states another one is followed, and counts as well: a register that lags behind still names the parent
    /// of last year. So the last one must state that it has none. Natural persons and states have none.
    #[must_use]
    pub fn of_parents(party: Party<'a>, test: impl Fn(Party<'a>) -> Condition<'a>) -> Condition<'a> {
        Condition::followed(party, &test)
    }

    fn followed(party: Party<'a>, test: &dyn Fn(Party<'a>) -> Condition<'a>) -> Condition<'a> {
        let (mut at, mut parents) = (party, Vec::new());
        for _ in 0..MOST_PARENTS {
            let statement = at.ultimate_parent();
            match statement.value() {
                Some(UltimateParent::Party(parent)) if parent.index() != at.index() => {
                    parents.push(test(parent).shown_by(statement.evidence()));
                    at = parent;
                }
                // It has none, or is its own.
                Some(_) => return Condition::any(parents).shown_by(statement.evidence()),
                None if at.cannot_be_owned() => return Condition::any(parents),
                None => {
                    parents.push(Condition::unknown(statement.gap(PARENT)));
                    return Condition::any(parents);
                }
            }
        }
        parents.push(Condition::unknown([party.ultimate_parent().place().gap(PARENT, INCONSISTENT)]));
        Condition::any(parents)
    }

    /// Returns one that holds, as these facts show.
    #[must_use]
    pub fn holds(evidence: impl IntoIterator<Item = Evidence<'a>>) -> Condition<'a> {
        Condition(Weighed::settled(Answer::Permit, evidence))
    }

    /// Returns one that does not hold, as these facts show.
    #[must_use]
    pub fn fails(evidence: impl IntoIterator<Item = Evidence<'a>>) -> Condition<'a> {
        Condition(Weighed::settled(Answer::Deny, evidence))
    }

    /// Returns one of which these missing facts would tell.
    #[must_use]
    pub fn unknown(missing: impl IntoIterator<Item = Gap<'a>>) -> Condition<'a> {
        Condition(Weighed::open((Answer::Permit, Answer::Deny), missing))
    }

    /// Returns one that is as true as this, shown by these facts, or open for want of these missing ones.
    #[must_use]
    pub fn as_true_as(
        truth: Truth,
        evidence: impl IntoIterator<Item = Evidence<'a>>,
        missing: impl IntoIterator<Item = Gap<'a>>,
    ) -> Condition<'a> {
        match truth {
            Truth::True => Condition::holds(evidence),
            Truth::False => Condition::fails(evidence),
            Truth::Unknown => Condition::unknown(missing),
        }
    }

    /// Returns whether all hold. Of none all do.
    #[must_use]
    pub fn all(parts: impl IntoIterator<Item = Condition<'a>>) -> Condition<'a> {
        let mut parts: Vec<_> = parts.into_iter().map(|part| part.0).collect();
        if parts.is_empty() {
            parts.push(Weighed::settled(Answer::Permit, []));
        }
        Condition(Weighed::strictest(parts))
    }

    /// Returns whether one holds at least. Of none none does.
    #[must_use]
    pub fn any(parts: impl IntoIterator<Item = Condition<'a>>) -> Condition<'a> {
        Condition(Weighed::mildest(parts.into_iter().map(|part| part.0)))
    }

    /// Returns whether it does not hold.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "the word reads better in a rule than an operator")]
    pub fn not(self) -> Condition<'a> {
        let (evidence, missing): (Vec<_>, Vec<_>) = (self.evidence().collect(), self.missing().collect());
        match self.truth() {
            Truth::True => Condition::fails(evidence),
            Truth::False => Condition::holds(evidence),
            Truth::Unknown => Condition(Weighed::open((Answer::Permit, Answer::Deny), missing)),
        }
    }

    /// Returns the same, shown by these facts too.
    #[must_use]
    pub fn shown_by(self, evidence: impl IntoIterator<Item = Evidence<'a>>) -> Condition<'a> {
        Condition(self.0.shown_by(evidence))
    }

    /// Returns whether it holds.
    #[must_use]
    pub fn truth(&self) -> Truth {
        use crate::contract::Outcome::{Deny, Permit};
        match self.0.outcome() {
            Some(Permit) => Truth::True,
            Some(Deny) => Truth::False,
            _ => Truth::Unknown,
        }
    }

    /// Returns the facts that show it.
    pub fn evidence(&self) -> impl Iterator<Item = Evidence<'a>> {
        self.0.evidence()
    }

    /// Returns the facts that would tell.
    pub fn missing(&self) -> impl Iterator<Item = Gap<'a>> {
        self.0.missing()
    }

    /// Returns what follows: one answer if it holds, the other if not; open between them if that is unknown.
    #[must_use]
    pub fn then(&self, holds: Answer, fails: Answer) -> Weighed<'a> {
        self.choose(Weighed::settled(holds, []), Weighed::settled(fails, []))
    }

    /// Returns what follows where more must be weighed: in case it holds, and in case it does not.
    #[must_use]
    pub fn choose(&self, holds: Weighed<'a>, fails: Weighed<'a>) -> Weighed<'a> {
        match self.truth() {
            Truth::True => holds.shown_by(self.evidence()),
            Truth::False => fails.shown_by(self.evidence()),
            Truth::Unknown => Weighed::one_of([holds, fails], self.missing()),
        }
    }
}

impl<'a> From<Condition<'a>> for Weighed<'a> {
    /// Returns what follows where it must hold: a permit where it does, a deny where it does not.
    fn from(condition: Condition<'a>) -> Weighed<'a> {
        condition.0
    }
}

/// Message codes of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Codes {
    /// Where it has nothing to say or no objection.
    pub clear: &'static str,
    /// Where it has.
    pub caught: &'static str,
    /// Where that depends on missing facts.
    pub open: &'static str,
}

impl Findings {
    /// Adds what a rule says as it was weighed, under the code that fits.
    pub fn tell(&mut self, rule: &str, codes: Codes, weighed: &Weighed<'_>) -> Finding<'_> {
        use crate::contract::Outcome;
        let code = match weighed.outcome() {
            Some(Outcome::NotApplicable | Outcome::Permit) => codes.clear,
            Some(_) => codes.caught,
            None => codes.open,
        };
        self.weighed(rule, code, weighed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Outcome::{self, Deny, NotApplicable, Permit};
    use crate::testing::{company, request};
    use crate::view::Request;

    /// One that holds, one that does not, one that is unknown, each with a fact.
    fn with_parts(check: impl FnOnce([Condition<'_>; 3])) {
        let raw = request("2025-01-01").parties(vec![company("here", "KR"), company("nowhere", "")]).build();
        let request = Request::new(&raw).unwrap();
        let seat = |index| request.party(index).unwrap().headquarters();
        let part =
            |index, code: &'static str| Condition::of(seat(index), "a country", move |seat| seat == code);
        check([part(0, "KR"), part(0, "JP"), part(1, "KR")]);
    }

    #[track_caller]
    fn check(condition: &Condition<'_>, truth: Truth, evidence: usize, missing: usize) {
        let found = (condition.truth(), condition.evidence().count(), condition.missing().count());
        assert_eq!(found, (truth, evidence, missing));
    }

    #[test]
    fn a_fact_shows_it_or_is_missing() {
        with_parts(|[holds, fails, unknown]| {
            check(&holds, Truth::True, 1, 0);
            check(&fails, Truth::False, 1, 0);
            check(&unknown, Truth::Unknown, 0, 1);
        });
    }

    #[test]
    fn a_value_that_no_list_knows_is_missing_where_it_stands() {
        let raw = request("2025-01-01").party(company("here", "KR")).build();
        let seat = Request::new(&raw).unwrap().party(0).unwrap().headquarters();
        let unknown = Condition::of(seat, "a region on the list", |_| Truth::Unknown);
        check(&unknown, Truth::Unknown, 0, 1);
        let gap = unknown.missing().next().unwrap().to_contract();
        assert_eq!((gap.at.field.as_str(), gap.reason.as_str()), ("headquarters", "unknown"));
    }

    #[test]
    fn all_and_any_keep_what_matters() {
        with_parts(|[holds, fails, unknown]| {
            let all = |parts: &[&Condition<'_>], truth, evidence, missing| {
                check(&Condition::all(parts.iter().map(|&part| part.clone())), truth, evidence, missing);
            };
            all(&[], Truth::True, 0, 0);
            all(&[&holds, &holds], Truth::True, 2, 0);
            all(&[&holds, &unknown], Truth::Unknown, 1, 1);
            all(&[&holds, &fails, &unknown], Truth::False, 1, 0);
            let any = |parts: &[&Condition<'_>], truth, evidence, missing| {
                check(&Condition::any(parts.iter().map(|&part| part.clone())), truth, evidence, missing);
            };
            any(&[], Truth::False, 0, 0);
            any(&[&fails, &fails], Truth::False, 2, 0);
            any(&[&fails, &unknown], Truth::Unknown, 1, 1);
            any(&[&holds, &fails, &unknown], Truth::True, 1, 0);
        });
    }

    #[test]
    fn parents_are_followed_and_one_that_is_missing_is_asked_for() {
        use crate::contract::Parent::{HasNoParent, Known, Unknown};
        fn chinese(parent: Party<'_>) -> Condition<'_> {
            Condition::of(parent.headquarters(), "a country", |code| code == "CN")
        }
        let not_supplied = || Unknown("notSupplied".into());
        let check_parents = |stated: [crate::contract::Parent; 3], truth, evidence, missing| {
            let parties = ["SG", "US", "CN"].into_iter().zip(stated).map(|(region, ultimate_parent)| {
                crate::contract::Party { ultimate_parent, ..company(region, region) }
            });
            let raw = request("2025-01-01").parties(parties.collect()).build();
            let party = Request::new(&raw).unwrap().party(0).unwrap();
            check(&Condition::of_parents(party, chinese), truth, evidence, missing);
        };
        check_parents([not_supplied(), HasNoParent, HasNoParent], Truth::Unknown, 0, 1);
        check_parents([HasNoParent, not_supplied(), not_supplied()], Truth::False, 1, 0);
        check_parents([Known(0), not_supplied(), not_supplied()], Truth::False, 1, 0);
        check_parents([Known(2), not_supplied(), not_supplied()], Truth::True, 2, 0);
        check_parents([Known(1), Known(2), not_supplied()], Truth::True, 2, 0);
        check_parents([Known(1), not_supplied(), Known(0)], Truth::Unknown, 2, 1);
        check_parents([Known(1), HasNoParent, not_supplied()], Truth::False, 3, 0);
        check_parents([Known(1), Known(0), not_supplied()], Truth::Unknown, 16, 1);
    }

    #[test]
    fn not_turns_it_round() {
        with_parts(|[holds, fails, unknown]| {
            check(&holds.not(), Truth::False, 1, 0);
            check(&fails.not(), Truth::True, 1, 0);
            check(&unknown.not(), Truth::Unknown, 0, 1);
        });
    }

    #[test]
    fn what_follows_is_one_of_two() {
        with_parts(|[holds, fails, unknown]| {
            let then = |part: &Condition<'_>, ends: (Outcome, Outcome), evidence, missing| {
                let weighed = part.then(Answer::Deny, Answer::NotApplicable);
                assert_eq!(weighed.ends(), ends);
                assert_eq!((weighed.evidence().count(), weighed.missing().count()), (evidence, missing));
            };
            then(&holds, (Deny, Deny), 1, 0);
            then(&fails, (NotApplicable, NotApplicable), 1, 0);
            then(&unknown, (NotApplicable, Deny), 0, 1);
            let open = unknown
                .choose(fails.then(Answer::Permit, Answer::Deny), holds.then(Answer::Deny, Answer::Permit));
            assert_eq!(open.ends(), (Deny, Deny), "whatever the missing fact says, the same follows");
            assert_eq!(open.missing().count(), 0);
        });
    }

    #[test]
    fn a_rule_tells_under_the_code_that_fits() {
        with_parts(|[holds, fails, unknown]| {
            let codes = Codes { clear: "clear", caught: "caught", open: "open" };
            let mut findings = Findings::new();
            for part in [&holds, &fails, &unknown] {
                findings.tell("rule", codes, &part.then(Answer::Review, Answer::Permit));
            }
            let findings = findings.into_contract();
            let told: Vec<_> =
                findings.iter().map(|finding| (finding.code.as_str(), finding.ceiling)).collect();
            assert_eq!(told, [("caught", Outcome::Review), ("clear", Permit), ("open", Outcome::Review)]);
        });
    }
}
