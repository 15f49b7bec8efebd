//! The engine: what it serves, where instances come from, who makes policies ready, and where they are kept.

use crate::cache::Cache;
use crate::config::{self, Instances, PRICE_LIST, WASMTIME};
use crate::contract::Contract;
use crate::host::State;
use crate::make::{InProcess, Workshop};
use crate::package::Packages;
use crate::resident::{Residents, Room};
use crate::ticker::Ticker;
use crate::v0_1::V0_1;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fmt;
use std::sync::Arc;
use wasmtime::component::Linker;

/// Prepares and runs policies. One per process; clones share everything.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<Shared>);

/// What clones of an engine share.
pub(crate) struct Shared {
    pub(crate) wasmtime: wasmtime::Engine,
    pub(crate) contracts: Vec<Served>,
    /// How the contracts beside ours are made.
    pub(crate) others: Vec<fn() -> Box<dyn Contract>>,
    pub(crate) ticker: Arc<Ticker>,
    pub(crate) workshop: Box<dyn Workshop>,
    pub(crate) cache: Option<Cache>,
    pub(crate) residents: Residents,
    pub(crate) packages: Packages,
    /// Whether a component that is one module runs as that.
    pub(crate) alone: bool,
    meter: String,
}

/// A contract with what its guests may import.
pub(crate) struct Served {
    pub(crate) contract: Box<dyn Contract>,
    pub(crate) linker: Linker<State>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("meter", &self.meter()).finish_non_exhaustive()
    }
}

/// Why the engine does not start: no memory to reserve, no thread, a processor it does not know, or two contracts of one
/// name.
#[derive(Debug, thiserror::Error)]
#[error("the engine cannot start: {0:#}")]
pub struct Unstartable(#[from] wasmtime::Error);

/// An engine to be.
#[derive(Default)]
pub struct Builder {
    contracts: Vec<fn() -> Box<dyn Contract>>,
    instances: Instances,
    workshop: Option<Box<dyn Workshop>>,
    cache: Option<Cache>,
    room: Room,
    components: bool,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Builder { instances, cache, room, .. } = self;
        f.debug_struct("Builder")
            .field("instances", instances)
            .field("cache", cache)
            .field("room", room)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// Serves another version of the contract beside ours.
    #[must_use]
    pub fn serving(mut self, contract: fn() -> Box<dyn Contract>) -> Builder {
        self.contracts.push(contract);
        self
    }

    /// Takes instances from there.
    #[must_use]
    pub fn instances(mut self, instances: Instances) -> Builder {
        self.instances = instances;
        self
    }

    /// Has policies made ready there, such as in a [`Worker`](crate::Worker); by default it happens in this process, which
    /// nothing protects from a package that takes minutes to compile.
    #[must_use]
    pub fn workshop(mut self, workshop: Box<dyn Workshop>) -> Builder {
        self.workshop = Some(workshop);
        self
    }

    /// Keeps what was made ready there, and looks there first.
    #[must_use]
    pub fn cache(mut self, cache: Cache) -> Builder {
        self.cache = Some(cache);
        self
    }

    /// Keeps so much of it in memory. It has an effect only with a cache: what cannot be loaded again stays.
    #[must_use]
    pub fn room(mut self, room: Room) -> Builder {
        self.room = room;
        self
    }

    /// Runs components as such, also those that are one module, which else runs alone and is twice as fast. What comes out
    /// is the same, unless a guest looks for the difference (ARCHITECTURE.md says which there is); the fuel may differ.
    #[must_use]
    pub fn components(mut self) -> Builder {
        self.components = true;
        self
    }

    /// Starts the engine.
    ///
    /// # Errors
    /// [`Unstartable`].
    pub fn start(self) -> Result<Engine, Unstartable> {
        allow_descriptors(self.room.policies)?;
        let wasmtime = wasmtime::Engine::new(&config::running(self.instances))?;
        let contracts = serve(&wasmtime, &self.contracts)?;
        let ticker = Ticker::start(&wasmtime)?;
        let others = self.contracts.clone();
        let workshop = self.workshop.unwrap_or_else(|| Box::new(InProcess::new(self.contracts)));
        let way = if self.components { "/components" } else { "" };
        let meter = format!("wasmtime-{WASMTIME}/prices-{PRICE_LIST}{way}/{}", std::env::consts::ARCH);
        let (cache, packages) = (self.cache, Packages::default());
        let residents = Residents::new(self.room);
        Ok(Engine(Arc::new(Shared {
            wasmtime,
            contracts,
            others,
            ticker,
            workshop,
            cache,
            residents,
            packages,
            alone: !self.components,
            meter,
        })))
    }
}

/// Descriptors that a process needs beside those of policies in memory; chosen by feel: files, sockets, pipes to workers.
const OTHER_DESCRIPTORS: u64 = 256;

/// Raises the limit on descriptors of this process as far as may be, if it is too low for so many policies in memory.
fn allow_descriptors(policies: usize) -> wasmtime::Result<()> {
    let needed = u64::try_from(policies).unwrap_or(u64::MAX).saturating_add(OTHER_DESCRIPTORS);
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    if let Some(most) = limit.maximum.filter(|&most| most < needed) {
        wasmtime::bail!(
            "{needed} descriptors are needed for {policies} policies in memory, this process may have {most}"
        );
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(needed), ..limit })?;
    Ok(())
}

/// Links our contract and others.
pub(crate) fn serve(
    engine: &wasmtime::Engine,
    others: &[fn() -> Box<dyn Contract>],
) -> wasmtime::Result<Vec<Served>> {
    let mut contracts: Vec<Served> = Vec::new();
    let ours = std::iter::once(Box::new(V0_1) as Box<dyn Contract>);
    for contract in ours.chain(others.iter().map(|contract| contract())) {
        if contracts.iter().any(|served| served.contract.name() == contract.name()) {
            wasmtime::bail!("contract `{}` is served twice", contract.name());
        }
        let mut linker = Linker::new(engine);
        contract.link(&mut linker)?;
        contracts.push(Served { contract, linker });
    }
    Ok(contracts)
}

impl Engine {
    /// Returns an engine that serves our contract, with everything else as it is by default.
    ///
    /// # Errors
    /// [`Unstartable`].
    pub fn new() -> Result<Engine, Unstartable> {
        Engine::builder().start()
    }

    /// Returns an engine to be.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Returns the names of the contracts served.
    #[must_use]
    pub fn contracts(&self) -> Vec<String> {
        self.0.contracts.iter().map(|served| served.contract.name().to_owned()).collect()
    }

    /// Returns what fuel means here: engine, version, price list and target. Under one meter the same evaluation uses the
    /// same fuel.
    #[must_use]
    pub fn meter(&self) -> &str {
        &self.0.meter
    }

    /// Returns where policies are made ready.
    #[must_use]
    pub fn workshop(&self) -> &dyn Workshop {
        self.0.workshop.as_ref()
    }

    /// Returns how memory is cleared between two evaluations: by asking the kernel which pages were written to, or, before
    /// Linux 6.7, by writing zeros.
    #[must_use]
    pub fn clears_by_pagemap_scan(&self) -> bool {
        wasmtime::PoolingAllocationConfig::is_pagemap_scan_available()
    }
}
