//! Runs a policy that is one module of code without the component model, by its ABI.
//!
//! The component model makes an instance for the module, one for a table of functions and one that fills it in, asks the
//! guest for memory once for each text and list of a request, and finds the memory again for everything it writes: as much
//! time as the policy itself takes. Of a component that is one module ([`lexgate_packages::find_alone`]) the module alone is instantiated,
//! the request is laid out in the host and copied in, and what the guest returns is read with every address checked. What a
//! guest may do, and what ends it, is the same. What it can notice if it looks: all blocks of a request are asked for before
//! any is written to, in one if it says so, and what lies between values is zero.

mod layout;
mod types;

use crate::contract::State;
use crate::v0_1::bindings::lexgate::screening::types as wit;
use crate::{lift, lower};
use layout::{Broken, Buffer, Memory};
use lexgate_model::Request;
use lexgate_model::date::Date;
use lexgate_model::fault::Refusal;
use lexgate_model::finding::Reported;
use lexgate_packages::{Import, Ways};
use std::sync::Arc;
use wasmtime::{
    Caller, Extern, Func, InstancePre, Linker, Module, ModuleExport, Store, StoreContextMut, Trap, TypedFunc,
};

/// A policy that is one module.
pub(crate) struct Alone {
    module: InstancePre<State>,
    memory: ModuleExport,
    realloc: ModuleExport,
    evaluate: ModuleExport,
    post_return: Option<ModuleExport>,
    whole: bool,
}

/// `cabi_realloc`: the old block, its size, the alignment, the new size; the new block.
type Realloc = TypedFunc<(u32, u32, u32, u32), u32>;

impl Alone {
    /// Links a module whose exports do what `ways` says.
    pub(crate) fn link(engine: &wasmtime::Engine, module: &Module, ways: &Ways) -> wasmtime::Result<Alone> {
        let mut linker = Linker::new(engine);
        let memory: Arc<str> = ways.memory.as_str().into();
        for (from, name, import) in &ways.imports {
            match import {
                Import::Read => {
                    let memory = Arc::clone(&memory);
                    linker.func_wrap(
                        from,
                        name,
                        move |caller: Caller<'_, State>, address, size, _: u32| {
                            read(caller, &memory, (address, size))
                        },
                    )?
                }
                Import::Write => {
                    let memory = Arc::clone(&memory);
                    linker.func_wrap(from, name, move |caller: Caller<'_, State>, level, address, size| {
                        write(caller, &memory, (level, address, size))
                    })?
                }
            };
        }
        let export = |name: &str| {
            let missing = || wasmtime::format_err!("it has no export `{name}`");
            module.get_export_index(name).ok_or_else(missing)
        };
        Ok(Alone {
            memory: export(&ways.memory)?,
            realloc: export(&ways.realloc)?,
            evaluate: export(&ways.evaluate)?,
            post_return: ways.post_return.as_deref().map(export).transpose()?,
            whole: ways.whole,
            module: linker.instantiate_pre(module)?,
        })
    }

    /// Instantiates the module.
    pub(crate) fn instantiate(&self, store: &mut Store<State>) -> wasmtime::Result<wasmtime::Instance> {
        self.module.instantiate(store)
    }

    /// Calls `evaluate` on the request as of the date; the inner error is the guest's.
    pub(crate) fn evaluate(
        &self,
        store: &mut Store<State>,
        instance: wasmtime::Instance,
        request: &Request,
        date: Date,
    ) -> wasmtime::Result<Result<Vec<Reported>, Refusal>> {
        let mut buffer = {
            let arena = bumpalo::Bump::new();
            Buffer::of(&lower::request(request, date, &arena))
        };
        let memory = instance.get_module_export(&mut *store, &self.memory).and_then(Extern::into_memory);
        let memory = memory.ok_or_else(|| wasmtime::format_err!("it has no memory"))?;
        let address = self.copy_in(store, instance, memory, &mut buffer)?;
        let evaluate = function(store, instance, &self.evaluate)?.typed::<u32, u32>(&*store)?;
        let returned = evaluate.call(&mut *store, address)?;
        let most = usize::try_from(store.data().limits.output_bytes.saturating_mul(4)).unwrap_or(usize::MAX);
        let answer: Result<Vec<wit::Finding>, wit::Refusal> =
            Memory::new(memory.data(&*store), most).value(returned).map_err(broken)?;
        if let Some(post_return) = &self.post_return {
            let post_return = function(store, instance, post_return)?.typed::<u32, ()>(&*store)?;
            inside(store, |store| post_return.call(store, returned))?;
        }
        Ok(answer.map(|findings| findings.into_iter().map(lift::finding).collect()).map_err(lift::refusal))
    }

    /// Copies a request to where the guest wants it, and returns the address.
    fn copy_in(
        &self,
        store: &mut Store<State>,
        instance: wasmtime::Instance,
        memory: wasmtime::Memory,
        buffer: &mut Buffer,
    ) -> wasmtime::Result<u32> {
        let realloc: Realloc = function(store, instance, &self.realloc)?.typed(&*store)?;
        inside(store, |store| {
            if self.whole {
                let size = buffer.bytes().len();
                let base = room(store, &realloc, memory, 8, size)?;
                buffer.link_all(base);
                copy(store, memory, base, buffer.bytes())?;
                return Ok(base);
            }
            let mut addresses = Vec::with_capacity(buffer.blocks().len());
            for number in 0..buffer.blocks().len() {
                let Some(&block) = buffer.blocks().get(number) else { continue };
                let address = room(store, &realloc, memory, block.align, block.size)?;
                buffer.link(block, address);
                addresses.push(address);
            }
            for (&block, &address) in buffer.blocks().iter().zip(&addresses) {
                copy(store, memory, address, buffer.content(block))?;
            }
            // The request itself is the first.
            addresses.first().copied().ok_or_else(|| broken(Broken::Outside))
        })
    }
}

/// What the guest did to the ABI ends it; what that is counted as is for `fault_of`, as with wasmtime's own errors.
fn broken(broken: Broken) -> wasmtime::Error {
    broken.into()
}

fn function(
    store: &mut Store<State>,
    instance: wasmtime::Instance,
    export: &ModuleExport,
) -> wasmtime::Result<Func> {
    let function = instance.get_module_export(store, export).and_then(Extern::into_func);
    function.ok_or_else(|| wasmtime::format_err!("it lacks a function"))
}

/// Calls what may call nothing of the host.
fn inside<T>(
    store: &mut Store<State>,
    call: impl FnOnce(&mut Store<State>) -> wasmtime::Result<T>,
) -> wasmtime::Result<T> {
    store.data_mut().may_leave = false;
    let result = call(store);
    store.data_mut().may_leave = true;
    result
}

fn may_leave(caller: &Caller<'_, State>) -> wasmtime::Result<()> {
    if caller.data().may_leave { Ok(()) } else { Err(Trap::CannotLeaveComponent.into()) }
}

/// Asks the guest for memory, and checks where it says that it lies.
fn room(
    store: &mut Store<State>,
    realloc: &Realloc,
    memory: wasmtime::Memory,
    align: usize,
    size: usize,
) -> wasmtime::Result<u32> {
    let number = |value: usize| u32::try_from(value).map_err(|_| broken(Broken::Outside));
    let address = realloc.call(&mut *store, (0, 0, number(align)?, number(size)?))?;
    if address & (number(align)? - 1) != 0 {
        return Err(broken(Broken::RoomUnaligned));
    }
    let end = usize::try_from(address).ok().and_then(|at| at.checked_add(size));
    match end.filter(|&end| end <= memory.data_size(&*store)) {
        Some(_) => Ok(address),
        None => Err(broken(Broken::RoomOutside)),
    }
}

fn copy(store: &mut Store<State>, memory: wasmtime::Memory, at: u32, bytes: &[u8]) -> wasmtime::Result<()> {
    let at = usize::try_from(at).map_err(|_| broken(Broken::Outside))?;
    memory.write(store, at, bytes).map_err(|_| broken(Broken::Outside))
}

/// `log.write`: the number of the level, and where the message lies.
fn write(
    mut caller: Caller<'_, State>,
    memory: &str,
    (level, address, size): (u32, u32, u32),
) -> wasmtime::Result<()> {
    may_leave(&caller)?;
    let level = match level {
        0 => "debug",
        1 => "info",
        2 => "warn",
        _ => return Err(broken(Broken::Case(level))),
    };
    let message = text(&mut caller, memory, (address, size))?;
    let store: StoreContextMut<'_, State> = wasmtime::AsContextMut::as_context_mut(&mut caller);
    State::write(store, level, message)
}

/// `datasets.read`: where the name lies. Whoever evaluates may not read; but first the name must be one.
fn read(mut caller: Caller<'_, State>, memory: &str, at: (u32, u32)) -> wasmtime::Result<()> {
    may_leave(&caller)?;
    let name = text(&mut caller, memory, at)?;
    let store: StoreContextMut<'_, State> = wasmtime::AsContextMut::as_context_mut(&mut caller);
    State::read(store, &name).map(drop)
}

/// Reads a text that a guest hands to the host.
fn text(
    caller: &mut Caller<'_, State>,
    memory: &str,
    (address, size): (u32, u32),
) -> wasmtime::Result<String> {
    let memory = caller.get_export(memory).and_then(Extern::into_memory);
    let memory = memory.ok_or_else(|| broken(Broken::Outside))?;
    let most = usize::try_from(caller.data().limits.output_bytes.saturating_mul(4)).unwrap_or(usize::MAX);
    Memory::new(memory.data(&*caller), most).text(address, size).map_err(broken)
}
