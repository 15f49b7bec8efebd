//! One record as a tree of texts, whatever format it came in. Numbers keep their digits.

use jiter::{Jiter, JiterError, Peek};

/// Most levels of nesting in one record, as in a request.
const DEPTH: usize = 32;

/// A value of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tree {
    Null,
    Flag(bool),
    /// A number as it is written.
    Number(String),
    Text(String),
    List(Vec<Tree>),
    /// Names with their values, each name once.
    Record(Vec<(String, Tree)>),
}

impl Tree {
    /// Reads one JSON value, or says why it is none.
    pub(super) fn from_json(text: &str) -> Result<Tree, String> {
        let mut json = Jiter::new(text.as_bytes());
        let first = json.peek().map_err(|error| said(&error))?;
        let tree = value(&mut json, first, DEPTH)?;
        json.finish().map_err(|error| said(&error))?;
        Ok(tree)
    }

    /// Returns the member of that name, unless it is null.
    pub(super) fn get(&self, name: &str) -> Option<&Tree> {
        let Tree::Record(members) = self else { return None };
        let member = members.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        member.filter(|value| **value != Tree::Null)
    }

    /// Returns the text at the end of a path.
    pub(super) fn text_at(&self, path: &[&str]) -> Option<&str> {
        path.iter().try_fold(self, |tree, name| tree.get(name))?.text()
    }

    /// Returns the text it is, or that it has beside its attributes; nothing if that is blank.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Tree::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            Tree::Record(_) => self.get("$").filter(|text| matches!(text, Tree::Text(_)))?.text(),
            Tree::Null | Tree::Flag(_) | Tree::Number(_) | Tree::List(_) => None,
        }
    }

    /// Returns what it is, in words.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Tree::Null => "null",
            Tree::Flag(_) => "true or false",
            Tree::Number(_) => "a number",
            Tree::Text(_) => "a text",
            Tree::List(_) => "a list",
            Tree::Record(_) => "an object",
        }
    }

    /// Returns about how much memory it takes.
    pub(super) fn bytes(&self) -> u64 {
        const OF_ITSELF: u64 = size_of::<Tree>() as u64;
        OF_ITSELF
            + match self {
                Tree::Null | Tree::Flag(_) => 0,
                Tree::Number(text) | Tree::Text(text) => text.len() as u64,
                Tree::List(list) => list.iter().map(Tree::bytes).sum(),
                Tree::Record(members) => members
                    .iter()
                    .map(|(name, tree)| size_of::<String>() as u64 + name.len() as u64 + tree.bytes())
                    .sum(),
            }
    }

    /// Puts a text at the end of a path, making records on the way. A text on the way becomes the member `$`.
    pub(super) fn insert(&mut self, path: &[String], text: &str) {
        let Some((name, rest)) = path.split_first() else {
            *self = Tree::Text(text.to_owned());
            return;
        };
        if !matches!(self, Tree::Record(_)) {
            let before = std::mem::replace(self, Tree::Record(Vec::new()));
            if let (Tree::Record(members), Tree::Text(_)) = (&mut *self, &before) {
                members.push(("$".to_owned(), before));
            }
        }
        let Tree::Record(members) = self else { return };
        match members.iter_mut().find(|(known, _)| known == name) {
            Some((_, tree)) => tree.insert(rest, text),
            None => {
                let mut tree = Tree::Null;
                tree.insert(rest, text);
                members.push((name.clone(), tree));
            }
        }
    }
}

fn value(json: &mut Jiter<'_>, peek: Peek, depth: usize) -> Result<Tree, String> {
    let fail = |error: JiterError| said(&error);
    let Some(below) = depth.checked_sub(1) else {
        return Err(format!("is nested deeper than {DEPTH} levels"));
    };
    Ok(match peek {
        Peek::Null => {
            json.known_null().map_err(fail)?;
            Tree::Null
        }
        Peek::True | Peek::False => Tree::Flag(json.known_bool(peek).map_err(fail)?),
        Peek::String => Tree::Text(json.known_str().map_err(fail)?.to_owned()),
        Peek::Array => {
            let mut list = Vec::new();
            let mut next = json.known_array().map_err(fail)?;
            while let Some(peek) = next {
                list.push(value(json, peek, below)?);
                next = json.array_step().map_err(fail)?;
            }
            Tree::List(list)
        }
        Peek::Object => {
            let mut members: Vec<(String, Tree)> = Vec::new();
            let mut next = json.known_object().map_err(fail)?.map(str::to_owned);
            while let Some(name) = next {
                let peek = json.peek().map_err(fail)?;
                let member = value(json, peek, below)?;
                members.push((name, member));
                next = json.next_key().map_err(fail)?.map(str::to_owned);
            }
            once(&members)?;
            Tree::Record(members)
        }
        number => {
            let bytes = json.known_number_bytes(number).map_err(fail)?;
            Tree::Number(String::from_utf8_lossy(bytes).into_owned())
        }
    })
}

/// Refuses a name that stands twice: two readers would take different values.
fn once(members: &[(String, Tree)]) -> Result<(), String> {
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair.first() == pair.last()).and_then(<[&str]>::first) {
        Some(name) => Err(format!("gives `{}` twice", super::error::shorten(name))),
        None => Ok(()),
    }
}

fn said(error: &JiterError) -> String {
    format!("is not JSON: {}", error.error_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        let tree = Tree::from_json(r#"{ "share": { "exact": 50.10000000000000000001 } }"#).unwrap();
        let exact = tree.get("share").and_then(|share| share.get("exact"));
        assert_eq!(exact, Some(&Tree::Number("50.10000000000000000001".to_owned())));
    }

    #[test]
    fn what_two_readers_would_take_differently_is_refused() {
        let why = |text: &str| Tree::from_json(text).unwrap_err();
        assert_eq!(why(r#"{ "a": 1, "b": 2, "a": 1 }"#), "gives `a` twice");
        assert!(why(&format!("{}{}", "[".repeat(40), "]".repeat(40))).contains("nested deeper"));
        assert!(why(r#"{ "a": "\ud800" }"#).starts_with("is not JSON"));
    }

    #[test]
    fn a_text_may_have_attributes() {
        let mut tree = Tree::Record(Vec::new());
        let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        tree.insert(&path("Names.1"), "Alpha");
        tree.insert(&path("Names.1.@type"), "OLD");
        assert_eq!(tree.text_at(&["Names", "1"]), Some("Alpha"));
        assert_eq!(tree.text_at(&["Names", "1", "@type"]), Some("OLD"));
    }
}
