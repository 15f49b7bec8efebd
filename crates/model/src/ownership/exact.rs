//! Linear equations in whole numbers: exact, and no slower than need be.
//!
//! Shares have an end in decimals, so equations of them have whole coefficients in a small unit. They are solved without
//! fractions (Bareiss' elimination, there and back): every division comes out even, and nothing needs a common divisor.

use super::number::ONE;
use core::cmp::Ordering;
use num_bigint::BigInt;

/// A fraction that is not negative.
#[derive(Debug, Clone)]
pub(super) struct Fraction {
    numerator: BigInt,
    denominator: BigInt,
}

impl Fraction {
    /// Returns how many whole units of 10^-18 it has, and whether nothing is left.
    pub(super) fn units(&self) -> (u128, bool) {
        let scaled = &self.numerator * BigInt::from(ONE);
        let units = &scaled / &self.denominator;
        let exact = &units * &self.denominator == scaled;
        (u128::try_from(units).unwrap_or(u128::MAX), exact)
    }

    /// Compares it with so many parts of a whole.
    pub(super) fn compare(&self, parts: u128, whole: u128) -> Ordering {
        (&self.numerator * BigInt::from(whole)).cmp(&(BigInt::from(parts) * &self.denominator))
    }
}

/// The equation `x = constant + Σ part × x`, in units.
pub(super) struct Equation {
    pub(super) constant: u128,
    /// One part for each unknown.
    pub(super) parts: Vec<u128>,
}

/// Solves as many equations as there are unknowns; `one` is how many units are a whole.
///
/// Returns nothing where as much comes back to an unknown as it gives, or more: then no sum of paths is the solution.
pub(super) fn solve(equations: &[Equation], one: u128) -> Option<Vec<Fraction>> {
    let mut rows: Vec<Vec<BigInt>> = Vec::with_capacity(equations.len());
    for (at, equation) in equations.iter().enumerate() {
        let unit = |column: usize| if column == at { BigInt::from(one) } else { BigInt::from(0u8) };
        let left = equation.parts.iter().enumerate().map(|(column, &part)| unit(column) - BigInt::from(part));
        rows.push(left.chain(core::iter::once(BigInt::from(equation.constant))).collect());
    }
    let nothing = BigInt::from(0u8);
    let mut before = BigInt::from(1u8);
    for at in 0..rows.len() {
        let row = rows.get(at)?.clone();
        let pivot = row.get(at)?;
        if *pivot <= nothing {
            return None;
        }
        for (_, other) in rows.iter_mut().enumerate().filter(|(other, _)| *other != at) {
            let factor = other.get(at)?.clone();
            for (mine, its) in other.iter_mut().zip(&row) {
                *mine = (&*mine * pivot - &factor * its) / &before;
            }
        }
        before = pivot.clone();
    }
    // All that is left of every row is the determinant, once, and what it equals.
    let solved =
        rows.iter().map(|row| Some(Fraction { numerator: row.last()?.clone(), denominator: before.clone() }));
    solved.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(equations: &[(u128, &[u128])], expected: Option<&[(u128, u128)]>) {
        let equations: Vec<_> = equations
            .iter()
            .map(|(constant, parts)| Equation { constant: *constant, parts: parts.to_vec() })
            .collect();
        let solved = solve(&equations, 100);
        assert_eq!(solved.is_some(), expected.is_some());
        for (fraction, (parts, whole)) in solved.iter().flatten().zip(expected.into_iter().flatten()) {
            assert_eq!(fraction.compare(*parts, *whole), Ordering::Equal, "{fraction:?}");
        }
    }

    #[test]
    fn rings_are_solved_without_rounding() {
        check(&[(40, &[60])], Some(&[(1, 1)]));
        check(&[(50, &[0, 50]), (0, &[50, 0])], Some(&[(2, 3), (1, 3)]));
        check(&[(50, &[0, 50, 0]), (0, &[0, 0, 100]), (0, &[50, 0, 0])], Some(&[(2, 3), (1, 3), (1, 3)]));
    }

    #[test]
    fn what_all_goes_round_has_no_solution() {
        check(&[(0, &[0, 100]), (0, &[100, 0])], None);
        check(&[(10, &[100])], None);
        check(&[(10, &[0, 150]), (0, &[100, 0])], None);
    }

    #[test]
    fn units_are_rounded_down_and_say_so() {
        let third = Fraction { numerator: BigInt::from(1), denominator: BigInt::from(3) };
        assert_eq!(third.units(), (ONE / 3, false));
        assert_eq!(third.compare(1, 3), Ordering::Equal);
    }
}
