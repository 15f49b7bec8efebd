//! How guests are compiled, what their work costs, and where instances come from. Every number says what it is for.

use std::num::NonZeroUsize;
use std::sync::Arc;
use wasmtime::{
    CacheStore, Config, Enabled, InstanceAllocationStrategy, OperatorCost, OptLevel, PoolingAllocationConfig,
};

/// Version of the price list: the prices below, [`operators`], and what a guest is called for. A change of any price is a new version, and fuel of two
/// versions does not compare.
pub(crate) const PRICE_LIST: u32 = 3;

/// Fuel of a call of a host function; and of each byte it carries, one more.
pub(crate) const HOST_CALL_FUEL: u64 = 200;

/// Fuel of making an instance and throwing it away, which takes about 6.5 µs; guests do some 400 units of fuel in one.
pub(crate) const INSTANCE_FUEL: u64 = 2_500;

/// The version of wasmtime, as pinned in `Cargo.toml`; a test holds it to the lock file.
pub(crate) const WASMTIME: &str = "48.0.8";

/// Guest stack, in bytes: wasmtime's own default. Recursion past it is the fault `stack`.
const GUEST_STACK_BYTES: usize = 512 << 10;

/// Address space for each linear memory, in bytes: all that 32 bits address, so that compiled code needs no bounds checks
/// (what lies behind is never mapped) and no memory ever moves.
const MEMORY_RESERVATION_BYTES: u64 = 4 << 30;

/// Most bytes of linear memory that any binding can be granted. The default limit is 64 MiB; this is the operator's ceiling.
pub(crate) const MEMORY_CEILING_BYTES: usize = 1 << 30;

/// Most core instances, memories and tables of one component; chosen by feel: an interpreter guest has 36 instances.
pub(crate) const MOST_PARTS: u32 = 64;

/// Most elements of a table; a package may have 100 000 over all its tables, see `PackageLimits`.
const TABLE_ELEMENTS: usize = 100_000;

/// Bytes of an instance's own bookkeeping, which grow with its functions: 50 000 functions, as `PackageLimits` allows, take
/// 32 bytes each.
const INSTANCE_BYTES: usize = 4 << 20;

/// Bytes of a linear memory that stay mapped, and are cleared, when an instance is gone: what one evaluation writes to.
/// Less means a page fault for each page in the next evaluation; more is cleared in vain. 64 KiB were enough for every
/// policy measured, interpreters write more.
const KEEP_MEMORY_BYTES: usize = 512 << 10;

/// The same of tables: 1 024 elements of 8 bytes.
const KEEP_TABLE_BYTES: usize = 8 << 10;

/// Where instances come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instances {
    /// From a pool with room for so many components at a time; one more is the fault `no-instance`. Its address space is
    /// reserved at the start, 4 GiB for each, and 128 TiB is all that a process has.
    Pooled(u32),
    /// From the system, one by one: an evaluation takes several times as long.
    OnDemand,
}

impl Default for Instances {
    /// Room for 256. No more evaluate at a time than there are threads; the others keep the images of policies mapped, so
    /// that the next evaluation of one finds its memory as it needs it.
    fn default() -> Instances {
        Instances::Pooled(256)
    }
}

/// Returns how guests are compiled: deterministic, metered, and without anything a policy does not need.
fn compiling() -> Config {
    let mut config = Config::new();
    // Fuel bounds what a guest computes and is the same on every machine; the epoch bounds the wall clock, also where fuel
    // does not advance (in host calls). Neither is enough alone.
    config.consume_fuel(true).epoch_interruption(true).operator_cost(operators());
    // Whatever could differ between two runs is canonical or off.
    config.cranelift_nan_canonicalization(true);
    config.wasm_relaxed_simd(false).wasm_memory64(false).wasm_tail_call(false);
    // What copies between the components of a composed policy has the memories of both: without this the compiler panics. A
    // guest's own modules have one memory, or are refused when they are verified.
    config.wasm_multi_memory(true);
    config.cranelift_opt_level(OptLevel::Speed);
    config.max_wasm_stack(GUEST_STACK_BYTES);
    config.memory_reservation(MEMORY_RESERVATION_BYTES).memory_may_move(false);
    // A trap's reason is recorded and must be the same everywhere; a backtrace would differ with the build. Without one,
    // nobody asks which instruction an address belongs to, and code is a third smaller.
    config.wasm_backtrace_max_frames(None).generate_address_map(false);
    // The initial memory of a policy is mapped from an image and copied page by page when it is written to.
    config.memory_init_cow(true);
    config
}

/// The prices of instructions: one each as wasmtime has it, and what takes longer costs what it takes.
fn operators() -> OperatorCost {
    let mut prices = OperatorCost::new();
    // Two system calls and a flush of the address cache on every processor, about 8 µs or 3 000 units; 255 is the highest
    // price of an instruction, the rest is on its pages.
    prices.MemoryGrow = 255;
    // A page of 64 KiB is 16 faults of 0.25 µs when it is first written to.
    prices.variable.memory_grow_per_page = 255;
    prices.TableGrow = 255;
    // A division takes as long as some twenty other instructions.
    (prices.I32DivS, prices.I32DivU, prices.I32RemS, prices.I32RemU) = (10, 10, 10, 10);
    (prices.I64DivS, prices.I64DivU, prices.I64RemS, prices.I64RemU) = (20, 20, 20, 20);
    // A call through a table checks its bounds and its signature, and may have to fill the element in.
    prices.CallIndirect = 5;
    prices
}

/// Returns how guests run that were compiled before.
pub(crate) fn running(instances: Instances) -> Config {
    let mut config = compiling();
    if let Instances::Pooled(most) = instances {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(most).total_memories(most).total_tables(most.saturating_mul(2));
        // Most components are three or four core instances: the module, and what adapts its imports.
        pool.total_core_instances(most.saturating_mul(8));
        pool.max_core_instances_per_component(MOST_PARTS).max_memories_per_component(MOST_PARTS);
        pool.max_tables_per_component(MOST_PARTS).max_tables_per_module(8).max_memories_per_module(1);
        pool.table_elements(TABLE_ELEMENTS).max_memory_size(MEMORY_CEILING_BYTES);
        pool.max_core_instance_size(INSTANCE_BYTES).max_component_instance_size(INSTANCE_BYTES);
        pool.linear_memory_keep_resident(KEEP_MEMORY_BYTES).table_keep_resident(KEEP_TABLE_BYTES);
        // Asks the kernel which pages were written to, instead of clearing or dropping all; Linux 6.7 and newer.
        pool.pagemap_scan(Enabled::Auto);
        // Every slot may keep the image of the policy it last ran.
        pool.max_unused_warm_slots(most);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    config
}

/// Returns how guests are compiled, remembering functions that were compiled before: a policy is compiled twice, to be
/// configured and as it was configured, and nearly all functions are the same.
pub(crate) fn making(remembered: Arc<dyn CacheStore>) -> wasmtime::Result<Config> {
    let mut config = compiling();
    config.enable_incremental_compilation(remembered)?;
    Ok(config)
}

/// Most functions at work that a profile tells apart. Each takes some 100 bytes at every stop; chosen by feel.
pub(crate) const MOST_FRAMES: usize = 1_000;

/// Returns how guests are compiled whose functions are watched. They use the same fuel as any other.
pub(crate) fn watching() -> Config {
    let mut config = compiling();
    config.wasm_backtrace_max_frames(NonZeroUsize::new(MOST_FRAMES));
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
