//! Legal Entity Identifiers (ISO 17442): twenty letters and digits, of which the last two check the others.

/// Returns whether a text is an LEI whose check digits hold (ISO 7064, MOD 97-10).
pub(super) fn is_lei(text: &str) -> bool {
    let bytes = text.as_bytes();
    let alphabet = bytes.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    let digits = bytes.iter().rev().take(2).all(u8::is_ascii_digit);
    bytes.len() == 20 && alphabet && digits && remainder(text) == 1
}

/// Returns the rest of division by 97, a letter counting as two digits, `A` as 10.
fn remainder(text: &str) -> u32 {
    text.chars().filter_map(|c| c.to_digit(36)).fold(0, |rest, digit| {
        let shift = if digit < 10 { 10 } else { 100 };
        (rest * shift + digit) % 97
    })
}

/// Returns an LEI that nobody has.
#[cfg(test)]
pub(super) fn synthetic(number: u32) -> String {
    let base = format!("SYNTHETIC{number:09}");
    let check = 98 - remainder(&format!("{base}00"));
    format!("{base}{check:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digits_are_the_rest_of_a_division() {
        for (text, expected) in [
            ("EXAMPLE00000000000XX", false),
            ("TESTEXAMPLE000000022", false),
            ("", false),
            ("5493001KJTIIGC8Y1R12", true),
            ("5493001KJTIIGC8Y1R21", false),
            ("5493001kjtiigc8y1r12", false),
            ("5493001KJTIIGC8Y1R1２", false),
        ] {
            assert_eq!(is_lei(text), expected, "{text}");
        }
    }

    #[test]
    fn any_one_changed_character_is_noticed() {
        let lei = "5493001KJTIIGC8Y1R12";
        for at in 0..18 {
            let changed: String = lei
                .chars()
                .enumerate()
                .map(|(i, c)| if i == at { if c == 'Z' { 'Y' } else { 'Z' } } else { c })
                .collect();
            assert!(!is_lei(&changed), "{changed}");
        }
    }
}
