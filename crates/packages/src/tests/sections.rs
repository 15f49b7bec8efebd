//! Sections of ours: exactly those that belong there, where they belong.

use super::*;

fn sealed_with(manifest: &[u8]) -> Vec<u8> {
    with_section(good_component(), MANIFEST_SECTION, manifest)
}

/// Checks the message that a manifest with one member replaced is refused with.
#[track_caller]
fn refuse_manifest(pointer: &str, value: Value, message: &str) {
    let mut manifest = manifest_json();
    *manifest.pointer_mut(pointer).unwrap() = value;
    let manifest: Manifest = serde_json::from_value(manifest).unwrap();
    refuse(sealed_with(manifest.to_canonical_json().as_bytes()), message);
}

#[test]
fn there_is_one_manifest_and_it_holds() {
    refuse(good_component(), "has no manifest");
    let twice = with_section(good(), MANIFEST_SECTION, manifest().to_canonical_json());
    refuse(twice, "has two sections `lexgate:manifest`, one is expected");
    refuse(sealed_with(b""), "has a manifest that is refused; correct `lexgate.toml`");
    refuse(sealed_with(b"{}"), "missing field `policy`");
    let mut licensed = manifest_json();
    licensed["policy"]["licence"] = json!("free");
    refuse(sealed_with(licensed.to_string().as_bytes()), "unknown field `licence`");
    refuse(sealed_with(manifest().to_canonical_json().replace("\":", "\": ").as_bytes()), "canonical");
    refuse_manifest(
        "/policy/time-zone",
        json!("Seoul"),
        "policy.time-zone: `Seoul` is not an IANA time zone",
    );
}

#[test]
fn the_contract_is_one_that_the_host_serves() {
    let message =
        "implements the contract `lexgate:screening@0.2.0`, the host serves `lexgate:screening@0.1.0`";
    refuse_manifest("/policy/contract", json!("lexgate:screening@0.2.0"), message);
    let both =
        Trust { contracts: vec![CONTRACT.into(), "lexgate:screening@0.2.0".into()], ..Trust::default() };
    verdict(good(), &both).unwrap();
    let other = Trust { contracts: vec!["lexgate:screening@0.2.0".into()], ..Trust::default() };
    refuse_by(&other, good(), "implements the contract `lexgate:screening@0.1.0`");
}

#[test]
fn a_host_of_two_contracts_holds_each_package_to_its_own() {
    let newer = "lexgate:screening@0.2.0";
    let mut json = manifest_json();
    json["policy"]["contract"] = json!(newer);
    let manifest: Manifest = serde_json::from_value(json).unwrap();
    let both = Trust { contracts: vec![CONTRACT.into(), newer.into()], ..Trust::default() };
    let package = |component: &[u8]| seal(component, &manifest, &[REGIONS]).unwrap();
    let message = "imports `lexgate:screening/types@0.1.0`, which the host does not give";
    refuse_by(&both, package(&good_component()), message);
    let component = component(&format!("{IMPORTS} {POLICY}").replace("@0.1.0", "@0.2.0"));
    verdict(package(&component), &both).unwrap();
}

#[test]
fn our_sections_lie_at_the_top_level() {
    let message = "has a section `lexgate:manifest` inside a nested component or module";
    let module = component(&format!(r#"{POLICY} (core module (@custom "lexgate:manifest" "{{}}"))"#));
    refuse_sealed_by_hand(module, message);
    let nested = with_section(component(""), MANIFEST_SECTION, "{}");
    let mut outer = good_component();
    wasm_encoder::NestedComponentSection(&as_component(&nested)).append_to_component(&mut outer);
    refuse_sealed_by_hand(outer, message);
    let other = component(&format!(r#"{POLICY} (core module (@custom "lexgate:note" ""))"#));
    refuse_sealed_by_hand(other, "has a section `lexgate:note` inside");
    refuse(
        with_section(good(), "lexgate:note", ""),
        "has a section `lexgate:note`, which Lexgate does not know",
    );
}

#[test]
fn a_component_with_a_resource_of_its_own_is_refused() {
    let message = "defines a resource type";
    refuse_sealed_by_hand(component(&format!("{POLICY} (type (resource (rep i32)))")), message);
    refuse_sealed_by_hand(component(&format!("{POLICY} (component (type (resource (rep i32))))")), message);
}

/// As [`refuse_sealed`], for components that `seal` would refuse already.
#[track_caller]
fn refuse_sealed_by_hand(component: Vec<u8>, message: &str) {
    let sealed = with_section(component, MANIFEST_SECTION, manifest().to_canonical_json());
    refuse(with_section(sealed, &dataset_section("regions", "1"), REGIONS), message);
}

/// Wraps bytes as a component that the encoder can nest.
fn as_component(bytes: &[u8]) -> wasm_encoder::Component {
    let mut component = wasm_encoder::Component::new();
    // The header is written by `new`; sections follow it byte for byte.
    let mut rest = &bytes[8..];
    while !rest.is_empty() {
        let length = usize::from(rest[1]);
        component.section(&wasm_encoder::RawSection { id: rest[0], data: &rest[2..2 + length] });
        rest = &rest[2 + length..];
    }
    component
}

#[test]
fn datasets_are_exactly_those_declared() {
    let manifest = sealed_with(manifest().to_canonical_json().as_bytes());
    let regions = dataset_section("regions", "1");
    refuse(manifest.clone(), "declares the dataset `regions@1`, but does not carry it");
    let altered = with_section(manifest.clone(), &regions, "country\nKP\n");
    let (found, declared) = (Digest::of(b"country\nKP\n"), Digest::of(REGIONS));
    let message =
        format!("carries the dataset `regions@1` with {found} (11 bytes), its manifest declares {declared}");
    refuse(altered, &message);
    refuse(with_section(manifest, &regions, ""), "(0 bytes), its manifest declares");
    refuse(with_section(good(), &regions, REGIONS), "has two sections `lexgate:dataset/regions@1`");
    let extra = with_section(good(), &dataset_section("regions", "2"), "");
    refuse(extra, "carries a section `lexgate:dataset/regions@2`, but its manifest declares no such dataset");
}

#[test]
fn what_a_stranger_wrote_is_shown_without_its_control_characters() {
    let section = format!("lexgate:\u{1b}[2J{}", "x".repeat(200));
    let error = verdict(with_section(good(), &section, ""), &Trust::default()).unwrap_err();
    assert!(error.contains(r"lexgate:\u{1b}[2Jxxx") && error.len() < 300, "{error}");
}

#[test]
fn only_an_unsealed_component_with_its_datasets_is_sealed() {
    let refuse = |component: &[u8], contents: &[&[u8]], message: &str| {
        let error = seal(component, &manifest(), contents).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    };
    refuse(&good(), &[REGIONS], "already has a section `lexgate:manifest`");
    refuse(&wat::parse_str("(module)").unwrap(), &[REGIONS], "this is a core module");
    refuse(b"", &[REGIONS], "this is something else");
    let component = good_component();
    refuse(&component[..component.len() - 1], &[REGIONS], "the component is not valid");
    refuse(&component, &[], "the manifest declares 1 datasets, 0 are given");
    refuse(&component, &[b"SG"], "the dataset `regions@1` is not the one");
    assert_eq!(good(), good());
}
