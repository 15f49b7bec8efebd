//! The routes: those of decisions and of the server here, the others beside what they serve.

use crate::access::Right;
use crate::decisions::{self, Filter, Terms};
use crate::http::{App, Named, asked, body, content_type, json as written, query};
use crate::openapi::{JSON, Needs, Operation, Routes, named};
use crate::problem::{Kind, Problem, chain};
use crate::{authzen, batch, control, keeping};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use serde_json::{Value, json};

/// What lines of JSON are sent as.
const LINES: &[&str] = &["application/x-ndjson", "application/jsonl", "application/ndjson"];

/// What metrics are.
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) fn all(app: &App) -> Router<App> {
    let mut routes = Routes::new(app);
    making_decisions(&mut routes);
    reading_decisions(&mut routes);
    control::tenant_routes(&mut routes);
    control::shared_routes(&mut routes);
    keeping::tenant_routes(&mut routes);
    keeping::shared_routes(&mut routes);
    authzen::routes(&mut routes, app.config().default_tenant.clone());
    of_server(&mut routes);
    routes.finish()
}

fn making_decisions(routes: &mut Routes) {
    let one = |State(app): State<App>, Named(tenant): Named<String>, request: Request| async move {
        let asked = asked(&app, &tenant, &request)?;
        let terms: Terms = query(&request)?;
        content_type(request.headers(), JSON)?;
        let (head, body) = request.into_parts();
        let body = self::body(&app, body, app.limits().request.bytes).await?;
        decisions::one(&app, &asked, terms, &head.headers, body).await
    };
    let batch = |State(app): State<App>, Named(tenant): Named<String>, request: Request| async move {
        let asked = asked(&app, &tenant, &request)?;
        let terms: Terms = query(&request)?;
        content_type(request.headers(), LINES)?;
        batch::respond(app, &asked, terms.obligations(), request.into_body())
    };
    let what_if = |State(app): State<App>, Named(tenant): Named<String>, request: Request| async move {
        let asked = asked(&app, &tenant, &request)?;
        content_type(request.headers(), JSON)?;
        let active = asked.tenant.active()?;
        let body = self::body(&app, request.into_body(), app.limits().request.bytes).await?;
        let tenant = asked.tenant.name.as_str().into();
        Ok::<_, Problem>(written(app.desk().what_if(tenant, active, body).await?))
    };
    let needs = Needs::Right(Right::Decide);
    let obligations = || json!({ "enum": ["fulfilled", "not-fulfilled"], "default": "not-fulfilled" });
    let fulfils = "`fulfilled`: you fulfil the obligations that a permit comes with";
    routes.add(
        Operation::post("/v1/tenants/{tenant}/decisions", "decide", needs.clone())
            .says("decisions", "Decide a request, and record it before it is answered")
            .query("obligations", obligations(), fulfils)
            .header(
                "idempotency-key",
                "Of 1 to 128 visible characters; a request that is sent again gets the same decision",
            )
            .header("traceparent", "W3C trace context")
            .body(JSON, named("Request"), "The request")
            .answers(200, named("Decision"), "The decision; a deny is one")
            .with("idempotency-replayed", "`true` if it was made before, under the same `Idempotency-Key`")
            .problems(&[Kind::NotFound, Kind::Conflict, Kind::Deleted, Kind::Unusable])
            .problems(&[Kind::TooMany, Kind::Unavailable]),
        one,
    );
    routes.add(
        Operation::post("/v1/tenants/{tenant}/decisions/batch", "decideMany", needs.clone())
            .says("decisions", "Decide requests, one a line, with one revision of the set")
            .about("Streamed in both directions, in order. A bad line is answered with its error, and spoils no other.")
            .query("obligations", obligations(), fulfils)
            .body(LINES, json!({ "type": "string" }), "Requests, one a line")
            .answers_as(200, "application/x-ndjson", json!({ "type": "string" }), "An answer for each line that is not blank")
            .lines(named("Line"))
            .problems(&[Kind::NotFound, Kind::Unavailable]),
        batch,
    );
    routes.add(
        Operation::post("/v1/tenants/{tenant}/what-if", "whatIf", needs)
            .says("decisions", "What would be decided if proposed rules were in force")
            .about("It has no id and no record, and no operation that enforces answers like it.")
            .body(JSON, named("Request"), "The request")
            .answers(200, named("WouldBe"), "What would be decided")
            .problems(&[Kind::NotFound, Kind::TooMany, Kind::Unavailable]),
        what_if,
    );
}

fn reading_decisions(routes: &mut Routes) {
    let list = |State(app): State<App>, Named(tenant): Named<String>, request: Request| async move {
        let filter: Filter = query(&request)?;
        decisions::list(&app, &asked(&app, &tenant, &request)?, filter).await
    };
    let one = |State(app): State<App>, Named((tenant, id)): Named<(String, String)>, request: Request| async move {
        decisions::get(&app, &asked(&app, &tenant, &request)?, &id).await
    };
    let needs = Needs::Right(Right::ReadDecisions);
    let text = || json!({ "type": "string" });
    let instant = || json!({ "type": "string", "format": "date-time" });
    let flag = || json!({ "type": "boolean" });
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 1_000, "default": 100 });
    let order = json!({ "enum": ["newest-first", "oldest-first"], "default": "newest-first" });
    routes.add(
        Operation::get("/v1/tenants/{tenant}/decisions", "listDecisions", needs.clone())
            .says("decisions", "Find recorded decisions")
            .about("Of `outcome`, `atLeast` and `open` one may be given.")
            .query("from", instant(), "The earliest that was recorded")
            .query("until", instant(), "The latest, not itself")
            .query("outcome", named("Outcome"), "Exactly this")
            .query("atLeast", named("Outcome"), "This or stricter")
            .query("open", flag(), "Those that missing facts leave open")
            .query("policy", text(), "The id of a policy")
            .query("binding", text(), "The id of a binding")
            .query("party", text(), "The `recordId` of a party")
            .query("identifier", text(), "An identifier of a party")
            .query("requestId", text(), "The `X-Request-ID`")
            .query("fault", flag(), "Whether a policy ended in a fault")
            .query("order", order, "By when they were recorded")
            .query("after", text(), "The `next` of the page before")
            .query("limit", limit, "How many")
            .answers(200, named("Decisions"), "A page of them")
            .problems(&[Kind::NotFound, Kind::TooMany, Kind::Unusable, Kind::Unavailable]),
        list,
    );
    routes.add(
        Operation::get("/v1/tenants/{tenant}/decisions/{id}", "getDecision", needs)
            .says("decisions", "A decision as it was answered, with its record")
            .answers(200, named("RecordedDecision"), "The decision")
            .problems(&[Kind::NotFound, Kind::Deleted, Kind::Unavailable]),
        one,
    );
}

fn of_server(routes: &mut Routes) {
    let metrics = |State(app): State<App>| async move {
        Ok::<_, Problem>(([(header::CONTENT_TYPE, METRICS)], app.metrics()?))
    };
    let alive = || async { axum::Json(json!({ "alive": true })) };
    routes.add(
        Operation::get("/metrics", "getMetrics", Needs::Right(Right::Operate))
            .says("server", "What it does, for Prometheus")
            .answers_as(200, METRICS, json!({ "type": "string" }), "OpenMetrics"),
        metrics,
    );
    routes.add(
        Operation::get("/healthz", "getHealth", Needs::Nothing).says("server", "Whether it lives").answers(
            200,
            named("Alive"),
            "It does",
        ),
        alive,
    );
    routes.add(
        Operation::get("/readyz", "getReadiness", Needs::Nothing)
            .says("server", "Whether decisions are made and recorded")
            .answers(200, named("Ready"), "They are")
            .answers(503, named("Ready"), "They are not, or will soon not be"),
        |State(app): State<App>| async move { ready(&app) },
    );
}

fn ready(app: &App) -> (StatusCode, axum::Json<Value>) {
    let broken = app.tenants().all().values().filter(|tenant| tenant.is_broken()).count();
    let failure = app.records().log().failure().map(|error| chain(&*error));
    if let Some(why) = &failure {
        tracing::error!(%why, "not ready");
    }
    let stopping = app.is_stopping();
    let ready = failure.is_none() && !stopping;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let told = json!({
        "ready": ready, "records": failure.is_none(), "stopping": stopping, "tenantsNotServed": broken,
    });
    (status, axum::Json(told))
}
