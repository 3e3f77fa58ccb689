//! Buttons at the foot, and the panel of settings behind one of them.

use std::sync::{PoisonError, RwLock};

use egui::{
    Align2, Color32, DragValue, Grid, Id, Key, Rect, Response, Role, Sense, TextEdit, Ui,
    UiBuilder, WidgetInfo, vec2,
};
use nice_plug::prelude::{BoolParam, EnumParam, FloatParam, IntParam, Param, ParamSetter};

use super::theme;
use crate::outputs::cv::CvShape;
use crate::params::{MidiParams, TatumParams};

/// Room the buttons at the foot take, at scale 1.
pub(super) const FOOT_BUTTONS: f32 = 286.0;

/// Sets a parameter as a user does, in one gesture.
pub(super) fn set<P: Param>(setter: &ParamSetter<'_>, param: &P, normalized: f32) {
    setter.begin_set_parameter(param);
    setter.set_parameter_normalized(param, normalized);
    setter.end_set_parameter(param);
}

/// A button that is lit when `on`.
pub(super) fn button(
    ui: &mut Ui,
    area: Rect,
    scale: f32,
    label: &str,
    on: bool,
    color: Color32,
) -> Response {
    let response = ui.interact(area, ui.scope_id().with(label), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, on, label));
    let fill = match (on, response.hovered()) {
        (true, false) => color,
        (true, true) => theme::faded(color, 0.9),
        (false, true) => theme::IDLE.lerp_to_gamma(theme::DIM, 0.25),
        (false, false) => theme::IDLE,
    };
    ui.painter().rect_filled(area, theme::CORNER, fill);
    let ink = if on { theme::GROUND } else { theme::TEXT };
    let font = theme::words(15.0 * scale);
    theme::bold(ui.painter(), area.center(), Align2::CENTER_CENTER, label, font, ink);
    response
}

/// Draws the buttons at the right of the foot; whether the panel is open.
pub(super) fn foot_buttons(
    ui: &mut Ui,
    foot: Rect,
    scale: f32,
    params: &TatumParams,
    setter: &ParamSetter<'_>,
) -> bool {
    let settings = foot.with_min_x(foot.right() - 96.0 * scale);
    let write =
        settings.translate(vec2(-180.0 * scale, 0.0)).with_max_x(settings.left() - 8.0 * scale);
    let recording = params.write_automation.value();
    let hint = "Send what is heard as automation that the host can record";
    if button(ui, write, scale, "Write automation", recording, theme::ALERT)
        .on_hover_text(hint)
        .clicked()
    {
        set(setter, &params.write_automation, if recording { 0.0 } else { 1.0 });
    }
    let key = Id::unique("settings open");
    let mut open: bool = ui.data(|data| data.get_temp(key).unwrap_or(false));
    if button(ui, settings, scale, "Settings", open, theme::BEAT).clicked() {
        ui.data_mut(|data| data.insert_temp(key, !open));
        // When it closes it is drawn once more, so that what was written into a field is taken.
        open = true;
    }
    open
}

/// Everything that is set once and left alone.
pub(super) fn panel(
    ui: &mut Ui,
    area: Rect,
    scale: f32,
    params: &TatumParams,
    setter: &ParamSetter<'_>,
) {
    ui.painter().rect_filled(area, theme::CORNER, theme::PANEL);
    let mut ui = ui.new_child(UiBuilder::new().max_rect(area.shrink(10.0 * scale)));
    ui.style_mut().override_font_id = Some(theme::words(13.0 * scale));
    ui.spacing_mut().item_spacing = vec2(8.0, 8.0) * scale;
    ui.spacing_mut().interact_size = vec2(30.0, 19.0) * scale;
    egui::ScrollArea::both().show(&mut ui, |ui| {
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| midi(ui, &params.midi, setter));
            ui.add_space(10.0 * scale);
            ui.vertical(|ui| music(ui, params, setter));
        });
        ui.separator();
        Grid::new("models").num_columns(2).show(ui, |ui| {
            model(ui, "Beat model", &params.model_path);
            model(ui, "Tag model", &params.tag_model_path);
        });
    });
}

/// What leaves as MIDI.
fn midi(ui: &mut Ui, midi: &MidiParams, setter: &ParamSetter<'_>) {
    Grid::new("midi").num_columns(2).show(ui, |ui| {
        for (label, on, note) in [
            ("Downbeat note", &midi.downbeat_on, &midi.downbeat_note),
            ("Beat note", &midi.beat_on, &midi.beat_note),
            ("Onset note", &midi.onset_on, &midi.onset_note),
        ] {
            toggle(ui, label, on, setter);
            integer(ui, note, setter);
            ui.end_row();
        }
        ui.label("MIDI channel");
        integer(ui, &midi.channel, setter);
        ui.end_row();
    });
    toggle(ui, "Activations as CC 20-22", &midi.cc_on, setter);
}

/// What the user knows of the music, and the shape of the CV outputs.
fn music(ui: &mut Ui, params: &TatumParams, setter: &ParamSetter<'_>) {
    Grid::new("music").num_columns(2).show(ui, |ui| {
        ui.label("Slowest tempo");
        number(ui, &params.tempo.min, setter);
        ui.end_row();
        ui.label("Fastest tempo");
        number(ui, &params.tempo.max, setter);
        ui.end_row();
        ui.label("Beats ahead");
        number(ui, &params.time.lead, setter);
        ui.end_row();
        ui.label("Look-ahead").on_hover_text("Delays the audio, so that all lands on its sample");
        number(ui, &params.time.look_ahead, setter);
        ui.end_row();
        ui.label("CV shape");
        shape(ui, &params.cv.shape, setter);
        ui.end_row();
    });
}

/// The file of a model, taken when the user is done with it; empty for the built-in one.
fn model(ui: &mut Ui, label: &str, path: &RwLock<String>) {
    let id = Id::unique(("model", label));
    let chosen = path.read().unwrap_or_else(PoisonError::into_inner).clone();
    let mut draft = ui.data(|data| data.get_temp(id)).unwrap_or_else(|| chosen.clone());
    let name = ui.label(label);
    let field = TextEdit::singleline(&mut draft).hint_text("built in; or the path of a file");
    let response = ui.add(field.desired_width(f32::INFINITY).id(id)).labelled_by(name.id);
    ui.end_row();
    if response.has_focus() {
        ui.data_mut(|data| data.insert_temp(id, draft));
        return;
    }
    ui.data_mut(|data| data.remove::<String>(id));
    // File managers quote the paths they copy.
    let draft = draft.trim().trim_matches('"');
    let given_up = ui.input(|input| input.key_pressed(Key::Escape));
    if response.lost_focus() && !given_up && draft != chosen {
        *path.write().unwrap_or_else(PoisonError::into_inner) = draft.to_owned();
    }
}

/// A box to tick.
fn toggle(ui: &mut Ui, label: &str, param: &BoolParam, setter: &ParamSetter<'_>) {
    let mut on = param.value();
    if ui.checkbox(&mut on, label).changed() {
        set(setter, param, if on { 1.0 } else { 0.0 });
    }
}

/// `drag`, into which values can be typed as `param` writes them. Taken when they are whole: half of a number is
/// another number.
fn typed<'a, P: Param<Plain: Into<f64>>>(drag: DragValue<'a>, param: &'a P) -> DragValue<'a> {
    drag.update_while_editing(false).custom_parser(|text| {
        let normalized = param.string_to_normalized_value(text);
        normalized.map(|normalized| param.preview_plain(normalized).into())
    })
}

/// A whole number, shown as the parameter writes it.
fn integer(ui: &mut Ui, param: &IntParam, setter: &ParamSetter<'_>) {
    let mut value = param.value();
    let range = param.preview_plain(0.0)..=param.preview_plain(1.0);
    let drag = DragValue::new(&mut value).range(range).speed(0.1).custom_formatter(|shown, _| {
        param.normalized_value_to_string(param.preview_normalized(shown as i32), true)
    });
    if ui.add(typed(drag, param)).changed() {
        set(setter, param, param.preview_normalized(value));
    }
}

/// A number, shown as the parameter writes it.
fn number(ui: &mut Ui, param: &FloatParam, setter: &ParamSetter<'_>) {
    let mut value = param.value();
    let range = param.preview_plain(0.0)..=param.preview_plain(1.0);
    let drag = DragValue::new(&mut value).range(range).speed(0.5).custom_formatter(|shown, _| {
        param.normalized_value_to_string(param.preview_normalized(shown as f32), true)
    });
    if ui.add(typed(drag, param)).changed() {
        set(setter, param, param.preview_normalized(value));
    }
}

/// One of a few shapes.
fn shape(ui: &mut Ui, param: &EnumParam<CvShape>, setter: &ParamSetter<'_>) {
    let steps = param.step_count().unwrap_or(0).max(1) as f32;
    let name = |step: f32| param.normalized_value_to_string(step / steps, true);
    let now = (param.unmodulated_normalized_value() * steps).round();
    egui::ComboBox::from_id_salt("cv shape").selected_text(name(now)).show_ui(ui, |ui| {
        for step in 0..=steps as usize {
            let step = step as f32;
            if ui.selectable_label(step == now, name(step)).clicked() {
                set(setter, param, step / steps);
            }
        }
    });
}
