//! Exact decimal numbers, as the contract carries them, and exact sums of them.
//!
//! No number in Lexgate passes through a float: `18.8 + 28.1 + 3.1` is exactly 50, and a test of "more than 50 %" hangs
//! on it.

use core::cmp::Ordering;
use core::fmt;
use core::str::FromStr;

/// An exact decimal: coefficient × 10^exponent, canonical (no trailing zeros; zero has exponent 0).
///
/// ```
/// use lexgate_model::Decimal;
/// let share: Decimal = "50.10".parse().unwrap();
/// assert_eq!(share.to_string(), "50.1");
/// assert!(share > "50".parse().unwrap());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    coefficient: i64,
    exponent: i8,
}

/// Why a text or a pair is not a [`Decimal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotDecimal {
    /// Not a number as JSON writes one.
    Syntax,
    /// More digits than 64 bits hold.
    TooManyDigits,
    /// The exponent lies outside -18 to 30.
    OutOfRange,
}

impl fmt::Display for NotDecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotDecimal::Syntax => "is not a decimal number, such as `50` or `-0.25`",
            NotDecimal::TooManyDigits => "has more significant digits than 64 bits hold",
            NotDecimal::OutOfRange => "has digits below 10^-18 or zeros beyond 10^30",
        })
    }
}

impl core::error::Error for NotDecimal {}

impl Decimal {
    /// Zero.
    pub const ZERO: Decimal = Decimal { coefficient: 0, exponent: 0 };
    /// One hundred: all of something, in percent.
    pub const HUNDRED: Decimal = Decimal { coefficient: 1, exponent: 2 };

    /// Smallest exponent of the contract.
    pub const MIN_EXPONENT: i32 = -18;
    /// Largest exponent of the contract.
    pub const MAX_EXPONENT: i32 = 30;

    /// Returns coefficient × 10^exponent.
    ///
    /// # Errors
    /// When the canonical exponent lies outside -18 to 30, or the coefficient has no opposite in 64 bits.
    pub fn new(coefficient: i64, exponent: i32) -> Result<Decimal, NotDecimal> {
        if coefficient == i64::MIN {
            return Err(NotDecimal::TooManyDigits);
        }
        if coefficient == 0 {
            return Ok(Decimal::ZERO);
        }
        let (mut coefficient, mut exponent) = (coefficient, exponent);
        while coefficient % 10 == 0 {
            coefficient /= 10;
            exponent = exponent.checked_add(1).ok_or(NotDecimal::OutOfRange)?;
        }
        if !(Decimal::MIN_EXPONENT..=Decimal::MAX_EXPONENT).contains(&exponent) {
            return Err(NotDecimal::OutOfRange);
        }
        let exponent = i8::try_from(exponent).map_err(|_| NotDecimal::OutOfRange)?;
        Ok(Decimal { coefficient, exponent })
    }

    /// Returns the decimal if the pair is canonical already, as the contract demands of guests.
    #[must_use]
    pub fn from_canonical(coefficient: i64, exponent: i8) -> Option<Decimal> {
        Decimal::new(coefficient, i32::from(exponent))
            .ok()
            .filter(|d| d.coefficient == coefficient && d.exponent == exponent)
    }

    /// Returns the signed significant digits.
    #[must_use]
    pub fn coefficient(self) -> i64 {
        self.coefficient
    }

    /// Returns the power of ten, -18 to 30.
    #[must_use]
    pub fn exponent(self) -> i8 {
        self.exponent
    }

    /// Returns the number if it is whole and fits.
    #[must_use]
    pub fn to_integer(self) -> Option<i64> {
        let exponent = u32::try_from(self.exponent).ok()?;
        self.coefficient.checked_mul(10i64.checked_pow(exponent)?)
    }

    /// Position of the leading digit: 10^(magnitude - 1) <= |self| < 10^magnitude; meaningless for zero.
    fn magnitude(self) -> i32 {
        let digits = self.coefficient.unsigned_abs().checked_ilog10().map_or(0, |n| n + 1);
        i32::try_from(digits).unwrap_or(i32::MAX).saturating_add(i32::from(self.exponent))
    }
}

impl From<i32> for Decimal {
    fn from(value: i32) -> Decimal {
        Decimal::new(i64::from(value), 0).unwrap_or(Decimal::ZERO)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        let signs = self.coefficient.signum().cmp(&other.coefficient.signum());
        if signs.is_ne() || self.coefficient == 0 {
            return signs;
        }
        let magnitudes = self.magnitude().cmp(&other.magnitude());
        if magnitudes.is_ne() {
            return if self.coefficient > 0 { magnitudes } else { magnitudes.reverse() };
        }
        // Equal magnitudes differ by at most 18 places, and 19 digits with 18 zeros fit into 128 bits.
        let least = self.exponent.min(other.exponent);
        let widen = |d: &Decimal| {
            let places = u32::from(d.exponent.abs_diff(least));
            i128::from(d.coefficient).saturating_mul(10i128.saturating_pow(places))
        };
        widen(self).cmp(&widen(other))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Decimal {
    type Err = NotDecimal;

    /// Reads a number as JSON writes one: `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`.
    fn from_str(text: &str) -> Result<Decimal, NotDecimal> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = rest.split_once(['e', 'E']).map_or((rest, None), |(m, e)| (m, Some(e)));
        let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole)
            || fraction.is_some_and(|f| !digits(f))
            || (whole.len() > 1 && whole.starts_with('0'))
        {
            return Err(NotDecimal::Syntax);
        }
        let mut exponent: i32 = match exponent {
            None => 0,
            Some(e) => {
                let unsigned = e.strip_prefix(['+', '-']).unwrap_or(e);
                if !digits(unsigned) {
                    return Err(NotDecimal::Syntax);
                }
                e.parse().map_err(|_| NotDecimal::OutOfRange)?
            }
        };
        let fraction = fraction.unwrap_or("").trim_end_matches('0');
        let mut coefficient: i64 = 0;
        let mut zeros: u32 = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            if digit == b'0' {
                zeros = zeros.saturating_add(1);
                continue;
            }
            coefficient = push(coefficient, zeros, digit - b'0').ok_or(NotDecimal::TooManyDigits)?;
            zeros = 0;
        }
        let places = i32::try_from(fraction.len()).map_err(|_| NotDecimal::OutOfRange)?;
        let trailing = i32::try_from(zeros).map_err(|_| NotDecimal::OutOfRange)?;
        exponent = exponent.checked_sub(places).ok_or(NotDecimal::OutOfRange)?;
        exponent = exponent.checked_add(trailing).ok_or(NotDecimal::OutOfRange)?;
        Decimal::new(if negative { -coefficient } else { coefficient }, exponent)
    }
}

/// Appends zeros and a digit; leading zeros vanish, so that `1` with 26 zeros behind it fits.
fn push(coefficient: i64, zeros: u32, digit: u8) -> Option<i64> {
    let power = if coefficient == 0 { 1 } else { 10i64.checked_pow(zeros.checked_add(1)?)? };
    coefficient.checked_mul(power)?.checked_add(i64::from(digit))
}

impl fmt::Display for Decimal {
    /// Writes plain digits, without exponent: `-0.25`, `100000000000000000000000000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.coefficient < 0 {
            f.write_str("-")?;
        }
        let digits = self.coefficient.unsigned_abs();
        match u32::try_from(self.exponent) {
            Ok(zeros) => write!(f, "{digits}{:0<1$}", "", zeros as usize),
            Err(_) => {
                let places = self.exponent.unsigned_abs();
                let unit = 10u64.saturating_pow(u32::from(places));
                let places = usize::from(places);
                write!(f, "{}.{:0places$}", digits / unit, digits % unit)
            }
        }
    }
}

/// An exact number in units of 10^-18, wide enough for any sum of shares: what decimals are added up in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i128);

impl Amount {
    /// Zero.
    pub const ZERO: Amount = Amount(0);
    /// One hundred: all of something, in percent.
    pub const HUNDRED: Amount = Amount(100 * UNIT);
    /// More than any sum of shares.
    const LIMIT: i128 = i128::MAX / 4;

    /// Returns the sum, or the largest amount where it does not fit.
    #[must_use]
    pub fn plus(self, other: Amount) -> Amount {
        Amount(self.0.saturating_add(other.0).clamp(-Amount::LIMIT, Amount::LIMIT))
    }

    /// Returns the difference, or the smallest amount where it does not fit.
    #[must_use]
    pub fn minus(self, other: Amount) -> Amount {
        Amount(self.0.saturating_sub(other.0).clamp(-Amount::LIMIT, Amount::LIMIT))
    }

    /// Returns how many units of 10^-18 it has, none below zero.
    pub(crate) fn units(self) -> u128 {
        u128::try_from(self.0).unwrap_or(0)
    }

    /// Returns the amount of so many units of 10^-18, or the largest.
    pub(crate) fn of_units(units: u128) -> Amount {
        Amount(i128::try_from(units).unwrap_or(Amount::LIMIT).min(Amount::LIMIT))
    }

    /// Returns the largest decimal that is not above.
    #[must_use]
    pub fn rounded_down(self) -> Decimal {
        self.rounded(i128::div_euclid)
    }

    /// Returns the smallest decimal that is not below.
    #[must_use]
    pub fn rounded_up(self) -> Decimal {
        self.rounded(|value, unit| -(-value).div_euclid(unit))
    }

    /// Drops digits, by `divide`, until the rest fits into 64 bits.
    fn rounded(self, divide: impl Fn(i128, i128) -> i128) -> Decimal {
        let mut exponent = Decimal::MIN_EXPONENT;
        let mut unit: i128 = 1;
        loop {
            if let Ok(coefficient) = i64::try_from(divide(self.0, unit)) {
                return Decimal::new(coefficient, exponent).unwrap_or(Decimal::ZERO);
            }
            unit = unit.saturating_mul(10);
            exponent += 1;
        }
    }
}

/// How many units of an [`Amount`] are one.
const UNIT: i128 = 1_000_000_000_000_000_000;

impl TryFrom<Decimal> for Amount {
    type Error = NotDecimal;

    fn try_from(value: Decimal) -> Result<Amount, NotDecimal> {
        let places = i32::from(value.exponent()) - Decimal::MIN_EXPONENT;
        let places = u32::try_from(places).map_err(|_| NotDecimal::OutOfRange)?;
        if let Some(power) = 10u64.checked_pow(places) {
            // 63 bits times 64 bits; nearly all values are here, and guests pay for every step. The limit is 125 bits.
            let units = i128::from(value.coefficient()) * i128::from(power);
            if units.unsigned_abs() <= Amount::LIMIT.unsigned_abs() {
                return Ok(Amount(units));
            }
        }
        10i128
            .checked_pow(places)
            .and_then(|power| i128::from(value.coefficient()).checked_mul(power))
            .filter(|units| units.abs() <= Amount::LIMIT)
            .map(Amount)
            .ok_or(NotDecimal::OutOfRange)
    }
}

impl fmt::Display for Amount {
    /// Writes every digit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let units = self.0.unsigned_abs();
        let unit = UNIT.unsigned_abs();
        write!(f, "{sign}{}", units / unit)?;
        let fraction = units % unit;
        if fraction == 0 {
            return Ok(());
        }
        let text = std::format!("{fraction:018}");
        write!(f, ".{}", text.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, printed: &str) {
        assert_eq!(text.parse::<Decimal>().map(|d| d.to_string()), Ok(printed.to_owned()), "{text}");
    }

    #[track_caller]
    fn refuse(text: &str, why: NotDecimal) {
        assert_eq!(text.parse::<Decimal>(), Err(why), "{text}");
    }

    #[test]
    fn numbers_are_read_as_json_writes_them() {
        check("0", "0");
        check("-0", "0");
        check("0.000", "0");
        check("50.10", "50.1");
        check("-0.25", "-0.25");
        check("1e2", "100");
        check("12.50E-1", "1.25");
        check("100", "100");
        check("1005", "1005");
        check("1.0000000000000000000000000000", "1");
        check("100000000000000000000000000", "100000000000000000000000000");
        check("9223372036854775807", "9223372036854775807");
        check("-9223372036854775807", "-9223372036854775807");
        check("0.000000000000000001", "0.000000000000000001");
    }

    #[test]
    fn what_json_does_not_write_is_refused() {
        for text in ["", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x1", "1 ", "NaN", "inf", "1_000", "１"]
        {
            refuse(text, NotDecimal::Syntax);
        }
    }

    #[test]
    fn what_the_contract_cannot_hold_is_refused() {
        refuse("1e31", NotDecimal::OutOfRange);
        refuse("1e-19", NotDecimal::OutOfRange);
        refuse("1e99999999999", NotDecimal::OutOfRange);
        refuse("9223372036854775808", NotDecimal::TooManyDigits);
        refuse("1.00000000000000000000000000001", NotDecimal::TooManyDigits);
    }

    #[test]
    fn magnitudes_far_apart_compare_exactly() {
        let d = |text: &str| text.parse::<Decimal>().unwrap();
        assert!(d("1e30") > d("9.99999999999999999"));
        assert!(d("-1e30") < d("1e-18"));
        assert!(d("50.0000000000000001") > d("50"));
        assert_eq!(d("18.8").max(d("18.80")), d("18.8"));
    }

    #[test]
    fn the_sum_that_floats_get_wrong_is_exact() {
        let sum = ["18.8", "28.1", "3.1"]
            .iter()
            .map(|t| Amount::try_from(t.parse::<Decimal>().unwrap()).unwrap())
            .fold(Amount::ZERO, Amount::plus);
        assert_eq!(sum.to_string(), "50");
        assert_eq!(sum.rounded_up(), Decimal::from(50));
    }

    fn decimals() -> impl Strategy<Value = Decimal> {
        (any::<i64>(), -18i32..=11).prop_filter_map("in range", |(c, e)| Decimal::new(c, e).ok())
    }

    proptest! {
        #[test]
        fn parse_and_print_are_inverse(d in decimals()) {
            prop_assert_eq!(d.to_string().parse::<Decimal>(), Ok(d));
        }

        #[test]
        fn order_agrees_with_subtraction(a in -1_000_000i64..1_000_000, ea in -9i32..9, b in -1_000_000i64..1_000_000, eb in -9i32..9) {
            let (x, y) = (Decimal::new(a, ea).unwrap(), Decimal::new(b, eb).unwrap());
            let wide = |c: i64, e: i32| i128::from(c) * 10i128.pow(u32::try_from(e + 9).unwrap());
            prop_assert_eq!(x.cmp(&y), wide(a, ea).cmp(&wide(b, eb)));
        }

        #[test]
        fn rounding_is_outward(a in -10i64.pow(17)..10i64.pow(17), b in any::<i64>()) {
            let x = Amount::try_from(Decimal::new(a, 0).unwrap()).unwrap().plus(Amount(i128::from(b)));
            let (down, up) = (x.rounded_down(), x.rounded_up());
            prop_assert!(Amount::try_from(down).unwrap() <= x && x <= Amount::try_from(up).unwrap());
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}|[-+.eE0-9]{0,60}") {
            let _ = text.parse::<Decimal>();
        }
    }
}
