//! Shares of BODS 0.4: five numbers, of which some exclude themselves. In older versions two of them were flags.

use crate::import::fields::View;
use crate::import::report::{Notes, Reason};
use crate::import::tree::Tree;
use lexgate_model::Decimal;
use serde_json::{Map, Value, json};

/// An end of a band.
type End = (Decimal, bool);

/// Reads a share; nothing, with a remark, if it is none. A share that is not known is not zero.
pub(super) fn share(share: &View<'_>, notes: &mut Notes) -> Option<Value> {
    if !matches!(share.tree, Tree::Record(_)) {
        return share.wrong("an object", notes);
    }
    let mut sound = true;
    let mut number = |name: &str| {
        let view = share.get(name)?;
        let read = percent(&view, notes);
        sound &= read.is_some();
        read
    };
    let exact = number("exact");
    let [minimum, above, maximum, below] =
        ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"].map(&mut number);
    if !sound {
        notes.add(&share.pointer, Reason::BadValue, "is not used; how much it is stays unknown");
        return None;
    }
    let lower = stricter(minimum, above, |exclusive, inclusive| exclusive >= inclusive);
    let upper = stricter(maximum, below, |exclusive, inclusive| exclusive <= inclusive);
    if let Some(exact) = exact {
        if !is_inside(exact, lower, upper) {
            notes.add(
                &share.pointer,
                Reason::Inconsistent,
                "gives an exact share outside its band, and is not used",
            );
            return None;
        }
        return Some(json!({ "exact": exact.to_string() }));
    }
    if lower.is_none() && upper.is_none() {
        notes.add(&share.pointer, Reason::Missing, "says nothing");
        return None;
    }
    let (low, high) = (lower.unwrap_or((Decimal::ZERO, false)), upper.unwrap_or((Decimal::HUNDRED, false)));
    if low.0 > high.0 || (low.0 == high.0 && (low.1 || high.1)) {
        notes.add(&share.pointer, Reason::Inconsistent, "is an empty band, and is not used");
        return None;
    }
    let mut band = Map::new();
    for (end, name, flag) in [(lower, "minimum", "exclusiveMinimum"), (upper, "maximum", "exclusiveMaximum")]
    {
        let Some((value, exclusive)) = end else { continue };
        band.insert(name.to_owned(), Value::from(value.to_string()));
        if exclusive {
            band.insert(flag.to_owned(), Value::from(true));
        }
    }
    Some(Value::Object(band))
}

/// Returns the end that excludes more.
fn stricter(
    inclusive: Option<Decimal>,
    exclusive: Option<Decimal>,
    wins: fn(Decimal, Decimal) -> bool,
) -> Option<End> {
    match (inclusive, exclusive) {
        (Some(inclusive), Some(exclusive)) if wins(exclusive, inclusive) => Some((exclusive, true)),
        (Some(inclusive), _) => Some((inclusive, false)),
        (None, exclusive) => exclusive.map(|value| (value, true)),
    }
}

fn is_inside(exact: Decimal, lower: Option<End>, upper: Option<End>) -> bool {
    let above = lower.is_none_or(|(low, exclusive)| exact > low || (exact == low && !exclusive));
    let below = upper.is_none_or(|(high, exclusive)| exact < high || (exact == high && !exclusive));
    above && below
}

/// Reads a number of percent, digit by digit.
fn percent(view: &View<'_>, notes: &mut Notes) -> Option<Decimal> {
    let Tree::Number(text) = view.tree else { return view.wrong("a number", notes) };
    match text.parse::<Decimal>() {
        Ok(value) if value >= Decimal::ZERO && value <= Decimal::HUNDRED => Some(value),
        Ok(_) => {
            notes.bad(&view.pointer, text, "is not between 0 and 100 percent");
            None
        }
        Err(why) => {
            notes.bad(&view.pointer, text, &why.to_string());
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let tree = Tree::from_json(text).unwrap();
        let mut notes = Notes::default();
        let read = share(&View::new(&tree), &mut notes).map_or("none".to_owned(), |share| share.to_string());
        assert_eq!(read, expected, "{text}");
        assert_eq!(read == "none", !notes.told().is_empty(), "{text}: {notes:?}");
    }

    #[test]
    fn a_share_is_read_as_the_schema_defines_it() {
        check(r#"{ "exact": 50 }"#, r#"{"exact":"50"}"#);
        check(r#"{ "exact": 33.333333333333333 }"#, r#"{"exact":"33.333333333333333"}"#);
        check(r#"{ "exact": 5e1 }"#, r#"{"exact":"50"}"#);
        check(r#"{ "exact": 0 }"#, r#"{"exact":"0"}"#);
        check(r#"{ "minimum": 25, "maximum": 50 }"#, r#"{"maximum":"50","minimum":"25"}"#);
        check(r#"{ "exclusiveMinimum": 25 }"#, r#"{"exclusiveMinimum":true,"minimum":"25"}"#);
        check(r#"{ "exclusiveMaximum": 25 }"#, r#"{"exclusiveMaximum":true,"maximum":"25"}"#);
        check(
            r#"{ "exclusiveMinimum": 25, "maximum": 50 }"#,
            r#"{"exclusiveMinimum":true,"maximum":"50","minimum":"25"}"#,
        );
        check(r#"{ "minimum": 25, "exclusiveMinimum": 25 }"#, r#"{"exclusiveMinimum":true,"minimum":"25"}"#);
        check(r#"{ "minimum": 30, "exclusiveMinimum": 25 }"#, r#"{"minimum":"30"}"#);
        check(r#"{ "maximum": 30, "exclusiveMaximum": 40 }"#, r#"{"maximum":"30"}"#);
        check(r#"{ "exact": 30, "minimum": 25, "maximum": 50 }"#, r#"{"exact":"30"}"#);
    }

    #[test]
    fn what_is_no_share_stays_unknown() {
        for text in [
            "{}",
            "[]",
            "50",
            r#"{ "exact": "50" }"#,
            r#"{ "exact": 101 }"#,
            r#"{ "exact": -1 }"#,
            r#"{ "exact": 50.00000000000000000000000001 }"#,
            r#"{ "exact": 1e400 }"#,
            r#"{ "minimum": 25, "exclusiveMinimum": true }"#,
            r#"{ "minimum": 50, "maximum": 25 }"#,
            r#"{ "exclusiveMinimum": 50, "maximum": 50 }"#,
            r#"{ "exclusiveMinimum": 100 }"#,
            r#"{ "exact": 60, "maximum": 50 }"#,
        ] {
            check(text, "none");
        }
    }
}
