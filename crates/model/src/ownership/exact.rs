//! Linear equations in whole numbers: exact, and no slower than need be.
//!
//! Shares have an end in decimals, so equations of them have whole coefficients in a small unit. They are solved without
//! fractions (Bareiss' elimination, there and back): every division comes out even, and nothing needs a common divisor.

use super::number::ONE;
use bnum::cast::CastFrom as _;
use bnum::types::I512;
use core::cmp::Ordering;

/// Most equations at once: what is multiplied on the way must fit in 512 bits.
pub(super) const MOST_EXACT: usize = 3;

/// A fraction that is not negative.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fraction {
    numerator: I512,
    denominator: I512,
}

impl Fraction {
    /// Returns how many whole units of 10^-18 it has, and whether nothing is left.
    pub(super) fn units(&self) -> (u128, bool) {
        let scaled = self.numerator * whole(ONE);
        let units = scaled / self.denominator;
        let exact = units * self.denominator == scaled;
        // INVARIANT: it is not negative, so what does not fit is too large.
        (if units > whole(u128::MAX) { u128::MAX } else { u128::cast_from(units) }, exact)
    }

    /// Compares it with so many parts of a whole.
    pub(super) fn compare(&self, parts: u128, of: u128) -> Ordering {
        (self.numerator * whole(of)).cmp(&(whole(parts) * self.denominator))
    }
}

/// The equation `x = constant + Σ part × x`, in units.
pub(super) struct Equation {
    pub(super) constant: u128,
    /// One part for each unknown.
    pub(super) parts: Vec<u128>,
}

/// Solves as many equations as there are unknowns, at most [`MOST_EXACT`]; `one` is how many units are a whole.
///
/// Returns nothing where as much comes back to an unknown as it gives, or more: then no sum of paths is the solution.
pub(super) fn solve(equations: &[Equation], one: u128) -> Option<Vec<Fraction>> {
    // INVARIANT: units have 60 bits, and a few more where more is stated than there is. What stands after a step is a minor
    // of the matrix, of three rows at most 200 bits; a step has two of them multiplied before it divides. That fits in 512
    // bits, as does a fraction multiplied by 128 bits.
    if equations.len() > MOST_EXACT {
        return None;
    }
    let mut rows: Vec<Vec<I512>> = Vec::with_capacity(equations.len());
    for (at, equation) in equations.iter().enumerate() {
        let unit = |column: usize| if column == at { whole(one) } else { whole(0) };
        let left = equation.parts.iter().enumerate().map(|(column, &part)| unit(column) - whole(part));
        rows.push(left.chain(core::iter::once(whole(equation.constant))).collect());
    }
    let mut before = whole(1);
    for at in 0..rows.len() {
        let row = rows.get(at)?.clone();
        let pivot = *row.get(at)?;
        if pivot <= whole(0) {
            return None;
        }
        for (_, other) in rows.iter_mut().enumerate().filter(|(other, _)| *other != at) {
            let factor = *other.get(at)?;
            for (mine, its) in other.iter_mut().zip(&row) {
                *mine = (*mine * pivot - factor * *its) / before;
            }
        }
        before = pivot;
    }
    // All that is left of every row is the determinant, once, and what it equals.
    rows.iter().map(|row| Some(Fraction { numerator: *row.last()?, denominator: before })).collect()
}

fn whole(units: u128) -> I512 {
    I512::cast_from(units)
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
    fn the_largest_numbers_fit() {
        // Shares of 18 digits, of more than there is; overflow would panic here.
        let most = 8 * ONE - 1;
        let equations = [0, 1, 2].map(|at| Equation {
            constant: most,
            parts: (0..3).map(|column| if column == at { 1 } else { ONE / 2 - 1 }).collect(),
        });
        for fraction in solve(&equations, ONE).unwrap() {
            assert_eq!(fraction.compare(u128::MAX, 1), Ordering::Less);
            assert!(fraction.units().0 > most);
        }
        let four = [0; 4].map(|_| Equation { constant: 0, parts: vec![0; 4] });
        assert!(solve(&four, ONE).is_none());
    }

    #[test]
    fn units_are_rounded_down_and_say_so() {
        let third = Fraction { numerator: whole(1), denominator: whole(3) };
        assert_eq!(third.units(), (ONE / 3, false));
        assert_eq!(third.compare(1, 3), Ordering::Equal);
    }
}
