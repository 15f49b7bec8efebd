//! Joining: findings to the verdict of a policy, verdicts to the decision of a set.
//!
//! A [`Verdict`] is the larger floor and the larger ceiling of what it was joined from, and sets of reasons, obligations
//! and missing facts. Joining is associative, commutative and idempotent, a silent verdict is neutral, and a sure deny
//! absorbs every other span.

use crate::finding::{Finding, LicensingPolicy, Missing, Obligation, Outcome, Span, Standing};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a reason, an obligation or a missing fact belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Owner {
    /// The binding.
    pub binding: String,
    /// The rule.
    pub rule: String,
}

/// The joined findings of one policy, or of a whole set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What it comes to.
    pub span: Span,
    /// Which rule said what, with which message.
    pub reasons: BTreeSet<(Owner, String, Outcome, Outcome)>,
    /// The obligations of each rule, keyed by their canonical JSON; with the outcomes of the finding.
    pub obligations: BTreeMap<(Owner, String), Obligation>,
    /// The licences each rule asks for, the strictest policy of each, and whether it is certain.
    pub licences: BTreeMap<Owner, (LicensingPolicy, bool)>,
    /// The reviews each rule asks for, and whether they are certain.
    pub reviews: BTreeMap<Owner, bool>,
    /// The missing facts of each rule, and the width of the widest finding that names them.
    pub missing: BTreeMap<(Missing, Owner), usize>,
}

impl Default for Verdict {
    fn default() -> Verdict {
        Verdict::from_span(Span::NEUTRAL)
    }
}

impl Verdict {
    /// Returns a verdict that says this without a reason: neutral, or the posture of a fault.
    #[must_use]
    pub fn from_span(span: Span) -> Verdict {
        Verdict {
            span,
            reasons: BTreeSet::new(),
            obligations: BTreeMap::new(),
            licences: BTreeMap::new(),
            reviews: BTreeMap::new(),
            missing: BTreeMap::new(),
        }
    }

    /// Returns what one finding of a binding says.
    #[must_use]
    pub fn of(binding: &str, finding: &Finding) -> Verdict {
        let owner = Owner { binding: binding.to_owned(), rule: finding.rule.clone() };
        let Span { floor, ceiling } = finding.span;
        let mut verdict = Verdict::from_span(finding.span);
        verdict.reasons.insert((owner.clone(), finding.code.clone(), floor, ceiling));
        for obligation in &finding.obligations {
            let due = |outcome| obligation.fulfil_on.contains(&outcome);
            if obligation.fulfil_on.is_empty() || due(floor) || due(ceiling) {
                let key = serde_jcs::to_string(obligation).unwrap_or_default();
                verdict.obligations.insert((owner.clone(), key), obligation.clone());
            }
        }
        // What is between the ends is possible too, but no rule reports three outcomes at once.
        let asks = |outcome: Outcome| (floor == outcome || ceiling == outcome).then_some(floor == ceiling);
        if let Some((policy, certain)) = finding.licensing.zip(asks(Outcome::LicenceRequired)) {
            verdict.licences.insert(owner.clone(), (policy, certain));
        }
        if let Some(certain) = asks(Outcome::Review) {
            verdict.reviews.insert(owner.clone(), certain);
        }
        for missing in &finding.missing {
            verdict.missing.insert((missing.clone(), owner.clone()), finding.span.width());
        }
        verdict
    }

    /// Returns what the deciding findings of a binding come to.
    #[must_use]
    pub fn of_all(binding: &str, findings: &[Finding]) -> Verdict {
        findings
            .iter()
            .filter(|finding| finding.standing == Standing::Deciding)
            .map(|finding| Verdict::of(binding, finding))
            .fold(Verdict::default(), Verdict::join)
    }

    /// Returns whether nothing gave a reason.
    fn is_silent(&self) -> bool {
        let Verdict { span: _, reasons, obligations, licences, reviews, missing } = self;
        reasons.is_empty()
            && obligations.is_empty()
            && licences.is_empty()
            && reviews.is_empty()
            && missing.is_empty()
    }

    /// Returns both together.
    #[must_use]
    pub fn join(mut self, mut other: Verdict) -> Verdict {
        if self.is_silent() {
            // Most policies say one thing, and there is nothing to join it with.
            other.span = self.span.join(other.span);
            return other;
        }
        self.span = self.span.join(other.span);
        self.reasons.append(&mut other.reasons);
        self.obligations.append(&mut other.obligations);
        for (owner, (policy, certain)) in other.licences {
            let licence = self.licences.entry(owner).or_insert((policy, certain));
            *licence = (licence.0.max(policy), licence.1 || certain);
        }
        for (owner, certain) in other.reviews {
            let review = self.reviews.entry(owner).or_insert(certain);
            *review = *review || certain;
        }
        for (key, width) in other.missing {
            let widest = self.missing.entry(key).or_insert(width);
            *widest = width.max(*widest);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::tests::finding;
    use proptest::prelude::*;

    fn findings() -> impl Strategy<Value = Vec<Finding>> {
        let one = (0usize..6, 0usize..6, 0u8..3, 0u8..3, prop::option::of(0usize..4), any::<bool>());
        let one = one.prop_map(|(a, b, rule, place, licensing, binding)| {
            let (floor, ceiling) = (Outcome::ALL[a.min(b)], Outcome::ALL[a.max(b)]);
            let mut finding = finding(&format!("rule-{rule}"), floor, ceiling);
            let policies = [
                LicensingPolicy::PresumptionOfApproval,
                LicensingPolicy::CaseByCase,
                LicensingPolicy::PresumptionOfDenial,
                LicensingPolicy::PolicyOfDenial,
            ];
            finding.licensing = licensing.map(|n| policies[n]);
            finding.missing = vec![Missing {
                pointer: format!("/{place}"),
                expected: "x".to_owned(),
                reason: "notSupplied".to_owned(),
            }];
            finding.obligations = vec![Obligation {
                kind: format!("k{place}"),
                binding,
                properties: BTreeMap::new(),
                fulfil_on: vec![],
            }];
            finding
        });
        prop::collection::vec(one, 0..5)
    }

    fn verdicts() -> impl Strategy<Value = Verdict> {
        (0u8..3, findings())
            .prop_map(|(binding, findings)| Verdict::of_all(&format!("b{binding}"), &findings))
    }

    proptest! {
        #[test]
        fn joining_is_associative(a in verdicts(), b in verdicts(), c in verdicts()) {
            prop_assert_eq!(a.clone().join(b.clone()).join(c.clone()), a.join(b.join(c)));
        }

        #[test]
        fn joining_is_commutative(a in verdicts(), b in verdicts()) {
            prop_assert_eq!(a.clone().join(b.clone()), b.join(a));
        }

        #[test]
        fn joining_is_idempotent_and_silence_is_neutral(a in verdicts()) {
            prop_assert_eq!(a.clone().join(a.clone()), a.clone());
            prop_assert_eq!(a.clone().join(Verdict::default()), a);
        }

        #[test]
        fn a_sure_deny_absorbs_every_span(a in verdicts()) {
            let deny = Verdict::from_span(Span::exactly(Outcome::Deny));
            prop_assert_eq!(deny.join(a).span, Span::exactly(Outcome::Deny));
        }

        #[test]
        fn the_order_of_findings_does_not_matter(findings in findings()) {
            let reversed: Vec<_> = findings.iter().rev().cloned().collect();
            prop_assert_eq!(Verdict::of_all("b", &findings), Verdict::of_all("b", &reversed));
        }
    }

    #[test]
    fn of_two_licensing_policies_the_stricter_is_shown() {
        let mut one = finding("export", Outcome::LicenceRequired, Outcome::LicenceRequired);
        one.licensing = Some(LicensingPolicy::CaseByCase);
        let other = Finding { licensing: Some(LicensingPolicy::PresumptionOfDenial), ..one.clone() };
        let verdict = Verdict::of_all("b", &[other, one]);
        assert_eq!(verdict.licences.values().next(), Some(&(LicensingPolicy::PresumptionOfDenial, true)));
    }
}
