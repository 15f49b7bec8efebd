use super::*;

/// The types of the contract do not matter here: only how functions are wired.
const TYPES: &str = r#"
    (import "lexgate:screening/log@0.1.0" (instance $log
        (export "write" (func (param "message" string)))))
    (import "lexgate:screening/datasets@0.1.0" (instance $datasets
        (export "read" (func (param "name" string)))))"#;

const MAIN: &str = r#"(core module $Main
    (import "log" "write" (func (param i32 i32)))
    (memory (export "memory") 1)
    (func (export "configure") (param i32 i32))
    (func (export "evaluate") (param i32))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (unreachable)))"#;

const SHIM: &str = r#"(core module $Shim
    (type $t (func (param i32 i32)))
    (table (export "$imports") 1 1 funcref)
    (func (export "0") (type $t) (local.get 0) (local.get 1) (i32.const 0) (call_indirect (type $t))))"#;

const FIXUP: &str = r#"(core module $Fixup
    (import "" "0" (func (param i32 i32)))
    (import "" "$imports" (table 1 1 funcref))
    (elem (i32.const 0) func 0))"#;

const WIRED: &str = r#"
    (core instance $shim (instantiate $Shim))
    (core instance $main (instantiate $Main (with "log" (instance (export "write" (func $shim "0"))))))
    (core func $write (canon lower (func $log "write") (memory $main "memory")))
    (core instance $fixup (instantiate $Fixup (with "" (instance
        (export "$imports" (table $shim "$imports")) (export "0" (func $write))))))"#;

const LIFTED: &str = r#"
    (func $configure (param "parameters" string)
        (canon lift (core func $main "configure") (memory $main "memory") (realloc (func $main "realloc"))))
    (func $evaluate (param "request" u32)
        (canon lift (core func $main "evaluate") (memory $main "memory") (realloc (func $main "realloc"))))
    (instance $policy (export "configure" (func $configure)) (export "evaluate" (func $evaluate)))
    (export "lexgate:screening/policy@0.1.0" (instance $policy))"#;

fn component(parts: [&str; 6]) -> Vec<u8> {
    let bytes = wat::parse_str(format!("(component {})", parts.join("\n"))).unwrap();
    let features = wasmparser::WasmFeatures::all();
    wasmparser::Validator::new_with_features(features).validate_all(&bytes).unwrap();
    bytes
}

const USUAL: [&str; 6] = [TYPES, MAIN, SHIM, FIXUP, WIRED, LIFTED];

/// Returns the ways of the usual component where one text was replaced.
#[track_caller]
fn ways(old: &str, new: &str) -> Option<Ways> {
    let replaced = USUAL.map(|part| part.replace(old, new));
    assert_eq!(replaced == USUAL.map(str::to_owned), old == new, "`{old}` stands nowhere");
    let bytes = component(replaced.each_ref().map(String::as_str));
    find_alone(&bytes).map(|found| {
        assert!(wasmparser::validate(found.module).is_ok());
        found.ways
    })
}

#[test]
fn what_wit_component_makes_is_one_module() {
    let found = ways("", "").unwrap();
    assert_eq!(found.evaluate, "evaluate");
    assert_eq!((found.memory.as_str(), found.realloc.as_str()), ("memory", "realloc"));
    assert_eq!((found.post_return, found.whole), (None, false));
    assert_eq!(found.imports, [("log".to_owned(), "write".to_owned(), Import::Write)]);
    // As a profile has it.
    assert!(ways("(call_indirect (type $t))", "(call_indirect (type $t)) (loop)").is_some());
    assert!(ways("(call_indirect (type $t))", "(call_indirect (type $t)) (loop) (loop)").is_some());
}

#[test]
fn which_import_it_is_hangs_on_the_wires_not_on_the_names() {
    let found = ways(r#"(func $log "write")"#, r#"(func $datasets "read")"#).unwrap();
    assert_eq!(found.imports, [("log".to_owned(), "write".to_owned(), Import::Read)]);
    let other = ways("lexgate:screening/log@0.1.0", "lexgate:screening/other@0.1.0");
    assert_eq!(other, None);
}

#[test]
fn without_imports_nothing_else_may_be_there() {
    let alone = |beside: &str| {
        let main = MAIN.replace("(import \"log\" \"write\" (func (param i32 i32)))", "");
        let bytes =
            component([TYPES, &main, beside, "(core instance $main (instantiate $Main))", "", LIFTED]);
        find_alone(&bytes).is_some()
    };
    assert!(alone(""));
    assert!(alone("(core module)"));
    assert!(!alone("(core module $Other) (core instance (instantiate $Other))"));
}

#[test]
fn names_without_end_are_left_to_the_component_model() {
    let long = "m".repeat(9_000);
    assert_eq!(ways("\"memory\"", &format!("\"{long}\"")), None);
}

#[test]
fn a_guest_says_that_it_takes_one_block() {
    let says = format!("(func (export \"{WHOLE}\")) (func (export \"evaluate\")");
    assert!(ways("(func (export \"evaluate\")", &says).unwrap().whole);
}

#[test]
fn whatever_is_wired_otherwise_is_left_to_the_component_model() {
    let not = |old: &str, new: &str| assert_eq!(ways(old, new), None, "{new}");
    // The shim passes something else on, does something else, or begins with something.
    not("(local.get 0) (local.get 1) (i32.const 0)", "(local.get 1) (local.get 0) (i32.const 0)");
    not("(local.get 0) (local.get 1) (i32.const 0)", "(local.get 0) (i32.const 7) (i32.const 0)");
    not("(call_indirect (type $t))", "(call_indirect (type $t)) (nop)");
    not("(func (export \"0\") (type $t)", "(func (export \"0\") (type $t) (local i32)");
    not("(table (export", "(func $s) (start $s) (table (export");
    // The table is filled in otherwise, by more, or passed on.
    not("(elem (i32.const 0) func 0)", "(elem (offset (i32.const 0)) funcref (ref.null func))");
    not("(elem (i32.const 0) func 0)", "(func $f (param i32 i32)) (elem (i32.const 0) func $f)");
    not(
        "(core instance $shim (instantiate $Shim))",
        "(core instance $shim (instantiate $Shim)) (core instance (instantiate $Shim))",
    );
    // The module is there twice, or what is called is not all of one instance.
    let twice =
        "(core instance (instantiate $Main (with \"log\" (instance (export \"write\" (func $shim \"0\"))))))
        (func $configure (param";
    not("(func $configure (param", twice);
    // Something else has an instance, which could write to what the module shares.
    let beside = "(core module $Other (import \"m\" \"memory\" (memory 1)) (data (i32.const 0) \"x\"))
        (core instance (instantiate $Other (with \"m\" (instance $main)))) (func $configure (param";
    not("(func $configure (param", beside);
    // The segment begins elsewhere, the shim has two tables, passes on less than it was given, or the text is in its memory.
    not("(elem (i32.const 0) func 0)", "(elem (offset (i32.add (i32.const 0) (i32.const 0))) func 0)");
    not("(table (export", "(table 1 1 funcref) (table (export");
    not(
        "(table (export \"$imports\") 1 1 funcref)",
        "(table (export \"$imports\") 1 1 funcref) (table 1 1 funcref)",
    );
    let less = "(type $less (func (param i32)))
        (func (export \"0\") (type $t) (local.get 0) (i32.const 0) (call_indirect (type $less))))";
    not(
        "(func (export \"0\") (type $t) (local.get 0) (local.get 1) (i32.const 0) (call_indirect (type $t))))",
        less,
    );
    let own = "(canon lower (func $log \"write\") (memory $shim \"own\"))";
    let with_own = USUAL.map(|part| {
        part.replace("(canon lower (func $log \"write\") (memory $main \"memory\"))", own)
            .replace("(table (export", "(memory (export \"own\") 1) (table (export")
    });
    assert!(find_alone(&component(with_own.each_ref().map(String::as_str))).is_none());
    // What fills in a table has one of its own and fills that in, or is given more than it takes.
    not("(import \"\" \"$imports\" (table 1 1 funcref))", "(table 1 1 funcref)");
    not("(elem (i32.const 0) func 0)", "(table 1 1 funcref) (elem (table 1) (i32.const 0) func 0)");
    not("(elem (i32.const 0) func 0)", "(elem (i32.const 0) func 0) (elem (i32.const 0) func 0)");
    not("(elem (i32.const 0) func 0)", "(elem (i32.const 0) func 0 0)");
    // The shim fills in its table itself, or keeps more than a table, or one that is larger than it needs.
    let itself = "(func $n (type $t)) (elem (i32.const 0) func $n) (func (export \"0\") (type $t)";
    not("(func (export \"0\") (type $t)", itself);
    not("(table (export", "(memory 600) (table (export");
    not("(table (export", "(global i32 (i32.const 0)) (table (export");
    not(" 1 1 funcref", " 9000 9000 funcref");
    // More is lifted, or texts are not UTF-8.
    not(
        "(func $configure (param",
        "(func (param \"a\" u32) (canon lift (core func $main \"evaluate\"))) (func $configure (param",
    );
    not("(memory $main \"memory\") (realloc", "string-encoding=utf16 (memory $main \"memory\") (realloc");
}
