use super::*;

fn manifest(id: &str, facts: &str) -> Manifest {
    let text = format!(
        r#"
        policy = {{ id = "{id}", version = "1.0.0", title = "T", contract = "lexgate:screening@0.1.0",
                    time-zone = "Asia/Seoul", authority = "A" }}
        rules = [{{ id = "a", status = "in-force", citation = {{ instrument = "I" }}, source = "S" }},
                 {{ id = "b", status = "in-force", citation = {{ instrument = "I" }}, source = "S" }}]
        {facts}
        "#
    );
    let manifest: Manifest = toml::from_str(&text).unwrap();
    manifest.check().unwrap();
    manifest
}

fn flag(name: &str, says: &str) -> String {
    format!(
        "[[facts]]\nof = \"party\"\nname = \"{name}\"\ntype = \"flag\"\nsays = \"{says}\"\nrules = [\"a\"]\n"
    )
}

fn number(name: &str, unit: &str) -> String {
    format!(
        "[[facts]]\nof = \"resource\"\nname = \"{name}\"\ntype = \"number\"\n{unit}says = \"the {name}\"\nrules = [\"b\"]\n"
    )
}

#[test]
fn a_fact_of_several_policies_stands_once_with_all_who_read_it() {
    let one = manifest("one", &flag("militaryEndUser", "whether it is a military end user"));
    let two = manifest("two", &flag("militaryEndUser", "whether it is a military end user"));
    let vocabulary = Vocabulary::of([&one, &two]);
    assert_eq!((vocabulary.facts.len(), vocabulary.conflicts.len()), (1, 0));
    let fact = &vocabulary.facts[0];
    assert_eq!(fact.says, ["whether it is a military end user"]);
    let readers: Vec<_> =
        fact.readers.iter().map(|reader| (reader.policy.as_str(), reader.rules.as_slice())).collect();
    assert_eq!(readers, [("one", &["a".to_owned()][..]), ("two", &["a".to_owned()][..])]);
}

#[test]
fn two_types_or_units_of_one_fact_are_a_conflict_and_two_wordings_are_not() {
    let speed = |unit: &str| manifest(&format!("in-{}", unit.len()), &number("speed", unit));
    let (plain, fast) = (speed(""), speed("unit = \"GB/s\"\n"));
    let conflicts = Vocabulary::of([&plain, &fast]).conflicts;
    assert_eq!(
        conflicts[0].to_string(),
        "`speed` of the resource is number for in-0, but number in GB/s for in-14"
    );
    let text = manifest("text", &flag("x", "whether x").replace("\"flag\"", "\"text\""));
    assert_eq!(Vocabulary::of([&manifest("flag", &flag("x", "whether x")), &text]).conflicts.len(), 1);
    let other = manifest("other", &flag("x", "if x holds"));
    let vocabulary = Vocabulary::of([&manifest("flag", &flag("x", "whether x")), &other]);
    assert_eq!(vocabulary.conflicts, []);
    assert_eq!(vocabulary.facts[0].says, ["whether x", "if x holds"]);
}

#[test]
fn one_name_on_two_records_is_two_facts() {
    let on_party = flag("x", "whether x");
    let on_resource = on_party.replace("\"party\"", "\"resource\"").replace("\"flag\"", "\"date\"");
    let vocabulary = Vocabulary::of([&manifest("one", &(on_party + &on_resource))]);
    assert_eq!((vocabulary.facts.len(), vocabulary.conflicts.len()), (2, 0));
}

#[test]
fn a_field_of_which_no_policy_says_anything_says_what_the_contract_says() {
    let facts = "[[facts]]\nof = \"party\"\nfield = \"headquarters\"\nrules = [\"a\"]\n";
    let vocabulary = Vocabulary::of([&manifest("one", facts), &manifest("two", "")]);
    let says = &vocabulary.facts[0].says[0];
    assert!(says.contains("headquarters"), "{says}");
    assert_eq!(vocabulary.silent, ["two"]);
    let schema = Request::json_schema();
    for of in RecordKind::ALL {
        for field in of.fields() {
            assert!(contract(&schema, of, field).is_some_and(|text| !text.is_empty()), "{of:?}.{field}");
        }
    }
}

#[test]
fn the_page_has_each_record_with_its_facts() {
    let list = "[[facts]]\nof = \"party\"\nname = \"grade\"\ntype = \"text\"\nvalues = [\"high\", \"low\"]\nsays = \"the grade | of it\"\nrules = [\"a\", \"b\"]\n";
    let field =
        "[[facts]]\nof = \"deployment\"\nfield = \"region\"\nsays = \"where it runs\"\nrules = [\"b\"]\n";
    let one = manifest("one", &format!("{list}{field}"));
    let page = Vocabulary::of([&one]).markdown();
    let (_, records) = page.split_once("it never counts as false.\n").unwrap();
    assert_eq!(
        records,
        "
## Parties (`parties`)

| fact | type | tells | read by |
| --- | --- | --- | --- |
| `grade` | text | the grade \\| of it. One of `high`, `low`. | `one`: `a`, `b` |

## The deployment (`deployment`)

| field | tells | read by |
| --- | --- | --- |
| `region` | where it runs | `one`: `b` |
"
    );
}

#[test]
fn a_hostile_manifest_makes_no_markup() {
    let says = "<img src=x> [a](b)\\n\\n# c | d";
    let page = Vocabulary::of([&manifest("one", &flag("a`b|<b>", says))]).markdown();
    let (_, records) = page.split_once("it never counts as false.\n").unwrap();
    assert!(!records.contains('<'), "{records}");
    assert_eq!(records.lines().filter(|line| line.starts_with('#')).count(), 1, "{records}");
    assert!(records.contains("&lt;img src=x&gt; \\[a\\](b)  # c \\| d"), "{records}");
}
