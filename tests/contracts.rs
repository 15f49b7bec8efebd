//! Two versions of the contract side by side in one host.
//!
//! `tests/contract-0.2` is a contract that never was and looks like ours in nothing but its name. Whoever serves it tells
//! the engine how, as the engine itself does for 0.1; its policies stand in one set with ours.

mod guests;

use guests::{Guest, SILENCE, Wit, prepare, request, verified};
use lexgate_engine::contract::{self, Contract, State};
use lexgate_engine::{Binding, Engine, PolicySet, Unprepared};
use lexgate_model::Request;
use lexgate_model::date::Date;
use lexgate_model::decision::Enforced;
use lexgate_model::fault::Refusal;
use lexgate_model::finding::{Outcome, Reported, Span};
use lexgate_packages::{Trust, Unverified, verify};
use serde_json::json;
use wasmtime::component::{Instance, InstancePre, Linker};
use wasmtime::{Store, StoreContextMut};

mod bindings {
    wasmtime::component::bindgen!({ path: "tests/contract-0.2", world: "screening-policy" });
}

use bindings::exports::lexgate::screening::policy as wit;

/// The contract that never was.
struct V0_2;

impl Contract for V0_2 {
    fn name(&self) -> &'static str {
        "lexgate:screening@0.2.0"
    }

    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        let mut log = linker.instance("lexgate:screening/log@0.2.0")?;
        log.func_wrap("write", |store: StoreContextMut<'_, State>, (message,): (String,)| {
            State::write(store, "info", message)
        })
    }

    fn bind(&self, component: &InstancePre<State>) -> wasmtime::Result<Box<dyn contract::Guest>> {
        Ok(Box::new(Exports(bindings::ScreeningPolicyIndices::new(component)?)))
    }
}

struct Exports(bindings::ScreeningPolicyIndices);

impl contract::Guest for Exports {
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
        let on = wit::Date {
            year: date.year().unsigned_abs(),
            month: date.month().unsigned_abs(),
            day: date.day().unsigned_abs(),
        };
        let parties = u32::try_from(request.parties.len())?;
        let verdicts =
            policy.lexgate_screening_policy().call_evaluate(store, on, &request.action, parties)?;
        Ok(Ok(verdicts.into_iter().map(reported).collect()))
    }
}

/// Says in today's terms what a policy of the other contract means.
fn reported(verdict: wit::Verdict) -> Reported {
    let outcome = match verdict.answer {
        wit::Answer::Yes => Outcome::Permit,
        wit::Answer::Ask => Outcome::Review,
        wit::Answer::No => Outcome::Deny,
    };
    Reported {
        rule: verdict.rule,
        code: verdict.code,
        floor: outcome,
        ceiling: outcome,
        licensing: None,
        arguments: Vec::new(),
        evidence: Vec::new(),
        derived: Vec::new(),
        obligations: Vec::new(),
        missing: Vec::new(),
    }
}

/// Returns a policy of our contract that permits.
fn ours(wit: &Wit) -> Guest<'_> {
    let finding = json!({
        "rule": "r1", "code": "plain", "floor": "permit", "ceiling": "permit", "licensing": null, "arguments": [],
        "evidence": [{ "at": "request", "field": "action" }], "derived": [], "obligations": [], "missing": [],
    });
    Guest { evaluate: json!({ "ok": [finding] }).into(), ..Guest::new(wit) }
}

/// Returns a policy of the other contract that asks for a review.
fn theirs(wit: &Wit) -> Guest<'_> {
    let answer = json!([{ "rule": "r1", "code": "plain", "answer": "ask" }]);
    Guest { evaluate: answer.into(), ..Guest::new(wit) }
}

fn both() -> (Wit, Wit, Engine) {
    let engine = Engine::builder().serving(|| Box::new(V0_2)).start().unwrap();
    (Wit::read("wit"), Wit::read("tests/contract-0.2"), engine)
}

#[test]
fn policies_of_two_contracts_stand_in_one_set_and_one_record() {
    let (old, new, engine) = both();
    assert_eq!(engine.contracts(), ["lexgate:screening@0.1.0", "lexgate:screening@0.2.0"]);
    let bind = |id: &str, guest: Guest<'_>| Binding::new(id, guest.prepare(&engine).unwrap());
    let set = PolicySet::new(vec![bind("ours", ours(&old)), bind("theirs", theirs(&new))]).unwrap();
    let request = request();
    let record = engine.decide::<Enforced>(&set, &request, request.when().unwrap());
    let said: Vec<_> = record
        .bindings
        .iter()
        .flat_map(|evaluation| evaluation.findings.iter().map(|f| (&*evaluation.binding, f.span.floor)))
        .collect();
    assert_eq!(said, [("ours", Outcome::Permit), ("theirs", Outcome::Review)]);
    assert_eq!(record.decision.span, Span::exactly(Outcome::Review));
    assert!(record.bindings.iter().all(|evaluation| evaluation.used.fuel > 0));
}

#[test]
fn the_other_contract_asks_in_its_own_shape() {
    let (_, new, engine) = both();
    // Traps unless it is asked on 2025-11-10, `supply` (6 bytes), about two parties; then it logs.
    let expecting = format!(
        "(if (i32.ne (local.get 0) (i32.const 2025)) (then unreachable))
         (if (i32.ne (local.get 1) (i32.const 11)) (then unreachable))
         (if (i32.ne (local.get 2) (i32.const 10)) (then unreachable))
         (if (i32.ne (local.get 4) (i32.const 6)) (then unreachable))
         (if (i32.ne (local.get 5) (i32.const 2)) (then unreachable))
         (call $log (local.get 3) (local.get 4))
         {SILENCE}"
    );
    let imports = r#"(import "lexgate:screening/log@0.2.0" "write" (func $log (param i32 i32)))"#.to_owned();
    let guest = Guest { imports, evaluate: expecting.as_str().into(), ..Guest::new(&new) };
    let set = PolicySet::new(vec![Binding::new("theirs", guest.prepare(&engine).unwrap())]).unwrap();
    let request = request();
    let mut logged = Vec::new();
    let mut log = |binding: &str, line: lexgate_engine::LogLine| {
        logged.push(format!("{binding} {}: {}", line.level, line.message));
    };
    let record = engine.decide_with_log::<Enforced>(&set, &request, request.when().unwrap(), &mut log);
    assert_eq!(record.bindings[0].fault, None);
    assert_eq!(logged, ["theirs info: supply"]);
}

#[test]
fn a_guest_of_the_other_contract_faults_like_any_other() {
    let (_, new, engine) = both();
    let looping = Guest { evaluate: "(loop (br 0)) unreachable".into(), ..Guest::new(&new) };
    let set = PolicySet::new(vec![Binding::new("theirs", looping.prepare(&engine).unwrap())]).unwrap();
    let request = request();
    let record = engine.decide::<Enforced>(&set, &request, request.when().unwrap());
    assert!(record.bindings[0].fault.is_some());
    assert_eq!(record.decision.span, Span::exactly(Outcome::Deny));
}

#[test]
fn a_host_without_the_contract_refuses_its_policies_by_name() {
    let (_, new, _) = both();
    let package = theirs(&new).package();
    let refused =
        verify(Unverified::from_bytes("theirs.wasm", package.clone()), &Trust::default()).unwrap_err();
    let expected = "`theirs.wasm` implements the contract `lexgate:screening@0.2.0`, the host serves \
                    `lexgate:screening@0.1.0`; build it against one of these";
    assert_eq!(refused.to_string(), expected);

    let unprepared =
        prepare(&Engine::new().unwrap(), verified(package, "lexgate:screening@0.2.0")).unwrap_err();
    assert!(matches!(unprepared, Unprepared::Contract(..)));
    let expected = "policy `guest` implements `lexgate:screening@0.2.0`, which this host does not serve";
    assert_eq!(unprepared.to_string(), expected);
}

#[test]
fn a_policy_that_claims_another_contract_is_refused() {
    let (old, _, engine) = both();
    let mut guest = ours(&old);
    guest.manifest["policy"]["contract"] = "lexgate:screening@0.2.0".into();
    let trust = Trust { contracts: engine.contracts(), ..Trust::default() };
    let refused = verify(Unverified::from_bytes("liar.wasm", guest.package()), &trust).unwrap_err();
    assert!(refused.to_string().contains("`lexgate:screening/types@0.1.0`"), "{refused}");
}

#[test]
fn a_contract_is_served_once() {
    let twice = Engine::builder().serving(|| Box::new(V0_2)).serving(|| Box::new(V0_2)).start().unwrap_err();
    assert!(twice.to_string().ends_with("contract `lexgate:screening@0.2.0` is served twice"), "{twice}");
}
