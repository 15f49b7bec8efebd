//! The decision of a policy set, and how its bindings enter it.
//!
//! What only might be decided, if proposed rules were law, is a `Decision<WhatIf>`: a type that nothing which enforces
//! accepts.

use crate::combine::{Combining, Obligations, Otherwise, Projection};
use crate::date::Period;
use crate::finding::{LicensingPolicy, Missing, Obligation, Outcome, Span};
use crate::manifest::Status;
use crate::verdict::{Owner, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// What the operator changes about a rule of a binding; recorded with every decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Override {
    /// The rule.
    pub rule: String,
    /// The status it is taken to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The days it is taken to hold.
    #[serde(default, with = "optional_period", skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
}

/// Periods as `{ from, until }` with ISO 8601 dates.
mod optional_period {
    use crate::date::{Date, Period};
    use crate::manifest::optional_date;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Ends {
        #[serde(default, with = "optional_date", skip_serializing_if = "Option::is_none")]
        from: Option<Date>,
        #[serde(default, with = "optional_date", skip_serializing_if = "Option::is_none")]
        until: Option<Date>,
    }

    #[expect(clippy::ref_option, reason = "serde hands the field in by reference")]
    pub(super) fn serialize<S: Serializer>(
        period: &Option<Period>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        period.map(|Period { from, until }| Ends { from, until }).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Period>, D::Error> {
        let ends = Option::<Ends>::deserialize(deserializer)?;
        Ok(ends.map(|Ends { from, until }| Period { from, until }))
    }
}

/// Whether the verdict of a binding enters the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It does.
    #[default]
    Enforce,
    /// It is recorded, and decides nothing.
    Shadow,
    /// The policy is not even run.
    Off,
}

/// What a fault counts as. There is no open posture: a binding that must not decide is a shadow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Posture {
    /// `[deny, deny]`.
    #[default]
    Closed,
    /// `[review, deny]`.
    Review,
}

impl Posture {
    /// Returns what a fault counts as.
    #[must_use]
    pub fn span(self) -> Span {
        match self {
            Posture::Closed => Span::exactly(Outcome::Deny),
            Posture::Review => Span { floor: Outcome::Review, ceiling: Outcome::Deny },
        }
    }
}

/// Whether a decision counts: [`Enforced`] or [`WhatIf`].
pub trait Kind:
    sealed::Sealed + Clone + std::fmt::Debug + PartialEq + Default + Send + Sync + 'static
{
    /// Whether proposed, announced and suspended rules count as in force.
    const WHAT_IF: bool;
}

/// The kind of a decision by the rules that are in force.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Enforced;

/// The kind of a decision as it would be if proposed rules were in force.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WhatIf;

impl Kind for Enforced {
    const WHAT_IF: bool = false;
}

impl Kind for WhatIf {
    const WHAT_IF: bool = true;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Enforced {}
    impl Sealed for super::WhatIf {}
}

/// The verdicts of a set's enforcing bindings, combined most-restrictive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", bound = "")]
pub struct Decision<M: Kind = Enforced> {
    /// What it comes to.
    #[serde(flatten)]
    pub span: Span,
    /// The findings that set the floor or the ceiling.
    pub because: Vec<Reason>,
    /// What is still open; the matter clears only when all of it clears.
    pub actions: Vec<Action>,
    /// What to supply, most telling first: by the width of the findings that name it, then by place.
    pub missing: Vec<Wanted>,
    #[serde(skip)]
    kind: PhantomData<M>,
}

/// A finding that set an end of the decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// Which rule of which binding.
    #[serde(flatten)]
    pub owner: Owner,
    /// The message code.
    pub code: String,
    /// What it says.
    #[serde(flatten)]
    pub span: Span,
}

/// Something that must happen before the matter clears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Action {
    /// Which rule of which binding asks for it.
    #[serde(flatten)]
    pub owner: Owner,
    /// Whether it is asked for whatever the missing facts are.
    pub certain: bool,
    /// What must happen.
    #[serde(flatten)]
    pub what: What,
}

/// What must happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "action")]
pub enum What {
    /// A person must look.
    Review,
    /// A licence must be obtained.
    Licence {
        /// How applications are treated.
        policy: LicensingPolicy,
    },
    /// A binding obligation must be met.
    Obligation {
        /// Which: an object of its own, because both it and its rule have a `binding`.
        obligation: Obligation,
    },
}

/// A missing fact, and how much it could change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    /// The fact.
    #[serde(flatten)]
    pub fact: Missing,
    /// Steps between the ends of the widest finding that names it.
    pub width: usize,
    /// Which rules ask for it.
    pub asked_by: Vec<Owner>,
}

impl<M: Kind> Decision<M> {
    /// Returns the decision that the joined verdicts of the enforcing bindings come to.
    #[must_use]
    pub fn of(verdict: &Verdict) -> Decision<M> {
        let span = verdict.span;
        let sets_an_end = |floor: Outcome, ceiling: Outcome| floor == span.floor || ceiling == span.ceiling;
        let because = verdict
            .reasons
            .iter()
            .filter(|(_, _, floor, ceiling)| sets_an_end(*floor, *ceiling))
            .map(|(owner, code, floor, ceiling)| Reason {
                owner: owner.clone(),
                code: code.clone(),
                span: Span { floor: *floor, ceiling: *ceiling },
            })
            .collect();
        Decision { span, because, actions: actions(verdict), missing: wanted(verdict), kind: PhantomData }
    }
}

impl Decision<Enforced> {
    /// Returns the decision as XACML knows it.
    #[must_use]
    pub fn project(&self, otherwise: Otherwise, obligations: Obligations) -> Projection {
        Projection::of(self.span, otherwise, obligations)
    }

    /// Returns the answer for a caller that has only yes and no. An indeterminate decision is no.
    #[must_use]
    pub fn is_yes(&self, otherwise: Otherwise, obligations: Obligations) -> bool {
        self.project(otherwise, obligations).is_yes(otherwise)
    }
}

/// Returns the answer by a XACML combining algorithm over the spans of a set's enforcing bindings, in its order.
#[must_use]
pub fn combine(
    algorithm: Combining,
    spans: &[Span],
    otherwise: Otherwise,
    obligations: Obligations,
) -> Projection {
    let projections: Vec<_> =
        spans.iter().map(|span| Projection::of(*span, otherwise, obligations)).collect();
    algorithm.combine(&projections)
}

fn actions(verdict: &Verdict) -> Vec<Action> {
    let reviews = verdict.reviews.iter().map(|(owner, certain)| (owner, *certain, What::Review));
    let licences = verdict
        .licences
        .iter()
        .map(|(owner, (policy, certain))| (owner, *certain, What::Licence { policy: *policy }));
    let binding = verdict.obligations.iter().filter(|(_, obligation)| obligation.binding);
    let obligations = binding
        .map(|((owner, _), obligation)| (owner, true, What::Obligation { obligation: obligation.clone() }));
    reviews
        .chain(licences)
        .chain(obligations)
        .map(|(owner, certain, what)| Action { owner: owner.clone(), certain, what })
        .collect()
}

fn wanted(verdict: &Verdict) -> Vec<Wanted> {
    let mut facts: BTreeMap<&Missing, Wanted> = BTreeMap::new();
    for ((fact, owner), width) in &verdict.missing {
        let wanted = facts.entry(fact).or_insert_with(|| Wanted {
            fact: fact.clone(),
            width: 0,
            asked_by: Vec::new(),
        });
        wanted.width = wanted.width.max(*width);
        wanted.asked_by.push(owner.clone());
    }
    let mut facts: Vec<_> = facts.into_values().collect();
    facts.sort_by_key(|wanted| std::cmp::Reverse(wanted.width));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::tests::finding;

    fn decide(findings: &[crate::finding::Finding]) -> Decision {
        Decision::of(&Verdict::of_all("b", findings))
    }

    #[test]
    fn the_reasons_are_the_findings_that_set_an_end() {
        use Outcome::{Deny, Permit, Review};
        let decision =
            decide(&[finding("a", Permit, Permit), finding("b", Review, Review), finding("c", Permit, Deny)]);
        assert_eq!(decision.span, Span { floor: Review, ceiling: Deny });
        let rules: Vec<_> = decision.because.iter().map(|reason| reason.owner.rule.as_str()).collect();
        assert_eq!(rules, ["b", "c"]);
    }

    #[test]
    fn everything_that_is_open_is_an_action_even_under_a_deny() {
        let mut licence = finding("export", Outcome::LicenceRequired, Outcome::LicenceRequired);
        licence.licensing = Some(LicensingPolicy::CaseByCase);
        let maybe = finding("look", Outcome::Permit, Outcome::Review);
        let decision = decide(&[licence, maybe, finding("ban", Outcome::Deny, Outcome::Deny)]);
        let actions: Vec<_> = decision.actions.iter().map(|a| (a.owner.rule.as_str(), a.certain)).collect();
        assert_eq!(actions, [("look", false), ("export", true)]);
    }

    #[test]
    fn the_fact_that_changes_most_is_asked_first() {
        let mut narrow = finding("narrow", Outcome::Permit, Outcome::Review);
        let mut wide = finding("wide", Outcome::Permit, Outcome::Deny);
        narrow.missing[0].pointer = "/a".to_owned();
        wide.missing[0].pointer = "/b".to_owned();
        let places: Vec<_> = decide(&[narrow, wide]).missing.into_iter().map(|w| w.fact.pointer).collect();
        assert_eq!(places, ["/b", "/a"]);
    }

    #[test]
    fn a_fault_is_never_open() {
        assert_eq!(Posture::default().span(), Span::exactly(Outcome::Deny));
        assert!(Posture::Review.span().floor >= Outcome::Review);
    }

    #[test]
    fn an_indeterminate_decision_is_never_yes() {
        let decision = decide(&[finding("a", Outcome::Permit, Outcome::Deny)]);
        assert!(!decision.is_yes(Otherwise::Permit, Obligations::Fulfilled));
    }
}
