//! Fractions of a whole, rounded down or up, as the bounds of what may be held of a party.
//!
//! Looking through multiplies shares along paths, so digits without end may come of it. Rounded to 10^-18 of the whole, one
//! bound down and the other up, they enclose the truth. Where the enclosure is too wide for a comparison, whole numbers
//! decide: see `exact`.

use super::exact::Fraction;
use crate::decimal::Amount;
use crate::interval::End;
use core::cmp::Ordering;

/// One, in units of 10^-18.
pub(super) const ONE: u128 = 1_000_000_000_000_000_000;
/// The root of it.
const HALF_THE_DIGITS: u128 = 1_000_000_000;
/// What the last six digits make.
const LAST_DIGITS: u128 = 1_000_000;

/// The product of numbers of 64 bits; of larger ones nothing. Guests have no wider multiplication, and check one at length.
fn product(a: u128, b: u128) -> Option<u128> {
    let (a, b) = (u64::try_from(a).ok()?, u64::try_from(b).ok()?);
    Some(u128::from(a).wrapping_mul(u128::from(b)))
}

/// Divides, and says whether nothing is left. By the reciprocal, since guests divide wide numbers bit by bit.
fn divide<const DIVISOR: u128, const SHIFT: u32>(dividend: u128) -> (u128, bool) {
    let reciprocal = const { (1 << (64 + SHIFT)) / DIVISOR };
    let Some(high) = product(dividend >> SHIFT, reciprocal).map(|product| product >> 64) else {
        return (dividend / DIVISOR, dividend.is_multiple_of(DIVISOR));
    };
    // At most three too small: both factors were cut, and so is the product.
    let (mut quotient, mut left) = (high, dividend.wrapping_sub(high.wrapping_mul(DIVISOR)));
    while left >= DIVISOR {
        quotient = quotient.wrapping_add(1);
        left = left.wrapping_sub(DIVISOR);
    }
    (quotient, left == 0)
}

fn divided_by_one(dividend: u128) -> (u128, bool) {
    divide::<ONE, 58>(dividend)
}

fn divided_by_hundred(dividend: u128) -> (u128, bool) {
    divide::<100, 4>(dividend)
}

/// Which way results are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    Down,
    Up,
}

/// One end of what may be held of a party. No operation falls when an operand rises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bound {
    round: Round,
    /// In units of 10^-18.
    units: u128,
    /// Whether the value itself is out of reach.
    pub(super) open: bool,
    /// Whether the value was rounded on the way.
    pub(super) rounded: bool,
}

impl Bound {
    pub(super) const fn zero(round: Round) -> Bound {
        Bound { round, units: 0, open: false, rounded: false }
    }

    pub(super) const fn one(round: Round) -> Bound {
        Bound { round, units: ONE, open: false, rounded: false }
    }

    /// The end of a share.
    pub(super) fn of(round: Round, end: End) -> Bound {
        let (quotient, exact) = divided_by_hundred(end.value.units());
        Bound { open: end.exclusive, ..Bound::quotient(round, quotient, exact) }
    }

    /// The lower end of a share, rounded down whichever way results are rounded.
    pub(super) fn least(round: Round, end: End) -> Bound {
        Bound { round, ..Bound::of(Round::Down, end) }
    }

    /// An exact fraction.
    pub(super) fn of_fraction(round: Round, fraction: &Fraction) -> Bound {
        let (down, exact) = fraction.units();
        let units = if round == Round::Up && !exact { down.saturating_add(1) } else { down };
        Bound { round, units, open: false, rounded: !exact }
    }

    fn divided(round: Round, dividend: u128, divisor: u128) -> Bound {
        Bound::quotient(round, dividend / divisor, dividend.is_multiple_of(divisor))
    }

    fn quotient(round: Round, quotient: u128, exact: bool) -> Bound {
        let units = if round == Round::Up && !exact { quotient.saturating_add(1) } else { quotient };
        Bound { round, units, open: false, rounded: !exact }
    }

    pub(super) fn plus(self, other: Bound) -> Bound {
        Bound {
            round: self.round,
            units: self.units.saturating_add(other.units),
            open: self.open || other.open,
            rounded: self.rounded || other.rounded,
        }
    }

    pub(super) fn times(self, other: Bound) -> Bound {
        let narrow = product(self.units, other.units).or_else(|| self.units.checked_mul(other.units));
        let product = match (narrow, self.round) {
            (Some(product), round) => {
                let (quotient, exact) = divided_by_one(product);
                Bound::quotient(round, quotient, exact)
            }
            // Far beyond one: as good as without end above, and below it whatever is surely not too much.
            (None, Round::Up) => Bound { units: u128::MAX, rounded: true, ..self },
            (None, Round::Down) => {
                let (a, b) = (self.units / HALF_THE_DIGITS, other.units / HALF_THE_DIGITS);
                Bound { units: a.saturating_mul(b), rounded: true, ..self }
            }
        };
        let open = (self.open && !other.is_zero()) || (other.open && !self.is_zero());
        Bound { open, rounded: product.rounded || self.rounded || other.rounded, ..product }
    }

    /// What is left of the whole: nothing, if it is more.
    pub(super) fn left(self) -> Bound {
        Bound { units: ONE.saturating_sub(self.units), ..self }
    }

    /// `1 / (1 - self)`, the sum of all powers of it; nothing from one on.
    pub(super) fn repeated(self) -> Option<Bound> {
        let left = ONE.checked_sub(self.units).filter(|&left| left > 0)?;
        let sum = Bound::divided(self.round, ONE.saturating_mul(ONE), left);
        Some(Bound { open: self.open, rounded: sum.rounded || self.rounded, ..sum })
    }

    pub(super) fn is_zero(self) -> bool {
        self.units == 0 && !self.open
    }

    /// Whether its value is zero, be it within reach or not.
    pub(super) fn is_nothing(self) -> bool {
        self.units == 0
    }

    pub(super) fn units(self) -> u128 {
        self.units
    }

    /// Nothing, rounded the same way.
    pub(super) fn none(self) -> Bound {
        Bound::zero(self.round)
    }

    /// The same, out of reach or not.
    pub(super) fn with_open(self, open: bool) -> Bound {
        Bound { open, ..self }
    }

    /// The same, as one that was rounded at least where another was.
    pub(super) fn rounded_with(self, rounded: bool) -> Bound {
        Bound { rounded: self.rounded || rounded, ..self }
    }

    /// The same with six digits less, so that it does not show in which order it was rounded.
    pub(super) fn coarse(self) -> Bound {
        let coarse = Bound::divided(self.round, self.units, LAST_DIGITS);
        let rounded = self.rounded || coarse.rounded;
        Bound { units: coarse.units.saturating_mul(LAST_DIGITS), rounded, ..self }
    }

    /// The whole at most.
    pub(super) fn capped(self) -> Bound {
        if self.units > ONE { Bound { rounded: self.rounded, ..Bound::one(self.round) } } else { self }
    }

    /// The lower end that excludes more.
    pub(super) fn higher(self, other: Bound) -> Bound {
        match other.units.cmp(&self.units) {
            Ordering::Greater => other,
            Ordering::Equal if other.open => other,
            Ordering::Equal | Ordering::Less => self,
        }
    }

    /// The upper end that excludes more.
    pub(super) fn lower(self, other: Bound) -> Bound {
        match other.units.cmp(&self.units) {
            Ordering::Less => other,
            Ordering::Equal if other.open => other,
            Ordering::Equal | Ordering::Greater => self,
        }
    }

    /// The end in percent.
    pub(super) fn end(self) -> End {
        End { value: Amount::of_units(self.units.saturating_mul(100)), exclusive: self.open }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn dividing_by_the_reciprocal_is_dividing(dividend in any::<u128>(), shift in 0..128u32, near in 0..4u128) {
            for dividend in [dividend >> shift, (dividend >> shift) / ONE * ONE + near, ONE * ONE - near] {
                prop_assert_eq!(divided_by_one(dividend), (dividend / ONE, dividend.is_multiple_of(ONE)));
                prop_assert_eq!(divided_by_hundred(dividend), (dividend / 100, dividend.is_multiple_of(100)));
            }
        }
    }
}
