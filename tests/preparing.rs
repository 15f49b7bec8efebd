//! Policies made ready: the same bytes whenever it is done, the same answers however they are kept and run, and nothing
//! loaded from the cache that was not put there.

#![expect(clippy::disallowed_methods, reason = "a test makes its own folders")]

mod guests;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use guests::{BUMP, Guest, SILENCE, Wit, request};
use lexgate_engine::{
    Artifact, Binding, Cache, Engine, Failed, Instances, Order, PolicySet, Prepared, Room, Start, Workshop,
    prevents_snapshot,
};
use lexgate_model::Record;
use lexgate_model::fault::{Fault, Limits};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A key like any other.
const KEY: [u8; 32] = [7; 32];

/// Room on disk that nothing here fills.
const MOST_BYTES: u64 = 1 << 30;

/// What prevents a snapshot: a global that the tool cannot read.
const NO_SNAPSHOT: &str = "(global (mut v128) (v128.const i64x2 0 0))";

/// A folder for a cache.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        Place(folder)
    }

    fn dir(&self) -> Dir {
        Dir::open_ambient_dir(self.0.path(), ambient_authority()).unwrap()
    }

    fn cache(&self) -> Cache {
        Cache::new(self.dir(), KEY, MOST_BYTES).unwrap()
    }

    /// The entries, with their names.
    fn entries(&self) -> Vec<(String, Vec<u8>)> {
        let entries = self.dir().entries().unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names.into_iter().map(|name| (name.clone(), self.dir().read(&name).unwrap())).collect()
    }
}

/// Makes nothing: what is asked of it must be in the cache.
struct Idle;

impl Workshop for Idle {
    fn make(&self, _: Order<'_>) -> Result<Artifact, Failed> {
        Err(Failed::Unmade("it is not in the cache".to_owned()))
    }
}

/// Counts how often something is made.
struct Counting(Arc<AtomicUsize>, Engine);

/// A policy that remembers something of its configuration, and tells it.
fn telling(wit: &Wit) -> Guest<'_> {
    let finding = json!({
        "rule": "r1", "code": "plain", "floor": "permit", "ceiling": "permit", "licensing": null, "arguments": [],
        "evidence": [{ "at": "request", "field": "action" }], "derived": [], "obligations": [], "missing": [],
    });
    Guest { evaluate: json!({ "ok": [finding] }).into(), ..Guest::new(wit) }
}

/// A policy that traps unless it was configured once, and grows its memory while it is.
fn remembering(wit: &Wit) -> Guest<'_> {
    let configure = format!(
        "(global.set $configured (i32.add (global.get $configured) (i32.const 1)))
         (drop (memory.grow (i32.const 2)))
         (i32.store (i32.const 131072) (i32.const 42)) {SILENCE}"
    );
    let evaluate = format!(
        "(if (i32.ne (global.get $configured) (i32.const 1)) (then unreachable))
         (if (i32.ne (i32.load (i32.const 131072)) (i32.const 42)) (then unreachable))
         (global.set $configured (i32.const 9))
         (i32.store (i32.const 131072) (i32.const 9)) {SILENCE}"
    );
    Guest {
        items: "(global $configured (mut i32) (i32.const 0))".to_owned(),
        configure: configure.as_str().into(),
        evaluate: evaluate.as_str().into(),
        ..Guest::new(wit)
    }
}

fn decide(engine: &Engine, policy: &Prepared) -> Record {
    let limits = Limits { deadline_ms: 60_000, ..Limits::default() };
    let binding = Binding { limits, ..Binding::new("b", policy.clone()) };
    let request = request();
    engine.decide(&PolicySet::new(vec![binding]).unwrap(), &request, request.when().unwrap())
}

fn answer(engine: &Engine, policy: &Prepared) -> Vec<u8> {
    let record = decide(engine, policy);
    assert_eq!(record.bindings[0].fault, None);
    serde_json::to_vec(&record).unwrap()
}

#[test]
fn a_snapshot_holds_what_was_configured_and_nothing_passes_on() {
    let (wit, engine) = (Wit::read("wit"), Engine::new().unwrap());
    let policy = remembering(&wit).prepare(&engine).unwrap();
    assert_eq!(*policy.start(), Start::Snapshot);
    let first = answer(&engine, &policy);
    assert_eq!(answer(&engine, &policy), first);
    assert_eq!(decide(&engine, &policy).bindings[0].used.configure_fuel, 0);
}

#[test]
fn a_guest_without_a_snapshot_is_configured_by_every_evaluation() {
    let (wit, engine) = (Wit::read("wit"), Engine::new().unwrap());
    let mut guest = remembering(&wit);
    guest.items += NO_SNAPSHOT;
    let policy = guest.prepare(&engine).unwrap();
    let Start::Afresh(why) = policy.start() else { panic!("there is a snapshot") };
    assert!(why.contains("v128"), "{why}");
    assert_eq!(prevents_snapshot(&guest.package()).as_deref(), Some(why.as_str()));
    let first = answer(&engine, &policy);
    assert_eq!(answer(&engine, &policy), first);
    let (afresh, once) = (decide(&engine, &policy).bindings[0].used, policy.configuring());
    assert!(afresh.configure_fuel > 0);
    assert_eq!(afresh.configure_fuel, once.fuel);
}

#[test]
fn what_prevents_a_snapshot_is_named() {
    let (wit, engine) = (Wit::read("wit"), Engine::new().unwrap());
    let named = |items: &str| {
        let guest = Guest { items: items.to_owned(), ..Guest::new(&wit) };
        let policy = guest.prepare(&engine).unwrap();
        answer(&engine, &policy);
        match policy.start() {
            Start::Snapshot => String::new(),
            Start::Afresh(why) => why.clone(),
        }
    };
    assert_eq!(named(""), "");
    assert!(named(NO_SNAPSHOT).contains("v128"));
    let table = "(table $t 2 2 funcref) (elem declare func $f) (func $f)";
    assert_eq!(named(table), "");
    let set = format!("{table} (func (table.set $t (i32.const 0) (ref.func $f)))");
    assert!(named(&set).contains("table.set"), "{}", named(&set));
    let reference = "(global (mut funcref) (ref.null func))";
    assert!(named(reference).contains("reference type"), "{}", named(reference));
}

#[test]
fn pooled_or_not_kept_or_not_the_answer_and_the_fuel_are_the_same() {
    let (wit, place) = (Wit::read("wit"), Place::new());
    let engines = [
        Engine::new().unwrap(),
        Engine::builder().instances(Instances::OnDemand).start().unwrap(),
        Engine::builder().instances(Instances::Pooled(1)).start().unwrap(),
        // The first fills the cache, the others find what they need in it.
        Engine::builder().cache(place.cache()).start().unwrap(),
        Engine::builder().cache(place.cache()).workshop(Box::new(Idle)).start().unwrap(),
        Engine::builder()
            .cache(place.cache())
            .workshop(Box::new(Idle))
            .instances(Instances::OnDemand)
            .start()
            .unwrap(),
    ];
    let growing = format!("(drop (memory.grow (i32.const 3))) {SILENCE}");
    for mut guest in
        [telling(&wit), remembering(&wit), Guest { evaluate: growing.as_str().into(), ..Guest::new(&wit) }]
    {
        for items in ["", NO_SNAPSHOT] {
            guest.items += items;
            let mut answers = engines.iter().map(|engine| answer(engine, &guest.prepare(engine).unwrap()));
            let first = answers.next().unwrap();
            assert!(answers.all(|answer| answer == first));
        }
    }
}

#[test]
fn made_twice_it_has_equal_bytes() {
    let wit = Wit::read("wit");
    let made = || {
        let place = Place::new();
        let engine = Engine::builder().cache(place.cache()).start().unwrap();
        remembering(&wit).prepare(&engine).unwrap();
        place.entries()
    };
    let (first, second) = (made(), made());
    assert_eq!((first.len(), &first), (1, &second));
}

#[test]
fn what_was_cut_altered_or_put_elsewhere_is_made_again() {
    let (wit, place) = (Wit::read("wit"), Place::new());
    let engine = || Engine::builder().cache(place.cache()).start().unwrap();
    let idle = || Engine::builder().cache(place.cache()).workshop(Box::new(Idle)).start().unwrap();
    let (policy, other) = (remembering(&wit), telling(&wit));
    policy.prepare(&engine()).unwrap();
    let (name, good) = place.entries().remove(0);
    other.prepare(&engine()).unwrap();
    let (_, others) = place.entries().into_iter().find(|(found, _)| *found != name).unwrap();
    policy.prepare(&idle()).unwrap();

    let mut bad: Vec<Vec<u8>> = [0, 1, 31, 32, 33, good.len() / 2, good.len() - 1]
        .into_iter()
        .map(|length| good[..length].to_vec())
        .collect();
    for at in [0, 31, 32, 40, good.len() / 2, good.len() - 1] {
        let mut altered = good.clone();
        altered[at] ^= 1;
        bad.push(altered);
    }
    bad.push([good.as_slice(), b"more"].concat());
    bad.push(others);
    for bytes in bad {
        place.dir().write(&name, &bytes).unwrap();
        policy.prepare(&idle()).unwrap_err();
        place.dir().write(&name, &bytes).unwrap();
        let engine = engine();
        answer(&engine, &policy.prepare(&engine).unwrap());
        let healed = place.entries().into_iter().find(|(found, _)| *found == name).unwrap();
        assert_eq!(healed.1, good);
    }
    // Whoever has another key trusts none of it.
    let stranger = Cache::new(place.dir(), [8; 32], MOST_BYTES).unwrap();
    let stranger = Engine::builder().cache(stranger).workshop(Box::new(Idle)).start().unwrap();
    policy.prepare(&stranger).unwrap_err();
}

#[test]
fn other_parameters_datasets_or_packages_have_other_entries() {
    let (wit, place) = (Wit::read("wit"), Place::new());
    let engine = Engine::builder().cache(place.cache()).start().unwrap();
    let mut guest = telling(&wit);
    guest.manifest["parameters"]["properties"] = json!({ "a": { "type": "integer", "default": 1 } });
    let package = guest.verified();
    let with = |parameters: serde_json::Value| {
        let parameters = parameters.as_object().unwrap().clone();
        let parameters = package.manifest.parameters.accept(parameters).unwrap();
        engine.prepare(package.clone(), parameters, Vec::new()).unwrap();
        place.entries().len()
    };
    assert_eq!(with(json!({})), 1);
    assert_eq!(with(json!({ "a": 1 })), 1, "as it is by default");
    assert_eq!(with(json!({ "a": 2 })), 2);
    telling(&wit).prepare(&engine).unwrap();
    assert_eq!(place.entries().len(), 3);
}

#[test]
fn a_cache_that_others_can_use_is_refused() {
    let place = Place::new();
    for mode in [0o701, 0o710, 0o755, 0o777] {
        std::fs::set_permissions(place.0.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        let refused = Cache::new(place.dir(), KEY, MOST_BYTES).unwrap_err().to_string();
        assert!(refused.contains("make it 700"), "{refused}");
    }
}

#[test]
fn a_full_cache_lets_go_of_the_oldest() {
    let (wit, place) = (Wit::read("wit"), Place::new());
    let cache = Cache::new(place.dir(), KEY, 1).unwrap();
    let engine = Engine::builder().cache(cache).start().unwrap();
    // The first that is written looks whether there is too much.
    let policy = telling(&wit).prepare(&engine).unwrap();
    assert_eq!(place.entries().len(), 0);
    answer(&engine, &policy);
}

#[test]
fn policies_leave_memory_and_come_back() {
    let (wit, place) = (Wit::read("wit"), Place::new());
    let made = Arc::new(AtomicUsize::new(0));
    let counting = Counting(Arc::clone(&made), Engine::builder().cache(place.cache()).start().unwrap());
    let room = Room { policies: 2, bytes: usize::MAX };
    let engine =
        Engine::builder().cache(place.cache()).workshop(Box::new(counting)).room(room).start().unwrap();
    let growing = |pages: u32| format!("(drop (memory.grow (i32.const {pages}))) {SILENCE}");
    let policies: Vec<_> = (0..6)
        .map(|pages| {
            let guest = Guest { evaluate: growing(pages).as_str().into(), ..Guest::new(&wit) };
            guest.prepare(&engine).unwrap()
        })
        .collect();
    let first: Vec<_> = policies.iter().map(|policy| answer(&engine, policy)).collect();
    for _ in 0..3 {
        for (policy, first) in policies.iter().zip(&first).rev() {
            assert_eq!(answer(&engine, policy), *first);
        }
    }
    assert_eq!(made.load(Ordering::Relaxed), 6, "they are loaded again, and not made again");
    for (name, _) in place.entries() {
        place.dir().remove_file(name).unwrap();
    }
    for (policy, first) in policies.iter().zip(&first) {
        assert_eq!(answer(&engine, policy), *first, "what is lost is made again");
    }
    assert!(made.load(Ordering::Relaxed) > 6);
}

impl Workshop for Counting {
    fn make(&self, order: Order<'_>) -> Result<Artifact, Failed> {
        self.0.fetch_add(1, Ordering::Relaxed);
        self.1.workshop().make(order)
    }
}

#[test]
fn more_policies_in_memory_than_there_can_be_descriptors_are_refused() {
    let room = Room { policies: usize::MAX, bytes: usize::MAX };
    let refused = Engine::builder().room(room).start().unwrap_err().to_string();
    assert!(refused.contains("descriptors are needed"), "{refused}");
}

#[test]
fn without_a_free_instance_an_evaluation_faults_and_says_so() {
    let wit = Wit::read("wit");
    let engine = Engine::builder().instances(Instances::Pooled(1)).start().unwrap();
    let endless = Guest { evaluate: "(loop (br 0)) unreachable".into(), ..Guest::new(&wit) };
    let (endless, quick) = (endless.prepare(&engine).unwrap(), telling(&wit).prepare(&engine).unwrap());
    let limits = Limits { deadline_ms: 1_000, base_fuel: u64::MAX, ..Limits::default() };
    let (engine, date) = (&engine, lexgate_model::date::new(2025, 11, 10).unwrap());
    let done = &AtomicUsize::new(0);
    let faults = std::thread::scope(|scope| {
        scope.spawn(move || {
            // The other may hold the instance when this wants it.
            let mut outcome = Err(Fault::NoInstance);
            while outcome == Err(Fault::NoInstance) {
                outcome = engine.evaluate(&endless, &request(), date, &limits).outcome;
            }
            done.store(1, Ordering::Release);
            assert_eq!(outcome, Err(Fault::Deadline));
        });
        let mut faults = Vec::new();
        while done.load(Ordering::Acquire) == 0 {
            faults.extend(engine.evaluate(&quick, &request(), date, &limits).outcome.err());
        }
        faults
    });
    assert!(!faults.is_empty(), "the loop holds the only instance");
    assert!(faults.iter().all(|fault| *fault == Fault::NoInstance && !fault.is_deterministic()));
    assert!(engine.evaluate(&quick, &request(), date, &limits).outcome.is_ok(), "it is free again");
}

#[test]
fn an_allocator_that_breaks_after_configuring_breaks_no_snapshot() {
    let (wit, engine) = (Wit::read("wit"), Engine::new().unwrap());
    let allocate = format!("(if (global.get $configured) (then unreachable)) {BUMP}");
    let configure = format!("(global.set $configured (i32.const 1)) {SILENCE}");
    let guest = Guest {
        items: "(global $configured (mut i32) (i32.const 0))".to_owned(),
        configure: configure.as_str().into(),
        allocate,
        ..Guest::new(&wit)
    };
    let record = decide(&engine, &guest.prepare(&engine).unwrap());
    assert!(matches!(record.bindings[0].fault, Some(Fault::Trap(_))));
}
