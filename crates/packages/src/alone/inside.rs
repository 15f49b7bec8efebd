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
    /// What a segment puts at the start of the table, if that is all that the module does.
    segment: Option<Vec<usize>>,
    /// How many tables it has, with those that it imports.
    pub(super) tables: usize,
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
                            TypeRef::Table(_) => inside.tables += 1,
                            _ => return None,
                        }
                    }
                }
                Payload::TableSection(tables) => inside.tables += number(tables.count())?,
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
        let mut segments = elements.into_iter();
        let (Some(segment), None) = (segments.next(), segments.next()) else { return Some(()) };
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

    /// Returns the place in the table that an export calls.
    pub(super) fn slot(&self, export: &str) -> Option<u32> {
        let body = self.exports.get(export)?.checked_sub(self.imports.len())?;
        let (passed, slot) = (*self.slots.get(body)?)?;
        (self.parameters(export)? == passed).then_some(slot)
    }

    /// Returns the import that this puts at a place of the table.
    pub(super) fn filled(&self, slot: u32) -> Option<usize> {
        let function = *self.segment.as_ref()?.get(number(slot)?)?;
        (self.tables == 1 && self.slots.is_empty() && function < self.imports.len()).then_some(function)
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
    if let Operator::Loop { blockty: BlockType::Empty } = end {
        // Where a profile stops, see `with_stops`.
        end = matches!(operators.read().ok()?, Operator::End).then(|| operators.read().ok()).flatten()?;
    }
    let calls = matches!(call, Operator::CallIndirect { table_index: 0, .. });
    (calls && matches!(end, Operator::End) && operators.eof() && parameters > 0)
        .then_some((number(parameters)?, slot))
}
