//! Makes the names of functions short, so that a package can keep them: they are what a trap and a profile tell.
//!
//! As compilers write them they are a quarter of a policy: mangled, with every type parameter. What an author needs is
//! `Terms::parse`. Functions of Rust's own libraries, of which there are hundreds, keep the name of the library.

use crate::SealError;
use wasm_encoder::{CustomSection, NameMap, NameSection, RawSection};
use wasmparser::{BinaryReaderError, KnownCustom, Name, Parser, Payload};

/// Libraries whose functions have their name only.
const LIBRARIES: [&str; 5] = ["alloc", "core", "std", "compiler_builtins", "wit_bindgen"];

/// Most bytes of a name; chosen by feel, two long words and what joins them.
const MOST_BYTES: usize = 64;

/// Returns the core module with short names of functions; names of anything else go.
///
/// # Errors
/// When it is no module.
pub fn with_short_names(module: &[u8]) -> Result<Vec<u8>, SealError> {
    shortened(module).map_err(|error| SealError::Invalid { why: error.to_string() })
}

fn shortened(module: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    let mut short = wasm_encoder::Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        match &payload {
            Payload::CustomSection(section) => match section.as_known() {
                KnownCustom::Name(names) => {
                    short.section(&functions(names)?);
                }
                _ => {
                    let (name, data) = (section.name().into(), section.data().into());
                    short.section(&CustomSection { name, data });
                }
            },
            other => {
                if let Some((id, range)) = other.as_section() {
                    short.section(&RawSection { id, data: module.get(range).unwrap_or_default() });
                }
            }
        }
    }
    Ok(short.finish())
}

fn functions(names: wasmparser::NameSectionReader<'_>) -> Result<NameSection, BinaryReaderError> {
    let mut functions = NameMap::new();
    for subsection in names {
        if let Name::Function(map) = subsection? {
            for naming in map {
                let naming = naming?;
                functions.append(naming.index, &short(naming.name));
            }
        }
    }
    let mut section = NameSection::new();
    section.functions(&functions);
    Ok(section)
}

/// Returns a name without its crate, its modules and its type parameters; with the type it belongs to.
fn short(mangled: &str) -> String {
    let full = format!("{:#}", rustc_demangle::demangle(mangled));
    let path = without_parameters(&full);
    let segments: Vec<&str> = path.split("::").filter(|segment| !segment.is_empty()).collect();
    let of_library = segments.first().is_some_and(|first| LIBRARIES.contains(first));
    let mut short = match segments.as_slice() {
        [library, _, ..] if of_library => (*library).to_owned(),
        [.., of, function, closure] if closure.starts_with('{') => format!("{of}::{function}::{{closure}}"),
        [.., of, function] => format!("{of}::{function}"),
        _ => path,
    };
    short.truncate(short.floor_char_boundary(MOST_BYTES));
    short
}

/// Returns a path without what stands in angle brackets; `<A as B>::f` becomes `A::f`.
fn without_parameters(path: &str) -> String {
    let inner = path.strip_prefix('<').and_then(|rest| {
        let mut depth = 1usize;
        let end = rest.char_indices().find_map(|(at, sign)| {
            match sign {
                '<' => depth += 1,
                '>' => depth -= 1,
                _ => {}
            }
            (depth == 0).then_some(at)
        })?;
        let implementor = rest.get(..end)?;
        let implementor = implementor.split(" as ").next()?.trim_start_matches(['&', '[', '(']);
        let implementor = implementor.trim_start_matches("mut ").trim_start_matches("dyn ");
        Some(format!("{implementor}{}", rest.get(end + 1..)?))
    });
    let path = inner.as_deref().unwrap_or(path);
    let (mut plain, mut depth) = (String::new(), 0usize);
    for sign in path.chars() {
        match sign {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            sign if depth == 0 => plain.push(sign),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(mangled: &str, expected: &str) {
        assert_eq!(short(mangled), expected);
    }

    #[test]
    fn a_name_keeps_its_type_and_function() {
        check(
            "_ZN13lexgate_model9ownership5graph5Graph11open_claims17hb2ae598cb975dafbE",
            "Graph::open_claims",
        );
        check(
            "_ZN55_$LT$kr_csap..KrCsap$u20$as$u20$lexgate_sdk..Policy$GT$8evaluate17h5462978e6de8a97fE",
            "KrCsap::evaluate",
        );
        check(
            "_ZN13lexgate_model9ownership7control5Reach7missing28_$u7b$$u7b$closure$u7d$$u7d$17hea9005026cbfeb74E",
            "Reach::missing::{closure}",
        );
        check("cabi_realloc", "cabi_realloc");
        check("lexgate:screening/policy@0.1.0#evaluate", "lexgate:screening/policy@0.1.0#evaluate");
    }

    #[test]
    fn libraries_keep_their_name_only() {
        check("_RNvNtCsgXGp5Oqx2Ny_4core3str19slice_error_fail_rt", "core");
        check("_ZN5alloc3vec16Vec$LT$T$C$A$GT$16extend_desugared17h1322f6344fec91dfE", "alloc");
        check(
            "_ZN67_$LT$alloc..vec..Vec$LT$T$C$A$GT$$u20$as$u20$core..clone..Clone$GT$5clone17h58997e679eeccdc6E",
            "alloc",
        );
    }

    #[test]
    fn names_are_cut_and_nothing_panics() {
        assert_eq!(short(&"ü".repeat(100)).len(), MOST_BYTES);
        for odd in ["", "<", "<<>", ">::", "<a as b", "::", "<é>é"] {
            let _ = short(odd);
        }
    }

    #[test]
    fn a_module_stays_what_it_is_but_for_its_names() {
        let text = r#"(module $m (type (func)) (import "a" "b" (func $_ZN1a1b17h0000000000000000E))
            (func $_ZN5alloc3vec1f17h0000000000000000E (export "f") (local $x i32) call 0)
            (memory 1) (data (i32.const 8) "hello") (@custom "kept" "bytes"))"#;
        let module = wat::parse_str(text).unwrap();
        let short = shortened(&module).unwrap();
        let printed = |module: &[u8]| {
            let mut sections = Vec::new();
            for payload in Parser::new(0).parse_all(module) {
                let payload = payload.unwrap();
                if let Some((id, range)) = payload.as_section()
                    && !matches!(&payload, Payload::CustomSection(section) if section.name() == "name")
                {
                    sections.push((id, module[range].to_vec()));
                }
            }
            sections
        };
        assert_eq!(printed(&module), printed(&short));
        let has = |text: &str| short.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(has("a::b") && has("alloc") && !has("_ZN") && !has("$m"), "{short:?}");
        assert!(shortened(b"\0asm\x01\0\0\0\xff").is_err());
    }
}
