//! The workload in Lexgate: the whole way, and its parts.

use crate::native;
use anyhow::{Context, Result, ensure};
use lexgate_engine::{Binding, Engine, PolicySet, Prepared};
use lexgate_model::date::Period;
use lexgate_model::decision::Enforced;
use lexgate_model::fault::Limits;
use lexgate_model::package::DatasetVersion;
use lexgate_model::request::Canonical;
use lexgate_model::{Date, Digest, Package, Record, Request, RequestLimits, Verified, date};
use rounds::workload::RESTRICTED;
use rounds::{Answer, Outcome, QUESTIONS, Question, Row};
use serde_json::Map;

/// Prepares a package with its default parameters.
pub fn prepare(engine: &Engine, package: Verified<Package>) -> Result<Prepared> {
    let parameters = package.manifest.parameters.accept(Map::new())?;
    Ok(engine.prepare(package, parameters, Vec::new())?)
}

/// Prepares the policy that looks a list up, with a list of so many places more than its own four.
pub fn prepare_listed(engine: &Engine, package: Verified<Package>, more: usize) -> Result<Prepared> {
    let parameters = package.manifest.parameters.accept(Map::new())?;
    let mut places = "place\nCN\nIR\nKP\nRU\n".to_owned();
    (0..more).for_each(|number| places.push_str(&format!("nowhere-{number:06}\n")));
    let dataset = DatasetVersion {
        name: "places".to_owned(),
        version: "1".to_owned(),
        period: Period::default(),
        digest: Digest::of(places.as_bytes()),
        bytes: places.into_bytes().into(),
    };
    Ok(engine.prepare(package, parameters, vec![dataset])?)
}

fn read(text: &[u8]) -> Result<Request> {
    Ok(Request::from_json(text, &RequestLimits::default())?)
}

/// Returns the requests of all questions.
pub fn requests() -> Result<Vec<Request>> {
    QUESTIONS.iter().map(|question| read(&question.request())).collect()
}

/// The date of all requests.
pub fn day() -> Result<Date> {
    date::new(2026, 3, 1).context("no such date")
}

fn decide(engine: &Engine, set: &PolicySet, request: &Request) -> Result<Record<Enforced>> {
    Ok(engine.decide(set, request, request.when().context("the request names no date")?))
}

/// Returns the outcome of what a policy reported.
pub fn reported(engine: &Engine, policy: &Prepared, request: &Request, day: Date) -> Result<Outcome> {
    let run = engine.evaluate(policy, request, day, &Limits::default());
    let findings = run.outcome?;
    let finding = findings.first().context("no finding")?;
    Outcome::named(&finding.floor.to_string()).context("another outcome")
}

/// Returns a row for the whole way of a policy, from the bytes of a request to those of a decision.
pub fn whole(name: &'static str, engine: &Engine, policy: &Prepared) -> Result<Row> {
    let (engine, set) = (engine.clone(), PolicySet::new(vec![Binding::new("b", policy.clone())])?);
    let decision = move |text: &[u8]| {
        let request = read(text)?;
        let when = request.when().context("the request names no date")?;
        Ok(serde_json::to_vec(&engine.answer::<Enforced>(&set, &request, when).0)?)
    };
    for question in &QUESTIONS {
        let (ours, native) = (decision(&question.request())?, native::decision(question)?);
        let text = String::from_utf8_lossy;
        ensure!(ours == native, "Lexgate writes {}, native Rust {}", text(&ours), text(&native));
    }
    Ok(Row::whole(name, QUESTIONS.iter().map(Question::request).collect(), decision))
}

/// Returns the whole way with the whole record.
pub fn record(name: &'static str, engine: &Engine, policy: &Prepared) -> Result<Row> {
    let (engine, set) = (engine.clone(), PolicySet::new(vec![Binding::new("b", policy.clone())])?);
    let inputs = QUESTIONS.iter().map(Question::request).collect();
    let decide = move |text: &[u8]| Ok(serde_json::to_vec(&decide(&engine, &set, &read(text)?)?)?);
    Ok(Row::whole(name, inputs, decide))
}

/// Returns a row for the evaluation alone of a policy: typed request in, findings out.
pub fn evaluation(name: &'static str, engine: &Engine, policy: &Prepared) -> Result<Row> {
    let (requests, day) = (requests()?, day()?);
    let (engine, policy) = (engine.clone(), policy.clone());
    Ok(Row::part(name, move |number| {
        let request = requests.get(number).context("there is no such question")?;
        reported(&engine, &policy, request, day).map(Answer::Outcome)
    }))
}

/// Returns a row for the evaluation alone of the policy that looks a list up.
pub fn listed(name: &'static str, engine: &Engine, policy: Prepared) -> Result<Row> {
    let (requests, day) = (requests()?, day()?);
    let engine = engine.clone();
    Ok(Row::part(name, move |number| {
        let request = requests.get(number).context("there is no such question")?;
        let listed = QUESTIONS.get(number).is_some_and(|question| {
            let owners = question.owners.iter().map(|&(place, _)| place);
            owners.chain([question.country, question.headquarters]).any(|place| RESTRICTED.contains(&place))
        });
        let outcome = reported(&engine, &policy, request, day)?;
        ensure!(outcome == if listed { Outcome::Deny } else { Outcome::Permit }, "{outcome:?}");
        Ok(Answer::Part)
    }))
}

/// Returns the parts of the whole way.
pub fn parts(engine: &Engine, policy: &Prepared) -> Result<Vec<Row>> {
    let set = PolicySet::new(vec![Binding::new("b", policy.clone())])?;
    let none = PolicySet::new(Vec::new())?;
    let inputs: Vec<_> = QUESTIONS.iter().map(Question::request).collect();
    let requests = requests()?;
    let canonical: Vec<Canonical> = requests.iter().map(Request::canonical).collect();
    let records = requests.iter().map(|request| decide(engine, &set, request)).collect::<Result<Vec<_>>>()?;
    let (ours, other) = (engine.clone(), engine.clone());
    let asked = requests.clone();
    Ok(vec![
        part("read the request", inputs, |text| read(text).map(drop)),
        part("count its size", requests.clone(), |request| black(request.size())),
        part("its canonical form", requests.clone(), |request| black(request.canonical())),
        part("the digest of it", canonical, |canonical| black(canonical.digest())),
        part("decide without a policy", requests, move |request| decide(&ours, &none, request).map(drop)),
        part("decide", asked, move |request| decide(&other, &set, request).map(drop)),
        part("write the decision", records.clone(), |record| black(serde_json::to_vec(&record.decision)?)),
        part("write the record", records, |record| black(serde_json::to_vec(record)?)),
    ])
}

/// Makes sure that something is computed.
fn black<T>(value: T) -> Result<()> {
    let _ = std::hint::black_box(value);
    Ok(())
}

fn part<T: 'static>(name: &'static str, all: Vec<T>, mut go: impl FnMut(&T) -> Result<()> + 'static) -> Row {
    Row::part(name, move |number| {
        go(all.get(number).context("there is no such question")?)?;
        Ok(Answer::Part)
    })
}
