//! Other models, chosen the way a saved DAW project chooses them: through the plugin's state.

use anyhow::{Context, Result};
use clack_extensions::state::PluginState;
use clack_host::prelude::*;
use serde_json::Value;
use std::path::Path;

/// Bytes of the length that the framework writes before its JSON.
const LENGTH_BYTES: usize = 8;

/// The persisted fields that name models.
pub(crate) const BEAT_MODEL: &str = "model_path";
pub(crate) const TAG_MODEL: &str = "tag_model_path";

/// Saves the plugin's state, puts the model's path into `field`, and loads it again.
pub(super) fn choose_model(
    state: &PluginState,
    plugin: &PluginMainThreadHandle,
    field: &str,
    model: &Path,
) -> Result<()> {
    let mut saved = Vec::new();
    state.save(plugin, &mut saved).context("does not save its state")?;
    let changed = with_model(&saved, field, &model.display().to_string())
        .context("saves its state in a form the stage does not know; run `cargo xtask bundle`")?;
    state.load(plugin, &mut changed.as_slice()).context("does not load its state")?;
    Ok(())
}

/// A saved state (length, then JSON) with the persisted `field` replaced.
pub(crate) fn with_model(saved: &[u8], field: &str, model: &str) -> Result<Vec<u8>> {
    let json = saved.get(LENGTH_BYTES..).context("too short")?;
    let mut state: Value = serde_json::from_slice(json)?;
    let fields = state.get_mut("fields").and_then(Value::as_object_mut).context("no fields")?;
    // Persisted fields are JSON texts inside the JSON.
    fields.insert(field.to_owned(), Value::String(serde_json::to_string(model)?));
    let json = serde_json::to_vec(&state)?;
    let mut changed = (json.len() as u64).to_le_bytes().to_vec();
    changed.extend(json);
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_lands_in_the_persisted_field() {
        let json = br#"{"version":"0.1.0","params":{},"fields":{"model_path":"\"\""}}"#;
        let saved = [&(json.len() as u64).to_le_bytes()[..], json].concat();
        let changed = with_model(&saved, BEAT_MODEL, "my \"best\".onnx").expect("a state");
        let state: Value = serde_json::from_slice(&changed[LENGTH_BYTES..]).expect("JSON");
        let field = state["fields"]["model_path"].as_str().expect("a text");
        assert_eq!(serde_json::from_str::<String>(field).expect("a path"), "my \"best\".onnx");
        assert!(with_model(b"short", TAG_MODEL, "x").is_err());
    }
}
