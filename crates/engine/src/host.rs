//! What a guest finds around it: its limits, its datasets while it is configured, and a log.

use crate::config::{HOST_CALL_FUEL, MOST_PARTS};
use lexgate_model::package::DatasetVersion;
use lexgate_model::{Fault, Limits};
use std::sync::Arc;
use wasmtime::{ResourceLimiter, StoreContextMut};

/// A line a guest wrote to its log. For its author and the tenant; never part of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// `debug`, `info` or `warn`.
    pub level: &'static str,
    /// What it wrote.
    pub message: String,
}

/// What the guest is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Configure,
    Evaluate,
}

/// The data of a store: everything a host function knows, for one evaluation.
#[derive(Debug)]
pub struct State {
    pub(crate) phase: Phase,
    pub(crate) limits: Limits,
    pub(crate) datasets: Arc<[DatasetVersion]>,
    pub(crate) log: Vec<LogLine>,
    pub(crate) host_calls: u64,
    host_call_bytes: u64,
    pub(crate) memory_bytes: u64,
    pub(crate) memory_refused: bool,
    /// Whether the guest may call the host now: not while it makes room for what it is handed.
    pub(crate) may_leave: bool,
}

/// A host call that may not be. It ends the guest, and becomes the fault it holds.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct HostFault(pub(crate) Fault);

fn trap<T>(why: String) -> wasmtime::Result<T> {
    Err(HostFault(Fault::Trap(why)).into())
}

impl State {
    pub(crate) fn new(limits: Limits, datasets: Arc<[DatasetVersion]>) -> State {
        State {
            phase: Phase::Configure,
            limits,
            datasets,
            log: Vec::new(),
            host_calls: 0,
            host_call_bytes: 0,
            memory_bytes: 0,
            memory_refused: false,
            may_leave: true,
        }
    }

    /// Charges a host call that carries so many bytes: fuel always, and the call limits. Bytes of datasets are not
    /// counted against the limit, since a package or a binding has brought them.
    ///
    /// # Errors
    /// The fault that ends the guest.
    pub fn charge(
        mut store: StoreContextMut<'_, State>,
        bytes: usize,
        counted: bool,
    ) -> wasmtime::Result<()> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let state = store.data_mut();
        state.host_calls = state.host_calls.saturating_add(1);
        if counted {
            state.host_call_bytes = state.host_call_bytes.saturating_add(bytes);
        }
        if state.host_calls > state.limits.host_calls {
            return trap(format!("more than {} host calls", state.limits.host_calls));
        }
        if state.host_call_bytes > state.limits.host_call_bytes {
            return trap(format!("more than {} bytes in host calls", state.limits.host_call_bytes));
        }
        let price = HOST_CALL_FUEL.saturating_add(bytes);
        match store.get_fuel()?.checked_sub(price) {
            Some(left) => store.set_fuel(left),
            None => {
                store.set_fuel(0)?;
                Err(HostFault(Fault::Fuel).into())
            }
        }
    }

    /// Returns the versions of a dataset, oldest first; nothing if none is bound under the name.
    ///
    /// # Errors
    /// The fault that ends the guest: reading is for `configure` only.
    pub fn read(mut store: StoreContextMut<'_, State>, name: &str) -> wasmtime::Result<Vec<DatasetVersion>> {
        if store.data().phase != Phase::Configure {
            return trap("it called `datasets.read` outside `configure`".to_owned());
        }
        let all = Arc::clone(&store.data_mut().datasets);
        let versions: Vec<_> = all.iter().filter(|dataset| dataset.name == name).cloned().collect();
        let bytes = versions.iter().map(|version| version.bytes.len()).sum::<usize>();
        State::charge(store, bytes, false)?;
        Ok(versions)
    }

    /// Writes a line to the log.
    ///
    /// # Errors
    /// The fault that ends the guest: it wrote too much.
    pub fn write(
        mut store: StoreContextMut<'_, State>,
        level: &'static str,
        message: String,
    ) -> wasmtime::Result<()> {
        State::charge(store.as_context_mut_reborrow(), message.len(), true)?;
        store.data_mut().log.push(LogLine { level, message });
        Ok(())
    }
}

/// Lends a store context for one call.
trait Reborrow<'a> {
    fn as_context_mut_reborrow(&mut self) -> StoreContextMut<'_, State>;
}

impl Reborrow<'_> for StoreContextMut<'_, State> {
    fn as_context_mut_reborrow(&mut self) -> StoreContextMut<'_, State> {
        wasmtime::AsContextMut::as_context_mut(self)
    }
}

impl ResourceLimiter for State {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        declared: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let declared = declared.is_none_or(|most| desired <= most);
        // All memories of a guest count together, and none ever shrinks.
        let more = u64::try_from(desired.saturating_sub(current)).unwrap_or(u64::MAX);
        let together = self.memory_bytes.saturating_add(more);
        let allowed = together <= self.limits.memory_bytes;
        if !allowed {
            self.memory_refused = true;
        } else if declared {
            self.memory_bytes = together;
        }
        Ok(allowed && declared)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(u64::try_from(desired).unwrap_or(u64::MAX) <= self.limits.table_elements)
    }

    fn instances(&self) -> usize {
        MOST_PARTS as usize
    }

    fn tables(&self) -> usize {
        MOST_PARTS as usize
    }

    fn memories(&self) -> usize {
        MOST_PARTS as usize
    }
}
