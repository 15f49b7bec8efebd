//! Puts a stop behind every call of a component, so that a profile knows when a function has returned.
//!
//! The engine looks at fuel where a function begins and where a loop does, never where a function ends. A loop without a
//! body behind every call is such a place, and costs no fuel. Nothing else changes: what the component computes, what that
//! costs and the names of its functions stay as they are.

use crate::SealError;
use wasm_encoder::{CodeSection, Encode};
use wasmparser::{BinaryReader, BinaryReaderError, Chunk, CodeSectionReader, Operator, Parser, Payload};

/// A loop without parameters, results and body: `loop`, its type, `end`.
const STOP: [u8; 3] = [0x03, 0x40, 0x0b];

/// Bytes before the first section: the magic number, the version and the layer.
const HEAD_BYTES: usize = 8;

/// Returns the component, or the core module, with a stop behind every call, however deep its modules lie.
///
/// # Errors
/// When it is neither.
pub fn with_stops(component: &[u8]) -> Result<Vec<u8>, SealError> {
    stopping(component).map_err(|error| SealError::Invalid { why: error.to_string() })
}

fn stopping(bytes: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    let mut whole = bytes.get(..HEAD_BYTES).unwrap_or_default().to_vec();
    let mut parser = Parser::new(0);
    let mut at = 0usize;
    loop {
        let payload = match parser.parse(bytes.get(at..).unwrap_or_default(), true)? {
            Chunk::Parsed { payload, consumed } => {
                at += consumed;
                payload
            }
            // INVARIANT: everything is there, so the parser reads a payload or fails.
            Chunk::NeedMoreData(_) => return Ok(whole),
        };
        if let Payload::End(_) = payload {
            return Ok(whole);
        }
        let Some((id, range)) = payload.as_section() else { continue };
        let inside = bytes.get(range.clone()).unwrap_or_default();
        whole.push(id);
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                stopping(inside)?.as_slice().encode(&mut whole);
                at = range.end;
            }
            Payload::CodeSectionStart { .. } => {
                functions(inside)?.encode(&mut whole);
                parser.skip_section();
                at = range.end;
            }
            _ => inside.encode(&mut whole),
        }
    }
}

/// Returns the functions of a code section with stops.
fn functions(section: &[u8]) -> Result<CodeSection, BinaryReaderError> {
    let mut functions = CodeSection::new();
    for body in CodeSectionReader::new(BinaryReader::new(section, 0))? {
        let body = body?;
        let mut operators = body.get_operators_reader()?;
        let mut copied = body.range().start;
        let mut stopping = Vec::with_capacity(body.range().len());
        while !operators.eof() {
            let calls = matches!(
                operators.read()?,
                Operator::Call { .. } | Operator::CallIndirect { .. } | Operator::CallRef { .. }
            );
            let end = operators.original_position();
            stopping.extend_from_slice(section.get(copied..end).unwrap_or_default());
            copied = end;
            if calls {
                stopping.extend_from_slice(&STOP);
            }
        }
        functions.raw(&stopping);
    }
    Ok(functions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmparser::{Validator, WasmFeatures};

    /// Checks what becomes of the functions of a module.
    #[track_caller]
    fn check(functions: &str, expected: &str) {
        let module = |functions: &str| {
            let text = format!(
                r#"(module (import "a" "b" (func $b)) (table 1 funcref) (memory 1)
                    {functions} (data (i32.const 8) "hello") (@custom "kept" "bytes"))"#
            );
            wat::parse_str(text).unwrap()
        };
        assert_eq!(with_stops(&module(functions)).unwrap(), module(expected));
    }

    #[test]
    fn behind_every_call_there_is_a_stop_and_nowhere_else() {
        check("(func $f nop)", "(func $f nop)");
        check("(func $f call $b)", "(func $f call $b (loop))");
        check(
            "(func $f (result i32) (local i64 i32) (call $b) (i32.add (call $f) (call $f)))",
            "(func $f (result i32) (local i64 i32) (call $b) (loop)
                call $f loop end call $f loop end i32.add)",
        );
        check(
            "(func (if (i32.const 1) (then (call_indirect (i32.const 0)) (br 0))))",
            "(func (if (i32.const 1) (then (call_indirect (i32.const 0)) (loop) (br 0))))",
        );
        check("(func unreachable call $b)", "(func unreachable call $b (loop))");
    }

    #[test]
    fn modules_inside_components_inside_components_get_theirs() {
        let component = |body: &str| {
            let module = format!("(core module $m (func $f (export \"f\") {body}))");
            let text = format!(
                "(component {module} (core instance $i (instantiate $m))
                    (component {module} (component (core module))))"
            );
            wat::parse_str(text).unwrap()
        };
        let stopping = with_stops(&component("call $f")).unwrap();
        assert_eq!(stopping, component("call $f (loop)"));
        Validator::new_with_features(WasmFeatures::all()).validate_all(&stopping).unwrap();
    }

    #[test]
    fn what_is_cut_is_refused_and_nothing_panics() {
        let module = wat::parse_str("(module (func $f call $f))").unwrap();
        for cut in 1..module.len() {
            // A module may end behind any of its sections.
            let _ = with_stops(&module[..cut]);
        }
        assert!(with_stops(&module[..module.len() - 1]).is_err());
        assert!(with_stops(b"rubbish.").is_err());
    }
}
