//! The OpenAPI document: `docs/openapi.json` is what is served, every answer of every test here is as it says, and nobody gets
//! further than the right it names.
//!
//! `LEXGATE_WRITE=1 cargo test --workspace --test server openapi` writes it anew.

use super::*;
use jsonschema::Validator;
use std::collections::HashMap;
use std::sync::Mutex;

const GOLDEN: &str = "docs/openapi.json";

/// The document that is kept.
fn golden() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::from_slice(&file(GOLDEN)).unwrap())
}

/// The operations of a document: method, path, and what is said.
pub(crate) fn operations(document: &Value) -> Vec<(String, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let methods = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(|(method, operation)| (method.to_uppercase(), path.as_str(), operation))
    });
    methods.collect()
}

fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let reference = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    reference.map_or(value, |pointer| document.pointer(pointer).unwrap())
}

/// How many of the parts of a path are as they are written, if it matches.
fn fits(path: &str, template: &str) -> Option<usize> {
    let (path, template): (Vec<_>, Vec<_>) = (path.split('/').collect(), template.split('/').collect());
    let same = |(one, other): (&&str, &&str)| one == other || other.starts_with('{') && !one.is_empty();
    let fits = path.len() == template.len() && path.iter().zip(&template).all(same);
    fits.then(|| template.iter().filter(|part| !part.starts_with('{')).count())
}

/// Closes every object that says what its members are, so that a member that is not described is found.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let open = members.contains_key("required") && !members.contains_key("additionalProperties");
            if open {
                members.insert("additionalProperties".to_owned(), false.into());
            }
            members.values_mut().for_each(close);
        }
        Value::Array(elements) => elements.iter_mut().for_each(close),
        _ => {}
    }
}

fn validator(schema: &Value) -> Arc<Validator> {
    static ALL: Mutex<Option<HashMap<String, Arc<Validator>>>> = Mutex::new(None);
    let mut all = ALL.lock().unwrap();
    let all = all.get_or_insert_with(HashMap::new);
    let made = all.entry(schema.to_string()).or_insert_with(|| {
        let mut whole = json!({ "allOf": [schema], "components": golden()["components"] });
        close(&mut whole["components"]["schemas"]);
        Arc::new(jsonschema::draft202012::new(&whole).unwrap())
    });
    Arc::clone(made)
}

#[track_caller]
fn valid(schema: &Value, value: &Value) {
    let errors: Vec<_> =
        validator(schema).iter_errors(value).map(|e| format!("{} at {}", e, e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{value:#}");
}

/// Holds an answer to what the document says of it.
#[track_caller]
pub(crate) fn documents(method: &str, path: &str, answer: &Answer) {
    if std::env::var_os("LEXGATE_WRITE").is_some() {
        return;
    }
    let document = golden();
    let path = path.split('?').next().unwrap();
    let templates = document["paths"].as_object().unwrap().iter();
    let best = templates.filter_map(|(template, methods)| Some((fits(path, template)?, methods)));
    let methods = best.max_by_key(|(same, _)| *same).map(|(_, methods)| methods);
    let kind = answer.header("content-type").unwrap_or_default();
    let problem = json!({ "$ref": "#/components/schemas/Problem" });
    let operation = match methods.map(|methods| &methods[method.to_lowercase()]) {
        Some(operation) if !operation.is_null() => operation,
        other => {
            assert_eq!(answer.status, if other.is_some() { 405 } else { 404 }, "{method} {path}: {answer:?}");
            assert_eq!(kind, "application/problem+json", "{method} {path}");
            return valid(&problem, &answer.json());
        }
    };
    let told = &operation["responses"][answer.status.to_string()];
    assert!(!told.is_null(), "{method} {path} is not said to answer {}: {}", answer.status, answer.text);
    let told = resolved(document, told);
    let content = &told["content"][kind];
    assert!(!content.is_null(), "{method} {path} is not said to answer {} as {kind}", answer.status);
    for (name, _) in told["headers"].as_object().unwrap() {
        let may_lack =
            ["retry-after", "idempotency-replayed", "lexgate-decision-id"].contains(&name.as_str());
        assert!(may_lack || answer.header(name).is_some(), "{method} {path} has no {name}");
    }
    if kind.contains("json") && kind != "application/x-ndjson" {
        valid(&content["schema"], &answer.json());
    }
    if !content["x-lexgate-line"].is_null() {
        for line in answer.text.lines() {
            valid(&content["x-lexgate-line"], &serde_json::from_str(line).unwrap());
        }
    }
}

#[test]
fn the_document_that_is_served_is_the_one_that_is_kept() {
    let answer = Host::start().get("/openapi.json");
    let page = format!("{:#}\n", answer.is(200));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(GOLDEN);
    if std::env::var_os("LEXGATE_WRITE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "`{GOLDEN}` is not what is served; `LEXGATE_WRITE=1 cargo test --workspace --test server openapi` writes it"
    );
}

#[test]
fn every_reference_leads_somewhere_and_every_name_is_used_once() {
    fn references<'a>(value: &'a Value, all: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                all.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|value| references(value, all));
            }
            Value::Array(elements) => elements.iter().for_each(|value| references(value, all)),
            _ => {}
        }
    }
    let document = golden();
    let mut all = Vec::new();
    references(document, &mut all);
    for reference in &all {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for (kind, components) in document["components"].as_object().unwrap() {
        for name in components.as_object().unwrap().keys().filter(|_| kind != "securitySchemes") {
            let reference = format!("#/components/{kind}/{name}");
            assert!(all.contains(&reference.as_str()), "nothing refers to {reference}");
        }
    }
    let mut ids: Vec<_> = operations(document).iter().map(|(.., o)| o["operationId"].to_string()).collect();
    let many = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), many);
}

#[test]
fn the_document_describes_what_requests_and_sets_are() {
    let schema = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    valid(&schema("Request"), &request());
    let digest = format!("sha256:{}", "0".repeat(64));
    let mut document = set(&[("a", &digest)]);
    valid(&schema("SetDocument"), &document);
    assert!(!validator(&schema("Request")).is_valid(&json!({ "action": 1 })));
    document["bindings"][0]["limits"]["fuel"] = json!(1);
    assert!(!validator(&schema("SetDocument")).is_valid(&document));
}

#[test]
fn the_page_needs_nothing_from_elsewhere_and_runs_nothing() {
    let host = Host::start();
    let page = host.get("/docs");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{policy}");
    for (_, path, operation) in operations(golden()) {
        assert!(page.text.contains(&format!("<code>{path}</code>")), "{path}");
        assert!(page.text.contains(&format!("id=\"{}\"", operation["operationId"].as_str().unwrap())));
    }
    for bad in ["<script", " style=", " src=", "http://", "https://", "javascript:", "onclick"] {
        assert!(!page.text.contains(bad), "{bad}");
    }
    assert_eq!(host.get("/docs/style.css").status, 200);
    // Every link inside leads somewhere.
    for link in page.text.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(page.text.contains(&format!("id=\"{link}\"")), "{link}");
    }
}

#[test]
fn routes_are_made_from_the_table_of_operations_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/server/src");
    let (mut folders, mut homes) = (vec![root], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            if [".route(", ".nest(", ".route_service(", ".nest_service("]
                .iter()
                .any(|call| text.contains(call))
            {
                homes.push(path.file_name().unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    // `Routes::add` makes a route with the right it needs, and describes it.
    assert_eq!(homes, ["openapi.rs"]);
}
