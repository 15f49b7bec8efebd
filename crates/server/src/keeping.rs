//! How long decisions are kept: ages by configuration, holds by name, and the thread that sweeps.
//!
//! Who holds and lifts is the operator, because a hold binds the people of the tenant as well. Whoever reads decisions reads
//! the holds on them.

use crate::Error;
use crate::access::Right;
use crate::config::Config;
use crate::http::{App, Named, asked, body, caller, content_type};
use crate::openapi::{JSON, Needs, Operation, Routes, named};
use crate::problem::{Kind, Problem, chain};
use axum::Json;
use axum::extract::{Request, State};
use jiff::Timestamp;
use lexgate_audit::{EntryId, Hold, HoldLifted, Kind as EntryKind, Ledger, Records, Retention, Scope, Swept};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// Bytes of a document about a hold.
const MOST_BYTES: usize = 1 << 20;
/// Bytes of the name of a hold, and of a reason.
const MOST_TEXT_BYTES: usize = 1 << 10;

/// Who waits for a sweep.
type Order = oneshot::Sender<Result<Swept, String>>;

/// The thread that sweeps: as often as it is told, and when somebody asks. Dropped, it finishes the sweep it is at.
pub(crate) struct Sweeper {
    orders: Option<SyncSender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Sweeper {
    pub(crate) fn start(records: Arc<Records>, config: &Config) -> Result<Sweeper, Error> {
        // One sweep is under way and one waits: a third would find nothing.
        let (orders, taken) = sync_channel(1);
        let (retentions, every) = (config.retention.clone(), Duration::from_millis(config.limits.sweep_ms));
        let thread = std::thread::Builder::new().name("lexgate-sweep".to_owned());
        let thread =
            thread.spawn(move || work(&records, &retentions, every, &taken)).map_err(Error::Threads)?;
        Ok(Sweeper { orders: Some(orders), thread: Some(thread) })
    }

    async fn sweep(&self) -> Result<Swept, Problem> {
        let (order, done) = oneshot::channel();
        let full = || Problem::unavailable("a sweep is under way, and another waits");
        self.orders.as_ref().ok_or_else(full)?.try_send(order).map_err(|_| full())?;
        let swept = done.await.map_err(|error| Problem::internal(&error))?;
        swept.map_err(|_| Problem::new(Kind::Internal, "see the log of the server"))
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(records: &Records, retentions: &[Retention], every: Duration, orders: &Receiver<Order>) {
    loop {
        let order = match orders.recv_timeout(every) {
            Ok(order) => Some(order),
            Err(RecvTimeoutError::Timeout) if retentions.is_empty() => continue,
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let swept = records.sweep(retentions).map_err(|error| chain(&error));
        match &swept {
            Ok(swept) => tracing::info!(?swept, "sweep"),
            Err(why) => tracing::error!(why, "nothing was swept, or not all; the next sweep goes on"),
        }
        // Whoever asked may be gone.
        let _ = order.map(|order| order.send(swept));
    }
}

pub(crate) fn shared_routes(routes: &mut Routes) {
    let sweep = |State(app): State<App>| async move {
        let Swept { decisions, segments, bytes } = app.sweeper().sweep().await?;
        Ok::<_, Problem>(Json(json!({ "decisions": decisions, "segments": segments, "bytes": bytes })))
    };
    routes.add(
        Operation::post("/v1/sweep", "sweep", Needs::Right(Right::Operate))
            .says("retention", "Delete what is older than its tenant keeps, and held by nobody")
            .answers(200, named("Swept"), "What was deleted")
            .problem(Kind::Unavailable),
        sweep,
    );
}

pub(crate) fn tenant_routes(routes: &mut Routes) {
    let show = |State(app): State<App>, Named(tenant): Named<String>, request: Request| async move {
        let tenant = asked(&app, &tenant, &request)?.tenant;
        let name = tenant.name.as_str().to_owned();
        let kept = app.config().retention.iter().find(|retention| retention.tenant == name);
        let kept = kept.map(|retention| json!({ "days": retention.keep_days, "reason": retention.reason }));
        app.change(move |app| {
            let ledger = Ledger::read(&app.records().log().reader())?;
            let holds: Vec<_> = ledger.holds(&name).into_iter().map(shown).collect();
            Ok(Json(json!({ "keep": kept, "holds": holds })))
        })
        .await
    };
    let hold = |State(app): State<App>, Named((tenant, name)): Named<(String, String)>, request: Request| async move {
        let tenant = asked(&app, &tenant, &request)?.tenant;
        let by = caller(&request)?.name;
        let HoldDocument { reason, scope } = document(&app, request).await?;
        short(&[&name, &reason])?;
        let scope = scope.read()?;
        app.change(move |app| {
            are_there(app, tenant.name.as_str(), &scope)?;
            let hold = Hold { name, reason, by, scope };
            let receipt = app.records().hold(tenant.name.as_str(), &hold)?;
            Ok(Json(json!({ "entry": receipt.id, "hold": shown(&hold) })))
        })
        .await
    };
    let lift = |State(app): State<App>, Named((tenant, name)): Named<(String, String)>, request: Request| async move {
        let tenant = asked(&app, &tenant, &request)?.tenant;
        let by = caller(&request)?.name;
        let LiftDocument { reason } = document(&app, request).await?;
        short(&[&name, &reason])?;
        app.change(move |app| {
            let tenant = tenant.name.as_str();
            let ledger = Ledger::read(&app.records().log().reader())?;
            if ledger.holds(tenant).iter().all(|hold| hold.name != name) {
                return Err(Problem::not_found(format!("there is no hold `{name}`")));
            }
            let lifted = HoldLifted { name, reason, by };
            let receipt = app.records().lift(tenant, &lifted)?;
            Ok(Json(json!({ "entry": receipt.id, "lifted": lifted })))
        })
        .await
    };
    let operate = Needs::Right(Right::Operate);
    routes.add(
        Operation::get("/v1/tenants/{tenant}/holds", "listHolds", Needs::Right(Right::ReadDecisions))
            .says("retention", "How long decisions are kept, and the holds on them")
            .answers(200, named("Holds"), "The age, if there is one, and the holds")
            .problems(&[Kind::NotFound, Kind::Unavailable]),
        show,
    );
    routes.add(
        Operation::put("/v1/tenants/{tenant}/holds/{name}", "hold", operate.clone())
            .says("retention", "Keep decisions, however old, until the hold is lifted")
            .body(JSON, named("HoldDocument"), "Why, and what; everything unless it says what")
            .answers(200, named("HoldPut"), "It is recorded")
            .problems(&[Kind::NotFound, Kind::Unusable, Kind::Unavailable]),
        hold,
    );
    routes.add(
        Operation::post("/v1/tenants/{tenant}/holds/{name}/lift", "liftHold", operate)
            .says("retention", "Lift a hold")
            .body(JSON, named("LiftDocument"), "Why")
            .answers(200, named("HoldLifted"), "It is recorded")
            .problems(&[Kind::NotFound, Kind::Unavailable]),
        lift,
    );
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HoldDocument {
    reason: String,
    #[serde(default)]
    scope: ScopeDocument,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LiftDocument {
    reason: String,
}

/// What is held; nothing said, everything is.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScopeDocument {
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    decisions: Option<BTreeSet<String>>,
}

impl ScopeDocument {
    fn read(self) -> Result<Scope, Problem> {
        let bad = |detail: String| Problem::new(Kind::BadRequest, detail).at("/scope");
        match self {
            ScopeDocument { from: None, until: None, decisions: None } => Ok(Scope::Everything),
            ScopeDocument { from, until, decisions: None } => {
                let (from, until) = (from.unwrap_or(Timestamp::MIN), until.unwrap_or(Timestamp::MAX));
                Ok(Scope::Recorded { from, until })
            }
            ScopeDocument { from: None, until: None, decisions: Some(ids) } => {
                let id = |id: &String| {
                    id.parse::<EntryId>().map_err(|_| bad(format!("`{id}` is no id of a decision")))
                };
                Ok(Scope::Entries(ids.iter().map(id).collect::<Result<_, _>>()?))
            }
            _ => Err(bad("give a time or decisions, not both".to_owned())),
        }
    }
}

/// Shows a hold as it is put on.
fn shown(hold: &Hold) -> Value {
    let Hold { name, reason, by, scope } = hold;
    let scope = match scope {
        Scope::Everything => json!({}),
        Scope::Recorded { from, until } => json!({ "from": from, "until": until }),
        Scope::Entries(ids) => json!({ "decisions": ids }),
    };
    json!({ "name": name, "reason": reason, "by": by, "scope": scope })
}

/// Refuses to hold single decisions that the tenant does not have, or has no more: whoever mistypes one must not believe it safe.
fn are_there(app: &App, tenant: &str, scope: &Scope) -> Result<(), Problem> {
    let Scope::Entries(ids) = scope else { return Ok(()) };
    let refused = |detail: String| Err(Problem::new(Kind::Unusable, detail).at("/scope/decisions"));
    if ids.is_empty() {
        return refused("name a decision, or leave `scope` out to hold all".to_owned());
    }
    for id in ids {
        let there = match app.records().entry(*id) {
            Ok(entry) => {
                entry.head.tenant == tenant && entry.head.kind == EntryKind::Decision && !entry.is_deleted()
            }
            Err(lexgate_audit::Error::NoEntry(_)) => false,
            Err(error) => return Err(error.into()),
        };
        if !there {
            return refused(format!("there is no decision `{id}`, or no more"));
        }
    }
    Ok(())
}

/// Reads a small JSON document.
async fn document<T: serde::de::DeserializeOwned>(app: &App, request: Request) -> Result<T, Problem> {
    content_type(request.headers(), &["application/json"])?;
    let json = body(app, request.into_body(), MOST_BYTES).await?;
    serde_json::from_slice(&json).map_err(|error| Problem::new(Kind::BadRequest, error.to_string()).at(""))
}

fn short(texts: &[&str]) -> Result<(), Problem> {
    if texts.iter().all(|text| !text.trim().is_empty() && text.len() <= MOST_TEXT_BYTES) {
        return Ok(());
    }
    let detail = format!("a hold has a name and a reason, of {MOST_TEXT_BYTES} bytes at most");
    Err(Problem::new(Kind::BadRequest, detail))
}
