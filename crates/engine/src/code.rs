//! Code that runs: of a component, or of the one module that a component consists of.

use crate::alone::Alone;
use crate::contract::{Guest, State};
use lexgate_model::Request;
use lexgate_model::date::Date;
use lexgate_model::fault::Refusal;
use lexgate_model::finding::Reported;
use wasmtime::Store;
use wasmtime::component;

/// Code, linked.
pub(crate) enum Code {
    /// A component, and its exports.
    Component(component::InstancePre<State>, Box<dyn Guest>),
    /// A module that is all there is.
    Alone(Alone),
}

impl Code {
    /// Instantiates it and calls `evaluate`, of the instance if there is one already.
    ///
    /// # Errors
    /// What ended the guest; first, what prevented an instance.
    pub(crate) fn evaluate(
        &self,
        store: &mut Store<State>,
        instance: Option<component::Instance>,
        request: &Request,
        date: Date,
    ) -> Result<wasmtime::Result<Result<Vec<Reported>, Refusal>>, wasmtime::Error> {
        match self {
            Code::Component(component, guest) => {
                let instance = match instance {
                    Some(instance) => instance,
                    None => component.instantiate(&mut *store)?,
                };
                Ok(guest.evaluate(store, &instance, request, date))
            }
            Code::Alone(alone) => {
                let instance = alone.instantiate(store)?;
                Ok(alone.evaluate(store, instance, request, date))
            }
        }
    }
}
