//! `lexgate ask`: decides, asks for the facts that can still change the decision, and puts answers in.

use crate::ambient;
use crate::args;
use crate::engine;
use crate::exit::Exit;
use crate::explain::{self, BOLD, DIM, YELLOW, plain};
use crate::question::{self, instant_or_date, refused};
use crate::set::{self, Terms};
use anyhow::Result;
use lexgate_engine::{Engine, PolicySet};
use lexgate_kit::ask::{self, Answer, Asked, BadAnswer, Question};
use lexgate_kit::vocabulary::Vocabulary;
use lexgate_model::decision::{Enforced, Kind, WhatIf};
use lexgate_model::verdict::Owner;
use lexgate_model::{Record, Request, RequestLimits, Span, When};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Most questions that are shown to a person; the rest is counted.
const MOST_SHOWN: usize = 10;

pub(crate) fn run(args: &args::Ask, json: bool) -> Result<Exit> {
    let at = args.at.as_deref().map(instant_or_date).transpose()?;
    let answers = args.answers.iter().map(|text| text.parse()).collect::<Result<Vec<Answer>, _>>()?;
    let engine = engine::start()?;
    let set = set::read(&args.set, &engine, &Terms::default())?;
    let request = match question::read(&args.request, &RequestLimits::default()) {
        Ok(request) => request,
        Err(error) => return refused(error, json),
    };
    let when = |request: &Request| request.when().or(at).unwrap_or_else(|| When::Instant(ambient::now()));
    let desk = Desk { engine, set, args, json };
    if args.what_if {
        desk.ask::<WhatIf>(&request, &answers, &when)
            .map(|span| span.map_or(Exit::CouldNotAnswer, |_| Exit::WhatIf))
    } else {
        let exit = |span| Exit::of(span, args.fulfils_obligations);
        desk.ask::<Enforced>(&request, &answers, &when).map(|span| span.map_or(Exit::CouldNotAnswer, exit))
    }
}

struct Desk<'a> {
    engine: Engine,
    set: PolicySet,
    args: &'a args::Ask,
    json: bool,
}

impl Desk<'_> {
    /// Returns what was decided, or nothing if the answers were refused and that was told.
    fn ask<M: Kind>(
        &self,
        request: &Request,
        answers: &[Answer],
        when: &dyn Fn(&Request) -> When,
    ) -> Result<Option<Span>> {
        let mut record: Record<M> = self.engine.decide(&self.set, request, when(request));
        let (mut before, mut remarks) = (None, Vec::new());
        let mut completed = None;
        if !answers.is_empty() {
            let answered = match self.answered(&record, request, answers, &mut remarks) {
                Ok(answered) => answered,
                Err(bad) => return self.bad_answer(bad),
            };
            before = Some(record.decision.span);
            record = self.engine.decide(&self.set, &answered, when(&answered));
            completed = Some(answered);
        }
        if let Some(out) = &self.args.out {
            let request = completed.as_ref().unwrap_or(request).to_value();
            ambient::write(out, &format!("{}\n", serde_json::to_string_pretty(&request)?))?;
        }
        let questions = ask::questions(&record, &self.set, &self.args.language);
        if self.json {
            let span = |span: Span| json!({ "floor": span.floor, "ceiling": span.ceiling });
            ambient::print_json(&json!({
                "before": before.map(span), "remarks": remarks, "questions": questions, "record": record,
            }))?;
        } else {
            for remark in &remarks {
                anstream::eprintln!("{YELLOW}remark{YELLOW:#}  {}", plain(remark));
            }
            ambient::print(&self.text(&record, before, &questions))?;
        }
        Ok(Some(record.decision.span))
    }

    /// Returns the request with the answers in place.
    fn answered<M: Kind>(
        &self,
        record: &Record<M>,
        request: &Request,
        answers: &[Answer],
        remarks: &mut Vec<String>,
    ) -> Result<Request, BadAnswer> {
        let vocabulary = Vocabulary::of(self.set.bindings().iter().map(|binding| binding.policy.manifest()));
        let asked: BTreeSet<&str> =
            record.decision.missing.iter().map(|wanted| wanted.fact.pointer.as_str()).collect();
        for answer in answers {
            remarks.extend(ask::suits(answer, &vocabulary, &asked)?);
        }
        ask::put(request, answers, &RequestLimits::default())
    }

    fn bad_answer(&self, bad: BadAnswer) -> Result<Option<Span>> {
        match bad {
            BadAnswer::Request(bad) => refused(anyhow::Error::new(bad), self.json).map(|_| None),
            other => Err(other.into()),
        }
    }

    fn text<M: Kind>(&self, record: &Record<M>, before: Option<Span>, questions: &[Question]) -> String {
        let mut text = String::new();
        if let Some(before) = before {
            let _ = writeln!(text, "{DIM}before the answers: {before}{DIM:#}");
        }
        if questions.is_empty() {
            text.push_str(&explain::explain(record, &self.set, &self.args.language));
            text.push_str("  no missing fact can change this\n");
            return text;
        }
        text.push_str(&explain::headline(record));
        let _ =
            writeln!(text, "  what can still change it: the fewest facts first, then what settles most\n");
        for (number, question) in questions.iter().take(MOST_SHOWN).enumerate() {
            text.push_str(&one(number + 1, question, record.decision.span));
        }
        let rest = questions.len().saturating_sub(MOST_SHOWN);
        if rest > 0 {
            let _ = writeln!(text, "  and {rest} more sets of facts; `--json` has them all\n");
        }
        if let Some(first) = questions.first().and_then(|question| question.facts.first()) {
            // Whoever pastes it pastes it into a shell.
            let answer = plain(&format!("{}={}", first.pointer, first.example)).replace('\'', "'\\''");
            let _ =
                writeln!(text, "Answer with your own value, for example {BOLD}--answer '{answer}'{BOLD:#}");
        }
        text
    }
}

fn one(number: usize, question: &Question, decision: Span) -> String {
    let count = match question.facts.len() {
        1 => "one fact".to_owned(),
        facts => format!("{facts} facts, asked together; fewer may settle it"),
    };
    let mut ends = Vec::new();
    if question.well < decision.ceiling {
        ends.push(format!("at most {} if it turns out well", colour(question.well)));
    }
    if question.badly > decision.floor {
        ends.push(format!("at least {} if badly", colour(question.badly)));
    }
    let mut text = format!("{BOLD}{number}. {count}{BOLD:#}: {}\n", ends.join(", "));
    for fact in &question.facts {
        text.push_str(&asked(fact));
    }
    for finding in &question.settles {
        let _ = writeln!(
            text,
            "   {DIM}settles{DIM:#}  {} of {}  {}  {}",
            finding.owner.rule,
            finding.owner.binding,
            finding.span,
            plain(&finding.message)
        );
    }
    text.push('\n');
    text
}

fn colour(outcome: lexgate_model::Outcome) -> String {
    let style = explain::colour(Span::exactly(outcome));
    format!("{style}{outcome}{style:#}")
}

fn asked(fact: &Asked) -> String {
    let place = if fact.pointer.is_empty() { "/" } else { &fact.pointer };
    let mut text = format!("   {BOLD}{}{BOLD:#}  {}\n", plain(place), plain(&fact.whom));
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "     {DIM}{name:<9}{DIM:#}  {}", plain(value));
        }
    };
    line("expected", &fact.expected.join("; "));
    line("tells", &fact.says.join("; "));
    line("type", &fact.kind.map_or(String::new(), |_| fact.type_in_words()));
    line("one of", &fact.values.join(", "));
    line("missing", &fact.reasons.join(", "));
    line("needed by", &owners(&fact.needed_by));
    text
}

/// Writes rules by policy: `a, b of one; c of two`.
fn owners(owners: &[Owner]) -> String {
    let mut policies: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for owner in owners {
        policies.entry(&owner.binding).or_default().push(&owner.rule);
    }
    let one = |(policy, rules): (&&str, &Vec<&str>)| format!("{} of {policy}", rules.join(", "));
    policies.iter().map(one).collect::<Vec<_>>().join("; ")
}
