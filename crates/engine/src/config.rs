//! The engine: how guests are compiled, and the meter they are measured with.

use crate::contract::Contract;
use crate::host::State;
use crate::ticker::Ticker;
use crate::v0_1::V0_1;
use std::fmt;
use std::sync::Arc;
use wasmtime::component::Linker;
use wasmtime::{Config, OptLevel};

/// Version of the price list below; a change of any price is a new version, and fuel of two versions does not compare.
const PRICE_LIST: u32 = 1;

/// Fuel of a call of a host function; and of each byte it carries, one more.
pub(crate) const HOST_CALL_FUEL: u64 = 200;

/// The version of wasmtime, as pinned in `Cargo.toml`; a test holds it to the lock file.
const WASMTIME: &str = "48.0.8";

/// Guest stack, in bytes: wasmtime's own default. Recursion past it is the fault `stack`.
const GUEST_STACK_BYTES: usize = 512 << 10;

/// Compiles and runs policies. One per process; clones share everything.
#[derive(Clone)]
pub struct Engine {
    pub(crate) wasmtime: wasmtime::Engine,
    pub(crate) contracts: Arc<[Served]>,
    pub(crate) ticker: Arc<Ticker>,
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
pub struct Unstartable(wasmtime::Error);

impl Engine {
    /// Returns an engine that serves our contract.
    ///
    /// # Errors
    /// [`Unstartable`].
    pub fn new() -> Result<Engine, Unstartable> {
        Engine::serving(Vec::new())
    }

    /// Returns an engine that serves other versions of the contract beside ours.
    ///
    /// # Errors
    /// [`Unstartable`].
    pub fn serving(others: Vec<Box<dyn Contract>>) -> Result<Engine, Unstartable> {
        Engine::start(others).map_err(Unstartable)
    }

    fn start(others: Vec<Box<dyn Contract>>) -> wasmtime::Result<Engine> {
        let wasmtime = wasmtime::Engine::new(&config())?;
        let mut contracts: Vec<Served> = Vec::new();
        for contract in std::iter::once(Box::new(V0_1) as Box<dyn Contract>).chain(others) {
            if contracts.iter().any(|served| served.contract.name() == contract.name()) {
                wasmtime::bail!("contract `{}` is served twice", contract.name());
            }
            let mut linker = Linker::new(&wasmtime);
            contract.link(&mut linker)?;
            contracts.push(Served { contract, linker });
        }
        let ticker = Ticker::start(&wasmtime)?;
        Ok(Engine { wasmtime, contracts: contracts.into(), ticker })
    }

    /// Returns the names of the contracts served.
    #[must_use]
    pub fn contracts(&self) -> Vec<String> {
        self.contracts.iter().map(|served| served.contract.name().to_owned()).collect()
    }

    /// Returns what fuel means here: engine, version, price list and target. Under one meter the same evaluation uses the
    /// same fuel.
    #[must_use]
    pub fn meter(&self) -> String {
        format!("wasmtime-{WASMTIME}/prices-{PRICE_LIST}/{}", std::env::consts::ARCH)
    }
}

/// Returns how guests are compiled: deterministic, metered, and without anything a policy does not need.
fn config() -> Config {
    let mut config = Config::new();
    // Fuel bounds what a guest computes and is the same on every machine; the epoch bounds the wall clock, also where fuel
    // does not advance (in host calls). Neither is enough alone.
    config.consume_fuel(true).epoch_interruption(true);
    // Whatever could differ between two runs is canonical or off.
    config.cranelift_nan_canonicalization(true);
    config.wasm_relaxed_simd(false).wasm_memory64(false).wasm_multi_memory(false).wasm_tail_call(false);
    config.cranelift_opt_level(OptLevel::Speed);
    config.max_wasm_stack(GUEST_STACK_BYTES);
    // Address space, not memory: memories grow in place up to the limit below, and are at most 64 MiB by default.
    config.memory_reservation(4 << 30);
    // A trap's reason is recorded and must be the same everywhere; a backtrace would differ with the build.
    config.wasm_backtrace_max_frames(None);
    config
}

#[cfg(test)]
mod tests {
    use super::WASMTIME;

    #[test]
    fn the_meter_names_the_wasmtime_in_the_lock_file() {
        let lock = include_str!("../../../Cargo.lock");
        assert!(lock.contains(&format!("name = \"wasmtime\"\nversion = \"{WASMTIME}\"\n")));
    }
}
