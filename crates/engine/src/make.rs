//! Makes a policy ready: from a package, parameters and datasets to code that starts as configured.
//!
//! ```text
//! component -> instrumented -> instantiated, configured -> snapshot -> compiled
//! ```
//!
//! `configure` runs here once; its state becomes the initial memory of a new component, and every evaluation starts from
//! that. A component of which no snapshot can be taken is compiled as it is, and configured again by every evaluation.
//!
//! What happens here is done with a stranger's code, and compiling it cannot be interrupted: see
//! [`Worker`](crate::Worker), which has it done in a process of its own.

use crate::alone::Alone;
use crate::artifact::{Artifact, Start};
use crate::config;
use crate::contract::{Contract, Guest};
use crate::engine::{Served, serve};
use crate::host::State;
use crate::run::{configure, fault_of, shortened, used};
use crate::ticker::Ticker;
use lexgate_model::fault::{Fault, Limits, Refusal};
use lexgate_model::package::{CONTRACT, DatasetVersion};
use lexgate_model::record::Used;
use lexgate_packages::{Found, Ways, find_alone};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use wasmtime::component::{Component, ComponentNamedList, Instance, InstancePre, Lift, WasmList};
use wasmtime::{CacheStore, Module, Store};
use wasmtime_wizer::{ComponentInstanceState, Wizer};

/// What is to be made ready.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// The component, verified.
    pub package: &'a [u8],
    /// The contract that it implements.
    pub contract: &'a str,
    /// The parameters, as JSON.
    pub parameters: &'a str,
    /// The datasets it may read while it is configured.
    pub datasets: &'a Arc<[DatasetVersion]>,
    /// What it may use up while it is configured.
    pub limits: &'a Limits,
    /// Whether the module alone is compiled of a component that is one module; else it stays a component.
    pub alone: bool,
}

/// Why it could not be made ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "why")]
pub enum Failed {
    /// The component does not compile.
    #[error("does not compile: {0}")]
    Compile(String),
    /// The component imports or exports something else than the contract says, or no such contract is served.
    #[error("does not fit the contract: {0}")]
    Unfit(String),
    /// The policy refused its parameters or its datasets.
    #[error("refuses its configuration: {0}")]
    Refused(String),
    /// The policy faulted while it was configured.
    #[error("faulted while it was configured: {0}")]
    Faulted(Fault),
    /// It took more time or memory than preparing may take, or preparing broke.
    #[error("{0}")]
    Unmade(String),
}

/// Where policies are made ready.
pub trait Workshop: Send + Sync {
    /// Makes a policy ready. Made twice it gives equal bytes.
    ///
    /// # Errors
    /// [`Failed`].
    fn make(&self, order: Order<'_>) -> Result<Artifact, Failed>;
}

/// Returns the construct for which no snapshot of a component can be taken, as far as that can be told without running it.
#[must_use]
pub fn prevents_snapshot(component: &[u8]) -> Option<String> {
    match catch_unwind(AssertUnwindSafe(|| wizer().instrument_component(component).map(|_| ()))) {
        Ok(result) => result.err().map(|error| format!("{error:#}")),
        Err(_) => Some(BROKE.to_owned()),
    }
}

/// Returns the tool that takes snapshots. It leaves every export where it is: what it calls to configure a component by itself, it
/// would take away.
fn wizer() -> Wizer {
    let mut wizer = Wizer::new();
    wizer.keep_init_func(true);
    wizer
}

const BROKE: &str = "the tool that takes snapshots cannot read it";

/// Makes policies ready in this process, which nothing protects from a package that takes minutes to compile.
pub(crate) struct InProcess {
    contracts: Vec<fn() -> Box<dyn Contract>>,
    /// Set up when it is first needed: an engine that finds everything in its cache never does.
    maker: OnceLock<Result<Maker, String>>,
}

impl InProcess {
    pub(crate) fn new(contracts: Vec<fn() -> Box<dyn Contract>>) -> InProcess {
        InProcess { contracts, maker: OnceLock::new() }
    }
}

impl Workshop for InProcess {
    fn make(&self, order: Order<'_>) -> Result<Artifact, Failed> {
        let maker =
            self.maker.get_or_init(|| Maker::new(&self.contracts).map_err(|error| format!("{error:#}")));
        maker.as_ref().map_err(|why| Failed::Unmade(why.clone()))?.make(order)
    }
}

/// Compiles and configures.
pub(crate) struct Maker {
    wasmtime: wasmtime::Engine,
    contracts: Vec<Served>,
    /// Without it no deadline passes.
    _ticker: Arc<Ticker>,
}

impl Maker {
    pub(crate) fn new(contracts: &[fn() -> Box<dyn Contract>]) -> wasmtime::Result<Maker> {
        let wasmtime = wasmtime::Engine::new(&config::making(Arc::new(Functions::default()))?)?;
        let contracts = serve(&wasmtime, contracts)?;
        let ticker = Ticker::start(&wasmtime)?;
        Ok(Maker { wasmtime, contracts, _ticker: ticker })
    }

    /// Makes a policy ready; see [`Workshop::make`].
    pub(crate) fn make(&self, order: Order<'_>) -> Result<Artifact, Failed> {
        match self.snapshot(order)? {
            Ok((component, used)) => {
                let (code, alone) = match bound_alone(&self.wasmtime, order, &component)? {
                    Some((module, _, ways)) => (compiled(|| module.serialize())?, Some(ways)),
                    None => (self.compile(&component)?, None),
                };
                Ok(Artifact { start: Start::Snapshot, configuring: used, alone, code })
            }
            Err(because) => {
                let (store, _) = self.configured(order.package, order)?;
                let configuring = configuring(&store, order);
                let code = self.compile(order.package)?;
                Ok(Artifact { start: Start::Afresh(because), configuring, alone: None, code })
            }
        }
    }

    fn compile(&self, component: &[u8]) -> Result<Vec<u8>, Failed> {
        compiled(|| self.wasmtime.precompile_component(component))
    }

    /// Configures a component and returns it as it is then; or the construct for which that cannot be done.
    pub(crate) fn snapshot(&self, order: Order<'_>) -> Result<Result<(Vec<u8>, Used), String>, Failed> {
        let wizer = wizer();
        // It panics on what it was not made for; then there is no snapshot.
        let instrumented = catch_unwind(AssertUnwindSafe(|| wizer.instrument_component(order.package)));
        let (context, instrumented) = match instrumented {
            Ok(Ok(instrumented)) => instrumented,
            Ok(Err(error)) => return Ok(Err(format!("{error:#}"))),
            Err(_) => return Ok(Err(BROKE.to_owned())),
        };
        let (mut store, instance) = self.configured(&instrumented, order)?;
        let used = configuring(&store, order);
        let whole = catch_unwind(AssertUnwindSafe(|| {
            // What reads the state is code that was put in beside the guest's; it is not the guest that pays.
            store.set_fuel(u64::MAX)?;
            store.set_epoch_deadline(u64::MAX / 2);
            store.set_hostcall_fuel(usize::MAX);
            ready(wizer.snapshot_component(&context, &mut Reading { store: &mut store, instance }))
        }));
        match whole {
            Ok(Ok(component)) => Ok(Ok((component, used))),
            Ok(Err(error)) => Ok(Err(format!("{error:#}"))),
            Err(_) => Ok(Err(BROKE.to_owned())),
        }
    }

    /// Returns a component instantiated and configured.
    fn configured(&self, component: &[u8], order: Order<'_>) -> Result<(Store<State>, Instance), Failed> {
        let (component, guest) = bound(&self.wasmtime, &self.contracts, component, order)?;
        let state = State::new(*order.limits, Arc::clone(order.datasets));
        let mut store = Store::new(&self.wasmtime, state);
        let ticks = Ticker::ticks(order.limits.configure_deadline_ms);
        match configure(&mut store, &component, guest.as_ref(), order.parameters, ticks) {
            Ok((instance, Ok(()))) => Ok((store, instance)),
            Ok((_, Err(why))) => Err(Failed::Refused(shortened(Refusal::Unsupported(why)).to_string())),
            Err(error) => Err(Failed::Faulted(fault_of(&error, store.data()))),
        }
    }
}

/// Returns the module that a component of our contract consists of, if it consists of one, can be linked alone, and the order
/// wants it so: compiled, linked, and what its exports do.
pub(crate) fn bound_alone(
    wasmtime: &wasmtime::Engine,
    order: Order<'_>,
    component: &[u8],
) -> Result<Option<(Module, Alone, Ways)>, Failed> {
    let wanted = order.alone && order.contract == CONTRACT;
    let Some(Found { module, ways }) = wanted.then(|| find_alone(component)).flatten() else {
        return Ok(None);
    };
    let module = compiled(|| Module::new(wasmtime, module))?;
    // It may import something in another way than the host has it: as a component it can.
    Ok(Alone::link(wasmtime, &module, &ways).ok().map(|alone| (module, alone, ways)))
}

/// Returns a component compiled and linked, and its exports.
pub(crate) fn bound(
    wasmtime: &wasmtime::Engine,
    contracts: &[Served],
    component: &[u8],
    order: Order<'_>,
) -> Result<(InstancePre<State>, Box<dyn Guest>), Failed> {
    let served = contracts.iter().find(|served| served.contract.name() == order.contract);
    let served = served.ok_or_else(|| Failed::Unfit(format!("`{}` is not served", order.contract)))?;
    let compiled = compiled(|| Component::new(wasmtime, component))?;
    let unfit = |error: wasmtime::Error| Failed::Unfit(format!("{error:#}"));
    let component = served.linker.instantiate_pre(&compiled).map_err(unfit)?;
    let guest = served.contract.bind(&component).map_err(unfit)?;
    Ok((component, guest))
}

/// Returns what the compiler makes. It panics where it has no memory or no thread, and has done so on valid components.
fn compiled<T>(compile: impl FnOnce() -> wasmtime::Result<T>) -> Result<T, Failed> {
    match catch_unwind(AssertUnwindSafe(compile)) {
        Ok(result) => result.map_err(|error| Failed::Compile(format!("{error:#}"))),
        Err(_) => Err(Failed::Unmade("the compiler breaks, on it or for want of memory".to_owned())),
    }
}

/// What it used to be configured.
fn configuring(store: &Store<State>, order: Order<'_>) -> Used {
    used(store, order.limits.configure_fuel)
}

/// Lets the tool read the state of an instance: its functions are asynchronous, ours never wait.
struct Reading<'s> {
    store: &'s mut Store<State>,
    instance: Instance,
}

impl Reading<'_> {
    /// Calls one of the functions that were put in to read the state.
    ///
    /// INVARIANT: the tool asks only for functions it has put in, and nothing limits them; if one fails all the same, the
    /// panic is caught where the snapshot is taken, and there is none.
    #[expect(clippy::panic, reason = "the trait has no way to say that it failed")]
    fn read<R: Lift + 'static>(&mut self, instance: &str, function: &str) -> R
    where
        (R,): ComponentNamedList,
    {
        let result = (|| {
            let missing = || wasmtime::format_err!("there is no `{function}`");
            let store = &mut *self.store;
            let (_, at) = self.instance.get_export(&mut *store, None, instance).ok_or_else(missing)?;
            let (_, at) = self.instance.get_export(&mut *store, Some(&at), function).ok_or_else(missing)?;
            self.instance.get_typed_func::<(), (R,)>(&mut *store, at)?.call(store, ())
        })();
        match result {
            Ok((value,)) => value,
            Err(error) => panic!("cannot read the state: {error:#}"),
        }
    }
}

impl ComponentInstanceState for Reading<'_> {
    async fn call_func_ret_list_u8(
        &mut self,
        instance: &str,
        function: &str,
        contents: impl FnOnce(&[u8]) + Send,
    ) {
        let list: WasmList<u8> = self.read(instance, function);
        contents(list.as_le_slice(&*self.store));
    }

    async fn call_func_ret_s32(&mut self, instance: &str, function: &str) -> i32 {
        self.read(instance, function)
    }

    async fn call_func_ret_s64(&mut self, instance: &str, function: &str) -> i64 {
        self.read(instance, function)
    }

    async fn call_func_ret_f32(&mut self, instance: &str, function: &str) -> u32 {
        self.read::<f32>(instance, function).to_bits()
    }

    async fn call_func_ret_f64(&mut self, instance: &str, function: &str) -> u64 {
        self.read::<f64>(instance, function).to_bits()
    }
}

/// Returns what a future comes to that never waits.
fn ready<T>(future: impl Future<Output = wasmtime::Result<T>>) -> wasmtime::Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(wasmtime::format_err!("taking a snapshot waits for something")),
    }
}

/// Most bytes of compiled functions that are remembered; chosen by feel: the largest interpreter has 60 MiB.
const MOST_REMEMBERED_BYTES: usize = 128 << 20;

/// Functions that were compiled before, by what they were compiled from. Full, it forgets everything.
#[derive(Default)]
struct Functions(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    code: HashMap<Vec<u8>, Vec<u8>>,
    bytes: usize,
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Functions")
    }
}

impl CacheStore for Functions {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        let remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.code.get(key).map(|code| Cow::Owned(code.clone()))
    }

    fn insert(&self, key: &[u8], code: Vec<u8>) -> bool {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = key.len().saturating_add(code.len());
        if remembered.bytes.saturating_add(bytes) > MOST_REMEMBERED_BYTES {
            *remembered = Remembered::default();
        }
        if remembered.code.insert(key.to_owned(), code).is_none() {
            remembered.bytes = remembered.bytes.saturating_add(bytes);
        }
        true
    }
}
