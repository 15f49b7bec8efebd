//! Holds what a component imports and exports against its contract.
//!
//! Names only: whether the types behind them are those of the contract shows when the engine links.

use crate::refused::{Reason, shown};
use crate::scan::Scan;
use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ComponentInstanceTypeId};

/// The interfaces a policy may import, and the functions each has.
const GIVEN: [(&str, &[&str]); 3] = [("datasets", &["read"]), ("log", &["write"]), ("types", &[])];

/// The functions a policy exports.
const POLICY: [&str; 2] = ["configure", "evaluate"];

/// Checks imports and exports; the contract is one the host serves, such as `lexgate:screening@0.1.0`.
pub(crate) fn check(scan: &Scan<'_>, contract: &str) -> Result<(), Reason> {
    for import in &scan.imports {
        check_import(scan, contract, import)?;
    }
    let policy = interface(contract, "policy");
    let item = scan.types.component_item_for_export(&policy);
    let Some(ComponentEntityType::Instance(instance)) = item.map(|item| item.ty) else {
        return Err(Reason::NotExported { export: policy });
    };
    for function in POLICY {
        let exports = &scan.types[instance].exports;
        if !exports.get(function).is_some_and(|item| matches!(item.ty, ComponentEntityType::Func(_))) {
            return Err(Reason::NotExported { export: format!("{policy}#{function}") });
        }
    }
    Ok(())
}

fn check_import(scan: &Scan<'_>, contract: &str, import: &str) -> Result<(), Reason> {
    if import.starts_with("wasi:") {
        return Err(Reason::Wasi { import: shown(import) });
    }
    let item = scan.types.component_item_for_import(import);
    let interface_of = |(name, functions)| (interface(contract, name) == import).then_some(functions);
    match (GIVEN.into_iter().find_map(interface_of), item.map(|item| item.ty)) {
        (Some(functions), Some(ComponentEntityType::Instance(instance))) => {
            check_instance(scan, import, instance, functions)
        }
        _ => {
            let given: Vec<_> =
                GIVEN.iter().map(|(name, _)| format!("`{}`", interface(contract, name))).collect();
            Err(Reason::Import { import: shown(import), given: given.join(", ") })
        }
    }
}

fn check_instance(
    scan: &Scan<'_>,
    import: &str,
    instance: ComponentInstanceTypeId,
    functions: &[&str],
) -> Result<(), Reason> {
    for (name, item) in &scan.types[instance].exports {
        let kind = match item.ty {
            ComponentEntityType::Func(_) if functions.contains(&name.as_str()) => continue,
            ComponentEntityType::Func(_) => "function",
            ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(_), .. } => "resource",
            ComponentEntityType::Type { .. } => continue,
            ComponentEntityType::Module(_) => "core module",
            ComponentEntityType::Value(_) => "value",
            ComponentEntityType::Instance(_) => "instance",
            ComponentEntityType::Component(_) => "component",
        };
        return Err(Reason::ImportItem { import: shown(import), item: shown(name), kind });
    }
    Ok(())
}

/// Returns the full name of an interface: `lexgate:screening/policy@0.1.0`.
fn interface(contract: &str, name: &str) -> String {
    match contract.split_once('@') {
        Some((package, version)) => format!("{package}/{name}@{version}"),
        None => format!("{contract}/{name}"),
    }
}
