use super::*;
use crate::import::frame::About;
use crate::import::lei::synthetic as lei;
use crate::import::source::of_text;
use lexgate_model::{When, date};
use serde_json::Value;

fn frame(at: &str) -> Frame {
    let about = About::New { action: "supply".to_owned(), channel: None, category: None };
    Frame { when: When::Date(date::parse(at).unwrap()), role: "endUser".to_owned(), about }
}

fn entity(number: u32) -> Value {
    json!({
        "LEI": lei(number),
        "Entity": {
            "LegalName": format!("Company {number}"), "EntityCategory": "GENERAL", "EntityStatus": "ACTIVE",
            "LegalJurisdiction": "GB", "HeadquartersAddress": { "Region": "GB-LND", "Country": "GB" },
        },
        "Registration": { "RegistrationStatus": "ISSUED" },
    })
}

fn link(start: u32, kind: &str, end: u32) -> Value {
    json!({
        "Relationship": {
            "StartNode": { "NodeID": lei(start), "NodeIDType": "LEI" },
            "EndNode": { "NodeID": lei(end), "NodeIDType": "LEI" },
            "RelationshipType": kind, "RelationshipStatus": "ACTIVE",
            "RelationshipPeriods": [
                { "StartDate": "2018-01-01T00:00:00Z", "EndDate": "2018-12-31T00:00:00Z", "PeriodType": "ACCOUNTING_PERIOD" },
                { "StartDate": "2019-04-01T00:00:00+02:00", "PeriodType": "RELATIONSHIP_PERIOD" },
            ],
        },
        "Registration": { "RegistrationStatus": "PUBLISHED" },
    })
}

const DIRECT: &str = "IS_DIRECTLY_CONSOLIDATED_BY";
const ULTIMATE: &str = "IS_ULTIMATELY_CONSOLIDATED_BY";

fn exception(number: u32, category: &str, reason: &str) -> Value {
    json!({ "LEI": lei(number), "ExceptionCategory": category, "ExceptionReason": reason })
}

/// Imports the neighbourhood of the first company.
fn import(
    entities: &str,
    links: &str,
    exceptions: &str,
    depth: u32,
    at: &str,
) -> Result<Imported, ImportError> {
    let register = Register {
        entities: of_text("lei2", entities),
        relationships: of_text("rr", links),
        exceptions: Some(of_text("repex", exceptions)),
    };
    gleif(&register, &Wanted { parties: vec![lei(1)], depth }, &frame(at), &mut |_| {})
}

fn import_links(links: &[Value], depth: u32, at: &str) -> Imported {
    let entities = Value::from((1..6).map(entity).collect::<Vec<_>>());
    import(&entities.to_string(), &json!(links).to_string(), "[]", depth, at).unwrap()
}

fn told(report: &Report) -> Vec<(Reason, &str)> {
    report.entries.iter().map(|entry| (entry.reason, entry.pointer.as_str())).collect()
}

#[test]
fn the_same_records_in_every_format_make_the_same_request() {
    let (one, two) = (lei(1), lei(2));
    let flat = import(
        &json!([{
            "LEI": one,
            "Entity": {
                "LegalName": "Größe & Söhne", "OtherEntityNames": [
                    { "type": "PREVIOUS_LEGAL_NAME", "OtherEntityName": "Klein" },
                    { "type": "TRADING_OR_OPERATING_NAME", "OtherEntityName": "GS" },
                ],
                "TransliteratedOtherEntityNames": [
                    { "type": "AUTO_ASCII_TRANSLITERATED_LEGAL_NAME", "TransliteratedOtherEntityName": "GROESSE" },
                ],
                "EntityCategory": "FUND", "EntityStatus": "ACTIVE", "LegalJurisdiction": "DE",
                "HeadquartersAddress": { "Region": "DE-BY", "Country": "DE" },
                "RegistrationAuthority": { "RegistrationAuthorityID": "RA000242", "RegistrationAuthorityEntityID": "HRB 1" },
            },
            "Registration": { "RegistrationStatus": "ISSUED" },
        }])
        .to_string(),
        &json!([link(1, DIRECT, 2)]).to_string(),
        &json!([exception(1, "ULTIMATE_ACCOUNTING_CONSOLIDATION_PARENT", "NON_PUBLIC")]).to_string(),
        3,
        "2025-09-05",
    )
    .unwrap();
    let golden = import(
        &json!({ "header": { "count": 1.5, "list": null }, "records": [{
            "LEI": { "$": one },
            "Entity": {
                "LegalName": { "$": "Größe & Söhne" },
                "OtherEntityNames": { "OtherEntityName": [
                    { "@type": "PREVIOUS_LEGAL_NAME", "$": "Klein" },
                    { "@type": "TRADING_OR_OPERATING_NAME", "$": "GS" },
                ] },
                "TransliteratedOtherEntityNames": { "TransliteratedOtherEntityName":
                    { "@type": "AUTO_ASCII_TRANSLITERATED_LEGAL_NAME", "$": "GROESSE" } },
                "EntityCategory": { "$": "FUND" }, "EntityStatus": { "$": "ACTIVE" }, "LegalJurisdiction": { "$": "DE" },
                "HeadquartersAddress": { "Region": { "$": "DE-BY" }, "Country": { "$": "DE" } },
                "RegistrationAuthority": {
                    "RegistrationAuthorityID": { "$": "RA000242" }, "RegistrationAuthorityEntityID": { "$": "HRB 1" } },
                "NextVersion": null,
            },
            "Registration": { "RegistrationStatus": { "$": "ISSUED" } },
        }] })
        .to_string(),
        &json!({ "relations": [{ "RelationshipRecord": {
            "Relationship": {
                "StartNode": { "NodeID": { "$": one }, "NodeIDType": { "$": "LEI" } },
                "EndNode": { "NodeID": { "$": two }, "NodeIDType": { "$": "LEI" } },
                "RelationshipType": { "$": DIRECT }, "RelationshipStatus": { "$": "ACTIVE" },
                "RelationshipPeriods": { "RelationshipPeriod":
                    { "StartDate": { "$": "2019-04-01T00:00:00+02:00" }, "PeriodType": { "$": "RELATIONSHIP_PERIOD" } } },
            },
            "Registration": { "RegistrationStatus": { "$": "PUBLISHED" } },
        } }] })
        .to_string(),
        &json!({ "exceptions": [{ "LEI": { "$": one }, "ExceptionReason": [{ "$": "NON_PUBLIC" }],
            "ExceptionCategory": { "$": "ULTIMATE_ACCOUNTING_CONSOLIDATION_PARENT" } }] })
        .to_string(),
        3,
        "2025-09-05",
    )
    .unwrap();
    let csv = import(
        &format!(
            "LEI,Entity.LegalName,Entity.LegalName.xmllang,Entity.OtherEntityNames.OtherEntityName.1,Entity.OtherEntityNames.OtherEntityName.1.xmllang,Entity.OtherEntityNames.OtherEntityName.1.type,Entity.OtherEntityNames.OtherEntityName.2,Entity.OtherEntityNames.OtherEntityName.2.xmllang,Entity.OtherEntityNames.OtherEntityName.2.type,Entity.TransliteratedOtherEntityNames.TransliteratedOtherEntityName.1,Entity.TransliteratedOtherEntityNames.TransliteratedOtherEntityName.1.type,Entity.HeadquartersAddress.City,Entity.HeadquartersAddress.Region,Entity.HeadquartersAddress.Country,Entity.RegistrationAuthority.RegistrationAuthorityID,Entity.RegistrationAuthority.RegistrationAuthorityEntityID,Entity.LegalJurisdiction,Entity.EntityCategory,Entity.EntityStatus,Registration.RegistrationStatus\r\n\
             {one},Größe & Söhne,,Klein,,PREVIOUS_LEGAL_NAME,GS,,TRADING_OR_OPERATING_NAME,GROESSE,AUTO_ASCII_TRANSLITERATED_LEGAL_NAME,\"Hof, am \"\"See\"\"\nBayern\",DE-BY,DE,RA000242,HRB 1,DE,FUND,ACTIVE,ISSUED\r\n"
        ),
        &format!(
            "\"Relationship.StartNode.NodeID\",\"Relationship.StartNode.NodeIDType\",\"Relationship.EndNode.NodeID\",\"Relationship.EndNode.NodeIDType\",\"Relationship.RelationshipType\",\"Relationship.RelationshipStatus\",\"Relationship.Period.1.startDate\",\"Relationship.Period.1.endDate\",\"Relationship.Period.1.periodType\",\"Registration.RegistrationStatus\"\n\
             \"{one}\",LEI,\"{two}\",LEI,{DIRECT},ACTIVE,2019-04-01T00:00:00+02:00,,RELATIONSHIP_PERIOD,PUBLISHED\n"
        ),
        &format!("LEI,Exception.Category,Exception.Reason.1\n{one},ULTIMATE_ACCOUNTING_CONSOLIDATION_PARENT,NON_PUBLIC\n"),
        3,
        "2025-09-05",
    )
    .unwrap();
    let xml = import(
        &format!(
            r#"<?xml version="1.0"?><lei:LEIData xmlns:lei="urn:x"><lei:LEIHeader><lei:FileContent>X</lei:FileContent></lei:LEIHeader><lei:LEIRecords>
               <lei:LEIRecord><lei:LEI>{one}</lei:LEI><lei:Entity>
               <lei:LegalName>Größe &amp; S&#246;hne</lei:LegalName><!-- c --><lei:OtherEntityNames>
               <lei:OtherEntityName type="PREVIOUS_LEGAL_NAME">Klein</lei:OtherEntityName>
               <lei:OtherEntityName type="TRADING_OR_OPERATING_NAME"><![CDATA[GS]]></lei:OtherEntityName></lei:OtherEntityNames>
               <lei:TransliteratedOtherEntityNames><lei:TransliteratedOtherEntityName type="AUTO_ASCII_TRANSLITERATED_LEGAL_NAME">GROESSE</lei:TransliteratedOtherEntityName></lei:TransliteratedOtherEntityNames>
               <lei:HeadquartersAddress><lei:Region>DE-BY</lei:Region><lei:Country> DE </lei:Country></lei:HeadquartersAddress>
               <lei:RegistrationAuthority><lei:RegistrationAuthorityID>RA000242</lei:RegistrationAuthorityID><lei:RegistrationAuthorityEntityID>HRB 1</lei:RegistrationAuthorityEntityID></lei:RegistrationAuthority>
               <lei:LegalJurisdiction>DE</lei:LegalJurisdiction><lei:EntityCategory>FUND</lei:EntityCategory><lei:EntityStatus>ACTIVE</lei:EntityStatus><lei:NextVersion/>
               </lei:Entity><lei:Registration><lei:RegistrationStatus>ISSUED</lei:RegistrationStatus></lei:Registration></lei:LEIRecord></lei:LEIRecords></lei:LEIData>"#
        ),
        &format!(
            r#"<rr:RelationshipData xmlns:rr="urn:y"><rr:RelationshipRecords><rr:RelationshipRecord><rr:Relationship>
               <rr:StartNode><rr:NodeID>{one}</rr:NodeID><rr:NodeIDType>LEI</rr:NodeIDType></rr:StartNode>
               <rr:EndNode><rr:NodeID>{two}</rr:NodeID><rr:NodeIDType>LEI</rr:NodeIDType></rr:EndNode>
               <rr:RelationshipType>{DIRECT}</rr:RelationshipType><rr:RelationshipPeriods>
               <rr:RelationshipPeriod><rr:StartDate>2018-01-01T00:00:00Z</rr:StartDate><rr:PeriodType>ACCOUNTING_PERIOD</rr:PeriodType></rr:RelationshipPeriod>
               <rr:RelationshipPeriod><rr:StartDate>2019-04-01T00:00:00+02:00</rr:StartDate><rr:PeriodType>RELATIONSHIP_PERIOD</rr:PeriodType></rr:RelationshipPeriod>
               </rr:RelationshipPeriods><rr:RelationshipStatus>ACTIVE</rr:RelationshipStatus></rr:Relationship>
               <rr:Registration><rr:RegistrationStatus>PUBLISHED</rr:RegistrationStatus></rr:Registration></rr:RelationshipRecord></rr:RelationshipRecords></rr:RelationshipData>"#
        ),
        &format!(
            r#"<repex:ReportingExceptionData xmlns:repex="urn:z"><repex:ReportingExceptions><repex:Exception><repex:LEI>{one}</repex:LEI>
               <repex:ExceptionCategory>ULTIMATE_ACCOUNTING_CONSOLIDATION_PARENT</repex:ExceptionCategory><repex:ExceptionReason>NON_PUBLIC</repex:ExceptionReason></repex:Exception></repex:ReportingExceptions></repex:ReportingExceptionData>"#
        ),
        3,
        "2025-09-05",
    )
    .unwrap();
    let request = flat.request.to_value();
    assert_eq!(request["parties"][0]["ultimateParent"], json!({ "unknown": "NON_PUBLIC" }));
    assert_eq!(
        request["parties"][0]["names"][3],
        json!({ "fullName": "GROESSE", "kind": "transliteration" })
    );
    assert_eq!(request["parties"][0]["identifiers"][1], json!({ "scheme": "RA000242", "id": "HRB 1" }));
    assert_eq!(
        request["relationships"][0]["interests"],
        json!([{ "kind": "otherInfluenceOrControl", "directness": "direct", "start": "2019-04-01" }])
    );
    for other in [golden, csv, xml] {
        assert_eq!(other.request.to_value(), request);
        assert_eq!(told(&other.report), told(&flat.report));
    }
}

#[test]
fn steps_go_up_and_tell_where_they_end() {
    let chain: Vec<Value> = (1..5).map(|number| link(number, DIRECT, number + 1)).collect();
    let parties = |imported: &Imported| imported.report.parties;
    let ownership = |imported: &Imported, number: u32| {
        let request = imported.request.to_value();
        let party =
            request["parties"].as_array().unwrap().iter().find(|p| p["recordId"] == lei(number)).cloned();
        party.unwrap()["ownership"].clone()
    };
    let none = import_links(&chain, 0, "2025-09-05");
    assert_eq!((parties(&none), ownership(&none, 1)), (1, json!({ "unknown": "beyondDepth" })));
    let two = import_links(&chain, 2, "2025-09-05");
    assert_eq!(parties(&two), 3);
    assert_eq!((ownership(&two, 1), ownership(&two, 3)), (Value::Null, json!({ "unknown": "beyondDepth" })));
    let all = import_links(&chain, 4, "2025-09-05");
    assert_eq!((parties(&all), ownership(&all, 5)), (5, Value::Null));
    let mut ring = chain;
    ring.push(link(5, DIRECT, 1));
    assert_eq!(parties(&import_links(&ring, 99, "2025-09-05")), 5);
}

#[test]
fn the_order_of_records_does_not_matter() {
    let mut links =
        vec![link(1, DIRECT, 2), link(1, ULTIMATE, 3), link(2, DIRECT, 3), link(2, "IS_SUBFUND_OF", 4)];
    let forwards = import_links(&links, 3, "2025-09-05").request;
    links.reverse();
    assert_eq!(import_links(&links, 3, "2025-09-05").request, forwards);
}

#[test]
fn the_ultimate_parent_is_that_of_the_day() {
    let mut before = link(1, ULTIMATE, 2);
    before["Relationship"]["RelationshipPeriods"][1]["EndDate"] = json!("2021-06-30T00:00:00Z");
    let mut after = link(1, ULTIMATE, 3);
    after["Relationship"]["RelationshipPeriods"][1]["StartDate"] = json!("2021-06-30T00:00:00Z");
    let links = [before, after, link(1, DIRECT, 3)];
    let parent =
        |at: &str| import_links(&links, 1, at).request.to_value()["parties"][0]["ultimateParent"].clone();
    assert_eq!(parent("2019-03-31"), Value::Null);
    assert_eq!(parent("2021-06-29"), json!(lei(2)));
    assert_eq!(parent("2021-06-30"), json!(lei(3)));
    let request = import_links(&links, 1, "2025-09-05").request.to_value();
    let directness = |index: usize| request["relationships"][index]["interests"][0]["directness"].clone();
    // The direct parent is also the ultimate one; the former ultimate parent was not direct.
    assert_eq!((directness(1), directness(2)), (json!("indirect"), json!("direct")));
}

#[test]
fn exceptions_come_out_as_published_each_in_its_place() {
    let entities = json!([entity(1)]).to_string();
    let exceptions = json!([
        exception(1, "DIRECT_ACCOUNTING_CONSOLIDATION_PARENT", "NO_KNOWN_PERSON"),
        exception(2, "ULTIMATE_ACCOUNTING_CONSOLIDATION_PARENT", "NON_PUBLIC"),
        { "LEI": lei(1), "ExceptionCategory": "SOME_OTHER", "ExceptionReason": "X" },
        { "LEI": lei(1), "ExceptionCategory": "ULTIMATE_ACCOUNTING_CONSOLIDATION_PARENT" },
        { "LEI": 7 },
        "x",
    ]);
    let imported = import(&entities, "[]", &exceptions.to_string(), 3, "2025-09-05").unwrap();
    let party = imported.request.to_value()["parties"][0].clone();
    assert_eq!(party["facts"]["directParent"], json!({ "unknown": "NO_KNOWN_PERSON" }));
    assert_eq!(
        party.get("ultimateParent"),
        None,
        "a reason for the direct parent is none for the ultimate one"
    );
    let reasons: Vec<_> = imported.report.entries.iter().map(|entry| entry.reason).collect();
    assert_eq!(reasons, [Reason::UnknownCode, Reason::Missing, Reason::Missing, Reason::Malformed]);
}

#[track_caller]
fn check_link(change: fn(&mut Value), used: bool, expected: &[(Reason, &str)]) {
    let mut link = link(1, DIRECT, 2);
    change(&mut link);
    let imported = import_links(&[link], 1, "2025-09-05");
    assert_eq!(told(&imported.report), expected);
    assert_eq!(imported.report.relationships, usize::from(used));
}

#[test]
fn what_cannot_be_used_is_told_with_its_place() {
    const STATUS: &str = "/Relationship/RelationshipStatus";
    const REGISTRATION: &str = "/Registration/RegistrationStatus";
    const PERIODS: &str = "/Relationship/RelationshipPeriods";
    check_link(|_| {}, true, &[]);
    check_link(
        |l| l["Registration"]["RegistrationStatus"] = json!("LAPSED"),
        true,
        &[(Reason::Lapsed, REGISTRATION)],
    );
    for code in ["ANNULLED", "DUPLICATE", "RETIRED"] {
        let mut one = link(1, DIRECT, 2);
        one["Registration"]["RegistrationStatus"] = json!(code);
        let imported = import_links(&[one], 1, "2025-09-05");
        assert_eq!(told(&imported.report), [(Reason::NotInForce, REGISTRATION)], "{code}");
        assert_eq!(imported.report.relationships, 0);
    }
    check_link(
        |l| l["Registration"]["RegistrationStatus"] = json!("NEW"),
        true,
        &[(Reason::UnknownCode, REGISTRATION)],
    );
    check_link(|l| l["Registration"] = json!(7), true, &[(Reason::Missing, REGISTRATION)]);
    check_link(
        |l| l["Relationship"]["RelationshipStatus"] = json!("INACTIVE"),
        false,
        &[(Reason::NotInForce, STATUS)],
    );
    check_link(
        |l| l["Relationship"]["RelationshipStatus"] = json!("NULL"),
        false,
        &[(Reason::UnknownCode, STATUS)],
    );
    check_link(
        |l| {
            l["Relationship"]["RelationshipStatus"] = json!("INACTIVE");
            l["Relationship"]["RelationshipPeriods"][1]["EndDate"] = json!("2020-01-01T00:00:00Z");
        },
        true,
        &[],
    );
    check_link(|l| l["Relationship"]["RelationshipPeriods"] = json!([]), true, &[(Reason::Remark, PERIODS)]);
    check_link(
        |l| l["Relationship"]["RelationshipPeriods"][1]["EndDate"] = json!("2018-01-01"),
        true,
        &[(Reason::Inconsistent, "/Relationship/RelationshipPeriods/1")],
    );
    check_link(
        |l| l["Relationship"]["RelationshipPeriods"][1]["StartDate"] = json!("yesterday"),
        true,
        &[(Reason::BadValue, "/Relationship/RelationshipPeriods/1/StartDate")],
    );
    check_link(
        |l| l["Relationship"]["EndNode"]["NodeID"] = json!("EXAMPLE00000000000XX"),
        false,
        &[(Reason::BadValue, "/Relationship/EndNode/NodeID")],
    );
    check_link(
        |l| l["Relationship"]["EndNode"] = json!({}),
        false,
        &[(Reason::Missing, "/Relationship/EndNode/NodeID")],
    );
    check_link(
        |l| l["Relationship"]["StartNode"]["NodeID"] = json!(["x"]),
        false,
        &[(Reason::Missing, "/Relationship/StartNode/NodeID")],
    );
    check_link(
        |l| l["Relationship"]["RelationshipType"] = json!("IS_FRIEND_OF"),
        false,
        &[(Reason::UnknownCode, "/Relationship/RelationshipType")],
    );
    check_link(|l| *l = json!([1]), false, &[(Reason::Malformed, "")]);
}

#[test]
fn a_party_keeps_what_is_good_of_a_bad_record() {
    let mut one = entity(1);
    one["Entity"]["LegalJurisdiction"] = json!("XX-Y");
    one["Entity"]["HeadquartersAddress"] = json!({ "Region": "US-MA", "Country": "GB" });
    one["Entity"]["EntityCategory"] = json!("ALIEN");
    one["Entity"]["LegalName"] = json!({ "$": "x".repeat(9_000) });
    let entities = json!([{ "Entity": {} }, one]).to_string();
    let imported = import(&entities, "[]", "[]", 1, "2025-09-05").unwrap();
    let party = imported.request.to_value()["parties"][0].clone();
    assert_eq!(
        (party["headquarters"].clone(), party["kind"].clone()),
        (json!("GB"), json!("registeredEntity"))
    );
    assert_eq!(
        told(&imported.report),
        [
            (Reason::Missing, "/LEI"),
            (Reason::UnknownCode, "/Entity/EntityCategory"),
            (Reason::TooMuch, "/Entity/LegalName/$"),
            (Reason::UnknownCode, "/Entity/LegalJurisdiction"),
            (Reason::UnknownCode, "/Entity/HeadquartersAddress/Region"),
        ]
    );
}

#[track_caller]
fn fails(entities: &str, links: &str, words: &str) {
    let error = import(entities, links, "[]", 1, "2025-09-05").unwrap_err();
    assert!(error.to_string().contains(words), "{error}");
}

#[test]
fn a_file_that_breaks_its_format_is_refused_with_line_and_column() {
    let entities = json!([entity(1)]).to_string();
    fails(&entities, "[{},\n{]", "`rr` line 2, column 2: not JSON: key must be a string");
    fails(&entities, "[{}", "`rr` line 1, column 3: not JSON");
    fails(&entities, "[] x", "`rr` line 1, column 4: not JSON");
    fails(&entities, "<a>\n<b></a>", "`rr` line 2, column 8: not XML");
    fails(&entities, "<a>\n<RelationshipRecord>", "not XML: it ends inside a record");
    fails(&entities, "<a>&x;</a>", "not XML: `&x;` is not known");
    fails(&entities, "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "document type definition");
    fails(&entities, "<a><LEIRecord/></a>", "`rr` holds no relationships");
    fails(&entities, "PK\u{3}\u{4}", "`rr` is a zip archive; unpack it");
    fails(&entities, "LEI,Entity.LegalName\n", "`rr` is not relationships of the golden copy");
    fails("LEI,x\n", "[]", "it has no column `Entity.LegalName`");
    fails("", "[]", "`lei2` is not level 1 of the golden copy");
    fails("[]", "[]", "there is nothing about");
}

#[test]
fn a_row_of_the_wrong_width_is_a_bad_record() {
    let table = format!("LEI,Entity.LegalName\n{}\n{},Company 1\n", lei(2), lei(1));
    let imported = import(&table, "[]", "[]", 1, "2025-09-05").unwrap();
    let entry = &imported.report.entries[0];
    assert_eq!((entry.reason, entry.line), (Reason::Malformed, Some(2)));
}

#[test]
fn a_record_without_end_and_a_neighbourhood_without_end_are_refused() {
    let entities = json!([entity(1)]).to_string();
    fails(
        &entities,
        &format!("[{{ \"x\": \"{}", "y".repeat(2 << 20)),
        "a record here has more than 1048576 bytes",
    );
    fails(
        &entities,
        &format!("<a><RelationshipRecord>{}", "y".repeat(2 << 20)),
        "a record here has more than",
    );
    fails(&format!("LEI,Entity.LegalName\n\"{}", "y".repeat(2 << 20)), "[]", "a record here has more than");
    let owners: Vec<Value> = (2..12_003).map(|owner| link(1, DIRECT, owner)).collect();
    fails(
        &entities,
        &json!(owners).to_string(),
        "too much for one request: parties, at most 10000; lower the depth, or ask for fewer parties",
    );
    let owners: Vec<Value> = (2..9_000).map(|owner| link(1, DIRECT, owner)).collect();
    fails(&entities, &json!(owners).to_string(), "too much for one request");
}

#[test]
fn parties_are_asked_for_by_a_valid_lei() {
    let register =
        Register { entities: of_text("lei2", "[]"), relationships: of_text("rr", "[]"), exceptions: None };
    let wanted = Wanted { parties: vec!["EXAMPLE00000000000XX".to_owned()], depth: 1 };
    let error = gleif(&register, &wanted, &frame("2025-09-05"), &mut |_| {}).unwrap_err();
    assert!(error.to_string().starts_with("`EXAMPLE00000000000XX` is not an LEI"), "{error}");
}
