use super::*;
use lexgate_model::date::parse;

use Outcome::{Deny, NotApplicable, Permit};

fn said(rule: &str, floor: Outcome, ceiling: Outcome) -> Said {
    Said {
        policy: "one".to_owned(),
        rule: rule.to_owned(),
        code: "code".to_owned(),
        span: Span { floor, ceiling },
        messages: vec![format!("<i>{rule}</i> \"says\" so")],
        status: Status::InForce,
        citation: Citation { instrument: "Act & Order".to_owned(), section: "§ <4>".to_owned(), url: None },
    }
}

fn cell(rule: &str, floor: Outcome, ceiling: Outcome) -> Cell {
    let because = vec![said(rule, floor, ceiling)];
    let missing = usize::from(floor != ceiling);
    Cell {
        span: Span { floor, ceiling },
        because,
        advice: vec![],
        faults: vec![],
        anachronistic: vec![],
        missing,
    }
}

fn of(cells: Vec<Cell>) -> Matrix {
    let day = |index: usize| parse(&format!("202{index}-01-01"));
    let columns = (0..cells.len()).map(|index| Column {
        from: if index == 0 { None } else { day(index) },
        until: day(index + 1).filter(|_| index + 1 < cells.len()).and_then(|day| day.yesterday().ok()),
        day: day(index).unwrap(),
        unsettled: false,
    });
    let mut matrix = Matrix {
        about: "supply of <script>alert(1)</script>: endUser A\u{202e} & B".to_owned(),
        request: Digest::of(b""),
        what_if: false,
        columns: columns.collect(),
        rows: vec![Row {
            policy: "one".to_owned(),
            version: "1.0.0".to_owned(),
            title: "A \"title\"".to_owned(),
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
            says: Some("No <b>supply</b>.".to_owned()),
            citation: Citation {
                instrument: "Act".to_owned(),
                section: String::new(),
                url: Some("javascript:alert(1)".to_owned()),
            },
        }],
        unseen: UNSEEN,
    };
    matrix.merge();
    matrix
}

fn days(matrix: &Matrix) -> Vec<String> {
    matrix.columns.iter().map(Column::in_words).collect()
}

#[test]
fn neighbours_that_decide_alike_are_one_column() {
    let matrix = of(vec![
        cell("a", Permit, Permit),
        cell("a", Permit, Permit),
        cell("a", Deny, Deny),
        cell("a", Deny, Deny),
    ]);
    assert_eq!(days(&matrix), ["until 2021-12-31", "from 2022-01-01"]);
    assert_eq!((matrix.rows[0].cells.len(), matrix.set.len()), (2, 2));
    assert_eq!(days(&of(vec![cell("a", Permit, Permit); 3])), ["on every day"]);
}

#[test]
fn another_rule_another_advice_or_a_fault_is_another_column() {
    let one = cell("a", Permit, Permit);
    let check = |other: &Cell| assert_eq!(days(&of(vec![one.clone(), other.clone()])).len(), 2, "{other:?}");
    check(&cell("b", Permit, Permit));
    check(&Cell { advice: vec![said("later", Deny, Deny)], ..one.clone() });
    check(&Cell { faults: vec!["one used up its fuel".to_owned()], ..one.clone() });
    check(&Cell { anachronistic: vec!["regions of one".to_owned()], ..one.clone() });
    let mut words = one.clone();
    words.because[0].messages = vec!["other words".to_owned()];
    assert_eq!(days(&of(vec![one, words])).len(), 1, "messages may differ");
}

/// Checks that tags are closed in order, and returns the text between them.
#[track_caller]
fn well_formed(markup: &str) -> String {
    let (mut open, mut text, mut rest) = (Vec::new(), String::new(), markup);
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        let (tag, later) = after.split_once('>').unwrap();
        let name = tag.trim_end_matches('/').split_whitespace().next().unwrap();
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(closed), "{markup}");
        } else if !tag.ends_with('/') && !["!doctype", "meta"].contains(&name) {
            open.push(name.to_owned());
        }
        rest = later;
    }
    assert_eq!(open, Vec::<String>::new());
    text + rest
}

#[test]
fn the_page_is_well_formed_and_nothing_hostile_is_markup() {
    let mut open = cell("a", Permit, Deny);
    open.advice.push(said("later", Deny, Deny));
    open.faults.push("one trapped: <x>".to_owned());
    let matrix = of(vec![cell("a", NotApplicable, NotApplicable), open]);
    let page = matrix.html();
    well_formed(&page);
    for harm in ["<script", "<i>", "<b>", "<x>", "javascript:", "\u{202e}", "href"] {
        assert!(!page.contains(harm), "{harm}: {page}");
    }
    for words in [
        "default-src 'none'",
        "<th scope=\"col\">until 2020-12-31</th><th scope=\"col\">from 2021-01-01</th>",
        "<td class=\"open\"><span class=\"outcome\">permit…deny</span>",
        "<details><summary>a<small>Act &amp; Order, § &lt;4&gt;</small></summary><p>&lt;i&gt;a&lt;/i&gt; &quot;says&quot; so</p></details>",
        "<p>1 fact missing</p>",
        "<div class=\"advice\">advice: deny<details>",
        "fault: one trapped: &lt;x&gt;",
        "<summary>one: a<small>",
        ".times th:first-child{position:sticky;left:0",
        "No &lt;b&gt;supply&lt;/b&gt;.",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("title="), "what only a pointer shows, many never see");
    assert!(!page.contains("What if"));
    assert!(Matrix { what_if: true, ..matrix }.html().contains("<strong>What if</strong>"));
}

#[test]
fn a_rule_that_is_not_in_force_is_marked_wherever_it_is_named() {
    let mut open = cell("a", Permit, Deny);
    open.because[0].status = Status::Announced;
    let mut matrix = of(vec![open]);
    matrix.rules[0].status = Status::Announced;
    assert!(matrix.html().contains("a <em>(announced)</em>"), "{}", matrix.html());
    assert!(matrix.html().contains("<td>announced</td>"), "{}", matrix.html());
    assert!(matrix.svg().contains("a (announced)</text>"), "{}", matrix.svg());
    let matrix = Matrix { what_if: true, ..matrix };
    assert!(matrix.html().contains("a <em>(announced, lifted)</em>"), "{}", matrix.html());
    assert!(matrix.html().contains("<td>announced, lifted</td>"), "{}", matrix.html());
    assert!(matrix.svg().contains("a (announced, lifted)</text>"), "{}", matrix.svg());
}

#[test]
fn long_texts_are_cut() {
    let mut wordy = cell("a", Permit, Deny);
    wordy.because[0].messages = vec!["m".repeat(3_000)];
    let matrix = of(vec![wordy]);
    for shown in [matrix.html(), matrix.svg()] {
        assert!(shown.contains(&format!("{}…", "m".repeat(600))) && !shown.contains(&"m".repeat(601)));
    }
    let request = serde_json::json!({
        "evaluationDate": "2025-09-05", "action": "supply", "participants": [{ "role": "endUser", "party": "a" }],
        "parties": [{ "recordId": "a", "kind": "registeredEntity", "names": [{ "fullName": "한".repeat(2_000) }] }],
        "resource": { "recordId": "api", "category": "compute" },
    });
    let request = Request::from_json(request.to_string().as_bytes(), &Default::default()).unwrap();
    assert_eq!(about(&request), format!("supply of compute: endUser {}…", "한".repeat(80)));
}

#[test]
fn only_an_address_of_the_web_is_a_link() {
    let mut matrix = of(vec![cell("a", Permit, Permit)]);
    matrix.rules[0].citation.url = Some("https://e.example/?a=1&b=2".to_owned());
    let link = "<a href=\"https://e.example/?a=1&amp;b=2\" rel=\"noopener noreferrer\">Act</a>";
    assert!(matrix.html().contains(link), "{}", matrix.html());
}

#[test]
fn the_picture_is_well_formed_and_nothing_hostile_is_markup() {
    let mut open = cell("a", Permit, Deny);
    open.advice.push(said("later", Deny, Deny));
    let picture = of(vec![cell("a", NotApplicable, NotApplicable), open]).svg();
    well_formed(&picture);
    for harm in ["<script", "<i>", "\u{202e}"] {
        assert!(!picture.contains(harm), "{harm}: {picture}");
    }
    for words in [
        "permit…deny</text>",
        "advice: deny</text>",
        "stroke-dasharray",
        "&lt;i&gt;a&lt;/i&gt;",
        "until 2020-12-31",
    ] {
        assert!(picture.contains(words), "{words}: {picture}");
    }
}
