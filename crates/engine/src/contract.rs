//! What a version of the contract is to the engine. Ours is built in; a host may serve others beside it.

pub use crate::host::State;
use lexgate_model::Request;
use lexgate_model::date::Date;
use lexgate_model::fault::Refusal;
use lexgate_model::finding::Reported;
use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre, Linker};

/// A version of the contract: its name, what its guests may import, and how they are called.
pub trait Contract: Send + Sync {
    /// Returns its name, such as `lexgate:screening@0.1.0`, as manifests name it.
    fn name(&self) -> &'static str;

    /// Defines what its guests may import.
    ///
    /// # Errors
    /// When a name is defined twice.
    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()>;

    /// Finds what a component of this contract exports.
    ///
    /// # Errors
    /// When an export is missing or has another type.
    fn bind(&self, component: &InstancePre<State>) -> wasmtime::Result<Box<dyn Guest>>;
}

/// The exports of one component, looked up once.
pub trait Guest: Send + Sync {
    /// Calls `configure`; the inner error is the guest's.
    ///
    /// # Errors
    /// What ended the guest: a trap, or an error of the canonical ABI.
    fn configure(
        &self,
        store: &mut Store<State>,
        instance: &Instance,
        parameters: &str,
    ) -> wasmtime::Result<Result<(), String>>;

    /// Calls `evaluate` on the request as of the date; the inner error is the guest's.
    ///
    /// # Errors
    /// What ended the guest: a trap, or an error of the canonical ABI.
    fn evaluate(
        &self,
        store: &mut Store<State>,
        instance: &Instance,
        request: &Request,
        date: Date,
    ) -> wasmtime::Result<Result<Vec<Reported>, Refusal>>;
}
