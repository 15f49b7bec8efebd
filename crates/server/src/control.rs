//! The control plane over HTTP: packages, datasets, and the policy sets of tenants.

use crate::access::Right;
use crate::blobs::Put;
use crate::http::{App, Named, asked, blocking, body, caller, content_type, query};
use crate::openapi::{JSON, Needs, Operation, Routes, named};
use crate::problem::{Kind, Problem};
use crate::sets::SetDocument;
use crate::tenants::{Active, Change, Condition, Revision, TenantName, What};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lexgate_model::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What packages and datasets are sent as.
const PACKAGE: &[&str] = &["application/wasm", "application/octet-stream"];
const DATASET: &[&str] = &["application/octet-stream", "text/csv", "application/json"];

/// Revisions in one page of the history.
const HISTORY_ROWS: usize = 100;

pub(crate) fn shared_routes(routes: &mut Routes) {
    let packages = |State(app): State<App>| async move {
        blocking(move || {
            let packages = app.blobs().packages().map_err(|error| Problem::internal(&error))?;
            Ok(Json(json!({ "packages": packages })))
        })
        .await
    };
    let put_package = |State(app): State<App>, Named(digest): Named<String>, request: Request| async move {
        let digest =
            digest.parse::<Digest>().map_err(|error| Problem::new(Kind::BadRequest, error.to_string()))?;
        package(&app, Some(digest), request).await
    };
    let post_package =
        |State(app): State<App>, request: Request| async move { package(&app, None, request).await };
    let post_dataset = |State(app): State<App>, request: Request| async move {
        content_type(request.headers(), DATASET)?;
        let bytes = body(&app, request.into_body(), app.limits().dataset_bytes).await?;
        app.change(move |app| {
            let digest = app.blobs().put(Put::Dataset, &bytes).map_err(|error| Problem::internal(&error))?;
            Ok((StatusCode::CREATED, Json(json!({ "digest": digest, "bytes": bytes.len() }))))
        })
        .await
    };
    let tenants = |State(app): State<App>| async move {
        let all = app.tenants().all();
        let tenants: Vec<Value> = all
            .values()
            .map(|tenant| {
                let revision = tenant.active().ok().map(|active| active.stored.revision.clone());
                json!({ "tenant": tenant.name.as_str(), "revision": revision, "serves": !tenant.is_broken() })
            })
            .collect();
        Json(json!({ "tenants": tenants }))
    };
    let put = Needs::Right(Right::PutPackages);
    let binary = || json!({ "type": "string", "format": "binary" });
    routes.add(
        Operation::get("/v1/packages", "listPackages", Needs::Right(Right::ReadPackages))
            .says("packages", "Which packages there are")
            .answers(200, named("Packages"), "All of them, by digest"),
        packages,
    );
    let with_package = |operation: Operation| {
        operation
            .says("packages", "Verify and keep a package")
            .body(PACKAGE, binary(), "The package")
            .answers(201, named("Package"), "It is kept")
            .problems(&[Kind::Unusable, Kind::Unavailable])
    };
    routes.add(with_package(Operation::post("/v1/packages", "addPackage", put.clone())), post_package);
    routes.add(
        with_package(Operation::put("/v1/packages/{digest}", "putPackage", put.clone()))
            .about("As `POST /v1/packages`, and it must have this digest."),
        put_package,
    );
    routes.add(
        Operation::post("/v1/datasets", "addDataset", put)
            .says("packages", "Keep a dataset, to be bound by its digest")
            .body(DATASET, binary(), "Its bytes, whatever they are")
            .answers(201, named("Dataset"), "It is kept")
            .problem(Kind::Unavailable),
        post_dataset,
    );
    routes.add(
        Operation::get("/v1/tenants", "listTenants", Needs::Right(Right::Operate))
            .says("server", "All tenants")
            .answers(200, named("Tenants"), "All of them, by name"),
        tenants,
    );
}

pub(crate) fn tenant_routes(routes: &mut Routes) {
    let get_set = |State(app): State<App>, Named(tenant): Named<String>, request: Request| async move {
        let active = asked(&app, &tenant, &request)?.tenant.active()?;
        Ok::<_, Problem>(shown(&active, StatusCode::OK))
    };
    let put_set = |State(app): State<App>, Named(tenant): Named<String>, request: Request| async move {
        content_type(request.headers(), JSON)?;
        let condition = condition(request.headers())?;
        let by = caller(&request)?.name;
        let json = body(&app, request.into_body(), app.limits().set_bytes).await?;
        let document = SetDocument::read(&json)?;
        change(&app, tenant, What::Set(document), condition, by).await
    };
    let rollback = |State(app): State<App>, Named(tenant): Named<String>, request: Request| async move {
        content_type(request.headers(), JSON)?;
        let condition = condition(request.headers())?;
        let by = caller(&request)?.name;
        asked(&app, &tenant, &request)?;
        let json = body(&app, request.into_body(), app.limits().set_bytes).await?;
        let to: Rollback = serde_json::from_slice(&json)
            .map_err(|error| Problem::new(Kind::BadRequest, error.to_string()).at(""))?;
        change(&app, tenant, What::Rollback(to.to), condition, by).await
    };
    let history = |State(app): State<App>, Named(tenant): Named<String>, request: Request| async move {
        let tenant = asked(&app, &tenant, &request)?.tenant;
        let page: HistoryPage = query(&request)?;
        blocking(move || {
            let revisions = tenant.history(page.before, HISTORY_ROWS, Past::of);
            let revisions = revisions.map_err(|error| Problem::internal(&error))?;
            let full = revisions.len() == HISTORY_ROWS;
            let next = revisions.last().filter(|_| full).map(|revision| revision.number);
            Ok(Json(json!({ "revisions": revisions, "next": next })))
        })
        .await
    };
    let past = |State(app): State<App>, Named((tenant, name)): Named<(String, String)>, request: Request| async move {
        let tenant = asked(&app, &tenant, &request)?.tenant;
        blocking(move || {
            let found = tenant.revision(&name).map_err(|error| Problem::internal(&error))?;
            found.map(Json).ok_or_else(|| Problem::not_found(format!("there is no revision `{name}`")))
        })
        .await
    };
    let (read, write) = (Needs::Right(Right::ReadSets), Needs::Right(Right::ChangeSets));
    let etag = "The revision, as an entity tag for `If-Match`";
    routes.add(
        Operation::get("/v1/tenants/{tenant}/set", "getSet", read.clone())
            .says("sets", "The set that decides, with the status of its bindings")
            .answers(200, named("Set"), "The set")
            .with("etag", etag)
            .problems(&[Kind::NotFound, Kind::Unavailable]),
        get_set,
    );
    let changes = |operation: Operation| {
        operation
            .header("if-match", "The entity tag of the revision that is to be replaced; `*`: any there is")
            .header("if-none-match", "`*`: there is no set yet")
            .answers(200, named("Set"), "It decides from now on")
            .with("etag", etag)
            .problems(&[Kind::Conflict, Kind::StaleRevision, Kind::Unusable, Kind::Unavailable])
    };
    routes.add(
        changes(Operation::put("/v1/tenants/{tenant}/set", "putSet", write.clone()))
            .says("sets", "Put a set as a whole")
            .about("It is prepared completely before it decides. If it cannot be, the one before goes on deciding.")
            .answers(201, named("Set"), "It decides from now on, the first of its tenant")
            .with("etag", etag)
            .body(JSON, named("SetDocument"), "The set"),
        put_set,
    );
    routes.add(
        changes(Operation::post("/v1/tenants/{tenant}/set/rollback", "rollBackSet", write))
            .says("sets", "Put the set of an earlier revision again")
            .body(JSON, named("Rollback"), "Which revision")
            .problem(Kind::NotFound),
        rollback,
    );
    routes.add(
        Operation::get("/v1/tenants/{tenant}/set/revisions", "listRevisions", read.clone())
            .says("sets", "The history, newest first, 100 at most")
            .query("before", json!({ "type": "integer", "minimum": 0 }), "The `next` of the page before")
            .answers(200, named("History"), "A page of it")
            .problem(Kind::NotFound),
        history,
    );
    routes.add(
        Operation::get("/v1/tenants/{tenant}/set/revisions/{revision}", "getRevision", read)
            .says("sets", "An earlier set")
            .answers(200, named("Revision"), "The revision")
            .problem(Kind::NotFound),
        past,
    );
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rollback {
    /// The revision whose set is put again.
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HistoryPage {
    before: Option<u64>,
}

/// A revision in the history.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Past {
    revision: String,
    number: u64,
    put: jiff::Timestamp,
    by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rollback_to: Option<String>,
    bindings: Vec<String>,
}

impl Past {
    fn of(stored: Revision) -> Past {
        let Revision { revision, number, put, by, rollback_to, set } = stored;
        let bindings = set.bindings.into_iter().map(|binding| binding.id).collect();
        Past { revision, number, put, by, rollback_to, bindings }
    }
}

/// Verifies and keeps a package.
async fn package(app: &App, expected: Option<Digest>, request: Request) -> Result<Response, Problem> {
    content_type(request.headers(), PACKAGE)?;
    let most = usize::try_from(app.config().trust.limits.bytes).unwrap_or(usize::MAX);
    let bytes = body(app, request.into_body(), most).await?;
    let digest = Digest::of(&bytes);
    if let Some(expected) = expected.filter(|expected| *expected != digest) {
        let detail = format!("the body has the digest `{digest}`, not `{expected}`");
        return Err(Problem::new(Kind::Unusable, detail));
    }
    app.change(move |app| keep(app, &bytes)).await
}

pub(crate) fn keep(app: &App, bytes: &[u8]) -> Result<Response, Problem> {
    let verified = app.workbench().verify(bytes.to_vec());
    let package = verified.map_err(|refused| Problem::new(Kind::Unusable, refused.to_string()))?;
    let policy = &package.manifest.policy;
    let about = json!({
        "digest": package.digest, "policy": policy.id, "version": policy.version.to_string(),
        "title": policy.title, "bytes": bytes.len(),
    });
    app.blobs().put(Put::Package(&about), bytes).map_err(|error| Problem::internal(&error))?;
    Ok((StatusCode::CREATED, Json(about)).into_response())
}

async fn change(
    app: &App,
    tenant: String,
    what: What,
    condition: Condition,
    by: String,
) -> Result<Response, Problem> {
    let name: TenantName =
        tenant.parse().map_err(|error: crate::Error| Problem::new(Kind::BadRequest, error.to_string()))?;
    let active = app
        .change(move |app| {
            let change = Change {
                what,
                condition: &condition,
                by: &by,
                now: (app.config().clock)(),
                workbench: &app.workbench(),
                log: app.records().log(),
            };
            app.tenants().put(&name, change)
        })
        .await?;
    let first = active.stored.number == 1;
    Ok(shown(&active, if first { StatusCode::CREATED } else { StatusCode::OK }))
}

/// Returns a set as it serves, with its revision as entity tag.
fn shown(active: &Active, status: StatusCode) -> Response {
    let bindings: Vec<Value> = active
        .set
        .bindings()
        .iter()
        .map(|binding| {
            let identity = binding.policy.identity();
            json!({ "binding": binding.id, "mode": binding.mode, "policy": identity, "starts": start(binding) })
        })
        .collect();
    let told = json!({
        "revision": active.stored.revision, "number": active.stored.number, "put": active.stored.put,
        "by": active.stored.by, "rollbackTo": active.stored.rollback_to, "set": active.stored.set,
        "status": bindings,
    });
    let mut response = (status, Json(told)).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", active.stored.revision)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

fn start(binding: &lexgate_engine::Binding) -> &'static str {
    match binding.policy.start() {
        lexgate_engine::Start::Snapshot => "from a snapshot",
        _ => "by configuring anew",
    }
}

fn condition(headers: &HeaderMap) -> Result<Condition, Problem> {
    let bad = |name: &str| Problem::new(Kind::BadRequest, format!("the header `{name}` cannot be read"));
    let text = |name: header::HeaderName| match headers.get(&name) {
        None => Ok(None),
        Some(_) if headers.get_all(&name).iter().count() > 1 => Err(bad(name.as_str())),
        Some(value) => value.to_str().map(|text| Some(text.trim())).map_err(|_| bad(name.as_str())),
    };
    match (text(header::IF_MATCH)?, text(header::IF_NONE_MATCH)?) {
        (None, None) => Ok(Condition::None),
        (Some("*"), None) => Ok(Condition::Any),
        (None, Some("*")) => Ok(Condition::Absent),
        (Some(tags), None) => {
            // A weak tag is none that is looked for.
            let strong = |tag: &str| {
                let (weak, tag) =
                    tag.trim().strip_prefix("W/").map_or((false, tag.trim()), |tag| (true, tag));
                let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
                (!inner.contains('"')).then(|| if weak { String::new() } else { inner.to_owned() })
            };
            let tags: Option<Vec<_>> = tags.split(',').map(strong).collect();
            Ok(Condition::OneOf(tags.ok_or_else(|| bad("If-Match"))?))
        }
        _ => Err(bad("If-None-Match")),
    }
}
