//! Asks a policy set: one path for the server, for `lexgate evaluate` and for bulk.

use crate::engine::Engine;
use crate::host::LogLine;
use crate::prepare::Prepared;
use crate::run::Run;
use crate::ticker::Ticker;
use lexgate_model::date::{Date, Period};
use lexgate_model::decision::{Decision, Kind, Mode, Override, Posture};
use lexgate_model::fault::{Fault, Limits};
use lexgate_model::finding::{self, Context, Finding, Span};
use lexgate_model::record::{AppliedLimits, Evaluation, Record};
use lexgate_model::verdict::Verdict;
use lexgate_model::{Request, When};
use std::borrow::Cow;
use std::collections::BTreeSet;
use tracing::field::Empty;

/// Wall clock of one decision, in milliseconds; a set that takes longer ends in the fault `deadline`.
const DECISION_DEADLINE_MS: u64 = 500;

/// Bindings of one set.
pub const MOST_BINDINGS: usize = 256;

/// What happens when a dataset has no version for the date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Anachronism {
    /// The evaluation is marked, and counts.
    #[default]
    Mark,
    /// The evaluation is refused: a fault.
    Refuse,
}

/// A prepared policy in a set, under its own id.
#[derive(Debug, Clone)]
pub struct Binding {
    /// Its id, unique in the set.
    pub id: String,
    /// What runs.
    pub policy: Prepared,
    /// Whether it decides.
    pub mode: Mode,
    /// What a fault counts as.
    pub posture: Posture,
    /// The days it applies, in the policy's calendar.
    pub period: Period,
    /// What it may use up.
    pub limits: Limits,
    /// What the operator changes about its rules.
    pub overrides: Vec<Override>,
    /// What happens when a dataset has no version for the date.
    pub anachronism: Anachronism,
}

impl Binding {
    /// Returns a binding that enforces, with the closed posture and the default limits.
    #[must_use]
    pub fn new(id: &str, policy: Prepared) -> Binding {
        Binding {
            id: id.to_owned(),
            policy,
            mode: Mode::default(),
            posture: Posture::default(),
            period: Period::default(),
            limits: Limits::default(),
            overrides: Vec::new(),
            anachronism: Anachronism::default(),
        }
    }
}

/// Bindings in order; immutable. Another set takes its place as a whole.
#[derive(Debug, Clone)]
pub struct PolicySet(Vec<Binding>);

/// Why bindings are no set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Two bindings have one id.
    #[error("binding `{0}` stands twice in the set; give one of them another id")]
    Duplicate(String),
    /// Too many.
    #[error("the set has {0} bindings, at most {MOST_BINDINGS}")]
    TooMany(usize),
    /// An override of a rule the policy does not have.
    #[error("binding `{0}` overrides rule `{1}`, which policy `{2}` does not have")]
    NoSuchRule(String, String, String),
}

impl PolicySet {
    /// Returns the set of the bindings.
    ///
    /// # Errors
    /// [`Unusable`].
    pub fn new(bindings: Vec<Binding>) -> Result<PolicySet, Unusable> {
        if bindings.len() > MOST_BINDINGS {
            return Err(Unusable::TooMany(bindings.len()));
        }
        let mut ids = BTreeSet::new();
        for binding in &bindings {
            if !ids.insert(binding.id.as_str()) {
                return Err(Unusable::Duplicate(binding.id.clone()));
            }
            let manifest = binding.policy.manifest();
            if let Some(stray) = binding.overrides.iter().find(|o| manifest.rule(&o.rule).is_none()) {
                let policy = manifest.policy.id.clone();
                return Err(Unusable::NoSuchRule(binding.id.clone(), stray.rule.clone(), policy));
            }
        }
        Ok(PolicySet(bindings))
    }

    /// Returns the bindings, in order.
    #[must_use]
    pub fn bindings(&self) -> &[Binding] {
        &self.0
    }
}

impl Engine {
    /// Evaluates every binding of a set that applies, and combines what the enforcing ones say, most restrictive first.
    ///
    /// `when` is the request's own or the host's. Nothing a guest does makes this fail.
    #[must_use]
    pub fn decide<M: Kind>(&self, set: &PolicySet, request: &Request, when: When) -> Record<M> {
        self.decide_with_log(set, request, when, &mut |_, _| {})
    }

    /// Decides as [`Engine::decide`] does, handing on what guests write to their logs, by binding.
    #[must_use]
    pub fn decide_with_log<M: Kind>(
        &self,
        set: &PolicySet,
        request: &Request,
        when: When,
        log: &mut dyn FnMut(&str, LogLine),
    ) -> Record<M> {
        let (request, bindings, decision) = self.ask_all(set, request, when, log);
        Record::new(self.meter().to_owned(), request.canonical(), bindings, decision)
    }

    /// Returns the decision and what each binding came to, where nobody wants the record: the canonical form is not made.
    #[must_use]
    pub fn answer<M: Kind>(
        &self,
        set: &PolicySet,
        request: &Request,
        when: When,
    ) -> (Decision<M>, Vec<Evaluation>) {
        let (_, bindings, decision) = self.ask_all(set, request, when, &mut |_, _| {});
        (decision, bindings)
    }

    fn ask_all<'r, M: Kind>(
        &self,
        set: &PolicySet,
        request: &'r Request,
        when: When,
        log: &mut dyn FnMut(&str, LogLine),
    ) -> (Cow<'r, Request>, Vec<Evaluation>, Decision<M>) {
        let mut request = Cow::Borrowed(request);
        if request.when() != Some(when) {
            request.to_mut().set_when(when);
        }
        let deadline = self.0.ticker.now().saturating_add(Ticker::ticks(DECISION_DEADLINE_MS));
        let question = Question { request: &request, deadline, what_if: M::WHAT_IF };
        let mut asked = Vec::new();
        let mut joined = Verdict::default();
        // Those that decide are asked first: no shadow takes from the time they have together.
        let mut order: Vec<_> = set.bindings().iter().enumerate().collect();
        order.sort_by_key(|(_, binding)| binding.mode != Mode::Enforce);
        for (place, binding) in order.into_iter().filter(|(_, binding)| binding.mode != Mode::Off) {
            let date = binding.policy.0.known.zone.date(when);
            if !binding.period.contains(date) {
                continue;
            }
            let (evaluation, verdict, lines) = self.ask(binding, &question, date);
            lines.into_iter().for_each(|line| log(&binding.id, line));
            if binding.mode == Mode::Enforce {
                joined = joined.join(verdict);
            }
            asked.push((place, evaluation));
        }
        asked.sort_by_key(|(place, _)| *place);
        let bindings = asked.into_iter().map(|(_, evaluation)| evaluation).collect();
        (request, bindings, Decision::of(&joined))
    }

    /// Asks one binding. An environmental fault is tried once more.
    fn ask(
        &self,
        binding: &Binding,
        question: &Question<'_>,
        date: Date,
    ) -> (Evaluation, Verdict, Vec<LogLine>) {
        let policy = &binding.policy.identity().id;
        let span = tracing::debug_span!("policy", binding = binding.id, policy, fuel = Empty, fault = Empty);
        let _asked = span.enter();
        let anachronistic = anachronisms(&binding.policy, date);
        let mut attempt = self.attempt(binding, question, date, &anachronistic);
        if matches!(&attempt.0, Err(fault) if !fault.is_deterministic()) {
            attempt = self.attempt(binding, question, date, &anachronistic);
        }
        let (outcome, run) = attempt;
        span.record("fuel", run.used.fuel);
        if let Err(fault) = &outcome {
            span.record("fault", fault.to_string());
        }
        let (findings, fault, verdict) = match outcome {
            Ok(findings) => {
                let verdict = Verdict::of_all(&binding.id, &findings);
                (findings, None, verdict)
            }
            Err(fault) => (Vec::new(), Some(fault), Verdict::from_span(binding.posture.span())),
        };
        let span: Span = verdict.span;
        let evaluation = Evaluation {
            binding: binding.id.clone(),
            mode: binding.mode,
            posture: binding.posture,
            policy: binding.policy.identity().clone(),
            parameters: binding.policy.0.parameters_digest,
            datasets: binding.policy.datasets().to_vec(),
            overrides: binding.overrides.clone(),
            time_zone: binding.policy.manifest().policy.time_zone.clone(),
            date,
            limits: AppliedLimits {
                fuel: binding.limits.fuel(question.request.size()),
                limits: binding.limits,
            },
            used: run.used,
            anachronistic,
            verdict: span,
            findings,
            replayable: fault.as_ref().is_none_or(Fault::is_deterministic),
            fault,
        };
        (evaluation, verdict, run.log)
    }

    fn attempt(
        &self,
        binding: &Binding,
        question: &Question<'_>,
        date: Date,
        anachronistic: &[String],
    ) -> (Result<Vec<Finding>, Fault>, Run) {
        let nothing = |fault| Run { outcome: Err(fault), used: Default::default(), log: Vec::new() };
        let mut run = match anachronistic.first() {
            Some(name) if binding.anachronism == Anachronism::Refuse => {
                nothing(Fault::Anachronistic(name.clone()))
            }
            _ if self.0.ticker.now() >= question.deadline => nothing(Fault::Deadline),
            _ => self.run(&binding.policy, question.request, date, &binding.limits, question.deadline),
        };
        let context = Context {
            manifest: binding.policy.manifest(),
            request: question.request,
            date,
            overrides: &binding.overrides,
            what_if: question.what_if,
        };
        let reported = std::mem::replace(&mut run.outcome, Ok(Vec::new()));
        let findings =
            reported.and_then(|reported| finding::check(reported, &context).map_err(Fault::Output));
        (findings, run)
    }
}

/// What every binding of a set is asked.
struct Question<'a> {
    request: &'a Request,
    deadline: u64,
    what_if: bool,
}

/// Returns the names of the datasets that have no version for the date.
fn anachronisms(policy: &Prepared, date: Date) -> Vec<String> {
    // Versions of one name stand together.
    let names = policy.0.datasets.chunk_by(|one, next| one.name == next.name);
    let missing = names.filter(|versions| !versions.iter().any(|version| version.period.contains(date)));
    missing.filter_map(|versions| Some(versions.first()?.name.clone())).collect()
}
