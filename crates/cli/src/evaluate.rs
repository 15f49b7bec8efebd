//! `lexgate evaluate`.

use crate::ambient;
use crate::args;
use crate::engine;
use crate::exit::Exit;
use crate::explain;
use crate::lines::{self, Input, Line};
use crate::question::{described, instant_or_date, open, refused};
use crate::set::{self, Terms};
use anyhow::{Context, Result, bail};
use indicatif::ProgressBar;
use lexgate_engine::{Engine, PolicySet};
use lexgate_model::decision::{Enforced, Kind, WhatIf};
use lexgate_model::request::Problem;
use lexgate_model::{BadRequest, Record, Request, RequestLimits, When};
use serde_json::json;
use std::io::BufRead;

pub(crate) fn run(args: &args::Evaluate, json: bool) -> Result<Exit> {
    let engine = engine::start()?;
    let terms = Terms { posture: args.posture.into(), shadow: &args.shadow };
    let set = set::read(&args.set, &engine, &terms)?;
    let at = args.at.as_deref().map(instant_or_date).transpose()?;
    let desk = Desk { engine, set, limits: RequestLimits::default(), at, args, json };
    let mut input = open(&args.request)?;
    let by_name =
        args.request.extension().is_some_and(|extension| extension == "ndjson" || extension == "jsonl");
    let reading = || format!("cannot read `{}`", args.request.display());
    match lines::detect(&mut *input, desk.limits.bytes, args.ndjson || by_name).with_context(reading)? {
        Input::One(text) => desk.one(&text),
        Input::Many(first) => desk.many(first, &mut *input).with_context(reading),
    }
}

/// What requests are decided with.
struct Desk<'a> {
    engine: Engine,
    set: PolicySet,
    limits: RequestLimits,
    at: Option<When>,
    args: &'a args::Evaluate,
    json: bool,
}

impl Desk<'_> {
    fn one(&self, text: &[u8]) -> Result<Exit> {
        let request = Request::from_json(text, &self.limits)
            .with_context(|| format!("`{}` is not a request", self.args.request.display()));
        match request {
            Ok(request) => self.answer(&request, Form::Whole),
            Err(error) => refused(error, self.json),
        }
    }

    /// Decides a stream line by line: one request in memory at a time.
    fn many(&self, first: Option<Line>, input: &mut dyn BufRead) -> Result<Exit> {
        let bar = ambient::progress(self.json);
        let mut worst = if self.args.what_if { Exit::WhatIf } else { Exit::DONE };
        let mut tally = Tally::default();
        let mut next = first;
        for number in 1u64.. {
            let line = match next.take() {
                Some(line) => Some(line),
                None => lines::next(input, self.limits.bytes)?,
            };
            let Some(line) = line else { break };
            let request = match line {
                Line::Text(text) if text.iter().all(u8::is_ascii_whitespace) => continue,
                Line::Text(text) => Request::from_json(&text, &self.limits),
                Line::TooLong => Err(BadRequest {
                    pointer: String::new(),
                    problem: Problem::Limit("bytes of the request", self.limits.bytes),
                }),
            };
            let exit = match request {
                Ok(request) => self.answer(&request, Form::Line(number))?,
                Err(bad) => self.bad_line(number, &bad)?,
            };
            tally.count(exit, &bar);
            worst = worst.worse(exit);
        }
        bar.finish_and_clear();
        if tally.lines == 0 {
            bail!("`{}` holds no request", self.args.request.display());
        }
        if !self.json {
            ambient::print(&tally.to_string())?;
        }
        Ok(worst)
    }

    fn bad_line(&self, number: u64, bad: &BadRequest) -> Result<Exit> {
        if self.json {
            ambient::print_json_line(&json!({ "line": number, "error": described(bad) }))?;
        } else {
            ambient::print(&format!(
                "line {number}  {0}error{0:#}  {1}\n",
                explain::RED,
                explain::plain(&bad.to_string())
            ))?;
        }
        Ok(Exit::CouldNotAnswer)
    }

    /// Decides one request and prints what came of it.
    fn answer(&self, request: &Request, form: Form) -> Result<Exit> {
        if self.args.what_if {
            self.print(&self.decide::<WhatIf>(request), form)?;
            return Ok(Exit::WhatIf);
        }
        let record = self.decide::<Enforced>(request);
        self.print(&record, form)?;
        Ok(Exit::of(record.decision.span, self.args.fulfils_obligations))
    }

    fn decide<M: Kind>(&self, request: &Request) -> Record<M> {
        let when = request.when().or(self.at).unwrap_or_else(|| When::Instant(ambient::now()));
        self.engine.decide_with_log(&self.set, request, when, &mut |binding, line| {
            if self.args.log {
                anstream::eprintln!("{binding} {}: {}", line.level, line.message.escape_debug());
            }
        })
    }

    fn print<M: Kind>(&self, record: &Record<M>, form: Form) -> Result<()> {
        match form {
            _ if self.json => ambient::print_json_line(record),
            Form::Whole => ambient::print(&explain::explain(record, &self.set, &self.args.language)),
            Form::Line(number) => ambient::print(&explain::line(number, record)),
        }
    }
}

/// How a record is shown to a person.
#[derive(Clone, Copy)]
enum Form {
    /// Explained.
    Whole,
    /// As a line of a stream.
    Line(u64),
}

/// How many lines ended how.
#[derive(Default)]
struct Tally {
    lines: u64,
    ended: std::collections::BTreeMap<u8, u64>,
}

impl Tally {
    fn count(&mut self, exit: Exit, bar: &ProgressBar) {
        self.lines += 1;
        *self.ended.entry(exit.code()).or_default() += 1;
        if self.lines.is_multiple_of(100) {
            bar.set_message(format!("{} requests", self.lines));
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = |code: &u8| match code {
            0 => "permitted",
            1 => "not answered",
            2 => "not permitted",
            3 => "indeterminate",
            4 => "not applicable",
            _ => "what-if",
        };
        let parts: Vec<_> =
            self.ended.iter().map(|(code, count)| format!("{count} {}", word(code))).collect();
        writeln!(f, "{} requests: {}", self.lines, parts.join(", "))
    }
}
