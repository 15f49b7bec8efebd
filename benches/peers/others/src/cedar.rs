//! Cedar: policies parsed once; request and entities from JSON for every question.

use crate::written;
use anyhow::{Context as _, Result};
use cedar_policy::{
    Authorizer, Context, Entities, EntityId, EntityTypeName, EntityUid, PolicyId, PolicySet, Request,
};
use rounds::Row;
use rounds::{Outcome, QUESTIONS, Question};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;

const POLICIES: &str = include_str!("../policies/workload.cedar");

/// Returns the question as an authorization request with its entities.
fn question(question: &Question) -> Vec<u8> {
    let owner = |number: usize| {
        let (country, percent) = question.owners[number];
        json!({ "country": country, "percent": percent })
    };
    let asked = json!({
        "principal": "customer", "action": "supply", "resource": "service",
        "context": { "date": "2026-03-01" },
        "entities": [
            { "uid": { "type": "Customer", "id": "customer" }, "parents": [],
              "attrs": { "country": question.country, "headquarters": question.headquarters,
                         "first": owner(0), "second": owner(1), "third": owner(2), "fourth": owner(3) } },
            { "uid": { "type": "Service", "id": "service" }, "parents": [],
              "attrs": { "category": question.category, "gpuModel": "H100", "vendor": "vendor", "vendorCountry": "US" } },
        ],
    });
    asked.to_string().into_bytes()
}

#[derive(Deserialize)]
struct Asked<'a> {
    principal: &'a str,
    action: &'a str,
    resource: &'a str,
    context: Value,
    entities: Value,
}

/// Returns the row of Cedar.
pub fn row() -> Result<Row> {
    let policies: PolicySet = POLICIES.parse()?;
    let mut outcomes: HashMap<PolicyId, Outcome> = HashMap::new();
    for policy in policies.policies() {
        let outcome = policy.annotation("id").and_then(Outcome::named).context("a policy has no outcome")?;
        outcomes.insert(policy.id().clone(), outcome);
    }
    let (customer, action, service): (EntityTypeName, EntityTypeName, EntityTypeName) =
        ("Customer".parse()?, "Action".parse()?, "Service".parse()?);
    let authorizer = Authorizer::new();
    let decide = move |text: &[u8]| {
        let asked: Asked<'_> = serde_json::from_slice(text)?;
        let uid = |of: &EntityTypeName, id| EntityUid::from_type_name_and_id(of.clone(), EntityId::new(id));
        let entities = Entities::from_json_value(asked.entities, None)?;
        let context = Context::from_json_value(asked.context, None)?;
        let (principal, action) = (uid(&customer, asked.principal), uid(&action, asked.action));
        let request = Request::new(principal, action, uid(&service, asked.resource), context, None)?;
        let response = authorizer.is_authorized(&request, &policies, &entities);
        let reasons = response.diagnostics().reason().filter_map(|policy| outcomes.get(policy));
        written(*reasons.max_by_key(|&&outcome| outcome as u8).context("no policy decides")?)
    };
    Ok(Row::whole("cedar-policy", QUESTIONS.iter().map(question).collect(), decide))
}
