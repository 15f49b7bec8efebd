//! What a module looks like from outside, and whether it only passes calls on through a table, or only fills one in.

use super::number;
use std::collections::BTreeMap;
use wasmparser::{BlockType, ElementItems, ElementKind, ExternalKind, Operator, Parser, Payload, TypeRef};

/// What stands in a module, as far as it matters here.
#[derive(Default)]
pub(super) struct Inside {
    /// Functions it imports: module and name.
    pub(super) imports: Vec<(String, String)>,
    /// How many parameters each type has.
    types: Vec<usize>,
    /// The types of all functions.
    functions: Vec<usize>,
    /// Functions it exports, by name.
    pub(super) exports: BTreeMap<String, usize>,
    /// Where the bodies of functions only call through the table, with the first of what they were called with: how many of
    /// it, and the place in the table.
    slots: Vec<Option<(usize, u32)>>,
    /// How many segments put functions into tables.
    segments: usize,
    /// What the last of them puts at the start of the first table, if it does.
    segment: Option<Vec<usize>>,
    /// How many tables it imports.
    imported_tables: usize,
    /// How many functions each of its own has room for.
    own_tables: Vec<u64>,
    /// Whether it has a memory, globals or data.
    keeps_more: bool,
}

impl Inside {
    pub(super) fn read(module: &[u8]) -> Option<Inside> {
        let mut inside = Inside::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload.ok()? {
                Payload::TypeSection(types) => {
                    for types in types {
                        for one in types.ok()?.types() {
                            let parameters = match &one.composite_type.inner {
                                wasmparser::CompositeInnerType::Func(function) => function.params().len(),
                                _ => return None,
                            };
                            inside.types.push(parameters);
                        }
                    }
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import.ok()?;
                        match import.ty {
                            TypeRef::Func(index) => {
                                inside.functions.push(number(index)?);
                                inside.imports.push((import.module.to_owned(), import.name.to_owned()));
                            }
                            // What fills in a table imports it.
                            TypeRef::Table(_) => inside.imported_tables += 1,
                            _ => return None,
                        }
                    }
                }
                Payload::TableSection(tables) => {
                    for table in tables {
                        inside.own_tables.push(table.ok()?.ty.initial);
                    }
                }
                Payload::MemorySection(memories) => inside.keeps_more |= memories.count() > 0,
                Payload::GlobalSection(globals) => inside.keeps_more |= globals.count() > 0,
                Payload::DataSection(data) => inside.keeps_more |= data.count() > 0,
                Payload::FunctionSection(functions) => {
                    for index in functions {
                        inside.functions.push(number(index.ok()?)?);
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export.ok()?;
                        if export.kind == ExternalKind::Func {
                            inside.exports.insert(export.name.to_owned(), number(export.index)?);
                        }
                    }
                }
                Payload::ElementSection(elements) => inside.elements(elements)?,
                Payload::CodeSectionEntry(body) => inside.slots.push(slot_of(&body)),
                // It does something before it is asked.
                Payload::StartSection { .. } => return None,
                _ => {}
            }
        }
        Some(inside)
    }

    fn elements(&mut self, elements: wasmparser::ElementSectionReader<'_>) -> Option<()> {
        self.segments = number(elements.count())?;
        let Some(segment) = elements.into_iter().last() else { return Some(()) };
        let segment = segment.ok()?;
        let ElementKind::Active { table_index: None | Some(0), offset_expr } = segment.kind else {
            return Some(());
        };
        let mut offset = offset_expr.get_operators_reader();
        let (first, end) = (offset.read().ok()?, offset.read().ok()?);
        if !matches!((first, end), (Operator::I32Const { value: 0 }, Operator::End)) {
            return Some(());
        }
        if let ElementItems::Functions(functions) = segment.items {
            let all = functions.into_iter().map(|function| number(function.ok()?)).collect::<Option<_>>();
            self.segment = Some(all?);
        }
        Some(())
    }

    pub(super) fn parameters(&self, export: &str) -> Option<usize> {
        self.types.get(*self.functions.get(*self.exports.get(export)?)?).copied()
    }

    /// Returns whether it only passes calls on: through one table of its own, which it leaves empty.
    pub(super) fn only_passes_on(&self) -> bool {
        let of_itself = self.imports.is_empty() && self.imported_tables == 0 && !self.keeps_more;
        let room = |functions: &u64| usize::try_from(*functions).is_ok_and(|n| n <= self.functions.len());
        of_itself && self.segments == 0 && matches!(self.own_tables.as_slice(), [table] if room(table))
    }

    /// Returns whether it only fills in a table: the one that it imports, with functions that it imports.
    pub(super) fn only_fills_in(&self) -> bool {
        let has_one = self.imported_tables == 1 && self.own_tables.is_empty();
        has_one && self.segments == 1 && self.slots.is_empty() && !self.keeps_more
    }

    /// Returns whether the table of another module has room for all that this puts there.
    pub(super) fn fits(&self, into: &Inside) -> bool {
        let room =
            |functions: &Vec<usize>| into.own_tables.iter().all(|table| functions.len() as u64 <= *table);
        self.segment.as_ref().is_some_and(room)
    }

    /// Returns the place in the table that an export calls.
    pub(super) fn slot(&self, export: &str) -> Option<u32> {
        let body = self.exports.get(export)?.checked_sub(self.imports.len())?;
        let (passed, slot) = (*self.slots.get(body)?)?;
        (self.parameters(export)? == passed).then_some(slot)
    }

    /// Returns the import that this puts at a place of the table: its module and name.
    pub(super) fn filled(&self, slot: u32) -> Option<&(String, String)> {
        self.imports.get(*self.segment.as_ref()?.get(number(slot)?)?)
    }
}

/// Returns the place in the table that a function calls with its own parameters, and with how many, if that is all that it does.
fn slot_of(body: &wasmparser::FunctionBody<'_>) -> Option<(usize, u32)> {
    let mut operators = body.get_operators_reader().ok()?;
    if body.get_locals_reader().ok()?.get_count() != 0 {
        return None;
    }
    let mut parameters = 0;
    let slot = loop {
        match operators.read().ok()? {
            Operator::LocalGet { local_index } if local_index == parameters => parameters += 1,
            Operator::I32Const { value } => break u32::try_from(value).ok()?,
            _ => return None,
        }
    };
    let call = operators.read().ok()?;
    let mut end = operators.read().ok()?;
    // Where a profile stops, see `with_stops`: beside what the package may have brought.
    while let Operator::Loop { blockty: BlockType::Empty } = end {
        end = matches!(operators.read().ok()?, Operator::End).then(|| operators.read().ok()).flatten()?;
    }
    let calls = matches!(call, Operator::CallIndirect { table_index: 0, .. });
    (calls && matches!(end, Operator::End) && operators.eof() && parameters > 0)
        .then_some((number(parameters)?, slot))
}
