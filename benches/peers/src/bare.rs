//! The floor below Lexgate: the same compiled policy, called through wasmtime with the same configuration and nothing
//! around it; and a guest that does nothing at all.

use anyhow::{Context, Result, ensure};
use lexgate_engine::{Engine, Order};
use lexgate_model::fault::Limits;
use lexgate_model::{Package, Verified};
use rounds::{Answer, Outcome, QUESTIONS, Question, Row};
use std::rc::Rc;
use std::sync::Arc;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker, TypedFunc};
use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, OperatorCost, OptLevel, PoolingAllocationConfig, Store,
    StoreLimits, StoreLimitsBuilder,
};

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "screening-policy",
        ownership: Borrowing { duplicate_if_necessary: true },
    });
}

use bindings::lexgate::screening::types as wit;

/// As `crates/engine/src/config.rs` has it; code that was compiled for another configuration is not loaded.
fn config() -> Config {
    let mut config = Config::new();
    let mut prices = OperatorCost::new();
    prices.MemoryGrow = 255;
    prices.variable.memory_grow_per_page = 255;
    prices.TableGrow = 255;
    (prices.I32DivS, prices.I32DivU, prices.I32RemS, prices.I32RemU) = (10, 10, 10, 10);
    (prices.I64DivS, prices.I64DivU, prices.I64RemS, prices.I64RemU) = (20, 20, 20, 20);
    prices.CallIndirect = 5;
    config.consume_fuel(true).epoch_interruption(true).operator_cost(prices);
    config.cranelift_nan_canonicalization(true);
    config.wasm_relaxed_simd(false).wasm_memory64(false).wasm_tail_call(false).wasm_multi_memory(true);
    config.cranelift_opt_level(OptLevel::Speed);
    config.max_wasm_stack(512 << 10);
    config.memory_reservation(4 << 30).memory_may_move(false);
    config.wasm_backtrace_max_frames(None).generate_address_map(false);
    config.memory_init_cow(true);
    let mut pool = PoolingAllocationConfig::new();
    let most = 256;
    pool.total_component_instances(most).total_memories(most).total_tables(most * 2);
    pool.total_core_instances(most * 8);
    pool.max_core_instances_per_component(64).max_memories_per_component(64);
    pool.max_tables_per_component(64).max_tables_per_module(8).max_memories_per_module(1);
    pool.table_elements(100_000).max_memory_size(1 << 30);
    pool.max_core_instance_size(4 << 20).max_component_instance_size(4 << 20);
    pool.linear_memory_keep_resident(512 << 10).table_keep_resident(8 << 10);
    pool.pagemap_scan(Enabled::Auto).max_unused_warm_slots(most);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// What a policy may import: it calls neither while it evaluates.
fn linker(engine: &wasmtime::Engine) -> Result<Linker<StoreLimits>> {
    let mut linker = Linker::new(engine);
    let mut datasets = linker.instance("lexgate:screening/datasets@0.1.0")?;
    datasets.func_wrap("read", |_, (_,): (String,)| {
        Ok((Err::<Vec<bindings::lexgate::screening::datasets::Version>, _>("none".to_owned()),))
    })?;
    let mut log = linker.instance("lexgate:screening/log@0.1.0")?;
    log.func_wrap("write", |_, (_, _): (bindings::lexgate::screening::log::Level, String)| Ok(()))?;
    Ok(linker)
}

/// Lends what a request of the contract is made of.
struct Texts {
    question: Question,
    parties: Vec<String>,
    relationships: Vec<String>,
}

impl Texts {
    fn of(question: Question) -> Texts {
        let names = |letter: char| (0..4).map(|number| format!("{letter}{number}")).collect();
        Texts { question, parties: names('o'), relationships: names('r') }
    }

    /// Hands the question on as the contract has it: the same that the engine makes of the request.
    fn lend<T>(&self, then: impl FnOnce(wit::Request<'_>) -> T) -> T {
        let question = &self.question;
        let mut parties = vec![
            wit::Party {
                ownership: wit::Statement::Complete,
                headquarters: Some(question.headquarters),
                ..party("customer", question.country)
            },
            party("vendor", "US"),
        ];
        let interests: Vec<_> = question.owners.iter().map(|&(_, percent)| [interest(percent)]).collect();
        let mut relationships = Vec::new();
        for (number, (country, _)) in question.owners.iter().enumerate() {
            parties.push(party(&self.parties[number], country));
            relationships.push(wit::Relationship {
                record_id: &self.relationships[number],
                subject: 0,
                interested_party: wit::InterestedParty::Known(number as u32 + 2),
                interests: Some(&interests[number]),
                facts: &[],
            });
        }
        then(wit::Request {
            evaluation_date: wit::Date { year: 2026, month: 3, day: 1 },
            action: "supply",
            channel: None,
            participants: &[
                wit::Participant { role: "vendor", party: 1, facts: &[] },
                wit::Participant { role: "endUser", party: 0, facts: &[] },
            ],
            parties: &parties,
            relationships: Some(&relationships),
            resource: wit::Item {
                record_id: "service",
                category: Some(question.category),
                producer: None,
                country_of_origin: None,
                classifications: None,
                components: None,
                facts: &[wit::FactParam { name: "gpuModel", value: wit::ValueParam::Text("H100") }],
            },
            deployment: None,
            certificates: None,
            authorizations: None,
            purposes: None,
            facts: &[],
        })
    }
}

fn party<'a>(id: &'a str, country: &'a str) -> wit::Party<'a> {
    wit::Party {
        record_id: id,
        kind: "registeredEntity",
        names: &[],
        identifiers: None,
        jurisdiction: Some(country),
        headquarters: Some(country),
        ultimate_parent: wit::Parent::Unknown("notSupplied"),
        ownership: wit::Statement::Unknown("notSupplied"),
        listings: None,
        facts: &[],
    }
}

fn interest(percent: u32) -> wit::Interest<'static> {
    let (mut coefficient, mut exponent) = (i64::from(percent), 0);
    while coefficient % 10 == 0 {
        (coefficient, exponent) = (coefficient / 10, exponent + 1);
    }
    let bound = wit::Bound { value: wit::Decimal { coefficient, exponent }, exclusive: false };
    wit::Interest {
        kind: "shareholding",
        directness: wit::Directness::Direct,
        share: Some(wit::Share { minimum: bound, maximum: bound }),
        beneficial: None,
        start: None,
        end: None,
        facts: &[],
    }
}

/// A compiled policy, with its exports found once.
struct Policy {
    engine: wasmtime::Engine,
    component: InstancePre<StoreLimits>,
    exports: bindings::ScreeningPolicyIndices,
    evaluate: ComponentExportIndex,
}

/// The type of `evaluate`.
type Evaluate<'a> = TypedFunc<(wit::Request<'a>,), (Result<Vec<wit::Finding>, wit::Refusal>,)>;

impl Policy {
    /// Returns the code that Lexgate runs: compiled from the snapshot of the configured policy.
    fn of(lexgate: &Engine, package: &Verified<Package>) -> Result<Policy> {
        let parameters = package.manifest.parameters.accept(serde_json::Map::new())?;
        let order = Order {
            package: &package.bytes,
            contract: &package.manifest.policy.contract,
            parameters: parameters.as_str(),
            datasets: &Arc::default(),
            limits: &Limits::default(),
            alone: false,
        };
        let code = lexgate.workshop().make(order)?.code;
        let engine = wasmtime::Engine::new(&config())?;
        // SAFETY: the engine made these bytes a moment ago, and nobody else had them.
        #[expect(unsafe_code, reason = "loading compiled code is trusting it, see above")]
        let component = unsafe { Component::deserialize(&engine, code) }?;
        let component = linker(&engine)?.instantiate_pre(&component)?;
        let exports = bindings::ScreeningPolicyIndices::new(&component)?;
        let export = |of: Option<&_>, name| component.component().get_export_index(of, name);
        let interface = export(None, "lexgate:screening/policy@0.1.0").context("no interface")?;
        let evaluate = export(Some(&interface), "evaluate").context("no `evaluate`")?;
        Ok(Policy { engine, component, exports, evaluate })
    }

    /// `checked_before` leaves out that the types of all exports are checked again.
    fn evaluate(&self, request: wit::Request<'_>, checked_before: bool) -> Result<(Outcome, u64)> {
        let mut store = store(&self.engine)?;
        let instance = self.component.instantiate(&mut store)?;
        let answer = if checked_before {
            let function = instance.get_func(&mut store, &self.evaluate).context("no `evaluate`")?;
            // SAFETY: it is a function of the component that `exports` were found in, which checked its type.
            #[expect(unsafe_code, reason = "the type is not checked again, see above")]
            let function: Evaluate<'_> = unsafe { TypedFunc::new_unchecked(function) };
            function.call(&mut store, (request,))?.0
        } else {
            let policy = self.exports.load(&mut store, &instance)?;
            policy.lexgate_screening_policy().call_evaluate(&mut store, request)?
        };
        let findings = answer.ok().context("the policy refuses")?;
        let outcome = match findings.first().context("no finding")?.floor {
            wit::Outcome::Permit => Outcome::Permit,
            wit::Outcome::LicenceRequired => Outcome::LicenceRequired,
            _ => Outcome::Deny,
        };
        Ok((outcome, FUEL - store.get_fuel()?))
    }
}

/// More than any question takes.
const FUEL: u64 = 10_000_000;

/// Returns a store as the engine has it: with fuel, a deadline, and a limit of memory.
fn store(engine: &wasmtime::Engine) -> Result<Store<StoreLimits>> {
    let mut store = Store::new(engine, StoreLimitsBuilder::new().memory_size(64 << 20).build());
    store.limiter(|limits| limits);
    store.set_fuel(FUEL)?;
    store.set_epoch_deadline(1_000);
    Ok(store)
}

/// A component that can do nothing, and has a page of memory to do it in.
const EMPTY: &str = r#"(component
    (core module $module (memory (export "memory") 1) (func (export "call")))
    (core instance $instance (instantiate $module))
    (func (export "call") (canon lift (core func $instance "call"))))"#;

/// Returns the rows of bare wasmtime; `fuel` is what Lexgate used for each question.
pub fn rows(lexgate: &Engine, package: &Verified<Package>, fuel: &[u64]) -> Result<Vec<Row>> {
    let policy = Rc::new(Policy::of(lexgate, package)?);
    let texts: Rc<[_]> = QUESTIONS.iter().copied().map(Texts::of).collect();
    for (texts, &fuel) in texts.iter().zip(fuel) {
        let (_, used) = texts.lend(|request| policy.evaluate(request, false))?;
        ensure!(used == fuel, "bare wasmtime uses {used} fuel where the engine uses {fuel}");
    }
    let bare = |name, checked_before| {
        let (policy, texts) = (Rc::clone(&policy), Rc::clone(&texts));
        Row::part(name, move |number: usize| {
            let texts = texts.get(number).context("there is no such question")?;
            Ok(Answer::Outcome(texts.lend(|request| policy.evaluate(request, checked_before))?.0))
        })
    };
    let bare =
        [bare("bare wasmtime, the same policy", false), bare("bare wasmtime, types checked before", true)];

    let started = Policy::of(lexgate, package)?;
    let start = move |_| {
        let mut store = store(&started.engine)?;
        started.component.instantiate(&mut store)?;
        Ok(Answer::Part)
    };

    let engine = wasmtime::Engine::new(&config())?;
    let component = Component::new(&engine, wat::parse_str(EMPTY)?)?;
    let component = Linker::new(&engine).instantiate_pre(&component)?;
    let call = component.component().get_export_index(None, "call").context("no `call`")?;
    let empty = move |_| {
        let mut store = store(&engine)?;
        let instance = component.instantiate(&mut store)?;
        instance.get_typed_func::<(), ()>(&mut store, &call)?.call(&mut store, ())?;
        Ok(Answer::Part)
    };
    let mut rows = Vec::from(bare);
    rows.push(Row::part("bare wasmtime, it is started and dropped", start));
    rows.push(Row::part("bare wasmtime, a guest that does nothing", empty));
    Ok(rows)
}
