//! AuthZEN Authorization API 1.0: the evaluation and evaluations endpoints, and the metadata document, for each tenant.
//!
//! Permit is `true`, everything else `false`. Each evaluation is a decision like any other, recorded before it is answered;
//! the header `lexgate-decision-id` of a single one names it. An answer has the key `decision` alone, because callers
//! compare answers whole; `?explain=true` adds a `context` with the id and the reasons. What is wrong with a call is 400 and
//! a text; an evaluation that is wrong inside a call that is not is a `false` of its own.

mod mapping;

use crate::access::Right;
use crate::batch::decide_patiently;
use crate::desk::{Decided, Question};
use crate::http::{App, Asked, DECISION_ID, Named, asked, body, content_type, query};
use crate::object::Object;
use crate::openapi::{JSON, Needs, Operation, Routes, named};
use crate::problem::{Kind, Problem};
use crate::tenants::{Active, TenantName};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use lexgate_audit::Caller;
use lexgate_model::combine::Obligations;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The entities of a call that an evaluation may have of its own.
/// How many times as large as one request all evaluations of a call may be, each with what it has from the call.
const MOST_TIMES: usize = 8;

const ENTITIES: [&str; 4] = ["subject", "action", "resource", "context"];

pub(crate) fn routes(routes: &mut Routes, default_tenant: Option<TenantName>) {
    let one = |State(app): State<App>, Named(tenant): Named<String>, request: Request| async move {
        told(single(&app, &tenant, request).await)
    };
    let many = |State(app): State<App>, Named(tenant): Named<String>, request: Request| async move {
        told(several(&app, &tenant, request).await)
    };
    let about = |State(app): State<App>, Named(tenant): Named<String>| async move {
        match tenant.parse::<TenantName>() {
            Ok(tenant) => metadata(&app, &format!("/v1/tenants/{tenant}")).into_response(),
            Err(error) => Problem::not_found(error.to_string()).into_response(),
        }
    };
    let needs = Needs::Right(Right::Decide);
    routes.add(
        evaluation("/v1/tenants/{tenant}/access/v1/evaluation", "evaluateForTenant", needs.clone()),
        one,
    );
    routes
        .add(evaluations("/v1/tenants/{tenant}/access/v1/evaluations", "evaluateManyForTenant", needs), many);
    let path = "/.well-known/authzen-configuration/v1/tenants/{tenant}";
    routes.add(configuration(path, "getConfigurationOfTenant").problem(Kind::NotFound), about);
    let Some(tenant) = default_tenant else { return };
    let needs = Needs::RightOver(Right::Decide, tenant.clone());
    let (first, second) = (tenant.clone(), tenant);
    let one = move |State(app): State<App>, request: Request| async move {
        told(single(&app, first.as_str(), request).await)
    };
    let many = move |State(app): State<App>, request: Request| async move {
        told(several(&app, second.as_str(), request).await)
    };
    routes.add(evaluation("/access/v1/evaluation", "evaluate", needs.clone()), one);
    routes.add(evaluations("/access/v1/evaluations", "evaluateMany", needs), many);
    let about = |State(app): State<App>| async move { metadata(&app, "") };
    routes.add(configuration("/.well-known/authzen-configuration", "getConfiguration"), about);
}

/// What both kinds of calls have.
fn call(operation: Operation) -> Operation {
    operation
        .query("explain", json!({ "type": "boolean", "default": false }), "Whether each answer says why")
        .problems(&[Kind::NotFound, Kind::TooMany, Kind::Unavailable])
        .with_errors_as_text()
}

fn evaluation(path: &'static str, id: &'static str, needs: Needs) -> Operation {
    let operation = Operation::post(path, id, needs)
        .says("authzen", "One evaluation, recorded as a decision")
        .body(JSON, named("AuthzenCall"), "Subject, action, resource, context")
        .answers(200, named("AuthzenAnswer"), "Yes or no")
        .with("lexgate-decision-id", "The id of the decision");
    call(operation)
}

fn evaluations(path: &'static str, id: &'static str, needs: Needs) -> Operation {
    let either = json!({ "anyOf": [named("AuthzenAnswers"), named("AuthzenAnswer")] });
    let operation = Operation::post(path, id, needs)
        .says("authzen", "Several evaluations, each recorded as a decision")
        .about("Without `evaluations` it is one, and is answered as one.")
        .body(JSON, named("AuthzenCalls"), "What they have in common, and what is their own")
        .answers(200, either, "An answer for each, in order, up to the one that ends them")
        .with("lexgate-decision-id", "The id of the decision, if it is one");
    call(operation)
}

fn configuration(path: &'static str, id: &'static str) -> Operation {
    Operation::get(path, id, Needs::Nothing).says("authzen", "Where the decision point is").answers(
        200,
        named("AuthzenConfiguration"),
        "The metadata document",
    )
}

/// Returns the metadata document of the decision point at a path.
fn metadata(app: &App, path: &str) -> Json<Value> {
    let point = format!("{}{path}", app.config().public_url.trim_end_matches('/'));
    Json(json!({
        "policy_decision_point": point,
        "access_evaluation_endpoint": format!("{point}/access/v1/evaluation"),
        "access_evaluations_endpoint": format!("{point}/access/v1/evaluations"),
    }))
}

/// An error is a text here.
fn told(result: Result<Response, Problem>) -> Response {
    match result {
        Ok(response) => response,
        Err(problem) => {
            let text = problem.detail().to_owned();
            let mut response = problem.into_response();
            *response.body_mut() = text.into();
            response.headers_mut().remove(header::CONTENT_LENGTH);
            let plain = HeaderValue::from_static("text/plain; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, plain);
            response
        }
    }
}

fn bad(detail: impl Into<String>) -> Problem {
    Problem::new(Kind::BadRequest, detail)
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Wanted {
    /// Whether the answer says why.
    #[serde(default)]
    explain: bool,
}

/// What of an answer is shown as reasons.
#[derive(Default, Deserialize)]
struct Explanation {
    explanation: Vec<Explained>,
}

#[derive(Deserialize)]
struct Explained {
    binding: String,
    rule: String,
    decides: bool,
    message: String,
}

/// How an evaluation of several is asked.
#[derive(Clone)]
struct Desk {
    app: App,
    asked: Asked,
    active: Arc<Active>,
    explain: bool,
}

/// Reads a call: who is asked, and the object that was sent.
async fn read(app: &App, tenant: &str, request: Request) -> Result<(Desk, Object), Problem> {
    let asked = asked(app, tenant, &request)?;
    // AuthZEN says 400, not 415.
    content_type(request.headers(), JSON).map_err(|problem| bad(problem.detail()))?;
    let Wanted { explain } = query(&request)?;
    let active = asked.tenant.active()?;
    let bytes = body(app, request.into_body(), app.limits().request.bytes).await?;
    let call = serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))?;
    Ok((Desk { app: app.clone(), asked, active, explain }, call))
}

async fn single(app: &App, tenant: &str, request: Request) -> Result<Response, Problem> {
    let (desk, call) = read(app, tenant, request).await?;
    desk.one(&call).await
}

async fn several(app: &App, tenant: &str, request: Request) -> Result<Response, Problem> {
    let (desk, call) = read(app, tenant, request).await?;
    let evaluations: Vec<Box<RawValue>> = match call.get("evaluations") {
        None => Vec::new(),
        Some(list) => serde_json::from_str(list.get()).map_err(|_| bad("`evaluations` is not a list"))?,
    };
    if evaluations.is_empty() {
        return desk.one(&call).await;
    }
    let most = app.limits().evaluations;
    if evaluations.len() > most {
        return Err(Problem::new(Kind::TooLarge, format!("`evaluations` has {most} elements at most")));
    }
    let semantic = Semantic::of(call.get("options"))?;
    // What is wrong with the defaults is wrong with the call, also where no evaluation needs them.
    for name in ENTITIES {
        call.get(name).map(|entity| mapping::check(name, entity)).transpose().map_err(bad)?;
    }
    let own: Vec<Result<Object, String>> = evaluations.iter().map(|one| own(one)).collect();
    let bytes: usize = own.iter().flatten().map(|own| size(own, &call)).sum();
    let most = app.limits().request.bytes.saturating_mul(MOST_TIMES);
    if bytes > most {
        let detail =
            format!("with what they have in common, the evaluations have {bytes} bytes; {most} at most");
        return Err(Problem::new(Kind::TooLarge, detail));
    }
    let answers = desk.all(&call, own, semantic).await?;
    Ok(Json(json!({ "evaluations": answers })).into_response())
}

/// When several evaluations end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Semantic {
    ExecuteAll,
    DenyOnFirstDeny,
    PermitOnFirstPermit,
}

impl Semantic {
    fn of(options: Option<&RawValue>) -> Result<Semantic, Problem> {
        let Some(options) = options else { return Ok(Semantic::ExecuteAll) };
        let options: Object =
            serde_json::from_str(options.get()).map_err(|_| bad("`options` is not an object"))?;
        let Some(name) = options.get("evaluations_semantic") else { return Ok(Semantic::ExecuteAll) };
        let known = "execute_all, deny_on_first_deny, permit_on_first_permit";
        serde_json::from_str(name.get())
            .map_err(|_| bad(format!("`evaluations_semantic` is not one of {known}")))
    }

    /// Returns whether an answer is the last.
    fn ends(self, permitted: bool) -> bool {
        match self {
            Semantic::ExecuteAll => false,
            Semantic::DenyOnFirstDeny => !permitted,
            Semantic::PermitOnFirstPermit => permitted,
        }
    }
}

impl Desk {
    async fn one(&self, call: &Object) -> Result<Response, Problem> {
        let request = mapping::request(|name| call.get(name)).map_err(bad)?;
        let decided = self.app.desk().enforce(self.question(request.into())).await?;
        let mut response = (StatusCode::OK, Json(self.answer(&decided))).into_response();
        if let Some(id) = decided.id {
            let id = HeaderValue::from_str(&id.to_string()).map_err(|error| Problem::internal(&error))?;
            response.headers_mut().insert(DECISION_ID, id);
        }
        Ok(response)
    }

    /// Answers evaluations in their order, up to the one that ends it.
    async fn all(
        &self,
        call: &Object,
        evaluations: Vec<Result<Object, String>>,
        semantic: Semantic,
    ) -> Result<Vec<Value>, Problem> {
        // Behind the last answer nothing is decided, thus nothing recorded.
        let ahead = if semantic == Semantic::ExecuteAll { self.app.limits().batch_ahead } else { 1 };
        let answers = stream::iter(evaluations).map(|own| async move {
            // Written when it is its turn: with what they have in common, all together are much larger than the call.
            let request =
                own.and_then(|own| mapping::request(|name| own.get(name).or_else(|| call.get(name))));
            match request {
                Ok(request) => match decide_patiently(&self.app, self.question(request.into())).await {
                    Ok(decided) => Ok((decided.permitted, self.answer(&decided))),
                    // What was decided before it is recorded, and told; so this one alone is not permitted.
                    Err(problem) if problem.status().is_client_error() => {
                        Ok((false, self.failed(problem.status(), problem.detail())))
                    }
                    Err(problem) => Err(problem),
                },
                Err(why) => Ok((false, self.failed(StatusCode::BAD_REQUEST, &why))),
            }
        });
        let mut answers = std::pin::pin!(answers.buffered(ahead));
        let mut all = Vec::new();
        while let Some(answer) = answers.next().await {
            let (permitted, answer) = answer?;
            all.push(answer);
            if semantic.ends(permitted) {
                break;
            }
        }
        Ok(all)
    }

    fn question(&self, body: Bytes) -> Question {
        Question {
            tenant: self.asked.tenant.name.as_str().into(),
            active: Arc::clone(&self.active),
            body,
            caller: Caller { idempotency_key: None, request_id: self.asked.request_id.clone() },
            obligations: Obligations::NotFulfilled,
            held: None,
        }
    }

    fn answer(&self, decided: &Decided) -> Value {
        if !self.explain {
            return json!({ "decision": decided.permitted });
        }
        let told: Explanation = serde_json::from_str(&decided.text).unwrap_or_default();
        let deciding = told.explanation.into_iter().filter(|one| one.decides);
        let reasons: BTreeMap<_, _> =
            deciding.map(|one| (format!("{}/{}", one.binding, one.rule), one.message)).collect();
        let id = decided.id.map(|id| ("id".to_owned(), json!(id)));
        let context: serde_json::Map<_, _> =
            id.into_iter().chain([("reason_admin".to_owned(), json!(reasons))]).collect();
        json!({ "decision": decided.permitted, "context": context })
    }

    fn failed(&self, status: StatusCode, why: &str) -> Value {
        if !self.explain {
            return json!({ "decision": false });
        }
        json!({ "decision": false, "context": { "error": { "status": status.as_u16(), "message": why } } })
    }
}

/// Reads what is an evaluation's own.
fn own(evaluation: &RawValue) -> Result<Object, String> {
    serde_json::from_str(evaluation.get()).map_err(|error| format!("not an evaluation: {error}"))
}

/// Returns the bytes of an evaluation with what it has from the call.
fn size(own: &Object, call: &Object) -> usize {
    let entity = |name: &&str| own.get(name).or_else(|| call.get(name)).map_or(0, |value| value.get().len());
    ENTITIES.iter().map(entity).sum()
}
