//! The matrix as a page of HTML that needs nothing else: no script, no other file, no network.

use super::{Cell, MOST_LETTERS, Matrix, Said, UNSEEN, cited};
use crate::escape::{address, cut, markup};
use lexgate_model::{Outcome, Span};
use std::fmt::Write as _;

/// What each outcome means, for the legend.
const OUTCOMES: [(Outcome, &str); 6] = [
    (Outcome::NotApplicable, "no rule has anything to say"),
    (Outcome::Permit, "a rule was in force, looked, and has no objection"),
    (Outcome::PermitWithObligations, "allowed if the obligations are met"),
    (Outcome::Review, "a person must look"),
    (Outcome::LicenceRequired, "only with a licence"),
    (Outcome::Deny, "not allowed"),
];

const STYLE: &str = "\
:root{color-scheme:light;font:16px/1.45 system-ui,sans-serif;color:#1a1a1a;background:#fff}
body{margin:2rem auto;padding:0 1rem;max-width:100rem}
h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.15rem;margin:2rem 0 .5rem}p{margin:.25rem 0}
.note{color:#444;font-size:.9rem}
.scroll{overflow-x:auto}.scroll:focus{outline:2px solid #2457a6}
table{border-collapse:separate;border-spacing:0;width:100%;font-size:.9rem;border:solid #767676;border-width:1px 0 0 1px}
caption{text-align:left;font-weight:600;padding:.5rem 0}
th,td{border:solid #767676;border-width:0 1px 1px 0;padding:.4rem .55rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
thead th{background:#f2f2f2;white-space:nowrap}tbody th{background:#f8f8f8;font-weight:600}
.times th:first-child{position:sticky;left:0;z-index:1;min-width:9rem;max-width:14rem}
summary{cursor:pointer}details p{margin:.25rem 0;padding-left:.75rem;border-left:2px solid #767676}
tbody tr.set th,tbody tr.set td{border-top:3px solid #1a1a1a}
tbody th small,td small{font-weight:400;color:#444;display:block}
.outcome{font-weight:700}
.advice{border-top:1px dashed #767676;margin-top:.35rem;padding-top:.25rem;font-style:italic}
.fault{font-weight:700}
.not-applicable{background:#ededed}.permit{background:#d9f2df}.permit-with-obligations{background:#fff2c9}
.review{background:#ffe3c7}.licence-required{background:#fbd7ea}.deny{background:#f9c9c5}
.open{background:repeating-linear-gradient(135deg,#fff 0 8px,#e6e9fb 8px 16px)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem .75rem;font-size:.9rem}
dt{padding:.1rem .5rem;border:1px solid #767676}dd{margin:0;padding:.1rem 0}
@media print{@page{size:A4 landscape;margin:12mm}:root{font-size:11px}body{margin:0;max-width:none}
.scroll{overflow:visible}thead{display:table-header-group}tr,dt,dd{break-inside:avoid}
.times th:first-child{position:static}details::details-content{content-visibility:visible;block-size:auto}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}a{color:inherit}}
";

impl Matrix {
    /// Returns the matrix as a page of HTML.
    #[must_use]
    pub fn html(&self) -> String {
        let about = markup(&self.about);
        let mut text =
            String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        // Whatever a manifest or a request may slip in, a browser runs and loads nothing.
        text.push_str(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
        );
        text.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        text.push_str("<meta name=\"referrer\" content=\"no-referrer\">\n");
        let _ = write!(
            text,
            "<title>What the policies say, and when: {about}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
        );
        let _ = write!(text, "<h1>What the policies say, and when</h1>\n<p>{about}</p>\n");
        if self.what_if {
            text.push_str(
                "<p><strong>What if</strong> proposed, announced and suspended rules were in force.</p>\n",
            );
        }
        let _ =
            writeln!(text, "<p class=\"note\">Request {}. Nothing here is legal advice.</p>", self.request);
        self.table(&mut text);
        legend(&mut text);
        self.rule_table(&mut text);
        text.push_str("</main>\n</body>\n</html>\n");
        text
    }

    fn table(&self, text: &mut String) {
        text.push_str("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Policies by time\">\n<table class=\"times\">\n");
        text.push_str(
            "<caption>One row for each policy, one column for each time without a change; what the search for changes may have missed stands below</caption>\n",
        );
        text.push_str("<thead>\n<tr><th scope=\"col\">policy</th>");
        for column in &self.columns {
            let unsettled =
                if column.unsettled { "<small>changes within, day not found</small>" } else { "" };
            let _ = write!(text, "<th scope=\"col\">{}{unsettled}</th>", markup(&column.in_words()));
        }
        text.push_str("</tr>\n</thead>\n<tbody>\n");
        for row in &self.rows {
            let _ = write!(
                text,
                "<tr><th scope=\"row\">{}<small>{}</small><small>{}, {}</small><details><summary><small>package</small></summary><small>{}</small></details></th>",
                markup(&row.policy),
                markup(&cut(&row.title, MOST_LETTERS)),
                markup(&row.version),
                markup(&row.time_zone),
                row.package
            );
            row.cells
                .iter()
                .for_each(|cell| one(cell, Shown { what_if: self.what_if, with_policy: false }, text));
            text.push_str("</tr>\n");
        }
        text.push_str(
            "<tr class=\"set\"><th scope=\"row\">the whole set<small>the strictest of all</small></th>",
        );
        self.set.iter().for_each(|cell| one(cell, Shown { what_if: self.what_if, with_policy: true }, text));
        text.push_str("</tr>\n</tbody>\n</table>\n</div>\n");
    }

    fn rule_table(&self, text: &mut String) {
        if self.rules.is_empty() {
            return;
        }
        text.push_str("<h2>The rules named above</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Rules\">\n<table>\n");
        text.push_str("<thead>\n<tr><th scope=\"col\">policy</th><th scope=\"col\">rule</th><th scope=\"col\">status</th>");
        text.push_str("<th scope=\"col\">holds</th><th scope=\"col\">says</th><th scope=\"col\">where it stands</th></tr>\n</thead>\n<tbody>\n");
        for rule in &self.rules {
            let stands = markup(&cut(&cited(&rule.citation), MOST_LETTERS));
            let stands = match rule.citation.url.as_deref().and_then(address) {
                Some(url) => format!("<a href=\"{}\" rel=\"noopener noreferrer\">{stands}</a>", markup(url)),
                None => stands,
            };
            let _ = writeln!(
                text,
                "<tr><td>{}</td><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{stands}</td></tr>",
                markup(&rule.policy),
                markup(&rule.rule),
                super::status_in_words(rule.status, self.what_if),
                markup(&rule.days),
                markup(&cut(rule.says.as_deref().unwrap_or_default(), MOST_LETTERS))
            );
        }
        text.push_str("</tbody>\n</table>\n</div>\n");
    }
}

/// How rules are shown in a cell.
#[derive(Clone, Copy)]
struct Shown {
    /// Whether proposed, announced and suspended ones counted as in force.
    what_if: bool,
    /// Whether their policy stands before them.
    with_policy: bool,
}

fn one(cell: &Cell, how: Shown, text: &mut String) {
    let _ =
        write!(text, "<td class=\"{}\"><span class=\"outcome\">{}</span>", class(cell.span), cell.outcome());
    for said in &cell.because {
        text.push_str(&rule(said, how));
    }
    for fault in &cell.faults {
        let _ = write!(text, "<p class=\"fault\">fault: {}</p>", markup(&cut(fault, MOST_LETTERS)));
    }
    for dataset in &cell.anachronistic {
        let _ = write!(text, "<p>no version of dataset {}</p>", markup(dataset));
    }
    if let Some(missing) = cell.missing_in_words() {
        let _ = write!(text, "<p>{missing}</p>");
    }
    for said in &cell.advice {
        let _ =
            write!(text, "<div class=\"advice\">advice: {}{}</div>", super::ends(said.span), rule(said, how));
    }
    text.push_str("</td>");
}

fn rule(said: &Said, Shown { what_if, with_policy }: Shown) -> String {
    let policy = if with_policy { format!("{}: ", markup(&said.policy)) } else { String::new() };
    let status = said.not_in_force(what_if).map(|status| format!(" <em>({status})</em>"));
    let named = format!("{policy}{}{}", markup(&said.rule), status.unwrap_or_default());
    let cited = format!("<small>{}</small>", markup(&cut(&cited(&said.citation), MOST_LETTERS)));
    let told = said.told();
    if told.is_empty() {
        return format!("<p>{named}</p>{cited}");
    }
    format!("<details><summary>{named}{cited}</summary><p>{}</p></details>", markup(&told))
}

fn legend(text: &mut String) {
    text.push_str("<h2>Legend</h2>\n<dl>\n");
    for (outcome, says) in OUTCOMES {
        let _ = writeln!(text, "<dt class=\"{outcome}\">{outcome}</dt><dd>{says}</dd>");
    }
    text.push_str("<dt class=\"open\">a…b</dt><dd>facts are missing: between a, if they turn out well, and b, if badly</dd>\n");
    text.push_str("<dt>a rule</dt><dd>opens, to show what it says of the request</dd>\n");
    text.push_str("<dt>advice</dt><dd>a stricter rule that does not decide on these days: not yet begun, proposed, announced or suspended</dd>\n");
    text.push_str("</dl>\n<p class=\"note\">Days are those of each policy's own calendar, first and last included. Neighbours that decide alike are one column.</p>\n");
    let _ = writeln!(text, "<p class=\"note\"><strong>What remains unseen.</strong> {}</p>", markup(UNSEEN));
}

pub(super) fn class(span: Span) -> &'static str {
    if span.is_determinate() { span.floor.as_str() } else { "open" }
}
