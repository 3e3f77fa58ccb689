//! The whole window. `draw` needs no host, so that tests can call it.

use egui::{Align2, Rect, Sense, Ui, pos2, vec2};
use nice_plug::prelude::ParamSetter;

use super::{bar, scope, settings, tags, theme};
use crate::health::Health;
use crate::params::TatumParams;
use crate::snapshot::Snapshot;

/// The window for which sizes are given; others scale from it.
const DESIGN: egui::Vec2 = vec2(720.0, 580.0);

/// Height of the panel of tags, at scale 1.
const TAGS: f32 = 186.0;

/// Draws everything into `ui`. `age_s` is how long ago `snapshot` came, so that what moves moves
/// smoothly between two of them.
pub(crate) fn draw(
    ui: &mut Ui,
    snapshot: &Snapshot,
    age_s: f32,
    params: &TatumParams,
    setter: &ParamSetter<'_>,
) {
    let window = ui.max_rect();
    ui.painter().rect_filled(window, 0.0, theme::GROUND);
    let scale = (window.width() / DESIGN.x).min(window.height() / DESIGN.y).clamp(0.7, 3.0);
    let gap = 12.0 * scale;
    let inside = window.shrink(gap);
    let (head, rest) = inside.split_top_bottom_at_y(inside.top() + 150.0 * scale);
    let (body, foot) = rest.split_top_bottom_at_y(rest.bottom() - 30.0 * scale);
    let mut body = body.shrink2(vec2(0.0, gap)).translate(vec2(0.0, -gap / 4.0));

    let (left, right) = head.split_left_right_at_x(head.left() + 270.0 * scale);
    bar::tempo(ui, left, scale, snapshot, params, setter);
    bar::position(ui, right.with_min_x(right.left() + gap), scale, snapshot, age_s);

    if settings::foot_buttons(ui, foot, scale, params, setter) {
        let (picture, panel) = body.split_left_right_at_x(body.right() - 470.0 * scale);
        settings::panel(ui, panel.with_min_x(panel.left() + gap), scale, params, setter);
        body = picture;
    } else {
        let (picture, panel) = body.split_top_bottom_at_y(body.bottom() - TAGS * scale);
        tags::panel(ui, panel, scale, snapshot);
        body = picture.with_max_y(picture.bottom() - gap);
    }
    scope::scope(ui, body, scale, snapshot, age_s);
    status(ui, foot, scale, snapshot);
}

/// What listens, and how it is doing.
fn status(ui: &mut Ui, foot: Rect, scale: f32, snapshot: &Snapshot) {
    let room = foot.with_max_x(foot.right() - settings::FOOT_BUTTONS * scale);
    let painter = ui.painter().with_clip_rect(room.expand(2.0));
    // With nothing wrong with the beats there is room to say what is wrong with the tags.
    let health = match &snapshot.health {
        Health::Ok if !snapshot.tag_health.is_calm() => &snapshot.tag_health,
        health => health,
    };
    let calm = health.is_calm();
    let color = match health {
        Health::Ok => theme::GOOD,
        _ if calm => theme::DIM,
        _ => theme::ALERT,
    };
    let middle = foot.center().y;
    let dot = pos2(foot.left() + 6.0 * scale, middle);
    painter.circle_filled(dot, 5.0 * scale, color);

    let mut line = match health {
        Health::Ok if snapshot.backend.as_str().is_empty() => String::from("listening"),
        Health::Ok => snapshot.backend.to_string(),
        health => health.to_string(),
    };
    if snapshot.gaps > 0 {
        line.push_str(&format!("   {} gaps", snapshot.gaps));
    }
    if snapshot.late > 0 {
        line.push_str(&format!("   {} late", snapshot.late));
    }
    let text = if calm { theme::DIM } else { theme::ALERT };
    let start = pos2(dot.x + 14.0 * scale, middle);
    let font = theme::words(14.0 * scale);
    let shown = painter.text(start, Align2::LEFT_CENTER, &line, font, text);
    // A long remedy is cut by the buttons: the whole of it is one hover away.
    let id = ui.scope_id().with("health");
    ui.interact(shown.intersect(room), id, Sense::hover()).on_hover_text(line);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable;
    use listener::{
        BarState, Beat, Bpm, FeatureSpec, LogMel, MOST_TAGS, SamplePos, Tags, Vocabulary,
    };
    use nice_plug::context::PluginApi;
    use nice_plug::context::gui::{GuiContext, GuiContextInner};
    use nice_plug::params::internals::ParamPtr;
    use nice_plug::plugin::PluginState;

    use super::super::shot;
    use super::*;
    use crate::correction::TempoCorrection;
    use crate::hub::Hub;
    use crate::hub::seat::Seat;
    use crate::lane::{LaneSettings, Message, lane};
    use crate::snapshot::TraceFrame;

    /// A host that sets a parameter at once.
    struct Host;

    impl GuiContextInner for Host {
        fn plugin_api(&self) -> PluginApi {
            PluginApi::Clap
        }
        unsafe fn raw_begin_set_parameter(&self, _: ParamPtr) {}
        unsafe fn raw_set_parameter_normalized(&self, param: ParamPtr, normalized: f32) {
            // SAFETY: the test keeps the parameters alive.
            unsafe { param._internal_set_normalized_value(normalized) };
        }
        unsafe fn raw_end_set_parameter(&self, _: ParamPtr) {}
        fn get_state(&self) -> PluginState {
            unreachable!("the editor does not read the state")
        }
        fn set_state(&self, _: PluginState) {}
        fn request_restart(&self) {}
    }

    fn heard() -> Snapshot {
        let mut snapshot =
            Snapshot { rate_hz: 48_000.0, health: Health::Ok, ..Snapshot::default() };
        for n in 0..300_i64 {
            let pulse = (1.0 - (n % 25) as f32 / 8.0).max(0.0);
            let at = SamplePos(n * 960);
            let frame = TraceFrame {
                at,
                beat: pulse,
                downbeat: if n % 100 < 25 { pulse } else { 0.0 },
                onset: (1.0 - (n % 12) as f32 / 4.0).max(0.0),
                low: -pulse,
                high: pulse,
            };
            snapshot.trace(frame, at.offset(2400));
            if n % 25 == 0 {
                let in_bar = (n / 25 % 4) as u8 + 1;
                snapshot.mark(&Beat {
                    at: SamplePos(n * 960),
                    in_bar,
                    beats_per_bar: 4,
                    tempo: Bpm(120.0),
                    confidence: 0.9,
                });
            }
        }
        snapshot.bar = BarState {
            phase: 0.3,
            phase_per_sample: 1.0 / 96_000.0,
            tempo: Bpm(120.0),
            beat_in_bar: 2,
            beats_per_bar: 4,
            confidence: 0.9,
            locked: true,
        };
        snapshot.vocabulary = Some(crate::words::now(&crate::words::built_in()));
        snapshot.tag_health = Health::Ok;
        let mut tags = Tags { sounding: true, heard_s: 24.0, top: Some(9), ..Tags::default() };
        for (genre, p) in [(9, 0.62), (6, 0.17), (7, 0.09), (0, 0.05), (2, 0.03)] {
            tags.genre[genre] = p;
        }
        for (instrument, p) in [(0, 0.98), (1, 0.91), (5, 0.83), (11, 0.61), (3, 0.31), (9, 0.22)] {
            tags.instrument[instrument] = p;
            tags.playing |= u32::from(p > 0.5) << instrument;
        }
        for n in 0..24 {
            let turn = n as f32 / 8.0;
            tags.valence = 0.45 * turn.sin().mul_add(0.5, 0.4);
            tags.arousal = 0.1 + 0.2 * turn;
            snapshot.tag(&tags);
        }
        snapshot
    }

    /// As many words as there can be, long ones.
    fn largest() -> Snapshot {
        let words = |kind: &str| (0..MOST_TAGS).map(|n| format!("a long {kind} {n}")).collect();
        let mut snapshot = heard();
        snapshot.vocabulary = Some(Arc::new(Vocabulary {
            genres: words("genre"),
            instruments: words("instrument"),
            moods: Vec::new(),
        }));
        snapshot.tags.genre = [f32::NAN; MOST_TAGS];
        snapshot.tags.playing = u32::MAX;
        snapshot.tags.valence = f32::NAN;
        snapshot
    }

    fn window(size: egui::Vec2, snapshot: Snapshot, params: Arc<TatumParams>) -> Harness<'static> {
        let host = GuiContext::new(Arc::new(Host));
        Harness::builder().with_size(size).build_ui(move |ui| {
            theme::apply(ui.ctx());
            draw(ui, &snapshot, 0.01, &params, &host.param_setter());
        })
    }

    #[test]
    fn it_draws_at_any_size_and_in_any_state() {
        let states = [
            Snapshot::default(),
            heard(),
            Snapshot { health: Health::UnsupportedRate { rate_hz: 8000.0 }, ..heard() },
            Snapshot { rate_hz: f64::NAN, ..heard() },
            Snapshot { tag_health: Health::TagsStopped("boom".into()), ..heard() },
            Snapshot { tags: Tags { sounding: false, ..heard().tags }, ..heard() },
            Snapshot { vocabulary: None, ..heard() },
            largest(),
        ];
        for size in [vec2(520.0, 420.0), DESIGN, vec2(1600.0, 1000.0), vec2(10.0, 10.0)] {
            for snapshot in states.clone() {
                window(size, snapshot, Arc::default()).run_steps(2);
            }
        }
    }

    #[test]
    fn the_buttons_set_their_parameters() {
        let params = Arc::new(TatumParams::default());
        let mut window = window(DESIGN, heard(), Arc::clone(&params));
        window.run_steps(2);
        window.get_by_label("×2").click();
        window.get_by_label("Write automation").click();
        window.run_steps(2);
        assert_eq!(params.tempo.correction.value(), crate::correction::TempoCorrection::Double);
        assert!(params.write_automation.value());
        window.get_by_label("÷2").click();
        window.get_by_label("Settings").click();
        window.run_steps(3);
        assert_eq!(params.tempo.correction.value(), crate::correction::TempoCorrection::Half);
        window.get_by_label("Activations as CC 20-22").click();
        window.run_steps(2);
        assert!(!params.midi.cc_on.value());
    }

    #[test]
    fn a_model_is_chosen_by_its_path() {
        let params = Arc::new(TatumParams::default());
        let mut window = window(DESIGN, heard(), Arc::clone(&params));
        window.run_steps(2);
        window.get_by_label("Settings").click();
        window.run_steps(3);
        window.get_by_label("Tag model").focus();
        window.run_steps(1);
        window.get_by_label("Tag model").type_text(" \"my tags.onnx\" ");
        window.run_steps(1);
        assert_eq!(
            *params.tag_model_path.read().expect("not poisoned"),
            "",
            "not while it is typed"
        );
        window.key_press(egui::Key::Enter);
        window.run_steps(2);
        assert_eq!(*params.tag_model_path.read().expect("not poisoned"), "my tags.onnx");
        assert_eq!(*params.model_path.read().expect("not poisoned"), "");
    }

    #[test]
    fn what_was_written_is_taken_when_the_settings_close_and_given_up_by_escape() {
        let params = Arc::new(TatumParams::default());
        let mut window = window(DESIGN, heard(), Arc::clone(&params));
        window.run_steps(2);
        let press = |window: &mut Harness<'_, _>| {
            window.get_by_label("Settings").click();
            window.run_steps(3);
        };
        let write = |window: &mut Harness<'_, _>, text: &str| {
            window.get_by_label("Beat model").focus();
            window.run_steps(1);
            window.get_by_label("Beat model").type_text(text);
            window.run_steps(1);
        };
        let model = || params.model_path.read().expect("not poisoned").clone();
        press(&mut window);
        write(&mut window, "half a pa");
        window.key_press(egui::Key::Escape);
        window.run_steps(2);
        assert_eq!(model(), "");
        write(&mut window, "beats.onnx");
        press(&mut window);
        assert_eq!(model(), "beats.onnx");
        press(&mut window);
        for (text, ms) in [("120", 120.0), ("80 ms", 80.0), ("é", 80.0)] {
            let shown = format!("{:.0} ms", params.time.look_ahead.value());
            let field = |window: &Harness<'_, _>| {
                window.get_all_by_value(&shown).last().expect("the field").click();
            };
            field(&window);
            window.run_steps(2);
            window.event(egui::Event::Text(text.to_owned()));
            window.run_steps(2);
            press(&mut window);
            assert_eq!(params.time.look_ahead.value(), ms, "after '{text}'");
            press(&mut window);
        }
    }

    /// What the plugin's own worker has heard at the end of the song in TATUM_SONG: mono samples at
    /// 44,100 Hz, 32-bit floats, little-endian.
    fn song() -> Option<Snapshot> {
        let bytes = std::fs::read(std::env::var_os("TATUM_SONG")?).expect("TATUM_SONG is readable");
        let samples: Vec<f32> =
            bytes.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        let hub = Hub::shared().expect("a thread starts");
        let (mut audio, worker) = lane();
        audio.attach(hub.worker().expect("a thread"), hub.help());
        let (input, mut pictures) = triple_buffer::triple_buffer(&Snapshot::default());
        hub.admit(Seat::new(worker, Arc::default(), Arc::default(), input));
        let correction = TempoCorrection::AsHeard;
        let settings = LaneSettings {
            min_bpm: 55.0,
            max_bpm: 215.0,
            correction,
            look_ahead_s: 0.0,
            lead_s: 0.0,
        };
        assert!(audio.restart(44_100.0, 0, settings));
        let mut log_mel = LogMel::new(&FeatureSpec::CURRENT, 44_100.0).expect("a legal rate");
        for block in samples.chunks(441) {
            audio.shared.ring.write(block);
            let place = audio.shared.ring.written();
            log_mel.push(block, |frame| assert!(audio.send(Message::Frame(frame, place))));
            audio.wait();
            while audio.next().is_some() {}
        }
        Some(pictures.read().clone())
    }

    #[test]
    #[ignore = "writes pictures to look at: TATUM_SHOTS names the folder"]
    fn shots() {
        let folder = std::env::var("TATUM_SHOTS").expect("TATUM_SHOTS is set");
        let silent = Tags { sounding: false, ..heard().tags };
        let unsure = Tags { top: None, ..heard().tags };
        let fresh = Snapshot { tags: Tags::default(), trailed: 0, ..heard() };
        let refused = "my tags.onnx: its vocabulary cannot be used: 1 genres; give 2 to 32".into();
        let song = song().map(|snapshot| ("song", DESIGN, snapshot));
        for (name, size, snapshot) in song.into_iter().chain([
            ("music", DESIGN, heard()),
            ("silence", DESIGN, Snapshot { tags: silent, ..heard() }),
            ("unsure", DESIGN, Snapshot { tags: unsure, ..heard() }),
            ("fresh", DESIGN, fresh),
            ("start", DESIGN, Snapshot::default()),
            ("fault", DESIGN, Snapshot { tag_health: Health::ModelRefused(refused), ..heard() }),
            ("largest", DESIGN, largest()),
            ("small", vec2(520.0, 420.0), heard()),
        ]) {
            let mut window = window(size * shot::SCALE, snapshot, Arc::default());
            window.ctx.set_pixels_per_point(shot::SCALE);
            let path = |name: &str| format!("{folder}/{name}.ppm");
            // Until everything that moves has arrived.
            window.run_steps(60);
            shot::write(&window.ctx, window.output(), &path(name), size);
            if name == "music" {
                window.get_by_label("Settings").click();
                window.run_steps(4);
                shot::write(&window.ctx, window.output(), &path("settings"), size);
            }
        }
    }
}
