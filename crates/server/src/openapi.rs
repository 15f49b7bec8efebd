//! One table of operations makes both the routes and the OpenAPI document: there is no way to make a route that is not in it,
//! nor one without the right it needs.

mod operation;
mod page;
mod schemas;

pub(crate) use operation::{JSON, Needs, Operation, named};

use crate::http::{App, guarded};
use crate::problem::Kind;
use axum::Router;
use axum::body::Bytes;
use axum::handler::Handler;
use axum::http::header;
use axum::routing::{MethodFilter, MethodRouter};
use serde_json::{Map, Value, json};
use std::sync::{Arc, OnceLock};

/// Headings of the operations, and what stands below them.
const GROUPS: [(&str, &str); 6] = [
    ("decisions", "Decisions for a tenant: made, found again, and what would be"),
    ("sets", "Policy sets of tenants, put as a whole"),
    ("packages", "Packages and datasets, named by their bytes"),
    ("authzen", "AuthZEN Authorization API 1.0"),
    ("retention", "How long decisions are kept, and holds on them"),
    ("server", "The server itself"),
];

const ABOUT: &str = "Policies of others, asked over HTTP. A deny is 200. Errors are problem details (RFC 9457); those of AuthZEN's \
operations are texts. Every answer repeats `X-Request-ID`, or has a new one. What cannot be read as HTTP/1.1 at all is \
answered with a bare 400 or 431. `x-lexgate-right` names the right that an operation needs, `none` that it is open.";

/// Nothing is loaded but the stylesheet, and nothing runs.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What is made of a table once.
#[derive(Default)]
struct Made {
    document: Bytes,
    page: Bytes,
}

/// Routes, and what the document says of them.
pub(crate) struct Routes {
    app: App,
    router: Router<App>,
    operations: Vec<Operation>,
}

impl Routes {
    pub(crate) fn new(app: &App) -> Routes {
        Routes { app: app.clone(), router: Router::new(), operations: Vec::new() }
    }

    /// Adds an operation: its route, which lets nobody in without the right, and its entry.
    pub(crate) fn add<H, T>(&mut self, operation: Operation, handler: H)
    where
        H: Handler<T, App>,
        T: 'static,
    {
        // INVARIANT: operations have the methods of `Operation::get`, `post` and `put`, which are filters, too.
        let filter = MethodFilter::try_from(operation.method().clone()).unwrap_or(MethodFilter::GET);
        let route = MethodRouter::new().on(filter, handler);
        let route = guarded(&self.app, operation.needs(), route);
        self.router = std::mem::take(&mut self.router).route(operation.path(), route);
        self.operations.push(operation);
    }

    /// Adds what shows the document, and returns all routes.
    pub(crate) fn finish(mut self) -> Router<App> {
        let made = Arc::new(OnceLock::<Made>::new());
        let (document, page) = (Arc::clone(&made), Arc::clone(&made));
        let text = || json!({ "type": "string" });
        self.add(
            Operation::get("/openapi.json", "getOpenapi", Needs::Nothing)
                .says("server", "This document")
                .answers(200, json!({ "type": "object" }), "OpenAPI 3.1"),
            move || async move {
                let bytes = document.get().map(|made| made.document.clone()).unwrap_or_default();
                ([(header::CONTENT_TYPE, "application/json")], bytes)
            },
        );
        self.add(
            Operation::get("/docs", "getDocs", Needs::Nothing)
                .says("server", "This document, to read in a browser")
                .answers_as(200, "text/html; charset=utf-8", text(), "A page without scripts")
                .with("content-security-policy", "What a browser may load for it"),
            move || async move {
                let bytes = page.get().map(|made| made.page.clone()).unwrap_or_default();
                let headers = [
                    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
                    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                    (header::REFERRER_POLICY, "no-referrer"),
                ];
                (headers, bytes)
            },
        );
        self.add(
            Operation::get("/docs/style.css", "getDocsStyle", Needs::Nothing)
                .says("server", "What that page looks like")
                .answers_as(200, "text/css; charset=utf-8", text(), "A stylesheet"),
            || async { ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], page::STYLE) },
        );
        let document = document_of(&self.operations);
        let page = page::of(&document);
        // It is empty until here, and nobody has the routes yet.
        let _ = made.set(Made { document: document.to_string().into(), page: page.into() });
        self.router
    }
}

fn document_of(operations: &[Operation]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let path = paths.entry(operation.path()).or_insert_with(|| json!({}));
        if let Some(methods) = path.as_object_mut() {
            methods.insert(operation.method().as_str().to_lowercase(), operation.written());
        }
    }
    let groups: Vec<_> =
        GROUPS.iter().map(|(name, says)| json!({ "name": name, "description": says })).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Lexgate",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "Apache License 2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": groups,
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": {
                "type": "http", "scheme": "bearer",
                "description": "A key, or a JSON Web Token if the server is given the keys of an issuer. Without authentication \
                    the server answers on loopback alone, and to everybody there.",
            } },
            "schemas": schemas::all(),
            "parameters": schemas::parameters(),
            "headers": { "x-request-id": {
                "description": "What the request was sent with, or a new one", "schema": { "type": "string" },
            } },
            "responses": problems(),
        },
    })
}

/// Writes each kind of problem as an answer.
fn problems() -> Map<String, Value> {
    let of = |kind: Kind| {
        let (_, name, title) = kind.all();
        let own: &[_] = match kind {
            Kind::Unauthenticated => &[("www-authenticate", "`Bearer`")],
            Kind::Conflict | Kind::TooMany | Kind::Unavailable => {
                &[("retry-after", "Seconds after which to ask again")]
            }
            Kind::MethodNotAllowed => &[("allow", "The methods there are")],
            _ => &[],
        };
        let schema = json!({ "allOf": [named("Problem"), { "properties": {
            "type": { "const": format!("urn:lexgate:problem:{name}") },
        } }] });
        let content = json!({ "application/problem+json": { "schema": schema } });
        (
            name.to_owned(),
            json!({ "description": title, "headers": operation::headers(own), "content": content }),
        )
    };
    Kind::ALL.into_iter().filter(|kind| *kind != Kind::MethodNotAllowed).map(of).collect()
}
