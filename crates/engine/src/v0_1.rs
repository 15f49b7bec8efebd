//! Our contract, `lexgate:screening@0.1.0`: requests lowered by reference, findings lifted and handed on unchecked.

use crate::contract::{Contract, Guest, State};
use crate::{lift, lower};
use lexgate_model::Request;
use lexgate_model::date::Date;
use lexgate_model::fault::Refusal;
use lexgate_model::finding::Reported;
use lexgate_model::package::{CONTRACT, DatasetVersion};
use wasmtime::component::{Instance, InstancePre, Linker};
use wasmtime::{Store, StoreContextMut};

pub(crate) mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "screening-policy",
        ownership: Borrowing { duplicate_if_necessary: true },
    });
}

use bindings::lexgate::screening::{datasets, log};

/// Our contract.
pub(crate) struct V0_1;

impl Contract for V0_1 {
    fn name(&self) -> &'static str {
        CONTRACT
    }

    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        let mut imports = linker.instance("lexgate:screening/datasets@0.1.0")?;
        imports.func_wrap("read", |store: StoreContextMut<'_, State>, (name,): (String,)| {
            let versions = State::read(store, &name)?;
            let version = |dataset: &DatasetVersion| datasets::Version {
                id: dataset.version.clone(),
                valid_from: dataset.period.from.map(lower::date),
                valid_until: dataset.period.until.map(lower::date),
                content: dataset.bytes.to_vec(),
            };
            let answer: Result<Vec<datasets::Version>, String> = if versions.is_empty() {
                Err(format!("no dataset `{}` is bound", name.chars().take(64).collect::<String>()))
            } else {
                Ok(versions.iter().map(version).collect())
            };
            Ok((answer,))
        })?;
        let mut imports = linker.instance("lexgate:screening/log@0.1.0")?;
        imports.func_wrap(
            "write",
            |store: StoreContextMut<'_, State>, (level, message): (log::Level, String)| {
                let level = match level {
                    log::Level::Debug => "debug",
                    log::Level::Info => "info",
                    log::Level::Warn => "warn",
                };
                State::write(store, level, message)
            },
        )
    }

    fn bind(&self, component: &InstancePre<State>) -> wasmtime::Result<Box<dyn Guest>> {
        Ok(Box::new(Exports(bindings::ScreeningPolicyIndices::new(component)?)))
    }
}

/// The exports of one component.
struct Exports(bindings::ScreeningPolicyIndices);

impl Guest for Exports {
    fn configure(
        &self,
        store: &mut Store<State>,
        instance: &Instance,
        parameters: &str,
    ) -> wasmtime::Result<Result<(), String>> {
        let policy = self.0.load(&mut *store, instance)?;
        policy.lexgate_screening_policy().call_configure(store, parameters)
    }

    fn evaluate(
        &self,
        store: &mut Store<State>,
        instance: &Instance,
        request: &Request,
        date: Date,
    ) -> wasmtime::Result<Result<Vec<Reported>, Refusal>> {
        let policy = self.0.load(&mut *store, instance)?;
        let arena = bumpalo::Bump::new();
        let request = lower::request(request, date, &arena);
        let answer = policy.lexgate_screening_policy().call_evaluate(store, request)?;
        Ok(answer.map(|findings| findings.into_iter().map(lift::finding).collect()).map_err(lift::refusal))
    }
}
