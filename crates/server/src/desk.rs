//! Where decisions are made: on the threads of a crew, recorded before they are answered, never on a reactor.

use crate::admission::Admission;
use crate::answer::{Head, PROJECTION, Projected, join, members};
use crate::config::{Clock, Config, Recording, ServerLimits};
use crate::metrics::Metrics;
use crate::problem::{Kind, Problem};
use crate::tenants::Active;
use axum::body::Bytes;
use lexgate_audit::{CALLER, Caller, Draft, EntryId, Kind as EntryKind, Receipt, Records, Refused, sections};
use lexgate_engine::{Crew, Engine};
use lexgate_model::combine::Obligations;
use lexgate_model::decision::{Enforced, WhatIf};
use lexgate_model::record::Evaluation;
use lexgate_model::{Decision, Record, Request, When};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// What is asked.
pub(crate) struct Question {
    /// For whom, and by what.
    pub(crate) tenant: Arc<str>,
    pub(crate) active: Arc<Active>,
    /// The request, as JSON.
    pub(crate) body: Bytes,
    /// What is recorded beside it.
    pub(crate) caller: Caller,
    pub(crate) obligations: Obligations,
    /// What is held until the decision is durable, or will never be.
    pub(crate) held: Option<Held>,
}

/// A decision that is durable, unless nothing is recorded.
pub(crate) struct Decided {
    pub(crate) id: Option<EntryId>,
    pub(crate) permitted: bool,
    /// The answer, JSON.
    pub(crate) text: String,
}

/// Idempotency keys that are in use, each with its tenant.
type Keys = Arc<Mutex<HashSet<(Arc<str>, String)>>>;

/// Makes decisions.
pub(crate) struct Desk {
    crew: Crew,
    admission: Arc<Admission>,
    shared: Arc<Shared>,
    keys: Keys,
}

struct Shared {
    engine: Engine,
    admission: Arc<Admission>,
    /// Where decisions are recorded, if they are.
    records: Option<Arc<Records>>,
    limits: ServerLimits,
    metrics: Arc<Metrics>,
    clock: Clock,
}

/// What becomes a decision when it is durable.
struct Pending {
    tenant: Arc<str>,
    revision: String,
    projected: Projected,
    members: String,
}

/// The way back to whoever asked. Of all who may answer, one does.
type Tell<T> = Arc<Mutex<Option<oneshot::Sender<Result<T, Problem>>>>>;

fn tell<T>(to: &Tell<T>, what: Result<T, Problem>) {
    let sender = to.lock().unwrap_or_else(PoisonError::into_inner).take();
    // Whoever asked may be gone.
    let _ = sender.map(|sender| sender.send(what));
}

fn is_gone<T>(to: &Tell<T>) -> bool {
    let to = to.lock().unwrap_or_else(PoisonError::into_inner);
    to.as_ref().is_none_or(oneshot::Sender::is_closed)
}

impl Desk {
    pub(crate) fn new(
        crew: Crew,
        engine: Engine,
        records: &Arc<Records>,
        config: &Config,
        metrics: Arc<Metrics>,
    ) -> Desk {
        let records = match config.recording {
            Recording::EveryDecision => Some(Arc::clone(records)),
            Recording::Nothing => None,
        };
        let (limits, clock) = (config.limits.clone(), Arc::clone(&config.clock));
        let admission = Arc::new(Admission::new(&config.quotas));
        let spent = Arc::clone(&admission);
        let shared = Arc::new(Shared { engine, admission: spent, records, limits, metrics, clock });
        Desk { crew, admission, shared, keys: Arc::default() }
    }

    /// Returns how many questions wait.
    pub(crate) fn waiting(&self) -> usize {
        self.crew.waiting()
    }

    /// Decides, and returns when the record is durable.
    pub(crate) async fn enforce(&self, question: Question) -> Result<Decided, Problem> {
        let start = (self.shared.clock)();
        let decided =
            self.run(&Arc::clone(&question.tenant), move |shared, to| shared.enforce(question, to)).await;
        let took = (self.shared.clock)().duration_since(start);
        self.shared.metrics.decided(Duration::try_from(took).unwrap_or_default(), decided.as_ref().err());
        decided
    }

    /// Says what would be decided if proposed rules were in force. Not recorded, without an id: no route that enforces has it.
    pub(crate) async fn what_if(
        &self,
        tenant: Arc<str>,
        active: Arc<Active>,
        body: Bytes,
    ) -> Result<String, Problem> {
        self.run(&Arc::clone(&tenant), move |shared, to| {
            tell(&to, shared.what_if(&tenant, &active, &body));
        })
        .await
    }

    /// Has something done when it is the tenant's turn.
    async fn run<T: Send + 'static>(
        &self,
        tenant: &Arc<str>,
        work: impl FnOnce(&Arc<Shared>, Tell<T>) + Send + 'static,
    ) -> Result<T, Problem> {
        let terms = self.admission.admit(tenant, (self.shared.clock)())?;
        let (sender, told) = oneshot::channel();
        let to: Tell<T> = Arc::new(Mutex::new(Some(sender)));
        let shared = Arc::clone(&self.shared);
        let span = tracing::debug_span!("decision", tenant = &**tenant);
        self.crew.submit(tenant, terms, move || {
            // What nobody waits for any more is not begun.
            if !is_gone(&to) {
                span.in_scope(|| work(&shared, to));
            }
        })?;
        let most = Duration::from_millis(self.shared.limits.decision_ms);
        match tokio::time::timeout(most, told).await {
            Ok(Ok(answer)) => answer,
            // A panic, which was caught; the hook has told of it.
            Ok(Err(_)) => Err(Problem::new(Kind::Internal, "see the log of the server")),
            Err(_) => Err(Problem::unavailable("the decision took too long; it may have been recorded")),
        }
    }

    /// Takes an idempotency key, which nobody else has until what is returned is dropped.
    pub(crate) fn hold(&self, tenant: &Arc<str>, key: &str) -> Result<Held, Problem> {
        let held = (Arc::clone(tenant), key.to_owned());
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if !keys.insert(held.clone()) {
            let detail = "a request with this `Idempotency-Key` is under way";
            return Err(Problem::new(Kind::Conflict, detail).again_in(1));
        }
        Ok(Held { keys: Arc::clone(&self.keys), held })
    }
}

/// An idempotency key that is in use.
pub(crate) struct Held {
    keys: Keys,
    held: (Arc<str>, String),
}

impl Drop for Held {
    fn drop(&mut self) {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.held);
    }
}

impl Shared {
    fn when(&self, request: &Request) -> When {
        // Whole seconds: what the request says is what people read.
        let now = (self.clock)();
        let now = jiff::Timestamp::from_second(now.as_second()).unwrap_or(now);
        request.when().unwrap_or(When::Instant(now))
    }

    fn spent(&self, tenant: &str, bindings: &[Evaluation]) {
        let used = bindings.iter().map(|binding| binding.used);
        self.admission.spend(tenant, used.map(|used| used.fuel + used.configure_fuel).sum());
    }

    fn enforce(&self, question: Question, to: Tell<Decided>) {
        // No thread works for what could not be recorded.
        if self.records.as_ref().is_some_and(|records| records.log().is_full()) {
            return tell(&to, Err(Refused::Busy.into()));
        }
        let decided = Request::from_json(&question.body, &self.limits.request).map_err(Problem::from);
        let decided = decided.and_then(|request| self.decide(&question, &request));
        let (draft, pending) = match decided {
            Ok(decided) => decided,
            Err(problem) => return tell(&to, Err(problem)),
        };
        let (Some(records), Some(draft)) = (&self.records, draft) else {
            return tell(&to, pending.decided(None));
        };
        let (held, later) = (question.held, Arc::clone(&to));
        let handed_in = records.log().submit(draft, move |done| {
            // Whoever has the answer may ask with its key again.
            drop(held);
            tell(&later, done.map_err(Problem::from).and_then(|receipt| pending.decided(Some(receipt))));
        });
        if let Err(refused) = handed_in {
            tell(&to, Err(refused.into()));
        }
    }

    /// Decides, and returns what is to be recorded, if anything is.
    fn decide(&self, question: &Question, request: &Request) -> Result<(Option<Draft>, Pending), Problem> {
        let (set, when) = (&question.active.set, self.when(request));
        if self.records.is_none() {
            let (decision, bindings) = self.engine.answer::<Enforced>(set, request, when);
            return Ok((None, self.decided(question, &decision, &bindings)?));
        }
        let record: Record<Enforced> = self.engine.decide(set, request, when);
        let pending = self.decided(question, &record.decision, &record.bindings)?;
        Ok((Some(draft(question, &record, &pending)?), pending))
    }

    fn decided(
        &self,
        question: &Question,
        decision: &Decision<Enforced>,
        bindings: &[Evaluation],
    ) -> Result<Pending, Problem> {
        let Question { tenant, active, obligations, .. } = question;
        self.spent(tenant, bindings);
        self.metrics.decision(tenant, decision, bindings);
        let projected = Projected::of(decision.span, active.otherwise(), *obligations);
        let members = members(decision, bindings, "decision")?;
        let revision = active.stored.revision.clone();
        Ok(Pending { tenant: Arc::clone(tenant), revision, projected, members })
    }

    fn what_if(&self, tenant: &str, active: &Active, body: &[u8]) -> Result<String, Problem> {
        #[derive(serde::Serialize)]
        #[serde(rename_all = "camelCase")]
        struct WouldBe<'a> {
            what_if: bool,
            tenant: &'a str,
            revision: &'a str,
        }
        let request = Request::from_json(body, &self.limits.request)?;
        let when = self.when(&request);
        let (decision, bindings) = self.engine.answer::<WhatIf>(&active.set, &request, when);
        self.spent(tenant, &bindings);
        let head = WouldBe { what_if: true, tenant, revision: &active.stored.revision };
        join(&head, &members(&decision, &bindings, "wouldBe")?, None)
    }
}

/// Returns the entry of a decision.
fn draft(question: &Question, record: &Record<Enforced>, pending: &Pending) -> Result<Draft, Problem> {
    let mut sections = sections(record)?;
    let json = |error: serde_json::Error| Problem::internal(&error);
    sections.push((PROJECTION, serde_json::to_vec(&pending.projected).map_err(json)?));
    if question.caller != Caller::default() {
        sections.push((CALLER, serde_json::to_vec(&question.caller).map_err(json)?));
    }
    Ok(Draft::new(EntryKind::Decision, &question.tenant, Some(&pending.revision), sections)?)
}

impl Pending {
    fn decided(self, receipt: Option<Receipt>) -> Result<Decided, Problem> {
        let id = receipt.map(|receipt| receipt.id);
        let head = Head {
            id,
            tenant: &self.tenant,
            revision: &self.revision,
            recorded: receipt.map(|receipt| receipt.recorded),
            projected: self.projected,
        };
        let text = join(&head, &self.members, None)?;
        Ok(Decided { id, permitted: self.projected.permitted, text })
    }
}

/// Whether a refusal passes by itself.
pub(crate) fn passes(problem: &Problem) -> bool {
    matches!(problem.kind(), Kind::TooMany) || problem.detail() == Refused::Busy.to_string()
}
