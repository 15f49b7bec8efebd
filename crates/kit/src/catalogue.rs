//! The catalogue: what every policy says, when it says it and on which facts, as one page of Markdown made of manifests.
//!
//! It is for somebody who reads law, not code. What cannot be read in a manifest is handed in as [`Measured`].

use crate::escape::{address, markdown, markdown_code, markdown_paragraph};
use crate::vocabulary::called;
use lexgate_model::manifest::{FactRead, RecordKind, Rule, Status};
use lexgate_model::{Date, Manifest};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// A policy of the catalogue.
#[derive(Debug, Clone)]
pub struct Listed<'m> {
    /// What it declares.
    pub manifest: &'m Manifest,
    /// What was counted.
    pub measured: Measured,
}

/// What a manifest does not tell of its policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Measured {
    /// The rules of the catalogue of rules that its cases are about, such as `R06`; see [`rules_of_cases`].
    pub rules: Vec<String>,
    /// Lines of source, without tests.
    pub source_lines: u64,
    /// Fuel of the case that takes most.
    pub largest_fuel: u64,
    /// Size of the package.
    pub package_kib: u64,
}

/// Returns the rules that cases are named after: `R06` of `R06-5-a`. Cases of other names tell nothing.
pub fn rules_of_cases<'a>(ids: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let rule = |id: &'a str| {
        let word = id.split('-').next().unwrap_or_default();
        let (letters, digits) = word.split_at(word.find(|c: char| c.is_ascii_digit())?);
        let upper = !letters.is_empty() && letters.bytes().all(|b| b.is_ascii_uppercase());
        (upper && digits.bytes().all(|b| b.is_ascii_digit())).then(|| word.to_owned())
    };
    let rules: BTreeSet<String> = ids.into_iter().filter_map(rule).collect();
    rules.into_iter().collect()
}

/// Returns the page about these policies, in their order.
#[must_use]
pub fn markdown_page(policies: &[Listed<'_>]) -> String {
    let mut text = INTRODUCTION.to_owned();
    text.push_str("\n| policy | what | rules | lines of source | largest fuel of a case | package, KiB |\n");
    text.push_str("| --- | --- | --- | ---: | ---: | ---: |\n");
    for Listed { manifest, measured } in policies {
        let head = &manifest.policy;
        let rules: Vec<_> = measured.rules.iter().map(|rule| markdown(rule)).collect();
        let _ = writeln!(
            text,
            "| [`{id}`](#{id}) | {} | {} | {} | {} | {} |",
            markdown(&head.title),
            or_dash(rules.join(", ")),
            measured.source_lines,
            thousands(measured.largest_fuel),
            measured.package_kib,
            id = head.id
        );
    }
    text.push_str(WORDS);
    for Listed { manifest, .. } in policies {
        policy(manifest, &mut text);
    }
    text
}

const INTRODUCTION: &str = "\
# The policies we ship

What each decides, since when, on which words of law and on which facts. This page is made of the manifests of the policies
(`lexgate.toml` in each folder); nobody writes it by hand. How sure we are of a rule stands in its manifest, under `source` and
`note`. The cases in `cases/` of each folder show what it says. Nothing here is legal advice.

Rules in the table below are those of the catalogue of rules that the cases are numbered after. Fuel and sizes are as measured.
";

const WORDS: &str = "
Each policy has a table of rules. A rule counts from its first day to its last, both included, in the calendar of the policy's
time zone. \"Open\" means that no day is known or set. Where the law changed, each version is a rule of its own; versions of one
rule stand together, oldest first, and never hold on one day.

| status | what it means |
| --- | --- |
| in force | law that holds on its days; it decides |
| guidance | what the authority says about the law; it decides |
| vendor policy | what a vendor asks of its own customers; it decides |
| proposed | not adopted; shown as advice, and decides only when asked \"what if\" |
| announced | adopted or promised, its text not yet found; advice |
| suspended | adopted, but its effect is suspended on these days; advice |
| superseded | replaced by another text; kept in the record |
";

fn policy(manifest: &Manifest, text: &mut String) {
    let head = &manifest.policy;
    let _ = write!(text, "\n## `{}`\n\n**{}.**", head.id, markdown(head.title.trim_end_matches('.')));
    let _ = writeln!(
        text,
        " Rules by {}. Days in `{}`.",
        markdown(head.authority.trim_end_matches('.')),
        head.time_zone
    );
    if let Some(about) = &head.about {
        let _ = writeln!(text, "\n{}", markdown_paragraph(about));
    }
    rules(manifest, text);
    changes(manifest, text);
    parameters(manifest, text);
    datasets(manifest, text);
    facts(&manifest.facts, text);
}

fn rules(manifest: &Manifest, text: &mut String) {
    text.push_str("\n| rule | status | from | until | says | where it stands |\n| --- | --- | --- | --- | --- | --- |\n");
    for rule in in_order(&manifest.rules) {
        let version = rule.version_of.as_deref().filter(|of| *of != rule.id);
        let version = version.map_or(String::new(), |of| format!(", a version of {}", markdown_code(of)));
        let _ = writeln!(
            text,
            "| {}{version} | {} | {} | {} | {} | {} |",
            markdown_code(&rule.id),
            status(rule.status),
            day(rule.from),
            day(rule.until),
            or_dash(rule.says.as_deref().map(markdown).unwrap_or_default()),
            citation(rule)
        );
    }
}

/// Returns the rules in the order of the manifest, the versions of one rule together, oldest first.
fn in_order(rules: &[Rule]) -> Vec<&Rule> {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, rule) in rules.iter().enumerate() {
        if let Some(of) = &rule.version_of {
            first.entry(of).or_insert(place);
        }
    }
    let group = |place: usize, rule: &Rule| {
        rule.version_of.as_deref().and_then(|of| first.get(of)).copied().unwrap_or(place)
    };
    let mut ordered: Vec<_> =
        rules.iter().enumerate().map(|(place, rule)| (group(place, rule), rule)).collect();
    ordered.sort_by_key(|(group, rule)| (*group, rule.version_of.as_ref().and(rule.from)));
    ordered.into_iter().map(|(_, rule)| rule).collect()
}

/// Writes the days on which rules begin or end.
fn changes(manifest: &Manifest, text: &mut String) {
    let mut days: BTreeMap<Date, [Vec<String>; 2]> = BTreeMap::new();
    for rule in &manifest.rules {
        if let Some(from) = rule.from {
            let [begins, _] = days.entry(from).or_default();
            begins.push(format!("{} ({})", markdown_code(&rule.id), status(rule.status)));
        }
        if let Some(after) = rule.until.and_then(|until| until.tomorrow().ok()) {
            let [_, ended] = days.entry(after).or_default();
            ended.push(markdown_code(&rule.id));
        }
    }
    if days.is_empty() {
        text.push_str("\nNo day is set on which its rules begin or end.\n");
        return;
    }
    text.push_str("\n| day | begins | no longer holds |\n| --- | --- | --- |\n");
    for (day, [begins, ended]) in days {
        let _ = writeln!(text, "| {day} | {} | {} |", begins.join(", "), ended.join(", "));
    }
}

fn parameters(manifest: &Manifest, text: &mut String) {
    let properties = manifest.parameters.as_value().get("properties").and_then(Value::as_object);
    let Some(properties) = properties.filter(|properties| !properties.is_empty()) else { return };
    text.push_str("\n| parameter | what it sets | default |\n| --- | --- | --- |\n");
    for (name, schema) in properties {
        let description = schema.get("description").and_then(Value::as_str).map(markdown).unwrap_or_default();
        let choices = schema.get("enum").and_then(Value::as_array);
        let choices = choices.map(|choices| choices.iter().map(value).collect::<Vec<_>>().join(", "));
        let choices = choices.map_or(String::new(), |choices| format!(" One of {choices}."));
        let default = schema.get("default").map_or("must be given".to_owned(), value);
        let what = format!("{description}{choices}");
        let _ =
            writeln!(text, "| {} | {} | {default} |", markdown_code(name), or_dash(what.trim().to_owned()));
    }
}

fn value(value: &Value) -> String {
    markdown_code(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

fn datasets(manifest: &Manifest, text: &mut String) {
    if manifest.datasets.is_empty() {
        return;
    }
    text.push_str("\n| dataset | version | from | until | source |\n| --- | --- | --- | --- | --- |\n");
    let names: BTreeSet<&str> = manifest.datasets.iter().map(|dataset| dataset.name.as_str()).collect();
    for dataset in names.into_iter().flat_map(|name| manifest.versions(name)) {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            markdown_code(&dataset.name),
            markdown(&dataset.version),
            day(dataset.valid_from),
            day(dataset.valid_until),
            or_dash(markdown(&dataset.source))
        );
    }
}

fn facts(facts: &[FactRead], text: &mut String) {
    if facts.is_empty() {
        return;
    }
    text.push_str("\n| reads of | what |\n| --- | --- |\n");
    for of in RecordKind::ALL {
        let mut here: Vec<&FactRead> = facts.iter().filter(|fact| fact.of == of).collect();
        here.sort_by_key(|fact| (fact.name.is_some(), fact.called()));
        let one = |fact: &&FactRead| {
            let name = markdown_code(fact.called());
            match fact.says.as_deref().map(markdown).filter(|says| !says.is_empty()) {
                Some(says) => format!("{name}: {says}"),
                None => name,
            }
        };
        if !here.is_empty() {
            let all: Vec<_> = here.iter().map(one).collect();
            let _ = writeln!(text, "| {} | {} |", called(of), all.join("; "));
        }
    }
}

fn citation(rule: &Rule) -> String {
    let citation = &rule.citation;
    let mut text = markdown(&citation.instrument);
    if !citation.section.is_empty() {
        let _ = write!(text, ", {}", markdown(&citation.section));
    }
    match citation.url.as_deref().and_then(address) {
        Some(url) => format!("[{text}](<{url}>)"),
        None => text,
    }
}

pub(crate) fn status(status: Status) -> &'static str {
    match status {
        Status::InForce => "in force",
        Status::Guidance => "guidance",
        Status::VendorPolicy => "vendor policy",
        Status::Proposed => "proposed",
        Status::Announced => "announced",
        Status::Suspended => "suspended",
        Status::Superseded => "superseded",
    }
}

fn day(date: Option<Date>) -> String {
    date.map_or("open".to_owned(), |date| date.to_string())
}

fn or_dash(text: String) -> String {
    if text.is_empty() { "–".to_owned() } else { text }
}

/// Writes a large number for people: `1 234 567`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests;
