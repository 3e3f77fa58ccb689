//! A saved project, before it is loaded: values that no parameter can have are brought into range. The
//! framework takes them as they are, and would run beyond the end of a list. Main thread only.

use nice_plug::plugin::ParamValue;
use nice_plug::prelude::*;

use crate::params::TatumParams;

/// Brings every value of `state` into the range of its parameter.
pub(crate) fn mend(state: &mut PluginState) {
    let params = TatumParams::default();
    for (id, param, _) in params.param_map() {
        // SAFETY: `params` outlives the pointer.
        let (low, high) = unsafe { (param.preview_plain(0.0), param.preview_plain(1.0)) };
        match state.params.get_mut(&id) {
            Some(ParamValue::F32(value)) if value.is_nan() => *value = low,
            Some(ParamValue::F32(value)) => *value = value.clamp(low, high),
            // A number of an enumeration is the place in its list.
            Some(ParamValue::I32(value)) => *value = (*value).clamp(low as i32, high as i32),
            Some(ParamValue::Bool(_) | ParamValue::String(_)) | None => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_out_of_range() {
        let wild = [
            ("tempo_min", ParamValue::F32(1e9), 120.0),
            ("tempo_max", ParamValue::F32(f32::NAN), 120.0),
            ("mood_valence", ParamValue::F32(-0.25), -0.25),
            ("beat_note", ParamValue::I32(-7), 0.0),
            ("midi_channel", ParamValue::I32(i32::MAX), 16.0),
            ("tempo_correction", ParamValue::I32(665_755_826), 2.0),
        ];
        let params = wild.iter().map(|(id, value, _)| ((*id).to_owned(), value.clone())).collect();
        let mut state = PluginState { version: String::new(), params, fields: Default::default() };
        mend(&mut state);
        for (id, _, expected) in wild {
            let value = match state.params[id] {
                ParamValue::F32(value) => value,
                ParamValue::I32(value) => value as f32,
                _ => panic!("{id} is no number"),
            };
            assert_eq!(value, expected, "{id}");
        }
    }
}
