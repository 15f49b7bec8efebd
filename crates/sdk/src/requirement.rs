//! Rules that need several things at once: told requirement by requirement, or in one finding where it is not known
//! whether the rule applies, or which of several cases is the one.

use crate::condition::Condition;
use crate::contract::Outcome::{Deny, NotApplicable, Permit};
use crate::finding::{Answer, Findings};
use crate::place::{Evidence, Gap};
use crate::weighed::Weighed;
use alloc::vec::Vec;
use lexgate_model::Truth;

/// One thing that a rule needs, what it comes to, and how that is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement<'a> {
    /// Where it is denied, where it is settled otherwise, where it is open.
    codes: [&'static str; 3],
    arguments: Vec<(&'static str, &'a str)>,
    weighed: Weighed<'a>,
}

impl<'a> Requirement<'a> {
    /// Returns one that comes to this. `codes` are those of its messages: if it is denied, if it is settled otherwise, and
    /// if it depends on missing facts.
    #[must_use]
    pub fn new(codes: [&'static str; 3], weighed: Weighed<'a>) -> Requirement<'a> {
        Requirement { codes, arguments: Vec::new(), weighed }
    }

    /// Adds the value of a placeholder of the messages.
    #[must_use]
    pub fn argument(mut self, name: &'static str, value: &'a str) -> Requirement<'a> {
        self.arguments.push((name, value));
        self
    }

    fn code(&self) -> &'static str {
        let [unmet, unverified, open] = self.codes;
        match self.weighed.outcome() {
            Some(Deny) => unmet,
            Some(_) => unverified,
            None => open,
        }
    }

    /// Whether it is worth telling: it is surely not met, or could make the whole stricter than it surely is.
    fn matters(&self, whole: &Weighed<'_>) -> bool {
        let (floor, ceiling) = self.weighed.ends();
        if floor == ceiling { floor > Permit } else { ceiling > whole.ends().0 }
    }
}

/// What may be the case, of which one is: with the facts that would tell which, and those that narrowed it down.
#[derive(Debug, Clone, PartialEq)]
pub struct Possible<'a, T> {
    cases: Vec<T>,
    missing: Vec<Gap<'a>>,
    evidence: Vec<Evidence<'a>>,
}

impl<'a, T> Possible<'a, T> {
    /// Returns what is the case, as these facts show.
    #[must_use]
    pub fn only(case: T, evidence: impl IntoIterator<Item = Evidence<'a>>) -> Possible<'a, T> {
        Possible { cases: vec![case], missing: Vec::new(), evidence: evidence.into_iter().collect() }
    }

    /// Returns several of which these missing facts would tell which is the case, narrowed down by others that are known.
    #[must_use]
    pub fn one_of(
        cases: impl IntoIterator<Item = T>,
        missing: impl IntoIterator<Item = Gap<'a>>,
        evidence: impl IntoIterator<Item = Evidence<'a>>,
    ) -> Possible<'a, T> {
        let (missing, evidence) = (missing.into_iter().collect(), evidence.into_iter().collect());
        Possible { cases: cases.into_iter().collect(), missing, evidence }
    }

    /// Returns what follows in each case.
    #[must_use]
    pub fn each<U>(&self, follows: impl FnMut(&T) -> U) -> Possible<'a, U> {
        let cases = self.cases.iter().map(follows).collect();
        Possible { cases, missing: self.missing.clone(), evidence: self.evidence.clone() }
    }
}

/// Message codes of a rule that needs several things, where none of these is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseCodes {
    /// Everything is met; with the arguments of the first requirement.
    pub met: &'static str,
    /// Whether the rule applies depends on missing facts.
    pub applies_open: &'static str,
    /// Which is the case is open, and in each something is wanting.
    pub unmet_in_each: &'static str,
    /// Which is the case is open, and in each everything is met.
    pub met_in_each: &'static str,
    /// Which is the case is open, and what follows depends on it.
    pub open: &'static str,
}

impl Findings {
    /// Adds what a rule says that needs several things in each case that may be the one, if it applies.
    ///
    /// One finding tells of each requirement that is not met or may not be; none, if there is nothing to tell. If which is the
    /// case is open, one finding tells of all cases; if one message tells of a denied requirement of each case, it is that
    /// message, with the facts of the first. Where the rule surely does not apply nothing is told here: the caller says why.
    pub fn require<'a>(
        &mut self,
        rule: &str,
        codes: &CaseCodes,
        applies: &Condition<'a>,
        needed: &Possible<'a, Vec<Requirement<'a>>>,
    ) {
        let weighed =
            |needs: &Vec<Requirement<'a>>| Weighed::strictest(needs.iter().map(|one| one.weighed.clone()));
        let whole = Weighed::one_of(needed.cases.iter().map(weighed), needed.missing.iter().copied());
        let mut tell = |code: &str, weighed: &Weighed<'a>, arguments: &[(&str, &str)]| {
            let known = needed.evidence.iter().copied();
            let finding = self.weighed(rule, code, weighed).evidence(known).evidence(applies.evidence());
            arguments.iter().fold(finding, |finding, (name, value)| finding.argument(name, value));
        };
        match needed.cases.as_slice() {
            _ if !applies.truth().possible() => {}
            _ if applies.truth() == Truth::Unknown => {
                let none = Weighed::settled(Answer::NotApplicable, []);
                tell(codes.applies_open, &Weighed::one_of([none, whole], applies.missing()), &[]);
            }
            [needs] if whole.outcome() == Some(Permit) => {
                tell(codes.met, &whole, needs.first().map_or(&[], |one| &one.arguments));
            }
            [needs] => {
                for one in needs.iter().filter(|one| one.matters(&whole)) {
                    tell(one.code(), &one.weighed, &one.arguments);
                }
            }
            cases => match (denied_in_each(cases), whole.outcome()) {
                (Some(one), _) => tell(one.code(), &one.weighed, &one.arguments),
                (None, Some(Deny)) => tell(codes.unmet_in_each, &whole, &[]),
                (None, Some(NotApplicable | Permit)) => tell(codes.met_in_each, &whole, &[]),
                // Open, or somebody must look in each case.
                (None, _) => tell(codes.open, &whole, &[]),
            },
        }
    }
}

/// The first requirement that is denied in every case.
fn denied_in_each<'c, 'a>(cases: &'c [Vec<Requirement<'a>>]) -> Option<&'c Requirement<'a>> {
    let denied = |one: &&Requirement<'_>| one.weighed.outcome() == Some(Deny);
    let in_each = |code| cases.iter().all(|needs| needs.iter().filter(denied).any(|one| one.code() == code));
    cases.iter().flatten().filter(denied).find(|one| in_each(one.code()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::Fact;
    use crate::testing::{company, request};
    use crate::view::Request;

    const CODES: CaseCodes = CaseCodes {
        met: "met",
        applies_open: "applies-open",
        unmet_in_each: "unmet-in-each",
        met_in_each: "met-in-each",
        open: "open",
    };

    type Needed<'a> = Possible<'a, Vec<Requirement<'a>>>;

    /// Returns what is told of two parties, of which one says where it is: codes, values, ends, facts shown and facts missing.
    fn told(of: for<'a> fn(Request<'a>) -> (Condition<'a>, Needed<'a>)) -> Vec<String> {
        let raw = request("2025-01-01").parties(vec![company("here", "KR"), company("nowhere", "")]).build();
        let (applies, needed) = of(Request::new(&raw).unwrap());
        let mut findings = Findings::new();
        findings.require("rule", &CODES, &applies, &needed);
        let told = findings.into_contract().into_iter().map(|one| {
            assert_eq!(one.rule, "rule");
            let names: String =
                one.arguments.iter().map(|(name, value)| format!(" {name}={value}")).collect();
            let facts = |places: Vec<&crate::contract::Place>| {
                let fields =
                    places.iter().map(|at| format!("{:?}/{}", at.at, at.field).replace("Element::", ""));
                fields.collect::<Vec<_>>().join(",")
            };
            let evidence = facts(one.evidence.iter().collect());
            let missing = facts(one.missing.iter().map(|missing| &missing.at).collect());
            let ends = format!("{:?}-{:?}", one.floor, one.ceiling).replace("Outcome::", "");
            format!("{}{names} {ends} [{evidence}] [{missing}]", one.code)
        });
        told.collect()
    }

    fn seat(request: Request<'_>, index: u32) -> Fact<'_, &str> {
        request.party(index).unwrap().headquarters()
    }

    /// A requirement that the seat of a party is this country.
    fn need<'a>(
        request: Request<'a>,
        name: &'a str,
        party: u32,
        country: &str,
        otherwise: Answer,
    ) -> Requirement<'a> {
        let codes = match name {
            "a" => ["a-unmet", "a-unverified", "a-open"],
            _ => ["b-unmet", "b-unverified", "b-open"],
        };
        let weighed = Weighed::needs(seat(request, party), "a country", |code| code == country, otherwise);
        Requirement::new(codes, weighed).argument("name", name)
    }

    fn always<'a>() -> Condition<'a> {
        Condition::holds([])
    }

    fn open<'a>(request: Request<'a>, cases: impl IntoIterator<Item = Vec<Requirement<'a>>>) -> Needed<'a> {
        Possible::one_of(cases, seat(request, 1).gap("which"), seat(request, 0).evidence())
    }

    #[test]
    fn where_all_is_met_one_finding_says_so() {
        let told = told(|request| {
            let needs = ["a", "b"].map(|name| need(request, name, 0, "KR", Answer::Deny)).into();
            (always(), Possible::only(needs, []))
        });
        assert_eq!(told, ["met name=a Permit-Permit [Party(0)/headquarters] []"]);
    }

    #[test]
    fn each_requirement_that_is_wanting_is_told() {
        let told = told(|request| {
            let needs = vec![
                need(request, "met", 0, "KR", Answer::Deny),
                need(request, "a", 0, "JP", Answer::Deny),
                need(request, "b", 0, "JP", Answer::Review),
                need(request, "cannot change it", 1, "KR", Answer::Deny),
            ];
            (always(), Possible::only(needs, []))
        });
        assert_eq!(
            told,
            [
                "a-unmet name=a Deny-Deny [Party(0)/headquarters] []",
                "b-unverified name=b Review-Review [Party(0)/headquarters] []"
            ]
        );
    }

    #[test]
    fn one_that_is_open_is_told_where_it_can_change_the_whole() {
        let told = told(|request| {
            let needs =
                vec![need(request, "a", 0, "JP", Answer::Review), need(request, "b", 1, "KR", Answer::Deny)];
            (always(), Possible::only(needs, seat(request, 0).evidence()))
        });
        assert_eq!(
            told,
            [
                "a-unverified name=a Review-Review [Party(0)/headquarters] []",
                "b-open name=b Permit-Deny [Party(0)/headquarters] [Party(1)/headquarters]"
            ]
        );
    }

    #[test]
    fn what_is_denied_in_each_case_is_told_by_its_name() {
        let told = told(|request| {
            let unmet = |name| need(request, name, 0, "JP", Answer::Deny);
            (always(), open(request, [vec![unmet("b"), unmet("a")], vec![unmet("a")]]))
        });
        assert_eq!(told, ["a-unmet name=a Deny-Deny [Party(0)/headquarters] []"]);
    }

    #[test]
    fn cases_without_a_common_want_are_told_in_one_finding() {
        let unmet = told(|request| {
            let unmet = |name| vec![need(request, name, 0, "JP", Answer::Deny)];
            (always(), open(request, [unmet("a"), unmet("b")]))
        });
        assert_eq!(unmet, ["unmet-in-each Deny-Deny [Party(0)/headquarters] []"]);
        let met = told(|request| {
            let met = |name| vec![need(request, name, 0, "KR", Answer::Deny)];
            (always(), open(request, [met("a"), met("b")]))
        });
        assert_eq!(met, ["met-in-each Permit-Permit [Party(0)/headquarters] []"]);
        let depends = told(|request| {
            let need = |country| vec![need(request, "a", 0, country, Answer::Deny)];
            (always(), open(request, [need("KR"), need("JP")]))
        });
        assert_eq!(depends, ["open Permit-Deny [Party(0)/headquarters] [Party(1)/headquarters]"]);
        let looked_at = told(|request| {
            let unverified = |name| vec![need(request, name, 0, "JP", Answer::Review)];
            (always(), open(request, [unverified("a"), unverified("b")]))
        });
        assert_eq!(looked_at, ["open Review-Review [Party(0)/headquarters] []"]);
    }

    #[test]
    fn whether_the_rule_applies_comes_before_what_it_needs() {
        let told = told(|request| {
            let applies = Condition::of(seat(request, 1), "a country", |code| code == "KR");
            (applies, Possible::only(vec![need(request, "a", 0, "JP", Answer::Deny)], []))
        });
        assert_eq!(told, ["applies-open NotApplicable-Deny [Party(0)/headquarters] [Party(1)/headquarters]"]);
    }

    #[test]
    fn a_rule_that_surely_does_not_apply_tells_nothing_here() {
        let told = told(|request| {
            let applies = Condition::of(seat(request, 0), "a country", |code| code == "JP");
            (applies, Possible::only(vec![need(request, "a", 0, "JP", Answer::Deny)], []))
        });
        assert!(told.is_empty());
    }

    #[test]
    fn each_case_keeps_what_is_known_and_what_is_missing() {
        let told = told(|request| {
            let grades =
                Possible::one_of(["KR", "JP"], seat(request, 1).gap("which"), seat(request, 0).evidence());
            (always(), grades.each(|country| vec![need(request, "a", 0, country, Answer::Deny)]))
        });
        assert_eq!(told, ["open Permit-Deny [Party(0)/headquarters] [Party(1)/headquarters]"]);
    }
}
