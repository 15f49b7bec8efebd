//! Fractions of a whole: rounded down, rounded up, or exact; and the bounds made of them.
//!
//! Looking through multiplies shares along paths, so digits without end may come of it. Rounded to 10^-18 of the whole, one
//! bound down and the other up, they enclose the truth. Where the enclosure is too wide for a comparison, exact rationals
//! decide.

use crate::decimal::Amount;
use crate::interval::End;
use num_bigint::BigInt;
use num_rational::BigRational;

/// A fraction of a whole, with the operations that looking through needs; none of them falls when an operand rises.
pub(super) trait Number: Clone + PartialOrd {
    /// Returns a share in percent as a fraction, and whether it was rounded.
    fn of(share: Amount) -> (Self, bool);
    /// Returns the same rounded down, whichever way results are rounded.
    fn least(share: Amount) -> Self;
    fn zero() -> Self;
    fn one() -> Self;
    fn plus(&self, other: &Self) -> Self;
    /// Returns the product, and whether it was rounded.
    fn times(&self, other: &Self) -> (Self, bool);
    /// Returns what is left of the whole: nothing, if it is more. Exact.
    fn left(&self) -> Self;
    /// Returns `1 / (1 - self)`, the sum of all powers, and whether it was rounded; nothing from one on.
    fn repeated(&self) -> Option<(Self, bool)>;
    /// Returns it in percent, rounded down or up.
    fn percent(&self, up: bool) -> Amount;
    /// Returns it exactly.
    fn exact(&self) -> Exact;
    /// Returns an exact fraction, and whether it was rounded.
    fn of_exact(exact: &Exact) -> (Self, bool);
    /// Returns it with six digits less, so that results do not show in which order they were rounded.
    fn coarse(&self) -> Self;
}

/// A fraction in units of 10^-18; results are rounded up or else down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fixed<const UP: bool>(u128);

/// One, in units.
const ONE: u128 = 1_000_000_000_000_000_000;
/// The root of it.
const HALF_THE_DIGITS: u128 = 1_000_000_000;

impl<const UP: bool> Fixed<UP> {
    fn divide(dividend: u128, divisor: u128) -> (Self, bool) {
        let (quotient, exact) = (dividend / divisor, dividend.is_multiple_of(divisor));
        (Fixed(if UP && !exact { quotient.saturating_add(1) } else { quotient }), !exact)
    }
}

impl<const UP: bool> Number for Fixed<UP> {
    fn of(share: Amount) -> (Self, bool) {
        Self::divide(share.units(), 100)
    }

    fn least(share: Amount) -> Self {
        Fixed(share.units() / 100)
    }

    fn zero() -> Self {
        Fixed(0)
    }

    fn one() -> Self {
        Fixed(ONE)
    }

    fn plus(&self, other: &Self) -> Self {
        Fixed(self.0.saturating_add(other.0))
    }

    fn times(&self, other: &Self) -> (Self, bool) {
        match self.0.checked_mul(other.0) {
            Some(product) => Self::divide(product, ONE),
            // Far beyond one: as good as without end above, and below it whatever is surely not too much.
            None if UP => (Fixed(u128::MAX), true),
            None => {
                let (a, b) = (self.0 / HALF_THE_DIGITS, other.0 / HALF_THE_DIGITS);
                (Fixed(a.saturating_mul(b)), true)
            }
        }
    }

    fn left(&self) -> Self {
        Fixed(ONE.saturating_sub(self.0))
    }

    fn repeated(&self) -> Option<(Self, bool)> {
        let left = ONE.checked_sub(self.0).filter(|&left| left > 0)?;
        Some(Self::divide(ONE.saturating_mul(ONE), left))
    }

    fn percent(&self, _up: bool) -> Amount {
        Amount::of_units(self.0.saturating_mul(100))
    }

    fn exact(&self) -> Exact {
        Exact(BigRational::new(BigInt::from(self.0), BigInt::from(ONE)))
    }

    fn of_exact(exact: &Exact) -> (Self, bool) {
        let units = &exact.0 * BigInt::from(ONE);
        let rounded = if UP { units.ceil() } else { units.floor() };
        (Fixed(u128::try_from(rounded.to_integer()).unwrap_or(u128::MAX)), !units.is_integer())
    }

    fn coarse(&self) -> Self {
        Fixed(Self::divide(self.0, LAST_DIGITS).0.0.saturating_mul(LAST_DIGITS))
    }
}

/// What the last six digits make.
const LAST_DIGITS: u128 = 1_000_000;

/// A fraction that is never rounded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Exact(BigRational);

impl Number for Exact {
    fn of(share: Amount) -> (Self, bool) {
        (Self::least(share), false)
    }

    fn least(share: Amount) -> Self {
        Exact(BigRational::new(BigInt::from(share.units()), BigInt::from(ONE) * BigInt::from(100u8)))
    }

    fn zero() -> Self {
        Exact(BigRational::from_integer(BigInt::from(0u8)))
    }

    fn one() -> Self {
        Exact(BigRational::from_integer(BigInt::from(1u8)))
    }

    fn plus(&self, other: &Self) -> Self {
        Exact(&self.0 + &other.0)
    }

    fn times(&self, other: &Self) -> (Self, bool) {
        (Exact(&self.0 * &other.0), false)
    }

    fn left(&self) -> Self {
        let one = Self::one();
        if *self >= one { Self::zero() } else { Exact(one.0 - &self.0) }
    }

    fn repeated(&self) -> Option<(Self, bool)> {
        let left = self.left();
        (left > Self::zero()).then(|| (Exact(left.0.recip()), false))
    }

    fn percent(&self, up: bool) -> Amount {
        let units = &self.0 * (BigInt::from(ONE) * BigInt::from(100u8));
        let units = if up { units.ceil() } else { units.floor() };
        u128::try_from(units.to_integer()).map_or(Amount::HUNDRED, Amount::of_units)
    }

    fn exact(&self) -> Exact {
        self.clone()
    }

    fn of_exact(exact: &Exact) -> (Self, bool) {
        (exact.clone(), false)
    }

    fn coarse(&self) -> Self {
        self.clone()
    }
}

/// One end of what may be held of a party.
#[derive(Debug, Clone)]
pub(super) struct Bound<N> {
    pub(super) value: N,
    /// Whether the value itself is out of reach.
    pub(super) open: bool,
    /// Whether the value was rounded on the way.
    pub(super) rounded: bool,
}

impl<N: Number> Bound<N> {
    pub(super) fn zero() -> Bound<N> {
        Bound { value: N::zero(), open: false, rounded: false }
    }

    pub(super) fn one() -> Bound<N> {
        Bound { value: N::one(), open: false, rounded: false }
    }

    /// The end of a share.
    pub(super) fn of(end: End) -> Bound<N> {
        let (value, rounded) = N::of(end.value);
        Bound { value, open: end.exclusive, rounded }
    }

    /// The lower end of a share, rounded down whichever way results are rounded.
    pub(super) fn least(end: End) -> Bound<N> {
        Bound { value: N::least(end.value), open: end.exclusive, rounded: N::of(end.value).1 }
    }

    pub(super) fn plus(&self, other: &Bound<N>) -> Bound<N> {
        Bound {
            value: self.value.plus(&other.value),
            open: self.open || other.open,
            rounded: self.rounded || other.rounded,
        }
    }

    pub(super) fn times(&self, other: &Bound<N>) -> Bound<N> {
        let (value, rounded) = self.value.times(&other.value);
        let something = |bound: &Bound<N>| bound.value > N::zero() || bound.open;
        let open = (self.open && something(other)) || (other.open && something(self));
        Bound { value, open, rounded: rounded || self.rounded || other.rounded }
    }

    /// What is left of the whole.
    pub(super) fn left(&self) -> Bound<N> {
        Bound { value: self.value.left(), ..self.clone() }
    }

    pub(super) fn repeated(&self) -> Option<Bound<N>> {
        let (value, rounded) = self.value.repeated()?;
        Some(Bound { value, open: self.open, rounded: rounded || self.rounded })
    }

    pub(super) fn is_zero(&self) -> bool {
        self.value <= N::zero() && !self.open
    }

    pub(super) fn exact(&self) -> Bound<Exact> {
        Bound { value: self.value.exact(), open: self.open, rounded: self.rounded }
    }

    pub(super) fn of_exact(exact: &Bound<Exact>) -> Bound<N> {
        let (value, rounded) = N::of_exact(&exact.value);
        Bound { value, open: exact.open, rounded: rounded || exact.rounded }
    }

    pub(super) fn coarse(self) -> Bound<N> {
        Bound { value: self.value.coarse(), ..self }
    }

    /// The whole at most.
    pub(super) fn capped(self) -> Bound<N> {
        if self.value > N::one() { Bound { rounded: self.rounded, ..Bound::one() } } else { self }
    }

    /// The lower end that excludes more.
    pub(super) fn higher(self, other: Bound<N>) -> Bound<N> {
        let other_excludes = other.value > self.value || (other.value == self.value && other.open);
        if other_excludes { other } else { self }
    }

    /// The upper end that excludes more.
    pub(super) fn lower(self, other: Bound<N>) -> Bound<N> {
        let other_excludes = other.value < self.value || (other.value == self.value && other.open);
        if other_excludes { other } else { self }
    }

    /// The end in percent; up for upper ends.
    pub(super) fn end(&self, up: bool) -> End {
        End { value: self.value.percent(up), exclusive: self.open }
    }
}
