//! The common workload as an Extism plugin, as its documentation writes plugins.

use extism_pdk::{FnResult, plugin_fn};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    customer: Customer<'a>,
    #[serde(borrow)]
    service: Service<'a>,
}

#[derive(Deserialize)]
struct Customer<'a> {
    country: &'a str,
    headquarters: &'a str,
    #[serde(borrow)]
    owners: Vec<Owner<'a>>,
}

#[derive(Deserialize)]
struct Owner<'a> {
    country: &'a str,
    percent: i64,
}

#[derive(Deserialize)]
struct Service<'a> {
    category: &'a str,
}

#[derive(Serialize)]
struct Decision {
    outcome: &'static str,
}

fn restricted(place: &str) -> bool {
    ["CN", "RU", "IR", "KP"].contains(&place)
}

/// Decides.
#[plugin_fn]
pub fn decide(input: Vec<u8>) -> FnResult<Vec<u8>> {
    let Request { customer, service } = serde_json::from_slice(&input)?;
    let owners = customer.owners.iter().filter(|owner| restricted(owner.country));
    let owned: i64 = owners.map(|owner| owner.percent).sum();
    let outcome = if restricted(customer.country) || restricted(customer.headquarters) || owned > 50 {
        "deny"
    } else if owned > 25 && service.category == "gpu-cloud" {
        "licence-required"
    } else {
        "permit"
    };
    Ok(serde_json::to_vec(&Decision { outcome })?)
}
