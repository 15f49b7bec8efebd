//! The server: its parts, and what happens around every request. Its routes are in `routes.rs`. Bodies are read within a size and a time,
//! before anything else is done with them.

use crate::Error;
use crate::access::Caller;
use crate::blobs::Blobs;
use crate::config::{Config, ServerLimits};
use crate::control;
use crate::decisions::Reading;
use crate::desk::Desk;
use crate::keeping::Sweeper;
use crate::metrics::{Gauges, Metrics};
use crate::openapi::Needs;
use crate::problem::{Kind, Problem};
use crate::routes;
use crate::sets::{SetDocument, Workbench};
use crate::tenants::{Change, Condition, Tenant, TenantName, Tenants, What};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Path, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use cap_std::fs::Dir;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use lexgate_audit::{IndexFile, LogLimits, Records};
use lexgate_engine::{Crew, CrewLimits, Engine};
use lexgate_model::Digest;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Bytes of a request id that are recorded; a longer one is echoed only.
const MOST_REQUEST_ID_BYTES: usize = 256;

/// A server that decides for tenants.
#[derive(Clone)]
pub struct Server {
    pub(crate) app: App,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("config", &self.app.0.config).finish_non_exhaustive()
    }
}

/// What every request has at hand.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

struct Inner {
    engine: Engine,
    config: Config,
    blobs: Blobs,
    tenants: Tenants,
    desk: Desk,
    reading: Reading,
    records: Arc<Records>,
    sweeper: Sweeper,
    metrics: Arc<Metrics>,
    changes: Arc<Semaphore>,
    preparing: Arc<Semaphore>,
    stopping: AtomicBool,
}

impl Server {
    /// Opens a data folder: its log, its packages, and the sets of its tenants, which are prepared. One process owns a
    /// folder at a time. What the log of an unclean end had to be cut is told to `tracing`.
    ///
    /// # Errors
    /// [`Error`], naming the file. A set that cannot be prepared any more is none: its tenant is not served, and
    /// `/readyz` says so.
    pub fn open(data: &Dir, engine: Engine, config: Config) -> Result<Server, Error> {
        let log = crate::blobs::folder(data, "log")?;
        let index = match &config.index {
            None => None,
            Some(path) => {
                let folder = crate::blobs::folder(data, "index")?;
                Some(IndexFile { folder, path: path.join("index"), boot: config.boot.clone() })
            }
        };
        let records = Records::open(Arc::new(log), index, LogLimits::default(), Arc::clone(&config.clock));
        let (records, opened) = records.map_err(Error::Log)?;
        tracing::info!(?opened, "log");
        let records = Arc::new(records);
        let blobs = Blobs::open(data)?;
        let bench = Workbench {
            engine: &engine,
            blobs: &blobs,
            trust: &config.trust,
            ceiling: &config.limits.ceiling,
        };
        let tenants = Tenants::open(data, &bench)?;
        let crew = Crew::start(CrewLimits::of(config.limits.threads)).map_err(Error::Threads)?;
        let metrics = Metrics::new();
        let desk = Desk::new(crew, engine.clone(), &records, &config, Arc::clone(&metrics));
        let sweeper = Sweeper::start(Arc::clone(&records), &config)?;
        let changes = Arc::new(Semaphore::new(config.limits.changes));
        Ok(Server {
            app: App(Arc::new(Inner {
                engine,
                config,
                blobs,
                tenants,
                desk,
                reading: Reading::default(),
                records,
                sweeper,
                metrics,
                changes,
                preparing: Arc::new(Semaphore::new(1)),
                stopping: AtomicBool::new(false),
            })),
        })
    }

    /// Returns the service.
    pub fn router(&self) -> Router {
        let app = &self.app;
        let layers = ServiceBuilder::new()
            .layer(SetSensitiveRequestHeadersLayer::new([header::AUTHORIZATION]))
            .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
            .layer(PropagateRequestIdLayer::x_request_id())
            .layer(from_fn_with_state(app.clone(), observe))
            .layer(CatchPanicLayer::custom(panicked));
        Router::new()
            .merge(routes::all(app))
            .fallback(|| async { Problem::not_found("there is nothing at this address") })
            .method_not_allowed_fallback(|| async {
                Problem::new(Kind::MethodNotAllowed, "another method is needed here")
            })
            .layer(layers)
            .with_state(app.clone())
    }

    /// Says whether it is ready no more, though it still answers.
    pub(crate) fn stopping(&self) {
        self.app.0.stopping.store(true, Ordering::Relaxed);
    }
}

impl App {
    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn limits(&self) -> &ServerLimits {
        &self.0.config.limits
    }

    pub(crate) fn desk(&self) -> &Desk {
        &self.0.desk
    }

    pub(crate) fn reading(&self) -> &Reading {
        &self.0.reading
    }

    pub(crate) fn records(&self) -> &Records {
        &self.0.records
    }

    pub(crate) fn sweeper(&self) -> &Sweeper {
        &self.0.sweeper
    }

    pub(crate) fn tenants(&self) -> &Tenants {
        &self.0.tenants
    }

    pub(crate) fn blobs(&self) -> &Blobs {
        &self.0.blobs
    }

    /// Says whether it lets nobody in any more.
    pub(crate) fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Relaxed)
    }

    /// Writes the metrics, OpenMetrics text.
    pub(crate) fn metrics(&self) -> Result<String, Problem> {
        let index = self.records().index_state();
        let gauges = Gauges {
            waiting: self.desk().waiting(),
            durable: index.durable,
            indexed: index.indexed,
            log_failed: self.records().log().failure().is_some(),
            tenants: self.tenants().all().len(),
        };
        self.0.metrics.write(&gauges).map_err(|error| Problem::internal(&error))
    }

    pub(crate) fn workbench(&self) -> Workbench<'_> {
        let Inner { engine, blobs, config, .. } = &*self.0;
        Workbench { engine, blobs, trust: &config.trust, ceiling: &config.limits.ceiling }
    }

    /// Does something that takes long, one at a time; others wait, but not too many.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&App) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let full = |_| Problem::unavailable("too many changes are under way");
        let _place = Arc::clone(&self.0.changes).try_acquire_owned().map_err(full)?;
        let turn = Arc::clone(&self.0.preparing).acquire_owned().await;
        let turn = turn.map_err(|error| Problem::internal(&error))?;
        let app = self.clone();
        blocking(move || {
            // Until it is done, also when whoever asked is gone.
            let _turn = turn;
            work(&app)
        })
        .await
    }
}

/// Does something that waits for the disk, where that holds nobody up.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(Problem::internal(&error)),
    }
}

/// Returns JSON that is written already.
pub(crate) fn json(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

/// A request to a tenant, of somebody who may ask it.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) request_id: Option<String>,
}

/// Returns the id of a request, if it can be recorded.
fn request_id(request: &Request) -> Option<String> {
    let id = request.extensions().get::<RequestId>()?.header_value().to_str().ok()?;
    (id.len() <= MOST_REQUEST_ID_BYTES).then(|| id.to_owned())
}

/// Adds to a route what its operation needs.
pub(crate) fn guarded(app: &App, needs: &Needs, route: MethodRouter<App>) -> MethodRouter<App> {
    let (right, tenant) = match needs {
        Needs::Nothing => return route,
        Needs::Right(right) => (*right, None),
        Needs::RightOver(right, tenant) => (*right, Some(tenant.clone())),
    };
    let check = move |State(app): State<App>, request: Request, next: Next| {
        let tenant = tenant.clone();
        async move {
            let (mut head, body) = request.into_parts();
            let caller = match app.config().authentication.caller(&head.headers, (app.config().clock)()) {
                Ok(caller) => caller,
                Err(problem) => return problem.into_response(),
            };
            let path = match RawPathParams::from_request_parts(&mut head, &app).await {
                Ok(path) => path,
                Err(error) => return Problem::new(Kind::BadRequest, error.body_text()).into_response(),
            };
            let named = path.iter().find(|(name, _)| *name == "tenant").map(|(_, value)| value);
            let over = tenant.as_ref().map(TenantName::as_str).or(named);
            if let Err(problem) = caller.must(right, over) {
                return problem.into_response();
            }
            head.extensions.insert(caller);
            next.run(Request::from_parts(head, body)).await
        }
    };
    route.route_layer(from_fn_with_state(app.clone(), check))
}

/// The names in a path.
pub(crate) struct Named<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(head: &mut Parts, app: &App) -> Result<Named<T>, Problem> {
        match Path::from_request_parts(head, app).await {
            Ok(Path(names)) => Ok(Named(names)),
            Err(error) => Err(Problem::new(Kind::BadRequest, error.body_text())),
        }
    }
}

/// Returns the tenant a request is for.
pub(crate) fn asked(app: &App, tenant: &str, request: &Request) -> Result<Asked, Problem> {
    Ok(Asked { tenant: app.tenants().get(tenant)?, request_id: request_id(request) })
}

/// Returns who asks. A route without it would be one that is not [`guarded`].
pub(crate) fn caller(request: &Request) -> Result<Caller, Problem> {
    let caller = request.extensions().get::<Caller>().cloned();
    caller.ok_or_else(|| Problem::new(Kind::Forbidden, "this route is open to nobody"))
}

/// Reads a query.
pub(crate) fn query<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    let query = axum::extract::Query::try_from_uri(request.uri());
    let query = query.map_err(|error| Problem::new(Kind::BadRequest, error.body_text()))?;
    Ok(query.0)
}

/// Reads a body within a size and a time.
pub(crate) async fn body(app: &App, body: Body, most: usize) -> Result<Bytes, Problem> {
    let reading = Limited::new(body, most).collect();
    let patience = Duration::from_millis(app.limits().body_ms);
    match tokio::time::timeout(patience, reading).await {
        Ok(Ok(read)) => Ok(read.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Problem::new(Kind::TooLarge, format!("a body has {most} bytes at most here")))
        }
        Ok(Err(_)) => Err(Problem::new(Kind::BadRequest, "the body ended in the middle")),
        Err(_) => {
            let patience = app.limits().body_ms;
            Err(Problem::new(Kind::BodyTooSlow, format!("the body did not come within {patience} ms")))
        }
    }
}

/// Returns an error unless the content type is one of these. A page in a browser can send none of them unasked.
pub(crate) fn content_type(headers: &HeaderMap, allowed: &[&str]) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = given.split(';').next().unwrap_or_default().trim();
    if allowed.iter().any(|allowed| given.eq_ignore_ascii_case(allowed)) {
        return Ok(());
    }
    let detail = format!("send it with `Content-Type: {}`", allowed.first().copied().unwrap_or_default());
    Err(Problem::new(Kind::MediaType, detail))
}

/// Tells of every request, and counts responses.
async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let trace = request.headers().get("traceparent").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let id = request_id(&request);
    let clock = &app.config().clock;
    let start = clock();
    let span = tracing::debug_span!(
        "request", otel.kind = "server", http.request.method = %method, url.path = path,
        http.response.status_code = tracing::field::Empty,
    );
    if trace.is_some() {
        let parent = TraceContextPropagator::new().extract(&HeaderExtractor(request.headers()));
        // Where nobody collects spans there is none to continue a trace.
        let _ = span.set_parent(parent);
    }
    let response = next.run(request).instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    let took = clock().duration_since(start).as_micros();
    let status = response.status().as_u16();
    app.0.metrics.responded(status);
    tracing::info!(%method, path, status, took_us = i64::try_from(took).unwrap_or(i64::MAX), id, trace, "request");
    response
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    Problem::new(Kind::Internal, "see the log of the server").into_response()
}

/// Headers that answers have beside the usual ones.
pub(crate) const DECISION_ID: HeaderName = HeaderName::from_static("lexgate-decision-id");

impl Server {
    /// Verifies and keeps a package, and returns its digest.
    ///
    /// # Errors
    /// When it is refused, or cannot be written.
    pub fn put_package(&self, bytes: &[u8]) -> Result<Digest, Problem> {
        control::keep(&self.app, bytes).map(|_| Digest::of(bytes))
    }

    /// Returns the revision and the set that serves a tenant, if one does.
    #[must_use]
    pub fn set(&self, tenant: &TenantName) -> Option<(String, SetDocument)> {
        let active = self.app.tenants().get(tenant.as_str()).ok()?.active().ok()?;
        Some((active.stored.revision.clone(), active.stored.set.clone()))
    }

    /// Puts the set of a tenant, as `PUT /v1/tenants/{tenant}/set` does, and returns its revision. Takes as long as preparing
    /// takes.
    ///
    /// # Errors
    /// When it is no set; the one before goes on serving.
    pub fn put_set(&self, tenant: &TenantName, set: SetDocument, by: &str) -> Result<String, Problem> {
        let app = &self.app;
        let change = Change {
            what: What::Set(set),
            condition: &Condition::None,
            by,
            now: (app.config().clock)(),
            workbench: &app.workbench(),
            log: app.records().log(),
        };
        let active = app.tenants().put(tenant, change)?;
        Ok(active.stored.revision.clone())
    }
}
