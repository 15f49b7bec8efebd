//! Who consolidates a party in the end: a statement of accounting, without any share.

/// What is stated of a party: its ultimate accounting-consolidation parent (GLEIF `IS_ULTIMATELY_CONSOLIDATED_BY`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Parent {
    /// It is this party; one outside the list is not known.
    Known(u32),
    /// It has none: nobody consolidates it.
    None,
    /// It is not known.
    Unknown,
}

/// The ultimate parent of a party, as far as the statements go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ultimate {
    /// This party, by these statements: of the party asked about first. It is the party itself where it has no parent.
    Known(u32, Vec<u32>),
    /// It is not known because nothing is stated of this party.
    Unknown(u32),
    /// These parties state each other, or themselves, as parents in a ring, the first of them stated by the one before.
    Inconsistent(Vec<u32>),
}

/// Follows the statements from a party to one that has no parent, or of which no further statement is made.
///
/// A statement names the last parent, so one about the party named is not needed; where there is one, it is followed: a
/// register that lags behind still names the parent of last year. Takes time linear in the parties.
///
/// ```
/// use lexgate_model::ownership::{Parent, Ultimate, ultimate_parent};
/// let stated = [Parent::Known(1), Parent::Known(2), Parent::None, Parent::Unknown];
/// assert_eq!(ultimate_parent(&stated, 0), Ultimate::Known(2, vec![0, 1]));
/// assert_eq!(ultimate_parent(&stated, 2), Ultimate::Known(2, vec![2]));
/// assert_eq!(ultimate_parent(&stated, 3), Ultimate::Unknown(3));
/// ```
#[must_use]
pub fn ultimate_parent(stated: &[Parent], party: u32) -> Ultimate {
    let mut followed: Vec<u32> = Vec::new();
    let mut seen = vec![false; stated.len()];
    let mut at = party;
    loop {
        match stated.get(at as usize).copied().unwrap_or(Parent::Unknown) {
            Parent::Known(parent) => {
                if seen.get_mut(at as usize).is_some_and(|seen| core::mem::replace(seen, true)) {
                    let begin = followed.iter().position(|&party| party == at).unwrap_or_default();
                    return Ultimate::Inconsistent(followed.split_off(begin));
                }
                followed.push(at);
                at = parent;
            }
            Parent::None => {
                if followed.is_empty() {
                    followed.push(at);
                }
                return Ultimate::Known(at, followed);
            }
            Parent::Unknown if followed.is_empty() => return Ultimate::Unknown(at),
            Parent::Unknown => return Ultimate::Known(at, followed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Parent::{Known, None, Unknown};

    #[track_caller]
    fn check(stated: &[Parent], expected: Ultimate) {
        assert_eq!(ultimate_parent(stated, 0), expected);
    }

    #[test]
    fn a_statement_about_the_parent_is_not_needed() {
        check(&[Known(1), Unknown], Ultimate::Known(1, vec![0]));
        check(&[Known(7)], Ultimate::Known(7, vec![0]));
    }

    #[test]
    fn a_party_without_parent_is_its_own() {
        check(&[None], Ultimate::Known(0, vec![0]));
        check(&[Known(1), None], Ultimate::Known(1, vec![0]));
    }

    #[test]
    fn a_parent_that_has_one_is_not_the_last() {
        check(&[Known(1), Known(2), Unknown], Ultimate::Known(2, vec![0, 1]));
    }

    #[test]
    fn nothing_stated_is_unknown() {
        check(&[Unknown, None], Ultimate::Unknown(0));
        assert_eq!(ultimate_parent(&[], 3), Ultimate::Unknown(3));
    }

    #[test]
    fn rings_are_inconsistent() {
        check(&[Known(0)], Ultimate::Inconsistent(vec![0]));
        check(&[Known(1), Known(2), Known(1)], Ultimate::Inconsistent(vec![1, 2]));
    }
}
