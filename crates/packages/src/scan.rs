//! Reads a component once: validates it, counts what the limits bound, and notes its sections and imports.
//!
//! Each count is compared before what it counts is validated, so that a package far above a limit costs little.

use crate::limits::PackageLimits;
use crate::refused::{Reason, shown};
use wasmparser::types::Types;
use wasmparser::{
    BlockType, ComponentInstance, ComponentType, CompositeInnerType, Encoding, FuncToValidate,
    FuncValidatorAllocations, FunctionBody, Instance, Operator, Parser, Payload, ValidPayload, Validator,
    ValidatorResources, WasmFeatures, WasmModuleResources,
};

/// What a package may be written in: WebAssembly 2.0, sums in constant expressions (which linkers of interpreters use) and the
/// component model, as the engine runs them. No threads, no relaxed SIMD, no 64-bit or several memories, no garbage
/// collection, no exceptions, no async.
const FEATURES: WasmFeatures =
    WasmFeatures::WASM2.union(WasmFeatures::EXTENDED_CONST).union(WasmFeatures::COMPONENT_MODEL);

/// How names of our own sections begin.
const OURS: &str = "lexgate:";

/// A section of ours at the top level.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    pub(crate) name: &'a str,
    pub(crate) data: &'a [u8],
}

/// What was found in a valid component.
pub(crate) struct Scan<'a> {
    pub(crate) sections: Vec<Section<'a>>,
    pub(crate) imports: Vec<&'a str>,
    pub(crate) types: Types,
}

/// Compares a count with its limit.
pub(crate) fn within(
    limit: &'static str,
    place: impl FnOnce() -> String,
    unit: &'static str,
    found: u64,
    most: u64,
) -> Result<(), Reason> {
    if found <= most { Ok(()) } else { Err(Reason::Limit { limit, place: place(), unit, found, most }) }
}

pub(crate) fn scan<'a>(bytes: &'a [u8], limits: &PackageLimits) -> Result<Scan<'a>, Reason> {
    let mut validator = Validator::new_with_features(FEATURES);
    let mut parser = Parser::new(0);
    parser.set_features(FEATURES);
    let mut counter = Counter::new(limits);
    let mut types = None;
    for payload in parser.parse_all(bytes) {
        let payload = payload.map_err(invalid)?;
        counter.count(&payload)?;
        match validator.payload(&payload).map_err(invalid)? {
            ValidPayload::Func(function, body) => counter.function(function, &body)?,
            ValidPayload::End(found) => types = Some(found),
            ValidPayload::Ok | ValidPayload::Parser(_) => {}
        }
    }
    match types {
        Some(types) => Ok(Scan { sections: counter.sections, imports: counter.imports, types }),
        None => Err(Reason::Invalid { offset: bytes.len(), why: "it has no end".to_owned() }),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn invalid(error: wasmparser::Error) -> Reason {
    let why = error.message().chars().take(400).map(|c| if c.is_control() { ' ' } else { c }).collect();
    Reason::Invalid { offset: error.offset(), why }
}

/// What was counted so far.
struct Counter<'l, 'a> {
    limits: &'l PackageLimits,
    /// What is open around the payload, outermost first.
    open: Vec<Encoding>,
    sections: Vec<Section<'a>>,
    imports: Vec<&'a str>,
    nested: u64,
    instances: u64,
    canonical_functions: u64,
    custom_sections: u64,
    functions: u64,
    loop_locals: u64,
    data_segments: u64,
    tables: u64,
    table_elements: u64,
    memory_pages: u64,
    allocations: FuncValidatorAllocations,
}

impl<'l, 'a> Counter<'l, 'a> {
    fn new(limits: &'l PackageLimits) -> Counter<'l, 'a> {
        Counter {
            limits,
            open: Vec::new(),
            sections: Vec::new(),
            imports: Vec::new(),
            nested: 0,
            instances: 0,
            canonical_functions: 0,
            custom_sections: 0,
            functions: 0,
            loop_locals: 0,
            data_segments: 0,
            tables: 0,
            table_elements: 0,
            memory_pages: 0,
            allocations: FuncValidatorAllocations::default(),
        }
    }

    fn count(&mut self, payload: &Payload<'a>) -> Result<(), Reason> {
        let limits = self.limits;
        let package = || "the package".to_owned();
        match payload {
            Payload::Version { encoding, .. } => self.open.push(*encoding),
            Payload::End(_) => drop(self.open.pop()),
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                self.nested += 1;
                within("nested", package, "components and modules inside", self.nested, limits.nested)?;
                let depth = self.open.len() as u64;
                within("nested_depth", package, "levels of components inside", depth, limits.nested_depth)?;
            }
            Payload::InstanceSection(instances) => {
                for instance in instances.clone() {
                    self.instances +=
                        u64::from(matches!(instance.map_err(invalid)?, Instance::Instantiate { .. }));
                    within("instances", package, "instantiations", self.instances, limits.instances)?;
                }
            }
            Payload::ComponentInstanceSection(instances) => {
                for instance in instances.clone() {
                    let instance = instance.map_err(invalid)?;
                    self.instances += u64::from(matches!(instance, ComponentInstance::Instantiate { .. }));
                    within("instances", package, "instantiations", self.instances, limits.instances)?;
                }
            }
            Payload::ComponentCanonicalSection(functions) => {
                self.canonical_functions += u64::from(functions.count());
                let (found, most) = (self.canonical_functions, limits.canonical_functions);
                within("canonical_functions", package, "canonical functions", found, most)?;
            }
            // The contract has no resources. A component that makes its own among its parts is refused as well: tables of
            // handles have been the engine's weak spot more than once.
            Payload::ComponentTypeSection(types) => {
                for found in types.clone().into_iter_with_offsets() {
                    let (offset, found) = found.map_err(invalid)?;
                    if matches!(found, ComponentType::Resource { .. }) {
                        return Err(Reason::Resource { offset });
                    }
                }
            }
            Payload::ComponentImportSection(imports) if self.open.len() == 1 => {
                for import in imports.clone() {
                    self.imports.push(import.map_err(invalid)?.name.name);
                }
            }
            Payload::CustomSection(section) => {
                self.custom_sections += 1;
                let found = self.custom_sections;
                within("custom_sections", package, "custom sections", found, limits.custom_sections)?;
                if section.name().starts_with(OURS) {
                    let section_name = section.name();
                    if self.open.len() > 1 {
                        return Err(Reason::Nested {
                            section: shown(section_name),
                            offset: section.range().start,
                        });
                    }
                    self.sections.push(Section { name: section_name, data: section.data() });
                }
            }
            Payload::CodeSectionStart { count, .. } => {
                self.functions += u64::from(*count);
                within("functions", package, "core functions", self.functions, limits.functions)?;
            }
            Payload::CodeSectionEntry(body) => {
                let place = || format!("the core function at byte {:#x}", body.range().start);
                let found = body.as_bytes().len() as u64;
                within("function_bytes", place, "bytes of body", found, limits.function_bytes)?;
                let mut locals = 0;
                for local in body.get_locals_reader().map_err(invalid)? {
                    locals += u64::from(local.map_err(invalid)?.0);
                    within("function_locals", place, "locals", locals, limits.function_locals)?;
                }
            }
            Payload::DataCountSection { count, .. } => {
                let found = self.data_segments.saturating_add(u64::from(*count));
                within("data_segments", package, "data segments", found, limits.data_segments)?;
            }
            Payload::DataSection(data) => {
                self.data_segments += u64::from(data.count());
                within("data_segments", package, "data segments", self.data_segments, limits.data_segments)?;
            }
            Payload::TableSection(tables) => {
                self.tables += u64::from(tables.count());
                within("tables", package, "tables", self.tables, limits.tables)?;
                for table in tables.clone() {
                    let initial = table.map_err(invalid)?.ty.initial;
                    self.table_elements = self.table_elements.saturating_add(initial);
                    let found = self.table_elements;
                    within(
                        "table_elements",
                        package,
                        "table elements at the start",
                        found,
                        limits.table_elements,
                    )?;
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories.clone() {
                    self.memory_pages = self.memory_pages.saturating_add(memory.map_err(invalid)?.initial);
                    let found = self.memory_pages;
                    within(
                        "memory_pages",
                        package,
                        "pages of memory at the start",
                        found,
                        limits.memory_pages,
                    )?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Validates a function, one operator at a time, with an eye on how deep it goes.
    fn function(
        &mut self,
        function: FuncToValidate<ValidatorResources>,
        body: &FunctionBody<'_>,
    ) -> Result<(), Reason> {
        let package = || "the package".to_owned();
        let place = || format!("the core function at byte {:#x}", body.range().start);
        let mut validator = function.into_validator(std::mem::take(&mut self.allocations));
        let mut reader = body.get_binary_reader();
        validator.read_locals(&mut reader).map_err(invalid)?;
        let mut operators = wasmparser::OperatorsReader::new(reader);
        let locals = u64::from(validator.len_locals());
        let (mut open, mut loops) = (Vec::new(), 0_u64);
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset().map_err(invalid)?;
            match operator {
                Operator::Block { blockty } | Operator::If { blockty } | Operator::Loop { blockty } => {
                    let is_loop = matches!(operator, Operator::Loop { .. });
                    open.push(is_loop);
                    loops += u64::from(is_loop);
                    let values = values_of(blockty, validator.resources());
                    within("block_values", place, "values of one block", values, self.limits.block_values)?;
                    let carried = if is_loop { locals.saturating_add(values) } else { values };
                    self.loop_locals = self.loop_locals.saturating_add(carried);
                    let (found, most) = (self.loop_locals, self.limits.loop_locals);
                    within("loop_locals", package, "loops times local variables", found, most)?;
                }
                Operator::End => loops -= u64::from(open.pop().unwrap_or(false)),
                _ => {}
            }
            within(
                "block_depth",
                place,
                "blocks within each other",
                open.len() as u64,
                self.limits.block_depth,
            )?;
            within("loop_depth", place, "loops within each other", loops, self.limits.loop_depth)?;
            validator.op(offset, &operator).map_err(invalid)?;
        }
        operators.finish().map_err(invalid)?;
        self.allocations = validator.into_allocations();
        Ok(())
    }
}

/// Returns how many values a block takes and leaves.
fn values_of(block: BlockType, resources: &ValidatorResources) -> u64 {
    match block {
        BlockType::Empty => 0,
        BlockType::Type(_) => 1,
        // One that is not there is refused when the operator is validated.
        BlockType::FuncType(index) => match resources.sub_type_at(index).map(|ty| &ty.composite_type.inner) {
            Some(CompositeInnerType::Func(ty)) => (ty.params().len() + ty.results().len()) as u64,
            _ => 0,
        },
    }
}
