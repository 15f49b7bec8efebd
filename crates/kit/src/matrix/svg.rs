//! The matrix as a picture in SVG: boxes with words, and the messages where a pointer rests.

use super::{Cell, Matrix, Said, UNSEEN, cited};
use crate::escape::{cut, markup};
use lexgate_model::{Outcome, Span};
use std::fmt::Write as _;

/// Widths and heights, in units of the picture.
const LABEL: usize = 190;
const COLUMN: usize = 196;
const TITLE: usize = 56;
const HEAD: usize = 30;
const ROW: usize = 58;
const MARGIN: usize = 12;

/// Letters that fit into a column.
const LETTERS: usize = 28;

impl Matrix {
    /// Returns the matrix as a picture in SVG.
    #[must_use]
    pub fn svg(&self) -> String {
        let rows = self.rows.len() + 1;
        let width = MARGIN * 2 + LABEL + COLUMN * self.columns.len();
        let height = MARGIN * 2 + TITLE + HEAD + ROW * rows + 40;
        let about = markup(&self.about);
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"t d\" font-family=\"system-ui,sans-serif\" font-size=\"13\" fill=\"#1a1a1a\">\n"
        );
        let what_if = if self.what_if { ", if proposed rules were in force" } else { "" };
        let _ = writeln!(text, "<title id=\"t\">What the policies say, and when{what_if}</title>");
        let _ = writeln!(text, "<desc id=\"d\">{about}. {}</desc>", markup(UNSEEN));
        let _ = writeln!(text, "<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>");
        write(
            &mut text,
            (MARGIN, MARGIN + 18),
            "font-size=\"18\" font-weight=\"700\"",
            &format!("What the policies say, and when{what_if}"),
        );
        write(&mut text, (MARGIN, MARGIN + 40), "font-size=\"13\"", &cut(&self.about, width / 8));
        let top = MARGIN + TITLE;
        for (number, column) in self.columns.iter().enumerate() {
            write(
                &mut text,
                (MARGIN + LABEL + COLUMN * number + 6, top + 20),
                "font-size=\"13\" font-weight=\"600\"",
                &column.in_words(),
            );
            if column.unsettled {
                write(
                    &mut text,
                    (MARGIN + LABEL + COLUMN * number + 6, top + 4),
                    "font-size=\"11\" font-style=\"italic\"",
                    "changes within, day not found",
                );
            }
        }
        let labels = self.rows.iter().map(|row| (row.policy.as_str(), row.time_zone.as_str(), &row.cells));
        let whole = [("the whole set", "the strictest of all", &self.set)];
        for (number, (label, below, cells)) in labels.chain(whole).enumerate() {
            let y = top + HEAD + ROW * number;
            write(&mut text, (MARGIN, y + 20), "font-size=\"13\" font-weight=\"600\"", &cut(label, LETTERS));
            write(&mut text, (MARGIN, y + 38), "font-size=\"11\"", &cut(below, LETTERS));
            for (column, cell) in cells.iter().enumerate() {
                one(&mut text, (MARGIN + LABEL + COLUMN * column, y), cell, self.what_if);
            }
        }
        let y = top + HEAD + ROW * rows + 18;
        write(
            &mut text,
            (MARGIN, y),
            "font-size=\"11\"",
            "a…b: facts are missing; a if they turn out well, b if badly. Advice: a stricter rule that does not decide on these days.",
        );
        write(
            &mut text,
            (MARGIN, y + 16),
            "font-size=\"11\"",
            "Asked about on the ends of columns: a change that is undone within one column is not seen.",
        );
        text.push_str("</svg>\n");
        text
    }
}

fn one(text: &mut String, (x, y): (usize, usize), cell: &Cell, what_if: bool) {
    let named = |said: &Said| match said.not_in_force(what_if) {
        Some(status) => format!("{} ({status})", said.rule),
        None => said.rule.clone(),
    };
    let mut tips = vec![cell.outcome()];
    tips.extend(cell.because.iter().map(|said| {
        format!("{} of {}: {} ({})", named(said), said.policy, said.told(), cited(&said.citation))
    }));
    tips.extend(cell.missing_in_words());
    tips.extend(cell.faults.iter().map(|fault| format!("fault: {fault}")));
    tips.extend(cell.advice.iter().map(|said| {
        format!("advice: {}, {} of {}: {}", super::ends(said.span), named(said), said.policy, said.told())
    }));
    let tips: Vec<_> = tips.iter().map(|tip| markup(tip)).collect();
    let (width, height) = (COLUMN - 4, ROW - 4);
    let _ = writeln!(text, "<g><title>{}</title>", tips.join("\n"));
    let _ = writeln!(
        text,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"3\" fill=\"{}\" stroke=\"#767676\"{}/>",
        fill(cell.span),
        if cell.span.is_determinate() { "" } else { " stroke-dasharray=\"4 3\"" }
    );
    write(text, (x + 6, y + 17), "font-size=\"12\" font-weight=\"700\"", &cut(&cell.outcome(), LETTERS));
    let mut rules: Vec<String> = cell.because.iter().map(named).collect();
    rules.dedup();
    let rules = if cell.faults.is_empty() { rules.join(", ") } else { "fault".to_owned() };
    write(text, (x + 6, y + 33), "font-size=\"11\"", &cut(&rules, LETTERS));
    if let Some(advised) = cell.advised() {
        write(text, (x + 6, y + 48), "font-size=\"11\" font-style=\"italic\"", &format!("advice: {advised}"));
    }
    text.push_str("</g>\n");
}

/// Writes a text that looks so: attributes of ours.
fn write(text: &mut String, (x, y): (usize, usize), look: &str, words: &str) {
    if !words.is_empty() {
        let _ = writeln!(text, "<text x=\"{x}\" y=\"{y}\" {look}>{}</text>", markup(words));
    }
}

fn fill(span: Span) -> &'static str {
    if !span.is_determinate() {
        return "#e6e9fb";
    }
    match span.floor {
        Outcome::NotApplicable => "#ededed",
        Outcome::Permit => "#d9f2df",
        Outcome::PermitWithObligations => "#fff2c9",
        Outcome::Review => "#ffe3c7",
        Outcome::LicenceRequired => "#fbd7ea",
        Outcome::Deny => "#f9c9c5",
    }
}
