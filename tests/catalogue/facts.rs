//! What policies declare of the facts they read is true: all that findings name, and nothing else.

use crate::shipped;
use lexgate_model::manifest::{FactRead, Part, RecordKind, Spot};
use std::collections::BTreeSet;

#[test]
fn findings_name_what_their_rules_declare_to_read() {
    let mut breaches = BTreeSet::new();
    for policy in shipped() {
        let manifest = &policy.package.manifest;
        let mut seen: BTreeSet<(String, Spot)> = BTreeSet::new();
        for question in &policy.questions {
            let asked = policy.asked(question);
            let said = asked.says(&question.request, question.what_if).unwrap();
            for finding in &said.findings {
                let evidence = finding.evidence.iter().map(|evidence| &evidence.pointer);
                let missing = finding.missing.iter().map(|missing| &missing.pointer);
                for pointer in evidence.chain(missing) {
                    match Spot::of_pointer(pointer) {
                        Some(spot) => {
                            seen.insert((finding.rule.clone(), spot));
                        }
                        None => {
                            breaches.insert(format!("{}: `{pointer}` is no place of facts", policy.id));
                        }
                    }
                }
            }
        }
        let declared: BTreeSet<(String, Spot)> = manifest
            .facts
            .iter()
            .flat_map(|fact| fact.rules.iter().map(|rule| (rule.clone(), fact.spot())))
            .collect();
        // A record as a whole is a place for whatever is read of it.
        let undeclared = seen.difference(&declared).filter(|(_, spot)| !is_whole(spot));
        breaches.extend(
            undeclared.map(|(rule, spot)| format!("{}: `{rule}` reads {spot:?}, undeclared", policy.id)),
        );
        let read: BTreeSet<&Spot> = seen.iter().map(|(_, spot)| spot).collect();
        let unread =
            manifest.facts.iter().map(FactRead::spot).filter(|spot| !read.contains(spot) && !silent(spot));
        breaches.extend(unread.map(|spot| format!("{}: no case in which {spot:?} is read", policy.id)));
    }
    assert!(breaches.is_empty(), "\n\n  {}\n", breaches.into_iter().collect::<Vec<_>>().join("\n  "));
}

/// Days and programmes tell whether an interest or a listing counts; what findings name is that interest or listing.
fn silent(spot: &Spot) -> bool {
    let within = matches!(spot.of, RecordKind::Interest | RecordKind::Listing);
    within && ["start", "end", "program"].map(|name| Part::Field(name.to_owned())).contains(&spot.part)
}

fn is_whole(spot: &Spot) -> bool {
    spot.part == Part::Whole
        || (spot.of == RecordKind::Request && spot.part == Part::Field("deployment".to_owned()))
}
