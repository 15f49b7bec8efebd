//! Explains a decision to a person: what was decided, by which rule, on which facts, what is missing, what it cost.

use crate::inspect::citation;
use anstyle::{AnsiColor, Style};
use lexgate_engine::PolicySet;
pub(crate) use lexgate_kit::escape::plain;
use lexgate_model::decision::{Action, Decision, Kind, Mode, What};
use lexgate_model::finding::{Because, Finding, Standing};
use lexgate_model::record::Evaluation;
use lexgate_model::{Outcome, Record, Span};
use std::fmt::Write as _;

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(crate) const RED: Style = AnsiColor::Red.on_default();

/// Returns a text of several lines fit for a terminal.
pub(crate) fn plain_lines(text: &str) -> String {
    text.split('\n').map(plain).collect::<Vec<_>>().join("\n")
}

/// Returns the colour of a span.
pub(crate) fn colour(span: Span) -> Style {
    match (span.floor, span.ceiling) {
        (Outcome::NotApplicable, Outcome::NotApplicable) => DIM,
        (_, Outcome::Permit) => GREEN,
        (floor, _) if floor >= Outcome::Review => RED,
        _ => YELLOW,
    }
}

/// Writes what was decided, in one line.
pub(crate) fn headline<M: Kind>(record: &Record<M>) -> String {
    let span = record.decision.span;
    let what_if = if M::WHAT_IF { " (what if proposed rules were in force)" } else { "" };
    let style = colour(span).bold();
    format!("{style}{}{style:#}{what_if}\n", span.to_string().to_uppercase())
}

/// Writes a record for a person.
pub(crate) fn explain<M: Kind>(record: &Record<M>, set: &PolicySet, language: &str) -> String {
    let mut text = headline(record);
    for evaluation in &record.bindings {
        text.push_str(&policy(evaluation, set, language));
    }
    if record.bindings.is_empty() {
        text.push_str("  no policy applies on this date\n");
    }
    text.push_str(&open(&record.decision));
    text
}

fn policy(evaluation: &Evaluation, set: &PolicySet, language: &str) -> String {
    let mut text = String::new();
    let shadow = if evaluation.mode == Mode::Shadow { ", shadow: decides nothing" } else { "" };
    let _ = writeln!(
        text,
        "  {BOLD}{} {}{BOLD:#} on {} in {}  {DIM}{} of {} fuel, {} KiB{shadow}{DIM:#}",
        evaluation.policy.id,
        evaluation.policy.version,
        evaluation.date,
        evaluation.time_zone,
        evaluation.used.fuel,
        evaluation.limits.fuel,
        evaluation.used.memory_bytes / 1024,
    );
    if let Some(fault) = &evaluation.fault {
        let counts = evaluation.posture.span();
        let _ = writeln!(
            text,
            "    {RED}fault{RED:#}  the policy {}; it counts as {counts}",
            plain(&fault.to_string())
        );
    }
    for name in &evaluation.anachronistic {
        let _ = writeln!(
            text,
            "    {YELLOW}anachronistic{YELLOW:#}  dataset `{name}` has no version for this date"
        );
    }
    let manifest = set.bindings().iter().find(|b| b.id == evaluation.binding).map(|b| b.policy.manifest());
    let mut shown: Vec<&Finding> = evaluation
        .findings
        .iter()
        .filter(|finding| !matches!(finding.standing, Standing::Record(_)))
        .collect();
    // What decides first, the strictest before the others.
    shown.sort_by_key(|f| {
        (f.standing != Standing::Deciding, std::cmp::Reverse((f.span.ceiling, f.span.floor)))
    });
    for finding in shown {
        let message = manifest.and_then(|m| m.message(&finding.code, language, &finding.arguments));
        text.push_str(&one(finding, &message.unwrap_or_else(|| finding.message.clone())));
        // The facts of what has no objection are left out, unless that is the decision.
        let (span, decided) = (finding.span, evaluation.verdict);
        if span != Span::exactly(Outcome::Permit) || span == decided {
            text.push_str(&facts(finding));
        }
    }
    text
}

fn one(finding: &Finding, message: &str) -> String {
    let mut text = String::new();
    let style = colour(finding.span);
    let standing = match finding.standing {
        Standing::Deciding => String::new(),
        Standing::Advice(because) => format!("advice ({}): ", words(because)),
        Standing::Record(because) => format!("recorded ({}): ", words(because)),
    };
    let _ = writeln!(
        text,
        "    {standing}{style}{}{style:#}  {BOLD}{}{BOLD:#}  {}",
        finding.span,
        finding.rule,
        plain(message)
    );
    let url = finding.citation.url.as_deref().map_or(String::new(), |url| format!(" <{}>", plain(url)));
    let _ = writeln!(text, "      {DIM}{}{url}{DIM:#}", plain(&citation(&finding.citation)));
    for defect in &finding.defects {
        let _ = writeln!(text, "      {YELLOW}defect{YELLOW:#}  {}", plain(defect));
    }
    text
}

fn facts(finding: &Finding) -> String {
    let mut text = String::new();
    for evidence in &finding.evidence {
        let _ = writeln!(text, "      {} = {}", plain(&evidence.pointer), plain(evidence.value.as_str()));
    }
    for value in &finding.derived {
        let (low, high) = (&value.minimum, &value.maximum);
        let range = if low == high { low.clone() } else { format!("{low} to {high}") };
        let _ = writeln!(
            text,
            "      {} = {range} {}  {DIM}by {}{DIM:#}",
            plain(&value.name),
            plain(&value.unit),
            plain(&value.method)
        );
    }
    text
}

fn words(because: Because) -> String {
    let value = serde_json::to_value(because).ok();
    value.as_ref().and_then(|value| value.as_str()).unwrap_or("not deciding").to_owned()
}

fn open<M: Kind>(decision: &Decision<M>) -> String {
    let mut text = String::new();
    if !decision.missing.is_empty() {
        let _ = writeln!(text, "  {BOLD}missing{BOLD:#}");
    }
    for wanted in &decision.missing {
        let rules: Vec<_> = wanted.asked_by.iter().map(|owner| owner.rule.as_str()).collect();
        let fact = &wanted.fact;
        let place = if fact.pointer.is_empty() { "the request" } else { &fact.pointer };
        let _ = writeln!(
            text,
            "    {}  {}  {DIM}{}; asked by {}{DIM:#}",
            plain(place),
            plain(&fact.expected),
            plain(&fact.reason),
            rules.join(", ")
        );
    }
    if !decision.actions.is_empty() {
        let _ = writeln!(text, "  {BOLD}to do{BOLD:#}");
    }
    for action in &decision.actions {
        let maybe = if action.certain { "" } else { "perhaps: " };
        let _ = writeln!(
            text,
            "    {maybe}{}  {DIM}{} of {}{DIM:#}",
            plain(&what(action)),
            action.owner.rule,
            action.owner.binding
        );
    }
    text
}

fn what(action: &Action) -> String {
    match &action.what {
        What::Review => "a person must look".to_owned(),
        What::Licence { policy } => {
            let policy = serde_json::to_value(policy).ok().and_then(|v| v.as_str().map(str::to_owned));
            format!("apply for a licence ({})", policy.unwrap_or_default())
        }
        What::Obligation { obligation } => {
            let properties: Vec<_> =
                obligation.properties.iter().map(|(name, value)| format!("{name} {value}")).collect();
            format!("{} {}", obligation.kind, properties.join(", "))
        }
    }
}

/// Writes one decision as one line: for streams.
pub(crate) fn line<M: Kind>(number: u64, record: &Record<M>) -> String {
    let decision = &record.decision;
    let style = colour(decision.span);
    let mut reasons: Vec<_> = decision
        .because
        .iter()
        .map(|reason| format!("{}/{}", reason.owner.binding, reason.owner.rule))
        .collect();
    let faults = record
        .bindings
        .iter()
        .filter_map(|e| e.fault.as_ref().map(|fault| format!("{} {}", e.binding, plain(&fault.to_string()))));
    reasons.extend(faults);
    let fuel: u64 = record.bindings.iter().map(|evaluation| evaluation.used.fuel).sum();
    format!(
        "line {number}  {style}{}{style:#}  {}  {DIM}{fuel} fuel{DIM:#}\n",
        decision.span,
        reasons.join(", ")
    )
}

/// Writes a number so that people can read it: `103 730`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Writes a table with a title; nothing if it has no rows.
pub(crate) fn table(title: &str, head: &[&str], rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| plain(cell)).collect()).collect();
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<_> = cells.zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    let mut text = format!("\n{BOLD}{title}{BOLD:#}\n  {DIM}{}{DIM:#}\n", line(&mut head.iter().copied()));
    for row in &rows {
        let _ = writeln!(text, "  {}", line(&mut row.iter().map(String::as_str)));
    }
    text
}
