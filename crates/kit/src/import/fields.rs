//! Fields of a record, read with a remark where they are not what they should be, and values that fit into a request.

use super::report::{Notes, Reason};
use super::tree::Tree;
use lexgate_model::request::{IsoCode, NOT_SUPPLIED};
use lexgate_model::{Date, RequestLimits, date};
use serde_json::{Map, Value, json};

/// Most elements of a list of texts in a request.
pub(super) const MOST_TEXTS: usize = 256;
/// Most names, identifiers or interests of one record of a request.
pub(super) const MOST_PARTS: usize = 64;

/// A value in a record, with its place.
#[derive(Debug, Clone)]
pub(super) struct View<'t> {
    pub(super) pointer: String,
    pub(super) tree: &'t Tree,
}

impl<'t> View<'t> {
    pub(super) fn new(tree: &'t Tree) -> View<'t> {
        View { pointer: String::new(), tree }
    }

    /// Returns the member of that name, unless it is null.
    pub(super) fn get(&self, name: &str) -> Option<View<'t>> {
        self.tree.get(name).map(|tree| self.below(name, tree))
    }

    /// Returns the value at the end of a path.
    pub(super) fn at(&self, path: &[&str]) -> Option<View<'t>> {
        path.iter().try_fold(self.clone(), |view, name| view.get(name))
    }

    fn below(&self, name: &str, tree: &'t Tree) -> View<'t> {
        let escaped = name.replace('~', "~0").replace('/', "~1");
        View { pointer: format!("{}/{escaped}", self.pointer), tree }
    }

    /// Returns the elements of a list; nothing, with a remark, for anything else.
    pub(super) fn list(&self, notes: &mut Notes) -> Vec<View<'t>> {
        match self.tree {
            Tree::List(list) => {
                list.iter().enumerate().map(|(index, tree)| self.below(&index.to_string(), tree)).collect()
            }
            _ => self.wrong("a list", notes).into_iter().collect(),
        }
    }

    /// Returns the elements of the list of that name, if there is one.
    pub(super) fn list_of(&self, name: &str, notes: &mut Notes) -> Vec<View<'t>> {
        self.get(name).map(|list| list.list(notes)).unwrap_or_default()
    }

    /// Returns the values that stand in one place: those of a list, those that are numbered, or the one that is there.
    pub(super) fn each(&self) -> Vec<View<'t>> {
        let numbered = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        match self.tree {
            Tree::List(list) => {
                list.iter().enumerate().map(|(index, tree)| self.below(&index.to_string(), tree)).collect()
            }
            Tree::Record(members) if members.iter().any(|(name, _)| numbered(name)) => {
                members.iter().map(|(name, tree)| self.below(name, tree)).collect()
            }
            _ => vec![self.clone()],
        }
    }

    /// Returns the text it is, or has beside its attributes, cut of blanks. Blank is nothing.
    pub(super) fn text(&self, notes: &mut Notes) -> Option<&'t str> {
        match self.tree {
            Tree::Text(text) if text.len() > RequestLimits::default().string_bytes => {
                notes.add(&self.pointer, Reason::TooMuch, "is too long for a request");
                None
            }
            Tree::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            Tree::Record(_) if self.tree.get("$").is_some() => self.get("$")?.text(notes),
            _ => self.wrong("a text", notes),
        }
    }

    pub(super) fn flag(&self, notes: &mut Notes) -> Option<bool> {
        match self.tree {
            Tree::Flag(flag) => Some(*flag),
            _ => self.wrong("true or false", notes),
        }
    }

    /// Returns the calendar date it is.
    pub(super) fn date(&self, notes: &mut Notes) -> Option<Date> {
        let text = self.text(notes)?;
        let date = date::parse(text);
        if date.is_none() {
            notes.bad(&self.pointer, text, "is not a calendar date, such as `2025-09-05`");
        }
        date
    }

    /// Returns the ISO 3166 code it is.
    pub(super) fn place(&self, notes: &mut Notes) -> Option<&'t str> {
        let text = self.text(notes)?;
        if IsoCode::new(text).is_none() {
            notes.add(
                &self.pointer,
                Reason::UnknownCode,
                format!("`{}` is not in ISO 3166", super::error::shorten(text)),
            );
            return None;
        }
        Some(text)
    }

    /// Notes that it is not what it should be.
    pub(super) fn wrong<T>(&self, expected: &str, notes: &mut Notes) -> Option<T> {
        let says = format!("expected {expected}, found {}", self.tree.kind());
        notes.add(&self.pointer, Reason::BadValue, says);
        None
    }
}

/// Returns whether a text can name a record of a request.
pub(super) fn is_record_id(text: &str) -> bool {
    (1..=256).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// Returns `{ "unknown": reason }`; nothing for the reason that absence stands for.
pub(super) fn unknown(reason: &str) -> Option<Value> {
    (reason != NOT_SUPPLIED).then(|| json!({ "unknown": reason }))
}

/// Cuts a list at what a request can hold, with a remark.
pub(super) fn cut<T>(mut list: Vec<T>, most: usize, pointer: &str, notes: &mut Notes) -> Vec<T> {
    if list.len() > most {
        let says = format!("{} are too many for a request; the first {most} are used", list.len());
        notes.add(pointer, Reason::TooMuch, says);
        list.truncate(most);
    }
    list
}

/// A record of a request, field by field.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn new(record_id: &str) -> Fields {
        Fields::default().with("recordId", Some(Value::from(record_id)))
    }

    /// Sets a field if there is a value.
    pub(super) fn set(&mut self, name: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value);
        }
    }

    pub(super) fn with(mut self, name: &str, value: Option<Value>) -> Fields {
        self.set(name, value);
        self
    }

    /// Sets a fact if there is a value.
    pub(super) fn fact(&mut self, name: &str, value: Option<Value>) {
        let Some(value) = value else { return };
        let facts = self.0.entry("facts").or_insert_with(|| Value::Object(Map::new()));
        if let Some(facts) = facts.as_object_mut() {
            facts.insert(name.to_owned(), value);
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(super) fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

/// Returns a list as JSON; nothing if it is empty.
pub(super) fn some(list: Vec<Value>) -> Option<Value> {
    (!list.is_empty()).then_some(Value::Array(list))
}

/// Returns a date as the value of a fact.
pub(super) fn day(date: Date) -> Value {
    json!({ "date": date.to_string() })
}
