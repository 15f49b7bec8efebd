//! Rego by regorus: its interpreter, of which each call gets a clone, and its virtual machine, fresh and reused.

use crate::inputs;
use anyhow::Result;
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, Value};
use rounds::Row;

const POLICY: &str = include_str!("../policies/workload.rego");
const DECISION: &str = "data.workload.decision";

fn input(text: &[u8]) -> Result<Value> {
    Value::from_json_str(std::str::from_utf8(text)?)
}

fn output(value: &Value) -> Result<Vec<u8>> {
    Ok(value.to_json_str()?.into_bytes())
}

/// Returns the rows of regorus.
pub fn rows() -> Result<Vec<Row>> {
    let mut engine = Engine::new();
    engine.add_policy("workload.rego".to_owned(), POLICY.to_owned())?;
    // What it finds out about the policy the first time it keeps, and hands on to its clones.
    engine.set_input(Value::new_object());
    engine.eval_rule(DECISION.to_owned())?;
    let program =
        Compiler::compile_from_policy(&engine.compile_with_entrypoint(&DECISION.into())?, &[DECISION])?;
    let cloned = move |text: &[u8]| {
        let mut engine = engine.clone();
        engine.set_input(input(text)?);
        output(&engine.eval_rule(DECISION.to_owned())?)
    };
    let shared = program.clone();
    let fresh = move |text: &[u8]| {
        let mut machine = RegoVM::new();
        machine.load_program(shared.clone());
        machine.set_input(input(text)?);
        output(&machine.execute()?)
    };
    let mut machine = RegoVM::new();
    machine.load_program(program);
    let reused = move |text: &[u8]| {
        machine.set_input(input(text)?);
        output(&machine.execute()?)
    };
    Ok(vec![
        Row::whole("regorus, a clone of the engine", inputs(), cloned),
        Row::whole("regorus, a fresh virtual machine", inputs(), fresh),
        Row::whole("regorus, the virtual machine reused", inputs(), reused),
    ])
}
