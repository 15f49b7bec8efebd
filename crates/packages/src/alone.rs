//! Tells whether a component is one module of code and nothing that needs the component model while it runs, and what it is
//! then: the module, and which of its exports do what.
//!
//! What `wit-component` makes of a policy is such a component: beside the module there are only a table of functions that
//! were not there yet when the module was instantiated, and what fills it in. Every way a function takes from an import of
//! the component to an import of the module is followed; whatever is not exactly of this kind is left to the component model.

mod inside;

use inside::Inside;
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ops::Range;
use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind, ComponentInstance,
    ComponentOuterAliasKind, ComponentTypeRef, ExternalKind, Instance, InstantiationArgKind, Parser, Payload,
};

/// What a function of the host does that a module imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Import {
    /// `datasets.read`.
    Read,
    /// `log.write`.
    Write,
}

/// Which exports and imports of a module are which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ways {
    /// `evaluate` of the contract.
    pub evaluate: String,
    /// The memory that values lie in.
    pub memory: String,
    /// What makes room in it.
    pub realloc: String,
    /// What is called with what `evaluate` returned, when that was read.
    pub post_return: Option<String>,
    /// Module, name, and what it does.
    pub imports: Vec<(String, String, Import)>,
    /// Whether the guest takes a request in one block: it never gives a part of it back.
    pub whole: bool,
}

/// A component that is one module of code.
#[derive(Debug)]
pub struct Found<'c> {
    /// The module.
    pub module: &'c [u8],
    /// Which of its exports and imports are which.
    pub ways: Ways,
}

/// Most functions that a module imports, and most bytes of all names. The contract has two functions; chosen by feel.
const MOST_IMPORTS: usize = 16;
const MOST_NAME_BYTES: usize = 8 << 10;

/// The export by which a guest says that it takes a request in one block. It is never called.
pub const WHOLE: &str = "lexgate:takes-one-block";

/// Returns the module that a component consists of; nothing if it does not, or not so that it can be told for certain.
///
/// INVARIANT: the component was validated and implements the contract, so that what it exports under the names of the
/// contract has the types there.
#[must_use]
pub fn find_alone(component: &[u8]) -> Option<Found<'_>> {
    let parts = Parts::read(component)?;
    // Both functions of the contract are lifted, from functions of one instance; they are told apart by what they take.
    let [one, other] = parts.lifts.as_slice() else { return None };
    let main = parts.export(one.function)?.0;
    let (module, arguments) = parts.instantiated(main)?;
    let inside = Inside::read(parts.modules.get(module)?.slice(component)?)?;
    let takes_one = |lift: &&Lift| {
        parts.export(lift.function).is_some_and(|(_, name)| inside.parameters(name) == Some(1))
    };
    let mut evaluates = [one, other].into_iter().filter(takes_one);
    let (evaluate, None) = (evaluates.next()?, evaluates.next()) else { return None };
    let of_main = |function: usize| {
        let (instance, name) = parts.export(function)?;
        (instance == main).then(|| name.to_owned())
    };
    let (memory_of, memory) = parts.memories.get(evaluate.memory?)?;
    if *memory_of != main || parts.instances.iter().filter(|made| made.is_of(module)).count() != 1 {
        return None;
    }
    if inside.imports.len() > MOST_IMPORTS {
        return None;
    }
    let linking = Linking { parts: &parts, component, main, table: OnceCell::new() };
    let mut imports = Vec::new();
    for (from, name) in &inside.imports {
        let instance = arguments.iter().find(|(argument, _)| argument == from)?.1;
        imports.push((from.clone(), name.clone(), linking.import(parts.export_of(instance, name)?)?));
    }
    let through_table = inside.imports.iter().any(|(from, name)| linking.is_indirect(arguments, from, name));
    // Whoever else has an instance could write to what the module shares: its table, its memory.
    let made = parts.instances.iter().filter(|made| matches!(made, Made::Of(..))).count();
    if made != if through_table { 3 } else { 1 } {
        return None;
    }
    let ways = Ways {
        evaluate: of_main(evaluate.function)?,
        memory: memory.clone(),
        realloc: of_main(evaluate.realloc?)?,
        post_return: match evaluate.post_return {
            Some(function) => Some(of_main(function)?),
            None => None,
        },
        imports,
        whole: inside.exports.contains_key(WHOLE),
    };
    let names = [&ways.evaluate, &ways.memory, &ways.realloc].into_iter().chain(&ways.post_return);
    let names = names.chain(ways.imports.iter().flat_map(|(from, name, _)| [from, name]));
    if names.map(String::len).sum::<usize>() > MOST_NAME_BYTES {
        return None;
    }
    Some(Found { module: parts.modules.get(module)?.slice(component)?, ways })
}

/// Where a module stands in a component.
struct Module(Range<usize>);

impl Module {
    fn slice<'c>(&self, component: &'c [u8]) -> Option<&'c [u8]> {
        component.get(self.0.clone())
    }
}

/// What a function of a component comes from.
enum Function {
    /// An export of an instance of a module.
    Export(usize, String),
    /// A function of the component, made callable from modules; and the memory it reads.
    Lowered(usize, Option<usize>),
}

/// How an instance of a module came to be.
enum Made {
    /// From this module, with instances as arguments.
    Of(usize, Vec<(String, usize)>),
    /// From functions, by name, that were there before; and the names of tables among them.
    From(BTreeMap<String, usize>, Vec<String>),
}

impl Made {
    fn is_of(&self, module: usize) -> bool {
        matches!(self, Made::Of(of, _) if *of == module)
    }
}

/// A function of a module, made one of the component.
struct Lift {
    function: usize,
    memory: Option<usize>,
    realloc: Option<usize>,
    post_return: Option<usize>,
}

/// What a component consists of, in its own numbers.
#[derive(Default)]
struct Parts {
    modules: Vec<Module>,
    instances: Vec<Made>,
    functions: Vec<Function>,
    /// Instance and name.
    memories: Vec<(usize, String)>,
    /// Instance.
    tables: Vec<usize>,
    lifts: Vec<Lift>,
    /// Functions of the component: those that an import brings, as its name and theirs.
    outside: Vec<Option<(String, String)>>,
    /// Instances of components: those that are imported, by name.
    imported: Vec<Option<String>>,
}

fn number(index: u32) -> Option<usize> {
    usize::try_from(index).ok()
}

impl Parts {
    fn read(component: &[u8]) -> Option<Parts> {
        let mut parts = Parts::default();
        // Modules and components within; what stands in them is not what stands in this one.
        let (mut within, mut in_component) = (0usize, Vec::new());
        for payload in Parser::new(0).parse_all(component) {
            let payload = payload.ok()?;
            match &payload {
                Payload::End(_) if within > 0 => {
                    within -= 1;
                    in_component.pop();
                    continue;
                }
                Payload::ModuleSection { unchecked_range, .. } => {
                    if within > 0 {
                        return None;
                    }
                    parts.modules.push(Module(unchecked_range.start..unchecked_range.end));
                    within += 1;
                    in_component.push(false);
                    continue;
                }
                Payload::ComponentSection { .. } => {
                    within += 1;
                    in_component.push(true);
                    continue;
                }
                _ => {}
            }
            match in_component.last() {
                Some(false) => {}
                // A component within only gives names to types and functions.
                Some(true) => match payload {
                    Payload::ComponentCanonicalSection(_)
                    | Payload::InstanceSection(_)
                    | Payload::CoreTypeSection(_)
                    | Payload::ComponentStartSection { .. } => return None,
                    _ => {}
                },
                None => parts.section(payload)?,
            }
        }
        Some(parts)
    }

    fn section(&mut self, payload: Payload<'_>) -> Option<()> {
        match payload {
            Payload::InstanceSection(instances) => {
                for instance in instances {
                    let made = self.made(instance.ok()?)?;
                    self.instances.push(made);
                }
            }
            Payload::ComponentAliasSection(aliases) => {
                for alias in aliases {
                    self.alias(alias.ok()?)?;
                }
            }
            Payload::ComponentCanonicalSection(functions) => {
                for function in functions {
                    self.canonical(function.ok()?)?;
                }
            }
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    let import = import.ok()?;
                    match import.ty {
                        ComponentTypeRef::Instance(_) => {
                            self.imported.push(Some(import.name.name.to_owned()));
                        }
                        ComponentTypeRef::Type(_) => {}
                        _ => return None,
                    }
                }
            }
            Payload::ComponentInstanceSection(instances) => {
                for instance in instances {
                    match instance.ok()? {
                        ComponentInstance::Instantiate { .. } | ComponentInstance::FromExports(_) => {
                            self.imported.push(None);
                        }
                    }
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports {
                    match export.ok()?.kind {
                        ComponentExternalKind::Instance => self.imported.push(None),
                        ComponentExternalKind::Func => self.outside.push(None),
                        ComponentExternalKind::Type => {}
                        _ => return None,
                    }
                }
            }
            Payload::ComponentStartSection { .. } | Payload::CoreTypeSection(_) => return None,
            _ => {}
        }
        Some(())
    }

    fn made(&self, instance: Instance<'_>) -> Option<Made> {
        match instance {
            Instance::Instantiate { module_index, args } => {
                let argument = |argument: &wasmparser::InstantiationArg<'_>| match argument.kind {
                    InstantiationArgKind::Instance => {
                        Some((argument.name.to_owned(), number(argument.index)?))
                    }
                };
                Some(Made::Of(number(module_index)?, args.iter().map(argument).collect::<Option<_>>()?))
            }
            Instance::FromExports(exports) => {
                let (mut functions, mut tables) = (BTreeMap::new(), Vec::new());
                for export in &*exports {
                    match export.kind {
                        ExternalKind::Func => {
                            functions.insert(export.name.to_owned(), number(export.index)?);
                        }
                        ExternalKind::Table => tables.push(export.name.to_owned()),
                        _ => return None,
                    }
                }
                Some(Made::From(functions, tables))
            }
        }
    }

    fn alias(&mut self, alias: ComponentAlias<'_>) -> Option<()> {
        match alias {
            ComponentAlias::CoreInstanceExport { kind, instance_index, name } => {
                let instance = number(instance_index)?;
                match kind {
                    ExternalKind::Func | ExternalKind::FuncExact => {
                        self.functions.push(Function::Export(instance, name.to_owned()));
                    }
                    ExternalKind::Memory => self.memories.push((instance, name.to_owned())),
                    ExternalKind::Table => self.tables.push(instance),
                    ExternalKind::Global | ExternalKind::Tag => {}
                }
            }
            ComponentAlias::InstanceExport { kind, instance_index, name } => match kind {
                ComponentExternalKind::Func => {
                    let from = self.imported.get(number(instance_index)?)?.clone();
                    self.outside.push(from.map(|from| (from, name.to_owned())));
                }
                ComponentExternalKind::Type => {}
                _ => return None,
            },
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::Type, .. } => {}
            ComponentAlias::Outer { .. } => return None,
        }
        Some(())
    }

    fn canonical(&mut self, function: CanonicalFunction) -> Option<()> {
        match function {
            CanonicalFunction::Lift { core_func_index, options, .. } => {
                let function = number(core_func_index)?;
                let mut lift = Lift { function, memory: None, realloc: None, post_return: None };
                for option in &*options {
                    match *option {
                        CanonicalOption::UTF8 => {}
                        CanonicalOption::Memory(memory) => lift.memory = Some(number(memory)?),
                        CanonicalOption::Realloc(function) => lift.realloc = Some(number(function)?),
                        CanonicalOption::PostReturn(function) => lift.post_return = Some(number(function)?),
                        _ => return None,
                    }
                }
                self.lifts.push(lift);
                self.outside.push(None);
            }
            CanonicalFunction::Lower { func_index, options } => {
                let known = |option: &CanonicalOption| {
                    use CanonicalOption::{Memory, Realloc, UTF8};
                    matches!(option, UTF8 | Memory(_) | Realloc(_))
                };
                if !options.iter().all(known) {
                    return None;
                }
                let memory = options.iter().find_map(|option| match option {
                    CanonicalOption::Memory(memory) => number(*memory),
                    _ => None,
                });
                self.functions.push(Function::Lowered(number(func_index)?, memory));
            }
            _ => return None,
        }
        Some(())
    }

    /// Returns the instance and the name of a function that is an export.
    fn export(&self, function: usize) -> Option<(usize, &str)> {
        match self.functions.get(function)? {
            Function::Export(instance, name) => Some((*instance, name)),
            Function::Lowered(..) => None,
        }
    }

    fn instantiated(&self, instance: usize) -> Option<(usize, &[(String, usize)])> {
        match self.instances.get(instance)? {
            Made::Of(module, arguments) => Some((*module, arguments)),
            Made::From(..) => None,
        }
    }

    /// Returns the function that an instance made of functions has under a name.
    fn export_of(&self, instance: usize, name: &str) -> Option<usize> {
        match self.instances.get(instance)? {
            Made::From(functions, _) => functions.get(name).copied(),
            Made::Of(..) => None,
        }
    }
}

/// Follows functions from a module to an import of the component.
struct Linking<'p> {
    parts: &'p Parts,
    component: &'p [u8],
    main: usize,
    /// Looked for once.
    table: OnceCell<Option<Table<'p>>>,
}

/// A table of functions through which others are called.
struct Table<'p> {
    /// The instance that has it.
    of: usize,
    passes_on: Inside,
    fills_in: Inside,
    /// What it is filled in with, by name.
    functions: &'p BTreeMap<String, usize>,
}

impl<'p> Linking<'p> {
    /// Returns what a function does: one that was lowered, or one that calls it through a table.
    fn import(&self, function: usize) -> Option<Import> {
        match self.parts.functions.get(function)? {
            Function::Lowered(outside, memory) => self.outside(*outside, *memory),
            Function::Export(shim, name) => {
                let function = self.behind(*shim, name)?;
                match self.parts.functions.get(function)? {
                    Function::Lowered(outside, memory) => self.outside(*outside, *memory),
                    Function::Export(..) => None,
                }
            }
        }
    }

    /// Returns whether an import goes through the table.
    fn is_indirect(&self, arguments: &[(String, usize)], from: &str, name: &str) -> bool {
        let instance = arguments.iter().find(|(argument, _)| argument == from).map(|(_, instance)| *instance);
        let function = instance.and_then(|instance| self.parts.export_of(instance, name));
        matches!(function.and_then(|f| self.parts.functions.get(f)), Some(Function::Export(..)))
    }

    /// Returns what a function of the component does that reads this memory: the module's own, which is the only one it has.
    fn outside(&self, function: usize, memory: Option<usize>) -> Option<Import> {
        if self.parts.memories.get(memory?)?.0 != self.main {
            return None;
        }
        let (from, name) = self.parts.outside.get(function)?.as_ref()?;
        match (from.as_str(), name.as_str()) {
            ("lexgate:screening/datasets@0.1.0", "read") => Some(Import::Read),
            ("lexgate:screening/log@0.1.0", "write") => Some(Import::Write),
            _ => None,
        }
    }

    /// Returns the function that an instance calls through its table, which another instance has filled in.
    fn behind(&self, shim: usize, name: &str) -> Option<usize> {
        let table =
            self.table.get_or_init(|| self.table_of(shim)).as_ref().filter(|table| table.of == shim)?;
        let (_, name) = table.fills_in.filled(table.passes_on.slot(name)?)?;
        table.functions.get(name).copied()
    }

    /// Returns the table of an instance and what fills it in, if the module, these two and what is wired here are all there is.
    fn table_of(&self, shim: usize) -> Option<Table<'p>> {
        let parts = self.parts;
        let read = |module: usize| Inside::read(parts.modules.get(module)?.slice(self.component)?);
        let (module, arguments) = parts.instantiated(shim)?;
        let passes_on = read(module).filter(|_| arguments.is_empty()).filter(Inside::only_passes_on)?;
        // Beside the module and this one there is one more, which fills in the table.
        let of_modules = parts.instances.iter().enumerate().filter(|(_, made)| matches!(made, Made::Of(..)));
        let mut others = of_modules.filter(|(instance, _)| *instance != self.main && *instance != shim);
        let ((_, Made::Of(module, arguments)), None) = (others.next()?, others.next()) else { return None };
        // Nobody else has it: the only table that is passed on is this one, and only to that instance.
        let [(_, instance)] = arguments.as_slice() else { return None };
        let Made::From(functions, tables) = parts.instances.get(*instance)? else { return None };
        let with_tables =
            parts.instances.iter().filter(|made| matches!(made, Made::From(_, t) if !t.is_empty()));
        if with_tables.count() != 1 || tables.len() != 1 || parts.tables != [shim] {
            return None;
        }
        // INVARIANT: the component was validated, so all that it imports is of its one argument.
        let fills_in = read(*module).filter(|it| it.only_fills_in() && it.fits(&passes_on))?;
        Some(Table { of: shim, passes_on, fills_in, functions })
    }
}

#[cfg(test)]
mod tests;
