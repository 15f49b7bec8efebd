//! Writes values into the memory of a guest as the canonical ABI lays them out, and values that are none.
//!
//! A value is JSON in the shape of its WIT type, names as in WIT. A list or a text may lie where there is none
//! (`{ "at": 4096, "length": 7 }`), a text may be no text (`{ "bytes": [255] }`), and the case of an enum, option, result
//! or variant may be a number that stands for none (`{ "discriminant": 9 }`).

use serde_json::{Value, json};
use wit_parser::{Resolve, SizeAlign, Type, TypeDefKind};

/// The memory of a guest from [`Memory::START`] on, as it is filled.
pub struct Memory<'w> {
    resolve: &'w Resolve,
    sizes: &'w SizeAlign,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl<'w> Memory<'w> {
    /// Where it begins: what lies before stays zero.
    pub const START: usize = 1_024;

    /// Returns an empty memory for values of the types of a contract.
    pub fn new(resolve: &'w Resolve, sizes: &'w SizeAlign) -> Memory<'w> {
        Memory { resolve, sizes, bytes: Vec::new() }
    }

    /// Returns the first address after what is in it, as good as any for what the guest allocates.
    pub fn end(&self) -> usize {
        (Memory::START + self.bytes.len()).next_multiple_of(16)
    }

    /// Returns the address of the value.
    pub fn put(&mut self, ty: &Type, value: &Value) -> usize {
        let at = self.room(self.sizes.align(ty).align_wasm32(), self.sizes.size(ty).size_wasm32());
        self.write(at, ty, value);
        at
    }

    fn room(&mut self, align: usize, size: usize) -> usize {
        let at = (Memory::START + self.bytes.len()).next_multiple_of(align);
        self.bytes.resize(at + size - Memory::START, 0);
        at
    }

    fn set(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at - Memory::START..][..bytes.len()].copy_from_slice(bytes);
    }

    fn set_pair(&mut self, at: usize, pointer: usize, length: usize) {
        self.set(at, &u32::try_from(pointer).unwrap().to_le_bytes());
        self.set(at + 4, &u32::try_from(length).unwrap().to_le_bytes());
    }

    fn write(&mut self, at: usize, ty: &Type, value: &Value) {
        let number = || value.as_i64().unwrap_or_else(|| panic!("expected a number, found {value}"));
        match ty {
            Type::Bool => self.set(at, &[u8::from(value.as_bool().unwrap())]),
            Type::U8 | Type::S8 => self.set(at, &number().to_le_bytes()[..1]),
            Type::U16 | Type::S16 => self.set(at, &number().to_le_bytes()[..2]),
            Type::U32 | Type::S32 => self.set(at, &number().to_le_bytes()[..4]),
            Type::U64 | Type::S64 => self.set(at, &number().to_le_bytes()),
            Type::String => self.write_text(at, value),
            Type::Id(id) => self.write_defined(at, &self.resolve.types[*id].kind, value),
            other => panic!("no contract has the type {other:?}"),
        }
    }

    fn write_text(&mut self, at: usize, value: &Value) {
        let bytes: Vec<u8> = match (value.as_str(), value.get("bytes")) {
            (Some(text), _) => text.as_bytes().to_vec(),
            (None, Some(bytes)) => serde_json::from_value(bytes.clone()).unwrap(),
            (None, None) => return self.write_stray(at, value),
        };
        let pointer = self.room(1, bytes.len());
        self.set(pointer, &bytes);
        self.set_pair(at, pointer, bytes.len());
    }

    /// Writes a pointer and a length that the test made up.
    fn write_stray(&mut self, at: usize, value: &Value) {
        let part = |name: &str| value[name].as_u64().unwrap_or_else(|| panic!("{value} has no `{name}`"));
        let [pointer, length] = ["at", "length"].map(|name| usize::try_from(part(name)).unwrap());
        self.set_pair(at, pointer, length);
    }

    fn write_defined(&mut self, at: usize, kind: &TypeDefKind, value: &Value) {
        match kind {
            TypeDefKind::Type(ty) => self.write(at, ty, value),
            TypeDefKind::Record(record) => {
                let offsets = self.sizes.field_offsets(record.fields.iter().map(|field| &field.ty));
                for (field, (offset, ty)) in record.fields.iter().zip(offsets) {
                    self.write(at + offset.size_wasm32(), ty, &value[&field.name]);
                }
            }
            TypeDefKind::Tuple(tuple) => {
                let offsets = self.sizes.field_offsets(tuple.types.iter());
                for (index, (offset, ty)) in offsets.into_iter().enumerate() {
                    self.write(at + offset.size_wasm32(), ty, &value[index]);
                }
            }
            TypeDefKind::List(element) => {
                let Some(elements) = value.as_array() else { return self.write_stray(at, value) };
                let size = self.sizes.size(element).size_wasm32();
                let pointer = self.room(self.sizes.align(element).align_wasm32(), size * elements.len());
                self.set_pair(at, pointer, elements.len());
                for (index, value) in elements.iter().enumerate() {
                    self.write(pointer + index * size, element, value);
                }
            }
            TypeDefKind::Enum(cases) => {
                let cases: Vec<_> = cases.cases.iter().map(|case| (case.name.as_str(), None)).collect();
                self.write_case(at, &cases, value);
            }
            TypeDefKind::Variant(variant) => {
                let cases: Vec<_> =
                    variant.cases.iter().map(|case| (case.name.as_str(), case.ty.as_ref())).collect();
                self.write_case(at, &cases, value);
            }
            TypeDefKind::Result(result) => {
                self.write_case(at, &[("ok", result.ok.as_ref()), ("err", result.err.as_ref())], value);
            }
            TypeDefKind::Option(_) if value.is_null() => self.set(at, &[0]),
            TypeDefKind::Option(ty) => {
                let plain = value.get("discriminant").is_none() && value.get("some").is_none();
                let value = if plain { &json!({ "some": value }) } else { value };
                self.write_case(at, &[("none", None), ("some", Some(ty))], value);
            }
            other => panic!("no contract has the type {other:?}"),
        }
    }

    /// Writes `"case"`, `{ "case": payload }` or `{ "discriminant": number }`; no contract has 256 cases.
    fn write_case(&mut self, at: usize, cases: &[(&str, Option<&Type>)], value: &Value) {
        if let Some(discriminant) = value.get("discriminant") {
            return self.set(at, &[u8::try_from(discriminant.as_u64().unwrap()).unwrap()]);
        }
        let named = |name: &str| value.as_str() == Some(name) || value.get(name).is_some();
        let index = cases.iter().position(|(name, _)| named(name));
        let index = index.unwrap_or_else(|| panic!("{value} is none of {cases:?}"));
        self.set(at, &[u8::try_from(index).unwrap()]);
        if let (name, Some(ty)) = cases[index] {
            let offset = self.sizes.payload_offset(wit_parser::Int::U8, cases.iter().map(|(_, ty)| *ty));
            self.write(at + offset.size_wasm32(), ty, &value[name]);
        }
    }
}
