use super::*;
use lexgate_kit::matrix::{Column, Row, RuleLine, Said};
use lexgate_model::finding::Span;
use lexgate_model::manifest::{Citation, Status};
use lexgate_model::{Digest, Outcome};

fn said(rule: &str, span: Span) -> Said {
    let citation = Citation { instrument: "Act".to_owned(), section: "4".to_owned(), url: None };
    Said {
        policy: "one".to_owned(),
        rule: rule.to_owned(),
        code: "c".to_owned(),
        span,
        messages: vec![],
        status: if rule == "b" { Status::Announced } else { Status::InForce },
        citation,
    }
}

fn cell(rules: &[&str], floor: Outcome, ceiling: Outcome) -> Cell {
    let span = Span { floor, ceiling };
    let because = rules.iter().map(|rule| said(rule, span)).collect();
    Cell {
        span,
        because,
        advice: vec![],
        faults: vec![],
        anachronistic: vec![],
        missing: usize::from(floor != ceiling),
    }
}

fn shown(width: usize) -> String {
    let day = |text: &str| date::parse(text).unwrap();
    let mut later = cell(&["a", "b", "c"], Outcome::Permit, Outcome::Deny);
    later.advice.push(said("next", Span::exactly(Outcome::Deny)));
    let cells = vec![cell(&["a"], Outcome::Permit, Outcome::Permit), later];
    let matrix = Matrix {
        about: "supply of x\u{1b}[2J: endUser A".to_owned(),
        request: Digest::of(b""),
        what_if: false,
        columns: vec![
            Column { from: None, until: Some(day("2022-12-31")), day: day("2022-12-31"), unsettled: false },
            Column { from: Some(day("2023-01-01")), until: None, day: day("2023-01-01"), unsettled: false },
        ],
        rows: vec![Row {
            policy: "one".to_owned(),
            version: "1.0.0".to_owned(),
            title: "T".to_owned(),
            time_zone: "Asia/Seoul".to_owned(),
            package: Digest::of(b""),
            cells: cells.clone(),
        }],
        set: cells,
        rules: vec![RuleLine {
            policy: "one".to_owned(),
            rule: "a".to_owned(),
            status: Status::InForce,
            days: "open".to_owned(),
            says: None,
            citation: said("a", Span::NEUTRAL).citation,
        }],
        unseen: "Much. More.",
    };
    anstream::adapter::strip_str(&text(&matrix, width)).to_string()
}

#[test]
fn columns_stand_side_by_side_where_there_is_room() {
    assert_eq!(
        shown(80),
        "\
supply of x\u{fffd}[2J: endUser A

               until 2022-12-31  from 2023-01-01
one            permit            permit…deny
Asia/Seoul     a                 a
                                 b (announced)
                                 and 1 more
                                 1 fact missing
                                 advice: deny
the whole set  permit            permit…deny
               one/a             one/a
                                 one/b (announced)
                                 and 1 more
                                 1 fact missing
                                 advice: deny

rules
  rule  policy  status    holds  citation  says
  a     one     in force  open   Act, 4

Much.
More.
"
    );
}

#[test]
fn on_a_narrow_terminal_they_stand_below_each_other() {
    for width in [40, 1] {
        let text = shown(width);
        let heads: Vec<_> = text.lines().filter(|line| line.contains("202")).map(str::trim).collect();
        assert_eq!(heads, ["until 2022-12-31", "from 2023-01-01"], "{text}");
    }
}
