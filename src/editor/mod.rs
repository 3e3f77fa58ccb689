//! The editor: a picture of what is heard, and the few settings a musician needs. Lives on the
//! window's thread; reads the newest snapshot and the parameters, and asks the host to change them.
//! Nothing is drawn while the window is closed.

mod bar;
mod draw;
mod instruments;
mod mood;
mod scope;
mod settings;
#[cfg(test)]
mod shot;
mod tags;
mod theme;
pub(crate) mod thread;

use std::sync::Arc;
use std::time::Instant;

use listener::SamplePos;
use nice_plug::context::gui::GuiContext;
use nice_plug::editor::ResizeHint;
use nice_plug::editor::dpi::LogicalSize;
use nice_plug_egui::baseview::HandlerError;
use nice_plug_egui::{
    EguiEditor, EguiEditorState, EguiNiceSettings, Frame, NiceEguiApp, RepaintNotifier,
    create_egui_editor,
};

use crate::params::TatumParams;
use crate::snapshot::Snapshot;

/// Size of a new window, logical pixels.
const SIZE: LogicalSize<f32> = LogicalSize::new(720.0, 580.0);
/// The smallest window in which everything is still legible.
const MIN_SIZE: LogicalSize<f32> = LogicalSize::new(520.0, 420.0);
/// A picture older than this is no longer carried on; the host has stopped.
const MAX_AGE_S: f32 = 0.1;

/// The editor as the framework knows it.
pub(crate) type Editor = EguiEditor<App>;

/// An editor that shows `pictures` and edits `params`.
pub(crate) fn create(
    params: Arc<TatumParams>,
    pictures: triple_buffer::Output<Snapshot>,
) -> Option<Editor> {
    let repaint = RepaintNotifier::new();
    create_egui_editor(
        EguiEditorState::from_size(SIZE, 1.0),
        repaint.clone(),
        EguiNiceSettings::new()
            .with_tile("Tatum")
            .with_resize_hint(ResizeHint::RESIZABLE.with_min_logical_size(MIN_SIZE)),
        App { params, pictures, repaint, host: None, seen: SamplePos(0), seen_at: Instant::now() },
    )
}

/// What lives as long as the plugin, window or not. Public in name only: the framework's traits ask
/// for it, and no path leads here.
#[expect(unreachable_pub, reason = "an associated type of a public trait may not be private")]
pub struct App {
    params: Arc<TatumParams>,
    pictures: triple_buffer::Output<Snapshot>,
    /// Asks for the next frame, which comes in a sixtieth of a second.
    repaint: RepaintNotifier,
    host: Option<GuiContext>,
    /// The newest picture's sample, and when it came, to move smoothly between pictures.
    seen: SamplePos,
    seen_at: Instant,
}

impl NiceEguiApp for App {
    fn build(
        &mut self,
        context: egui::Context,
        host: GuiContext,
        _frame: &mut Frame,
    ) -> Result<(), HandlerError> {
        thread::opened();
        theme::apply(&context);
        self.host = Some(host);
        Ok(())
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut Frame) {
        let Some(host) = &self.host else { return };
        let snapshot = self.pictures.read();
        if snapshot.now != self.seen {
            self.seen = snapshot.now;
            self.seen_at = Instant::now();
        }
        let age_s = self.seen_at.elapsed().as_secs_f32().min(MAX_AGE_S);
        draw::draw(ui, snapshot, age_s, &self.params, &host.param_setter());
        self.repaint.request_repaint();
    }
}
