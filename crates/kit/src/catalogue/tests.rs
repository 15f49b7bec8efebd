use super::*;

const EMBARGO: &str = r#"
[policy]
id = "embargo"
version = "1.0.0"
title = "No supply to listed places"
contract = "lexgate:screening@0.1.0"
time-zone = "Asia/Seoul"
authority = "Example Co"
about = "Decides whether a customer may be supplied."

[[rules]]
id = "list-2026"
version-of = "list"
status = "in-force"
from = "2026-01-01"
says = "No supply to places on the list of 2026."
citation = { instrument = "Handbook", section = "4.2", url = "https://e.example/4" }
source = "S"

[[rules]]
id = "review"
status = "proposed"
citation = { instrument = "Draft", url = "javascript:x" }
source = "S"

[[rules]]
id = "list-2024"
version-of = "list"
status = "in-force"
from = "2024-01-01"
until = "2025-12-31"
says = "No supply to places on the list of 2024."
citation = { instrument = "Handbook" }
source = "S"

[[facts]]
of = "party"
field = "headquarters"
rules = ["list-2026"]

[[facts]]
of = "party"
name = "formerlyListed"
type = "flag"
says = "whether it was listed before"
rules = ["list-2026", "list-2024"]

[[datasets]]
name = "regions"
version = "2024"
valid-from = "2024-01-01"
source = "annex A"
digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
bytes = 0

[parameters]
type = "object"
additionalProperties = false
properties.review = { type = "boolean", default = false, description = "Whether a person looks." }
properties.mode = { enum = ["a", "b"] }
"#;

fn page(text: &str) -> String {
    let manifest: Manifest = toml::from_str(text).unwrap();
    let measured = Measured {
        rules: vec!["R01".to_owned()],
        source_lines: 120,
        largest_fuel: 1_234_567,
        package_kib: 210,
    };
    markdown_page(&[Listed { manifest: &manifest, measured }])
}

#[test]
fn the_page_says_what_the_law_is_and_when_it_changed() {
    let page = page(EMBARGO);
    let row = "| [`embargo`](#embargo) | No supply to listed places | R01 | 120 | 1 234 567 | 210 |\n";
    assert!(page.contains(row), "{page}");
    let (_, section) = page.split_once("\n## `embargo`\n").unwrap();
    assert_eq!(
        section,
        "
**No supply to listed places.** Rules by Example Co. Days in `Asia/Seoul`.

Decides whether a customer may be supplied.

| rule | status | from | until | says | where it stands |
| --- | --- | --- | --- | --- | --- |
| `list-2024`, a version of `list` | in force | 2024-01-01 | 2025-12-31 | No supply to places on the list of 2024. | Handbook |
| `list-2026`, a version of `list` | in force | 2026-01-01 | open | No supply to places on the list of 2026. | [Handbook, 4.2](<https://e.example/4>) |
| `review` | proposed | open | open | – | Draft |

| day | begins | no longer holds |
| --- | --- | --- |
| 2024-01-01 | `list-2024` (in force) |  |
| 2026-01-01 | `list-2026` (in force) | `list-2024` |

| parameter | what it sets | default |
| --- | --- | --- |
| `mode` | One of `a`, `b`. | must be given |
| `review` | Whether a person looks. | `false` |

| dataset | version | from | until | source |
| --- | --- | --- | --- | --- |
| `regions` | 2024 | 2024-01-01 | open | annex A |

| reads of | what |
| --- | --- |
| a party | `headquarters`; `formerlyListed`: whether it was listed before |
"
    );
}

#[test]
fn a_policy_that_says_little_has_little() {
    let (bare, _) = EMBARGO.split_once("[[rules]]").unwrap();
    let rule =
        "[[rules]]\nid = \"x\"\nstatus = \"guidance\"\ncitation = { instrument = \"I\" }\nsource = \"S\"\n";
    let bare = bare.replace("about = \"Decides whether a customer may be supplied.\"\n", "");
    let page = page(&format!("{bare}{rule}"));
    assert!(
        page.ends_with(
            "| `x` | guidance | open | open | – | I |\n\nNo day is set on which its rules begin or end.\n"
        ),
        "{page}"
    );
}

#[test]
fn a_hostile_manifest_makes_no_markup() {
    let hostile = EMBARGO
        .replace("No supply to listed places", "<script>*x*</script> | [a](b)")
        .replace("Decides whether a customer may be supplied.", "# big\\n## bigger\\n\\n<b>")
        .replace("\"Handbook\"", "\"H]( <x> | `y\"");
    let page = page(&hostile);
    assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains("<x>"), "{page}");
    assert!(page.contains("\n\\# big ## bigger  &lt;b&gt;\n"), "{page}");
    assert!(page.contains("H\\]( &lt;x&gt; \\| \\`y"), "{page}");
    let headings: Vec<_> = page.lines().filter(|line| line.starts_with('#')).collect();
    assert_eq!(headings, ["# The policies we ship", "## `embargo`"]);
}

#[test]
fn cases_name_the_rules_they_are_about() {
    let ids = ["R06-5-a", "R06-1", "R10-2", "X03", "one-owner", "R-7", "r06-1", "R06a-1", ""];
    assert_eq!(rules_of_cases(ids), ["R06", "R10", "X03"]);
}
