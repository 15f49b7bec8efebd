//! The pages that are made of the manifests, `docs/facts.md` and `plugins/README.md`, say what the manifests say.
//!
//! `LEXGATE_WRITE=1 cargo test --workspace --test catalogue pages` writes them anew.

use crate::cases::{lines, run};
use crate::{Shipped, root, shipped};
use lexgate_kit::catalogue::{Listed, Measured, markdown_page, rules_of_cases};
use lexgate_kit::vocabulary::Vocabulary;

/// How far measured numbers may lie from those on the page, in percent: another compiler counts a little differently.
const TOLERATED: u64 = 15;

#[test]
fn the_page_of_facts_is_that_of_the_manifests() {
    let manifests: Vec<_> = shipped().iter().map(|policy| &policy.package.manifest).collect();
    let vocabulary = Vocabulary::of(manifests.iter().copied());
    assert!(vocabulary.conflicts.is_empty(), "{:#?}", vocabulary.conflicts);
    assert!(vocabulary.silent.is_empty(), "these declare no facts: {:?}", vocabulary.silent);
    check("docs/facts.md", &vocabulary.markdown(), str::to_owned);
}

#[test]
fn the_page_of_policies_is_that_of_the_manifests_and_near_what_is_measured() {
    let listed: Vec<_> = shipped().iter().map(listed).collect();
    let page = markdown_page(&listed);
    check("plugins/README.md", &page, without_numbers);
    let written = std::fs::read_to_string(root().join("plugins/README.md")).unwrap();
    let far = |(one, other): (&u64, &u64)| one.abs_diff(*other) * 100 > *one.max(other) * TOLERATED;
    for (line, measured) in table(&written).zip(table(&page)) {
        let (numbers, measured) = (numbers(line), numbers(measured));
        assert!(!numbers.iter().zip(&measured).any(far), "measured is {measured:?}; write it anew: {line}");
    }
}

fn listed(policy: &Shipped) -> Listed<'_> {
    let results = run(policy);
    let measured = Measured {
        rules: rules_of_cases(policy.questions.iter().map(|question| question.id.as_str())),
        source_lines: lines(&policy.folder.join("src")) as u64,
        largest_fuel: results.iter().map(|result| result.fuel).max().unwrap_or(0),
        package_kib: (policy.package.bytes.len() as u64).div_ceil(1 << 10),
    };
    Listed { manifest: &policy.package.manifest, measured }
}

/// Compares a page with what it should be, but for what `comparable` takes away; or writes it.
#[track_caller]
fn check(file: &str, page: &str, comparable: fn(&str) -> String) {
    let path = root().join(file);
    if std::env::var_os("LEXGATE_POLICY").is_some() {
        return;
    }
    if std::env::var_os("LEXGATE_WRITE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        comparable(&written) == comparable(page),
        "`{file}` is not what the manifests say; `LEXGATE_WRITE=1 cargo test --workspace --test catalogue pages` writes it"
    );
}

/// Returns the rows of the table of all policies.
fn table(page: &str) -> impl Iterator<Item = &str> {
    page.lines().filter(|line| line.starts_with("| [`"))
}

/// Returns the last three cells of a row of it.
fn numbers(line: &str) -> Vec<u64> {
    let cells: Vec<&str> = line.trim_matches(['|', ' ']).split('|').collect();
    let last = cells.iter().skip(cells.len().saturating_sub(3));
    last.map(|cell| cell.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap()).collect()
}

fn without_numbers(page: &str) -> String {
    let without = |line: &str| match line.starts_with("| [`") {
        true => line.rsplitn(5, '|').last().unwrap_or_default().to_owned(),
        false => line.to_owned(),
    };
    page.lines().map(without).collect::<Vec<_>>().join("\n")
}
