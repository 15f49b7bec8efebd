//! Exit codes: what a script learns without reading the output.

use lexgate_model::{Outcome, Span};

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: permitted; or a command that is no decision succeeded.
    Permitted,
    /// 1: could not answer; or a command failed, or was not understood.
    CouldNotAnswer,
    /// 2: not permitted.
    NotPermitted,
    /// 3: indeterminate: facts are missing, or obligations are open.
    Indeterminate,
    /// 4: no policy had anything to say.
    NotApplicable,
    /// 5: a what-if was answered. Never 0, so that no script takes a what-if for a permit.
    WhatIf,
}

impl Exit {
    /// The command did what it was asked.
    pub(crate) const DONE: Exit = Exit::Permitted;

    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Permitted => 0,
            Exit::CouldNotAnswer => 1,
            Exit::NotPermitted => 2,
            Exit::Indeterminate => 3,
            Exit::NotApplicable => 4,
            Exit::WhatIf => 5,
        }
    }

    /// Returns how an enforced decision ends the program.
    pub(crate) fn of(span: Span, fulfils_obligations: bool) -> Exit {
        use Outcome::{NotApplicable, Permit, PermitWithObligations, Review};
        match (span.floor, span.ceiling) {
            (NotApplicable, NotApplicable) => Exit::NotApplicable,
            // Whether silence permits is for a set to say; here it is open.
            (NotApplicable, _) => Exit::Indeterminate,
            (Permit, Permit) => Exit::Permitted,
            (_, PermitWithObligations) if fulfils_obligations => Exit::Permitted,
            (floor, _) if floor >= Review => Exit::NotPermitted,
            _ => Exit::Indeterminate,
        }
    }

    /// Returns the worse of two lines of a stream: 1, then 2, 3, 4, 0.
    pub(crate) fn worse(self, other: Exit) -> Exit {
        let badness = |exit: Exit| match exit {
            Exit::CouldNotAnswer => 5,
            Exit::NotPermitted => 4,
            Exit::Indeterminate => 3,
            Exit::NotApplicable => 2,
            Exit::WhatIf => 1,
            Exit::Permitted => 0,
        };
        if badness(other) > badness(self) { other } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Outcome::{Deny, LicenceRequired, NotApplicable, Permit, PermitWithObligations, Review};

    #[track_caller]
    fn check(floor: Outcome, ceiling: Outcome, code: u8, with_obligations: u8) {
        let code_of = |fulfils| Exit::of(Span { floor, ceiling }, fulfils).code();
        assert_eq!((code_of(false), code_of(true)), (code, with_obligations), "[{floor}, {ceiling}]");
    }

    #[test]
    fn only_a_sure_permit_ends_with_zero() {
        check(Permit, Permit, 0, 0);
        check(PermitWithObligations, PermitWithObligations, 3, 0);
        check(Permit, PermitWithObligations, 3, 0);
        check(Permit, Deny, 3, 3);
        check(PermitWithObligations, Review, 3, 3);
        check(Review, Review, 2, 2);
        check(Review, Deny, 2, 2);
        check(LicenceRequired, LicenceRequired, 2, 2);
        check(Deny, Deny, 2, 2);
        check(NotApplicable, NotApplicable, 4, 4);
        check(NotApplicable, Permit, 3, 3);
        check(NotApplicable, Deny, 3, 3);
    }

    #[test]
    fn a_stream_ends_with_its_worst_line() {
        let worst = |codes: &[Exit]| codes.iter().fold(Exit::DONE, |worst, exit| worst.worse(*exit)).code();
        assert_eq!(worst(&[Exit::Permitted, Exit::NotApplicable]), 4);
        assert_eq!(worst(&[Exit::NotApplicable, Exit::Indeterminate, Exit::Permitted]), 3);
        assert_eq!(worst(&[Exit::Indeterminate, Exit::NotPermitted]), 2);
        assert_eq!(worst(&[Exit::NotPermitted, Exit::CouldNotAnswer, Exit::Permitted]), 1);
    }
}
