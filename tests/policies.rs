//! What every policy we ship must have, besides being right: messages in all our languages. What any manifest must be,
//! shipped or not, is checked where it is built.

#![expect(clippy::disallowed_methods, reason = "the policies are files of this tree")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use toml::{Table, Value};

/// The languages of the messages we ship. Others fall back to English.
const LANGUAGES: [&str; 4] = ["en", "fr", "ko", "zh"];

#[test]
fn every_message_is_there_in_all_languages_with_the_same_placeholders() {
    let mut breaches = Vec::new();
    for (policy, manifest) in manifests() {
        for (code, texts) in table(&manifest, "messages") {
            let texts: Vec<(&str, &str)> = texts.as_table().into_iter().flatten().map(text).collect();
            let languages: Vec<&str> = texts.iter().map(|(language, _)| *language).collect();
            if BTreeSet::from_iter(languages) != BTreeSet::from(LANGUAGES) {
                breaches.push(format!("{policy}: `{code}` is not in {}", LANGUAGES.join(", ")));
            }
            let different: BTreeSet<_> = texts.iter().map(|(_, text)| placeholders(text)).collect();
            if different.len() != 1 {
                breaches.push(format!("{policy}: the languages of `{code}` have different placeholders"));
            }
            let translated: BTreeSet<&str> = texts.iter().map(|(_, text)| text.trim()).collect();
            if translated.len() != texts.len() || translated.contains("") {
                breaches.push(format!("{policy}: two languages of `{code}` have one text, or one has none"));
            }
        }
    }
    assert!(breaches.is_empty(), "\n\n  {}\n\nwrite them into `lexgate.toml`\n", breaches.join("\n  "));
}

/// The folders below `plugins/` with their manifests.
fn manifests() -> Vec<(String, Table)> {
    let folders = fs::read_dir(root().join("plugins")).unwrap().map(|entry| entry.unwrap().file_name());
    let policies = folders.filter_map(|name| name.into_string().ok());
    let manifest = |policy: String| {
        let name = format!("plugins/{policy}/lexgate.toml");
        root().join(&name).is_file().then(|| (policy, read(&name).parse().unwrap()))
    };
    let manifests: Vec<_> = policies.filter_map(manifest).collect();
    assert!(!manifests.is_empty(), "there are no policies");
    manifests
}

fn table(manifest: &Table, name: &str) -> Table {
    manifest.get(name).and_then(Value::as_table).cloned().unwrap_or_default()
}

fn text<'a>((language, text): (&'a String, &'a Value)) -> (&'a str, &'a str) {
    (language, text.as_str().unwrap_or_default())
}

/// What stands in braces.
fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("cannot read `{name}`: {error}"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
