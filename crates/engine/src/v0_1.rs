//! Our contract, `lexgate:screening@0.1.0`: requests lowered by reference, findings lifted and handed on unchecked.

use crate::contract::{Contract, Guest, State};
use crate::{lift, lower};
use lexgate_model::Request;
use lexgate_model::date::Date;
use lexgate_model::fault::Refusal;
use lexgate_model::finding::Reported;
use lexgate_model::package::{CONTRACT, DatasetVersion};
use std::sync::OnceLock;
use wasmtime::component::{ComponentExportIndex, Instance, InstancePre, Linker, TypedFunc};
use wasmtime::{Store, StoreContextMut};

pub(crate) mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "screening-policy",
        ownership: Borrowing { duplicate_if_necessary: true },
    });
}

use bindings::lexgate::screening::{datasets, log, types as wit};

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
        let missing = || wasmtime::format_err!("it has no `evaluate`");
        let export = |of: Option<&_>, name| component.component().get_export_index(of, name);
        let interface = export(None, "lexgate:screening/policy@0.1.0").ok_or_else(missing)?;
        let evaluate = export(Some(&interface), "evaluate").ok_or_else(missing)?;
        let indices = bindings::ScreeningPolicyIndices::new(component)?;
        Ok(Box::new(Exports { indices, evaluate, checked: OnceLock::new() }))
    }
}

/// The exports of one component.
struct Exports {
    indices: bindings::ScreeningPolicyIndices,
    evaluate: ComponentExportIndex,
    /// Whether the types of the exports were found to be those of the contract.
    checked: OnceLock<()>,
}

/// `evaluate`, as the contract has it.
type Evaluate<'a> = TypedFunc<(wit::Request<'a>,), (Result<Vec<wit::Finding>, wit::Refusal>,)>;

impl Exports {
    /// Looks `evaluate` up in an instance of the component.
    fn evaluate<'a>(&self, store: &mut Store<State>, instance: &Instance) -> wasmtime::Result<Evaluate<'a>> {
        if self.checked.get().is_none() {
            self.indices.load(&mut *store, instance)?;
            let _ = self.checked.set(());
        }
        let function = instance.get_func(&mut *store, self.evaluate);
        let function = function.ok_or_else(|| wasmtime::format_err!("it has no `evaluate`"))?;
        // SAFETY: `load` compared the type of this function of this component with this very type, once; doing that again
        // takes a fifth of an evaluation.
        #[expect(unsafe_code, reason = "the type was checked before, see above")]
        Ok(unsafe { TypedFunc::new_unchecked(function) })
    }
}

impl Guest for Exports {
    fn configure(
        &self,
        store: &mut Store<State>,
        instance: &Instance,
        parameters: &str,
    ) -> wasmtime::Result<Result<(), String>> {
        let policy = self.indices.load(&mut *store, instance)?;
        policy.lexgate_screening_policy().call_configure(store, parameters)
    }

    fn evaluate(
        &self,
        store: &mut Store<State>,
        instance: &Instance,
        request: &Request,
        date: Date,
    ) -> wasmtime::Result<Result<Vec<Reported>, Refusal>> {
        let evaluate = self.evaluate(store, instance)?;
        let arena = bumpalo::Bump::new();
        let request = lower::request(request, date, &arena);
        let (answer,) = evaluate.call(store, (request,))?;
        Ok(answer.map(|findings| findings.into_iter().map(lift::finding).collect()).map_err(lift::refusal))
    }
}
