//! Answers: values that are put into a request at pointers, and the request that comes of it.
//!
//! Members on the way are made where the schema of requests has them; whatever else is wrong, the reader of requests says
//! with its place, as for any other request.

use crate::vocabulary::{Entry, Vocabulary, called};
use lexgate_model::manifest::{FactType, Part, Spot};
use lexgate_model::request::nearest;
use lexgate_model::{BadRequest, Request, RequestLimits};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::str::FromStr;

/// How deep an example goes; the schema of requests goes less deep.
const SHAPES_DEEP: u8 = 16;

/// A value for a place of a request: `POINTER=JSON`.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// RFC 6901 pointer.
    pub pointer: String,
    /// What stands there from now on.
    pub value: Value,
}

/// Why an answer cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BadAnswer {
    /// Not a pointer, an equals sign and a value.
    #[error("`{0}` is not of the form POINTER=JSON, such as `/parties/0/headquarters=\"SG\"`")]
    Form(String),
    /// The value is no JSON.
    #[error("the answer for `{0}` is not JSON: {1}; a text stands in double quotes, `\"SG\"`")]
    NotJson(String, String),
    /// Not a pointer.
    #[error(
        "`{0}` is no pointer: it begins with `/`, and in a name `~` is written `~0`, `/` is written `~1`"
    )]
    Pointer(String),
    /// A number that a float would have to carry.
    #[error("the answer for `{0}` has a number with a fraction; write it as a string, `\"50.1\"`")]
    Fraction(String),
    /// Two answers for one place.
    #[error("`{0}` is answered twice")]
    Twice(String),
    /// The pointer goes on below something that has no members.
    #[error("`{0}` is {1}; nothing stands below it")]
    Through(String, &'static str),
    /// No such element of a list.
    #[error("`{0}` has {1} elements; the next is `{0}/{1}`, and `{2}` is none of them")]
    Index(String, usize, String),
    /// No policy of the set reads it.
    #[error("no policy here reads the fact `{1}` of {0}; did you mean `{2}`?")]
    Unread(&'static str, String, String),
    /// Another type than the policies declare.
    #[error("`{0}` is a fact of type {1}; write {2}")]
    Type(String, String, &'static str),
    /// Not one of the words that policies know, but nearly.
    #[error("`{1}` is none of the words for `{0}`; did you mean `{2}`?")]
    Word(String, String, String),
    /// What came of it is no request.
    #[error(transparent)]
    Request(#[from] BadRequest),
}

impl FromStr for Answer {
    type Err = BadAnswer;

    fn from_str(text: &str) -> Result<Answer, BadAnswer> {
        let mut first = None;
        // A name of a fact may have equals signs, too: the first one that a value follows counts.
        for (place, _) in text.match_indices('=') {
            let (pointer, value) = (text.get(..place), text.get(place + 1..));
            let (Some(pointer), Some(value)) = (pointer, value) else { continue };
            match serde_json::from_str(value) {
                Ok(value) => return Answer::new(pointer, value),
                Err(error) => first = first.or(Some((pointer, error))),
            }
        }
        Err(match first {
            Some((pointer, error)) => BadAnswer::NotJson(short(pointer), error.to_string()),
            None => BadAnswer::Form(short(text)),
        })
    }
}

impl Answer {
    /// Returns the answer, if the pointer is one and the value exact.
    fn new(pointer: &str, value: Value) -> Result<Answer, BadAnswer> {
        let answer = Answer { pointer: pointer.to_owned(), value };
        answer.tokens()?;
        if has_fraction(&answer.value) {
            return Err(BadAnswer::Fraction(short(pointer)));
        }
        Ok(answer)
    }

    fn tokens(&self) -> Result<Vec<String>, BadAnswer> {
        let bad = || BadAnswer::Pointer(short(&self.pointer));
        let names = self.pointer.strip_prefix('/').ok_or_else(bad)?;
        let token = |name: &str| {
            let plain = name.replace("~0", "").replace("~1", "");
            (!plain.contains('~')).then(|| name.replace("~1", "/").replace("~0", "~"))
        };
        names.split('/').map(|name| token(name).ok_or_else(bad)).collect()
    }
}

/// Returns the request with the answers in place, in their order.
///
/// # Errors
/// [`BadAnswer`] with the place.
pub fn put(request: &Request, answers: &[Answer], limits: &RequestLimits) -> Result<Request, BadAnswer> {
    let mut places = BTreeSet::new();
    if let Some(twice) = answers.iter().find(|answer| !places.insert(&answer.pointer)) {
        return Err(BadAnswer::Twice(short(&twice.pointer)));
    }
    let schema = Request::json_schema();
    let mut value = request.to_value();
    for answer in answers {
        place(&mut value, &schema, answer)?;
    }
    Ok(Request::from_json(value.to_string().as_bytes(), limits)?)
}

fn place(mut at: &mut Value, schema: &Value, answer: &Answer) -> Result<(), BadAnswer> {
    let tokens = answer.tokens()?;
    let mut shape = Some(schema);
    let mut pointer = String::new();
    for (token, next) in tokens.iter().zip(tokens.iter().skip(1).map(Some).chain([None])) {
        shape = shape.and_then(|shape| member(schema, shape, token));
        let made = || match next {
            None => answer.value.clone(),
            Some(_) if shape.is_some_and(|shape| is_list(schema, shape)) => Value::Array(Vec::new()),
            Some(_) => Value::Object(Map::new()),
        };
        let found = match at {
            Value::Object(members) => members.entry(token.clone()).or_insert_with(made),
            Value::Array(list) => {
                let length = list.len();
                let stray = || BadAnswer::Index(short(&pointer), length, short(token));
                let index = index(token).filter(|index| *index <= length).ok_or_else(stray)?;
                if index == length {
                    list.push(made());
                }
                list.get_mut(index).ok_or_else(stray)?
            }
            other => return Err(BadAnswer::Through(short(&pointer), kind(other))),
        };
        if next.is_none() {
            found.clone_from(&answer.value);
        }
        at = found;
        pointer = format!("{pointer}/{}", token.replace('~', "~0").replace('/', "~1"));
    }
    Ok(())
}

/// What is known of a place that an example is made for.
pub(super) struct Example<'a> {
    /// The schema of requests.
    pub(super) schema: &'a Value,
    /// The request, for a party that is in it.
    pub(super) request: &'a Value,
    /// The place.
    pub(super) pointer: &'a str,
    /// The type of a named fact.
    pub(super) kind: Option<FactType>,
    /// UCUM code of a number.
    pub(super) unit: Option<&'a str>,
    /// The words it may be.
    pub(super) values: &'a [String],
}

impl Example<'_> {
    /// Returns a value that may stand there, as far as the schema tells; whether it is true is another matter.
    pub(super) fn value(&self) -> Value {
        let word = self.values.first().map_or("text", String::as_str);
        match self.kind {
            Some(FactType::Text) => return json!(word),
            Some(FactType::Flag) => return json!(true),
            Some(FactType::Number) => {
                return match self.unit {
                    Some(unit) => json!({ "number": "50", "unit": unit }),
                    None => json!({ "number": "50" }),
                };
            }
            Some(FactType::Date) => return json!({ "date": "2025-09-05" }),
            Some(FactType::Texts) => return json!([word]),
            None => {}
        }
        let step = |shape, token| member(self.schema, shape, token);
        match self.pointer.split('/').skip(1).try_fold(self.schema, step) {
            Some(shape) => self.of(shape, SHAPES_DEEP),
            None => json!(word),
        }
    }

    fn of(&self, shape: &Value, deep: u8) -> Value {
        let Some((shape, deeper)) = resolved(self.schema, shape).zip(deep.checked_sub(1)) else {
            return Value::Null;
        };
        if let Some(choice) = shape.pointer("/anyOf/0") {
            return self.of(choice, deeper);
        }
        if let Some(word) = shape.pointer("/enum/0") {
            return word.clone();
        }
        let kind = shape.get("type").and_then(|kind| kind.as_str().or_else(|| kind.pointer("/0")?.as_str()));
        match kind {
            Some("array") => {
                Value::Array(shape.get("items").map(|items| self.of(items, deeper)).into_iter().collect())
            }
            Some("object") => self.members(shape, deeper),
            Some("boolean") => json!(true),
            Some("integer" | "number") => json!(1),
            _ => json!(self.text(shape)),
        }
    }

    /// Returns the members that must be there; where none must, the first.
    fn members(&self, shape: &Value, deep: u8) -> Value {
        let Some(properties) = shape.get("properties").and_then(Value::as_object) else {
            return json!({});
        };
        let required = shape.get("required").and_then(Value::as_array).into_iter().flatten();
        let mut names: Vec<&str> = required.filter_map(Value::as_str).collect();
        if names.is_empty() {
            names.extend(properties.keys().next().map(String::as_str));
        }
        let member = |name: &str| match name {
            // What is added has a name of its own.
            "recordId" => Some(json!("new")),
            _ => Some(self.of(properties.get(name)?, deep)),
        };
        let members = names.into_iter().filter_map(|name| Some((name.to_owned(), member(name)?)));
        Value::Object(members.collect())
    }

    fn text(&self, shape: &Value) -> &str {
        let says = |key: &str| shape.get(key).and_then(Value::as_str);
        match (says("pattern"), says("format")) {
            (Some(pattern), _) if pattern.starts_with("^[A-Z]{2}") => "SG",
            (Some(_), _) => "50",
            (None, Some("date")) => "2025-09-05",
            (None, Some("date-time")) => "2025-09-05T09:00:00Z",
            // A limit of length marks names of records: of those only parties are referred to.
            (None, _) if shape.get("minLength").is_some() => {
                self.request.pointer("/parties/0/recordId").and_then(Value::as_str).unwrap_or("text")
            }
            (None, _) => "text",
        }
    }
}

/// Returns the schema of a member or of an element.
fn member<'s>(schema: &'s Value, shape: &'s Value, token: &str) -> Option<&'s Value> {
    let shape = resolved(schema, shape)?;
    if let Some(choices) = shape.get("anyOf").and_then(Value::as_array) {
        return choices.iter().find_map(|choice| member(schema, choice, token));
    }
    let properties = shape.get("properties").and_then(|properties| properties.get(token));
    let other = || shape.get("additionalProperties").filter(|other| other.is_object());
    properties.or_else(|| shape.get("items")).or_else(other)
}

fn is_list(schema: &Value, shape: &Value) -> bool {
    resolved(schema, shape).is_some_and(|shape| shape.get("items").is_some())
}

fn resolved<'s>(schema: &'s Value, shape: &'s Value) -> Option<&'s Value> {
    match shape.get("$ref").and_then(Value::as_str) {
        Some(reference) => schema.pointer(reference.strip_prefix('#')?),
        None => Some(shape),
    }
}

/// Checks an answer against what the policies declare of the fact: an error where it is surely a slip, else perhaps a remark.
///
/// `asked` are the places that the decision asks for; they need no declaration.
///
/// # Errors
/// [`BadAnswer::Unread`], [`BadAnswer::Type`] or [`BadAnswer::Word`].
pub fn suits(
    answer: &Answer,
    vocabulary: &Vocabulary,
    asked: &BTreeSet<&str>,
) -> Result<Option<String>, BadAnswer> {
    let Some(Spot { of, part: Part::Fact(name) }) = Spot::of_pointer(&answer.pointer) else {
        return Ok(None);
    };
    let here = || vocabulary.facts.iter().filter(|entry| entry.of == of);
    let Some(entry) = here().find(|entry| entry.name.as_ref() == Some(&name)) else {
        if asked.contains(answer.pointer.as_str()) || vocabulary.facts.is_empty() {
            return Ok(None);
        }
        let known = here().filter_map(|entry| entry.name.as_deref());
        let asked = asked.iter().filter_map(|pointer| Spot::of_pointer(pointer));
        let asked = asked.filter_map(|spot| match spot.part {
            Part::Fact(name) if spot.of == of => Some(name),
            _ => None,
        });
        let known = known.map(str::to_owned).chain(asked);
        return match nearest(&name, known) {
            Some(near) => Err(BadAnswer::Unread(called(of), short(&name), near)),
            None => Ok(Some(format!(
                "no policy here declares that it reads the fact `{}` of {}",
                short(&name),
                called(of)
            ))),
        };
    };
    // Where policies contradict each other there is no right type.
    let disputed = vocabulary.conflicts.iter().any(|conflict| conflict.of == of && conflict.name == name);
    if disputed || answer.value.get("unknown").is_some() {
        return Ok(None);
    }
    typed(answer, entry)?;
    words(answer, entry)
}

fn typed(answer: &Answer, entry: &Entry) -> Result<(), BadAnswer> {
    let value = &answer.value;
    let (fits, form) = match entry.kind {
        None => return Ok(()),
        Some(FactType::Text) => (value.is_string(), "a text, `\"…\"`"),
        Some(FactType::Flag) => (value.is_boolean(), "`true` or `false`"),
        Some(FactType::Number) => {
            let form = "a number, `5` or `{\"number\":\"1.5\",\"unit\":\"…\"}`";
            (value.is_number() || value.get("number").is_some(), form)
        }
        Some(FactType::Date) => (value.get("date").is_some(), "a date, `{\"date\":\"2025-09-05\"}`"),
        Some(FactType::Texts) => (value.is_array(), "a list of texts, `[\"…\"]`"),
    };
    let wrong = || BadAnswer::Type(short(&answer.pointer), entry.type_in_words(), form);
    if fits { Ok(()) } else { Err(wrong()) }
}

fn words(answer: &Answer, entry: &Entry) -> Result<Option<String>, BadAnswer> {
    let given: Vec<&str> = match &answer.value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    };
    let is_known = |word: &&str| entry.values.iter().any(|value| value == word);
    let Some(stray) = given.into_iter().find(|word| !is_known(word)).filter(|_| !entry.values.is_empty())
    else {
        return Ok(None);
    };
    match nearest(stray, entry.values.iter()) {
        Some(near) => Err(BadAnswer::Word(short(&answer.pointer), short(stray), near.clone())),
        None => Ok(Some(format!(
            "`{}` is none of the words for `{}`: {}",
            short(stray),
            short(&answer.pointer),
            entry.values.join(", ")
        ))),
    }
}

fn index(token: &str) -> Option<usize> {
    let canonical = token == "0" || !token.starts_with('0');
    (canonical && token.bytes().all(|byte| byte.is_ascii_digit())).then(|| token.parse().ok()).flatten()
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn has_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => !number.is_i64() && !number.is_u64(),
        Value::Array(list) => list.iter().any(has_fraction),
        Value::Object(members) => members.values().any(has_fraction),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

/// Cuts a text to a length fit for a message.
fn short(text: &str) -> String {
    let mut short: String = text.chars().take(128).collect();
    if text.chars().nth(128).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests;
