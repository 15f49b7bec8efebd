use super::*;
use lexgate_sdk::Version;
use lexgate_sdk::contract::{self, Classification, Value};
use lexgate_sdk::testing::{Building, company, fact, request};

const ITEMS: &str = include_str!("../data/items-2024.csv");
const PLACES: &str = include_str!("../data/places.csv");
const KEYS: &str = "scheme,code,item\nCN-dual-use,3C901.a,gallium-metal\nCN-dual-use,3C902,indium-phosphide\nCN-customs,8112929090,gallium-metal\n";

fn configured(items: &str, codes: &str, places: &str) -> Result<CnDualUseMinerals, String> {
    let version = |text: &str| {
        vec![Version { id: "1".to_owned(), period: Default::default(), content: text.as_bytes().to_vec() }]
    };
    let datasets = Datasets::new()
        .with("items", version(items))
        .with("codes", version(codes))
        .with("places", version(places));
    CnDualUseMinerals::configure(&Parameters::new("{}"), &datasets)
}

/// An export from China to Korea, with codes and a description where there is one.
fn export(codes: Option<&[(&str, &str)]>, description: &str) -> Building {
    let classification = |(scheme, code): &(&str, &str)| Classification {
        scheme: (*scheme).to_owned(),
        version: None,
        code: (*code).to_owned(),
        facts: Vec::new(),
    };
    let text = |name: &str, text: &str| fact(name, Value::Text(text.to_owned()));
    request("2025-01-01")
        .parties(vec![company("exporter", "CN"), company("fab", "KR")])
        .participant("vendor", "exporter")
        .participant("endUser", "fab")
        .with(|request| {
            request.action = "export".to_owned();
            request.facts = vec![text("exportedFrom", "CN"), text("destination", "KR")];
            request.authorizations = Some(Vec::new());
            request.certificates = Some(Vec::new());
            request.resource.category = Some("material".to_owned());
            request.resource.classifications = codes.map(|codes| codes.iter().map(classification).collect());
            if !description.is_empty() {
                request.resource.facts.push(text("description", description));
            }
        })
}

/// What the licence of the unified list comes to, with the fields that are missing, where the list of codes has keys.
fn licence(building: Building) -> (Outcome, Outcome, String, Vec<String>) {
    let (mut findings, raw) = (Findings::new(), building.build());
    let policy = configured(ITEMS, KEYS, PLACES).unwrap();
    policy.evaluate(Request::new(&raw).unwrap(), &mut findings).unwrap();
    let findings = findings.into_contract();
    let licence = findings.iter().find(|finding| finding.rule == "licence-2024").unwrap();
    let missing = licence.missing.iter().map(|missing| missing.at.field.clone());
    (licence.floor, licence.ceiling, licence.code.clone(), missing.collect())
}

#[track_caller]
fn check(building: Building, ends: (Outcome, Outcome), code: &str, missing: &[&str]) {
    let missing = missing.iter().map(|&field| field.to_owned()).collect();
    assert_eq!(licence(building), (ends.0, ends.1, code.to_owned(), missing));
}

const REQUIRED: (Outcome, Outcome) = (Outcome::LicenceRequired, Outcome::LicenceRequired);
const OPEN: (Outcome, Outcome) = (Outcome::NotApplicable, Outcome::LicenceRequired);

#[test]
fn a_code_that_is_a_key_tells_what_the_material_is() {
    let required = |codes: &[(&str, &str)], description| {
        check(export(Some(codes), description), REQUIRED, "licence-required", &["certificates"]);
    };
    required(&[("CN-dual-use", "3C901.a")], "");
    required(&[("ECCN", "3C005"), ("CN-dual-use", "3C901.a")], "some crystals");
    required(&[("CN-dual-use", "3C901.a")], "indium phosphide");
    required(&[], "gallium metal");
    check(export(None, "gallium metal"), REQUIRED, "licence-required", &["certificates"]);
}

#[test]
fn another_code_tells_nothing() {
    let description = ["facts/description"];
    let open = |scheme, code, told| check(export(Some(&[(scheme, code)]), ""), OPEN, told, &description);
    open("CN-dual-use", "3C999", "licence-open");
    open("CN-dual-use", "8112929090", "licence-open");
    open("ECCN", "3C901.a", "licence-open");
    open("CN-customs", "8112929090", "licence-open-code");
}

#[test]
fn a_code_that_is_a_key_of_what_the_list_cannot_tell_of_is_asked_about() {
    let open = |description, missing: &[&str]| {
        check(export(Some(&[("CN-dual-use", "3C902")]), description), OPEN, "licence-open", missing);
    };
    open("", &["facts/description", "classifications/0/code"]);
    let other = ITEMS.to_owned() + "copper,copper,no,no,no\n";
    let (mut findings, raw) = (Findings::new(), export(Some(&[("CN-dual-use", "3C902")]), "copper").build());
    configured(&other, KEYS, PLACES).unwrap().evaluate(Request::new(&raw).unwrap(), &mut findings).unwrap();
    let licence =
        findings.into_contract().into_iter().find(|finding| finding.rule == "licence-2024").unwrap();
    assert_eq!((licence.floor, licence.ceiling), OPEN);
}

#[test]
fn where_the_list_has_keys_codes_are_asked_for_too() {
    check(export(None, ""), OPEN, "licence-open", &["facts/description", "classifications"]);
}

#[test]
fn a_licence_is_for_the_material_as_it_is_described() {
    let held = contract::Authorization {
        record_id: None,
        kind: "licence".to_owned(),
        issuer: Some("MOFCOM".to_owned()),
        number: Some("Example-1".to_owned()),
        valid_from: Some(request("2025-01-01").build().evaluation_date),
        valid_until: Some(request("2025-01-01").build().evaluation_date),
        scope: Some(vec!["gallium metal".to_owned(), "KR".to_owned(), "Fab".to_owned()]),
        facts: Vec::new(),
    };
    let with_licence = |description: &str| {
        let name = contract::Name { full_name: "Fab".to_owned(), kind: None, language: None };
        export(Some(&[("CN-dual-use", "3C901.a")]), description).with(|request| {
            request.authorizations = Some(vec![held.clone()]);
            request.parties[1].names.push(name);
        })
    };
    let granted = (Outcome::Permit, Outcome::Permit);
    check(with_licence("gallium metal"), granted, "licence-held", &[]);
    check(with_licence("some crystals"), REQUIRED, "licence-required", &["certificates"]);
    check(
        with_licence(""),
        (Outcome::Permit, Outcome::LicenceRequired),
        "licence-open",
        &["facts/description"],
    );
}

#[test]
fn a_bad_list_is_refused_with_its_line() {
    let refuse = |items: &str, codes: &str, places: &str, why: &str| {
        assert_eq!(configured(items, codes, places).unwrap_err(), why);
    };
    let items = "name,item,licence,united-states,dual-use\ngallium,gallium,perhaps,no,no\n";
    refuse(items, KEYS, PLACES, "dataset `items` 1: line 2: `perhaps` is neither `yes`, `no` nor `unknown`");
    refuse("name\nx\n", KEYS, PLACES, "dataset `items` 1: line 2: there is no column `item`");
    refuse(ITEMS, "code\nx\n", PLACES, "dataset `codes` 1: line 2: there is no column `scheme`");
    refuse(
        ITEMS,
        KEYS,
        "code,china\nCN,yes\n",
        "dataset `places` 1: line 2: there is no column `united-states`",
    );
}
