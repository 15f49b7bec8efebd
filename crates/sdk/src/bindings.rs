//! The contract as wit-bindgen generates it from `wit/screening.wit`.
//!
//! Policies meet its types as [`crate::contract`]; the rest is for [`crate::export!`] alone.

wit_bindgen::generate!({
    path: "../../wit",
    world: "screening-policy",
    pub_export_macro: true,
    export_macro_name: "__export_policy",
    default_bindings_module: "lexgate_sdk::bindings",
    additional_derives: [PartialEq],
});
