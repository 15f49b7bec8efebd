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
use lexgate_engine::{Engine, PolicySet, in_order};
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
            Ok(request) => {
                let Answer { exit, text, log } = self.answer(&request, Form::Whole)?;
                for line in log {
                    anstream::eprintln!("{line}");
                }
                ambient::print(&text)?;
                Ok(exit)
            }
            Err(error) => refused(error, self.json),
        }
    }

    /// Decides a stream, on all processors: what comes of the lines is printed in their order, as soon as it is their turn.
    fn many(&self, first: Option<Line>, input: &mut (dyn BufRead + Send)) -> Result<Exit> {
        let bar = ambient::progress(self.json);
        let mut worst = if self.args.what_if { Exit::WhatIf } else { Exit::DONE };
        let mut tally = Tally::default();
        let most = self.limits.bytes;
        let lines =
            first.into_iter().map(Ok).chain(std::iter::from_fn(|| lines::next(input, most).transpose()));
        let numbered = lines.zip(1u64..).map(|(line, number)| line.map(|line| (number, line)));
        let work = |line: std::io::Result<(u64, Line)>| line.map(|(number, line)| self.line(number, line));
        in_order(ambient::processors(), numbered, work, |answer| -> Result<()> {
            let Some(answer) = answer? else { return Ok(()) };
            let Answer { exit, text, log } = answer?;
            for line in log {
                anstream::eprintln!("{line}");
            }
            ambient::print(&text)?;
            tally.count(exit, &bar);
            worst = worst.worse(exit);
            Ok(())
        })?;
        bar.finish_and_clear();
        if tally.lines == 0 {
            bail!("`{}` holds no request", self.args.request.display());
        }
        if !self.json {
            ambient::print(&tally.to_string())?;
        }
        Ok(worst)
    }

    /// Answers a line of a stream; a blank one needs no answer.
    fn line(&self, number: u64, line: Line) -> Option<Result<Answer>> {
        let request = match line {
            Line::Text(text) if text.iter().all(u8::is_ascii_whitespace) => return None,
            Line::Text(text) => Request::from_json(&text, &self.limits),
            Line::TooLong => Err(BadRequest {
                pointer: String::new(),
                problem: Problem::Limit("bytes of the request", self.limits.bytes),
            }),
        };
        Some(match request {
            Ok(request) => self.answer(&request, Form::Line(number)),
            Err(bad) => self.bad_line(number, &bad),
        })
    }

    fn bad_line(&self, number: u64, bad: &BadRequest) -> Result<Answer> {
        let text = if self.json {
            ambient::json_line(&json!({ "line": number, "error": described(bad) }))?
        } else {
            format!("line {number}  {0}error{0:#}  {1}\n", explain::RED, explain::plain(&bad.to_string()))
        };
        Ok(Answer { exit: Exit::CouldNotAnswer, text, log: Vec::new() })
    }

    /// Decides one request.
    fn answer(&self, request: &Request, form: Form) -> Result<Answer> {
        if self.args.what_if {
            let (record, log) = self.decide::<WhatIf>(request);
            return Ok(Answer { exit: Exit::WhatIf, text: self.told(&record, form)?, log });
        }
        let (record, log) = self.decide::<Enforced>(request);
        let exit = Exit::of(record.decision.span, self.args.fulfils_obligations);
        Ok(Answer { exit, text: self.told(&record, form)?, log })
    }

    fn decide<M: Kind>(&self, request: &Request) -> (Record<M>, Vec<String>) {
        let when = request.when().or(self.at).unwrap_or_else(|| When::Instant(ambient::now()));
        let mut log = Vec::new();
        let record = self.engine.decide_with_log(&self.set, request, when, &mut |binding, line| {
            if self.args.log {
                log.push(format!("{binding} {}: {}", line.level, line.message.escape_debug()));
            }
        });
        (record, log)
    }

    fn told<M: Kind>(&self, record: &Record<M>, form: Form) -> Result<String> {
        match form {
            _ if self.json => ambient::json_line(record),
            Form::Whole => Ok(explain::explain(record, &self.set, &self.args.language)),
            Form::Line(number) => Ok(explain::line(number, record)),
        }
    }
}

/// What came of a request.
struct Answer {
    exit: Exit,
    text: String,
    log: Vec<String>,
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
