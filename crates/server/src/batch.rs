//! Many decisions in one call: NDJSON in and out, streamed, in order, with few of them in memory at a time.

use crate::desk::{Decided, Question, passes};
use crate::http::{App, Asked};
use crate::problem::{Kind, Problem};
use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use lexgate_audit::Caller;
use lexgate_model::combine::Obligations;
use serde::Serialize;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// How often a line is tried whose tenant has too much waiting, and how long it rests in between, in milliseconds. The body
/// is not read on meanwhile.
const TRIES: u32 = 200;
const REST_MS: u64 = 25;

/// A line of the body.
enum Line {
    Text(Bytes),
    TooLong,
    /// The body ended early; nothing follows.
    Broken(Problem),
}

/// Splits a body into lines, none longer than allowed.
struct Lines {
    body: BodyDataStream,
    most: usize,
    patience: Duration,
    begun: Vec<u8>,
    too_long: bool,
    ready: VecDeque<Line>,
    ended: bool,
}

impl Lines {
    async fn next(mut self) -> Option<(Line, Lines)> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Some((line, self));
            }
            if self.ended {
                return None;
            }
            match tokio::time::timeout(self.patience, self.body.next()).await {
                Ok(Some(Ok(bytes))) => self.take(&bytes),
                Ok(None) => {
                    self.ended = true;
                    if !self.begun.is_empty() || self.too_long {
                        self.end_line();
                    }
                }
                Ok(Some(Err(_))) => self.broken(Kind::BadRequest, "the body ended in the middle"),
                Err(_) => self.broken(Kind::BodyTooSlow, "the next line did not come in time"),
            }
        }
    }

    fn broken(&mut self, kind: Kind, why: &str) {
        self.ended = true;
        self.ready.push_back(Line::Broken(Problem::new(kind, why)));
    }

    fn take(&mut self, bytes: &[u8]) {
        let mut pieces = bytes.split(|&byte| byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            if self.begun.len() + piece.len() > self.most {
                self.too_long = true;
                self.begun = Vec::new();
            } else if !self.too_long {
                self.begun.extend_from_slice(piece);
            }
            if pieces.peek().is_some() {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.begun);
        let too_long = std::mem::take(&mut self.too_long);
        self.ready.push_back(if too_long { Line::TooLong } else { Line::Text(line.into()) });
    }
}

#[derive(Serialize)]
struct Failed<'a> {
    line: u64,
    error: crate::problem::Body<'a>,
}

fn failed(line: u64, problem: &Problem) -> Bytes {
    let mut text = serde_json::to_vec(&Failed { line, error: problem.body() }).unwrap_or_default();
    text.push(b'\n');
    text.into()
}

/// Decides every line of a body with one revision of the set.
pub(crate) fn respond(
    app: App,
    asked: &Asked,
    obligations: Obligations,
    body: Body,
) -> Result<Response, Problem> {
    let active = asked.tenant.active()?;
    let tenant: Arc<str> = asked.tenant.name.as_str().into();
    let limits = app.limits();
    let lines = Lines {
        body: body.into_data_stream(),
        most: limits.request.bytes,
        patience: Duration::from_millis(limits.body_ms),
        begun: Vec::new(),
        too_long: false,
        ready: VecDeque::new(),
        ended: false,
    };
    let ahead = limits.batch_ahead;
    let lines = numbered(lines);
    let request_id = asked.request_id.clone();
    let answers = lines.map(move |(number, line)| {
        let (app, tenant, active) = (app.clone(), Arc::clone(&tenant), Arc::clone(&active));
        let caller = Caller { idempotency_key: None, request_id: request_id.clone() };
        async move {
            let text = match line {
                Line::Text(text) => text,
                Line::TooLong => {
                    let most = app.limits().request.bytes;
                    let problem = Problem::new(Kind::TooLarge, format!("a line has {most} bytes at most"));
                    return Ok(failed(number, &problem));
                }
                Line::Broken(problem) => return Ok(failed(number, &problem)),
            };
            let question = Question { tenant, active, body: text, caller, obligations, held: None };
            match decide_patiently(&app, question).await {
                Ok(decided) => Ok(decided_line(number, &decided)),
                Err(problem) => Ok::<_, Infallible>(failed(number, &problem)),
            }
        }
    });
    let body = Body::from_stream(answers.buffered(ahead));
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

/// Numbers lines from 1; blank ones are counted, and need no answer.
fn numbered(lines: Lines) -> impl Stream<Item = (u64, Line)> {
    let blank = |line: &Line| matches!(line, Line::Text(text) if text.iter().all(u8::is_ascii_whitespace));
    let all = stream::unfold(lines, Lines::next).zip(stream::iter(1u64..));
    all.filter_map(move |(line, number)| std::future::ready((!blank(&line)).then_some((number, line))))
}

/// Decides, and asks again for a while where that may help.
pub(crate) async fn decide_patiently(app: &App, question: Question) -> Result<Decided, Problem> {
    let Question { tenant, active, body, caller, obligations, held: _ } = question;
    let mut tries = 1..=TRIES;
    loop {
        let question = Question {
            tenant: Arc::clone(&tenant),
            active: Arc::clone(&active),
            body: body.clone(),
            caller: caller.clone(),
            obligations,
            held: None,
        };
        match app.desk().enforce(question).await {
            Err(problem) if passes(&problem) && tries.next().is_some() => {
                tokio::time::sleep(Duration::from_millis(REST_MS)).await;
            }
            done => return done,
        }
    }
}

fn decided_line(number: u64, decided: &Decided) -> Bytes {
    let members = decided.text.trim_start_matches('{');
    format!("{{\"line\":{number},{members}\n").into()
}
