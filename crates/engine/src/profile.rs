//! Where the fuel of a policy goes, by function: exact, the same on every machine, and without a clock.
//!
//! The guest stops wherever a function or a loop begins, and says which functions are at work and how much fuel is left.
//! What was used between two stops was used by the function that was innermost at the first of them: in a component with
//! a stop behind every call (`lexgate_packages::with_stops`) that is always so, because a function that returns is
//! followed by a stop. In any other component a caller's fuel between two calls counts as that of the first callee.
//!
//! Where a loop begins, what the function used since it was last told is still in a register; it is told at the next call or
//! return, while the same function is innermost.
//!
//! This takes a hundred times as long as an evaluation, and compiles in this process; it is for the desk of an author.

use crate::code::Code;
use crate::config::{self, INSTANCE_FUEL, MOST_FRAMES};
use crate::contract::Guest;
use crate::engine::{Engine, serve};
use crate::host::{Phase, State};
use crate::make::{Failed, Maker, Order, bound, bound_alone};
use crate::prepare::{Prepared, Unprepared, unprepared};
use crate::run::{configure, fault_of, limit, shortened};
use lexgate_model::fault::{Fault, Limits, Refusal};
use lexgate_model::{Request, When};
use serde::Serialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wasmtime::component::InstancePre;
use wasmtime::{FrameInfo, Store, StoreContextMut, UpdateDeadline, WasmBacktrace};

/// What making an instance and throwing it away is called among functions.
const INSTANCE: &str = "(making an instance)";

/// What stands in place of the outermost functions where there are too many.
const DEEP: &str = "(more functions)";

/// No deadline, and no overflow when it is added to the epoch.
const NEVER: u64 = u64::MAX / 2;

/// What is profiled.
#[derive(Debug, Clone, Copy)]
pub enum Profiled<'a> {
    /// `configure`, with everything that happens before it.
    Configuring,
    /// `evaluate` on a request, as of its local date.
    Evaluating(&'a Request, When),
}

/// Where fuel went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// Units of fuel that were used: those of all stacks together.
    pub fuel: u64,
    /// Who used them. Every stack stands here once, in their order.
    pub stacks: Vec<Stack>,
    /// What the guest did wrong; then this is what it used until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// Functions at work at the same time, and what the innermost of them used by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stack {
    /// Names of functions as the component gives them, outermost first; a number where it gives none.
    pub functions: Vec<String>,
    /// Units of fuel.
    pub fuel: u64,
}

impl Engine {
    /// Returns where the fuel of a policy goes under limits. `stopping` is its component with stops, which must do the same.
    ///
    /// # Errors
    /// [`Unprepared`], naming the policy.
    pub fn profile(
        &self,
        policy: &Prepared,
        stopping: &[u8],
        profiled: Profiled<'_>,
        limits: &Limits,
    ) -> Result<Profile, Unprepared> {
        let order = policy.0.order(stopping, limits, self.0.alone);
        self.watch(policy, order, profiled).map_err(|failed| unprepared(&policy.0, failed, limits))
    }

    fn watch(&self, policy: &Prepared, order: Order<'_>, profiled: Profiled<'_>) -> Result<Profile, Failed> {
        let (request, when) = match profiled {
            Profiled::Configuring => return self.watch_configuring(order),
            Profiled::Evaluating(request, when) => (request, when),
        };
        let snapshot = Maker::new(&self.0.others).map_err(broken)?.snapshot(order)?.ok();
        let component = snapshot.as_ref().map_or(order.package, |(component, _)| component);
        let (wasmtime, mut store) = watching(order)?;
        let alone = match snapshot {
            Some(_) => bound_alone(&wasmtime, order, component)?,
            None => None,
        };
        let code = match alone {
            Some((_, alone, _)) => Code::Alone(alone),
            None => {
                let (component, guest) = self.bound(&wasmtime, component, order)?;
                Code::Component(component, guest)
            }
        };
        // As an evaluation does it: from the snapshot, or configured first.
        let instance = match &code {
            Code::Component(component, guest) if snapshot.is_none() => {
                match configure(&mut store, component, guest.as_ref(), order.parameters, NEVER) {
                    Ok((instance, Ok(()))) => Some(instance),
                    Ok((_, Err(why))) => return Err(Failed::Refused(why)),
                    Err(error) => return Err(Failed::Faulted(fault_of(&error, store.data()))),
                }
            }
            _ => {
                limit(&mut store);
                None
            }
        };
        let fuel = order.limits.fuel(request.size());
        store.set_fuel(fuel.saturating_sub(INSTANCE_FUEL)).map_err(broken)?;
        store.data_mut().phase = Phase::Evaluate;
        let watcher = Watcher::on(&mut store, fuel);
        store.set_epoch_deadline(0);
        let date = policy.0.known.zone.date(when);
        let answer = code.evaluate(&mut store, instance, request, date).flatten();
        let fault = match answer {
            Ok(Ok(_)) => None,
            Ok(Err(refusal)) => Some(Fault::Refusal(shortened(refusal))),
            Err(error) => Some(fault_of(&error, store.data())),
        };
        Ok(watcher.profile(&store, fault))
    }

    fn watch_configuring(&self, order: Order<'_>) -> Result<Profile, Failed> {
        let (wasmtime, mut store) = watching(order)?;
        let (component, guest) = self.bound(&wasmtime, order.package, order)?;
        let watcher = Watcher::on(&mut store, order.limits.configure_fuel);
        let fault = match configure(&mut store, &component, guest.as_ref(), order.parameters, 0) {
            Ok((_, Ok(()))) => None,
            Ok((_, Err(why))) => Some(Fault::Refusal(shortened(Refusal::Unsupported(why)))),
            Err(error) => Some(fault_of(&error, store.data())),
        };
        Ok(watcher.profile(&store, fault))
    }

    /// Returns a component compiled to be watched, and its exports.
    fn bound(
        &self,
        wasmtime: &wasmtime::Engine,
        component: &[u8],
        order: Order<'_>,
    ) -> Result<(InstancePre<State>, Box<dyn Guest>), Failed> {
        let contracts = serve(wasmtime, &self.0.others).map_err(broken)?;
        bound(wasmtime, &contracts, component, order)
    }
}

/// Returns an engine whose guests are watched, and a store of it.
fn watching(order: Order<'_>) -> Result<(wasmtime::Engine, Store<State>), Failed> {
    let wasmtime = wasmtime::Engine::new(&config::watching()).map_err(broken)?;
    let store = Store::new(&wasmtime, State::new(*order.limits, Arc::clone(order.datasets)));
    Ok((wasmtime, store))
}

fn broken(error: wasmtime::Error) -> Failed {
    Failed::Unmade(format!("{error:#}"))
}

/// Notes what is used by whom.
#[derive(Clone)]
struct Watcher(Arc<Mutex<Watched>>);

#[derive(Default)]
struct Watched {
    /// Fuel left at the last stop.
    left: u64,
    /// Functions at work at the last stop, outermost first, as places in `names`.
    at_work: Vec<usize>,
    used: HashMap<Vec<usize>, u64>,
    names: Vec<String>,
    places: HashMap<String, usize>,
}

impl Watcher {
    /// Watches a store that has so much fuel, from now on; the guest stops while the deadline of its epoch has passed.
    fn on(store: &mut Store<State>, left: u64) -> Watcher {
        let mut watched = Watched { left, ..Watched::default() };
        watched.look(&[]);
        let watcher = Watcher(Arc::new(Mutex::new(watched)));
        let stopped = watcher.clone();
        store.epoch_deadline_callback(move |store| {
            stopped.stop(&store)?;
            Ok(UpdateDeadline::Continue(0))
        });
        watcher
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self, store: &StoreContextMut<'_, State>) -> wasmtime::Result<()> {
        let left = store.get_fuel()?;
        let mut watched = self.watched();
        watched.spend(left);
        watched.look(WasmBacktrace::force_capture(store).frames());
        Ok(())
    }

    fn profile(&self, store: &Store<State>, fault: Option<Fault>) -> Profile {
        let mut watched = self.watched();
        watched.spend(store.get_fuel().unwrap_or(0));
        let Watched { used, names, .. } = &*watched;
        let name = |place: &usize| names.get(*place).cloned();
        let stack = |(functions, fuel): (&Vec<usize>, &u64)| Stack {
            functions: functions.iter().filter_map(name).collect(),
            fuel: *fuel,
        };
        let mut stacks: Vec<Stack> = used.iter().map(stack).collect();
        stacks.sort();
        Profile { fuel: stacks.iter().map(|stack| stack.fuel).sum(), stacks, fault }
    }
}

impl Watched {
    /// Those at work since the last stop have used what is no longer left.
    fn spend(&mut self, left: u64) {
        let fuel = self.left.saturating_sub(left);
        self.left = left;
        if fuel == 0 {
            return;
        }
        match self.used.get_mut(&self.at_work) {
            Some(used) => *used = used.saturating_add(fuel),
            None => drop(self.used.insert(self.at_work.clone(), fuel)),
        }
    }

    /// Looks who is at work, innermost first: without a function an instance is being made.
    fn look(&mut self, frames: &[FrameInfo]) {
        self.at_work.clear();
        let beside = match frames.len() {
            0 => Some(INSTANCE),
            MOST_FRAMES.. => Some(DEEP),
            _ => None,
        };
        if let Some(beside) = beside {
            let place = self.place(beside);
            self.at_work.push(place);
        }
        for frame in frames.iter().rev() {
            let place = match (frame.func_name(), frame.module().name()) {
                (Some(name), _) => self.place(name),
                (None, Some(module)) => self.place(&format!("{module}[{}]", frame.func_index())),
                (None, None) => self.place(&format!("[{}]", frame.func_index())),
            };
            self.at_work.push(place);
        }
    }

    fn place(&mut self, name: &str) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        self.places.insert(name.to_owned(), self.names.len());
        self.names.push(name.to_owned());
        self.names.len() - 1
    }
}
