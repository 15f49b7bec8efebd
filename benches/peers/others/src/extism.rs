//! Extism: a plugin that is compiled once, instantiated for every question or reused, with fuel and a timeout.

use crate::inputs;
use anyhow::Result;
use extism::{CompiledPlugin, Manifest, Plugin, PluginBuilder, Wasm};
use rounds::Row;
use std::time::Duration;

/// Returns the rows of Extism.
pub fn rows(plugin: &[u8]) -> Result<Vec<Row>> {
    let manifest = Manifest::new([Wasm::data(plugin)]).with_timeout(Duration::from_millis(50));
    let builder = PluginBuilder::new(manifest).with_cache_disabled().with_fuel_limit(10_000_000);
    let compiled = CompiledPlugin::new(builder)?;
    let mut plugin = Plugin::new_from_compiled(&compiled)?;
    let reused = move |text: &[u8]| Ok(plugin.call::<&[u8], &[u8]>("decide", text)?.to_owned());
    let fresh = move |text: &[u8]| {
        let mut plugin = Plugin::new_from_compiled(&compiled)?;
        Ok(plugin.call::<&[u8], &[u8]>("decide", text)?.to_owned())
    };
    Ok(vec![
        Row::whole("extism, a fresh plugin", inputs(), fresh),
        Row::whole("extism, the plugin reused", inputs(), reused),
    ])
}
