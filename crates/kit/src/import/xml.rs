//! Records in XML. Names lose their prefix, attributes get an `@`, a text beside attributes is called `$`.
//!
//! Entities other than the five of XML and characters by number are refused, and so is a document type definition: there
//! is nothing to expand.

use super::error::{ImportError, shorten};
use super::records::{Kind, Met, Visit};
use super::report::{Note, Place, Reason};
use super::source::{At, Tape, read_error};
use super::tree::Tree;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::rc::Rc;

/// Most levels of elements in one record.
const DEPTH: usize = 32;

/// Elements that are records of some file of the register.
const RECORDS: [&str; 3] = ["LEIRecord", "RelationshipRecord", "Exception"];

/// Hands the records of a file over.
pub(super) fn each(
    tape: Tape<'_, '_>,
    kind: &Kind,
    element: &str,
    visit: &mut Visit<'_>,
) -> Result<(), ImportError> {
    let (file, at) = (tape.file(), tape.at());
    let mut reader = Reader::from_reader(tape);
    reader.config_mut().expand_empty_elements = true;
    let mut file = Xml { reader, buffer: Vec::new(), file, at };
    let (mut records, mut open) = (0u64, 0u64);
    loop {
        match file.next()? {
            Piece::Open(name, _) if name == element => {
                records += 1;
                let line = file.at.line();
                let place = Place { file: Rc::clone(&file.file), record: records, line };
                let tree = file.element(name)?;
                visit(Met { place, tree })?;
                file.at.next_record();
            }
            Piece::Open(name, _) if RECORDS.contains(&name.as_str()) => {
                let why = format!("it holds `{name}`");
                return Err(ImportError::Content {
                    file: file.file.to_string(),
                    expected: kind.expected,
                    why,
                });
            }
            Piece::Open(..) => open += 1,
            Piece::Close => open = open.saturating_sub(1),
            Piece::Text(_) => {}
            Piece::End if open > 0 => return Err(file.broken("it ends inside an element")),
            Piece::End => return Ok(()),
        }
        if records == 0 {
            file.at.next_record();
        }
    }
}

struct Xml<'s, 'w> {
    reader: Reader<Tape<'s, 'w>>,
    buffer: Vec<u8>,
    file: Rc<str>,
    at: Rc<At>,
}

/// What matters of XML.
enum Piece {
    Open(String, Vec<(String, Tree)>),
    Close,
    Text(String),
    End,
}

/// Most kinds of elements in one. Chosen by feel: an entity of the golden copy has some twenty.
const MOST_MEMBERS: usize = 256;

/// An element whose end was not read yet.
struct Element {
    name: String,
    attributes: Vec<(String, Tree)>,
    members: Vec<(String, Tree)>,
    text: String,
}

impl Element {
    fn new(name: String, attributes: Vec<(String, Tree)>) -> Element {
        Element { name, attributes, members: Vec::new(), text: String::new() }
    }

    /// Adds a member; returns whether there was room for it.
    fn add(&mut self, name: String, tree: Tree) -> bool {
        let full = self.members.len() >= MOST_MEMBERS;
        match self.members.iter_mut().find(|(known, _)| *known == name) {
            None if full => return false,
            None => self.members.push((name, tree)),
            Some((_, Tree::List(list))) => list.push(tree),
            Some((_, one)) => {
                let first = std::mem::replace(one, Tree::Null);
                *one = Tree::List(vec![first, tree]);
            }
        }
        true
    }

    fn close(self) -> (String, Tree) {
        let Element { name, mut attributes, members, text } = self;
        let text = text.trim();
        let tree = if !members.is_empty() {
            attributes.extend(members);
            Tree::Record(attributes)
        } else if attributes.is_empty() {
            Tree::Text(text.to_owned())
        } else {
            attributes.push(("$".to_owned(), Tree::Text(text.to_owned())));
            Tree::Record(attributes)
        };
        (name, tree)
    }
}

impl Xml<'_, '_> {
    /// Reads on to the end of a record whose beginning was read.
    fn element(&mut self, name: String) -> Result<Result<Tree, Note>, ImportError> {
        let mut open = vec![Element::new(name, Vec::new())];
        let mut too_deep = 0usize;
        let mut problem = None;
        loop {
            match self.next()? {
                Piece::Open(..) if open.len() >= DEPTH => too_deep += 1,
                Piece::Open(name, attributes) => open.push(Element::new(name, attributes)),
                Piece::Text(text) => {
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(&text);
                    }
                }
                Piece::Close if too_deep > 0 => {
                    too_deep -= 1;
                    let why = format!("is nested deeper than {DEPTH} levels");
                    problem = Some(Note::new("", Reason::Malformed, why));
                }
                Piece::Close => {
                    let Some((name, tree)) = open.pop().map(Element::close) else {
                        return Err(self.broken("an element ends that has not begun"));
                    };
                    match open.last_mut() {
                        Some(parent) => {
                            if !parent.add(name, tree) {
                                let why = format!("has more than {MOST_MEMBERS} kinds of elements in one");
                                problem = Some(Note::new("", Reason::Malformed, why));
                            }
                        }
                        None => return Ok(problem.map_or(Ok(tree), Err)),
                    }
                }
                Piece::End => return Err(self.broken("it ends inside a record")),
            }
        }
    }

    fn next(&mut self) -> Result<Piece, ImportError> {
        loop {
            self.buffer.clear();
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => return Err(failure(&self.file, &self.at, error)),
            };
            let broken = |why: String| broken(&self.file, &self.at, &why);
            return Ok(match event {
                Event::Start(start) => open(&start).map_err(broken)?,
                Event::End(_) => Piece::Close,
                Event::Text(text) => Piece::Text(text.xml10_content().into_owned()),
                Event::CData(text) => Piece::Text(text.xml10_content().into_owned()),
                Event::GeneralRef(reference) => {
                    let number = reference.resolve_char_ref().map_err(|error| broken(error.to_string()))?;
                    let known =
                        || quick_xml::escape::resolve_predefined_entity(&reference).map(str::to_owned);
                    let text = number.map(String::from).or_else(known);
                    let unknown = || broken(format!("`&{};` is not known", shorten(&reference)));
                    Piece::Text(text.ok_or_else(unknown)?)
                }
                Event::DocType(_) => return Err(broken("it has a document type definition".to_owned())),
                Event::Eof => Piece::End,
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
            });
        }
    }

    fn broken(&self, why: &str) -> ImportError {
        broken(&self.file, &self.at, why)
    }
}

fn open(start: &BytesStart<'_>) -> Result<Piece, String> {
    let local = |name: &str| name.rsplit(':').next().unwrap_or(name).to_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let name = attribute.key.as_ref();
        if name.starts_with("xmlns") || name.ends_with(":schemaLocation") {
            continue;
        }
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0);
        let value = value.map_err(|error| error.to_string())?.into_owned();
        let name = if name == "xml:lang" { "@xml:lang".to_owned() } else { format!("@{}", local(name)) };
        attributes.push((name, Tree::Text(value)));
    }
    Ok(Piece::Open(local(start.name().as_ref()), attributes))
}

fn failure(file: &str, at: &At, error: quick_xml::Error) -> ImportError {
    match error {
        quick_xml::Error::Io(error) => read_error(file, at, error.kind().into()),
        other => broken(file, at, &other.to_string()),
    }
}

fn broken(file: &str, at: &At, why: &str) -> ImportError {
    let (line, column) = (at.line(), at.column());
    ImportError::Syntax { file: file.to_owned(), line, column, format: "XML", why: shorten(why) }
}
