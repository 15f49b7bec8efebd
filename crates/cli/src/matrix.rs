//! `lexgate matrix`: one request against policies over time, as text, HTML or SVG.

use crate::ambient;
use crate::args;
use crate::engine;
use crate::exit::Exit;
use crate::explain::{self, BOLD, DIM, RED, YELLOW, plain, table};
use crate::inspect::citation;
use crate::question::{self, refused};
use crate::set::{self, Terms};
use anstyle::Style;
use anyhow::{Context, Result};
use lexgate_engine::{Engine, PolicySet};
use lexgate_kit::escape::cut;
use lexgate_kit::matrix::{Cell, Matrix, Range, matrix, status_in_words};
use lexgate_model::decision::{Enforced, Kind, WhatIf};
use lexgate_model::{Date, Request, RequestLimits, When, date};
use std::fmt::Write as _;

/// Rules of one cell that are named on a terminal; the rest is counted.
const MOST_RULES: usize = 2;

/// Letters of a sentence on a rule, or of a citation, that are shown on a terminal.
const MOST_LETTERS: usize = 300;

pub(crate) fn run(args: &args::Matrix, json: bool) -> Result<Exit> {
    let day = |text: &String| {
        date::parse(text).with_context(|| format!("`{text}` is not a date; write `2025-09-05`"))
    };
    let (from, until) = (args.from.as_ref().map(day).transpose()?, args.until.as_ref().map(day).transpose()?);
    let engine = engine::start()?;
    let set = set::read(&args.set, &engine, &Terms::default())?;
    let request = match question::read(&args.request, &RequestLimits::default()) {
        Ok(request) => request,
        Err(error) => return refused(error, json),
    };
    let range = Range { from, until, otherwise: otherwise(&request) };
    let matrix = if args.what_if {
        evaluate::<WhatIf>(&engine, &set, &request, &range, args, json)?
    } else {
        evaluate::<Enforced>(&engine, &set, &request, &range, args, json)?
    };
    if let Some(file) = &args.html {
        ambient::write(file, &matrix.html())?;
    }
    if let Some(file) = &args.svg {
        ambient::write(file, &matrix.svg())?;
    }
    if json {
        ambient::print_json(&matrix)?;
    } else {
        ambient::print(&text(&matrix, ambient::width()))?;
    }
    Ok(if args.what_if { Exit::WhatIf } else { Exit::DONE })
}

/// Returns the day to ask about where nothing ever changes.
fn otherwise(request: &Request) -> Date {
    match request.when().unwrap_or_else(|| When::Instant(ambient::now())) {
        When::Date(date) => date,
        When::Instant(instant) => instant.to_zoned(jiff::tz::TimeZone::UTC).date(),
    }
}

fn evaluate<M: Kind>(
    engine: &Engine,
    set: &PolicySet,
    request: &Request,
    range: &Range,
    args: &args::Matrix,
    json: bool,
) -> Result<Matrix> {
    let bar = ambient::progress(json);
    let result = matrix::<M>(engine, set, request, range, &args.language, &mut |done, all| {
        bar.set_message(format!("{done} of {all} evaluations"));
    });
    bar.finish_and_clear();
    Ok(result?)
}

/// A line of a cell, and how it looks.
type Styled = (Style, String);

/// Writes the matrix for a terminal of this width: as many columns side by side as there is room for.
fn text(matrix: &Matrix, width: usize) -> String {
    let mut text = format!("{BOLD}{}{BOLD:#}\n", plain(&matrix.about));
    if matrix.what_if {
        let _ =
            writeln!(text, "{YELLOW}what if proposed, announced and suspended rules were in force{YELLOW:#}");
    }
    let labels = labels(matrix);
    let columns: Vec<Vec<Vec<Styled>>> =
        (0..matrix.columns.len()).map(|index| column(matrix, index)).collect();
    let widest = |cells: &[Vec<Styled>]| {
        cells.iter().flatten().map(|(_, line)| line.chars().count()).max().unwrap_or_default()
    };
    let label_width = widest(&labels);
    let mut rest = columns.as_slice();
    while !rest.is_empty() {
        let mut used = label_width;
        let fits = rest.iter().take_while(|cells| {
            used += widest(cells) + 2;
            used <= width
        });
        // A column that is wider than the terminal stands alone.
        let (block, later) = rest.split_at(fits.count().max(1).min(rest.len()));
        text.push('\n');
        for row in 0..labels.len() {
            let cells = block.iter().map(|cells| (cells.get(row), widest(cells)));
            line(
                &mut text,
                &std::iter::once((labels.get(row), label_width)).chain(cells).collect::<Vec<_>>(),
            );
        }
        rest = later;
    }
    let rows = matrix.rules.iter().map(|rule| {
        let says = cut(rule.says.as_deref().unwrap_or_default(), MOST_LETTERS);
        let status = status_in_words(rule.status, matrix.what_if);
        vec![
            rule.rule.clone(),
            rule.policy.clone(),
            status,
            rule.days.clone(),
            cut(&citation(&rule.citation), MOST_LETTERS),
            says,
        ]
    });
    text.push_str(&table(
        "rules",
        &["rule", "policy", "status", "holds", "citation", "says"],
        rows.collect(),
    ));
    // A sentence a line.
    let _ = writeln!(text, "\n{DIM}{}{DIM:#}", matrix.unseen.replace(". ", ".\n"));
    text
}

/// Writes the lines of cells that stand side by side.
fn line(text: &mut String, cells: &[(Option<&Vec<Styled>>, usize)]) {
    let height = cells.iter().filter_map(|(cell, _)| cell.map(Vec::len)).max().unwrap_or_default();
    for number in 0..height {
        let mut line = String::new();
        let mut gap = 0;
        for (cell, width) in cells {
            let (style, words) = match cell.and_then(|cell| cell.get(number)) {
                Some((style, words)) => (*style, words.as_str()),
                None => (Style::new(), ""),
            };
            if !words.is_empty() {
                let _ = write!(line, "{:gap$}{style}{words}{style:#}", "");
                gap = 0;
            }
            gap += width.saturating_sub(words.chars().count()) + 2;
        }
        text.push_str(&line);
        text.push('\n');
    }
}

/// Returns what stands before the rows: nothing before the days, then each policy, then the set.
fn labels(matrix: &Matrix) -> Vec<Vec<Styled>> {
    let mut labels = vec![Vec::new()];
    labels
        .extend(matrix.rows.iter().map(|row| vec![(BOLD, plain(&row.policy)), (DIM, plain(&row.time_zone))]));
    labels.push(vec![(BOLD, "the whole set".to_owned())]);
    labels
}

/// Returns a column: its days, then the cell of each policy, then that of the set.
fn column(matrix: &Matrix, index: usize) -> Vec<Vec<Styled>> {
    let mut days = Vec::new();
    if let Some(column) = matrix.columns.get(index) {
        days.push((BOLD, column.in_words()));
        if column.unsettled {
            days.push((YELLOW, "changes within, day not found".to_owned()));
        }
    }
    let mut cells = vec![days];
    cells.extend(
        matrix
            .rows
            .iter()
            .map(|row| row.cells.get(index).map(|c| cell(c, matrix.what_if, false)).unwrap_or_default()),
    );
    cells.push(matrix.set.get(index).map(|c| cell(c, matrix.what_if, true)).unwrap_or_default());
    cells
}

fn cell(cell: &Cell, what_if: bool, with_policy: bool) -> Vec<Styled> {
    let mut lines = vec![(explain::colour(cell.span), cell.outcome())];
    let mut rules: Vec<String> = Vec::new();
    for said in &cell.because {
        let name = if with_policy { format!("{}/{}", said.policy, said.rule) } else { said.rule.clone() };
        let name = match said.not_in_force(what_if) {
            Some(status) => format!("{name} ({status})"),
            None => name,
        };
        if !rules.contains(&name) {
            rules.push(name);
        }
    }
    let more = rules.len().saturating_sub(MOST_RULES);
    lines.extend(rules.into_iter().take(MOST_RULES).map(|rule| (DIM, plain(&rule))));
    if more > 0 {
        lines.push((DIM, format!("and {more} more")));
    }
    lines.extend(cell.missing_in_words().map(|missing| (YELLOW, missing)));
    if !cell.faults.is_empty() {
        lines.push((RED, "fault".to_owned()));
    }
    if !cell.anachronistic.is_empty() {
        lines.push((YELLOW, "anachronistic".to_owned()));
    }
    if let Some(advised) = cell.advised() {
        lines.push((YELLOW, format!("advice: {advised}")));
    }
    lines
}

#[cfg(test)]
mod tests;
