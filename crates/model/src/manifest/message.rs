//! Messages: texts by code and language, with placeholders. Never built by concatenation.

use super::check::is_id;
use crate::request::shorten;
use std::collections::{BTreeMap, BTreeSet};

/// The texts of one message by BCP 47 tag.
pub type Catalogue = BTreeMap<String, String>;

/// All messages of a policy by code.
pub type Messages = BTreeMap<String, Catalogue>;

/// A piece of a message text.
enum Piece<'a> {
    Text(&'a str),
    Placeholder(&'a str),
}

/// Splits `{name}` from text; a brace that opens no name is text.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let name = after.split_once('}').filter(|(name, _)| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        });
        match name {
            Some((name, after)) => {
                pieces.extend([Piece::Text(before), Piece::Placeholder(name)]);
                rest = after;
            }
            None => {
                pieces.extend([Piece::Text(before), Piece::Text("{")]);
                rest = after;
            }
        }
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// Returns the names of the placeholders.
pub(crate) fn placeholders(text: &str) -> BTreeSet<&str> {
    let name = |piece| match piece {
        Piece::Placeholder(name) => Some(name),
        Piece::Text(_) => None,
    };
    pieces(text).into_iter().filter_map(name).collect()
}

/// Returns the text with its placeholders filled; one without a value stays as it is.
#[must_use]
pub(crate) fn render(text: &str, arguments: &BTreeMap<String, String>) -> String {
    let fill = |piece| match piece {
        Piece::Text(text) => text.to_owned(),
        Piece::Placeholder(name) => arguments.get(name).cloned().unwrap_or_else(|| format!("{{{name}}}")),
    };
    pieces(text).into_iter().map(fill).collect()
}

/// Returns how many bytes [`render`] gives, without giving them.
pub(crate) fn rendered_bytes(text: &str, arguments: &BTreeMap<String, String>) -> usize {
    let bytes = |piece| match piece {
        Piece::Text(text) => text.len(),
        Piece::Placeholder(name) => arguments.get(name).map_or(name.len() + 2, String::len),
    };
    pieces(text).into_iter().map(bytes).sum()
}

/// Returns the text for a language by RFC 4647 look-up: `ko-KR`, then `ko`, then `en`.
#[must_use]
pub(crate) fn look_up<'a>(catalogue: &'a Catalogue, language: &str) -> Option<&'a str> {
    let mut range = language;
    loop {
        let found = catalogue.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(range));
        if let Some((_, text)) = found {
            return Some(text);
        }
        match range.rsplit_once('-') {
            Some((shorter, _)) => range = shorter,
            None => return catalogue.get("en").map(String::as_str),
        }
    }
}

pub(super) fn check(messages: &Messages, fault: &mut impl FnMut(String, String)) {
    for (code, catalogue) in messages {
        let place = format!("messages.{}", shorten(code));
        if !is_id(code) {
            fault(place.clone(), "is not a code: lower-case words joined by hyphens".to_owned());
        }
        let Some(english) = catalogue.get("en") else {
            fault(place, "has no text for `en`".to_owned());
            continue;
        };
        for (tag, text) in catalogue {
            let subtag =
                |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
            if tag.len() > 35 || !tag.split('-').all(subtag) {
                fault(format!("{place}.{}", shorten(tag)), "is not a BCP 47 language tag".to_owned());
            }
            if placeholders(text) != placeholders(english) {
                fault(
                    format!("{place}.{}", shorten(tag)),
                    "has other placeholders than the `en` text".to_owned(),
                );
            }
        }
    }
}
