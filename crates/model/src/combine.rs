//! Yes or no, for callers that have only that: the projection of a span, and the XACML combining algorithms on it.

use crate::finding::{Outcome, Span};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// What a yes-or-no caller is told where no policy had anything to say. Required, without default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Otherwise {
    /// Yes.
    Permit,
    /// No.
    Deny,
}

/// Whether the caller declared that it fulfils obligations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obligations {
    /// It does.
    Fulfilled,
    /// It did not say so.
    NotFulfilled,
}

/// A decision as XACML 3.0 knows it, with the extended Indeterminate values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Projection {
    /// Yes.
    Permit,
    /// No.
    Deny,
    /// Nothing was said.
    NotApplicable,
    /// Could have been Permit, but not Deny.
    IndeterminateP,
    /// Could have been Deny, but not Permit.
    IndeterminateD,
    /// Could have been either.
    IndeterminateDp,
}

impl Projection {
    /// Returns the projection of a span; only a silent span is not applicable, a single silent end takes `otherwise`.
    #[must_use]
    pub fn of(span: Span, otherwise: Otherwise, obligations: Obligations) -> Projection {
        if span == Span::NEUTRAL {
            return Projection::NotApplicable;
        }
        let end = |outcome: Outcome| match (outcome, otherwise) {
            (Outcome::NotApplicable, Otherwise::Permit) => Outcome::Permit,
            (Outcome::NotApplicable, Otherwise::Deny) => Outcome::Deny,
            (outcome, _) => outcome,
        };
        // An `otherwise` of deny can lift the floor above the ceiling; then both ends are as strict as it.
        let floor = end(span.floor);
        let ceiling = end(span.ceiling).max(floor);
        let clear = match obligations {
            Obligations::Fulfilled => Outcome::PermitWithObligations,
            Obligations::NotFulfilled => Outcome::Permit,
        };
        if ceiling <= clear {
            Projection::Permit
        } else if floor >= Outcome::Review {
            Projection::Deny
        } else if ceiling == Outcome::PermitWithObligations {
            Projection::IndeterminateP
        } else {
            Projection::IndeterminateDp
        }
    }

    /// Returns the answer: only Permit is yes; where nothing was said, `otherwise` answers.
    #[must_use]
    pub fn is_yes(self, otherwise: Otherwise) -> bool {
        match self {
            Projection::Permit => true,
            Projection::NotApplicable => otherwise == Otherwise::Permit,
            Projection::Deny
            | Projection::IndeterminateP
            | Projection::IndeterminateD
            | Projection::IndeterminateDp => false,
        }
    }
}

/// The XACML 3.0 combining algorithms offered, over the projections of a set's bindings in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Combining {
    /// A deny wins.
    DenyOverrides,
    /// A permit wins.
    PermitOverrides,
    /// The first that is applicable wins.
    FirstApplicable,
    /// More than one applicable is indeterminate.
    OnlyOneApplicable,
    /// Permit if one permits, else deny.
    DenyUnlessPermit,
}

/// A name that is no combining algorithm on offer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCombining {
    /// XACML has it, we refuse it.
    #[error("`permit-unless-deny` is refused: it permits what is indeterminate")]
    PermitUnlessDeny,
    /// Not a name we know.
    #[error(
        "`{0}` is not a combining algorithm: deny-overrides, permit-overrides, first-applicable, only-one-applicable, deny-unless-permit"
    )]
    Unknown(String),
}

impl FromStr for Combining {
    type Err = NotCombining;

    fn from_str(name: &str) -> Result<Combining, NotCombining> {
        match name {
            "deny-overrides" => Ok(Combining::DenyOverrides),
            "permit-overrides" => Ok(Combining::PermitOverrides),
            "first-applicable" => Ok(Combining::FirstApplicable),
            "only-one-applicable" => Ok(Combining::OnlyOneApplicable),
            "deny-unless-permit" => Ok(Combining::DenyUnlessPermit),
            "permit-unless-deny" => Err(NotCombining::PermitUnlessDeny),
            _ => Err(NotCombining::Unknown(crate::request::shorten(name))),
        }
    }
}

impl Combining {
    /// Returns the combined decision (XACML 3.0, appendix C).
    #[must_use]
    pub fn combine(self, decisions: &[Projection]) -> Projection {
        use Projection::{Deny, IndeterminateD, IndeterminateDp, IndeterminateP, NotApplicable, Permit};
        let any = |wanted: Projection| decisions.contains(&wanted);
        let overrides = |strong, weak, strong_maybe, weak_maybe| {
            if any(strong) {
                strong
            } else if any(IndeterminateDp) || (any(strong_maybe) && (any(weak_maybe) || any(weak))) {
                IndeterminateDp
            } else if any(strong_maybe) {
                strong_maybe
            } else if any(weak) {
                weak
            } else if any(weak_maybe) {
                weak_maybe
            } else {
                NotApplicable
            }
        };
        let mut applicable = decisions.iter().copied().filter(|decision| *decision != NotApplicable);
        match self {
            Combining::DenyOverrides => overrides(Deny, Permit, IndeterminateD, IndeterminateP),
            Combining::PermitOverrides => overrides(Permit, Deny, IndeterminateP, IndeterminateD),
            Combining::FirstApplicable => applicable.next().unwrap_or(NotApplicable),
            Combining::OnlyOneApplicable => match (applicable.next(), applicable.next()) {
                (None, _) => NotApplicable,
                (Some(only), None) => only,
                (Some(_), Some(_)) => IndeterminateDp,
            },
            Combining::DenyUnlessPermit if any(Permit) => Permit,
            Combining::DenyUnlessPermit => Deny,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Outcome::{Deny, LicenceRequired, NotApplicable, Permit, PermitWithObligations, Review};

    #[track_caller]
    fn check(floor: Outcome, ceiling: Outcome, permit: Projection, deny: Projection) {
        let span = Span { floor, ceiling };
        let project = |otherwise| Projection::of(span, otherwise, Obligations::NotFulfilled);
        assert_eq!((project(Otherwise::Permit), project(Otherwise::Deny)), (permit, deny), "{span}");
    }

    #[test]
    fn only_what_is_surely_permitted_is_yes() {
        use Projection as P;
        check(NotApplicable, NotApplicable, P::NotApplicable, P::NotApplicable);
        check(NotApplicable, Permit, P::Permit, P::Deny);
        check(NotApplicable, Deny, P::IndeterminateDp, P::Deny);
        check(Permit, Permit, P::Permit, P::Permit);
        check(Permit, PermitWithObligations, P::IndeterminateP, P::IndeterminateP);
        check(PermitWithObligations, PermitWithObligations, P::IndeterminateP, P::IndeterminateP);
        check(Permit, Deny, P::IndeterminateDp, P::IndeterminateDp);
        check(PermitWithObligations, Review, P::IndeterminateDp, P::IndeterminateDp);
        check(Review, Review, P::Deny, P::Deny);
        check(Review, Deny, P::Deny, P::Deny);
        check(LicenceRequired, LicenceRequired, P::Deny, P::Deny);
        check(Deny, Deny, P::Deny, P::Deny);
        let span = Span::exactly(PermitWithObligations);
        assert_eq!(Projection::of(span, Otherwise::Deny, Obligations::Fulfilled), P::Permit);
    }

    #[test]
    fn every_span_but_a_sure_permit_is_no() {
        for floor in Outcome::ALL {
            for ceiling in Outcome::ALL.into_iter().filter(|ceiling| *ceiling >= floor) {
                let projection =
                    Projection::of(Span { floor, ceiling }, Otherwise::Deny, Obligations::NotFulfilled);
                let sure = floor == Permit && ceiling == Permit;
                assert_eq!(projection.is_yes(Otherwise::Deny), sure, "[{floor}, {ceiling}]");
            }
        }
    }

    #[test]
    fn combining_follows_the_tables_of_xacml() {
        use Projection::{Deny, IndeterminateD, IndeterminateDp, IndeterminateP, NotApplicable, Permit};
        let check = |algorithm: Combining, decisions: &[Projection], expected| {
            assert_eq!(algorithm.combine(decisions), expected, "{algorithm:?} {decisions:?}");
        };
        use Combining as C;
        check(C::DenyOverrides, &[Permit, IndeterminateDp, Deny], Deny);
        check(C::DenyOverrides, &[Permit, IndeterminateDp], IndeterminateDp);
        check(C::DenyOverrides, &[IndeterminateD, Permit], IndeterminateDp);
        check(C::DenyOverrides, &[IndeterminateD, NotApplicable], IndeterminateD);
        check(C::DenyOverrides, &[IndeterminateP, Permit], Permit);
        check(C::DenyOverrides, &[IndeterminateP, NotApplicable], IndeterminateP);
        check(C::DenyOverrides, &[], NotApplicable);
        check(C::PermitOverrides, &[Deny, IndeterminateDp, Permit], Permit);
        check(C::PermitOverrides, &[IndeterminateP, Deny], IndeterminateDp);
        check(C::PermitOverrides, &[IndeterminateD, Deny], Deny);
        check(C::FirstApplicable, &[NotApplicable, IndeterminateDp, Permit], IndeterminateDp);
        check(C::FirstApplicable, &[NotApplicable, Permit, Deny], Permit);
        check(C::OnlyOneApplicable, &[NotApplicable, Permit], Permit);
        check(C::OnlyOneApplicable, &[Permit, Permit], IndeterminateDp);
        check(C::DenyUnlessPermit, &[Deny, IndeterminateDp, Permit], Permit);
        check(C::DenyUnlessPermit, &[IndeterminateP, NotApplicable], Deny);
        check(C::DenyUnlessPermit, &[], Deny);
    }

    #[test]
    fn no_algorithm_permits_what_only_might_be_permitted() {
        use Projection::{Deny, IndeterminateD, IndeterminateDp, IndeterminateP, NotApplicable};
        let algorithms = [
            Combining::DenyOverrides,
            Combining::PermitOverrides,
            Combining::FirstApplicable,
            Combining::OnlyOneApplicable,
            Combining::DenyUnlessPermit,
        ];
        let unsure = [Deny, NotApplicable, IndeterminateP, IndeterminateD, IndeterminateDp];
        for algorithm in algorithms {
            for a in unsure {
                for b in unsure {
                    assert!(!algorithm.combine(&[a, b]).is_yes(Otherwise::Deny), "{algorithm:?} {a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn the_algorithm_that_permits_the_indeterminate_is_refused_by_name() {
        assert_eq!("permit-unless-deny".parse::<Combining>(), Err(NotCombining::PermitUnlessDeny));
        assert!("permit_overrides".parse::<Combining>().is_err());
        assert_eq!("first-applicable".parse(), Ok(Combining::FirstApplicable));
    }
}
